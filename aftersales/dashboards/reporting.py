"""The content of a report: counted once, kept as numbers and codes, told in the language of whoever reads it."""

from __future__ import annotations

import io
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any
from urllib.parse import urlencode

import xlsxwriter
from django.db.models import Count
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import pgettext

from aftersales.core import wording
from aftersales.dashboards.comparing import (
    COUNT,
    DASH,
    HOURS,
    LONGER,
    MORE,
    POINTS,
    SHARE,
    Cell,
    Line,
    compared,
    told_shares,
)  # fmt: skip
from aftersales.dashboards.models import Report, ReportPlan
from aftersales.dashboards.selectors import integrity, overview
from aftersales.dashboards.selectors.overview import Course, Kept, Scope, Span
from aftersales.dashboards.states import Period
from aftersales.tickets.states import Kind

NAMES_SHOWN = 20
SIGNS = "dashboards.integrity"


def last_period(period: str, today: date) -> tuple[date, date]:
    """The newest period that is over: yesterday, the week to Sunday, the calendar month."""
    if period == Period.WEEK:
        sunday = today - timedelta(days=today.isoweekday())
        return sunday - timedelta(days=6), sunday
    if period == Period.MONTH:
        last = today.replace(day=1) - timedelta(days=1)
        return last.replace(day=1), last
    return today - timedelta(days=1), today - timedelta(days=1)


def content(plan: ReportPlan, first: date, last: date, now: datetime) -> dict[str, Any]:
    """Everything the report says, counted with the owner's own rights."""
    scope = Scope(plan.owner, now, (last - first).days + 1, plan.team_id, last)
    now_standing = overview.standing(scope)
    return {
        "standing": {
            name: getattr(now_standing, name) for name in ("open", "resolved", "breached", "due_soon", "unassigned")
        },
        "course": _course(overview.course(scope)),
        "before": _course(overview.course(scope.before("previous"))),
        "kinds": _counted(scope, "kind"),
        "merchants": _named(scope, "merchant__name"),
        "people": [
            [one.name, one.open, one.breached] for one in overview.people(scope)
        ],
        "signs": {sign.measure.code: sign.tickets for sign in integrity.signs(scope)} if _looks_after(plan) else {},
    }  # fmt: skip


def _looks_after(plan: ReportPlan) -> bool:
    """Whether the owner may read signs of integrity: asked when a report is made, and again when it is read."""
    return bool(plan.owner.has_perm(SIGNS))


def _course(course: Course) -> dict[str, Any]:
    return {
        "opened": course.opened,
        "closed": course.closed,
        "first_response": _span(course.first_response),
        "solution": _span(course.solution),
        "kept": [[one.promise, one.kept, one.total, one.target] for one in course.kept],
    }


def _span(span: Span) -> list[Any]:
    return [one.total_seconds() if one is not None else None for one in (span.median, span.p90)] + [
        span.count
    ]


def _counted(scope: Scope, column: str) -> list[list[Any]]:
    """Tickets opened in the range by a code, most first."""
    rows = scope.tickets().filter(opened_at__gte=scope.since, opened_at__lte=scope.to)
    counted = rows.values_list(column).annotate(number=Count("id")).order_by("-number", column)
    return [list(row) for row in counted[:NAMES_SHOWN]]


def _named(scope: Scope, column: str) -> list[list[Any]]:
    return [row for row in _counted(scope, column) if row[0]]


# Read again -------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Section:
    """One table of a report. Values are numbers where they are numbers."""

    title: str
    head: Sequence[str]
    rows: Sequence[Sequence[Any]]
    links: Sequence[str] = ()

    @property
    def linked(self) -> list[tuple[str, Sequence[Any]]]:
        """Each row with the address of its tickets; empty where none is known."""
        return [
            (self.links[place] if place < len(self.links) else "", row) for place, row in enumerate(self.rows)
        ]


class Opening:
    """Where the figures of a report open their tickets: the same days and team, as the lists know them now."""

    def __init__(self, report: Report) -> None:
        self.report = report
        self.days = {"from": report.first_day.isoformat(), "to": report.last_day.isoformat()}
        self.team = {"team": report.plan.team_id} if report.plan.team_id else {}

    def _list(self, **asked: Any) -> str:
        return f"{reverse('desk:queue')}?{urlencode({'view': 'all', **asked, **self.team})}"

    def _span(self, name: str) -> dict[str, str]:
        return {f"{name}_{end}": day for end, day in self.days.items()}

    def opened(self, **asked: Any) -> str:
        return self._list(**self._span("opened"), **asked)

    def sign(self, code: str) -> str:
        return f"{reverse('dashboards:traces', args=[code])}?{urlencode({**self.days, **self.team})}"

    def lines(self) -> list[str]:
        """In the order of ``compared``; a share opens the tickets that it leaves out."""
        scope = Scope(self.report.plan.owner, self.report.made_at)
        course, before = (_read(self.report.content[name], scope) for name in ("course", "before"))
        days = {"since": self.days["from"], "till": self.days["to"]}
        shares = [
            self._list(missed=one.promise, **days) if one.missed else ""
            for one, _that in told_shares(course, before)
        ]
        return [
            self.opened(), self._list(**self._span("closed")), self.opened(replied=1),
            self._list(**self._span("resolved")), *shares,
        ]  # fmt: skip


