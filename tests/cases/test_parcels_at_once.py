"""Two receivers at one parcel, two acts on one: never more than was approved, one outcome each."""

from collections.abc import Callable
from datetime import datetime
from decimal import Decimal

import pytest
from django.db import IntegrityError, transaction

from aftersales.cases import services
from aftersales.cases.models import Case, CaseLine, CaseParcel, OrderAccount, ParcelItem, UnknownParcel
from aftersales.cases.services import Arrival, Finding, Stranger
from tests.cases.test_at_once import outcomes
from tests.cast import Cast

pytestmark = [pytest.mark.concurrency, pytest.mark.django_db(transaction=True)]
Open = Callable[..., Case]


def awaited(open_case: Open, desk: Cast, now: datetime, pieces: int = 2) -> CaseParcel:
    case = services.case_approve(case=open_case({0: pieces}), actor=desk.agent, now=now)
    return CaseParcel.objects.get(case=case)


def test_two_receivers_count_one_parcel_and_never_more_than_was_approved(
    open_case: Open, desk: Cast, now: datetime
) -> None:
    parcel, receiver = awaited(open_case, desk, now), desk.returns_receiver
    item = ParcelItem.objects.get(parcel=parcel)

    def receive() -> object:
        return services.parcel_receive(parcel=parcel, arrival=Arrival({item.pk: 2}), actor=receiver, now=now)

    assert outcomes(receive, receive) == ["done", "too_many"]
    item.refresh_from_db()
    assert item.received == 2


def test_without_the_lock_the_database_refuses_more_than_was_approved(
    open_case: Open, desk: Cast, now: datetime
) -> None:
    parcel = awaited(open_case, desk, now)
    with pytest.raises(IntegrityError), transaction.atomic():
        CaseLine.objects.filter(case=parcel.case_id).update(received=3)


def test_of_two_inspections_one_settles(open_case: Open, desk: Cast, now: datetime) -> None:
    parcel, receiver = awaited(open_case, desk, now), desk.returns_receiver
    item = ParcelItem.objects.get(parcel=parcel)
    parcel = services.parcel_receive(parcel=parcel, arrival=Arrival({item.pk: 2}), actor=receiver, now=now)

    def inspect(accepted: int) -> Callable[[], object]:
        finding = Finding(accepted=accepted, wrong=2 - accepted, grade="new")
        return lambda: services.parcel_inspect(
            parcel=parcel, findings={item.pk: finding}, actor=receiver, now=now, keep=True
        )

    assert outcomes(inspect(2), inspect(1)) == ["done", "wrong_state"]
    assert OrderAccount.objects.get().granted in (Decimal("46.68"), Decimal("23.34"))
    assert OrderAccount.objects.get().granted == Case.objects.get().agreed


def test_withdrawal_and_receipt_at_once_leave_goods_that_go_back_or_a_case_that_stands(
    open_case: Open, desk: Cast, now: datetime
) -> None:
    parcel, receiver = awaited(open_case, desk, now), desk.returns_receiver
    parcel = services.parcel_ship(
        parcel=parcel, carrier="顺丰", tracking_no="SF1000", actor=desk.agent, now=now
    )
    item = ParcelItem.objects.get(parcel=parcel)
    found = outcomes(
        lambda: services.case_withdraw(case=parcel.case, actor=desk.agent, now=now),
        lambda: services.parcel_receive(
            parcel=parcel, arrival=Arrival({item.pk: 2}), actor=receiver, now=now
        ),
    )
    assert found == ["done", "done"]
    assert OrderAccount.objects.get().granted == 0


def test_one_waybill_shelved_twice_at_once_is_one_parcel(desk: Cast, now: datetime) -> None:
    facts, receiver = Stranger(tracking_no="ZT5555", place="A"), desk.returns_receiver
    outcomes(*(lambda: services.unknown_shelve(stranger=facts, actor=receiver, now=now) for _n in range(2)))
    assert UnknownParcel.objects.count() == 1


def test_an_unknown_parcel_matched_twice_at_once_is_counted_once(
    open_case: Open, desk: Cast, now: datetime
) -> None:
    receiver = desk.returns_receiver
    unknown = services.unknown_shelve(
        stranger=Stranger(tracking_no="ZT55", place="A"), actor=receiver, now=now
    )
    parcel = awaited(open_case, desk, now, pieces=3)
    line = CaseLine.objects.get(case=parcel.case_id)

    def match() -> object:
        return services.unknown_match(
            unknown=unknown, case=parcel.case, pieces={line.pk: 1}, actor=receiver, now=now
        )

    assert outcomes(match, match) == ["done", "off_shelf"]
    line.refresh_from_db()
    assert line.received == 1
