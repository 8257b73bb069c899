"""What an incentive rule can hang on: rooms declare which events concern whom, scorecards add their metrics.

    raisers.declare(raisers.from_event("certified", _("Certified"), Party.PERSON, "certificate.granted", person))
    raisers.declare(Raiser("metric.person.words_kept", _("Given words kept"), Party.PERSON, gauge=gauge))

Nothing that counts penalties, their amounts, recoveries or overturned decisions can be declared or asked for: fines
are not income, and nobody is paid for them (R6.5).
"""

from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from django.utils.translation import gettext_lazy as _

from aftersales.clocks.models import Clock
from aftersales.clocks.selectors import excluded_clocks
from aftersales.core.errors import DomainError, Text
from aftersales.core.models import Event
from aftersales.ledger.states import Party
from aftersales.standards.states import Debtor
from training.models import Run, Seat
from training.states import RunState, SeatState

FORBIDDEN = frozenset({"penalty_count", "penalty_amount", "recovery", "recovery_amount", "overturn_rate"})
FORBIDDEN_KINDS = ("proposal.", "journal.", "recovery.", "penalty")


@dataclass(frozen=True)
class Fact:
    """One thing that happened to or by a party; ``reference`` is the event's key."""

    party_id: int
    reference: int
    at: datetime


@dataclass(frozen=True)
class Gauge:
    """A rule hangs on a figure of a whole month; the room that counts the figure judges it.

    ``check(version)`` refuses terms by which nobody could be judged. ``judged(version, month, dry)``: the results, as
    ``incentiverules.Result``. ``words(version)``: window, floor, limit, gates in one line. ``page(code, month)``:
    address of the dry run of a rule. The room itself says when a month has settled, and asks for its proposals.
    """

    check: Callable[[Any], None]
    judged: Callable[[Any, date, bool], Sequence[Any]]
    words: Callable[[Any], str]
    page: Callable[[str, date], str]


def nothing(start: datetime, end: datetime) -> Iterable[Fact]:
    """A figure has no single facts."""
    return ()


@dataclass(frozen=True)
class Raiser:
    """``found(start, end)`` answers the facts of [start, end) in a query or two; ``gauge`` instead of single facts."""

    code: str
    label: Text
    party: str
    found: Callable[[datetime, datetime], Iterable[Fact]] = nothing
    gauge: Gauge | None = None


_raisers: dict[str, Raiser] = {}
Taken = Callable[[Collection[int]], set[int]]
_taken: list[Taken] = []
Held = Callable[[Any, int, date], bool]
_held: list[Held] = []


def declare(raiser: Raiser) -> None:
    """Raises ValueError for a second one of this code and for what no rule may hang on."""
    if is_forbidden(raiser.code):
        raise ValueError(f"no incentive may hang on {raiser.code}")
    known = _raisers.setdefault(raiser.code, raiser)
    if known.found is not raiser.found or known.gauge != raiser.gauge:
        raise ValueError(f"{raiser.code} is declared twice")


def is_forbidden(code: str) -> bool:
    """Also as the last part of a longer code: ``metric.person.penalty_count``."""
    return code.rpartition(".")[2] in FORBIDDEN or code.startswith(FORBIDDEN_KINDS)


def declared(party: str = "") -> dict[str, Raiser]:
    return {code: one for code, one in _raisers.items() if party in ("", one.party)}


def gauge_of(code: str) -> Gauge | None:
    """Who judges a rule that hangs on a figure; None for single events."""
    return _raisers[code].gauge if code in _raisers else None


def named(code: str) -> Text:
    """What it is called; one that no room declares any more speaks for itself."""
    return _raisers[code].label if code in _raisers else code


def asked(code: str, party: str) -> Raiser:
    """The raiser of a rule for this party. Raises ``forbidden_target``, ``no_raiser``."""
    if is_forbidden(code):
        raise DomainError(
            _(
                "No reward or penalty may hang on the number or amount of penalties, on recoveries or on "
                "overturned decisions: fines are not income. Choose what the party did or did not do."
            ),
            "forbidden_target",
        )
    found = _raisers.get(code)
    if found is None or found.party != party:
        raise DomainError(_("Choose what raises the rule, from the list for this party."), "no_raiser")
    return found


def also_taken(fn: Taken) -> None:
    """A room above says which of these breaches something else rests on: one fact has one consequence."""
    if fn not in _taken:
        _taken.append(fn)


def taken() -> Sequence[Taken]:
    """Who says which breaches are taken, for the test that lists them."""
    return tuple(_taken)


def also_held(fn: Held) -> None:
    """A room above says whether something else rests on what a figure's rule charges a merchant for in a month."""
    if fn not in _held:
        _held.append(fn)


def held() -> Sequence[Held]:
    """Who says what else rests on a figure, for the test that lists them."""
    return tuple(_held)


