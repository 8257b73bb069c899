"""Actions over many tickets: asked for once by a key, done row by row, resumable, with a result for each row."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from datetime import datetime
from typing import Any

from django.db import IntegrityError, transaction
from django.db.models import QuerySet
from django.utils.translation import gettext_lazy as _

from aftersales.core import jobs, origin
from aftersales.core.errors import DomainError, Refusal
from aftersales.core.models import Job
from aftersales.core.moves import BATCH, Outcome
from aftersales.standards.selectors import parameter
from aftersales.tickets import actions
from aftersales.tickets.actions import Result, Step, engine
from aftersales.tickets.actions.kinds import Asked
from aftersales.tickets.models import ActionRow, ActionRun, Macro, Ticket
from aftersales.tickets.services.run_words import in_both, words_forget
from aftersales.tickets.states import RowOutcome

JOB = "tickets.actions"
Progress = Callable[[int, int], None]


def actions_begin(
    *,
    steps: Sequence[Step],
    ticket_ids: Iterable[int],
    actor: Any,
    now: datetime,
    key: str,
    macro: Macro | None = None,
    macro_seen: str | None = None,
) -> ActionRun:
    """Ask for these steps on these tickets; few are done at once, many by a job. The same ``key`` is the same run.

    Tickets beyond the rule book's number are left out and counted. Whom they belong to is judged row by row.
    ``macro_seen``: the macro with its version as the person looked at it. Errors: key, nothing, macro_changed.
    """
    if not key:
        raise DomainError(_("This form is too old; please load the page again."), "key")
    if known := ActionRun.objects.filter(key=key, actor=actor).first():
        return known  # type: ignore[no-any-return]
    if macro is not None and macro_seen is not None and macro_seen != macro.citation:
        raise DomainError(_("This macro was changed meanwhile; look at its steps again."), "macro_changed")
    ids = list(dict.fromkeys(ticket_ids))
    most = int(parameter("bulk_rows", now))
    try:
        with transaction.atomic():
            run = _asked(actions.checked(steps, now), ids, most, actor, now, key, macro)
    except IntegrityError:  # the same form, posted twice at once
        return ActionRun.objects.get(key=key, actor=actor)  # type: ignore[no-any-return]
    if run.total > int(parameter("bulk_at_once", now)):
        jobs.enqueue(JOB, key=f"{JOB}:{run.pk}", now=now, payload={"run": run.pk})
    else:
        actions_go_on(run=run, now=now)
    return run


def _asked(
    steps: Sequence[Step],
    ids: Sequence[int],
    most: int,
    actor: Any,
    now: datetime,
    key: str,
    macro: Macro | None,
) -> ActionRun:
    found = sorted(Ticket.objects.visible_to(actor).filter(pk__in=ids[:most]).values_list("pk", flat=True))
    if not found:
        raise DomainError(_("Choose tickets first."), "nothing")
    titles = _titles(steps, macro)
    run = ActionRun.objects.create(
        key=key, actor=actor, macro=macro, cited=macro.citation if macro else "", title_zh=titles[0],
        title_en=titles[1], steps=[one.stored() for one in steps], asked_at=now, total=len(found),
        left_out=len(ids) - len(found),
    )  # fmt: skip
    ActionRow.objects.bulk_create(ActionRow(run=run, ticket_id=pk) for pk in found)
    return run


def _titles(steps: Sequence[Step], macro: Macro | None) -> tuple[str, str]:
    """What was wanted, in both languages, as it is called today."""
    if macro is not None:
        return macro.name_zh[:200], macro.name_en[:200]
    return in_both(lambda: " · ".join(str(step.action.label) for step in steps)[:200])


def job(job: Job, now: datetime) -> dict[str, int]:
    """The worker's side of a large run."""
    run = ActionRun.objects.select_related("actor").get(pk=job.payload["run"])
    return actions_go_on(run=run, now=now, progress=lambda done, total: jobs.progress(job, done, total, now))


def actions_go_on(*, run: ActionRun, now: datetime, progress: Progress | None = None) -> dict[str, int]:
    """Do the rows that wait, each in a transaction with its own result; killed anywhere, it goes on where it was."""
    steps = actions.steps_of(run.steps)
    with origin.citing(run.cited):
        if len(steps) == 1 and steps[0].action.many:
            _in_batches(run, steps[0], now, progress)
        else:
            _one_by_one(run, steps, now, progress)
    with transaction.atomic():
        return _finish(run, now)


