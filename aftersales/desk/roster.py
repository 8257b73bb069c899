"""The roster of a team and a week: who is there when, against what the hours are expected to bring."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date, datetime, time, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from django.http import QueryDict
from django.utils.translation import gettext as _
from django.utils.translation import ngettext, pgettext

from accounts.models import Away, Shift, Team
from accounts.selectors import Rostered, roster_of
from accounts.states import AwayReason
from aftersales.core.posted import day_of, whole
from aftersales.standards.vocabulary import weekday_words
from aftersales.tickets import forecast
from aftersales.tickets.selectors import forecasting

DAYS = 7
HOURS = 24
MORE = (10, 1000)  # per cent of the usual volume that may be tried out
HANDLING = (1, 120)  # minutes
HOLES_SHOWN = 30
WEEKS_AWAY = 520


@dataclass(frozen=True)
class Asked:
    """What the address asks for: team, week, and the numbers that are tried out."""

    team: Team | None
    teams: Sequence[Team]
    monday: date
    more: int = 100
    chat: int | None = None
    phone: int | None = None
    edit: int | None = None
    plan: int | None = None
    day: date | None = None

    @property
    def tried(self) -> bool:
        """Whether other numbers than the rule book's are shown."""
        return self.more != 100 or self.chat is not None or self.phone is not None

    def week(self, weeks: int = 0) -> str:
        year, number, _day = (self.monday + timedelta(weeks=weeks)).isocalendar()
        return f"{year}-W{number:02d}"


def asked(user: Any, data: QueryDict, now: datetime, zone: ZoneInfo) -> Asked:
    """The address in values; what makes no sense is as if it had not been said."""
    teams = list(Team.objects.visible_to(user).active().order_by("code"))
    wanted = whole(data.get("team"))
    own = [team for team in teams if team.lead_id == user.pk] or [
        one for one in teams if one.pk in user.team_ids
    ]
    team = next((one for one in teams if one.pk == wanted), None) or next(iter([*own, *teams]), None)
    today = now.astimezone(zone).date()
    return Asked(
        team=team, teams=teams, monday=_monday(data.get("week", ""), today),
        more=_within(data.get("more"), MORE) or 100, chat=_within(data.get("chat"), HANDLING),
        phone=_within(data.get("phone"), HANDLING), edit=whole(data.get("edit")), plan=whole(data.get("plan")),
        day=day_of(data.get("day")),
    )  # fmt: skip


def _monday(text: str, today: date) -> date:
    year, _w, week = text.partition("-W")
    number, weekday = whole(week), today - timedelta(days=today.weekday())
    try:
        found = (
            date.fromisocalendar(int(year), number or 0, 1) if year.isascii() and year.isdigit() else weekday
        )
    except (ValueError, OverflowError):
        return weekday
    return found if abs((found - weekday).days) <= WEEKS_AWAY * DAYS else weekday


def _within(text: str | None, bounds: tuple[int, int]) -> int | None:
    number = whole(text)
    return min(max(number, bounds[0]), bounds[1]) if number is not None else None


@dataclass(frozen=True)
class Cell:
    """One hour of the heat row: how many are there, how many are needed, and what that means in words."""

    hour: int
    planned: str
    needed: int
    tone: str
    sign: str
    words: str


@dataclass(frozen=True)
class Day:
    """One day of the week."""

    date: date
    name: str
    off: bool
    today: bool
    cells: Sequence[Cell] = ()
    expected: str = ""
    came: Sequence[str] = ()  # chats, calls, tickets


@dataclass(frozen=True)
class Row:
    """One person's week: for each day the shifts, the breaks in them and the absences."""

    person: Any
    is_lead: bool
    hours: str
    days: Sequence[tuple[date, Sequence[Shift], Sequence[Away], Sequence[Away]]]


