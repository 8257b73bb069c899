"""When the money of a case was out of the merchant's hands: read of its payments' events, of many cases at once.

He has done what he owes once all that was agreed stands in payments. From then on finance, a second person or the bank
has the turn (``turns``), until a payment is refused or called back, or more is agreed than stands in payments.
"""

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal
from itertools import chain
from typing import Any

from django.utils.translation import gettext as _

from aftersales.cases.models import Case, CasePayment
from aftersales.cases.states import OPEN_PAYMENTS
from aftersales.clocks.rules import Pause
from aftersales.core.models import Event
from aftersales.core.wording import listed, minute

REASON = "money_held"
SAID = 15  # of more spells the last ones are told
CASE, PAYMENT = Case._meta.label_lower, CasePayment._meta.label_lower
AGREED = frozenset({"case.approved", "case.turned", "case.settled"})
MONEY = frozenset({*AGREED, "case.freight_agreed", "case.paying"})


@dataclass
class Held:
    """The money of one case while its events are read. ``spells``: when it was out of his hands, the last one open
    where it still is; ``payments``: keys of those that made it so.
    """

    agreed: Decimal = Decimal(0)
    paying: Decimal = Decimal(0)
    open: set[int] = field(default_factory=set)
    spells: list[Pause] = field(default_factory=list)
    payments: set[int] = field(default_factory=set)

    def hear(self, event: Event) -> None:
        if event.subject_kind == CASE:
            self._agreed(event.kind, event.payload)
        elif event.new in OPEN_PAYMENTS:
            self.open.add(event.subject_id)
        elif event.new:
            self.open.discard(event.subject_id)
        self._turn(event.at)

    def _agreed(self, kind: str, payload: Mapping[str, Any]) -> None:
        if kind == "case.paying":
            self.paying, self.agreed = Decimal(payload["paying"]), Decimal(payload["agreed"])
        elif kind in AGREED:
            self.agreed = Decimal(payload.get("amount") or 0)
        else:
            self.agreed += Decimal(payload["amount"])

    def _turn(self, at: datetime) -> None:
        """A spell begins, ends, or goes on. Acts of one moment make none."""
        last = self.spells[-1] if self.spells else None
        stands = last is not None and last.end is None
        if self.open and self.agreed <= self.paying:
            self.payments |= self.open
            if not stands:
                self.spells.append(Pause(at, None))
        elif stands and last is not None:
            self.spells.pop()
            if at > last.start:
                self.spells.append(Pause(last.start, at))


def money_held(cases: Collection[int]) -> Mapping[int, Held]:
    """By case. Three queries for any number."""
    case_of = dict(CasePayment.objects.filter(case__in=cases).order_by().values_list("pk", "case_id"))
    paid = Event.objects.filter(subject_kind=PAYMENT, subject_id__in=case_of)
    agreed = Event.objects.filter(subject_kind=CASE, subject_id__in=set(case_of.values()), kind__in=MONEY)
    found: dict[int, Held] = {pk: Held() for pk in cases}
    for event in _in_order(paid, agreed):
        case = case_of[event.subject_id] if event.subject_kind == PAYMENT else event.subject_id
        found[case].hear(event)
    return found


def _in_order(*rows: Iterable[Event]) -> Iterable[Event]:
    return sorted(chain(*rows), key=lambda event: int(event.pk))


def reason_of(spells: Sequence[Pause]) -> str:
    """The product's own reason why time was not the merchant's, as it is stored."""
    told = (f"{one.start.isoformat()}/{one.end.isoformat() if one.end else ''}" for one in spells[-SAID:])
    return f"{REASON} {' '.join(told)}"


def reason_words(told: str) -> str:
    """The same as people read it."""
    return _("The refund was with the platform or its bank: %(spells)s.") % {
        "spells": listed(_spell(*one.partition("/")[::2]) for one in told.split())
    }


def _spell(start: str, end: str) -> str:
    names = {"start": minute(datetime.fromisoformat(start))}
    if not end:
        return _("from %(start)s on") % names
    return _("from %(start)s until %(end)s") % (names | {"end": minute(datetime.fromisoformat(end))})
