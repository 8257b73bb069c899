"""The embedded servers survive how people really use them: together, in odd places, killed at any moment."""

import os
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from aftersales.core.embedded.serving import identity
from tests.core.embedded_user import ROOT, User, eventually, keepers, kill, servers

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(sys.platform != "linux", reason="looks at /proc"),
]
Use = Callable[..., User]


@pytest.fixture
def use(tmp_path: Path) -> Iterator[Use]:
    """Starts users of one data folder; afterwards nothing of it runs."""
    users: list[User] = []

    def start(data: Path | None = None, server: str = "database", **environment: str) -> User:
        users.append(User((data or tmp_path / "data").resolve(), server, **environment))
        return users[-1]

    yield start
    for user in users:
        user.leave()
    for user in users:
        assert eventually(lambda user=user: not user.keepers and not user.servers), (
            "something was left running"
        )


def test_four_users_at_once_share_one_server(use: Use) -> None:
    together = [use() for _ in range(4)]
    for user in together:
        user.held()
    assert len(together[0].keepers) == 1
    assert together[0].ask("SELECT 1") == "1"


def test_the_server_stays_until_the_last_user_is_killed(use: Use) -> None:
    first, second = use().held(), use().held()
    kill(first.process.pid)
    first.process.wait()
    assert second.ask("SELECT 1") == "1"
    kill(second.process.pid)
    assert eventually(lambda: not second.servers)
    assert eventually(lambda: not second.keepers)


def test_rows_are_there_again_after_everything_was_killed(use: Use) -> None:
    user = use(AFTERSALES_FAST="0").held()  # as everybody runs it; the tests' server may lose the last moment
    user.ask("CREATE TABLE kept AS SELECT 42 AS answer")
    kill(*user.keepers, *user.servers[:1], user.process.pid)
    assert use(AFTERSALES_FAST="0").held().ask("SELECT answer FROM kept") == "42"


def test_after_the_keeper_was_killed_its_server_ends_and_the_next_start_works(use: Use) -> None:
    user = use().held()
    old = user.servers[0]
    kill(*user.keepers)
    again = use().held()
    assert again.ask("SELECT 1") == "1"
    assert again.servers[0] != old
    until = time.monotonic() + 20
    while Path(f"/proc/{old}").exists() and time.monotonic() < until:
        time.sleep(0.1)
    assert not Path(f"/proc/{old}").exists()


def test_a_killed_server_is_started_again_for_those_who_use_it(use: Use) -> None:
    user = use().held()
    old = user.servers[0]
    kill(old)
    assert eventually(lambda: user.servers[:1] not in ([], [old]))
    assert user.ask("SELECT 1") == "1"


def test_a_start_killed_in_the_middle_of_making_the_data_harms_nothing(use: Use, tmp_path: Path) -> None:
    user = use()
    assert eventually(lambda: (tmp_path / "data/postgres/unfinished").exists())
    kill(*user.keepers, user.process.pid)
    user.process.wait()
    assert use().held().ask("SELECT 1") == "1"


def test_a_stale_pid_file_that_names_a_stranger_harms_nobody(use: Use, tmp_path: Path) -> None:
    user = use().held()
    kill(*user.keepers, *user.servers[:1], user.process.pid)
    assert eventually(lambda: not user.servers)
    with subprocess.Popen([sys.executable, "-c", "input()"], stdin=subprocess.PIPE) as stranger:
        pid_file = tmp_path / "data/postgres/data/postmaster.pid"
        lines = pid_file.read_text().splitlines()
        pid_file.write_text("\n".join([str(stranger.pid), *lines[1:]]) + "\n")
        assert use().held().ask("SELECT 1") == "1"
        assert stranger.poll() is None
        stranger.kill()


@pytest.mark.parametrize(
    "folder",
    ["a folder, with 'blanks' and 中文", "/".join(["a-folder-name-of-thirty-letters"] * 20)],
    ids=["blanks and a comma", "620 characters deep"],
)
def test_the_data_may_lie_anywhere(use: Use, tmp_path: Path, folder: str) -> None:
    user = use(tmp_path / folder).held()
    assert user.ask("SELECT 1") == "1"
    broker = use(tmp_path / folder, "broker").held()
    assert broker.servers


def test_two_copies_side_by_side_have_a_server_each(use: Use, tmp_path: Path) -> None:
    one, two = use(tmp_path / "one"), use(tmp_path / "two")
    one.held()
    two.held()
    one.ask("CREATE TABLE mine AS SELECT 1 AS n")
    assert two.ask("SELECT to_regclass('mine') IS NULL") == "True"


@pytest.mark.skipif(os.geteuid() != 0, reason="only root drops its rights")
def test_root_without_namespaces_drops_to_another_user(use: Use, tmp_path: Path) -> None:
    user = use(AFTERSALES_ROOT_AS="drop").held()
    assert user.ask("SELECT 1") == "1"
    homes = [path for path in Path("/var/tmp").glob("aftersales-*-postgres") if (path / "data").is_dir()]
    mine = [home for home in homes if _server_in(home / "data")]
    assert mine
    assert os.stat(mine[0] / "data").st_uid == identity.unprivileged()[0]
    user.leave()
    assert eventually(lambda: not user.keepers)
    subprocess.run(["rm", "-rf", *map(str, mine)], check=True)


