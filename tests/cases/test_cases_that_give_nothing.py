"""A case that gives nothing ends by itself, after the time in which its customer may have the platform decide."""

from collections.abc import Callable
from datetime import datetime
from decimal import Decimal

import pytest

from aftersales.cases import services
from aftersales.cases.models import Case, CaseParcel
from aftersales.cases.services import Arrival, Finding
from aftersales.clocks.models import Clock
from aftersales.core.errors import DomainError
from aftersales.tickets.models import Ticket
from tests.cases.whole import check_whole
from tests.cases.workshop import DAY, arrive, fresh, keep, parcel_of
from tests.cast import Cast

D = Decimal
Open = Callable[..., Case]


def refused(code: str, act: Callable[[], object]) -> None:
    with pytest.raises(DomainError) as error:
        act()
    assert error.value.code == code


@pytest.fixture
def case(open_case: Open, desk: Cast, now: datetime) -> Case:
    return services.case_approve(case=open_case({0: 1}, ground="quality"), actor=desk.lead, now=now)


def empty_box(case: Case, desk: Cast, at: datetime) -> CaseParcel:
    parcel = services.parcel_ship(
        parcel=parcel_of(case), carrier="顺丰", tracking_no="SF123456789", actor=desk.agent, now=at
    )
    item = parcel.items.get()
    return services.parcel_process(
        parcel=parcel, arrival=Arrival({item.pk: 1}), findings={item.pk: Finding(missing=1)},
        actor=desk.returns_receiver, now=at, keep=True,
    )  # fmt: skip


def test_an_empty_box_leaves_time_for_a_dispute_and_ends(
    case: Case, open_case: Open, desk: Cast, now: datetime
) -> None:
    empty_box(case, desk, now)
    assert services.cases_end_empty(now=now + 6 * DAY) == 0
    assert (fresh(case).state, fresh(case).agreed) == ("approved", 0)
    assert services.cases_end_empty(now=now + 7 * DAY) == 1
    assert services.cases_end_empty(now=now + 8 * DAY) == 0
    assert fresh(case).state == "closed"
    assert Ticket.objects.get(pk=case.ticket_id).cases_open == 0
    # And the customer has an exit: he may ask anew
    assert open_case({0: 3}, ground="quality").state == "requested"
    check_whole()


def test_the_refund_is_promised_no_longer_once_nothing_is_owed(
    open_case: Open, desk: Cast, now: datetime
) -> None:
    """A clock that ran on would count as broken what nobody owes."""
    case = services.case_approve(case=open_case({0: 1}, ground="quality"), actor=desk.lead, now=now)
    parcel = arrive(case, desk, now)
    promised = Clock.objects.filter(subject_kind="cases.case", subject_id=case.pk, promise="refund")
    assert [one.state for one in promised] == ["running"]
    services.parcel_inspect(
        parcel=parcel, findings={parcel.items.get().pk: Finding(wrong=1)}, actor=desk.returns_receiver,
        now=now + DAY, keep=True,
    )  # fmt: skip
    assert [one.state for one in promised.all()] == ["cancelled"]
    assert fresh(case).next_promise != "refund"
    # The article itself comes after all: the refund is owed anew
    services.parcel_send_back(
        parcel=fresh(parcel),
        carrier="顺丰",
        tracking_no="SF9100",
        actor=desk.returns_receiver,
        now=now + 2 * DAY,
    )
    services.parcel_arrive(
        case=case, pieces={case.lines.get().pk: 1}, arrival=Arrival({}, tracking_no="SF9101"),
        actor=desk.returns_receiver, now=now + 3 * DAY,
    )  # fmt: skip
    assert promised.filter(state="running").count() == 1


def test_it_does_not_end_while_it_is_disputed(case: Case, desk: Cast, now: datetime) -> None:
    empty_box(case, desk, now)
    services.dispute_open(case=fresh(case), by="customer", actor=desk.agent, now=now + DAY)
    assert services.cases_end_empty(now=now + 30 * DAY) == 0


def test_goods_that_were_never_sent_end_the_case_and_come_back_as_his(
    case: Case, desk: Cast, now: datetime
) -> None:
    assert services.parcels_expire(now=now + 8 * DAY) == 1
    assert services.cases_end_empty(now=now + 14 * DAY) == 0
    assert services.cases_end_empty(now=now + 16 * DAY) == 1
    # What comes after all is not kept without a word: he gets it back, or asks anew
    parcel = arrive(case, desk, now + 20 * DAY)
    refused("goods_his", lambda: keep(parcel, desk, now + 21 * DAY))


def test_nothing_is_no_approval(open_case: Open, desk: Cast, now: datetime) -> None:
    for row, amount in (
        (open_case({0: 1}, kind="refund_only", ground="quality"), D(0)),
        (open_case({0: 1}, kind="refund_only", ground="quality"), D(-5)),
        (open_case({}, kind="compensation", ground="other", compensation="goodwill"), None),
    ):
        refused(
            "amount",
            lambda row=row, amount=amount: services.case_approve(
                case=row, amount=amount, actor=desk.lead, now=now
            ),
        )
        assert fresh(row).state == "requested"
