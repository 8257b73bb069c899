"""What is left of a measure when some of its cases are left out: it goes on, or a smaller penalty takes its place."""

from datetime import datetime
from decimal import Decimal
from typing import Any

from django.db import transaction

from aftersales.core import moves, series
from aftersales.ledger.models import Proposal
from aftersales.ledger.services.onefact import facts_hold
from aftersales.ledger.states import ProposalState
from aftersales.scorecards import consequencewords
from aftersales.scorecards.consequences import Hit
from aftersales.scorecards.consequencestates import FALLEN, Effect
from aftersales.scorecards.models import MeasureFact, MerchantMeasure
from aftersales.scorecards.services import turning
from aftersales.scorecards.services.proposing import measure_propose
from aftersales.standards.selectors import duration

WINDOW = "measure_appeal_days"


def measure_retake(
    *, measure: MerchantMeasure, rest: Hit, actor: Any, now: datetime
) -> MerchantMeasure | None:
    """Hold what is left: still enough for the rule. Answers the measure whose place a smaller penalty took, else None.

    What does not get smaller goes on, and its figures are put right; its pages name what counts no more. A penalty for
    each case that is smaller now is replaced in this transaction, whatever became of the window of its rule: by one of
    the same step, month and version, proposed when the first one was, so that later steps, other rules and the next
    judging see no difference. Later steps rest on it; none of them falls.

    Its money has its own due process in the ledger, and no person's decision about the greater sum is taken for one
    about the smaller: that is told with its own time to appeal and approved by a person, the first penalty's number
    among its evidence. What was posted is turned back as a whole. While an appeal against the money waits, nothing is
    replaced: it is heard as it was brought, and upheld it is counted anew. Who was let off stays so.
    """
    with moves.translated_locks(), transaction.atomic():
        facts_hold(measure.merchant_id)
        current: MerchantMeasure = moves.locked(measure)
        if current.state in FALLEN or rest.bad >= _held(current):
            return None
        less = _charged(current, rest.bad)
        if less is None or less == current.amount:
            _put_right(current, rest, actor, now)
            return None
        found = turning.charging(current)
        proposal: Proposal | None = moves.locked(found) if found is not None else None
        if proposal is None or proposal.state == ProposalState.APPEALED:
            return None
        return _replaced(current, rest, less, proposal, actor, now)


def _held(row: MerchantMeasure) -> int:
    return int(row.figures.get("breaches", row.figures.get("bad", 0)))


def _charged(row: MerchantMeasure, bad: int) -> Decimal | None:
    """What a penalty for each case is for so many of them, never more than it was; None for everything else."""
    if row.effect != Effect.PENALTY or row.amount is None or "each" not in row.figures:
        return None
    return min(Decimal(row.figures["each"]) * bad, Decimal(row.figures["most"]), row.amount)


def _counted(row: MerchantMeasure, rest: Hit) -> dict[str, Any]:
    """Its figures with what is left."""
    found = {code: value for code, value in row.figures.items() if code != "answered"} | dict(rest.figures)
    return found | ({"bad": rest.bad} if "bad" in row.figures else {})


def _put_right(row: MerchantMeasure, rest: Hit, actor: Any, now: datetime) -> None:
    payload = row.told(left=rest.bad, was=_held(row))
    moves.change(
        row, actor=actor, now=now, event="measure.recounted", payload=payload, figures=_counted(row, rest)
    )


def _replaced(
    old: MerchantMeasure, rest: Hit, amount: Decimal, proposal: Proposal, actor: Any, now: datetime
) -> MerchantMeasure:
    number = series.next_number("measure", now)
    given = _reason(old, rest, amount, proposal) | {"number": number}
    said = consequencewords.ended(given)
    gone: MerchantMeasure = moves.perform(
        old, "cancel", actor=actor, now=now, reason=said, why=said, ended=given
    )
    MeasureFact.objects.filter(measure=gone).update(freed_at=now)
    turning.end(gone, now, undone=True)
    row = _proposed(old, rest, number, proposal.number, amount, actor, now)
    ends = min((one for one in (old.ends_at, old.ended_at) if one is not None), default=None)
    made: MerchantMeasure = moves.perform(
        row, "impose", actor=actor, now=now, appeal_until=now + duration(WINDOW, now), ends_at=ends
    )
    turning.begin(made, actor, now)
    MerchantMeasure.objects.filter(pk=made.pk).update(begins_at=old.begins_at)
    MerchantMeasure.objects.filter(rests_on=old).exclude(state__in=sorted(FALLEN)).update(rests_on=made)
    if ends is not None and ends <= now:  # the time of the first one is lengthened by nothing
        turning.end(moves.perform(made, "expire", actor=actor, now=now), now, undone=False)
    return gone


def _reason(old: MerchantMeasure, rest: Hit, amount: Decimal, proposal: Proposal) -> dict[str, Any]:
    """Why the first one ends: code and numbers, worded by ``consequencewords.ended``."""
    found: dict[str, Any] = {
        "code": consequencewords.REPLACED, "left": rest.bad, "bad": _held(old), "was": str(old.amount),
        "now": str(amount), "currency": old.merchant.currency,
    }  # fmt: skip
    if "metric" in old.figures:
        found["metric"] = old.figures["metric"]
    if proposal.heard_at is not None:
        found["heard"] = proposal.number
    return found


def _proposed(
    old: MerchantMeasure, rest: Hit, number: str, penalty: str, amount: Decimal, actor: Any, now: datetime
) -> MerchantMeasure:
    figures = _counted(old, rest) | {"instead_of": [old.number, penalty]}
    row = MerchantMeasure(
        number=number, merchant=old.merchant, rule=old.rule, citation=old.citation, trigger=old.trigger,
        period=old.period, figures=figures, step=old.step, steps=old.steps, rests_on=old.rests_on, effect=old.effect,
        days=old.days, points=old.points, weight=old.weight, cap=old.cap, amount=amount, course=old.course,
        proposed_by_id=old.proposed_by_id, proposed_at=old.proposed_at,
    )  # fmt: skip
    return measure_propose(row=row, facts=rest.facts, actor=actor, now=now)
