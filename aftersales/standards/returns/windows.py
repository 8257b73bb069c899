"""Window arithmetic of the return rules: pure, by the law's way of counting.

The day of the event is not counted, a window of days, months or years ends with its last day at 24:00 in the market's
zone, and a month without the day ends with its last one. Every event is known between two instants, so every end is
too: before the first nobody doubts, after the last nobody hopes, and between them a person looks.
"""

import calendar as months
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from typing import Any

from aftersales.standards.worktime import HORIZON

from .facts import LineFacts, Moment, ParcelFacts, Place, PromiseFacts
from .rule import Rule
from .states import Anchor, Carry, WindowUnit

FOREVER = datetime.max.replace(tzinfo=UTC)
"""Stands for an event that is still to come, and for an end that nobody can name."""
FAR = FOREVER - timedelta(days=366 * 100)
ONE_DAY = timedelta(days=1)
ONE_SECOND = timedelta(seconds=1)

Note = tuple[str, dict[str, Any]]
"""Code and numbers of something worth saying about how a window was counted."""


@dataclass(frozen=True)
class Between:
    """An instant known to lie between two, both possible."""

    earliest: datetime
    latest: datetime

    @classmethod
    def of(cls, moment: Moment, place: Place) -> "Between":
        return cls(moment.earliest, moment.latest(place.zone))

    def or_later(self, other: "Between") -> "Between":
        return Between(max(self.earliest, other.earliest), max(self.latest, other.latest))


UNBEGUN = Between(FOREVER, FOREVER)


@dataclass(frozen=True)
class Window:
    """When a right ends. Ends are exclusive: asked before ``ends_at`` is in time, the last second included.

    ``ends_at`` None: it has no end yet. Until ``doubt_until`` a person looks (None: for ever; equal to ``ends_at``
    when nothing is doubtful). ``ours``, ``legal`` and ``promised`` are the ends by each; the longest counts.
    """

    anchor: str
    anchor_at: datetime | None
    first_day: date | None
    last_day: date | None
    ends_at: datetime | None
    doubt_until: datetime | None
    ours: datetime | None = None
    legal: datetime | None = None
    promised: datetime | None = None
    notes: tuple[Note, ...] = field(default=(), compare=False)

    @property
    def last_second(self) -> datetime | None:
        """The last second that is in time, as people write it."""
        return self.ends_at - ONE_SECOND if self.ends_at else None

    def surely_in(self, asked: Between) -> bool:
        return self.ends_at is None or asked.latest < self.ends_at

    def surely_over(self, asked: Between) -> bool:
        return self.doubt_until is not None and asked.earliest >= self.doubt_until


def local_day(at: datetime, place: Place) -> date:
    return at.astimezone(place.zone).date()


def midnight_after(day: date, place: Place) -> datetime:
    """24:00 of a day in the market's zone."""
    following = day + ONE_DAY
    return datetime(following.year, following.month, following.day, tzinfo=place.zone).astimezone(UTC)


def months_later(day: date, count: int) -> date:
    """The corresponding day; the month's last one where it has none (civil code §202)."""
    total = day.month - 1 + count
    year, month = day.year + total // 12, total % 12 + 1
    return date(year, month, min(day.day, months.monthrange(year, month)[1]))


def last_day(day: date, value: int, unit: str, place: Place) -> date:
    """The last day of a window whose event happened on ``day``."""
    if unit == WindowUnit.MONTHS:
        return months_later(day, value)
    if unit == WindowUnit.YEARS:
        return months_later(day, 12 * value)
    if unit != WindowUnit.WORKING_DAYS:
        return day + value * ONE_DAY
    limit, left = day + HORIZON, value
    while left and day < limit:
        day += ONE_DAY
        left -= place.calendar.is_open_day(day)
    return day


def prolonged(start: date, last: date, under_repair: Iterable[date]) -> date:
    """A day under repair inside the window adds one at its end, which may take in further ones (law Q3)."""
    for day in sorted(under_repair):
        if start < day <= last:
            last += ONE_DAY
    return last


def after_days_off(last: date, place: Place) -> date:
    """The first working day from ``last`` on (civil code §203)."""
    limit, day = last + HORIZON, last
    while not place.calendar.is_open_day(day) and day < limit:
        day += ONE_DAY
    return day


