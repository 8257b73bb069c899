"""Every action there is. Each is carried out by the service that a person's button uses, never by a second way."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from django.db import transaction
from django.db.models import Q, QuerySet
from django.utils import translation
from django.utils.translation import gettext, pgettext_lazy
from django.utils.translation import gettext_lazy as _

from accounts.models import User
from aftersales.core import moves
from aftersales.core.errors import Busy, DomainError, Refusal, Refused
from aftersales.core.machine import Need
from aftersales.core.moves import Outcome
from aftersales.tickets import services
from aftersales.tickets.actions import foreseeing, judging, words
from aftersales.tickets.actions.kinds import Action, Asked, register
from aftersales.tickets.machine import MACHINE
from aftersales.tickets.models import Ticket
from aftersales.tickets.services.bulk import tickets_put_back, tickets_take
from aftersales.tickets.services.dispatch import _other_lead
from aftersales.tickets.services.work import ensure_started
from aftersales.tickets.states import CancelReason, Kind, Nature, Result, Severity, TicketState, WaitFor

REASON = Need("reason", pgettext_lazy("ticket act", "Reason"), "long")
CHANGED_GRADE = (
    Need("kind", _("Kind"), "choice", False, lambda: Kind.choices),
    Need("severity", _("Severity"), "choice", False, lambda: Severity.choices),
    Need("nature", _("Nature"), "choice", False, lambda: Nature.choices),
)
WAIT = (
    Need("wait_for", _("For whom"), "choice", choices=lambda: WaitFor.choices),
    Need("hours", _("Hours until it wakes up"), "number", help=_("Then the ticket wakes up by itself.")),
)
TEXT = Need("text", _("Message to the customer"), "long", max_length=20_000)
TEXT_EN = Need(
    "text_en", _("The same in English"), "long", required=False, max_length=20_000,
    help=_("Goes to customers whose first language is English."),
)  # fmt: skip


def _state(state: str) -> str:
    return str(TicketState(state).label)


def _arrow(old: Any, new: Any) -> str:
    return f"{old} → {new}"


def _becomes(state: str) -> Callable[[Ticket, Asked], str]:
    return lambda ticket, asked: _arrow(_state(ticket.state), _state(state))


def _holder(ticket: Ticket) -> str:
    return str(ticket.assignee) if ticket.assignee_id else gettext("nobody")


def _text(ticket: Ticket, asked: Asked) -> str:
    """The words in the customer's language where they were written in it, with the variables filled in."""
    english = (
        asked.text("text_en") and ticket.customer and (ticket.customer.languages or [""])[0].startswith("en")
    )
    with translation.override("en" if english else "zh-hans"):
        return _filled(asked.text("text_en" if english else "text"), ticket, asked)


def _filled(text: str, ticket: Ticket, asked: Asked) -> str:
    return words.filled(text, ticket, asked.actor, asked.now)


def _common(ticket: Ticket, asked: Asked) -> dict[str, Any]:
    return {"ticket": ticket, "actor": asked.actor, "now": asked.now}


def _assign(ticket: Ticket, asked: Asked) -> Any:
    to = judging.person(asked)
    if to is None:
        raise DomainError(_("Choose a person."), "to")
    return give(ticket, to, asked)


def give(ticket: Ticket, to: User, asked: Asked) -> Ticket:
    """To a person of another team the ticket goes with its team."""
    team = None if ticket.team_id in to.team_ids else next(iter(to.team_ids), None)
    return services.ticket_assign(**_common(ticket, asked), to=to, reason=asked.text("reason"), team_id=team)


def _give_many(rows: QuerySet[Ticket], asked: Asked) -> Outcome:
    """Those that change hands as they stand do so one by one; all others go through the door, each with its team."""
    to = judging.person(asked)
    if to is None:
        raise DomainError(_("Choose a person."), "to")
    reason, mine = asked.text("reason"), Q(team__in=to.team_ids)
    moving, outcome = rows.exclude(pk__in=Ticket.objects.passed_on().values("pk")), Outcome()
    team = next(iter(to.team_ids), None)
    for group, team_id in ((moving.filter(mine), None), (moving.exclude(mine), team)):
        part = services.tickets_assign(
            tickets=group, to=to, actor=asked.actor, now=asked.now, reason=reason, team_id=team_id
        )
        outcome.done += part.done
        outcome.refused += part.refused
        outcome.busy += part.busy
    for ticket in rows.filter(pk__in=Ticket.objects.passed_on().values("pk")).order_by("pk"):
        try:
            with transaction.atomic():
                outcome.done.append(give(ticket, to, asked))
        except Busy:
            outcome.busy.append(ticket.pk)
        except Refused as error:
            outcome.refused.append((ticket.pk, list(error.refusals)))
        except DomainError as error:
            outcome.refused.append((ticket.pk, [Refusal(error.code, error.message)]))
    return outcome


