"""What the hours of a week will bring, from the same hours of the weeks before, and how many people that needs (R1.5).

Pure: counts and calendars in, hours out. Chat and telephone cannot wait, so Erlang C; tickets can, so their work is
spread over the hours within which it must be begun.
"""

from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from math import ceil
from statistics import median

from aftersales.tickets import erlang

HOURS = 24
ONE_DAY = timedelta(days=1)
FEW = 2  # comparable days below which all days of the weeks speak
ENOUGH_DAYS = 7 * FEW  # from here on every weekday has days of its own to be compared with


@dataclass(frozen=True)
class Terms:
    """The numbers behind the forecast, each a row of the rule book. Handling in seconds, shares between 0 and 1."""

    weeks: int
    chat_handling: float
    chat_at_once: int
    chat_share: float
    chat_seconds: float
    phone_handling: float
    phone_share: float
    phone_seconds: float
    ticket_minutes: Mapping[str, float]
    ticket_hours: int
    busy_share: float


@dataclass(frozen=True)
class Hour:
    """One hour: what is expected, how many people it needs, for which reason."""

    at: datetime
    chats: float
    calls: float
    tickets: float
    minutes: float
    chat_people: int
    phone_people: int
    ticket_people: float
    needed: int


Counts = Mapping[tuple[date, int], Mapping[str, float]]
"""(day, hour) → what came: ``chat``, ``phone`` and one entry for each severity of a ticket."""


def comparable(day: date, known: Iterable[date], is_open: Callable[[date], bool], weeks: int) -> list[date]:
    """The days before that say something about this one.

    An ordinary day: the same weekday of the last weeks, without holidays. A holiday: the last days off. A make-up
    working day: the last working days. Where there are too few, all days of these weeks.
    """
    before = sorted((one for one in known if one < day), reverse=True)
    usual = is_open(day) == (day.weekday() < 5)
    alike = [one for one in before if is_open(one) == is_open(day)]
    if usual:
        alike = [one for one in alike if one.weekday() == day.weekday()]
    found = alike[:weeks]
    return found if len(found) >= min(FEW, len(before)) else before[: weeks * 7]


def expected(
    day: date, counts: Counts, known: Iterable[date], is_open: Callable[[date], bool], weeks: int
) -> list[dict[str, float]]:
    """For each hour of the day the median of the comparable days, an hour without anything counting as zero.

    Where hours are quiet most medians are zero although every day brings something: what the medians of the hours lack
    of the median of the day is spread over the day as it usually comes.
    """
    days = comparable(day, known, is_open, weeks)
    kinds = sorted({kind for found in counts.values() for kind in found})
    found: list[dict[str, float]] = [{} for _hour in range(HOURS)]
    for kind in kinds if days else ():
        table = [[counts.get((one, hour), {}).get(kind, 0.0) for hour in range(HOURS)] for one in days]
        middle = [median(column) for column in zip(*table, strict=True)]
        lacking = median(sum(row) for row in table) - sum(middle)
        whole = sum(map(sum, table))
        for hour, column in enumerate(zip(*table, strict=True)):
            rest = lacking * sum(column) / whole if lacking > 0 and whole else 0.0
            found[hour][kind] = middle[hour] + rest
    return found


def average(counts: Counts, days: int, *, among: int = 1) -> list[dict[str, float]]:
    """For each hour what came on average: where there is too little for medians, and the page says so.

    ``among``: so many teams share it evenly.
    """
    found: list[dict[str, float]] = [defaultdict(float) for _hour in range(HOURS)]
    for (_day, hour), came in counts.items() if days else ():
        for kind, number in came.items():
            found[hour][kind] += number / days / among
    return found


@dataclass(frozen=True)
class Basis:
    """What a forecast rests on: ``own`` weeks, ``few`` own days, ``all`` teams' average, or ``none``."""

    kind: str
    days: int
    weeks: int


def hours_needed(
    days: Sequence[tuple[datetime, Sequence[Mapping[str, float]]]], terms: Terms, *, more: float = 1.0
) -> list[Hour]:
    """Every hour with its people. ``days``: midnight of a day with what its hours bring; ``more`` multiplies it all."""
    lines = [
        (midnight + timedelta(hours=hour), {kind: number * more for kind, number in came.items()})
        for midnight, hours in days
        for hour, came in enumerate(hours)
    ]
    work = [_minutes(came, terms) for _at, came in lines]
    carried, found = 0.0, []
    for place, (at, came) in enumerate(lines):
        chats, calls = came.get("chat", 0.0), came.get("phone", 0.0)
        chat_people = erlang.people_needed(
            chats, terms.chat_handling / max(terms.chat_at_once, 1), terms.chat_share, terms.chat_seconds
        )
        phone_people = erlang.people_needed(
            calls, terms.phone_handling, terms.phone_share, terms.phone_seconds
        )
        spread = sum(work[max(0, place - terms.ticket_hours + 1) : place + 1]) / max(terms.ticket_hours, 1)
        ticket_people = spread / (60 * terms.busy_share) if terms.busy_share else 0.0
        carried += ticket_people
        whole = int(carried + 1e-9)
        carried -= whole
        tickets = sum(number for kind, number in came.items() if kind in terms.ticket_minutes)
        found.append(
            Hour(at, chats, calls, tickets, work[place], chat_people, phone_people, ticket_people,
                 chat_people + phone_people + whole)
        )  # fmt: skip
    return found


def _minutes(came: Mapping[str, float], terms: Terms) -> float:
    return sum(number * terms.ticket_minutes.get(kind, 0.0) for kind, number in came.items())


def planned(spans: Iterable[tuple[datetime, datetime]], start: datetime, hours: int) -> list[float]:
    """How many people are there in each hour, parts of an hour as parts of a person."""
    found: dict[int, float] = defaultdict(float)
    for begins, ends in spans:
        first = max(int((begins - start).total_seconds() // 3600), 0)
        last = min(ceil((ends - start).total_seconds() / 3600), hours)
        for hour in range(first, last):
            at = start + timedelta(hours=hour)
            seconds = (min(ends, at + timedelta(hours=1)) - max(begins, at)).total_seconds()
            found[hour] += max(seconds, 0) / 3600
    return [found[hour] for hour in range(hours)]


def backlog(
    hours: Sequence[Hour], people: Sequence[float], terms: Terms, *, start: float = 0.0
) -> list[float]:
    """Minutes of ticket work that are left at the end of each hour, when chat and telephone take their people first."""
    left, found = start, []
    for hour, there in zip(hours, people, strict=True):
        free = max(there - hour.chat_people - hour.phone_people, 0.0)
        left = max(left + hour.minutes - free * 60 * terms.busy_share, 0.0)
        found.append(left)
    return found


@dataclass(frozen=True)
class Hole:
    """Hours in a row in which people are missing."""

    start: datetime
    end: datetime
    needed: int
    planned: float


def holes(hours: Sequence[Hour], people: Sequence[float]) -> list[Hole]:
    """Where fewer people are planned than needed; hours in a row with the same numbers are one hole."""
    found: list[Hole] = []
    for hour, there in zip(hours, people, strict=True):
        if there + 1e-9 >= hour.needed:
            continue
        end = hour.at + timedelta(hours=1)
        last = found[-1] if found else None
        if last and last.end == hour.at and (last.needed, last.planned) == (hour.needed, there):
            found[-1] = Hole(last.start, end, last.needed, last.planned)
        else:
            found.append(Hole(hour.at, end, hour.needed, there))
    return found
