"""A shop takes goods back at several places: its owner keeps them, an approval picks one, the case keeps its own."""

from collections.abc import Callable
from datetime import datetime
from typing import Any

import pytest
from django.urls import reverse

from accounts.services import system_user
from aftersales.cases import services
from aftersales.cases.models import Case, CaseAddress
from aftersales.cases.services import returning
from aftersales.cases.services.returning import addresses_correct
from aftersales.core.errors import Busy, DomainError, NotPermitted
from aftersales.merchants.models import Merchant, ReturnAddress
from aftersales.merchants.services.addresses import address_add, address_change, address_retire
from aftersales.notices.models import Notice
from aftersales.orders.models import Category, OrderLine, Product
from aftersales.portal.views import addresses
from tests.cases.workshop import DAY, HOUR, parcel_of
from tests.cast import Cast
from tests.portal.clerk import Clerk
from tests.portal.conftest import person_of
from tests.records import merchant as a_merchant

pytestmark = pytest.mark.django_db
Open = Callable[..., Case]
WorkOff = Callable[[datetime], None]


@pytest.fixture
def owner(shop: Merchant, desk: Cast, now: datetime, at: Any) -> Clerk:
    return Clerk(desk, person_of(shop, desk, "老板", "owner"), at)


def place(shop: Merchant, now: datetime, name: str, **more: Any) -> ReturnAddress:
    who = {"actor": system_user(), "now": now}
    return address_add(merchant=shop, name=name, place=f"{name}路 1 号", **more, **who)


def kept(case: Case) -> str:
    return CaseAddress.objects.get(case=case).place


def in_use(shop: Merchant) -> list[tuple[str, bool]]:
    rows = ReturnAddress.objects.in_use().filter(merchant=shop)
    return list(rows.order_by("name").values_list("name", "is_default"))


def test_the_owner_keeps_the_places_and_clerks_read_them(
    owner: Clerk, clerk: Clerk, stranger: Clerk, shop: Merchant
) -> None:
    first = ReturnAddress.objects.get(merchant=shop)
    told = {"name": "宁波仓", "contact": "退货组", "phone": "13800000000", "place": "宁波市中山路 3 号"}

    assert owner.post("address_add", **told | {"is_default": "on"}).status_code == 302

    assert in_use(shop) == [(first.name, False), ("宁波仓", True)] or in_use(shop) == [
        ("宁波仓", True), (first.name, False),
    ]  # fmt: skip
    made = ReturnAddress.objects.get(name="宁波仓")
    for wrong in ({"place": ""}, {"phone": "没有"}, {"contact": ""}):
        answer = owner.post("address_add", **told | {"name": "杭州仓"} | wrong)
        assert answer.status_code in (409, 422), wrong
    assert owner.post("address_add", **told).status_code == 409, "the name is taken"
    assert (
        owner.post(
            "address", made.public_id, **told | {"phone": "0574-8700", "version": made.version}
        ).status_code
        == 302
    )
    stale = owner.post("address", made.public_id, **told | {"version": made.version})
    assert stale.status_code == 409, "somebody changed it meanwhile"
    assert owner.post("address_retire", first.public_id).status_code == 302
    assert in_use(shop) == [("宁波仓", True)]

    page = clerk.page("addresses")
    assert "宁波市中山路 3 号" in page
    assert first.place in page  # among the retired ones
    assert reverse("portal:address_add") not in page
    for who in (clerk, stranger):
        assert who.get("address", made.public_id).status_code in (403, 404)
        assert who.post("address", made.public_id, **told).status_code in (403, 404)
        assert who.post("address_retire", made.public_id).status_code in (403, 404)
    with pytest.raises(NotPermitted):
        address_retire(address=made, actor=clerk.person, now=clerk.desk.now)
    assert made.place not in stranger.page("addresses")


