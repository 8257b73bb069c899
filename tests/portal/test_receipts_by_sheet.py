"""What came back is confirmed line by line in a file, and return addresses come and go as one."""

import re
from collections.abc import Callable
from datetime import datetime
from typing import Any

import pytest
from django.urls import reverse

from aftersales.cases import services
from aftersales.cases.models import Case, CaseNote, CaseParcel, ParcelItem
from aftersales.core.errors import DomainError
from aftersales.core.models import Event
from aftersales.core.sheets import resource
from aftersales.merchants.models import Merchant, ReturnAddress
from aftersales.portal.sheetacts import addresses_take
from tests.cases.workshop import HOUR, fresh, parcel_of
from tests.cast import Cast
from tests.portal.clerk import Clerk
from tests.portal.conftest import person_of
from tests.portal.test_shop_sheets import brought, taken

pytestmark = pytest.mark.django_db
Open = Callable[..., Case]


@pytest.fixture
def owner(shop: Merchant, desk: Cast, now: datetime, at: Any) -> Clerk:
    return Clerk(desk, person_of(shop, desk, "老板", "owner"), at)


def at_door(clerk: Clerk, open_case: Open, now: datetime, pieces: dict[int, int]) -> Case:
    """Approved, sent, and at the merchant's door."""
    case = open_case(pieces)
    clerk.does(case, "approve", goods="back", words="")
    services.parcel_ship(
        parcel=parcel_of(case),
        carrier="顺丰",
        tracking_no=f"SF7000{case.pk}",
        actor=clerk.desk.agent,
        now=now,
    )
    CaseParcel.objects.filter(case=case).update(arrived_at=now)
    return fresh(case)


def found(case: Case) -> list[tuple[int, int, int, int]]:
    rows = ParcelItem.objects.filter(case_line__case=case).order_by("case_line__line__line_no")
    return list(rows.values_list("received", "accepted", "damaged", "missing"))


def test_goods_at_the_door_go_out_are_counted_in_the_file_and_come_back_once(
    clerk: Clerk, open_case: Open, now: datetime
) -> None:
    case = at_door(clerk, open_case, now, {0: 2, 1: 1})
    open_case({0: 1})  # waits for an answer, not for a receipt
    rows = taken(clerk, "shop_receipts")
    assert [(row["case"], row["line"], row["expected"]) for row in rows] == [
        (case.number, "1", "2"), (case.number, "2", "1"),
    ]  # fmt: skip
    assert all(row["goods"] for row in rows)
    rows[0] |= {"quantity": "2", "condition": "accepted", "remark": "包装完好"}
    rows[1] |= {"quantity": "1", "condition": "损坏", "remark": "灯罩破"}

    done = brought(clerk, "shop_receipts", rows, now + HOUR)

    assert (done.count("new"), done.count("refused")) == (2, 0), done.counts
    assert found(case) == [(2, 2, 0, 0), (1, 0, 1, 0)]
    assert CaseParcel.objects.get(case=case).state == "kept"
    note = CaseNote.objects.filter(case=case, kind="inspect").last()
    assert note is not None
    assert "灯罩破" in note.text
    assert taken(clerk, "shop_receipts") == []
    again = brought(clerk, "shop_receipts", rows, now + 2 * HOUR)
    assert (again.count("same"), again.count("new"), again.count("refused")) == (2, 0, 0), again.counts
    about = CaseParcel.objects.get(case=case)
    assert Event.objects.about("cases.caseparcel", about.pk).filter(kind="case_parcel.received").count() == 1


