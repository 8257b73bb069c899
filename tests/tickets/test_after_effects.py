"""What the system does in the wake of a person's own move is no reason to refuse his next one."""

from collections.abc import Callable
from datetime import datetime, timedelta

import pytest
from django.db import transaction

from accounts.services import system_user
from aftersales.core.errors import Conflict
from aftersales.customers.models import Contact, Customer
from aftersales.tickets import services
from aftersales.tickets.models import Ticket
from aftersales.tickets.services import unsent
from tests.cast import Cast

Opener = Callable[..., Ticket]
SECOND = timedelta(seconds=1)


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


def test_ones_own_held_words_do_not_stand_in_ones_way(
    open_ticket: Opener, desk: Cast, customer: Customer, now: datetime, work_off: Callable[[datetime], None]
) -> None:
    """They go out some seconds after the page was loaded on which the next move is chosen."""
    Contact.objects.create(customer=customer, kind="email", value="linfang@example.com")
    ticket = open_ticket()
    unsent.reply_hold(
        ticket=ticket, voice="customer", text="退款已在处理，请稍候。", actor=desk.agent, now=now
    )
    seen = Ticket.objects.get(pk=ticket.pk).version
    work_off(now + 9 * SECOND)
    assert Ticket.objects.get(pk=ticket.pk).version > seen
    services.ticket_wait(
        ticket=ticket, wait_for="carrier", reason="等承运商", until=now + 24 * 3600 * SECOND, actor=desk.agent,
        now=now + 10 * SECOND, version=seen,
    )  # fmt: skip
    with pytest.raises(Conflict):  # a colleague who looked before the words went out does not know of them
        services.ticket_put_back(
            ticket=ticket, reason="转交", version=seen, actor=desk.lead, now=now + 11 * SECOND
        )


def test_what_the_system_decided_meanwhile_is_news(open_ticket: Opener, desk: Cast, now: datetime) -> None:
    """Though his own note lies beside it."""
    ticket = services.ticket_start(ticket=open_ticket(), actor=desk.agent, now=now)
    services.note_add(ticket=ticket, text="已联系商家", actor=desk.agent, now=now + SECOND)
    services.ticket_regrade(
        ticket=ticket, kind=ticket.kind, severity="major", nature=ticket.nature, reason="规则", actor=system_user(),
        now=now + 2 * SECOND,
    )  # fmt: skip
    with pytest.raises(Conflict):
        services.ticket_wait(
            ticket=ticket, wait_for="carrier", reason="等承运商", until=now + 24 * 3600 * SECOND, actor=desk.agent,
            now=now + 3 * SECOND, version=ticket.version,
        )  # fmt: skip
