"""Writes of rectification plans: opened, answered, judged, proven, looked at again, closed, reminded of."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any

from django.db import transaction
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from accounts.services import system_user
from aftersales.core import moves, series
from aftersales.core.errors import DomainError, NotPermitted
from aftersales.core.files import StoredFile
from aftersales.merchants.models import Merchant
from aftersales.merchants.states import TERMINAL as GONE
from aftersales.notices.services import notice_send
from aftersales.scorecards.models import Plan, PlanFile
from aftersales.scorecards.rectification import selectors
from aftersales.scorecards.rectification.machine import RECTIFY
from aftersales.scorecards.rectification.states import OPEN, PlanCause, PlanFilePurpose, PlanState
from aftersales.standards.selectors import duration, parameter

SERIES = "rectification"
ANSWER_DAYS, LONGEST_DAYS = "rectification_answer_days", "rectification_longest_days"
RECHECK_DAYS, WARN_DAYS = "rectification_recheck_days", "rectification_warn_days"
LONGEST = 4000
MOST_FILES = 10
MOST_BREACHES = 200
BATCH = 200
LATE = pgettext_lazy("rectification", "Overdue")


# ------------------------------------------------------------------------------------------ the manager's side
def plan_open(
    *, merchant: Merchant, cause: str, asked: str, actor: Any, now: datetime, metric: str = "",
    target: Decimal | None = None, breaches: Sequence[int] = (), decisions: Sequence[str] = (),
    recheck_days: int | None = None,
) -> Plan:  # fmt: skip
    """Ask a merchant for a rectification plan; he is told at once, with the day until when he answers.

    ``metric`` and ``target`` (per cent): what is looked at again after the proof. Errors: not_permitted, not_my_shop,
    gone, cause, words_missing, target, no_breach, no_decision, open_already (the same cause and metric).
    """
    if not actor.has_perm(RECTIFY):
        raise NotPermitted()
    if not selectors.may_rectify(actor, merchant):
        raise DomainError(_("Another manager looks after this shop."), "not_my_shop")
    said = _words(asked)
    if cause not in PlanCause:
        raise DomainError(_("Choose why the plan is opened."), "cause")
    selectors.check_metric(metric, target)
    found = selectors.check_facts(merchant, breaches[:MOST_BREACHES], decisions[:MOST_BREACHES])
    number = series.next_number(SERIES, now)
    with moves.translated_locks(), transaction.atomic():
        shop: Merchant = Merchant.objects.select_for_update().get(pk=merchant.pk)
        _refuse_second(shop, cause, metric)
        row = Plan(
            number=number, merchant=shop, cause=cause, asked=said, metric=metric, target=target, breaches=found[0],
            decisions=found[1], begun=selectors.figure_before(shop, metric, now) if metric else [],
            recheck_days=int(parameter(RECHECK_DAYS, now)) if recheck_days is None else recheck_days,
            opened_by_id=actor.pk, opened_at=now, due_at=now + duration(ANSWER_DAYS, now),
        )  # fmt: skip
        payload = {"plan": number, "due": row.due_at.isoformat()}
        row = moves.create(row, actor=actor, now=now, event="plan.opened", payload=payload)
        _tell_merchant(row, "plan.asked", now, until=row.due_at, reason=said)
    return row


def _refuse_second(shop: Merchant, cause: str, metric: str) -> None:
    if shop.state in GONE:
        raise DomainError(_("This merchant has left; nothing can be rectified."), "gone")
    same = Plan.objects.filter(merchant=shop, cause=cause, metric=metric, state__in=sorted(OPEN)).first()
    if same is not None:
        words = _("Plan %(number)s for the same cause is still open; close it first.")
        raise DomainError(words % {"number": same.number}, "open_already")


def plan_accept(*, plan: Plan, actor: Any, now: datetime, version: int | None = None) -> Plan:
    """Accept the merchant's measures; their day is his time now.

    Whoever accepts late takes nothing from him: from now on he has the days he asked for, though at most as many as
    for an answer.
    """
    with transaction.atomic():
        row = moves.locked(plan, version=version, actor=actor)
        due = _time_for_measures(row, now)
        row = moves.perform(row, "accept", actor=actor, now=now, due_at=due)
        _tell_merchant(row, "plan.accepted", now, until=row.due_at)
    return row


def _time_for_measures(row: Plan, now: datetime) -> datetime:
    due, since = row.measures_due or now, row.answered_at or now
    return max(due, now + min(due - since, duration(ANSWER_DAYS, now)))


def plan_send_back(*, plan: Plan, words: str, actor: Any, now: datetime, version: int | None = None) -> Plan:
    """Send the answer, or the proof, back with what is missing; the time begins anew."""
    said = _words(words)
    name = "ask_again" if plan.state == PlanState.PROVEN else "send_back"
    due = now + duration(ANSWER_DAYS, now)
    with transaction.atomic():
        row = moves.perform(
            plan, name, actor=actor, now=now, version=version, reason=said, words=said, due_at=due
        )
        _tell_merchant(row, "plan.asked", now, until=due, reason=said)
    return row


def plan_close(
    *, plan: Plan, outcome: str, words: str, actor: Any, now: datetime, version: int | None = None
) -> Plan:
    """Close as ``fulfil``, ``fail`` or ``withdraw``, with what was seen; the metric's figure is kept with it.

    Fulfilled is what reached its target: where the figure says otherwise, ``below_target``. A failed plan is an event
    (``plan.failed``) on which a consequence can be proposed. Errors: too_early, still_time, below_target.
    """
    said = _words(words)
    if outcome not in ("fulfil", "fail", "withdraw"):
        raise DomainError(_("Close it as fulfilled, failed or withdrawn."), "outcome")
    with transaction.atomic():
        row = moves.locked(plan, version=version, actor=actor)
        more: dict[str, Any] = {}
        if row.metric and outcome != "withdraw" and row.proven_at is not None:
            more["checked"] = selectors.figure_after(row, now)
            if outcome == "fulfil" and now >= (row.recheck_at or now):
                _refuse_below_target(row, more["checked"])
        row = moves.perform(row, outcome, actor=actor, now=now, reason=said, words=said, **more)
        _tell_merchant(row, "plan.closed", now, result=PlanState(row.state).label, reason=said)
    return row


def _refuse_below_target(row: Plan, figure: Sequence[int]) -> None:
    if figure and figure[1] and not selectors.reaches(row, figure):
        names = {"figure": selectors.figure_words(figure), "target": selectors.target_words(row)}
        raise DomainError(
            _("The figure since the proof is %(figure)s and misses its target of %(target)s.") % names,
            "below_target",
        )


# ------------------------------------------------------------------------------------------ the merchant's side
def plan_answer(
    *, plan: Plan, cause: str, measures: str, measures_due: datetime, actor: Any, now: datetime,
    files: Sequence[StoredFile] = (),
) -> Plan:  # fmt: skip
    """The merchant says what went wrong, what he does about it and until when.

    Errors: words_missing, due (not ahead, or beyond the longest time), too_many_files, not_the_merchant.
    """
    why, what = _words(cause), _words(measures)
    longest = duration(LONGEST_DAYS, now)
    if not now < measures_due <= now + longest:
        words = _("The measures are done within %(days)d days from now.")
        raise DomainError(words % {"days": longest.days}, "due")
    _few_files(files)
    with transaction.atomic():
        row = moves.perform(
            plan, "answer", actor=actor, now=now, cause_words=why, measures=what, measures_due=measures_due
        )
        _keep_files(row, files, PlanFilePurpose.ANSWER, actor, now)
        _tell_manager(row, now)
    return row


def plan_prove(
    *, plan: Plan, words: str, actor: Any, now: datetime, files: Sequence[StoredFile] = ()
) -> Plan:
    """The merchant says what was done and brings what proves it.

    Errors: words_missing, proof_missing, proof_known (every file was handed in before), too_many_files,
    not_the_merchant.
    """
    said = _words(words)
    if not files:
        raise DomainError(
            _("Add at least one file that proves it: a photo, a list, a screen."), "proof_missing"
        )
    _few_files(files)
    with transaction.atomic():
        recheck = now + timedelta(days=plan.recheck_days) if plan.metric else now
        row = moves.perform(plan, "prove", actor=actor, now=now, words=said, recheck_at=recheck)
        if not _keep_files(row, files, PlanFilePurpose.PROOF, actor, now):
            raise DomainError(
                _("You handed in these files for this plan before. Add one that shows what is new."),
                "proof_known",
            )
        _tell_manager(row, now)
    return row


def _words(text: str) -> str:
    said = text.replace("\x00", "").strip()
    if not said:
        raise DomainError(_("Say it in words."), "words_missing")
    if len(said) > LONGEST:
        raise DomainError(_("At most %(number)d characters.") % {"number": LONGEST}, "too_long")
    return said


def _few_files(files: Sequence[StoredFile]) -> None:
    if len(files) > MOST_FILES:
        words = _("At most %(number)d files at a time; you sent %(sent)d. Put some together.")
        raise DomainError(words % {"number": MOST_FILES, "sent": len(files)}, "too_many_files")


def _keep_files(
    row: Plan, files: Sequence[StoredFile], purpose: PlanFilePurpose, actor: Any, now: datetime
) -> int:
    """Each content once; answers how many are new."""
    known, fresh = set(PlanFile.objects.filter(plan=row).values_list("sha256", flat=True)), 0
    for file in files:
        if file.sha256 not in known:
            known.add(file.sha256)
            fresh += 1
            PlanFile(
                plan=row, purpose=purpose, by=actor, at=now, name=file.name, original_name=file.original_name,
                content_type=file.content_type, size=file.size, sha256=file.sha256,
            ).save(force_insert=True)  # fmt: skip
    return fresh


# ---------------------------------------------------------------------------------------------------- reminders
def plans_sweep(*, actor: Any, now: datetime) -> int:
    """Remind merchants before a step is due, tell both sides when it is late, the manager when to look again. Each
    once per step; answers how many."""
    warns = now + duration(WARN_DAYS, now)
    rows = Plan.objects.select_related("merchant__manager").order_by("due_at", "pk")
    open_rows = rows.open()
    soon = open_rows.filter(due_at__gte=now, due_at__lte=warns, warned_at=None, state__in=selectors.TURN)
    late = open_rows.late(now).filter(late_told_at=None)
    again = open_rows.filter(state=PlanState.PROVEN, recheck_at__lte=now, recheck_told_at=None)
    told = 0
    for found, event, column in (
        (soon, "plan.due_soon", "warned_at"),
        (late, "plan.late", "late_told_at"),
        (again, "plan.recheck_due", "recheck_told_at"),
    ):
        for row in found[:BATCH]:
            told += _remind(row, event, column, actor, now)
    return told


def _remind(row: Plan, event: str, column: str, actor: Any, now: datetime) -> int:
    """Judged again under the lock: two sweeps at once, or an act in between, remind nobody twice."""
    with moves.translated_locks(), transaction.atomic():
        current = moves.locked(row)
        if current.state != row.state or getattr(current, column) is not None:
            return 0
        told: dict[str, Any] = {column: now}
        payload = {"plan": row.number, "due": (row.recheck_at or row.due_at).isoformat()}
        done = moves.change(current, actor=actor, now=now, event=event, payload=payload, **told)
        if event != "plan.recheck_due":
            _tell_merchant(done, event, now, until=done.due_at)
        if event != "plan.due_soon":
            _tell_manager(done, now)
    return 1


def _tell_merchant(row: Plan, template: str, now: datetime, **more: Any) -> None:
    values = {"plan": row.number, **more}
    key = f"{template}:{row.pk}:{row.version}"
    notice_send(
        template=template, to=row.merchant, about=row, values=values, key=key, actor=system_user(now), now=now
    )


def _tell_manager(row: Plan, now: datetime) -> None:
    """Who looks after the shop; nobody where nobody does: the desk shows it all the same."""
    manager = row.merchant.manager
    if manager is None or not manager.is_active:
        return
    what = LATE if row.is_late(now) else PlanState(row.state).label
    values = {"plan": row.number, "merchant": row.merchant.name, "result": what}
    notice_send(
        template="plan.moved", to=manager, about=row, values=values, key=f"plan.moved:{row.pk}:{row.version}",
        actor=system_user(now), now=now,
    )  # fmt: skip
