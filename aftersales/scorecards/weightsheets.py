"""The traffic-weight file: every shop that sells, what share of its usual traffic it gets, since when, by what."""

import csv
import io
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from django.utils import timezone
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from aftersales.core.sheets import exporting
from aftersales.core.sheets.resource import Column, SheetResource
from aftersales.core.sheets.widgets import KeyWidget, MomentWidget, TextWidget
from aftersales.merchants.models import Merchant
from aftersales.merchants.states import TRADING
from aftersales.scorecards import consequenceeffects
from aftersales.scorecards.consequencestates import Effect
from aftersales.scorecards.consequencewords import clause
from aftersales.scorecards.models import MerchantMeasure

FULL = Decimal(1)


@dataclass(frozen=True)
class Weight:
    """What one shop gets, and the measure that says so; none where nothing does."""

    merchant: Merchant
    weight: Decimal
    measure: MerchantMeasure | None
    cap: int | None
    campaigns: bool
    points: int

    @property
    def clause(self) -> str:
        return clause(self.measure) if self.measure is not None else ""


class WeightSheet(SheetResource):
    """The columns of the file; it is never read in."""

    sheet, title = "traffic_weights", _("Traffic weights")
    importable = False

    code = Column(None, KeyWidget(60), _("Merchant"), column_name="merchant")
    name = Column(None, TextWidget(200), _("Name"), column_name="name")
    weight = Column(None, KeyWidget(8), _("Traffic weight"), column_name="weight")
    valid_from = Column(None, MomentWidget(), _("Valid from"), column_name="valid_from")
    valid_to = Column(None, MomentWidget(), _("Valid to"), column_name="valid_to")
    rule = Column(None, TextWidget(120), _("Version of the rule"), column_name="rule")
    measure = Column(None, KeyWidget(40), pgettext_lazy("scorecards", "Measure"), column_name="measure")
    campaigns = Column(None, KeyWidget(8), _("Campaigns"), column_name="campaigns")
    cap = Column(None, KeyWidget(12), _("Orders a day at most"), column_name="orders_a_day")
    points = Column(None, KeyWidget(8), _("Points"), column_name="points")

    class Meta:
        model: Any = Merchant


def weights(now: datetime, *, only_less: bool = False) -> list[Weight]:
    """Every shop that sells, by code. Two statements, whatever the number."""
    acting = consequenceeffects.effects_of(None, now)
    rows = Merchant.objects.filter(state__in=sorted(TRADING)).order_by("code")
    if only_less:
        rows = rows.filter(pk__in=list(acting))
    return [_weight(one, acting.get(one.pk, consequenceeffects.Effects())) for one in rows]


def _weight(merchant: Merchant, held: consequenceeffects.Effects) -> Weight:
    return Weight(merchant, held.weight, held.giving(Effect.WEIGHT), held.cap, held.campaigns, held.points)


def cells(rows: Iterable[Weight]) -> list[list[str]]:
    """What the file says, as text."""
    return [
        [
            one.merchant.code, one.merchant.name, plain(one.weight), *_span(one.measure),
            one.clause, one.measure.number if one.measure else "", "yes" if one.campaigns else "no",
            "" if one.cap is None else str(one.cap), str(one.points),
        ]
        for one in rows
    ]  # fmt: skip


def plain(weight: Decimal) -> str:
    return f"{weight.normalize():f}"


def _span(measure: MerchantMeasure | None) -> tuple[str, str]:
    if measure is None:
        return "", ""
    return _moment(measure.begins_at), _moment(measure.ends_at)


def _moment(at: datetime | None) -> str:
    return f"{timezone.localtime(at):%Y-%m-%d %H:%M:%S}" if at is not None else ""


def as_csv(rows: Iterable[Sequence[str]]) -> bytes:
    """UTF-8 with mark and header; the same lines are the same bytes."""
    text, columns = io.StringIO(), WeightSheet.columns()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(exporting.headers(WeightSheet))
    writer.writerows(exporting.guarded(columns, list(row)) for row in rows)
    return exporting.BOM + text.getvalue().encode()


def as_xlsx(rows: Sequence[list[str]]) -> bytes:
    with TemporaryDirectory() as folder:
        path = Path(folder) / "weights.xlsx"
        exporting.fill_xlsx(str(WeightSheet.title), WeightSheet.columns(), rows, path)
        return path.read_bytes()
