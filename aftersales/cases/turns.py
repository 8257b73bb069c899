"""Whose turn a case is between merchant, customer and platform, and until when: asked of many cases at once.

The portal and the desk of merchants' managers read it here, so that nobody is called late while others have the turn.
Nothing here writes.
"""

from __future__ import annotations

from typing import Any

from django.db import models
from django.db.models import Case as Choose
from django.db.models import CharField, DateTimeField, Exists, F, OuterRef, Q, QuerySet, Subquery, Value, When
from django.db.models.functions import Coalesce
from django.utils.translation import pgettext_lazy
from django_cte import CTE, with_cte

from aftersales.cases.disputestates import BEFORE_RULING, DisputeState
from aftersales.cases.models import Case, CaseParcel, CasePayment, Dispute, ParcelItem, Repair, Settlement
from aftersales.cases.querysets import CaseQuerySet
from aftersales.cases.repairs.states import RepairState
from aftersales.cases.states import (
    HERE,
    HIS_TURN,
    OPEN_PAYMENTS,
    CaseKind,
    CaseState,
    Direction,
    ParcelState,
    PaymentState,
    Side,
)
from aftersales.clocks.models import Clock
from aftersales.standards.states import Promise

KIND = "cases.case"
BENCH = (
    RepairState.RECEIVED, RepairState.DIAGNOSED, RepairState.ACCEPTED, RepairState.DECLINED,
    RepairState.AWAITING_PARTS, RepairState.REPAIRING, RepairState.TESTED,
)  # fmt: skip
"""States of a repair in which the workshop has something to do."""
WITH_BANK = frozenset({PaymentState.SUBMITTED, PaymentState.UNKNOWN})
ON_SHELF = (*HERE, ParcelState.INSPECTED)


class Turn(models.TextChoices):
    """What comes next with an open case, and by whom."""

    DISPUTE = "dispute", pgettext_lazy("merchant's turn", "Answer in the dispute")
    PROPOSAL = "proposal", pgettext_lazy("merchant's turn", "Answer the customer's proposal")
    ANSWER = "answer", pgettext_lazy("merchant's turn", "Answer the request")
    ADDRESS = "address", pgettext_lazy("merchant's turn", "Give the return address")
    RECEIPT = "receipt", pgettext_lazy("merchant's turn", "Confirm what came back")
    REPLACEMENT = "replacement", pgettext_lazy("merchant's turn", "Send the replacement")
    REPAIR = "repair", pgettext_lazy("merchant's turn", "Go on with the repair")
    REFUND = "refund", pgettext_lazy("merchant's turn", "Confirm the refund")
    CUSTOMER = "customer", pgettext_lazy("merchant's turn", "Waits for the customer")
    CARRIER = "carrier", pgettext_lazy("merchant's turn", "On its way with the carrier")
    PLATFORM = "platform", pgettext_lazy("merchant's turn", "Waits for the platform")
    BANK = "bank", pgettext_lazy("merchant's turn", "The money is on its way")


MINE = (
    Turn.DISPUTE, Turn.PROPOSAL, Turn.ANSWER, Turn.ADDRESS, Turn.RECEIPT, Turn.REPLACEMENT, Turn.REPAIR, Turn.REFUND,
)  # fmt: skip
"""Turns of the merchant himself, the one that matters most first."""
OTHERS = tuple(one for one in Turn if one not in MINE)
OUTER = OuterRef("pk")


def with_turns(rows: CaseQuerySet) -> CaseQuerySet:
    """Open cases with ``whose`` (a turn) and ``until`` (None where no time runs).

    Both are table expressions: asked once for each case, however often the rows are narrowed, ordered or counted by
    them. As plain annotations they stand nine times in the statement of a merchant's day, and planning that is what
    the page waits for.
    """
    own = rows.open()
    turns = CTE(own.order_by().annotate(whose=_turn()).values("id", "whose"), name="turns", materialized=True)
    timed = turns.join(Case.objects.order_by(), id=turns.col.id).annotate(whose=turns.col.whose)
    times = CTE(
        timed.annotate(until=_until()).values("id", "whose", "until"), name="times", materialized=True
    )
    joined = times.join(own, id=times.col.id).annotate(whose=times.col.whose, until=times.col.until)
    found: CaseQuerySet = with_cte(turns, times, select=joined)
    return found


