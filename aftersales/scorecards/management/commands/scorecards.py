"""``manage.py scorecards --period 2018-08``: the metrics of merchants in a month, with numerators and denominators.

``--dry-run`` instead of a month: what the next night and morning would let fall, raise and keep.
"""

import csv
import json
import re
from calendar import monthrange
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, fields
from datetime import date
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.utils import timezone

from aftersales.core import origin
from aftersales.merchants.models import Merchant
from aftersales.scorecards import selectors, services
from aftersales.scorecards.models import Rollup
from aftersales.scorecards.states import SubjectKind

COLUMNS = ("merchant", "metric", "category", "numerator", "denominator", "value", "unit", "median", "p90")
COLUMNS_AHEAD = tuple(one.name for one in fields(services.Foreseen))


def month(text: str) -> tuple[date, date]:
    """First and last day of ``YYYY-MM``."""
    if not re.fullmatch(r"\d{4}-(0[1-9]|1[0-2])", text) or text.startswith("0000"):
        raise ValueError(text)
    year, number = int(text[:4]), int(text[5:])
    return date(year, number, 1), date(year, number, monthrange(year, number)[1])


class Command(BaseCommand):
    help = "Print the metrics of merchants in a month. Rows that changed are counted first."

    def add_arguments(self, parser: CommandParser) -> None:
        wanted = parser.add_mutually_exclusive_group(required=True)
        wanted.add_argument("--period", help="A month (YYYY-MM) in the market's zone.")
        wanted.add_argument(
            "--dry-run",
            action="store_true",
            help="Say which measures the next night and morning would let fall or raise, and which months they would"
            " keep and judge; nothing changes, nobody is told. Run it while no worker runs: it holds what it judges.",
        )
        parser.add_argument("--merchant", default="", help="Code of one merchant; all without it.")
        parser.add_argument("--format", choices=["json", "csv"], default="json")
        parser.add_argument(
            "--recount", action="store_true", help="Count all days of all metrics anew first."
        )

    def handle(self, *args: Any, **options: Any) -> None:
        if options["dry_run"]:
            self._foreseen(**options)
            return
        try:
            since, until = month(options["period"])
        except ValueError as error:
            raise CommandError(f"“{options['period']}” is no month; write it as 2018-08.") from error
        rows = Rollup.objects.filter(subject_kind=SubjectKind.MERCHANT)
        if options["merchant"]:
            rows = rows.filter(subject_id=self._merchant(options["merchant"]).pk)
        with origin.coming_from("command"):
            services.recount() if options["recount"] else services.refresh()
        found = list(_lines(selectors.figures(rows, SubjectKind.MERCHANT, since, until)))
        if not found:
            self.stderr.write("Nothing was counted in this month. After an update once: --recount.")
        self._print(found, COLUMNS, options["format"])

    def _foreseen(self, *, recount: bool, merchant: str, format: str, **_others: Any) -> None:
        code = self._merchant(merchant).code if merchant else ""
        with origin.coming_from("command"):
            found = services.runs_foresee(now=timezone.now(), anew=recount)
        self._print([asdict(one) for one in found if code in ("", one.merchant)], COLUMNS_AHEAD, format)

    def _print(self, rows: Sequence[Mapping[str, Any]], columns: Sequence[str], form: str) -> None:
        if form == "json":
            self.stdout.write(json.dumps(rows, ensure_ascii=False, indent=1))
            return
        writer = csv.DictWriter(self.stdout, columns, lineterminator="\n")
        writer.writeheader()
        writer.writerows(rows)

    def _merchant(self, code: str) -> Merchant:
        found = Merchant.objects.filter(code=code).first()
        if found is None:
            raise CommandError(f"There is no merchant with the code “{code}”.")
        return found


def _lines(figures: list[selectors.Figure]) -> Iterator[dict[str, Any]]:
    codes = Merchant.objects.in_bulk({one.subject_id for one in figures})
    for one in sorted(figures, key=lambda figure: codes[figure.subject_id].code):
        yield {
            "merchant": codes[one.subject_id].code, "metric": one.metric.code, "category": one.category,
            "numerator": one.num, "denominator": one.den, "value": _number(one.value), "unit": one.metric.unit.value,
            "median": _number(one.median), "p90": _number(one.p90),
        }  # fmt: skip


def _number(value: Any) -> float | None:
    return None if value is None else round(float(value), 6)
