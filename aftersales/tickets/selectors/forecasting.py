"""The weeks behind a forecast: what came in by hour, and the numbers of the rule book."""

from collections import defaultdict
from collections.abc import Mapping
from dataclasses import replace
from datetime import date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from django.core.cache import cache
from django.db.models import Count
from django.db.models.functions import TruncHour

from accounts.models import Team
from aftersales.standards.selectors import Book, book, market_default, parameter
from aftersales.standards.worktime import WorkingTime
from aftersales.tickets import forecast
from aftersales.tickets.models import Ticket
from aftersales.tickets.states import Channel, Severity

KEPT_SECONDS = 600  # the weeks behind change little within ten minutes
AT_ONCE = {Channel.CHAT.value: "chat", Channel.PHONE.value: "phone"}
MOST_WEEKS = 26


def terms_at(now: datetime, *, among: Book | None = None) -> forecast.Terms:
    """The numbers behind the forecast."""
    current = among or book()

    def number(code: str) -> float:
        return float(parameter(code, now, among=current))

    return forecast.Terms(
        weeks=max(1, min(int(number("forecast_weeks")), MOST_WEEKS)),
        chat_handling=number("chat_handling_minutes") * 60, chat_at_once=int(number("chats_at_once")),
        chat_share=_below_one(number("chat_answer_percent")), chat_seconds=number("chat_answer_minutes") * 60,
        phone_handling=number("phone_handling_minutes") * 60, phone_share=_below_one(number("phone_answer_percent")),
        phone_seconds=number("phone_answer_seconds"),
        ticket_minutes={code: number(f"work_minutes_{code}") for code in Severity.values},
        ticket_hours=max(1, int(number("ticket_begin_hours"))), busy_share=number("busy_percent") / 100,
    )  # fmt: skip


def _below_one(percent: float) -> float:
    """Nobody can promise that everybody is answered at once: 100 % is asked for as 99.9."""
    return min(percent / 100, 0.999)


def zone_and_calendar() -> tuple[ZoneInfo, WorkingTime]:
    """The market's zone and working calendar: which days are holidays and make-up days."""
    market = market_default()
    return ZoneInfo(market.zone), book().calendars[market.calendar_id]


Found = tuple[dict[tuple[date, int], dict[str, float]], list[date]]


def history(team_id: int | None, until: date, weeks: int, zone: ZoneInfo) -> Found:
    """What came in each hour of these weeks for a team (None: for all), and the days that are known. One query.

    Days before the first ticket say nothing; quiet ones after it count as quiet.
    """
    since = until - timedelta(weeks=weeks)
    key = f"forecast:{team_id}:{since}:{until}:{zone.key}"
    held = cache.get(key)
    if held is None:
        held = _read(team_id, since, until, zone)
        cache.set(key, held, KEPT_SECONDS)
    found: Found = held
    return found


def _read(team_id: int | None, since: date, until: date, zone: ZoneInfo) -> Found:
    rows = Ticket.objects.filter(
        historic=False, opened_at__gte=datetime.combine(since, time.min, zone),
        opened_at__lt=datetime.combine(until, time.min, zone),
    )  # fmt: skip
    if team_id is not None:
        rows = rows.filter(team_id=team_id)
    hours = rows.annotate(hour=TruncHour("opened_at", tzinfo=zone)).values_list("hour", "channel", "severity")
    counts: dict[tuple[date, int], dict[str, float]] = defaultdict(lambda: defaultdict(float))
    for hour, channel, severity, number in hours.annotate(number=Count("id")):
        counts[hour.date(), hour.hour][AT_ONCE.get(channel, severity)] += number
    first = min((day for day, _hour in counts), default=until)
    days = [first + timedelta(days=n) for n in range((until - first).days)]
    return {place: dict(came) for place, came in counts.items()}, days


def week_ahead(
    team_id: int | None,
    monday: date,
    now: datetime,
    *,
    more: float = 1.0,
    instead: Mapping[str, float] | None = None,
) -> tuple[list[forecast.Hour], forecast.Basis]:
    """Every hour of a week with the people it needs, and what that rests on.

    ``instead``: other handling times (seconds), tried out. A team with too few days behind it gets the average of
    those, one without any an even part of what came to all teams.
    """
    terms = replace(terms_at(now), **(instead or {}))  # type: ignore[arg-type]
    zone, calendar = zone_and_calendar()
    until = min(now.astimezone(zone).date(), monday)
    counts, days = history(team_id, until, terms.weeks, zone)
    kind, among = ("own" if len(days) >= forecast.ENOUGH_DAYS else "few"), 1
    if not days:
        counts, days = history(None, until, terms.weeks, zone)
        kind, among = ("all" if days else "none"), max(Team.objects.active().count(), 1)
    usual = forecast.average(counts, len(days), among=among)
    came = []
    for ahead in (monday + timedelta(days=n) for n in range(7)):
        expected = usual
        if kind == "own":
            expected = forecast.expected(ahead, counts, days, calendar.is_open_day, terms.weeks)
        came.append((datetime.combine(ahead, time.min, zone), expected))
    basis = forecast.Basis(kind, len(days), terms.weeks)
    return forecast.hours_needed(came, terms, more=more), basis
