"""What the return rules are told about one order line. Times with how fine they are known; nothing about the person.

There is no field about the customer's class, credit, score or complaints, and there may never be one: the law gives
the right to whoever bought (an architecture test reads this file).
"""

from dataclasses import dataclass, field
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from aftersales.standards.worktime import ALWAYS, WorkingTime

EXACT, MINUTE, DAY = "exact", "minute", "day"
"""How fine a time is known; the codes of ``orders.states.Grain``."""
TICK = timedelta(microseconds=1)
ANY: frozenset[str] = frozenset()


@dataclass(frozen=True)
class Moment:
    """A time as a source told it: somewhere between ``earliest`` and ``latest``."""

    at: datetime
    grain: str = EXACT

    @property
    def earliest(self) -> datetime:
        return self.at

    def latest(self, zone: ZoneInfo) -> datetime:
        """The last instant the source may have meant; a day is as long as the market's clocks make it."""
        if self.grain == MINUTE:
            return self.at + timedelta(minutes=1) - TICK
        if self.grain == DAY:
            return self.at.astimezone(zone) + timedelta(days=1) - TICK
        return self.at


@dataclass(frozen=True)
class ParcelFacts:
    """One outgoing parcel with pieces of the line.

    ``state``: ``under_way`` (also not handed over yet), ``delivered``, ``lost``, ``void`` (cancelled or sent back).
    ``signer``: code of ``orders.states.Signer``. ``consent``: recorded consent to leave it there; None: not recorded.
    ``picked_up``: when the recipient took it out of the locker or station.
    """

    state: str = "delivered"
    shipped: Moment | None = None
    delivered: Moment | None = None
    signer: str = ""
    consent: bool | None = None
    picked_up: Moment | None = None


@dataclass(frozen=True)
class RepairFacts:
    """One repair: from the day the shop got it to the day the customer had it back.

    ``back`` None: still there. ``outcome``: ``fixed``, ``failed`` (fault came back or was not found), ``unrepairable``,
    empty while unknown. ``parts_days``: days of waiting for parts. ``by_customer``: he caused the delay.
    """

    received: Moment
    back: Moment | None = None
    outcome: str = ""
    parts_days: int = 0
    by_customer: bool = False


@dataclass(frozen=True)
class PromiseFacts:
    """What the merchant promised for this line when it was bought. It only ever adds to what the rules give.

    ``value`` None: a promise without a longer window. ``in_spite_of_exceptions``: he takes back what the law lets
    him exclude; then he is bound (law R2). ``return_freight``: who bears the way back by this promise, empty: as the
    rule says. Empty ``demands`` or ``grounds``: all of them.
    """

    code: str
    demands: frozenset[str] = ANY
    grounds: frozenset[str] = ANY
    value: int | None = None
    unit: str = "days"
    in_spite_of_exceptions: bool = False
    return_freight: str = ""

    def covers(self, demand: str, ground: str) -> bool:
        return (not self.demands or demand in self.demands) and (not self.grounds or ground in self.grounds)


@dataclass(frozen=True)
class LineFacts:
    """One question: may this line be returned (exchanged, repaired …) for this reason, asked at this moment?

    ``purchased`` is when the order was placed: the contract stands from then, so the rules of that moment count.
    ``category_path``: codes from the root to the line's category; empty when unknown. ``line_rule``: as told at
    purchase (``no_reason``, ``soft_exception``, ``hard_exception``); ``exception_kind`` when known.
    ``confirmed``: the buyer confirmed the exception for this single purchase, at ``confirmed_at``.
    ``needs_installation`` None: nobody knows. ``marks``: presale, cross_border, gift, cash_on_delivery, minor.
    ``parcels_complete`` False: some parcels of the line may not be recorded.
    """

    demand: str
    ground: str
    asked: Moment
    purchased: Moment
    paid: Moment | None = None
    category_path: tuple[str, ...] = ()
    line_rule: str = "no_reason"
    exception_kind: str = ""
    confirmed: bool = False
    confirmed_at: datetime | None = None
    parcels: tuple[ParcelFacts, ...] = ()
    parcels_complete: bool = True
    needs_installation: bool | None = False
    installed: Moment | None = None
    replacements: tuple[ParcelFacts, ...] = ()
    repairs: tuple[RepairFacts, ...] = ()
    marks: frozenset[str] = ANY
    region: str = ""
    freight_insured: bool = False
    promises: tuple[PromiseFacts, ...] = ()


@dataclass(frozen=True)
class Place:
    """Where the law applies: the market's law set and zone, and the calendar its working days are counted in."""

    law_set: str = "CN"
    zone: ZoneInfo = field(default_factory=lambda: ZoneInfo("Asia/Shanghai"))
    calendar: WorkingTime = ALWAYS
