"""Measures against merchants: raised by rule, in force at once, appealed, heard by another person, ended by time."""

import logging
from collections.abc import Mapping, Sequence
from datetime import datetime
from decimal import Decimal
from typing import Any

from django.db import IntegrityError, OperationalError, transaction
from django.db.models import Q, QuerySet
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from accounts.services import system_user
from aftersales.clocks.models import BreachExclusion
from aftersales.core import events, moves, series
from aftersales.core.errors import Busy, Conflict, DomainError
from aftersales.core.files import StoredFile
from aftersales.ledger.services import fell
from aftersales.ledger.services.onefact import facts_hold
from aftersales.ledger.states import Fallen
from aftersales.notices.services import notice_send
from aftersales.scorecards import consequences, consequencewords
from aftersales.scorecards.consequencedays import DAY
from aftersales.scorecards.consequences import BREACH, Hit, Plan
from aftersales.scorecards.consequencesagain import judged_again
from aftersales.scorecards.consequencestates import FALLEN, PEOPLE_DECIDE, Effect, MeasureState, Trigger
from aftersales.scorecards.models import MeasureFact, MeasureFile, MerchantMeasure
from aftersales.scorecards.services import turning
from aftersales.scorecards.services.counting import refresh
from aftersales.scorecards.services.proposing import measure_propose
from aftersales.scorecards.services.retaking import measure_retake
from aftersales.standards.selectors import calendar, duration, parameter
from aftersales.standards.worktime import end_of_working_day

logger = logging.getLogger(__name__)
RAISE = "scorecards.raise_measures"
WINDOW, HEARING = "measure_appeal_days", "measure_hear_days"
LONGEST, MOST_FILES = 4000, 10


# ------------------------------------------------------------------------------------------------- by rule
def measures_raise(*, actor: Any, now: datetime) -> int:
    """What follows now from the rules in force, each fact once; how many measures are new. Figures are counted first.

    Each is one transaction: killed halfway, the next run goes on where it stopped. What only people decide is
    proposed; everything else acts at once. A plan that fails stands in the log and keeps no other from its own.
    """
    events.require_actor(actor, RAISE)
    refresh()
    figures_recount(actor=system_user(now), now=now)
    return sum(_tried(one, actor, now) for one in consequences.plans(now))


def _tried(plan: Plan, actor: Any, now: datetime) -> bool:
    try:
        return _raise(plan, actor, now)
    except OperationalError:  # the database, not the plan
        raise
    except Exception:
        logger.exception(
            "what follows from %s for merchant %s could not be raised", plan.version, plan.hit.merchant_id
        )
        return False


def _raise(plan: Plan, actor: Any, now: datetime) -> bool:
    try:
        with (
            moves.translated_locks(),
            transaction.atomic(),
        ):  # who is busy waits for the next run, and nobody else
            facts_hold(plan.hit.merchant_id)
            if not consequences.stands(plan, now):
                return False  # something followed from it meanwhile: the next run judges anew
            if plan.rests_on is not None and moves.locked(plan.rests_on).state in FALLEN:
                return False  # it fell meanwhile
            if plan.terms.trigger == Trigger.POINTS and not _points_stand(plan, now):
                return False  # some of them fell meanwhile
            row = _propose(plan, actor, now)
            if row.effect not in PEOPLE_DECIDE:
                measure_impose(measure=row, actor=actor, now=now)
    except IntegrityError:
        if not _followed_up(plan):  # somebody raised the same at the same moment
            raise
        return False
    return True


def _points_stand(plan: Plan, now: datetime) -> bool:
    """Whether the points reach the step still. None of them falls until the measure is there to fall with them."""
    rows = MerchantMeasure.objects.acting(now).filter(merchant=plan.hit.merchant_id, effect=Effect.POINTS)
    locked: list[MerchantMeasure] = [moves.locked(one) for one in rows.order_by("pk")]
    return sum(one.points for one in locked if one.state not in FALLEN) >= plan.step.reached


def _followed_up(plan: Plan) -> bool:
    rows = MeasureFact.objects.filter(merchant_id=plan.hit.merchant_id, freed_at=None)
    return any(rows.filter(kind=kind, key=key).exists() for kind, key in plan.hit.facts)


def _propose(plan: Plan, actor: Any, now: datetime) -> MerchantMeasure:
    step, hit = plan.step, plan.hit
    row = MerchantMeasure(
        number=series.next_number("measure", now), merchant_id=hit.merchant_id, rule=plan.version.rule,
        citation=plan.version.citation, trigger=plan.terms.trigger, period=hit.period, figures=_figures(plan),
        step=plan.number, steps=len(plan.terms.steps), rests_on=plan.rests_on, effect=step.effect, days=step.days,
        points=step.points, weight=step.weight, cap=step.cap, amount=_amount(plan), course=step.course,
        proposed_by_id=actor.pk, proposed_at=now,
    )  # fmt: skip
    return measure_propose(row=row, facts=hit.facts, actor=actor, now=now)