def test_the_default_is_never_lost(shop: Merchant, now: datetime) -> None:
    who: dict[str, Any] = {"actor": system_user(), "now": now}
    first, second = ReturnAddress.objects.get(merchant=shop), place(shop, now, "二仓")
    for act in (
        lambda: address_retire(address=first, **who),
        lambda: address_change(address=first, is_default=False, **who),
    ):
        with pytest.raises(DomainError) as why:
            act()
        assert why.value.code == "default"
    address_change(address=second, is_default=True, **who)
    address_retire(address=first, **who)
    address_retire(address=first, **who)
    address_retire(address=second, **who)
    assert in_use(shop) == []
    assert place(shop, now, "三仓").is_default, "the first one again"


def test_an_approval_takes_the_place_that_fits_and_the_clerk_may_take_another(
    clerk: Clerk, shop: Merchant, open_case: Open, now: datetime, lines: list[OrderLine]
) -> None:
    above = Category.objects.create(code="sound", name_zh="影音")
    below = Category.objects.create(code="earphones", name_zh="耳机", parent=above)
    product = Product.objects.create(code="P-ear", name="耳机", category=below)
    OrderLine.objects.filter(pk=lines[0].pk).update(product=product)
    default = ReturnAddress.objects.get(merchant=shop)
    of_sound, of_swaps = (
        place(shop, now, "影音仓", categories=["sound"]),
        place(shop, now, "换货仓", kinds=["exchange"]),
    )
    sound, other = open_case({0: 1}), open_case({1: 1})

    page = clerk.page("act", sound.public_id, "approve")
    assert page.index(of_sound.place) < page.index(default.place)
    assert f'value="{of_sound.public_id}" id="approve-address_0" checked' in " ".join(page.split())
    clerk.does(sound, "approve", goods="back", address=of_sound.public_id, words="")
    clerk.does(other, "approve", goods="back", address=of_swaps.public_id, words="")

    assert (kept(sound), kept(other)) == (of_sound.place, of_swaps.place)
    assert of_swaps.place in clerk.page("case", other.public_id)


def test_who_decides_without_choosing_takes_what_fits(
    desk: Cast, shop: Merchant, open_case: Open, now: datetime
) -> None:
    default, of_swaps = (
        ReturnAddress.objects.get(merchant=shop),
        place(shop, now, "换货仓", kinds=["exchange"]),
    )
    swap = services.case_approve(
        case=open_case({1: 1}, kind="exchange", ground="quality"), actor=desk.agent, now=now
    )
    money = services.case_approve(case=open_case({0: 1}), actor=desk.agent, now=now)
    assert (kept(swap), kept(money)) == (of_swaps.place, default.place)

    foreign = place(a_merchant("M9", now), now, "别家仓")
    with pytest.raises(DomainError) as why:
        services.case_approve(case=open_case({0: 1}), actor=desk.agent, now=now, return_to=foreign)
    assert why.value.code == "address"


def test_a_correction_reaches_who_has_not_sent_yet_and_leaves_parcels_under_way_alone(
    desk: Cast, shop: Merchant, open_case: Open, now: datetime, work_off: WorkOff
) -> None:
    default = ReturnAddress.objects.get(merchant=shop)
    was = default.place
    sent, waits = (
        services.case_approve(case=open_case({number: 1}), actor=desk.agent, now=now) for number in (0, 1)
    )
    services.parcel_ship(
        parcel=parcel_of(sent), carrier="顺丰", tracking_no="SF70001", actor=desk.agent, now=now + HOUR
    )
    address_change(address=default, place="宁波市新路 8 号", actor=system_user(), now=now + 2 * HOUR)

    assert addresses_correct(now=now + 3 * HOUR) == 1
    assert addresses_correct(now=now + 3 * HOUR) == 0
    work_off(now + 3 * HOUR)

    assert (kept(sent), kept(waits)) == (was, "宁波市新路 8 号")
    told = Notice.objects.filter(source="case.address_changed")
    assert ["宁波市新路 8 号" in one.body and waits.number in one.body for one in told] == [True]
    address_retire(address=default, actor=system_user(), now=now + DAY)
    assert addresses_correct(now=now + DAY) == 0
    assert kept(waits) == "宁波市新路 8 号"


