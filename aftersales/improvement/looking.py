"""What is looked at: the numbers in force, the days of the base, every subject whose count passes its limit. Reads."""

from collections.abc import Mapping, Sequence
from datetime import UTC, date, datetime, time, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from django.db import connection

from aftersales.clocks.models import Circumstance
from aftersales.clocks.states import ExclusionCause
from aftersales.improvement import counting, rules
from aftersales.improvement.rules import Found, Numbers, Seen
from aftersales.improvement.states import Period, Surged
from aftersales.standards import selectors as rule_book

BY_TIME = (Surged.PRODUCT, Surged.MERCHANT, Surged.CARRIER, Surged.CAUSE)
WIDEST_ZONE = timedelta(hours=15)  # no zone's day begins earlier or later than this beside UTC's
DAY = timedelta(days=1)
MOMENT = timedelta(microseconds=1)  # what ends at midnight touches no day more
MOST_DAYS = 366
CITED = (
    "warning_base_weeks", "warning_base_weeks_most", "warning_base_least", "warning_least_day", "warning_least_week",
    "warning_least_batch", "warning_least_excess", "warning_false_alarms", "warning_chance_most",
    "warning_exposure_days", "warning_exposure_least", "warning_batch_days", "warning_base_least_day",
    "warning_base_least_week", "warning_growth_most",
)  # fmt: skip


def zone() -> ZoneInfo:
    return ZoneInfo(rule_book.market_default().zone)


def numbers(now: datetime) -> Numbers:
    """The rule book's numbers in force. Raises DomainError where one is missing."""
    book = rule_book.book()
    found = {code: rule_book.parameter_version(code, now, among=book) for code in CITED}
    value = {code.removeprefix("warning_"): float(one.value) for code, one in found.items()}
    return Numbers(
        weeks=int(value["base_weeks"]), weeks_most=int(value["base_weeks_most"]), base_least=int(value["base_least"]),
        least={Period.DAY: int(value["least_day"]), Period.WEEK: int(value["least_week"]),
               Period.BATCH: int(value["least_batch"])},
        excess=value["least_excess"] / 100, false_alarms=value["false_alarms"],
        chance_most=value["chance_most"] / 100, exposure_days=int(value["exposure_days"]),
        exposure_least=int(value["exposure_least"]), batch_days=int(value["batch_days"]),
        base_days={Period.DAY: int(value["base_least_day"]), Period.WEEK: int(value["base_least_week"])},
        growth_most=max(value["growth_most"], 1.0),
        cited="v" + ".".join(str(one.number) for one in found.values()),
    )  # fmt: skip


def left_out(now: datetime) -> frozenset[date]:
    """Days that no base counts: named in the rule book, of a promotion, or with a failure of ours for everybody."""
    days = {
        day for text in rule_book.parameter("warning_left_out_days", now) if (day := _day(text)) is not None
    }
    failed = Circumstance.objects.in_force(now).filter(cause=ExclusionCause.OUTAGE, provinces=[], cities=[])
    for begin, end in failed.values_list("begins_at", "ends_at"):
        days |= _touched(begin, end)
    for one in rule_book.book().promotions:
        if one.until > one.starts_at:
            days |= _touched(one.starts_at, one.until - MOMENT)
    return frozenset(days)


def _touched(begin: datetime, last_moment: datetime) -> set[date]:
    """The days of the market that lie between two moments in whole or in part."""
    first, last = begin.astimezone(zone()).date(), last_moment.astimezone(zone()).date()
    return {first + number * DAY for number in range(min((last - first).days, MOST_DAYS) + 1)}


def _day(text: str) -> date | None:
    try:
        return date.fromisoformat(text.strip())
    except ValueError:
        return None


def moments(first: date, last: date) -> dict[str, Any]:
    """Values that the SQL of tickets takes for these days, wide enough for every zone."""
    begin = datetime.combine(first, time.min, UTC) - WIDEST_ZONE
    end = datetime.combine(last + DAY, time.min, UTC) + WIDEST_ZONE
    return {
        "since": begin,
        "until": end,
        "first": first,
        "last": last,
        "zone": rule_book.market_default().zone,
    }


