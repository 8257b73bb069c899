"""Embedded PostgreSQL and Valkey, so that two commands run everything.

Settings only *name* the servers (``database()``, ``broker_url()``). They are started by ``manage.py``, by
the supervisor (``manage.py stack``) and by the test session, through ``hold_database()`` and
``hold_broker()``; one keeper process per server owns it and stops it when its last user is gone, however
that user ended.
"""

import os

from . import postgres, valkey
from .address import (
    NEEDS_NO_DATABASE,
    OWNER_COMMANDS,
    app_role,
    as_owner,
    broker_url,
    database,
    embedded_broker,
    embedded_database,
)
from .lease import CannotServe, Lease

__all__ = [
    "CannotServe",
    "Lease",
    "app_role",
    "as_owner",
    "broker_url",
    "database",
    "embedded_broker",
    "embedded_database",
    "hold_broker",
    "hold_database",
    "ready_for",
]

_held: dict[str, Lease] = {}


def hold_database() -> Lease | None:
    """Start or join the embedded PostgreSQL while this process lives; None when DATABASE_URL is set."""
    if not embedded_database():
        return None
    if "postgres" not in _held:
        _held["postgres"] = Lease(postgres.spec(), postgres.furnish).hold()
    return _held["postgres"]


def hold_broker() -> Lease | None:
    """The same for Valkey; None when CELERY_BROKER_URL is set."""
    if not embedded_broker():
        return None
    if "valkey" not in _held:
        _held["valkey"] = Lease(valkey.spec()).hold()
    return _held["valkey"]


def ready_for(command: str) -> None:
    """What ``manage.py COMMAND`` needs before settings are read: its database role and a running server."""
    if command in OWNER_COMMANDS:
        os.environ["AFTERSALES_DATABASE_ROLE"] = "owner"
    if command and command not in NEEDS_NO_DATABASE:
        hold_database()
