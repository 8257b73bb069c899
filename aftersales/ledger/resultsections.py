"""What a person's work came to by month, and what of the next tier he meets: the basis for promotion (R6.5)."""

from collections.abc import Mapping, Sequence
from datetime import date, datetime
from decimal import Decimal
from typing import Any

from django.utils.safestring import SafeString
from django.utils.translation import gettext, pgettext

from accounts.models import User
from aftersales.core.components.charts import Column, bars_line, data_table
from aftersales.core.wording import minute
from aftersales.ledger import statementpages, statements
from aftersales.ledger.sections import Figure, Section
from aftersales.ledger.selectors import month_of
from training import tierpages, tierselectors
from training.factselectors import Figure as Measured
from training.factselectors import by_month
from training.tierpages import short

HANDLED, SATISFACTION, INSPECTION, REOPENED = (
    "tickets_handled", "satisfaction", "inspection_score", "reopened",
)  # fmt: skip
CODES = (HANDLED, SATISFACTION, INSPECTION, REOPENED)
Months = Mapping[date, Measured]


def results_of(person: User, reader: Any, now: datetime) -> Section | None:
    """A year by month: tickets handled, satisfaction, inspection score, reopen rate, each mean with its sample."""
    months = statementpages.months_up_to(month_of(now))
    found = by_month(person.pk, CODES, months[0], now.astimezone(statements.zone()).date())
    worked = [one for one in reversed(months) if any(one in found[code] for code in CODES)]
    handled = sum((one.total for one in found[HANDLED].values()), Decimal(0))
    return Section(
        gettext("Results by month"),
        [
            pgettext("ledger", "Month"), pgettext("figure", "Tickets handled"), pgettext("figure", "Satisfaction"),
            pgettext("figure", "Inspection score"), pgettext("figure", "Reopened"),
        ],
        [_row(one, found) for one in worked],
        gettext("No figure of the last twelve months yet."),
        [
            Figure(gettext("Tickets handled in twelve months"), f"{handled:,.0f}"),
            Figure(gettext("Satisfaction (1 to 5)"), _mean(found[SATISFACTION])),
            Figure(gettext("Inspection score (to 100)"), _mean(found[INSPECTION])),
            Figure(gettext("Reopened, per cent"), _share(found[REOPENED])),
        ] if worked else [],
        [_chart(months, found)] if worked else [],
    )  # fmt: skip


def _row(month: date, found: Mapping[str, Months]) -> list[str]:
    handled = found[HANDLED].get(month)
    return [
        f"{month:%Y-%m}", f"{handled.total:,.0f}" if handled else "–", _said(found[SATISFACTION].get(month)),
        _said(found[INSPECTION].get(month)), _said(found[REOPENED].get(month), "%"),
    ]  # fmt: skip


def _said(one: Measured | None, unit: str = "") -> str:
    """A figure is told with how much it rests on."""
    if one is None or one.value is None:
        return "–"
    return gettext("%(figure)s (of %(n)s)") % {"figure": short(one.value) + unit, "n": one.n}


def _mean(months: Months) -> str:
    n = sum(one.n for one in months.values())
    total = sum((one.total for one in months.values()), Decimal(0))
    return gettext("%(figure)s (of %(n)s)") % {"figure": short(total / n), "n": n} if n else "–"


def _share(months: Months) -> str:
    n = sum(one.n for one in months.values())
    total = sum((one.total for one in months.values()), Decimal(0))
    return gettext("%(figure)s (of %(n)s)") % {"figure": f"{short(total * 100 / n)}%", "n": n} if n else "–"


def _chart(months: Sequence[date], found: Mapping[str, Months]) -> tuple[SafeString, SafeString, str]:
    """Columns: tickets handled; line: of them reopened."""
    given = [(one, _total(found[HANDLED], one), _total(found[REOPENED], one)) for one in months]
    message = gettext("Tickets handled (columns) and reopened (line) by month")
    columns = [Column(f"{one:%m}", float(handled), float(again)) for one, handled, again in given]
    head = [
        pgettext("ledger", "Month"), pgettext("figure", "Tickets handled"), pgettext("figure", "Reopened"),
    ]  # fmt: skip
    rows = [[f"{one:%Y-%m}", f"{handled:,.0f}", f"{again:,.0f}"] for one, handled, again in given]
    picture = bars_line(columns, message=message, every=1, width=640, height=160)
    return picture, data_table(head, rows, caption=message), message


def _total(months: Months, month: date) -> Decimal:
    return months[month].total if month in months else Decimal(0)


def promotion_of(person: User, reader: Any, now: datetime) -> Section | None:
    """What the next tier asks for and what of it is met, by the same reckoning as the person's own page."""
    found = tierselectors.next_of(person, now)
    if found.terms is None:
        return None
    lines = tierpages.lines(found.points, is_own=person.pk == reader.pk)
    met = sum(line.met for line in lines)
    held = found.now_held
    return Section(
        gettext("Basis for promotion"),
        [pgettext("promotion", "Asked for"), pgettext("promotion", "Has"), pgettext("promotion", "Needs"),
         pgettext("promotion", "Met")],
        [
            [
                line.label, " ".join(part for part in (line.have or "–", line.note) if part), line.need or "–",
                pgettext("promotion", "yes") if line.met else pgettext("promotion", "not yet"),
            ]
            for line in lines
        ],
        "",
        [
            Figure(
                pgettext("promotion", "Holds"),
                f"{held.tier} – {minute(held.valid_to)}" if held else "–",
            ),
            Figure(pgettext("promotion", "Next tier"), str(found.terms.tier)),
            Figure(
                pgettext("promotion", "Met"),
                gettext("%(met)s of %(all)s") % {"met": met, "all": len(lines)},
            ),
        ],
    )  # fmt: skip
