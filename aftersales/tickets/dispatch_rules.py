"""Pure judgements of dispatch: who may take a ticket, how well everybody fits, who gets it (R3.2, R1.5, R2.3).

Points are whole tenths and shares whole thousandths: the same facts give the same choice on every machine, so that
last week can be played again and yesterday's choice can be explained.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any

from django.utils.translation import gettext_lazy

from aftersales.tickets.rules import NEVER
from aftersales.tickets.states import Kind, Nature, NotDispatched, Severity

PARTS = ("duty", "load", "known", "shift", "green", "language", "idle")
WHOLE = 1000  # a full share
TENTHS = 10
HUNDREDTHS = 100  # an ordinary ticket weighs so much
HALF = WHOLE // 2
SAME_CUSTOMER = 2 * WHOLE // 3  # who knows the customer, but not this order

KEY, SPECIAL, VIP = "key", "special", "vip"


@dataclass(frozen=True)
class Weights:
    """What counts how much: ``parts`` in points, ``factors`` how heavy a ticket of a severity is (100 is ordinary)."""

    number: int
    parts: Mapping[str, int]
    factors: Mapping[str, int]

    @property
    def whole(self) -> int:
        """The most points anybody can have."""
        return sum(self.parts.values())

    def weight_of(self, severity: str) -> int:
        return self.factors.get(severity, HUNDREDTHS)


def weights_of(value: Iterable[str], number: int) -> Weights:
    """From the rule book's list ("load=25", "load_major=150"); what it does not know or cannot read counts nothing."""
    told: dict[str, int] = {}
    for piece in value:
        name, _equals, amount = piece.partition("=")
        if amount.strip().isdecimal():
            told[name.strip()] = min(int(amount), WHOLE)
    factors = {code: told.get(f"load_{code}", 0) or HUNDREDTHS for code in Severity.values}
    return Weights(number, {name: told.get(name, 0) for name in PARTS}, factors)


def value_of(weights: Weights) -> list[str]:
    """The same as the rule book keeps it."""
    parts = [f"{name}={weights.parts.get(name, 0)}" for name in PARTS]
    return [*parts, *(f"load_{code}={weights.weight_of(code)}" for code in Severity.values)]


@dataclass(frozen=True)
class Terms:
    """The limits of dispatch, each a row of the rule book. Times in minutes."""

    new_per_hour: int
    last_minutes: int
    idle_minutes: int
    work_minutes: Mapping[str, int]
    vendor_severities: frozenset[str]


@dataclass(frozen=True)
class Asked:
    """What dispatch must know of one ticket beside its row.

    ``green``: why it goes through the green channel, "" when it does not. ``known``: who handled this order or this
    customer before, with the ticket's number. ``own``: people whose own order it is. ``returned``: from whom it was
    just taken back, ``put_back``: who just gave it back. ``changed``: versions of rules about it that have to be read.
    ``language``: one the market does not speak, which the
    customer wants.
    """

    severity: str = Severity.MINOR
    kind: str = Kind.OTHER
    nature: str = Nature.OPERATION
    green: str = ""
    language: str = ""
    known: Mapping[int, tuple[str, str]] = field(default_factory=dict)
    own: frozenset[int] = frozenset()
    returned: frozenset[int] = frozenset()
    put_back: frozenset[int] = frozenset()
    changed: frozenset[int] = frozenset()


@dataclass(frozen=True)
class Candidate:
    """One person as dispatch sees him: ``load`` counts open tickets, ``weight`` weighs them (100 is an ordinary one).

    ``fresh``: given to him within the last hour. ``left``: minutes of the shift that remain. ``idle``: minutes since
    the last one, None when he never had any. ``verdict`` is "" when he may take it; ``parts`` and ``total`` are tenths.
    """

    person_id: int
    name: str
    team_id: int | None
    load: int
    capacity: int
    on_shift: bool
    away: bool
    next_shift_at: datetime | None = None
    last_assigned_at: datetime | None = None
    verdict: str = ""
    weight: int | None = None
    fresh: int = 0
    left: int | None = None
    idle: int | None = None
    away_reason: str = ""
    until: datetime | None = None
    qualified: bool = True
    tier: int = WHOLE
    certificate: str = ""
    senior: bool = False
    vendor: bool = False
    speaks: frozenset[str] = frozenset()
    known: str = ""
    known_by: str = ""
    own: bool = False
    returned: bool = False
    put_back: bool = False
    onboarding: str = ""  # hours done of those needed before the first ticket, "" for who is no newcomer
    unread: frozenset[int] = frozenset()  # versions of rules whose tickets wait until they are read
    parts: tuple[int, ...] = ()
    total: int = 0

    @property
    def carried(self) -> int:
        """The weighted load; tickets count as ordinary ones where nobody weighed them."""
        return self.load * HUNDREDTHS if self.weight is None else self.weight


