"""A refund that is late stands where it is somebody's turn, and the manager's desk reads the same turn as the shop."""

from collections.abc import Callable
from datetime import datetime

import pytest
from django.db.models import Count, Min, Q

from accounts.states import Role
from aftersales.cases import services
from aftersales.cases.models import Case, CasePayment
from aftersales.cases.states import PaymentState
from aftersales.cases.turns import MINE, Turn, with_turns
from aftersales.clocks.models import Clock
from aftersales.clocks.services import sweep
from aftersales.desk import shops
from aftersales.merchants.models import Merchant
from tests.cases.workshop import DAY, HOUR, fresh
from tests.cast import Cast
from tests.portal.clerk import Clerk

pytestmark = pytest.mark.django_db
Open = Callable[..., Case]


def turn(case: Case) -> str:
    return str(with_turns(Case.objects.filter(pk=case.pk)).values_list("whose", flat=True).get())


def owes(desk: Cast, shop: Merchant, now: datetime) -> list[tuple[str, str]]:
    """What the manager's list says of the shop."""
    Merchant.objects.filter(pk=shop.pk).update(manager=desk.merchant_manager)
    board = shops.board(desk.merchant_manager, desk.merchant_manager.pk, now)
    return [(one.tone, one.words) for line in board.lines for one in line.owes if one.soonest is not None]


def test_a_late_refund_is_the_shops_until_it_confirms_and_then_the_platforms(
    clerk: Clerk, desk: Cast, shop: Merchant, open_case: Open, now: datetime
) -> None:
    case = open_case({0: 1})
    clerk.does(case, "approve", goods="keep", words="")
    later = now + 9 * DAY
    sweep(now=later)
    late = Clock.objects.get(subject_kind="cases.case", subject_id=case.pk, promise="refund", ended_at=None)
    assert late.due_at < later
    assert turn(case) == Turn.REFUND
    assert [tone for tone, _words in owes(desk, shop, later)] == ["red"]
    assert case.number in clerk.at(later).page("today")

    clerk.at(later).does(case, "refund", agree="on")
    assert CasePayment.objects.get(case=case).state == PaymentState.AWAITING_APPROVAL

    assert turn(case) == Turn.PLATFORM, "finance approves it: the shop did what it owed"
    [(tone, words)] = owes(desk, shop, later + HOUR)
    assert (tone, "1" in words) == ("amber", True)
    page = desk.client(desk.merchant_manager).get(f"/desk/shops/{shop.code}/").content.decode()
    assert str(Turn.PLATFORM.label) in page


def test_what_is_owed_at_once_is_the_shops_though_goods_are_still_to_come(
    desk: Cast, open_case: Open, now: datetime
) -> None:
    case = services.case_approve(case=open_case({0: 1}), actor=desk.of(Role.LEAD), now=now)
    assert turn(case) == Turn.CUSTOMER
    Case.objects.filter(pk=case.pk).update(instant=True)
    assert turn(fresh(case)) == Turn.REFUND


def test_the_turn_is_asked_once_however_often_the_rows_are_narrowed_and_counted_by_it(now: datetime) -> None:
    rows = with_turns(Case.objects.filter(merchant_id=1))
    asked_of = '"cases_settlement"'  # a table that only the turn reads
    assert str(rows.filter(whose__in=MINE).order_by("until").query).count(f"FROM {asked_of}") == 1
    counted = rows.order_by().values("whose").annotate(
        soonest=Min("until"), late=Count("pk", filter=Q(until__lt=now)), soon=Count("pk", filter=Q(until__gte=now))
    )  # fmt: skip
    assert str(counted.query).count(f"FROM {asked_of}") == 1
