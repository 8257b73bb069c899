"""Goods on their way back: awaited, counted in parts, inspected, lost, never sent, sent back; the refund follows."""

from collections.abc import Callable
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest

from accounts.services import customer_user
from aftersales.cases import services
from aftersales.cases.models import (
    Case,
    CaseLine,
    CaseParcel,
    LineAccount,
    OrderAccount,
    ParcelItem,
    ParcelReceipt,
    UnknownParcel,
)
from aftersales.cases.services import Arrival, Finding, Stranger
from aftersales.core.errors import DomainError, NotPermitted, Refused, WrongState
from aftersales.core.models import Event
from aftersales.orders.models import OrderLine
from tests.cases.bank import paid
from tests.cast import Cast

D = Decimal
Open = Callable[..., Case]
Approved = Callable[..., Case]
DAY = timedelta(days=1)
GOOD = {"grade": "new", "resellable": True}


@pytest.fixture
def approved(open_case: Open, desk: Cast, now: datetime) -> Approved:
    def approve(pieces: dict[int, int] | None = None, **more: Any) -> Case:
        how = {name: more.pop(name) for name in ("amount", "goods_back") if name in more}
        return services.case_approve(case=open_case(pieces, **more), actor=desk.agent, now=now, **how)

    return approve


def parcel_of(case: Case) -> CaseParcel:
    return CaseParcel.objects.filter(case=case).latest("id")


def item_of(parcel: CaseParcel) -> ParcelItem:
    return ParcelItem.objects.get(parcel=parcel)


def ship(parcel: CaseParcel, actor: Any, now: datetime, number: str = "SF1000") -> CaseParcel:
    return services.parcel_ship(parcel=parcel, carrier="顺丰", tracking_no=number, actor=actor, now=now)


def receive(parcel: CaseParcel, count: int, actor: Any, now: datetime, **more: Any) -> CaseParcel:
    counts = {item_of(parcel).pk: count}
    return services.parcel_receive(parcel=parcel, arrival=Arrival(counts, **more), actor=actor, now=now)


def inspect(parcel: CaseParcel, actor: Any, now: datetime, keep: bool = True, **found: Any) -> CaseParcel:
    there = found.get("accepted") or found.get("damaged")  # else it is neither as new nor sold again
    finding = Finding(**((GOOD if there else {}) | found))
    return services.parcel_inspect(
        parcel=parcel, findings={item_of(parcel).pk: finding}, actor=actor, now=now, keep=keep
    )


def refused(code: str, act: Callable[[], object]) -> None:
    with pytest.raises(DomainError) as error:
        act()
    assert error.value.code == code


def agreed(case: Case) -> Decimal:
    return Case.objects.get(pk=case.pk).agreed


# Awaited


def test_an_approved_return_awaits_its_goods_for_as_long_as_the_rule_book_says(
    approved: Approved, now: datetime
) -> None:
    case = approved({0: 2})
    parcel = parcel_of(case)
    assert (parcel.state, parcel.ship_by, item_of(parcel).announced) == ("awaited", now + 7 * DAY, 2)
    assert CaseLine.objects.get(case=case).promised == D("46.68")


@pytest.mark.parametrize("more", [{"goods_back": False}, {"kind": "refund_only"}])
def test_where_no_goods_come_back_no_parcel_is_awaited(approved: Approved, more: dict[str, Any]) -> None:
    approved({0: 1}, **more)
    assert not CaseParcel.objects.exists()


def test_a_refused_or_withdrawn_request_awaits_nothing_any_more(
    approved: Approved, desk: Cast, now: datetime
) -> None:
    case = approved({0: 1})
    services.case_withdraw(case=case, actor=desk.agent, now=now)
    assert parcel_of(case).state == "cancelled"


# Received in parts