@dataclass(frozen=True)
class Choice:
    """Who gets it and why; kept with the ticket as it was judged."""

    chosen: Candidate | None
    reason: str
    candidates: tuple[Candidate, ...] = field(default_factory=tuple)
    asked: Asked | None = None
    weights: int = 0

    @property
    def lead(self) -> int:
        """By how many tenths the chosen person is ahead of the next one."""
        others = [
            one.total
            for one in self.candidates
            if not one.verdict and self.chosen and one.person_id != self.chosen.person_id
        ]
        return self.chosen.total - max(others) if self.chosen and others else 0


NO_CERTIFICATE = gettext_lazy("no valid certificate: %(certificate)s")
NEWCOMER = gettext_lazy("new here: %(onboarding)s hours of onboarding done")
NOT_ONBOARDED = gettext_lazy(
    "%(name)s is new here and has %(done)s of the %(needed)s hours of onboarding that come before the first ticket. "
    "%(next)s"
)
NEXT_RUN = gettext_lazy("The next onboarding run is %(run)s on %(at)s.")
NO_RUN = gettext_lazy("No onboarding run is planned; ask a trainer for one.")
PAUSES = frozenset({"break", "pause"})
BUSY = frozenset({"full", "hourly", "returned"}) | PAUSES  # qualified and here, but not at this moment


def hours(value: Decimal) -> str:
    """30, not 30.00."""
    return f"{value.normalize():f}"


def verdict(one: Candidate, asked: Asked, terms: Terms | None = None) -> str:
    """Why this person does not get the ticket; "" when he may. Whose own order it is never shows."""
    if one.own:
        return "not_this"
    if one.away:
        return one.away_reason if one.away_reason in PAUSES else "away"
    if not one.on_shift:
        return "off_shift"
    if one.onboarding:
        return "onboarding"
    if not one.qualified:
        return "certificate"
    if one.vendor and terms is not None and _beyond_vendors(asked, terms):
        return "scope"
    if asked.changed & one.unread:
        return "unread"
    if one.returned:
        return "returned"
    if one.carried >= one.capacity * HUNDREDTHS:
        return "full"
    if terms is not None and terms.new_per_hour and one.fresh >= terms.new_per_hour:
        return "hourly"
    return "put_back" if one.put_back else ""


def _beyond_vendors(asked: Asked, terms: Terms) -> bool:
    """Complaints, safety and what is worse than the contract covers stay with own staff."""
    grave = asked.kind == Kind.SAFETY or asked.nature == Nature.COMPLAINT
    return grave or asked.severity not in terms.vendor_severities


