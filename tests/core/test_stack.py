"""``manage.py stack``: one command runs everything, heals what dies, and leaves nothing behind."""

import http.client
import os
import shutil
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from urllib.parse import urlsplit

import pytest

from tests.core.embedded_user import ROOT, eventually, keepers, kill, servers

pytestmark = [pytest.mark.slow, pytest.mark.skipif(sys.platform != "linux", reason="looks at /proc")]
PATIENCE = 300.0  # a first start beside other tests; seconds later ones take


class Stack:
    def __init__(self, clone: Path, log: Path, *arguments: str, **environment: str) -> None:
        self.data, self.log = clone / ".data", log
        keep = {name: value for name, value in os.environ.items() if name not in REPLACED}
        with log.open("wb") as output:
            self.process = subprocess.Popen(
                [sys.executable, str(clone / "manage.py"), "stack", *arguments],
                cwd=clone,
                env={**keep, "AFTERSALES_DATA": str(self.data), "AFTERSALES_FAST": "1", **environment},
                stdout=output,
                stderr=output,
                start_new_session=True,
            )

    @property
    def said(self) -> str:
        return self.log.read_text()

    def ready(self) -> str:
        """Its address, once printed."""
        assert eventually(lambda: "ready at" in self.said or self.process.poll() is not None, PATIENCE), (
            self.said
        )
        assert "ready at" in self.said, self.said
        return self.said.split("ready at ")[1].split()[0]

    def children(self, word: str) -> list[int]:
        """Processes of this stack whose command holds the word, oldest first."""
        found = []
        for entry in sorted(Path("/proc").glob("[0-9]*"), key=lambda entry: int(entry.name)):
            try:
                mine = f"AFTERSALES_DATA={self.data}".encode() in (entry / "environ").read_bytes().split(
                    b"\0"
                )
                if mine and word.encode() in (entry / "cmdline").read_bytes():
                    found.append(int(entry.name))
            except OSError:
                continue
        return found

    def parts(self, word: str) -> list[int]:
        """Those of them that the supervisor itself started; not the children, which may outlive a part for a moment."""
        return [pid for pid in self.children(word) if parent(pid) == self.process.pid]

    @property
    def remains(self) -> list[int]:
        mine = [pid for pid in self.children("") if pid != os.getpid()]
        return mine + [
            pid
            for kind in ("postgres", "valkey")
            for pid in servers(self.data, kind) + keepers(self.data, kind)
        ]


REPLACED = {
    "DJANGO_SETTINGS_MODULE",
    "AFTERSALES_MODE",
    "DATABASE_URL",
    "CELERY_BROKER_URL",
    "PORT",
    "SITE_URL",
}
REPLACED |= {"DATABASE_OWNER_URL", "DATABASE_APP_ROLE", "AFTERSALES_DATABASE_ROLE"}


def parent(pid: int) -> int:
    try:
        return int(Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[1])
    except OSError:
        return 0


def get(address: str, path: str) -> int:
    place = urlsplit(address)
    line = http.client.HTTPConnection(place.hostname or "", place.port or 80, timeout=20)
    try:
        line.request("GET", path)
        return line.getresponse().status
    except (OSError, http.client.HTTPException):
        return 0
    finally:
        line.close()