def is_taken(version: Any, party_id: int, month: date, references: Sequence[int]) -> bool:
    """Whether something else rests by now on what a merchant would be charged for. Asked under his lock."""
    if gauge_of(version.trigger) is not None:
        return any(one(version, party_id, month) for one in _held)
    told = Event.objects.filter(pk__in=references, kind="clock.breached").values_list("payload", flat=True)
    keys = {one["clock"] for one in told if one.get("clock")}
    return bool(keys) and any(one(keys) for one in _taken)


def from_event(
    code: str, label: Text, party: str, kind: str, of: Callable[[Mapping[str, Any]], int | None]
) -> Raiser:
    """Each event of ``kind``; ``of`` reads the party out of its columns (``actor_id``, ``merchant_id``, …)."""

    def found(start: datetime, end: datetime) -> Iterable[Fact]:
        rows = Event.objects.filter(kind=kind, at__gte=start, at__lt=end).order_by("pk")
        for row in rows.values("pk", "at", "actor_id", "merchant_id", "audience", "payload").iterator():
            who = of(row)
            if who is not None:
                yield Fact(int(who), row["pk"], row["at"])

    return Raiser(code, label, party, found)


def _runs_taught(start: datetime, end: datetime) -> Iterable[Fact]:
    """Each run that ended, of its trainer: whoever plans runs may have finished it in his place."""
    ended = Event.objects.filter(kind="run.finished", at__gte=start, at__lt=end).order_by("pk")
    rows = list(ended.values_list("pk", "at", "subject_id"))
    runs = Run.objects.filter(pk__in=[run for _key, _at, run in rows])
    trainers = dict(runs.values_list("pk", "trainer_id"))
    return [Fact(trainers[run], key, at) for key, at, run in rows if run in trainers]


def _seats_missed(start: datetime, end: datetime) -> Iterable[Fact]:
    """Each place that stayed empty in a run that was held, once: an absence that the trainer corrected is none."""
    rows = Event.objects.filter(kind="seat.missed", at__gte=start, at__lt=end).order_by("pk")
    newest = {seat: (key, at) for key, at, seat in rows.values_list("pk", "at", "subject_id")}
    absent = Seat.objects.filter(pk__in=list(newest), state=SeatState.ABSENT, run__state=RunState.DONE)
    return [
        Fact(person, *newest[seat]) for seat, person in absent.order_by("pk").values_list("pk", "person_id")
    ]


def _person(row: Mapping[str, Any]) -> int | None:
    return row["payload"].get("person")


def _breaches(start: datetime, end: datetime) -> Iterable[tuple[int, datetime, Mapping[str, Any], Clock]]:
    """Promises that ran out, with their clocks, which say who owed it; nothing of before the product."""
    rows = Event.objects.filter(kind="clock.breached", at__gte=start, at__lt=end).order_by("pk")
    listed = [row for row in rows.values_list("pk", "at", "payload") if not row[2].get("historic")]
    wanted = {payload["clock"] for _pk, _at, payload in listed if payload.get("clock")}
    clocks = Clock.objects.only("owed_by", "merchant_id").in_bulk(wanted)
    return [
        (pk, at, payload, clocks[payload["clock"]])
        for pk, at, payload in listed
        if payload.get("clock") in clocks
    ]


def _promises_broken(start: datetime, end: datetime) -> Iterable[Fact]:
    """Each breach of whoever held it when the time ran out; what a merchant owed is not charged to a person."""
    return [
        Fact(int(payload["holder"]), pk, at)
        for pk, at, payload, clock in _breaches(start, end)
        if clock.owed_by != Debtor.MERCHANT and payload.get("holder")
    ]


def _obligations_broken(start: datetime, end: datetime) -> Iterable[Fact]:
    """Each breach of a merchant that counts against him: not one that was left out with its reason, nor one that led to
    something else already.
    """
    found = [
        (clock.pk, Fact(clock.merchant_id, pk, at))
        for pk, at, _payload, clock in _breaches(start, end)
        if clock.owed_by == Debtor.MERCHANT and clock.merchant_id is not None
    ]
    keys = {key for key, _fact in found}
    left_out = excluded_clocks(keys).union(*(one(keys) for one in _taken))
    return [fact for key, fact in found if key not in left_out]


def register() -> None:
    """What the rooms below tell; the rooms above declare their own."""
    for one in (
        Raiser("run_taught", _("Taught a training run to its end"), Party.PERSON, _runs_taught),
        from_event("certified", _("Reached a certificate"), Party.PERSON, "certificate.granted", _person),
        Raiser("seat_missed", _("Missed a training that was booked"), Party.PERSON, _seats_missed),
        Raiser("promise_broken", _("Held work when its time ran out"), Party.PERSON, _promises_broken),
        Raiser(
            "obligation_broken", _("Let an obligation to customer or platform run out"), Party.MERCHANT,
            _obligations_broken,
        ),
    ):  # fmt: skip
        declare(one)