def test_a_case_is_taken_whole_or_not_at_all(
    clerk: Clerk, stranger: Clerk, open_case: Open, now: datetime
) -> None:
    torn = at_door(clerk, open_case, now, {0: 2, 1: 1})
    first, second = taken(clerk, "shop_receipts")
    good = {"quantity": "2", "condition": "accepted", "remark": ""}
    for wrong in (
        [first | good],  # a line is missing
        [first | good, second | {"quantity": "5", "condition": "accepted"}],
        [first | good, second | {"quantity": "x", "condition": "accepted"}],
        [first | good, second | {"quantity": "1", "condition": "weg"}],
        [first | good, second | {"quantity": "1", "condition": "accepted", "line": "9"}],
    ):
        done = brought(clerk, "shop_receipts", wrong, now + HOUR)
        assert (done.count("new"), done.count("refused")) == (0, len(wrong)), (wrong, done.counts)
    assert found(torn) == [(0, 0, 0, 0), (0, 0, 0, 0)]

    foreign = [first | good, second | {"quantity": "1", "condition": "accepted"}]
    assert brought(stranger, "shop_receipts", foreign, now + HOUR).count("refused") == 2
    assert found(torn) == [(0, 0, 0, 0), (0, 0, 0, 0)]


def test_the_owner_brings_return_addresses_and_a_clerk_takes_them_out(
    owner: Clerk, clerk: Clerk, shop: Merchant, now: datetime
) -> None:
    [row] = taken(clerk, "shop_addresses")
    assert clerk.browser.get(reverse("sheets:choose", args=["shop_addresses"])).status_code == 403
    told = {"contact": "退货组", "phone": "0571-88880000"}
    rows = [
        row | told | {"is_default": "no"},
        row | told | {"name": "二仓", "place": "宁波路 2 号", "kinds": "exchange", "is_default": "yes"},
        row | told | {"name": "三仓", "place": "", "is_default": "no"},
    ]
    done = brought(owner, "shop_addresses", rows, now)
    used = ReturnAddress.objects.in_use().filter(merchant=shop)
    assert list(used.values_list("name", "is_default", "contact").order_by("-is_default")) == [
        ("二仓", True, "退货组"), (row["name"], False, "退货组"),
    ], done.counts  # fmt: skip
    assert (done.count("new"), done.count("changed"), done.count("refused")) == (1, 1, 1), done.counts
    again = brought(owner, "shop_addresses", rows[:2], now)
    assert (again.count("same"), again.count("new"), again.count("changed")) == (2, 0, 0), again.counts


@pytest.mark.parametrize("places", [(0, 1), (1, 0)], ids=["given away first", "taken first"])
@pytest.mark.parametrize("rows_at_once", [0, 1])
def test_the_default_moves_wherever_a_file_is_parted(
    owner: Clerk,
    shop: Merchant,
    now: datetime,
    monkeypatch: pytest.MonkeyPatch,
    places: Any,
    rows_at_once: int,
) -> None:
    monkeypatch.setattr(resource.find("shop_addresses"), "chunk_rows", rows_at_once)
    first = ReturnAddress.objects.get(merchant=shop)
    [row] = taken(owner, "shop_addresses")
    told = {"contact": "退货组", "phone": "0571-88880000"}
    rows = [row | told | {"is_default": "no"}, row | told | {"name": "二仓", "is_default": "yes"}]
    done = brought(owner, "shop_addresses", [rows[place] for place in places], now + HOUR)
    assert (done.count("new"), done.count("changed"), done.count("refused")) == (1, 1, 0), done.counts
    used = ReturnAddress.objects.in_use().filter(merchant=shop).order_by("-is_default")
    assert list(used.values_list("name", "is_default", "contact")) == [
        ("二仓", True, "退货组"), (first.name, False, "退货组"),
    ]  # fmt: skip


def test_a_file_says_of_one_address_that_it_is_the_default(
    owner: Clerk, shop: Merchant, now: datetime
) -> None:
    [row] = taken(owner, "shop_addresses")
    told = {"contact": "退货组", "phone": "0571-88880000"}
    second = row | told | {"name": "二仓"}
    both = brought(owner, "shop_addresses", [row | told, second | {"is_default": "yes"}], now)
    nobody = brought(owner, "shop_addresses", [row | told | {"is_default": "no"}], now)
    assert (both.count("refused"), nobody.count("refused")) == (2, 1), (both.counts, nobody.counts)
    silent = brought(
        owner, "shop_addresses", [row | told | {"is_default": ""}, second | {"is_default": "yes"}], now
    )
    assert (silent.count("refused"), silent.count("new")) == (0, 1), silent.counts
    assert [one.name for one in ReturnAddress.objects.in_use().filter(merchant=shop, is_default=True)] == [
        "二仓"
    ]


