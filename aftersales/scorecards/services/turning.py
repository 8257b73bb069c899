"""What a measure does outside its own row, and how that ends or is turned back, in the transaction of its move."""

from datetime import datetime
from typing import Any

from django.db.models import QuerySet, Sum

from accounts.services import system_user
from aftersales.clocks.models import BreachExclusion, Clock
from aftersales.clocks.services import breach_exclude
from aftersales.clocks.states import ExclusionCause
from aftersales.core import jobs, moves
from aftersales.core.models import Event
from aftersales.ledger.models import Proposal
from aftersales.ledger.services import proposal_cancel, proposal_notify, propose
from aftersales.ledger.states import DEAD, ProposalKind
from aftersales.merchants.machine import MACHINE as SHOP_MACHINE
from aftersales.merchants.models import Merchant
from aftersales.merchants.services import deposit_due_change, merchant_move
from aftersales.merchants.states import Cause, MerchantState
from aftersales.scorecards import consequencewords
from aftersales.scorecards.consequencedays import first_day, last_of
from aftersales.scorecards.consequences import BREACH, FIGURE
from aftersales.scorecards.consequencestates import FALLEN, Effect, Trigger
from aftersales.scorecards.models import MerchantMeasure, Neutral
from aftersales.scorecards.services.counting import touch
from aftersales.scorecards.services.scorefalls import score_falls

STAND = "scorecards.stand"
RESTRICT = "merchants.restrict"
HOLDS = {
    Effect.RESTRICTION: ("restrict", MerchantState.RESTRICTED),
    Effect.SUSPENSION: ("suspend", MerchantState.SUSPENDED),
}

HOLDING = {state: move for move, state in HOLDS.values()}
SHUT = (
    MerchantState.ACTIVE, MerchantState.RESTRICTED, MerchantState.SUSPENDED, MerchantState.EXITING,
    MerchantState.CLOSED,
)  # fmt: skip
"""From a shop that sells to one that does not: no measure takes it less far than it is."""
SHOP_MOVED = frozenset(one.event for one in SHOP_MACHINE.moves)


def source_of(row: MerchantMeasure) -> tuple[str, int]:
    return row._meta.label_lower, row.pk


def begin(row: MerchantMeasure, actor: Any, now: datetime) -> None:
    """Money is proposed, a deposit called, a shop restricted; everything else acts by the row alone."""
    effect = Effect(row.effect)
    if effect == Effect.PENALTY:
        _penalty(row, now)
    elif effect == Effect.DEPOSIT and row.amount is not None:
        deposit_due_change(
            merchant=row.merchant, by=row.amount, actor=system_user(now), now=now, reason=row.number
        )
    elif effect in HOLDS:
        _hold(row, actor, now)


def _hold(row: MerchantMeasure, actor: Any, now: datetime) -> None:
    """The shop is taken as far as the measure says, unless it is there or further already."""
    shop: Merchant = moves.locked(row.merchant)
    last = _moved_by(shop)
    _keep(row, found_state=last.found_state or MerchantState.ACTIVE if last is not None else shop.state)
    move, state = HOLDS[Effect(row.effect)]
    if _shut(shop.state) >= _shut(state):
        return
    who = actor if actor.has_perm(RESTRICT) else system_user(now)
    merchant_move(merchant=shop, move=move, actor=who, now=now, reason=row.number, cause=Cause.AGREEMENT)


def _keep(row: MerchantMeasure, **columns: Any) -> None:
    """What it remembers of its own doing; no state, no news."""
    MerchantMeasure.objects.filter(pk=row.pk).update(**columns)
    for name, value in columns.items():
        setattr(row, name, value)


def _shut(state: str) -> int:
    return SHUT.index(MerchantState(state)) if state in SHUT else 0


def _moved_by(shop: Merchant) -> MerchantMeasure | None:
    """The measure that moved the shop last; None where people did."""
    moved = Event.objects.about(shop._meta.label_lower, shop.pk).filter(kind__in=SHOP_MOVED)
    last = moved.order_by("-pk").first()
    if last is None or not last.reason:
        return None
    mine = MerchantMeasure.objects.filter(merchant=shop, effect__in=list(HOLDS))
    found: MerchantMeasure | None = mine.filter(number=last.reason).first()
    return found


def _penalty(row: MerchantMeasure, now: datetime) -> None:
    """The ledger hears the merchant and posts when his time to appeal is over."""
    system = system_user(now)
    figures = row.figures
    made = propose(
        kind=ProposalKind.PENALTY, party=row.merchant, amount=row.amount, unit=row.merchant.currency,
        fact_code=f"measure.{row.trigger}", citation=row.citation, source=source_of(row), actor=system, now=now,
        evidence=[row.number, *figures.get("instead_of", ())],
        calculation={
            "base": figures["each"], "times": figures["bad"], "cap": figures["most"],
            "month": f"{row.period:%Y-%m}",
        },
    )  # fmt: skip
    proposal_notify(proposal=made, actor=system, now=now)


def charging(row: MerchantMeasure) -> Proposal | None:
    """What it charges, as far as that was not turned back."""
    return _penalties(row).first()


def _penalties(row: MerchantMeasure) -> QuerySet[Proposal]:
    kind, key = source_of(row)
    found: QuerySet[Proposal] = Proposal.objects.filter(source_kind=kind, source_id=key)
    return found.exclude(state__in=sorted(DEAD))