@dataclass(frozen=True)
class Board:
    """Everything the page shows."""

    asked: Asked
    days: Sequence[Day]
    hours: Sequence[int]
    rows: Sequence[Row]
    holes: Sequence[str]
    more_holes: int
    missing: str
    spare: str
    backlog: str
    terms: forecast.Terms
    basis: str
    thin: bool
    shift: Shift | None = None
    breaks: Sequence[Away] = field(default_factory=list)
    person: Any = None


def read(user: Any, what: Asked, now: datetime) -> Board:
    """The page's contents in a fixed number of statements."""
    zone, calendar = forecasting.zone_and_calendar()
    start = datetime.combine(what.monday, time.min, zone)
    end = datetime.combine(what.monday + timedelta(days=DAYS), time.min, zone)
    people = roster_of(user, what.team.pk, start, end) if what.team else []
    instead = _instead(what)
    team = what.team.pk if what.team else 0
    hours, basis = forecasting.week_ahead(team, what.monday, now, more=what.more / 100, instead=instead)
    there = forecast.planned(
        [span for one in people if not one.is_lead for span in one.there], start, DAYS * HOURS
    )
    terms = forecasting.terms_at(now)
    left = forecast.backlog(hours, there, terms)
    found = forecast.holes(hours, there)
    shown = _hours_shown(hours, there)
    board = Board(
        asked=what, days=[_day(n, what.monday, hours, there, shown, calendar, now, zone) for n in range(DAYS)],
        hours=shown, rows=[_row(one, what.monday, zone) for one in people],
        holes=[hole_words(one, zone) for one in found[:HOLES_SHOWN]], more_holes=max(0, len(found) - HOLES_SHOWN),
        missing=_hours(sum(max(hour.needed - many, 0) for hour, many in zip(hours, there, strict=True))),
        spare=_hours(sum(max(many - hour.needed, 0) for hour, many in zip(hours, there, strict=True))),
        backlog=_hours(max(left, default=0) / 60), terms=terms,
        basis=basis_words(basis), thin=basis.kind != "own",
    )  # fmt: skip
    return _with_edit(board, people)


def basis_words(basis: forecast.Basis) -> str:
    """What the forecast rests on, and what it lacks where it rests on little."""
    numbers = {"days": basis.days, "weeks": basis.weeks, "enough": forecast.ENOUGH_DAYS}
    words = {
        "own": _("Medians of the same weekdays and hours of the last %(weeks)s weeks; %(days)s days are known."),
        "few": _("Only %(days)s days of this team are known: the average of those days stands for every day. From "
                 "%(enough)s days on each weekday is compared with its own kind."),
        "all": _("This team has had no ticket yet: an even part of what came to all teams on average stands here, over "
                 "%(days)s days. Its own figures come with its first %(enough)s days."),
        "none": _("Nothing is known yet, so nothing can be forecast. The first tickets give an average; from "
                  "%(enough)s days on each weekday is compared with its own kind."),
    }  # fmt: skip
    return words[basis.kind] % numbers


def _instead(what: Asked) -> Mapping[str, float]:
    tried = {"chat_handling": what.chat, "phone_handling": what.phone}
    return {name: minutes * 60.0 for name, minutes in tried.items() if minutes is not None}


def _with_edit(board: Board, people: Sequence[Rostered]) -> Board:
    """The shift that is open for editing, or the person for whom a new one is planned."""

    what = board.asked
    for one in people:
        for shift in one.shifts:
            if shift.pk == what.edit:
                inside = [
                    away for away in one.away
                    if away.reason == AwayReason.BREAK and away.starts_at < shift.ends_at
                    and (away.ends_at is None or away.ends_at > shift.starts_at)
                ]  # fmt: skip
                return replace(board, shift=shift, breaks=inside, person=one.person)
        if one.person.pk == what.plan and what.day:
            return replace(board, person=one.person)
    return board