def test_a_partial_receipt_and_then_the_rest_give_the_whole_refund(
    approved: Approved, desk: Cast, now: datetime
) -> None:
    # Given three cups that come back in two parcels
    case = approved({0: 3})
    first = ship(parcel_of(case), desk.agent, now)
    receive(first, 2, desk.returns_receiver, now, rest_follows=True)
    rest = parcel_of(case)
    assert (rest.state, item_of(rest).announced, item_of(first).announced) == ("awaited", 1, 2)
    # When the first is inspected, what is still on its way stands
    inspect(CaseParcel.objects.get(pk=first.pk), desk.returns_receiver, now, accepted=2)
    case.refresh_from_db()
    assert (case.agreed, case.settled_at) == (D("70.01"), None)
    # And when the rest is here, everything is settled, to the cent
    ship(rest, desk.agent, now, "SF2000")
    receive(rest, 1, desk.returns_receiver, now)
    inspect(rest, desk.returns_receiver, now, accepted=1)
    case.refresh_from_db()
    assert (case.agreed, case.settled_at) == (D("70.01"), now)
    line = CaseLine.objects.get(case=case)
    assert (line.shipped, line.received, line.accepted) == (3, 3, 3)


def test_one_waybill_in_two_boxes_is_counted_twice_and_never_above_what_was_approved(
    approved: Approved, desk: Cast, now: datetime
) -> None:
    parcel = ship(parcel_of(approved({0: 2})), desk.agent, now)
    receive(parcel, 1, desk.returns_receiver, now)
    refused("too_many", lambda: receive(parcel, 2, desk.returns_receiver, now))
    receive(parcel, 1, desk.returns_receiver, now)
    assert item_of(parcel).received == 2
    refused("nothing", lambda: receive(parcel, 0, desk.returns_receiver, now))
    refused("not_of_parcel", lambda: receive(parcel, -1, desk.returns_receiver, now))


def test_the_same_form_posted_twice_is_one_count(approved: Approved, desk: Cast, now: datetime) -> None:
    parcel = parcel_of(approved({0: 2}))
    for _n in range(2):
        receive(parcel, 1, desk.returns_receiver, now, source="form", source_ref="k")
    assert item_of(parcel).received == 1
    assert ParcelReceipt.objects.count() == 1


def test_what_does_not_come_back_is_not_refunded_and_may_be_asked_for_again(
    approved: Approved, desk: Cast, lines: list[OrderLine], now: datetime
) -> None:
    case = approved({0: 3}, ground="quality")
    assert agreed(case) == D("77.01")  # with the cups' share of the freight
    parcel = receive(parcel_of(case), 2, desk.returns_receiver, now)
    inspect(parcel, desk.returns_receiver, now, accepted=2)
    case.refresh_from_db()
    assert (case.agreed, OrderAccount.objects.get().granted) == (D("51.34"), D("51.34"))
    assert paid(case, desk, now).state == "closed"
    account = LineAccount.objects.get(line=lines[0])
    assert (account.free, account.claimed_value) == (1, D("46.68"))


def test_another_article_gives_nothing_and_goes_back_alone(
    approved: Approved, desk: Cast, now: datetime
) -> None:
    case = approved({0: 2})
    parcel = receive(parcel_of(case), 2, desk.returns_receiver, now)
    refused("sum", lambda: inspect(parcel, desk.returns_receiver, now, accepted=1))
    parcel = inspect(
        parcel,
        desk.returns_receiver,
        now,
        keep=False,
        accepted=1,
        wrong=1,
        cause="other_item",
        borne_by="customer",
    )
    assert agreed(case) == D("23.34")
    back = services.parcel_send_back(
        parcel=parcel,
        carrier="顺丰",
        tracking_no="SF-77 01",
        actor=desk.returns_receiver,
        now=now,
        only_wrong=True,
    )
    kept = services.parcel_keep(parcel=parcel, actor=desk.returns_receiver, now=now)
    assert (back.state, back.back_tracking_no, item_of(back).wrong) == ("sent_back", "SF7701", 1)
    assert (kept.state, item_of(kept).received) == ("kept", 1)
    services.parcel_deliver_back(parcel=back, actor=desk.returns_receiver, now=now)
    assert agreed(case) == D("23.34")
    assert paid(case, desk, now).state == "closed"