def sections(report: Report) -> list[Section]:
    """The report as tables, in the reader's language."""
    kept, opens = report.content, Opening(report)
    return [
        Section(_("In figures"), [pgettext("dashboard", "Measure"), _("This range"), _("The other range"),
                                  pgettext("dashboard", "Difference")], _lines(report), opens.lines()),
        Section(_("As it stood when the report was made"), [pgettext("dashboard", "Measure"), _("Tickets")],
                _standing(kept["standing"])),
        Section(_("Opened by kind"), [_("Kind"), _("Tickets")],
                [(str(dict(Kind.choices).get(code, code)), number) for code, number in kept["kinds"]],
                [opens.opened(kind=code) for code, _number in kept["kinds"]]),
        Section(_("Opened by merchant"), [_("Merchant"), _("Tickets")], kept["merchants"]),
        Section(_("In hand by person"), [pgettext("dashboard", "Person"), _("Open"), _("Breached")], kept["people"]),
        *([_signs(kept["signs"], opens)] if _looks_after(report.plan) else []),
    ]  # fmt: skip


def _signs(kept: Mapping[str, int], opens: Opening) -> Section:
    known = [(integrity.BY_CODE[code], number) for code, number in kept.items() if code in integrity.BY_CODE]
    return Section(
        _("Signs of integrity"), [pgettext("dashboard", "Measure"), _("Tickets")],
        [(str(measure.label), number) for measure, number in known],
        [opens.sign(measure.code) if number else "" for measure, number in known],
    )  # fmt: skip


def _lines(report: Report) -> list[Line]:
    scope = Scope(report.plan.owner, report.made_at)
    return compared(_read(report.content["course"], scope), _read(report.content["before"], scope))


def _read(kept: Mapping[str, Any], scope: Scope) -> Course:
    def span(values: Sequence[Any]) -> Span:
        median, p90 = (timedelta(seconds=one) if one is not None else None for one in values[:2])
        return Span(median, p90, values[2])

    return Course(
        scope, kept["opened"], kept["closed"], span(kept["first_response"]), span(kept["solution"]),
        [Kept(*row) for row in kept["kept"]],
    )  # fmt: skip


def _standing(numbers: Mapping[str, int]) -> list[tuple[str, int]]:
    words = {
        "open": _("Open"), "resolved": _("Resolved, not yet confirmed"), "breached": _("Breached"),
        "due_soon": pgettext("dashboard", "Due soon"), "unassigned": _("Unassigned"),
    }  # fmt: skip
    return [(label, numbers[name]) for name, label in words.items()]


def headline(report: Report) -> dict[str, str]:
    """The five numbers of the message."""
    course = _read(report.content["course"], Scope(report.plan.owner, report.made_at))
    first = course.first_response.median
    answered = course.kept[0]
    return {
        "opened": f"{course.opened:,}",
        "closed": f"{course.closed:,}",
        "late": f"{report.content['standing']['breached']:,}",
        "median": wording.duration(first) if first is not None else DASH,
        "in_time": wording.percent(answered.share) if answered.share is not None else DASH,
    }


def workbook(report: Report, title: str) -> bytes:
    """One sheet per table: frozen header, filter, numbers as numbers in their form, A4 landscape."""
    stream = io.BytesIO()
    book = xlsxwriter.Workbook(
        stream, {"in_memory": True, "strings_to_formulas": False, "strings_to_urls": False}
    )
    bold = book.add_format({"bold": True, "bottom": 1})
    forms = {
        form: book.add_format({"num_format": form}) for form in (COUNT, HOURS, SHARE, MORE, LONGER, POINTS)
    }
    for section in sections(report):
        _sheet(book, section, title, bold, forms)
    book.close()
    return stream.getvalue()


def _spread(section: Section) -> tuple[list[str], list[list[Any]]]:
    """Head and rows of a sheet: how many cases a figure rests on stands in a column of its own."""
    wide = {
        place
        for row in section.rows
        for place, value in enumerate(row)
        if getattr(value, "cases", None) is not None
    }
    head, rows = [], []
    for place, words in enumerate(section.head):
        head += [words, _("Cases")] if place in wide else [words]
    for row in section.rows:
        cells: list[Any] = []
        for place, value in enumerate(row):
            cells += [value, getattr(value, "cases", None)] if place in wide else [value]
        rows.append(cells)
    return head, rows


def _sheet(book: Any, section: Section, title: str, bold: Any, forms: Mapping[str, Any]) -> None:
    sheet = book.add_worksheet(section.title[:31].translate({ord(sign): " " for sign in "[]:*?/\\"}))
    head, rows = _spread(section)
    sheet.set_landscape()
    sheet.set_paper(9)
    sheet.fit_to_pages(1, 0)
    sheet.set_header(f"&L{title.replace('&', '&&')}")
    sheet.freeze_panes(1, 0)
    sheet.set_column(0, 0, 34)
    sheet.set_column(1, max(1, len(head) - 1), 20)
    for place, words in enumerate(head):
        sheet.write_string(0, place, words, bold)
    for line, row in enumerate(rows, start=1):
        for place, value in enumerate(row):
            _write(sheet, line, place, value, forms)
    if rows:
        sheet.autofilter(0, 0, len(rows), len(head) - 1)


def _write(sheet: Any, line: int, place: int, value: Any, forms: Mapping[str, Any]) -> None:
    number = value.number if isinstance(value, Cell) else value
    if isinstance(number, (int, float)):
        sheet.write_number(line, place, number, forms[value.form if isinstance(value, Cell) else COUNT])
    elif value is not None:
        sheet.write_string(line, place, str(value))