def _escalate(ticket: Ticket, asked: Asked) -> Any:
    """Who may assign gives it to the lead; the assignee hands it over himself."""
    reason = asked.text("reason")
    if asked.actor.has_perm("tickets.assign"):
        lead = _other_lead(ticket, asked.actor)
        return services.ticket_assign(**_common(ticket, asked), to=lead, reason=reason)
    return services.ticket_hand_over(**_common(ticket, asked), reason=reason)


def _regrade(ticket: Ticket, asked: Asked) -> Any:
    kind, severity, nature = judging.grade_of(ticket, asked)
    return services.ticket_regrade(
        **_common(ticket, asked), kind=kind, severity=severity, nature=nature, reason=asked.text("reason")
    )


def _told_grade(ticket: Ticket, asked: Asked) -> str:
    labels: Mapping[str, Any] = {"kind": Kind, "severity": Severity, "nature": Nature}
    return "; ".join(
        _arrow(labels[name](getattr(ticket, name)).label, labels[name](value).label)
        for name in labels
        if (value := asked.text(name)) and value != getattr(ticket, name)
    )


def _told_wait(ticket: Ticket, asked: Asked) -> str:
    said = gettext("%(state)s → waits for %(whom)s, %(hours)d hours at most")
    whom = WaitFor(asked.text("wait_for")).label
    return said % {"state": _state(ticket.state), "whom": whom, "hours": int(asked.values.get("hours") or 0)}


def _told_person(ticket: Ticket, asked: Asked) -> str:
    return _arrow(_holder(ticket), judging.person(asked) or "–")


def _told_lead(ticket: Ticket, asked: Asked) -> str:
    if judging.goes_back(ticket, asked):
        return _arrow(_state(ticket.state), _state(TicketState.TRIAGED))
    return _arrow(_holder(ticket), ticket.team.lead if ticket.team and ticket.team.lead else "–")


def _told_result(ticket: Ticket, asked: Asked) -> str:
    result = Result(asked.text("result")).label
    return f"{_arrow(_state(ticket.state), result)}\n{_text(ticket, asked)}"


def _told_end(ticket: Ticket, asked: Asked) -> str:
    return _arrow(_state(ticket.state), CancelReason(asked.text("why")).label)


def _many(name: str, *data: str) -> Callable[[QuerySet[Ticket], Asked], Outcome]:
    """The door for many rows, with the same values."""

    def run(rows: QuerySet[Ticket], asked: Asked) -> Outcome:
        values = {key: asked.values[key] for key in data}
        return moves.perform_many(
            rows, name, actor=asked.actor, now=asked.now, reason=asked.text("reason"), data=values
        )

    return run


def _wait(ticket: Ticket, asked: Asked) -> Ticket:
    """Whoever waits for somebody on an assigned ticket has begun to work on it."""
    ticket = ensure_started(ticket, actor=asked.actor, now=asked.now)
    return services.ticket_wait(
        **_common(ticket, asked), wait_for=asked.text("wait_for"), until=judging.wake_up(asked),
        reason=asked.text("reason"),
    )  # fmt: skip