def _figures(plan: Plan) -> dict[str, Any]:
    found = dict(plan.hit.figures)
    if plan.step.effect == Effect.PENALTY:
        found |= {"each": str(plan.step.amount), "most": str(plan.step.most), "bad": _cases(plan)}
    if plan.terms.trigger == Trigger.POINTS:
        found["reached"] = plan.step.reached
    return found


def _amount(plan: Plan) -> Decimal | None:
    step = plan.step
    if step.effect != Effect.PENALTY or step.amount is None or step.most is None:
        return step.amount if step.effect == Effect.DEPOSIT else None
    return min(step.amount * _cases(plan), step.most)


def _cases(plan: Plan) -> int:
    """How many bad cases a penalty is for; points are no cases."""
    return 1 if plan.terms.trigger == Trigger.POINTS else max(plan.hit.bad, 1)


def measure_impose(
    *, measure: MerchantMeasure, actor: Any, now: datetime, reason: str = ""
) -> MerchantMeasure:
    """It acts and is public from now on; the merchant is told fact, clause, effect, counting and his time to appeal.

    Raises ``a_person_decides``, ``own_merchant``.
    """
    ends = now + measure.days * DAY if measure.days else None
    with transaction.atomic():
        row: MerchantMeasure = moves.perform(
            measure, "impose", actor=actor, now=now, reason=reason, appeal_until=now + duration(WINDOW, now),
            ends_at=ends,
        )  # fmt: skip
        turning.begin(row, actor, now)
        _tell(
            row, "scorecards.measure", now, facts=consequencewords.fact_later(row),
            clause=consequencewords.clause_later(row), counting=consequencewords.counting_later(row),
            due=row.appeal_until,
        )  # fmt: skip
    return row


def measure_withdraw(*, measure: MerchantMeasure, reason: str, actor: Any, now: datetime) -> MerchantMeasure:
    """A person does not take what the machine proposed, and says why. Raises ``reason_missing``, ``own_merchant``."""
    why = _words(reason)
    done: MerchantMeasure = moves.perform(measure, "withdraw", actor=actor, now=now, reason=why, why=why)
    return done


# ------------------------------------------------------------------------------------------------- the appeal
def measure_appeal(
    *, measure: MerchantMeasure, text: str, actor: Any, now: datetime, files: Sequence[StoredFile] = ()
) -> MerchantMeasure:
    """The merchant says why it is wrong and brings what proves it; once, in time, by the owner or taken down for him.

    The measure goes on until it is decided, or its time is over. Raises ``words_missing``, ``too_many_files``,
    ``not_the_party``, ``window_over`` (with the day), ``appealed_already``, ``of_the_ledger``.
    """
    said = _words(text)
    if len(files) > MOST_FILES:
        words = {"number": MOST_FILES, "sent": len(files)}
        raise DomainError(
            _("At most %(number)d files go with an appeal; you sent %(sent)d. Put some together.") % words,
            "too_many_files",
        )
    due = end_of_working_day(calendar("workdays"), now, int(parameter(HEARING, now)))
    side = "merchant" if actor.is_staff else ""
    with transaction.atomic():
        row: MerchantMeasure = moves.perform(
            measure, "appeal", actor=actor, now=now, acting_as=side, words=said, due=due
        )
        MeasureFile.objects.bulk_create(
            
                MeasureFile(
                    measure=row, by=actor, at=now, name=one.name, original_name=one.original_name,
                    content_type=one.content_type, size=one.size, sha256=one.sha256,
                )
                for one in {file.sha256: file for file in files}.values()
            
        )  # fmt: skip
    return row


def measure_hear(
    *, measure: MerchantMeasure, upheld: bool, answer: str, actor: Any, now: datetime, fell_by: str = ""
) -> MerchantMeasure:
    """Another person decides about the appeal and says why. Overturned, everything turns back in this transaction:
    what it did, its fact in figures and scores, and the measures that rested on it.

    ``fell_by``: the fact (by default), or the consequence alone was wrong; then the fact goes on counting and another
    rule may judge it. Raises ``another_person``, ``own_merchant``, ``words_missing``, ``fell_by``.
    """
    said = _words(answer)
    more: dict[str, Any] = {} if upheld else {"fell_by": fell(fell_by)}
    with transaction.atomic():
        name = "uphold" if upheld else "overturn"
        row: MerchantMeasure = moves.perform(measure, name, actor=actor, now=now, answer=said, **more)
        if not upheld:
            _undo(row, said, actor, now)
        result = MeasureState(row.state).label
        _tell(row, "scorecards.measure_heard", now, answer=said, result=result)
    return row


