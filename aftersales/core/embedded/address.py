"""Where the database and the broker are. Computed only: importing settings starts nothing.

Two database roles (see aftersales.core.roles): the owner migrates, the app role does everything else. The
role of a process is the command it was started as: ``manage.py`` sets AFTERSALES_DATABASE_ROLE=owner for the
commands in OWNER_COMMANDS before the settings are read.
"""

from typing import Any
from urllib.parse import parse_qsl, unquote, urlsplit

from django.core.exceptions import ImproperlyConfigured
from kombu.transport import TRANSPORT_ALIASES

from aftersales import env

from . import postgres, valkey
from .folders import socket_folder

OWNER_COMMANDS = {
    "migrate",
    "provision",
    "createcachetable",
    "flush",
    "pgtrigger",
    "squashmigrations",
    "makemigrations",
}
NEEDS_NO_DATABASE = {
    *("help", "version", "--help", "--version", "-h", "compilecatalogs", "makemessages", "compilemessages"),
    *("collectstatic", "findstatic", "diffsettings", "startapp", "stack"),
}
# Works behind PgBouncer in transaction mode: no server-side cursors, nothing kept in the session.
COMMON: dict[str, Any] = {
    "ENGINE": "django.db.backends.postgresql",
    "CONN_MAX_AGE": 60,
    "CONN_HEALTH_CHECKS": True,
    "DISABLE_SERVER_SIDE_CURSORS": True,
    "ATOMIC_REQUESTS": False,
}


def embedded_database() -> bool:
    return not env.text("DATABASE_URL")


def embedded_broker() -> bool:
    return not env.text("CELERY_BROKER_URL")


def as_owner() -> bool:
    return env.text("AFTERSALES_DATABASE_ROLE") == "owner"


def database() -> dict[str, Any]:
    """Django's settings for the one database, for this process's role."""
    if embedded_database():
        user = postgres.OWNER if as_owner() else postgres.APP
        name = env.text("DATABASE_NAME") or postgres.NAME
        return {**COMMON, "HOST": socket_folder(), "PORT": "5432", "NAME": name, "USER": user}
    if as_owner() and env.text("DATABASE_OWNER_URL"):
        return {**COMMON, **parse("DATABASE_OWNER_URL")}
    return {**COMMON, **parse("DATABASE_URL")}


def app_role() -> str:
    """The role that the web and the worker act as."""
    if given := env.text("DATABASE_APP_ROLE"):
        return given
    return postgres.APP if embedded_database() else str(parse("DATABASE_URL")["USER"]) or postgres.APP


def parse(name: str) -> dict[str, Any]:
    """``postgresql://user:password@host:port/name?sslmode=require`` as Django writes it."""
    shape = f"{name} must look like postgresql://user:password@host:5432/name"
    try:
        url = urlsplit(env.text(name))
        port = url.port
    except ValueError as error:
        raise ImproperlyConfigured(f"{shape}; it cannot be read: {error}.") from error
    if url.scheme not in {"postgres", "postgresql"}:
        raise ImproperlyConfigured(
            f"{shape}; only PostgreSQL 15 or newer is supported, not {url.scheme or 'nothing'!r}."
        )
    database_name = unquote(url.path.lstrip("/"))
    if not database_name:
        raise ImproperlyConfigured(f"{shape}; the database's name is missing.")
    options = dict(parse_qsl(url.query))
    return {
        "HOST": unquote(url.hostname or options.pop("host", "")),
        "PORT": str(port or options.pop("port", "") or ""),
        "NAME": database_name,
        "USER": unquote(url.username or options.pop("user", "")),
        "PASSWORD": unquote(url.password or options.pop("password", "")),
        "OPTIONS": options,
    }


def broker_url() -> str:
    """The Celery broker: CELERY_BROKER_URL or the embedded Valkey's socket."""
    given = env.text("CELERY_BROKER_URL")
    scheme, found, _rest = given.partition("://")
    if given and not (found and scheme.split("+")[0] in TRANSPORT_ALIASES):
        raise ImproperlyConfigured(
            "CELERY_BROKER_URL must look like redis://host:6379/0 or amqp://user@host//."
        )
    return given or f"redis+socket://{socket_folder()}/{valkey.SOCKET}"