def score(one: Candidate, asked: Asked, weights: Weights, terms: Terms) -> Candidate:
    """The person with his parts and their sum, in tenths of a point."""
    shares = {
        "duty": one.tier,
        "load": _load_share(one),
        "known": _known_share(one.known),
        "shift": _shift_share(one, asked, terms),
        "green": _green_share(one, asked),
        "language": WHOLE if not asked.language or asked.language in one.speaks else 0,
        "idle": _idle_share(one, terms),
    }
    parts = tuple(weights.parts.get(name, 0) * TENTHS * shares[name] // WHOLE for name in PARTS)
    return replace(one, parts=parts, total=sum(parts))


def _load_share(one: Candidate) -> int:
    room = one.capacity * HUNDREDTHS
    return max(0, WHOLE - one.carried * WHOLE // room) if room else 0


def _known_share(known: str) -> int:
    return {"order": WHOLE, "owner": WHOLE, "customer": SAME_CUSTOMER}.get(known, 0)


def _shift_share(one: Candidate, asked: Asked, terms: Terms) -> int:
    """Whether the shift lasts as long as the work is expected to."""
    needed = max(terms.work_minutes.get(asked.severity, 1), 1)
    return min(WHOLE, max(one.left or 0, 0) * WHOLE // needed)


def _green_share(one: Candidate, asked: Asked) -> int:
    """Served by senior people; for everybody else's tickets the class of nobody counts."""
    if not asked.green:
        return 0
    return WHOLE if one.senior else HALF


def _idle_share(one: Candidate, terms: Terms) -> int:
    if one.idle is None or not terms.idle_minutes:
        return WHOLE
    return min(WHOLE, max(one.idle, 0) * WHOLE // terms.idle_minutes)


def choose(
    candidates: Sequence[Candidate], asked: Asked | None = None, weights: Weights | None = None,
    terms: Terms | None = None,
) -> Choice:  # fmt: skip
    """The best total; then the lightest load for the own capacity, who waited longest, the key: always the same.

    Whose shift is nearly over is chosen only when nobody else can take it; who gave it back only when nobody else
    here is qualified at all, be his hands full or not.
    """
    asked = asked or Asked()
    judged = [replace(one, verdict=verdict(one, asked, terms)) for one in candidates]
    if weights is not None and terms is not None:
        judged = [_ending(one, terms) if not one.verdict else one for one in judged]
        judged = [
            score(one, asked, weights, terms) if one.verdict in ("", "ending") else one for one in judged
        ]
    number = weights.number if weights else 0
    fit = [one for one in judged if not one.verdict]
    if not fit and any(one.verdict == "ending" for one in judged):
        judged = [replace(one, verdict="") if one.verdict == "ending" else one for one in judged]
        fit = [one for one in judged if not one.verdict]
    if not fit and not any(one.verdict in BUSY for one in judged):
        judged = [
            score(replace(one, verdict=""), asked, weights, terms)
            if one.verdict == "put_back" and weights is not None and terms is not None
            else replace(one, verdict="" if one.verdict == "put_back" else one.verdict)
            for one in judged
        ]
        fit = [one for one in judged if not one.verdict]
    if not judged:
        return Choice(None, NotDispatched.NOBODY_HAS_DUTY.value, (), asked, number)
    if not fit:
        return Choice(None, _nobody(judged), tuple(judged), asked, number)
    return Choice(min(fit, key=_rank), "scored", tuple(judged), asked, number)


def _ending(one: Candidate, terms: Terms) -> Candidate:
    near = one.left is not None and one.left < terms.last_minutes
    return replace(one, verdict="ending") if near else one


def _rank(one: Candidate) -> tuple[Any, ...]:
    last = one.last_assigned_at.timestamp() if one.last_assigned_at else 0.0
    return (-one.total, one.carried * WHOLE // max(one.capacity, 1), last, one.person_id)


def _nobody(judged: Sequence[Candidate]) -> str:
    verdicts = {one.verdict for one in judged}
    if verdicts & BUSY:
        return NotDispatched.NOBODY_FREE.value
    return NotDispatched.NOBODY_FIT.value if verdicts & NEVER else NotDispatched.NOBODY_ON_SHIFT.value


def is_pressing(severity: str, kind: str, due: datetime, now: datetime, soon: timedelta) -> bool:
    """What no class of customer may overtake: critical, about safety, late or due soon (worse never waits longer)."""
    return severity == Severity.CRITICAL or kind == Kind.SAFETY or due <= now + soon


def place_in_queue(*, pressing: bool, green: str, due: datetime, key: int) -> tuple[int, datetime, int]:
    """Who is served first: what presses, then the green channel, then the others, each by its due time."""
    return (0 if pressing else 1 if green else 2, due, key)


def green_channel(customer_class: str, service_level: int, vip_level: int) -> str:
    """Why a customer is served first (R2.3): key, special, VIP by service level; "" for everybody else."""
    if customer_class in (KEY, SPECIAL):
        return customer_class
    return VIP if vip_level and service_level >= vip_level else ""


def minutes_between(start: datetime | None, end: datetime) -> int | None:
    return None if start is None else int((end - start).total_seconds() // 60)