@pytest.fixture(scope="module")
def clone(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The project in another folder, with its own data: only the first start provisions."""
    folder = tmp_path_factory.mktemp("stack") / "a clone, with blanks"
    folder.mkdir(mode=0o700)
    for name in ("aftersales", "accounts", "training", "templates"):
        shutil.copytree(
            ROOT / name, folder / name
        )  # with its bytecode, which none of the processes makes anew
    for name in ("manage.py", "requirements.txt"):
        shutil.copy2(ROOT / name, folder / name)
    return folder


@pytest.fixture
def data(clone: Path) -> Path:
    return clone / ".data"


class Stacks:
    """One folder holds one stack at a time: the running one goes from test to test while it is sound."""

    def __init__(self, clone: Path, logs: Path) -> None:
        self.clone, self.logs = clone, logs
        self.all: list[Stack] = []

    def start(self, *arguments: str, **environment: str) -> Stack:
        self.all.append(
            Stack(self.clone, self.logs / f"{len(self.all)}.log", *arguments, **environment),
        )
        return self.all[-1]

    @property
    def alive(self) -> list[Stack]:
        return [stack for stack in self.all if stack.process.poll() is None]

    def running(self) -> Stack:
        """A stack that answers; started when there is none."""
        found = self.alive[0] if self.alive else self.start()
        address = found.ready()
        assert eventually(lambda: get(address, "/ready") == 200, 40), found.said
        return found

    def stop(self) -> None:
        """Whatever happened to its parts: asked to end, it ends and leaves nothing."""
        for stack in self.alive:
            stack.process.terminate()
            assert stack.process.wait(60) == 0, stack.said
            assert eventually(lambda stack=stack: not stack.remains), stack.remains


@pytest.fixture(scope="module")
def stacks(clone: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stacks]:
    some = Stacks(clone, tmp_path_factory.mktemp("logs"))
    try:
        yield some
        some.stop()
    finally:
        for stack in some.alive:
            stack.process.kill()
            stack.process.wait()


def test_it_answers_and_ctrl_c_leaves_no_process(stacks: Stacks) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        stack = stacks.start(PORT=str(port))
        address = stack.ready()
    assert int(address.rsplit(":", 1)[1]) > port, "the next free port is used when the wanted one is taken"
    assert get(address, "/health") == 200
    assert get(address, "/ready") == 200
    assert get(address, "/admin/") == 302
    assert stack.children("celery")
    assert stack.children("gunicorn")
    stack.process.send_signal(signal.SIGINT)
    assert stack.process.wait(60) == 0
    assert eventually(lambda: not stack.remains), stack.remains


def test_the_second_start_takes_seconds_and_a_second_stack_is_refused(stacks: Stacks) -> None:
    stacks.stop()
    began = time.monotonic()
    stack = stacks.start()
    address = stack.ready()
    assert time.monotonic() - began < 60  # seconds on a quiet machine; a first start takes minutes
    assert "Preparing" not in stack.said
    other = stacks.start()
    assert other.process.wait(30) == 1
    assert "Already running" in other.said
    assert address in other.said
    assert get(address, "/ready") == 200


def test_a_killed_supervisor_takes_everything_with_it_and_the_next_start_works(stacks: Stacks) -> None:
    stack = stacks.running()
    kill(stack.process.pid)
    stack.process.wait()
    assert eventually(lambda: not stack.remains, 40), stack.remains
    assert get(stacks.start().ready(), "/ready") == 200


def test_when_everything_is_killed_at_once_the_next_start_works(stacks: Stacks) -> None:
    stack = stacks.running()
    kill(stack.process.pid, *stack.remains[1:])
    stack.process.wait()
    assert get(stacks.start().ready(), "/ready") == 200


@pytest.mark.parametrize("part", ["celery", "gunicorn", "postgres", "valkey", "keeper"])
def test_a_killed_part_is_running_again_soon(stacks: Stacks, data: Path, part: str) -> None:
    stack = stacks.running()
    find: Callable[[], list[int]] = {
        "celery": lambda: stack.parts("worker"),
        "gunicorn": lambda: stack.parts("gunicorn"),
        "postgres": lambda: servers(data, "postgres"),
        "valkey": lambda: servers(data, "valkey"),
        "keeper": lambda: keepers(data, "postgres"),
    }[part]
    old = find()[0]
    kill(old)
    assert eventually(lambda: find()[:1] not in ([], [old]) and get(stack.ready(), "/ready") == 200, 40), (
        stack.said
    )


def test_a_stack_whose_parts_had_died_leaves_nothing_either(stacks: Stacks) -> None:
    stacks.running()
    stacks.stop()


def test_a_part_that_ends_again_and_again_ends_the_start_with_a_sentence(stacks: Stacks) -> None:
    """A worker that cannot reach its broker is patient; a web server whose address is nonsense is not."""
    stacks.stop()
    stack = stacks.start(GUNICORN_CMD_ARGS="--worker-class nothing")
    assert stack.process.wait(PATIENCE) == 1
    assert "web ends again and again; see the lines above." in stack.said
    assert eventually(lambda: not stack.remains), stack.remains
