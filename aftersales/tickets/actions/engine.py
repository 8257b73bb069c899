"""Steps over tickets: foreseen without a write, carried out all or nothing for each ticket."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from django.db import OperationalError, transaction
from django.utils.translation import gettext_lazy as _

from aftersales.core import moves
from aftersales.core.errors import Busy, Conflict, DomainError, Refusal, Refused
from aftersales.tickets.actions import foreseeing
from aftersales.tickets.actions.kinds import Action, Asked, Step
from aftersales.tickets.models import Ticket
from aftersales.tickets.services.locking import locked_ticket

DONE, REFUSED, BUSY = "done", "refused", "busy"
RELATED = ("customer", "order", "merchant", "team__lead", "assignee")
GONE = Refusal("gone", _("This ticket is no longer here."))


@dataclass(frozen=True)
class Told:
    """One step on one ticket: what it would do in words, or why not. Steps behind a refused one are left out."""

    step: Step
    words: str = ""
    reasons: Sequence[Refusal] = ()


@dataclass(frozen=True)
class Result:
    """What became of one ticket. ``step`` is the number of the step that was refused, from 1; 0 for none."""

    ticket_id: int
    outcome: str = DONE
    step: int = 0
    reasons: Sequence[Refusal] = field(default_factory=list)

    @property
    def words(self) -> str:
        return " ".join(map(str, self.reasons))


class StepRefused(Refused):
    """The step that cannot be done any more, so that nothing of the others is done either."""

    def __init__(self, number: int, step: Step, refusals: Sequence[Refusal]) -> None:
        super().__init__(refusals)
        self.number, self.step = number, step


def foresee(
    steps: Sequence[Step], tickets: Sequence[Ticket], *, actor: Any, now: datetime, telling: bool = False
) -> dict[int, list[Told]]:
    """Each step on each ticket as it would go, judged on what the steps before would have made of it.

    Set-based: one judgement for each step. ``telling`` adds the words of what would happen.
    """
    found: dict[int, list[Told]] = {ticket.pk: [] for ticket in tickets}
    going = [foreseeing.copied(ticket) for ticket in tickets]
    for step in steps:
        asked = Asked(actor, now, step.values)
        judged: Mapping[int, Sequence[Refusal]] = step.action.judge(going, asked) if going else {}
        still = []
        for ticket in going:
            if reasons := once_each(judged.get(ticket.pk, ())):
                found[ticket.pk].append(Told(step, reasons=reasons))
                continue
            found[ticket.pk].append(Told(step, step.action.tell(ticket, asked) if telling else ""))
            step.action.foresee(ticket, asked)
            still.append(ticket)
        going = still
    return found


def open_to(
    action: Action,
    tickets: Sequence[Ticket],
    *,
    actor: Any,
    now: datetime,
    values: Mapping[str, Any] | None = None,
) -> dict[int, list[Refusal]]:
    """What one act would refuse before its values are known: that something is not chosen yet is no refusal."""
    known = dict(values or {})
    asked = Asked(actor, now, known)
    judged = action.judge(tickets, asked) if tickets else {}
    open_ = {need.name for need in action.needs if not known.get(need.name)} | (
        set() if known else set(action.unsaid)
    )
    return {
        one.pk: once_each([why for why in judged.get(one.pk, ()) if why.code not in open_]) for one in tickets
    }


def once_each(reasons: Sequence[Refusal]) -> list[Refusal]:
    """The same sentence twice says nothing more."""
    return list({str(one): one for one in reasons}.values())


def refusals(told: Sequence[Told]) -> Sequence[Refusal]:
    """Why a ticket would be left as it is."""
    return told[-1].reasons if told else ()


def carry_out(
    steps: Sequence[Step],
    ticket: Ticket,
    *,
    actor: Any,
    now: datetime,
    ref: str = "",
    version: int | None = None,
) -> Ticket:
    """All steps on one ticket or none, judged under its lock. Raises StepRefused, Conflict, Busy, gone."""
    with transaction.atomic():
        current = locked_ticket(ticket, version=version, actor=actor)
        for number, step in enumerate(steps, 1):
            current = Ticket.objects.select_related(*RELATED).get(pk=current.pk)
            asked = Asked(actor, now, step.values, f"{ref}.{number}" if ref else "")
            if reasons := once_each(step.action.judge([current], asked).get(current.pk, ())):
                raise StepRefused(number, step, reasons)
            _do(step, current, asked, number)
        return Ticket.objects.get(pk=current.pk)


def _do(step: Step, ticket: Ticket, asked: Asked, number: int) -> None:
    try:
        step.action.carry_out(ticket, asked)
    except (Busy, Conflict, StepRefused):
        raise
    except Refused as error:
        raise StepRefused(number, step, error.refusals) from error
    except DomainError as error:
        raise StepRefused(number, step, [Refusal(error.code, error.message)]) from error


def tried(
    steps: Sequence[Step],
    ticket: Ticket,
    *,
    actor: Any,
    now: datetime,
    ref: str = "",
    version: int | None = None,
) -> Result:
    """``carry_out`` with a result instead of an error: one ticket's *no* does not end a run over many.

    A savepoint of its own: whatever this ticket's steps wrote is gone when one of them is refused.
    """
    try:
        with transaction.atomic():
            carry_out(steps, ticket, actor=actor, now=now, ref=ref, version=version)
    except StepRefused as error:
        return Result(ticket.pk, REFUSED, error.number, error.refusals)
    except Busy as error:
        return Result(ticket.pk, BUSY, 0, [Refusal(error.code, error.message)])
    except DomainError as error:
        return Result(ticket.pk, REFUSED, 0, [Refusal(error.code, error.message)])
    except OperationalError as error:
        if not moves.held_by_another(error):
            raise
        return Result(ticket.pk, BUSY, 0, [Refusal("busy", Busy().message)])
    return Result(ticket.pk)
