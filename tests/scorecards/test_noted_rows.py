"""What is noted as a row to be counted again, and what that reaches: shops that moved, lines that were corrected."""

from datetime import datetime, timedelta
from typing import Any

import pytest

from accounts.services import system_user
from aftersales.merchants import services as merchants
from aftersales.orders import services as orders
from aftersales.scorecards import services
from aftersales.scorecards.lanes import carriers_of
from aftersales.scorecards.models import Rollup, Touched
from aftersales.tickets import services as tickets
from tests.cast import Cast
from tests.core.sheets.steps import load, rows_as_csv
from tests.records import merchant as a_merchant
from tests.records import order as an_order
from tests.scorecards.conftest import noted

pytestmark = pytest.mark.django_db
DAY = timedelta(days=1)


def shops_noted() -> list[int]:
    rows = Touched.objects.filter(subject_kind="merchants.merchant").order_by("pk")
    return list(rows.values_list("subject_id", flat=True))


def test_a_sheet_of_merchants_lets_what_their_place_excuses_be_counted_again(
    desk: Cast, now: datetime
) -> None:
    load("merchants", rows_as_csv(["code", "province"], ["M1", "江苏"]), actor=desk.operations, now=now)
    noted(now)
    assert shops_noted() == [0], "one event tells of the whole run"


def test_of_what_happens_to_a_merchant_only_changed_data_is_counted_again(now: datetime) -> None:
    shop = a_merchant("M1", now)
    noted(now)
    assert shops_noted() == [], "a new one has sold nothing yet"
    merchants.merchant_change(
        merchant=shop, actor=system_user(), now=now, version=shop.version, province="江苏"
    )
    noted(now)
    assert shops_noted() == [shop.pk]


def test_the_carriers_of_a_merchant_are_those_of_his_parcels_and_of_his_orders_parcels_that_name_nobody(
    now: datetime,
) -> None:
    shop, other = a_merchant("M1", now), a_merchant("M2", now)
    who: dict[str, Any] = {"actor": system_user(), "now": now}
    for number, seller in enumerate((shop, None)):
        row = an_order(f"C-{number}", now, merchant=seller)
        for parcel, (carrier, whose) in enumerate(
            (("YTO", shop), (" sf ", other), ("EMS", None), ("", shop))
        ):
            made = orders.shipment_add(
                order=row,
                number=str(parcel),
                carrier=carrier,
                merchant=whose,
                shipped_at=now - 5 * DAY,
                **who,
            )
            type(made).objects.filter(pk=made.pk).update(merchant=whose)
    assert carriers_of(shop.pk, now - 9 * DAY) == [("YTO", 2), ("EMS", 1)]
    assert carriers_of(other.pk, now - 9 * DAY) == [("SF", 2)]
    assert carriers_of(shop.pk, now - DAY) == []


@pytest.mark.parametrize("by_sheet", [False, True])
def test_a_touched_ticket_leaves_the_product_that_its_line_was_corrected_away_from(
    by_sheet: bool, desk: Cast, open_ticket: Any, now: datetime
) -> None:
    who: dict[str, Any] = {"actor": system_user(), "now": now}
    wrong, right = (orders.product_create(code=f"P{n}", name=f"商品{n}", **who) for n in range(2))
    row = an_order("L-1", now, merchant=a_merchant("M1", now))
    line = orders.line_add(order=row, line_no=1, product=wrong, **who)
    ticket = open_ticket(order_id=row.pk, merchant_id=row.merchant_id)
    noted(now)
    services.refresh()
    figures = Rollup.objects.filter(metric="tickets", subject_kind="product")
    assert [one.subject_id for one in figures] == [wrong.pk]

    if by_sheet:
        sheet = rows_as_csv(["source", "order_no", "line_no", "product"], ["shop", "L-1", "1", right.code])
        assert load("order_lines", sheet, actor=desk.operations, now=now).count("changed") == 1
    else:
        orders.line_change(line=line, product=right, version=line.version, reason="更正", **who)
    tickets.ticket_regrade(
        ticket=ticket, kind="logistics", severity="major", nature="complaint", reason="看错了", actor=desk.lead, now=now
    )  # fmt: skip
    noted(now)
    services.refresh()
    assert [one.subject_id for one in figures.all()] == [right.pk]
    assert set(services.recount().values()) == {0}
