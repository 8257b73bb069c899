"""A penalty falls with the breaches it rests on; where some still count a person looks at it again."""

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

import pytest

from aftersales.clocks.models import Clock
from aftersales.clocks.services import breach_exclude, sweep
from aftersales.ledger import services
from aftersales.ledger.models import IncentiveVersion, Proposal
from aftersales.merchants.models import Merchant
from aftersales.notices.models import Notice
from aftersales.tickets import services as tickets
from tests.cast import Cast
from tests.department import book, customer, desk, open_ticket, work_off
from tests.ledger.conftest import late_rule
from tests.records import merchant as a_merchant

__all__ = ["book", "customer", "desk", "open_ticket", "work_off"]
pytestmark = pytest.mark.django_db
HOUR = timedelta(hours=1)


def late(shop: Merchant, desk: Cast, ticket: Any, at: datetime) -> Clock:
    """The platform asked the merchant, who let his two days run out."""
    tickets.ticket_tell_merchant(
        ticket=ticket, text="请说明。", channel="phone", actor=desk.agent, now=at + HOUR
    )
    clock: Clock = Clock.objects.get(subject_id=ticket.pk, promise="merchant_answer")
    sweep(now=clock.due_at + HOUR)
    clock.refresh_from_db()
    return clock


def left_out(clock: Clock, desk: Cast, at: datetime) -> None:
    breach_exclude(clock=clock, cause="platform", reason="平台代商家答复", actor=desk.supervisor, now=at)


def raised(clocks: list[Clock], desk: Cast, now: datetime) -> Proposal:
    """What the rule for late merchants makes of the month in which they ran out."""
    version = late_rule(desk, now, "late_shop", from_count=1)
    first = clocks[0].breached_at
    assert first is not None
    IncentiveVersion.objects.filter(pk=version.pk).update(valid_from=now - timedelta(days=60))
    services.incentives_raise(
        month=first.date().replace(day=1), actor=desk.system, now=first + timedelta(days=40)
    )
    found: Proposal = Proposal.objects.get(fact_code="obligation_broken", amount=10 * len(clocks))
    return found


@pytest.mark.parametrize("posted", [False, True])
def test_a_penalty_falls_when_none_of_its_breaches_counts_any_more(
    posted: bool,
    desk: Cast,
    open_ticket: Callable[..., Any],
    work_off: Callable[[datetime], None],
    now: datetime,
) -> None:
    desk.certify(desk.supervisor, "lead")
    desk.certify(desk.finance, "finance")
    shop = a_merchant("M1", now)
    clocks = [
        late(shop, desk, open_ticket(at=at, merchant_id=shop.pk, subject=f"{at:%d%H}"), at)
        for at in (now, now + 2 * HOUR)
    ]
    proposal = raised(clocks, desk, now)
    later = now + timedelta(days=60)
    if posted:
        services.proposal_notify(proposal=proposal, actor=desk.finance, now=later)
        later += timedelta(days=30)
        services.proposal_approve(proposal=proposal, actor=desk.supervisor, now=later)
    work_off(later)

    left_out(clocks[0], desk, later)
    work_off(later)
    proposal.refresh_from_db()
    assert proposal.state == ("posted" if posted else "proposed")
    told = Notice.objects.filter(source="ledger.partly_left_out")
    assert proposal.number in told[0].subject
    assert {one.user_id for one in told} >= {desk.finance.pk}

    left_out(clocks[1], desk, later)
    work_off(later)
    proposal.refresh_from_db()
    assert proposal.state == ("reversed" if posted else "cancelled")
    assert Notice.objects.filter(source="ledger.partly_left_out").count() == told.count()