def test_emptied_cells_of_an_address_are_done_as_they_are_previewed(
    owner: Clerk, shop: Merchant, now: datetime
) -> None:
    first = ReturnAddress.objects.get(merchant=shop)
    ReturnAddress.objects.filter(pk=first.pk).update(
        categories=["sound"], kinds=["exchange"], contact="退货组", phone="0571-88880000"
    )
    [row] = taken(owner, "shop_addresses")
    done = brought(owner, "shop_addresses", [row | {"categories": "", "kinds": ""}], now)
    first.refresh_from_db()
    assert (done.count("changed"), first.categories, first.kinds) == (1, [], []), done.counts


def test_a_bad_telephone_is_refused_in_the_preview(owner: Clerk, shop: Merchant, now: datetime) -> None:
    [row] = taken(owner, "shop_addresses")
    bad = ["没有", "88 转", "057-", "+", "12345 转 12345678"]
    fine = ["0571-88880000 转 12", "+86 (571) 8888.0000", "0571  88880000x1"]
    rows = [
        row | {"name": f"仓{n}", "place": "宁波路 2 号", "contact": "组", "phone": phone, "is_default": "no"}
        for n, phone in enumerate(bad + fine)
    ]
    done = brought(owner, "shop_addresses", rows, now)
    assert (done.state, done.count("refused"), done.count("new")) == ("done", len(bad), len(fine)), (
        done.counts
    )
    found = (
        ReturnAddress.objects.in_use()
        .filter(merchant=shop, name__startswith="仓")
        .values_list("phone", flat=True)
    )
    assert set(found) == {" ".join(one.split()) for one in fine}


def test_addresses_that_stand_already_as_the_row_says_are_no_strangers_change(
    owner: Clerk, shop: Merchant, now: datetime
) -> None:
    """A run that was broken off gives its chunk a second time, with the versions of its preview."""
    first = ReturnAddress.objects.get(merchant=shop)
    told: dict[str, Any] = {"contact": "退货组", "phone": "0571-88880000", "place": "宁波路  9 号"}
    row = {
        "merchant": shop.pk,
        "name": first.name,
        "kinds": ["repair", "exchange"],
        "seen": first.version,
        **told,
    }
    assert addresses_take([row], owner.person, now) == addresses_take([row], owner.person, now) == [first.pk]
    with pytest.raises(DomainError) as why:
        addresses_take([row | {"phone": "0571-88880001"}], owner.person, now)
    assert why.value.code == "changed"


def test_what_is_counted_already_has_no_field_to_count_and_says_who_counted_it(
    clerk: Clerk, open_case: Open, now: datetime
) -> None:
    case = at_door(clerk, open_case, now, {0: 1})
    [item] = ParcelItem.objects.filter(case_line__case=case)
    services.parcel_receive(
        parcel=item.parcel, arrival=services.Arrival({item.pk: 1}), actor=clerk.desk.returns_receiver, now=now
    )
    clerk.browser.post("/language/", {"language": "en"})
    page = clerk.page("receipt", case.public_id, item.parcel.public_id)
    assert "The platform counted it on" in page
    assert "nothing is left to receive" in page
    assert f'name="now-{item.pk}"' not in page
    assert re.search(rf'name="accepted-{item.pk}" value="1"', page)
    sent = {f"now-{item.pk}": 1, f"accepted-{item.pk}": 1, f"grade-{item.pk}": "opened", "keep": "on"}
    done = clerk.post(
        "receipt",
        case.public_id,
        item.parcel.public_id,
        do="confirm",
        version=fresh(item.parcel).version,
        **sent,
    )
    assert done.status_code == 302
    assert found(case) == [(1, 1, 0, 0)]