def _turn() -> Choose:
    rules: list[tuple[str, Any]] = [
        (Turn.DISPUTE, Q(state=CaseState.DISPUTED) & Exists(_asked())),
        (Turn.PROPOSAL, Q(state=CaseState.DISPUTED) & Exists(_proposed())),
        (Turn.PLATFORM, Q(state=CaseState.DISPUTED)),
        (Turn.ANSWER, Q(state__in=HIS_TURN)),
        (Turn.CUSTOMER, Q(state=CaseState.OFFERED)),
        (Turn.ADDRESS, _owed(Promise.RETURN_ADDRESS)),
        (Turn.RECEIPT, _waits_here()),
        (Turn.REPLACEMENT, _owed(Promise.REPLACEMENT)),
        (Turn.REPAIR, Q(kind=CaseKind.REPAIR) & Exists(_repairs(BENCH))),
        (Turn.REFUND, _unpaid()),
        (Turn.CUSTOMER, _parcels(state=ParcelState.AWAITED) | Exists(_repairs([RepairState.QUOTED]))),
        (Turn.CARRIER, _parcels(state__in=[ParcelState.IN_TRANSIT, ParcelState.SENT_BACK])),
        (Turn.CUSTOMER, _paying(PaymentState.PAYEE_NEEDED)),
        (Turn.PLATFORM, _paying(*OPEN_PAYMENTS - WITH_BANK)),
        (Turn.BANK, _paying(*WITH_BANK)),
    ]  # fmt: skip
    whens = [When(rule, then=Value(turn.value)) for turn, rule in rules]  # type: ignore[attr-defined]
    return Choose(*whens, default=Value(Turn.PLATFORM.value), output_field=CharField())


def _asked() -> Any:
    """Disputes in which this side has to answer, or may still bring evidence of its own after the other."""
    asked = [DisputeState.OPENED, DisputeState.EVIDENCE]
    return Dispute.objects.filter(case=OUTER, state__in=asked, turn=Side.MERCHANT)


def _proposed() -> Any:
    lies = Settlement.objects.filter(gone_at=None, accepted_at=None, by=Side.CUSTOMER)
    return lies.filter(dispute__case=OUTER, dispute__state__in=BEFORE_RULING)


def _owed(promise: str) -> Exists:
    """A clock of this promise runs or ran out on the case, and was not kept yet."""
    return Exists(Clock.objects.filter(subject_kind=KIND, subject_id=OUTER, promise=promise, ended_at=None))


def _parcels(**facts: Any) -> Any:
    """Whether goods of the case lie in such a parcel, or it was announced for it."""
    inside = {f"parcel__{name}": value for name, value in facts.items()}
    return Q(Exists(CaseParcel.objects.filter(case=OUTER, **facts))) | Q(
        Exists(ParcelItem.objects.filter(case_line__case=OUTER, **inside))
    )


def _waits_here() -> Any:
    """Goods stand at the door, or lie here and nobody said yet what becomes of them; a repair goes to the bench."""
    inbound = {"direction": Direction.INBOUND}
    at_door = _parcels(state=ParcelState.IN_TRANSIT, arrived_at__isnull=False, **inbound)
    return at_door | (_parcels(state__in=ON_SHELF, **inbound) & ~Q(kind=CaseKind.REPAIR))


def _repairs(states: Any) -> Any:
    return Repair.objects.filter(case_line__case=OUTER, state__in=states)


def _paying(*states: str) -> Exists:
    """A payment of the case stands so: proposed or refused by the bank it waits for the platform's finance."""
    return Exists(CasePayment.objects.filter(case=OUTER, state__in=states))


def _unpaid() -> Any:
    """Something is agreed that stands in no payment, and no goods are waited for: also where others are still to come,
    the refund is the merchant's to confirm."""
    seen = Q(settled_at__isnull=False) | Q(goods_back=False) | Q(instant=True)
    return Q(state=CaseState.APPROVED, agreed__gt=F("paying")) & seen


def _until() -> Choose:
    dispute = Dispute.objects.filter(case=OUTER, state__in=BEFORE_RULING).values("turn_until")[:1]
    bench = _repairs(BENCH).order_by("next_due_at").values("next_due_at")[:1]
    sends = CaseParcel.objects.filter(case=OUTER, state=ParcelState.AWAITED).order_by("ship_by")
    return Choose(
        When(state=CaseState.DISPUTED, then=Subquery(dispute)),
        When(whose=Turn.REPAIR, then=Coalesce(Subquery(bench), F("next_due_at"))),
        When(
            whose=Turn.CUSTOMER, state=CaseState.APPROVED,
            then=Coalesce(Subquery(sends.values("ship_by")[:1]), F("next_due_at")),
        ),
        default=F("next_due_at"),
        output_field=DateTimeField(null=True),
    )  # fmt: skip


def turns_of_clocks(rows: QuerySet[Clock]) -> QuerySet[Clock]:
    """Clocks with ``whose``: the turn of the case that each is about; empty where it is about no open case."""
    about = Case.objects.filter(pk=OuterRef("subject_id")).open().annotate(whose=_turn()).order_by()
    turn = Choose(
        When(subject_kind=KIND, then=Coalesce(Subquery(about.values("whose")[:1]), Value(""))),
        default=Value(""), output_field=CharField(),
    )  # fmt: skip
    return rows.annotate(whose=turn)


def turn_of(case: Case) -> Turn | None:
    """Of a case that was read with its turn; None of one that is over."""
    found = getattr(case, "whose", "")
    return Turn(found) if found else None