def surges(kind: Surged, last: date, terms: Numbers, without: frozenset[date]) -> list[Found]:
    """Everything of one kind whose count until ``last`` passes its limit. Three statements; a batch's kind one."""
    if kind is Surged.BATCH:
        return _batches(last, terms)
    oldest = last - timedelta(weeks=rules.tiers(terms)[-1] + 1)
    looked_at = int(_rows(counting.LOOKED_AT, {"kind": kind.value, "oldest": oldest, "last": last})[0][0])
    allowed = rules.chance(looked_at, terms.false_alarms, terms.chance_most)
    found = []
    for period in (Period.DAY, Period.WEEK):
        for row in _rows(counting.SEEN, _asked(kind, period, last, terms, without)):
            one = rules.judged(_seen(row, last, terms), period, last, allowed, terms)
            if one is not None and rules.is_surge(one, terms):
                found.append(one)
    return found


def _asked(
    kind: Surged, period: Period, last: date, terms: Numbers, without: frozenset[date]
) -> Mapping[str, Any]:
    days, tiers = base_days(period, last, terms, without)
    long = 1 if period is Period.DAY else rules.WEEK
    return {
        "kind": kind.value, "first": last - (long - 1) * DAY, "last": last, "least": terms.least[period],
        "days": days, "tiers": tiers, "most": len(rules.tiers(terms)),
        "oldest": last - timedelta(weeks=rules.tiers(terms)[-1] + 1),
        "ordered": last - terms.exposure_days * DAY,
        "earlier": last - terms.exposure_days * DAY - timedelta(weeks=terms.weeks),
    }  # fmt: skip


def base_days(
    period: Period, last: date, terms: Numbers, without: frozenset[date]
) -> tuple[list[date], list[int]]:
    """The days of the base with the number of their tier: the same weekday of past weeks, or all of their days."""
    days, tiers = [], []
    edges = rules.tiers(terms)
    for week in range(1, edges[-1] + 1):
        tier = next(number for number, edge in enumerate(edges, 1) if week <= edge)
        own = [last - week * rules.WEEK * DAY]
        if period is Period.WEEK:
            own = [own[0] - back * DAY for back in range(rules.WEEK)]
        for day in own:
            if day not in without:
                days.append(day)
                tiers.append(tier)
    return days, tiers


def _seen(row: Sequence[Any], last: date, terms: Numbers) -> Seen:
    key, observed, tickets, days, orders, before, began = row
    known = (last - terms.exposure_days * DAY - began).days + 1
    span = max(1, min(known, terms.weeks * rules.WEEK))
    return Seen(
        key=key, observed=int(observed), orders=int(orders), orders_before=float(before) * terms.exposure_days / span,
        tiers=[(int(count), int(size)) for count, size in zip(tickets, days, strict=True)],
    )  # fmt: skip


def _batches(last: date, terms: Numbers) -> list[Found]:
    first = last - (terms.batch_days - 1) * DAY
    rows = _rows(counting.BATCHES, moments(first, last))
    allowed = rules.chance(len(rows), terms.false_alarms, terms.chance_most)
    found = []
    for key, sent, tickets, others, other_pieces, share in rows:
        counts = int(tickets), int(others), int(other_pieces)
        if counts[0] < terms.least[Period.BATCH]:
            continue
        one = rules.batch_judged(key, sent, last, counts, float(share), allowed)
        if one is not None and rules.is_surge(one, terms):
            found.append(one)
    return found


def behind(kind: Surged, key: str, first: date, last: date) -> list[tuple[int, date]]:
    """The tickets of one subject that were opened on these days, with their day."""
    narrowed = ""
    values: dict[str, Any] = moments(first, last) | {"key": key}
    if kind is Surged.MERCHANT:
        narrowed, values["merchant"] = "AND t.merchant_id = %(merchant)s", int(key)
    elif kind in {Surged.PRODUCT, Surged.BATCH}:
        narrowed, values["product"] = counting.ABOUT, int(key.partition("|")[0])
    sql = f"""
        SELECT ticket, day FROM ({counting.hits(kind, narrowed)}) h
         WHERE key = %(key)s AND day BETWEEN %(first)s AND %(last)s ORDER BY ticket
    """
    return [(int(pk), day) for pk, day in _rows(sql, values)]


def _rows(sql: str, values: Mapping[str, Any]) -> list[tuple[Any, ...]]:
    with connection.cursor() as cursor:
        cursor.execute(sql, values)
        return list(cursor.fetchall())