def _undo(row: MerchantMeasure, why: str, actor: Any, now: datetime) -> None:
    if row.fell_by == Fallen.CONSEQUENCE:
        row.facts.update(freed_at=now)
    else:
        turning.fact_falls(row, why, actor, now)
    turning.end(row, now, undone=True)
    for one in turning.resting_on(row):
        measure_cancel(measure=one, reason=turning.why_with(row), actor=system_user(now), now=now)


def measure_cancel(
    *, measure: MerchantMeasure, reason: str | Mapping[str, Any], actor: Any, now: datetime
) -> MerchantMeasure:
    """The system: what it rested on fell. Its own facts are free and may be judged anew, one step lower.

    ``reason``: words, or code and numbers that are worded when they are shown.

    Twice is as once: it may have rested on two that fall together.
    """
    given = None if isinstance(reason, str) else reason
    said = reason if isinstance(reason, str) else consequencewords.ended(reason)
    with transaction.atomic():
        current: MerchantMeasure = moves.locked(measure)
        if current.state in FALLEN:
            return current
        row: MerchantMeasure = moves.perform(
            current, "cancel", actor=actor, now=now, reason=said, why=said, ended=given
        )
        MeasureFact.objects.filter(measure=row).update(freed_at=now)
        turning.end(row, now, undone=True)
        for one in turning.resting_on(row):
            measure_cancel(measure=one, reason=turning.why_with(row), actor=actor, now=now)
        if row.begins_at is not None:
            told = said if given is None else consequencewords.ended_later(given)
            _tell(row, "scorecards.measure_ended", now, again="fell", reason=told)
    return row


def measures_recount(*, clock: int, actor: Any, now: datetime) -> int:
    """A breach was left out: what the remaining ones no longer carry falls, and they may be judged anew; a penalty for
    each case that would be smaller now gives its place to that; how many. The others go on (``measure_retake``).

    Measures on figures are looked at by the morning's run (``figures_recount``); those on a grade or a score stay.
    """
    held = MeasureFact.objects.filter(kind=BREACH, key=str(clock), freed_at=None)
    return _recounted(held, actor, now)


def measure_recount(*, measure: int, actor: Any, now: datetime) -> int:
    """The same of one measure, once an appeal against its penalty was rejected: until then that was heard as it was."""
    return _recounted(MeasureFact.objects.filter(measure=measure, kind=BREACH, freed_at=None), actor, now)


def _recounted(held: QuerySet[MeasureFact], actor: Any, now: datetime) -> int:
    """One after the other for each merchant: the second breach left out sees what came of the first."""
    number = 0
    for merchant in sorted(set(held.values_list("merchant_id", flat=True))):
        with moves.translated_locks(), transaction.atomic():
            facts_hold(merchant)
            rows = MerchantMeasure.objects.filter(
                pk__in=held.values("measure"), merchant=merchant, trigger=Trigger.BREACHES
            )
            rows = rows.exclude(state__in=sorted(FALLEN)).select_related("merchant", "rule")
            number += sum(_carried_no_more(one, actor, now) for one in rows.order_by("pk"))
    return number


def _carried_no_more(row: MerchantMeasure, actor: Any, now: datetime) -> bool:
    facts = row.facts.filter(kind=BREACH, freed_at=None).order_by("pk").values_list("key", flat=True)
    keys = [int(key) for key in facts]
    out = set(BreachExclusion.objects.standing().filter(clock__in=keys).values_list("clock_id", flat=True))
    left = tuple((BREACH, str(key)) for key in keys if key not in out)
    count = int(row.figures["count"])
    if len(left) >= count:
        breaches = {"breaches": len(left)}
        return _smaller(row, Hit(row.merchant_id, now, row.period, left, breaches, len(left)), actor, now)
    why = {"code": consequencewords.LEFT_OUT, "left": len(left), "count": count}
    measure_cancel(measure=row, reason=why, actor=actor, now=now)
    return True


def _smaller(row: MerchantMeasure, rest: Hit, actor: Any, now: datetime) -> bool:
    """Whether a smaller penalty took its place; told once, with both sums."""
    with transaction.atomic():
        gone = measure_retake(measure=row, rest=rest, actor=actor, now=now)
        if gone is None:
            return False
        why = consequencewords.ended_later(gone.figures["ended"])
        _tell(gone, "scorecards.measure_ended", now, again="fell", reason=why)
    return True