def test_staff_choose_among_the_shops_places_too(
    desk: Cast, shop: Merchant, open_case: Open, now: datetime
) -> None:
    default, second = ReturnAddress.objects.get(merchant=shop), place(shop, now, "二仓")
    case, browser = open_case({0: 1}), desk.client(desk.agent)
    address = reverse("desk:case_act", args=[case.number, "approve"])
    dialog = browser.get(address).content.decode()
    assert default.place in dialog
    assert second.place in dialog
    sent = {"goods": "back", "how": "staff", "words": "", "amount": "", "return_to": second.public_id}
    browser.post(address, sent | {"version": case.version})
    assert kept(case) == second.place
    assert second.place in browser.get(reverse("desk:case", args=[case.number])).content.decode()


def test_cases_that_cannot_take_a_correction_keep_no_other_from_it(
    desk: Cast, shop: Merchant, open_case: Open, now: datetime, monkeypatch: Any
) -> None:
    default = ReturnAddress.objects.get(merchant=shop)
    sent, busy, waits = (
        services.case_approve(case=open_case({number: 1}), actor=desk.agent, now=now) for number in (0, 0, 1)
    )
    services.parcel_ship(
        parcel=parcel_of(sent), carrier="顺丰", tracking_no="SF70001", actor=desk.agent, now=now + HOUR
    )
    address_change(address=default, place="宁波市新路 8 号", actor=system_user(), now=now + 2 * HOUR)
    monkeypatch.setattr(returning, "BATCH", 1)
    taking = returning.held

    def held(case: Case) -> Any:
        if case.pk == busy.pk:
            raise Busy()
        return taking(case)

    with monkeypatch.context() as meanwhile:
        meanwhile.setattr(returning, "held", held)
        assert addresses_correct(now=now + 3 * HOUR) == 1
    assert kept(waits) == "宁波市新路 8 号" != kept(busy)
    assert addresses_correct(now=now + 3 * HOUR) == 1
    assert kept(busy) == "宁波市新路 8 号" != kept(sent)


def test_categories_that_were_chosen_are_never_cut_and_the_choice_stays_on_a_change(
    owner: Clerk, shop: Merchant, lines: list[OrderLine], now: datetime, monkeypatch: Any
) -> None:
    monkeypatch.setattr(addresses, "MOST_CATEGORIES", 1)
    for code in ("a", "b", "c", "sold"):
        Category.objects.create(code=code, name_zh=f"类{code}")
    product = Product.objects.create(code="P-sold", name="耳机", category=Category.objects.get(code="sold"))
    OrderLine.objects.filter(pk=lines[0].pk).update(product=product)
    first = ReturnAddress.objects.get(merchant=shop)
    chosen = ["b", "c", "unknown"]
    ReturnAddress.objects.filter(pk=first.pk).update(categories=chosen, contact="组", phone="0571-88880000")

    page = owner.page("address", first.public_id)
    assert [f'value="{code}"' in page for code in [*chosen, "sold", "a"]] == [True] * 4 + [False]
    told = {"name": first.name, "contact": "组", "phone": "0571-88880000", "place": first.place}
    answer = owner.post(
        "address", first.public_id, **told, categories=[*chosen, "sold"], version=first.version
    )
    assert answer.status_code == 302
    first.refresh_from_db()
    assert first.categories == [*chosen[:2], "sold", "unknown"]

    for code in ("a", "b"):
        Product.objects.create(
            code=f"P-{code}", name="物", category=Category.objects.get(code=code), merchant=shop
        )
    assert [code for code, _name in addresses.categories(shop, chosen)] == ["a", "b", "c", "unknown"]
