"""What came back, line by line, as a sheet: the count and the judgment of the receipt page without its pictures."""

from __future__ import annotations

from typing import Any

from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from aftersales.cases.models import ParcelItem
from aftersales.cases.states import CaseKind, CaseState, Direction
from aftersales.core.sheets.resource import Column, RowRule, register
from aftersales.core.sheets.widgets import ChoiceWidget, LookupWidget, TextWidget, WholeWidget, quote

from ..cases.counting import MOST
from ..sheetacts import AGREED_IN, receipts_take
from .shared import AGAIN, OfShop, Shown

CONDITIONS = (
    ("accepted", pgettext_lazy("count", "In order")),
    ("damaged", pgettext_lazy("count", "Damaged")),
    ("missing", pgettext_lazy("count", "Incomplete or empty")),
    ("wrong", pgettext_lazy("count", "Another article")),
)
MOST_ROWS = 500
STATES = ", ".join(quote(one.value) for one in AGREED_IN)
OF_CASE = (
    "FROM cases_parcelitem i JOIN cases_caseparcel p ON p.id = i.parcel_id "
    "JOIN cases_caseline c ON c.id = i.case_line_id JOIN orders_orderline l ON l.id = c.line_id "
    f"WHERE c.case_id = {{case}} AND p.direction = {quote(Direction.INBOUND.value)}"
)
WAITS = f"{OF_CASE} AND p.state IN ({STATES})"
PARCELS = f"(SELECT count(DISTINCT p.id) {WAITS})"
SHARED = (
    "EXISTS (SELECT FROM cases_parcelitem o JOIN cases_caseline oc ON oc.id = o.case_line_id "
    f"WHERE oc.case_id <> {{case}} AND o.parcel_id IN (SELECT p.id {WAITS}))"
)
KIND = "(SELECT q.kind FROM cases_case q WHERE q.id = {case})"
ROOM = f"(SELECT max(c.approved - c.received + i.received) {WAITS} AND l.line_no = {{line}})"
JUDGED = (
    "CASE {condition} " + " ".join(f"WHEN '{code}' THEN i.{code}" for code, _label in CONDITIONS) + " END"
)
TAKEN = (
    f"{ROOM} IS NULL AND k.id = (SELECT max(i.id) {OF_CASE} AND p.received_at IS NOT NULL "
    f"AND p.state NOT IN ({STATES}) AND l.line_no = {{line}} AND i.received = {{quantity}} "
    f"AND ({KIND} = {quote(CaseKind.REPAIR.value)} OR {JUDGED} = {{quantity}}))"
)
FRESH = "{target} IS NULL AND "
NOTHING = (
    f"({PARCELS} = 0 OR (SELECT q.state FROM cases_case q WHERE q.id = {{case}}) <> '{CaseState.APPROVED}')"
)
WRONG = f"({{quantity}} IS NULL OR {{condition}} IS NULL OR {ROOM} IS NULL OR {{quantity}} > {ROOM})"
LINES = f"ARRAY(SELECT l.line_no {WAITS})"

RULES = (
    RowRule(
        "no_goods", ("case",), f"{FRESH}{NOTHING}",
        _("No goods of this case wait for their receipt to be confirmed."), _("Look at the case; take the row out."),
        **AGAIN,
    ),
    RowRule(
        "several_parcels", ("case",), f"{FRESH}NOT {NOTHING} AND ({PARCELS} > 1 OR {SHARED})",
        _("Several parcels of this case wait, or one holds goods of another case too."),
        _("Confirm it on its page, parcel by parcel."), **AGAIN,
    ),
    RowRule(
        "not_in_parcel", ("case", "line"), f"{FRESH}{PARCELS} = 1 AND {{line}} IS NOT NULL AND {ROOM} IS NULL",
        _("The parcel of this case holds no such line."), _("Take the file out anew and fill that one in."),
    ),
    RowRule(
        "too_many_pieces", ("case", "line", "quantity"), f"{FRESH}{{quantity}} > {ROOM}",
        _("More pieces than were approved to come back."), _("Count again; put what was not approved aside."), **AGAIN,
    ),
    RowRule(
        "case_not_whole", ("case",), "false",
        _("A row of this case is missing or refused: a case is taken whole or not at all."),
        _("Give every line of the case a row; pieces that did not come are 0."),
        among=(
            f"{FRESH}{PARCELS} = 1 AND (bool_or({WRONG}) OVER (PARTITION BY {{case}}) "
            f"OR NOT {LINES} <@ array_agg({{line}}) OVER (PARTITION BY {{case}}))"
        ),
    ),
    RowRule(
        "too_many_rows", ("case",), "false",
        _("At most 500 lines go in one file, so that no case is torn apart."), _("Split the file between two cases."),
        among=f"count(*) OVER () > {MOST_ROWS}",
    ),
)  # fmt: skip


def _of_line(column: str) -> str:
    return (
        f"(SELECT {column} FROM cases_caseline c JOIN cases_case q ON q.id = c.case_id "
        "JOIN orders_orderline l ON l.id = c.line_id LEFT JOIN orders_order o ON o.id = q.order_id "
        "WHERE c.id = t.case_line_id)"
    )


class ShopReceiptsSheet(OfShop):
    """Goods that came back. Taken out, it holds the lines whose receipt waits to be confirmed; pictures stay on the
    page of the parcel."""

    sheet, title, position = "shop_receipts", _("Receipts of returned goods"), 214
    key = ("case", "line")
    known_by = TAKEN
    rules = RULES
    intake = staticmethod(receipts_take)
    chunk_rows = MOST_ROWS
    lost = "receipt_not_taken"

    case = Column(
        None, LookupWidget("cases.Case", "number"), pgettext_lazy("portal", "Case"), required=True,
        example="AS2611-00001", export=_of_line("q.number"),
    )  # fmt: skip
    order = Shown(pgettext_lazy("portal", "Order"), lambda: _of_line("o.external_no"))
    line = Column(
        None, WholeWidget(1, 100_000), pgettext_lazy("portal sheets", "Line"), required=True, example="1",
        export=_of_line("l.line_no::text"),
    )  # fmt: skip
    goods = Shown(
        pgettext_lazy("portal sheets", "Article"),
        lambda: _of_line("coalesce(nullif(l.product_name, ''), l.sku)"),
    )
    expected = Shown(
        pgettext_lazy("portal sheets", "Expected"), lambda: "greatest(t.announced - t.received, 0)::text"
    )
    quantity = Column(
        None, WholeWidget(0, MOST), pgettext_lazy("portal sheets", "Received"), required=True, example="1",
        export="''", hint=_("All pieces of the line that are here; 0 where none came."),
    )  # fmt: skip
    condition = Column(
        None, ChoiceWidget(CONDITIONS), pgettext_lazy("portal sheets", "Condition"), required=True,
        example="accepted", export="''",
        hint=_("Of all pieces of the line; where they differ, confirm it on the page."),
    )  # fmt: skip
    remark = Column(
        None, TextWidget(400), pgettext_lazy("portal sheets", "Remark"), export="''",
        hint=_("What was found, in words."),
    )  # fmt: skip

    class Meta:
        model: Any = ParcelItem


register(ShopReceiptsSheet)