def test_another_article_that_went_home_uses_nothing_up(
    approved: Approved, desk: Cast, now: datetime
) -> None:
    """He sent the wrong thing first and the right one later: the right one is received, judged and paid."""
    case, receiver = approved({1: 1}), desk.returns_receiver
    first = receive(parcel_of(case), 1, receiver, now)
    first = inspect(first, receiver, now, keep=False, wrong=1, cause="other_item", borne_by="customer")
    assert agreed(case) == 0
    services.parcel_send_back(
        parcel=first, carrier="顺丰", tracking_no="SF-77 02", actor=receiver, now=now, only_wrong=True
    )
    line = case.lines.get()
    assert (line.received, line.wrong) == (0, 0)
    arrival = Arrival({}, carrier="中通", tracking_no="ZT-55 01")
    late = services.parcel_arrive(case=case, pieces={line.pk: 1}, arrival=arrival, actor=receiver, now=now)
    inspect(late, receiver, now, accepted=1)
    assert agreed(case) == D("29.99")


def test_a_deduction_needs_its_reason_and_is_taken_off(approved: Approved, desk: Cast, now: datetime) -> None:
    case = approved({0: 2})
    parcel = receive(parcel_of(case), 2, desk.returns_receiver, now)
    off = {"accepted": 1, "damaged": 1, "deduction": D("10.00")}
    refused("deduction", lambda: inspect(parcel, desk.returns_receiver, now, **off))
    refused(
        "deduction",
        lambda: inspect(parcel, desk.returns_receiver, now, why="x", **(off | {"deduction": D(99)})),
    )
    refused("grade", lambda: inspect(parcel, desk.returns_receiver, now, accepted=2, grade=""))
    inspect(parcel, desk.returns_receiver, now, why="杯口缺一块", **off)
    assert agreed(case) == D("36.68")
    assert {row.kind: row.text for row in case.notes.all()}["deduct"] == "杯口缺一块"


def test_of_an_instant_refund_nothing_is_taken_back_but_a_person_is_told(
    approved: Approved, desk: Cast, now: datetime
) -> None:
    case = approved({0: 2})
    Case.objects.filter(pk=case.pk).update(instant=True)
    parcel = receive(parcel_of(case), 1, desk.returns_receiver, now)
    inspect(parcel, desk.returns_receiver, now, accepted=1)
    case.refresh_from_db()
    assert (case.agreed, case.review, case.settled_at) == (D("46.68"), "short", now)
    seen = services.case_reviewed(case=case, actor=desk.agent, now=now)
    assert seen.review == ""


# Lost, never sent, withdrawn


def test_a_lost_parcel_is_refunded_without_waiting_for_the_carrier(
    approved: Approved, desk: Cast, now: datetime
) -> None:
    case = approved({0: 2})
    parcel = ship(parcel_of(case), desk.agent, now)
    services.parcel_lose(parcel=parcel, actor=desk.returns_receiver, now=now)
    case.refresh_from_db()
    assert (case.agreed, case.settled_at) == (D("46.68"), now)
    with pytest.raises(Refused, match="46.68") as error:  # nobody closes over the money
        services.case_close(case=case, actor=desk.agent, now=now)
    assert error.value.code == "open_parts"
    assert paid(case, desk, now).state == "closed"


def test_goods_never_sent_end_the_request_after_a_warning_and_revive_it_when_they_come(
    approved: Approved, desk: Cast, now: datetime
) -> None:
    case = approved({0: 2})
    assert services.parcels_warn(now=now + 4 * DAY) == 0
    assert services.parcels_warn(now=now + 6 * DAY) == 1
    assert services.parcels_warn(now=now + 6 * DAY) == 0
    assert services.parcels_expire(now=now + 6 * DAY) == 0
    assert services.parcels_expire(now=now + 8 * DAY) == 1
    assert services.parcels_expire(now=now + 8 * DAY) == 0
    parcel = parcel_of(case)
    assert (parcel.state, agreed(case), OrderAccount.objects.get().granted) == ("expired", 0, 0)
    # When he sends them after all
    ship(parcel, desk.agent, now + 9 * DAY)
    case.refresh_from_db()
    assert (case.agreed, case.settled_at, OrderAccount.objects.get().granted) == (
        D("46.68"),
        None,
        D("46.68"),
    )
    assert Event.objects.filter(kind="case.settled").count() == 2


