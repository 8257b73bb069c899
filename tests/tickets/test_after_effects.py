"""What the system does in the wake of a person's own move is no reason to refuse his next one."""

from collections.abc import Callable
from datetime import datetime, timedelta

import pytest
from django.db import transaction

from aftersales.core.errors import Conflict
from aftersales.tickets import services
from aftersales.tickets.models import Ticket
from tests.cast import Cast

Opener = Callable[..., Ticket]


def test_the_after_effects_of_ones_own_move_are_no_conflict(
    open_ticket: Opener, desk: Cast, now: datetime, work_off: Callable[[datetime], None]
) -> None:
    """The question goes out a moment after the ticket was solved; what somebody else does meanwhile still collides."""
    ticket = services.ticket_start(ticket=open_ticket(), actor=desk.agent, now=now)
    seen = services.ticket_resolve(
        ticket=ticket, result="explained", text="已说明。", actor=desk.agent, now=now
    )
    later = now + timedelta(seconds=1)
    work_off(later)
    standing = Ticket.objects.get(pk=seen.pk)
    assert standing.version > seen.version
    with transaction.atomic():
        closed = services.ticket_verify(
            ticket=standing, how="phone", reason="说好了", version=seen.version, actor=desk.agent,
            now=later + timedelta(minutes=1),
        )  # fmt: skip
        assert closed.state == "closed"
        transaction.set_rollback(True)
    services.note_add(ticket=standing, text="客户又来电", actor=desk.lead, now=later + timedelta(minutes=2))
    with pytest.raises(Conflict):
        services.ticket_verify(
            ticket=standing, how="phone", reason="说好了", version=seen.version, actor=desk.agent,
            now=later + timedelta(minutes=3),
        )  # fmt: skip