def _server_in(folder: Path) -> bool:
    for entry in Path("/proc").glob("[0-9]*"):
        try:
            if os.readlink(entry / "cwd") == str(folder):
                return True
        except OSError:
            continue
    return False


def test_the_broker_remembers_what_it_was_told_before_it_was_killed(use: Use, tmp_path: Path) -> None:
    import redis

    from aftersales.core.embedded import folders

    user = use(server="broker").held()
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("AFTERSALES_DATA", str(tmp_path / "data"))
        path = f"{folders.socket_folder()}/valkey.sock"
    line = redis.Redis(unix_socket_path=path)
    line.rpush("celery", "task")
    line.bgrewriteaof()
    line.config_set("appendfsync", "always")
    line.rpush("celery", "second")
    old = user.servers[0]
    kill(old)
    assert eventually(lambda: user.servers[:1] not in ([], [old]))
    assert use(server="broker").held()
    assert line.lrange("celery", 0, -1) == [b"task", b"second"]
    line.close()


def test_reading_the_settings_starts_nothing(tmp_path: Path) -> None:
    environment = {**os.environ, "AFTERSALES_DATA": str(tmp_path / "data")}
    environment.pop("DATABASE_URL", None)
    code = "from aftersales import settings; print(settings.DATABASES['default']['USER'])"
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=ROOT, env=environment, capture_output=True, text=True
    )
    assert done.stdout.strip() == "aftersales_app", done.stderr
    assert not keepers(tmp_path / "data", "postgres")
    assert not servers(tmp_path / "data", "postgres")


def test_a_server_that_cannot_start_says_why_in_one_sentence(tmp_path: Path) -> None:
    (tmp_path / "data").write_text("a file where the folder should be")
    done = manage(tmp_path / "data", "check", "--database", "default")
    assert done.returncode == 1
    assert "Traceback" not in done.stderr
    assert len(done.stderr.strip().splitlines()) == 1


@pytest.mark.parametrize(
    ("name", "value", "sentence"),
    [
        ("DATABASE_URL", "mysql://root@localhost/shop", "DATABASE_URL must look like postgresql://"),
        ("DATABASE_URL", "postgresql://host:notaport/x", "DATABASE_URL must look like postgresql://"),
        ("DATABASE_URL", "postgresql://host:5432/", "the database's name is missing"),
        ("DATABASE_URL", "x", "DATABASE_URL must look like postgresql://"),
        ("CELERY_BROKER_URL", "localhost", "CELERY_BROKER_URL must look like redis://"),
        ("AFTERSALES_MODE", "live", "AFTERSALES_MODE must be demo or production"),
        ("AFTERSALES_MODE", "production", "SECRET_KEY is missing"),
        ("DEBUG", "perhaps", "DEBUG must be 1 or 0"),
        ("AFTERSALES_FAST", "perhaps", "AFTERSALES_FAST must be 1 or 0"),
        ("CELERY_BROKER_URL", "foo://bar", "CELERY_BROKER_URL must look like redis://"),
        ("LOG_LEVEL", "foo", "LOG_LEVEL must be DEBUG, INFO, WARNING, ERROR or CRITICAL"),
        ("SITE_URL", "shop.example.com", "SITE_URL must look like https://"),
        ("SITE_URL", "https://shop.example.com/desk", "SITE_URL must look like https://"),
        ("AFTERSALES_IDLE_MINUTES", "-5", "AFTERSALES_IDLE_MINUTES must be a number from 1 to 720"),
        ("WORKER_PROCESSES", "abc", "WORKER_PROCESSES must be a whole number"),
        ("WEB_CONCURRENCY", "abc", "WEB_CONCURRENCY must be a whole number"),
        ("WEB_WORKERS", "0", "WEB_WORKERS must be a number from 1 to 256"),
        ("PORT", "http", "PORT must be a number from 1 to 65535"),
    ],
)
def test_a_wrong_value_stops_the_start_with_one_sentence(
    tmp_path: Path, name: str, value: str, sentence: str
) -> None:
    done = manage(tmp_path / "data", "stack", **{name: value})
    assert done.returncode == 1
    assert sentence in done.stderr
    assert len(done.stderr.strip().splitlines()) == 1


def manage(data: Path, *arguments: str, **environment: str) -> subprocess.CompletedProcess[str]:
    keep = {
        key: text
        for key, text in os.environ.items()
        if key not in {"DJANGO_SETTINGS_MODULE", "AFTERSALES_MODE"}
    }
    return subprocess.run(
        [sys.executable, str(ROOT / "manage.py"), *arguments],
        cwd=ROOT,
        env={**keep, "AFTERSALES_DATA": str(data), **environment},
        capture_output=True,
        text=True,
        timeout=120,
    )