def test_after_a_withdrawal_goods_on_their_way_go_back_to_the_customer(
    approved: Approved, desk: Cast, now: datetime
) -> None:
    case = approved({0: 1})
    parcel = ship(parcel_of(case), desk.agent, now)
    services.case_withdraw(case=case, actor=desk.agent, now=now)
    parcel = receive(CaseParcel.objects.get(pk=parcel.pk), 1, desk.returns_receiver, now)
    refused("goods_his", lambda: inspect(parcel, desk.returns_receiver, now, accepted=1))
    back = services.parcel_send_back(
        parcel=parcel, carrier="顺丰", tracking_no="SF9999", actor=desk.returns_receiver, now=now
    )
    back = services.parcel_unclaim(parcel=back, actor=desk.returns_receiver, now=now)
    back = services.parcel_send_back(
        parcel=back, carrier="顺丰", tracking_no="SF9998", actor=desk.returns_receiver, now=now
    )
    assert (
        services.parcel_deliver_back(parcel=back, actor=desk.returns_receiver, now=now).state
        == "delivered_back"
    )
    assert OrderAccount.objects.get().granted == 0


def test_one_waybill_for_two_cases_of_an_order_is_one_parcel_and_what_was_withdrawn_is_put_apart(
    approved: Approved, desk: Cast, now: datetime
) -> None:
    cups, lamp = approved({0: 1}), approved({1: 1})
    first = ship(parcel_of(cups), desk.agent, now)
    second = parcel_of(lamp)
    joined = ship(second, desk.agent, now, "sf-1000")
    assert joined.pk == first.pk
    second.refresh_from_db()
    assert (second.state, ParcelItem.objects.filter(parcel=first).count()) == ("cancelled", 2)
    # When one of the two is withdrawn before it arrives
    services.case_withdraw(case=Case.objects.get(pk=lamp.pk), actor=desk.agent, now=now)
    counts = {item.pk: 1 for item in ParcelItem.objects.filter(parcel=first)}
    services.parcel_receive(parcel=joined, arrival=Arrival(counts), actor=desk.returns_receiver, now=now)
    apart = parcel_of(lamp)
    assert (apart.state, item_of(apart).case_line.case_id) == ("received", lamp.pk)
    inspect(CaseParcel.objects.get(pk=first.pk), desk.returns_receiver, now, accepted=1)
    assert agreed(cups) == D("23.34")


def test_a_wrong_waybill_is_corrected_and_the_same_one_changes_nothing(
    approved: Approved, desk: Cast, now: datetime
) -> None:
    parcel = parcel_of(approved({0: 1}))
    ship(parcel, desk.agent, now)
    assert ship(parcel, desk.agent, now, " sf 1000 ").version == CaseParcel.objects.get(pk=parcel.pk).version
    assert ship(parcel, customer_user(now), now, "YT20").tracking_no == "YT20"
    assert Event.objects.filter(kind="case_parcel.waybill_changed").count() == 1
    refused("waybill", lambda: ship(parcel, desk.agent, now, "运单"))


def test_an_outgoing_parcel_is_stopped_or_the_refund_is_looked_at(
    approved: Approved, desk: Cast, now: datetime
) -> None:
    case = approved({0: 1}, kind="refund_only", ground="not_received")
    told = {"case": case, "carrier": "圆通", "tracking_no": "YT1000", "actor": desk.agent, "now": now}
    parcel = services.parcel_dispatch(**told)
    assert services.parcel_dispatch(**told) == parcel
    refused("outbound", lambda: services.parcel_receive(
        parcel=parcel, arrival=Arrival({}), actor=desk.returns_receiver, now=now))  # fmt: skip
    stopped = services.parcel_intercept(parcel=parcel, actor=desk.returns_receiver, now=now)
    assert stopped.state == "intercepted"
    late = services.parcel_dispatch(**(told | {"tracking_no": "YT1001"}))
    services.parcel_deliver(parcel=late, actor=desk.agent, now=now)
    case.refresh_from_db()
    assert case.review == "delivered"