def figures_recount(*, actor: Any, now: datetime) -> int:
    """Measures that their figure carries no more fall, and it may be judged anew; a penalty for each case that would
    be smaller gives its place to that; how many. It was counted before.

    Those on a grade or a score stay: they rest on what was kept of the month, and that never changes.
    """
    return sum(_figure_fell(row, hit, actor, now) for row, hit in judged_again(now))


def _figure_fell(row: MerchantMeasure, hit: Hit | None, actor: Any, now: datetime) -> bool:
    why = {"code": consequencewords.LEFT_OUT, "metric": row.figures["metric"]}
    try:
        if hit is not None:
            return _smaller(row, hit, actor, now)
        measure_cancel(measure=row, reason=why, actor=actor, now=now)
    except OperationalError:  # the database, not the measure
        raise
    except Exception:
        logger.exception("%s could not be judged again", row.number)
        return False
    return True


def measure_follow(
    *, measure: int, reason: str, actor: Any, now: datetime, fell_by: str = ""
) -> MerchantMeasure | None:
    """The penalty that a measure led to was turned back in the ledger: the measure falls with it, by the same ground.

    Twice is as once.
    """
    with transaction.atomic():
        row: MerchantMeasure | None = (
            MerchantMeasure.objects.select_for_update(of=("self",))
            .select_related("merchant", "rule")
            .filter(pk=measure)
            .first()
        )
        if row is None or row.state in FALLEN:
            return None
        done: MerchantMeasure = moves.perform(
            row, "follow", actor=actor, now=now, reason=reason, why=reason, fell_by=fell(fell_by)
        )
        _undo(done, reason or done.number, actor, now)
    return done


# ------------------------------------------------------------------------------------------------- the end
def measure_lift(*, measure: MerchantMeasure, reason: str, actor: Any, now: datetime) -> MerchantMeasure:
    """End it early, with a reason; the fact goes on counting and can still be appealed.

    Raises ``words_missing``, ``own_merchant``, ``over_already``.
    """
    why = _words(reason)
    with transaction.atomic():
        row: MerchantMeasure = moves.perform(measure, "lift", actor=actor, now=now, reason=why, why=why)
        turning.end(row, now, undone=False)
        _tell(row, "scorecards.measure_ended", now, reason=why)
    return row


def measures_sweep(*, actor: Any, now: datetime) -> int:
    """End what is over; how many. Twice is as once.

    While an appeal waits, its measure stays open, though it acts no longer: an appeal lengthens nothing.
    """
    rows = MerchantMeasure.objects.select_related("merchant", "rule").order_by("pk")
    states = [MeasureState.IN_FORCE, MeasureState.UPHELD]
    over = Q(state__in=states, ends_at__lte=now) | Q(state=MeasureState.UPHELD, ended_at__lte=now)
    number = sum(_expire(one, actor, now) for one in rows.filter(over))
    waits = rows.filter(state=MeasureState.APPEALED, ends_at__lte=now, released_at=None)
    return number + sum(_let_go(one, now) for one in waits)


def _let_go(row: MerchantMeasure, now: datetime) -> bool:
    """Its appeal waits, its time does not."""
    try:
        with transaction.atomic():
            current: MerchantMeasure = moves.locked(row)
            if current.state != MeasureState.APPEALED or current.released_at is not None:
                return False
            turning.end(current, now, undone=False)
            _tell(current, "scorecards.measure_ended", now, reason=gettext("Its time is over."))
    except (Busy, Conflict):
        return False
    return True


def _expire(row: MerchantMeasure, actor: Any, now: datetime) -> bool:
    """Whoever decides about it at this moment goes first; the next sweep looks again."""
    try:
        with transaction.atomic():
            done: MerchantMeasure = moves.perform(row, "expire", actor=actor, now=now)
            turning.end(done, now, undone=False)
            _tell(done, "scorecards.measure_ended", now, reason=gettext("Its time is over."))
    except (Busy, Conflict):
        return False
    except DomainError as error:
        if error.code not in ("wrong_state", "still_running"):
            raise
        return False
    return True


def _words(text: str) -> str:
    said = text.replace("\x00", "").strip()
    if not said:
        raise DomainError(_("Say why, in words."), "words_missing")
    if len(said) > LONGEST:
        raise DomainError(_("At most %(number)d characters.") % {"number": LONGEST}, "too_long")
    return said


def _tell(row: MerchantMeasure, template: str, now: datetime, *, again: str = "", **more: Any) -> None:
    """Once; ``again``: what is told by the same template after that, as of one that falls when its time is over."""
    key = ":".join(filter(None, [template, str(row.pk), again]))
    values = {
        "measure": row.number,
        "effect": consequencewords.effect_later(row, currency=row.merchant.currency),
        **more,
    }
    notice_send(
        template=template, to=row.merchant, about=row, values=values, key=key,
        actor=system_user(now), now=now,
    )  # fmt: skip
