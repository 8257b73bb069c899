"""Connected systems: added, changed, given a new secret, tested. A secret is answered once and kept nowhere."""

from __future__ import annotations

import json
import re
from datetime import datetime
from typing import Any

from django.db import IntegrityError, transaction
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from aftersales.channels.models import Connection, ConnectionKey, HookEvent
from aftersales.channels.services.hooks import PURPOSE, hook_keep, hook_prove, secrets_of
from aftersales.channels.states import SystemKind
from aftersales.core import events, registers, webhooks
from aftersales.core.errors import DomainError, NotPermitted
from aftersales.core.models import new_public_id
from aftersales.standards.selectors import duration
from aftersales.tickets.states import Channel

HOST = re.compile(r"^[a-z0-9]([a-z0-9.-]{0,117}[a-z0-9])?$")
CODE = re.compile(r"^[a-z0-9][a-z0-9-]{1,39}$")


def connection_create(
    *, code: str, name: str, kind: str, channel: str, actor: Any, now: datetime, account_source: str = "",
    recording_hosts: str = "",
) -> tuple[Connection, str]:  # fmt: skip
    """Connect a system; answers it with its secret, which nobody sees again. Errors: code, taken, host."""
    _may(actor)
    if (
        not CODE.match(code)
        or kind not in SystemKind.values
        or channel not in Channel.values
        or not name.strip()
    ):
        raise DomainError(
            _("A code has 2 to 40 small letters, digits and hyphens; name and kind are needed."), "code"
        )
    row = Connection(
        code=code, name=name.strip()[:80], kind=kind, channel=channel, account_source=account_source.strip()[:40],
        recording_hosts=_hosts(recording_hosts), created_at=now,
    )  # fmt: skip
    try:
        with transaction.atomic():
            created = registers.create(row, actor=actor, now=now, event="connection.created")
            key = ConnectionKey.objects.create(connection=created, created_at=now)
    except IntegrityError as error:
        raise DomainError(_("A connected system has this code already."), "taken") from error
    return created, webhooks.secret(PURPOSE, key.salt)


def connection_change(
    *, connection: Connection, name: str, is_active: bool, recording_hosts: str, version: int, actor: Any, now: datetime
) -> Connection:  # fmt: skip
    """Rename, switch on or off, or change where recordings may lie. Error: host; a stale page raises Conflict."""
    _may(actor)
    changed: Connection = registers.save(
        connection, actor=actor, now=now, event="connection.changed", version=version,
        name=name.strip()[:80] or connection.name, is_active=is_active, recording_hosts=_hosts(recording_hosts),
    )  # fmt: skip
    return changed


def secret_rotate(*, connection: Connection, actor: Any, now: datetime) -> str:
    """A new secret, answered once. The old one counts a while longer; one from before that ends now."""
    _may(actor)
    with transaction.atomic():
        row = Connection.objects.select_for_update(of=("self",)).get(pk=connection.pk)
        old = row.keys.filter(Q(until=None) | Q(until__gt=now))
        old.exclude(until=None).update(until=now)
        old.filter(until=None).update(until=now + duration("secret_overlap_hours", now))
        key = ConnectionKey.objects.create(connection=row, created_at=now)
        events.record("connection.rotated", subject=row, actor=actor, now=now)
    return webhooks.secret(PURPOSE, key.salt)


def connection_test(*, connection: Connection, actor: Any, now: datetime) -> HookEvent:
    """A signed request of our own goes the whole way that a system's goes."""
    _may(actor)
    body = json.dumps({"event": "ping"}).encode()
    headers = webhooks.headers(secrets_of(connection, now)[:1], f"test-{new_public_id()}", now, body)
    given = {name.lower(): value for name, value in headers.items()}
    event_id = hook_prove(connection=connection, headers=given, body=body, now=now)
    told, _new = hook_keep(connection=connection, event_id=event_id, body=body, now=now)
    events.record("connection.tested", subject=connection, actor=actor, now=now)
    return told


def _hosts(text: str) -> list[str]:
    found = [host.strip().lower() for host in re.split(r"[\s,;]+", text) if host.strip()]
    if len(found) > 20 or not all(HOST.match(host) for host in found):
        raise DomainError(
            _("Hosts look like records.example.com, without https:// and without a path."), "host"
        )
    return found


def _may(actor: Any) -> None:
    if not actor.has_perm("channels.manage"):
        raise NotPermitted()