# The unknown shelf


def test_an_unknown_parcel_is_matched_later_and_counted_once(
    approved: Approved, desk: Cast, now: datetime
) -> None:
    facts = Stranger(tracking_no="zt-5555", carrier="中通", phone_tail="6027", place="A-3", weight_g=700)
    unknown = services.unknown_shelve(stranger=facts, actor=desk.returns_receiver, now=now)
    assert services.unknown_shelve(stranger=facts, actor=desk.returns_receiver, now=now) == unknown
    case = approved({0: 2})
    pieces = {CaseLine.objects.get(case=case).pk: 2}
    parcel = services.unknown_match(
        unknown=unknown, case=case, pieces=pieces, actor=desk.returns_receiver, now=now
    )
    assert (parcel.state, parcel.tracking_no, parcel.weight_g) == ("received", "ZT5555", 700)
    assert parcel == parcel_of(case)  # the awaited one: no second parcel
    assert UnknownParcel.objects.get().parcel == parcel
    refused(
        "off_shelf",
        lambda: services.unknown_give_back(
            unknown=unknown, actor=desk.returns_receiver, now=now, reason="拒认"
        ),
    )


def test_goods_of_an_undecided_case_stay_on_the_shelf(open_case: Open, desk: Cast, now: datetime) -> None:
    unknown = services.unknown_shelve(stranger=Stranger(place="B"), actor=desk.returns_receiver, now=now)
    case = open_case({0: 1})
    pieces = {CaseLine.objects.get(case=case).pk: 1}
    refused(
        "not_approved",
        lambda: services.unknown_match(
            unknown=unknown, case=case, pieces=pieces, actor=desk.returns_receiver, now=now
        ),
    )
    assert UnknownParcel.objects.on_shelf().count() == 1


def test_the_rest_that_comes_after_the_inspection_raises_the_refund_again(
    approved: Approved, desk: Cast, now: datetime
) -> None:
    case = approved({0: 2})
    inspect(receive(parcel_of(case), 1, desk.returns_receiver, now), desk.returns_receiver, now, accepted=1)
    assert agreed(case) == D("23.34")
    line = CaseLine.objects.get(case=case)
    late = services.parcel_arrive(
        case=case, pieces={line.pk: 1}, arrival=Arrival({}, carrier="韵达", tracking_no="YD4444"),
        actor=desk.returns_receiver, now=now,
    )  # fmt: skip
    inspect(late, desk.returns_receiver, now, accepted=1)
    assert agreed(case) == D("46.68")


# Rights


@pytest.mark.parametrize(
    ("role", "may"), [("agent", False), ("returns_receiver", True), ("lead", True), ("finance", False)]
)
def test_who_may_receive(approved: Approved, desk: Cast, now: datetime, role: str, may: bool) -> None:
    parcel = parcel_of(approved({0: 1}))
    if may:
        assert receive(parcel, 1, desk.of(role), now).state == "received"
    else:
        with pytest.raises(NotPermitted):
            receive(parcel, 1, desk.of(role), now)


def test_an_inspected_parcel_is_not_received_again(approved: Approved, desk: Cast, now: datetime) -> None:
    parcel = receive(parcel_of(approved({0: 2})), 1, desk.returns_receiver, now)
    inspect(parcel, desk.returns_receiver, now, accepted=1)
    with pytest.raises(WrongState):
        receive(parcel, 1, desk.returns_receiver, now)


def test_what_was_inspected_and_kept_is_not_withdrawn(approved: Approved, desk: Cast, now: datetime) -> None:
    case = approved({0: 1})
    inspect(receive(parcel_of(case), 1, desk.returns_receiver, now), desk.returns_receiver, now, accepted=1)
    refused("goods_kept", lambda: services.case_withdraw(case=case, actor=desk.agent, now=now))