def _one_by_one(run: ActionRun, steps: Sequence[Step], now: datetime, progress: Progress | None) -> None:
    done = run.rows.exclude(outcome=RowOutcome.WAITING).count()
    while _next_row(run, steps, now):
        done += 1
        if progress:
            progress(done, run.total)


def _next_row(run: ActionRun, steps: Sequence[Step], now: datetime) -> bool:
    """One row: its acts and its result in one transaction. Two workers never have the same one."""
    with transaction.atomic():
        row = _waiting(run).first()
        if row is None:
            return False
        ticket = Ticket.objects.visible_to(run.actor).filter(pk=row.ticket_id).first()
        if ticket is None:
            result = Result(row.ticket_id, engine.REFUSED, 0, [engine.GONE])
        else:
            result = engine.tried(steps, ticket, actor=run.actor, now=now, ref=f"run{run.pk}")
        row.tell(result, in_both(lambda: result.words), now)
        row.save(update_fields=["outcome", "step", "why_zh", "why_en", "at"])
    return True


def _waiting(run: ActionRun) -> QuerySet[ActionRow]:
    rows = ActionRow.objects.select_for_update(of=("self",), skip_locked=True)
    return rows.filter(run=run, outcome=RowOutcome.WAITING).order_by("id")


def _in_batches(run: ActionRun, step: Step, now: datetime, progress: Progress | None) -> None:
    """The set-based service for a single step: each batch with the results of its rows is one transaction."""
    done = run.rows.exclude(outcome=RowOutcome.WAITING).count()
    while True:
        with transaction.atomic():
            rows = list(_waiting(run)[:BATCH])
            if not rows:
                return
            _batch(run, step, rows, now)
        done += len(rows)
        if progress:
            progress(done, run.total)


def _batch(run: ActionRun, step: Step, rows: Sequence[ActionRow], now: datetime) -> None:
    asked = Asked(run.actor, now, step.values, f"run{run.pk}.1")
    seen = Ticket.objects.visible_to(run.actor).filter(pk__in=[row.ticket_id for row in rows])
    judged = step.action.judge(list(seen.select_related(*engine.RELATED)), asked)
    fit = [pk for pk, reasons in judged.items() if not reasons]
    outcome = step.action.many(Ticket.objects.filter(pk__in=fit), asked) if step.action.many else Outcome()
    results = _results(outcome, {pk: why for pk, why in judged.items() if why})
    for row in rows:
        found = results.get(row.ticket_id) or Result(row.ticket_id, engine.REFUSED, 0, [engine.GONE])
        row.tell(found, in_both(lambda found=found: found.words), now)  # type: ignore[misc]
    ActionRow.objects.bulk_update(rows, ["outcome", "step", "why_zh", "why_en", "at"])


def _results(outcome: Outcome, before: dict[int, Sequence[Refusal]]) -> dict[int, Result]:
    refused = [*before.items(), *outcome.refused]
    busy = Refusal("busy", _("Somebody else is working on this right now. Please try again."))
    return {
        **{pk: Result(pk, engine.REFUSED, 1, reasons) for pk, reasons in refused},
        **{pk: Result(pk, engine.BUSY, 0, [busy]) for pk in outcome.busy},
        **{row.pk: Result(row.pk) for row in outcome.done},
    }


def _finish(run: ActionRun, now: datetime) -> dict[str, int]:
    """The counts; typed words go once no row can ask for them again."""
    outcomes = list(run.rows.values_list("outcome", flat=True))
    if RowOutcome.WAITING not in outcomes:
        run.finished_at = now
        if RowOutcome.BUSY not in outcomes:
            words_forget(run, now)
        run.save(update_fields=["finished_at", "steps", "wordless_at"])
    return {outcome: outcomes.count(outcome) for outcome in RowOutcome.values}


def actions_again(*, run: ActionRun, actor: Any, now: datetime) -> ActionRun:
    """Try the rows once more that somebody else held; rows that were refused stay refused."""
    if run.actor_id != actor.pk:
        raise DomainError(_("Only who asked for it may try again."), "not_permitted")
    with transaction.atomic():
        current: ActionRun = ActionRun.objects.select_for_update().get(pk=run.pk)
        if current.wordless_at is not None:
            return current
        current.rows.filter(outcome=RowOutcome.BUSY).update(outcome=RowOutcome.WAITING)
    if current.rows.filter(outcome=RowOutcome.WAITING).count() > int(parameter("bulk_at_once", now)):
        jobs.enqueue(JOB, key=f"{JOB}:{run.pk}", now=now, payload={"run": run.pk}, again=True)
    else:
        actions_go_on(run=current, now=now)
    return current