def end_of(
    at: datetime, value: int, unit: str, place: Place, *, under_repair: Iterable[date] = (), carried: bool = False
) -> datetime:  # fmt: skip
    """The first instant that is too late for a window of ``value`` ``unit`` after ``at``."""
    if at >= FAR:
        return FOREVER
    if unit == WindowUnit.HOURS:
        return at.astimezone(UTC) + timedelta(hours=value)
    start = local_day(at, place)
    last = prolonged(start, last_day(start, value, unit, place), under_repair)
    return midnight_after(after_days_off(last, place) if carried else last, place)


def repair_days(facts: LineFacts, place: Place) -> frozenset[date]:
    """Every day on which the goods were at the shop, the first and the last included."""
    found: set[date] = set()
    for repair in facts.repairs:
        day = local_day(repair.received.earliest, place)
        back = repair.back or facts.asked
        until = local_day(back.latest(place.zone), place)
        while day <= until:
            found.add(day)
            day += ONE_DAY
    return frozenset(found)


def arrival_of(
    parcels: Sequence[ParcelFacts], *, complete: bool, since: Moment, signers: Sequence[str], place: Place
) -> tuple[Between, list[Note]]:  # fmt: skip
    """When the last of several parcels came into the customer's hands."""
    counted = [parcel for parcel in parcels if parcel.state in {"delivered", "under_way"}]
    if not counted:
        return Between(since.earliest, FOREVER), [("arrival_unknown", {})]
    notes: list[Note] = [("several_parcels", {"n": len(counted)})] if len(counted) > 1 else []
    last = Between(since.earliest, since.earliest)
    for parcel in counted:
        span, more = _arrival(parcel, since, signers, place)
        last = last.or_later(span)
        notes += [note for note in more if note not in notes]
    if not complete:
        return Between(last.earliest, FOREVER), [*notes, ("parcels_incomplete", {})]
    return last, notes


def _arrival(
    parcel: ParcelFacts, since: Moment, signers: Sequence[str], place: Place
) -> tuple[Between, list[Note]]:
    if parcel.state == "under_way":
        return UNBEGUN, [("under_way", {})]
    told = parcel.delivered
    begin = told or parcel.shipped or since
    if parcel.signer in signers and parcel.consent is not True:
        signer = {"signer": parcel.signer}
        if parcel.picked_up is None:
            return Between(begin.earliest, FOREVER), [("pick_up_unknown", signer)]
        return Between.of(parcel.picked_up, place), [("pick_up_counts", signer)]
    if told is None:
        return Between(begin.earliest, FOREVER), [("arrival_unknown", {})]
    return Between.of(told, place), [("consent_recorded", {"signer": parcel.signer})] * (
        parcel.signer in signers
    )


def anchored(rule: Rule, facts: LineFacts, place: Place) -> tuple[Between, list[Note]] | None:
    """When the event happened that the rule counts from; None when there was no such event."""
    signed, notes = arrival_of(
        facts.parcels, complete=facts.parcels_complete, since=facts.purchased, signers=rule.consent_signers,
        place=place,
    )  # fmt: skip
    if rule.anchor == Anchor.ORDERED:
        return Between.of(facts.purchased, place), []
    if rule.anchor == Anchor.PAID:
        if facts.paid is None:
            return Between(facts.purchased.earliest, FOREVER), [("payment_unknown", {})]
        return Between.of(facts.paid, place), []
    if rule.anchor == Anchor.INSTALLED and facts.needs_installation is not False:
        if facts.installed is None:
            return Between(signed.earliest, FOREVER), [*notes, ("installation_unknown", {})]
        return Between.of(facts.installed, place), [("installation_counts", {})]
    if rule.anchor == Anchor.REPAIRED:
        return _repaired(facts, place)
    if rule.anchor == Anchor.REPLACED:
        return _replaced(rule, facts, place)
    return signed, notes


def _repaired(facts: LineFacts, place: Place) -> tuple[Between, list[Note]] | None:
    if not facts.repairs:
        return None
    last = Between(facts.purchased.earliest, facts.purchased.earliest)
    for one in facts.repairs:
        last = last.or_later(UNBEGUN if one.back is None else Between.of(one.back, place))
    return last, []


def _replaced(rule: Rule, facts: LineFacts, place: Place) -> tuple[Between, list[Note]] | None:
    counted = [one for one in facts.replacements if one.state in {"delivered", "under_way"}]
    if not counted:
        return None
    return arrival_of(
        counted, complete=True, since=facts.purchased, signers=rule.consent_signers, place=place
    )


