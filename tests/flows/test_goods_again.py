"""Two long stories: an exchange with a difference, and an article that was repaired twice in vain."""

from collections.abc import Callable
from datetime import datetime, timedelta
from decimal import Decimal

import pytest

from aftersales.cases import services
from aftersales.cases.models import Case, Due, LineAccount, OrderAccount, Repair
from aftersales.cases.services import Replacement
from aftersales.core.models import Event
from aftersales.customers.models import Contact, Customer
from aftersales.notices.models import Notice
from aftersales.orders.models import OrderLine
from aftersales.tickets.models import Ticket
from tests.cases.conftest import certified, lines, open_case, order, ticket
from tests.cases.test_paying import submit
from tests.cases.workshop import DAY, arrive, back_home, fresh, keep, repaired
from tests.cast import Cast

__all__ = ["certified", "lines", "open_case", "order", "ticket"]
pytestmark = pytest.mark.django_db
Open = Callable[..., Case]
WorkOff = Callable[[datetime], None]
D = Decimal


@pytest.fixture(autouse=True)
def reachable(customer: Customer) -> None:
    Contact.objects.create(customer=customer, kind="email", value="linfang@example.com")


def told() -> set[str]:
    return set(Notice.objects.values_list("text__template__code", flat=True))


def test_exchange_with_difference(
    open_case: Open, ticket: Ticket, lines: list[OrderLine], desk: Cast, now: datetime, work_off: WorkOff
) -> None:
    # The wrong cups came; the customer asks for his money first and then for larger ones
    case = open_case({0: 2}, ground="wrong_item", words="发错了尺寸")
    case = services.case_amend(case=case, kind="exchange", words="换大号", actor=desk.agent, now=now)
    larger = Replacement(lines[0].pk, 2, "大号杯子", "CUP-L", D("30.00"))
    services.exchange_choose(case=case, replacements=[larger], actor=desk.agent, now=now)
    case = services.case_approve(case=fresh(case), actor=desk.agent, now=now)
    work_off(now)
    # He pays the difference, sends the cups and gets the others
    due = Due.objects.get(case=case)
    services.due_paid(due=due, reference="ALI-20261123-1", actor=desk.agent, now=now + DAY)
    keep(arrive(case, desk, now + DAY), desk, now + 2 * DAY)
    sent = services.exchange_send(
        case=fresh(case), carrier="顺丰", tracking_no="SF9001", actor=desk.agent, now=now + 2 * DAY
    )
    assert fresh(ticket).cases_open == 1
    services.parcel_deliver(parcel=sent, actor=desk.agent, now=now + 4 * DAY)
    work_off(now + 4 * DAY)
    # Then the case is closed, the first wish is remembered, no piece is taken, and he was told at each node
    case = fresh(case)
    assert (case.state, case.kind, case.first_kind, due.amount) == (
        "closed",
        "exchange",
        "return",
        D("13.32"),
    )
    assert (fresh(ticket).cases_open, LineAccount.objects.get(line=lines[0]).claimed) == (0, 0)
    assert Event.objects.filter(kind="ticket.case_ended", subject_id=ticket.pk).count() == 1
    assert {"case.opened", "case.approved", "case.due", "case.replacement_sent"} <= told()


def test_two_failed_repairs(
    open_case: Open, lines: list[OrderLine], desk: Cast, now: datetime, work_off: WorkOff
) -> None:
    # The lamp comes twice into the workshop, the second time under the proof of the first
    start = now
    for round_no in (0, 1):
        start = now + timedelta(days=12 * round_no)
        case = open_case({1: 1}, at=start, kind="repair", ground="warranty")
        case = services.case_approve(case=case, actor=desk.agent, now=start)
        arrive(case, desk, start, f"SF700{round_no}")
        last = repaired(case, desk, start + DAY)
        back_home(case, desk, start + 2 * DAY)
        assert fresh(case).state == "closed"
    first, second = Repair.objects.order_by("id")
    assert (first.outcome, second.under_proof, second.follows_id) == ("failed", True, first.pk)
    # It fails once more: he asks for a third repair and the rules give him an exchange or his money
    services.repair_came_back(repair=fresh(last), actor=desk.agent, now=start + 8 * DAY)
    third = open_case({1: 1}, at=start + 8 * DAY, kind="repair", ground="warranty", words="又不亮了")
    third = services.case_approve(case=third, actor=desk.agent, now=start + 8 * DAY)
    parcel = arrive(third, desk, start + 9 * DAY, "SF7009")
    turned = services.case_turn(
        case=fresh(third), kind="return", words="两次维修无效", actor=desk.agent, now=start + 10 * DAY
    )
    keep(parcel, desk, start + 10 * DAY)
    payments = services.payment_propose(case=fresh(turned), actor=desk.agent, now=start + 10 * DAY)
    for payment in payments:
        services.payment_succeed(
            payment=submit(payment, start + 11 * DAY), actor=desk.finance, now=start + 11 * DAY,
            paid_at=start + 11 * DAY,
        )  # fmt: skip
    work_off(start + 11 * DAY)
    # Then what he paid for the lamp is back, once, on the same case and with everything said on it
    case = fresh(third)
    assert (case.state, case.first_kind, case.first_ground) == ("closed", "repair", "warranty")
    assert case.paying == case.agreed == OrderAccount.objects.get().granted
    assert case.lines.get().agreed == D("29.99")
    assert set(case.notes.values_list("text", flat=True)) >= {"又不亮了", "两次维修无效"}
    assert {"repair.diagnosed", "repair.tested", "repair.sent_back", "case.turned", "case.refunded"} <= told()