def end(row: MerchantMeasure, now: datetime, *, undone: bool) -> None:
    """What it did ends, once. ``undone``: as if it had never been, so money turns back as well."""
    effect, system = Effect(row.effect), system_user(now)
    if row.begins_at is None:
        return
    if effect == Effect.PENALTY and undone:
        for one in _penalties(row):
            proposal_cancel(proposal=one, actor=system, now=now, reason=row.number)
    if row.released_at is not None:
        return
    _keep(row, released_at=now)
    if effect == Effect.DEPOSIT and row.amount is not None:
        deposit_due_change(merchant=row.merchant, by=-row.amount, actor=system, now=now, reason=row.number)
    elif effect in HOLDS:
        _release(row, now)


def _release(row: MerchantMeasure, now: datetime) -> None:
    """The shop is what people left it as, unless another measure holds it or they have moved it on meanwhile."""
    shop: Merchant = moves.locked(row.merchant)
    last = _moved_by(shop)
    if last is None:
        return
    was = last.found_state or MerchantState.ACTIVE
    others = MerchantMeasure.objects.acting(now).filter(merchant=shop).exclude(pk=row.pk)
    held = others.filter(effect__in=list(HOLDS)).values_list("effect", flat=True)
    target = max([MerchantState(was), *(HOLDS[Effect(one)][1] for one in held)], key=_shut)
    if _shut(target) >= _shut(shop.state):
        return
    who: dict[str, Any] = {"actor": system_user(now), "now": now, "reason": row.number}
    shop = merchant_move(merchant=shop, move="reinstate", cause=Cause.CURED, **who)
    if target in HOLDING:
        cause = _cause_before(shop) if target == was else Cause.AGREEMENT
        merchant_move(merchant=shop, move=HOLDING[target], cause=cause, **who)


def _cause_before(shop: Merchant) -> str:
    """Why people restricted or suspended it, before any measure did."""
    moved = Event.objects.about(shop._meta.label_lower, shop.pk).filter(
        kind__in=["merchant.restricted", "merchant.suspended"]
    )
    own = MerchantMeasure.objects.filter(merchant=shop, effect__in=list(HOLDS)).values("number")
    by_hand = moved.exclude(reason__in=own).order_by("-pk").first()
    return str(by_hand.payload["cause"]) if by_hand is not None else Cause.AGREEMENT


def fact_falls(row: MerchantMeasure, answer: str, actor: Any, now: datetime) -> None:
    """The fact counts no more: breaches are left out, figures become neutral, scores are counted anew."""
    score_falls(row, now)
    facts = list(row.facts.all())
    _leave_out(row, [int(one.key) for one in facts if one.kind == BREACH], answer, actor, now)
    metrics = {one.key.split(" ")[0] for one in facts if one.kind == FIGURE}
    until = last_of(row.period)
    made = [
        Neutral(
            measure=row, merchant_id=row.merchant_id, metric=code, since=first_day(row.period, row.figures, code),
            until=until, at=now,
        )
        for code in sorted(metrics)
    ]  # fmt: skip
    Neutral.objects.bulk_create(made, ignore_conflicts=True)
    jobs.enqueue(STAND, key=f"{STAND}:{row.pk}", payload={"measure": row.pk}, now=now)


def _leave_out(row: MerchantMeasure, clocks: list[int], answer: str, actor: Any, now: datetime) -> None:
    out = BreachExclusion.objects.standing().filter(clock__in=clocks).values("clock")
    for clock in Clock.objects.filter(pk__in=clocks).exclude(pk__in=out).order_by("pk"):
        breach_exclude(
            clock=clock, cause=ExclusionCause.APPEAL, reason=answer, evidence=row.number, actor=actor, now=now
        )
        touch(subject_kind=clock.subject_kind, subject_id=clock.subject_id)


def resting_on(row: MerchantMeasure) -> list[MerchantMeasure]:
    """Measures that would not be as they are without this one: the next steps of its ladder, what its points led to."""
    standing = MerchantMeasure.objects.exclude(state__in=sorted(FALLEN))
    found = list(standing.filter(rests_on=row).select_related("merchant", "rule").order_by("pk"))
    if row.effect == Effect.POINTS:
        by_points = standing.filter(merchant=row.merchant_id, trigger=Trigger.POINTS).select_related(
            "merchant", "rule"
        )
        found += [
            one
            for one in by_points.order_by("pk")
            if _rested(one, row) and one.figures["reached"] > _points_without(row, one.proposed_at)
        ]
    return found


def _rested(row: MerchantMeasure, points: MerchantMeasure) -> bool:
    """Whether these points stood when it was proposed."""
    return points.begins_at is not None and points.begins_at <= row.proposed_at


def _points_without(row: MerchantMeasure, at: datetime) -> int:
    """What stood against the shop at that moment besides these points, as far as it still holds."""
    rows = MerchantMeasure.objects.acting(at).filter(merchant=row.merchant_id, effect=Effect.POINTS)
    total: int | None = rows.exclude(pk=row.pk).aggregate(total=Sum("points"))["total"]
    return total or 0


def why_with(row: MerchantMeasure) -> dict[str, Any]:
    """Why what rested on this one ends: code and number, worded by ``consequencewords.ended``."""
    return {"code": consequencewords.TURNED_BACK, "number": row.number, "effect": str(row.effect)}