def measure(
    rule: Rule, facts: LineFacts, place: Place, *, promises: Sequence[PromiseFacts] = (), bound_only: bool = False
) -> Window | None:  # fmt: skip
    """The window that a rule and the merchant's promises give; None when the event of the rule never happened.

    ``bound_only``: the law gives nothing here, only the promise does, so its own length counts where it names one.
    """
    found = anchored(rule, facts, place)
    if found is None:
        return None
    event, notes = found
    perhaps = event
    replaced = _replaced(rule, facts, place)
    if replaced and rule.after_replacement == Carry.GOES_ON:
        event = perhaps = event.or_later(replaced[0])
        notes = [*notes, ("replacement_restarts", {})]
    elif replaced and rule.after_replacement == Carry.PERSON:
        perhaps = event.or_later(replaced[0])
    limits = _limits(rule, promises, bound_only)
    sure, latest, more = _ends(rule, facts, place, limits, event, perhaps)
    return _window(rule, event, sure, latest, [*notes, *more], place)


Limits = dict[str, list[tuple[int, str]]]


def _limits(rule: Rule, promises: Sequence[PromiseFacts], bound_only: bool) -> Limits:
    promised = [(one.value, one.unit) for one in promises if one.value]
    found: Limits = {"promised": promised}
    if bound_only and promised:
        return found
    if rule.window_value:
        found["ours"] = [(rule.window_value, rule.window_unit)]
    if rule.legal_value and not bound_only:
        found["legal"] = [(rule.legal_value, rule.legal_unit)]
    return found


def _ends(
    rule: Rule, facts: LineFacts, place: Place, limits: Limits, event: Between, perhaps: Between
) -> tuple[dict[str, datetime], datetime, list[Note]]:  # fmt: skip
    """The end by each limit that is certain, the last end that is possible, and why they differ."""
    rested = repair_days(facts, place) if rule.repair_excluded else frozenset()
    carried = rule.holiday_end == Carry.GOES_ON

    def end(at: datetime, value: int, unit: str, *, carry: bool = carried) -> datetime:
        return end_of(at, value, unit, place, under_repair=rested, carried=carry)

    every = [limit for group in limits.values() for limit in group]
    sure = {name: max(end(event.earliest, *one) for one in group) for name, group in limits.items() if group}
    first = max(sure.values(), default=FOREVER)
    notes: list[Note] = [("repair_excluded", {"n": len(rested)})] if rested else []
    reach = max((end(event.latest, *one) for one in every), default=FOREVER)
    if perhaps != event:
        reach = max(reach, *(end(perhaps.latest, *one) for one in every))
        notes.append(("after_replacement", {}))
    if rule.holiday_end == Carry.PERSON and every:
        off = max(end(perhaps.latest, *one, carry=True) for one in every)
        if off > reach:
            notes.append(("holiday_end", {"day": local_day(reach - ONE_SECOND, place).isoformat()}))
        reach = max(reach, off)
    units = {unit for _value, unit in every}
    if WindowUnit.WORKING_DAYS in units and first < FAR and place.calendar.provisional(first - ONE_SECOND):
        reach = FOREVER
        notes.append(("calendar_provisional", {}))
    if rule.look_value:
        looked = end(perhaps.latest, rule.look_value, rule.look_unit)
        if looked > reach:
            notes.append(("looked_at_after", {"until": _iso(looked)}))
        reach = max(reach, looked)
    return sure, max(reach, first), notes


def _iso(at: datetime) -> str:
    return "" if at >= FAR else at.isoformat()


def _window(
    rule: Rule, event: Between, sure: dict[str, datetime], reach: datetime, notes: list[Note], place: Place
) -> Window:
    first = max(sure.values(), default=FOREVER)
    begun = event.earliest < FAR
    known = begun and event.latest < FAR
    hours = {rule.window_unit} == {WindowUnit.HOURS}
    start = local_day(event.earliest, place) if begun else None
    return Window(
        anchor=rule.anchor,
        anchor_at=event.earliest if known else None,
        first_day=(start if hours else start + ONE_DAY) if start and known else None,
        last_day=local_day(first - ONE_SECOND, place) if first < FAR and known else None,
        ends_at=_finite(first),
        doubt_until=_finite(reach),
        ours=_finite(sure.get("ours", FOREVER)),
        legal=_finite(sure.get("legal", FOREVER)),
        promised=_finite(sure.get("promised", FOREVER)),
        notes=tuple(notes),
    )


def _finite(at: datetime) -> datetime | None:
    return None if at >= FAR else at