def _hours_shown(hours: Sequence[forecast.Hour], there: Sequence[float]) -> list[int]:
    """From the first hour of a day in which anything happens to the last."""
    busy = [n % HOURS for n, hour in enumerate(hours) if hour.needed or there[n]]
    return list(range(min(busy), max(busy) + 1)) if busy else list(range(8, 20))


def _day(
    n: int, monday: date, hours: Sequence[forecast.Hour], there: Sequence[float], shown: Sequence[int],
    calendar: Any, now: datetime, zone: ZoneInfo,
) -> Day:  # fmt: skip
    day = monday + timedelta(days=n)
    mine = hours[n * HOURS : (n + 1) * HOURS]
    came = {name: sum(getattr(hour, name) for hour in mine) for name in ("chats", "calls", "tickets")}
    return Day(
        date=day, name=weekday_words(n), off=not calendar.is_open_day(day), today=day == now.astimezone(zone).date(),
        cells=[_cell(hour, mine[hour], there[n * HOURS + hour]) for hour in shown],
        expected=_("%(chats)s chats, %(calls)s calls, %(tickets)s tickets expected")
        % {name: _number(number) for name, number in came.items()},
        came=[_number(came[name]) for name in ("chats", "calls", "tickets")],
    )  # fmt: skip


def _cell(hour: int, one: forecast.Hour, there: float) -> Cell:
    lacks = one.needed - there
    words = _("%(needed)s needed, %(planned)s planned") % {"needed": one.needed, "planned": _number(there)}
    if lacks > 1e-9:
        more = ngettext("%(n)s person is missing", "%(n)s people are missing", max(1, round(lacks)))
        return Cell(
            hour, _number(there), one.needed, "bad" if there < 1 or lacks >= 2 else "warn", f"−{_number(lacks)}",
            f"{words}: {more % {'n': _number(lacks)}}",
        )  # fmt: skip
    if lacks < -1e-9 and one.needed:
        more = _("%(n)s more than needed") % {"n": _number(-lacks)}
        return Cell(hour, _number(there), one.needed, "over", f"+{_number(-lacks)}", f"{words}: {more}")
    if not one.needed:
        return Cell(hour, _number(there), 0, "free" if there else "none", "", words)
    enough = pgettext("roster", "enough")
    return Cell(hour, _number(there), one.needed, "ok", "=", f"{words}: {enough}")


def _number(number: float) -> str:
    return f"{number:.0f}" if abs(number - round(number)) < 0.05 else f"{number:.1f}"


def _hours(number: float) -> str:
    return _("%(n)s h") % {"n": _number(number)}


def hole_words(one: forecast.Hole, zone: ZoneInfo) -> str:
    """Fri 12–13: 2 needed, 0 planned."""
    start, end = one.start.astimezone(zone), one.end.astimezone(zone)
    until = end.hour if end.date() == start.date() else HOURS
    return _("%(day)s %(from)s–%(until)s: %(needed)s needed, %(planned)s planned") % {
        "day": weekday_words(start.weekday()), "from": start.hour, "until": until, "needed": one.needed,
        "planned": _number(one.planned),
    }  # fmt: skip


def _row(one: Rostered, monday: date, zone: ZoneInfo) -> Row:
    days = []
    for n in range(DAYS):
        day = monday + timedelta(days=n)
        begins, ends = (datetime.combine(day + timedelta(days=k), time.min, zone) for k in (0, 1))
        shifts = [shift for shift in one.shifts if shift.starts_at.astimezone(zone).date() == day]
        touching = [
            away
            for away in one.away
            if away.starts_at < ends and (away.ends_at is None or away.ends_at > begins)
        ]
        breaks = [away for away in touching if away.reason in (AwayReason.BREAK, AwayReason.PAUSE)]
        days.append((day, shifts, breaks, [away for away in touching if away not in breaks]))
    seconds = sum((end - start).total_seconds() for start, end in one.there)
    return Row(one.person, one.is_lead, _hours(seconds / 3600), days)