register(
    Action(
        "take", pgettext_lazy("ticket act", "Take it"), "user", "tickets.take", judging.taken,
        lambda ticket, asked: services.ticket_take(**_common(ticket, asked)), foreseeing.taken,
        lambda ticket, asked: _arrow(_holder(ticket), asked.actor),
        many=lambda rows, asked: tickets_take(tickets=rows, actor=asked.actor, now=asked.now), by_rule=False,
    ),
    Action(
        "assign", MACHINE["assign"].label, "route", "tickets.assign", judging.assigned, _assign, foreseeing.assigned,
        _told_person, [Need("to", _("Person"), "user"), Need("reason", REASON.label, "long", required=False)],
        many=_give_many,
    ),
    Action(
        "put_back", MACHINE["unassign"].label, "undo", "tickets.work", judging.put_back,
        lambda ticket, asked: services.ticket_put_back(**_common(ticket, asked), reason=asked.text("reason")),
        foreseeing.put_back, _becomes(TicketState.TRIAGED), [REASON],
        many=lambda rows, asked: tickets_put_back(
            tickets=rows, actor=asked.actor, now=asked.now, reason=asked.text("reason")
        ),
    ),
    Action(
        "escalate", pgettext_lazy("ticket act", "Escalate to the lead"), "up", "tickets.work", judging.escalated,
        _escalate, foreseeing.escalated, _told_lead, [REASON],
    ),
    Action(
        "start", MACHINE["start"].label, "play", "tickets.work", judging.moved("start"),
        lambda ticket, asked: services.ticket_start(**_common(ticket, asked)), foreseeing.started,
        _becomes(TicketState.IN_PROGRESS), many=_many("start"),
    ),
    Action(
        "wait", MACHINE["wait"].label, "pause", "tickets.work", judging.waited,
        _wait, foreseeing.waits, _told_wait, [*WAIT, REASON],
    ),
    Action(
        "resume", MACHINE["resume"].label, "play", "tickets.work", judging.moved("resume"),
        lambda ticket, asked: services.ticket_move(**_common(ticket, asked), name="resume"), foreseeing.resumed,
        _becomes(TicketState.IN_PROGRESS), many=_many("resume"),
    ),
    Action(
        "regrade", pgettext_lazy("ticket act", "Change the grade"), "flag", "tickets.regrade", judging.regraded,
        _regrade, foreseeing.regraded, _told_grade, [*CHANGED_GRADE, REASON], unsaid=("already",),
    ),
    Action(
        "reply", pgettext_lazy("ticket act", "Reply to the customer"), "chat", "tickets.reply", judging.replied,
        lambda ticket, asked: services.ticket_reply(
            **_common(ticket, asked), text=_text(ticket, asked), **asked.once(ticket)
        ),
        foreseeing.replied, _text, [TEXT, TEXT_EN], says=("text", "text_en"),
    ),
    Action(
        "agree", pgettext_lazy("ticket act", "Register the solution"), "check", "tickets.reply", judging.agreed,
        lambda ticket, asked: services.ticket_agree_solution(
            **_common(ticket, asked), text=_text(ticket, asked), **asked.once(ticket)
        ),
        foreseeing.replied, _text, [TEXT, TEXT_EN], says=("text", "text_en"), by_rule=False,
    ),
    Action(
        "ask_merchant", pgettext_lazy("ticket act", "Ask the merchant"), "store", "tickets.reply",
        judging.merchant_asked,
        lambda ticket, asked: services.ticket_ask_merchant(
            **_common(ticket, asked), text=_filled(asked.text("text"), ticket, asked), **asked.once(ticket)
        ),
        foreseeing.said, lambda ticket, asked: _filled(asked.text("text"), ticket, asked),
        [Need("text", _("Question to the merchant"), "long", max_length=20_000)], says=("text",),
    ),
    Action(
        "note", pgettext_lazy("ticket act", "Leave a note"), "note", "tickets.note", judging.noted,
        lambda ticket, asked: services.note_add(
            **_common(ticket, asked), text=_filled(asked.text("text"), ticket, asked), **asked.once(ticket)
        ),
        foreseeing.said, lambda ticket, asked: _filled(asked.text("text"), ticket, asked),
        [Need("text", _("Internal note"), "long", max_length=20_000)], says=("text",),
    ),
    Action(
        "resolve", MACHINE["resolve"].label, "check", "tickets.resolve", judging.resolved,
        lambda ticket, asked: services.ticket_resolve(
            **_common(ticket, asked), result=asked.text("result"), text=_text(ticket, asked), **asked.once(ticket)
        ),
        foreseeing.resolved, _told_result,
        [Need("result", _("Result"), "choice", choices=lambda: Result.choices), TEXT, TEXT_EN],
        says=("text", "text_en"), by_rule=False,
    ),
    Action(
        "cancel", MACHINE["cancel"].label, "x", "tickets.cancel", judging.moved("cancel", "why", reason=True),
        lambda ticket, asked: services.ticket_cancel(
            **_common(ticket, asked), why=asked.text("why"), reason=asked.text("reason")
        ),
        foreseeing.cancelled, _told_end,
        [Need("why", _("Why"), "choice", choices=lambda: CancelReason.choices), REASON],
        many=_many("cancel", "why"), by_rule=False,
    ),
    Action(
        "archive", MACHINE["archive"].label, "book", "tickets.archive", judging.archived,
        lambda ticket, asked: services.ticket_archive(**_common(ticket, asked), summary=asked.text("summary")),
        foreseeing.archived, _becomes(TicketState.ARCHIVED),
        [Need("summary", _("Summary for the record"), "long", help=_("What happened, what was done, what follows."))],
        by_rule=False,
    ),
)  # fmt: skip
