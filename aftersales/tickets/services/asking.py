"""Was the customer really asked (R3.6)? Silence counts from the message that went out; else a person asks."""

from collections.abc import Iterable
from datetime import datetime

from django.db import transaction

from accounts.services import system_user
from aftersales.core import moves
from aftersales.core.errors import Busy, Refusal
from aftersales.core.models import Event
from aftersales.standards.selectors import duration
from aftersales.tickets import rules
from aftersales.tickets.models import Ticket
from aftersales.tickets.selectors import KIND, questions
from aftersales.tickets.services.conversation import QUIET
from aftersales.tickets.states import AskInPerson, TicketState

ASKING = (*QUIET, "wake_at")


def question_follow(*, ticket_id: int, now: datetime) -> None:
    """Note what became of the question to the customer of a resolved ticket; once, however often it is asked.

    Sent: an ordinary ticket waits for the customer and silence counts from then. Not sent: a person is told.
    """
    with transaction.atomic():
        ticket = _resolved(ticket_id)
        if ticket is None:
            return
        question = questions([ticket], now)[ticket.pk]
        if question.sent_at is not None:
            if not _was_asked(ticket):
                _asked(ticket, question, now)
        elif not question.on_its_way and not ticket.ask_in_person:
            _ask_in_person(ticket, question.why, now)


def question_remind(*, ticket_id: int, reasons: Iterable[Refusal], now: datetime) -> None:
    """Silence may not end this ticket: its assignee is told, again each day until somebody has an answer."""
    codes = {reason.code for reason in reasons}
    with transaction.atomic():
        ticket = _resolved(ticket_id)
        if ticket is None or ticket.wake_at is None or ticket.wake_at > now:
            return
        if "not_asked" in codes:
            _ask_in_person(ticket, questions([ticket], now)[ticket.pk].why, now)
        elif "needs_answer" in codes and "not_sent_yet" not in codes:
            _ask_in_person(ticket, AskInPerson.UNANSWERED, now)


def remind_all(refused: Iterable[tuple[int, list[Refusal]]], now: datetime) -> None:
    """One after the other; a ticket that somebody has open is reminded of with the next sweep."""
    for ticket_id, reasons in refused:
        try:
            question_remind(ticket_id=ticket_id, reasons=reasons, now=now)
        except Busy:
            continue


def _resolved(ticket_id: int) -> Ticket | None:
    rows = Ticket.objects.select_for_update(of=("self",)).filter(pk=ticket_id, state=TicketState.RESOLVED)
    found: Ticket | None = rows.first()
    return found


def _was_asked(ticket: Ticket) -> bool:
    """Whether the message is noted for this handling; one that goes out late, after all, is noted once more."""
    noted = Event.objects.about(KIND, ticket.pk).filter(
        kind__in=["ticket.asked_to_confirm", "ticket.not_asked"], at__gte=ticket.resolved_at
    )
    last = noted.order_by("-id").first()
    return last is not None and last.kind == "ticket.asked_to_confirm"


def _asked(ticket: Ticket, question: rules.Question, now: datetime) -> None:
    """The clock of an ordinary ticket stops while the customer has the question; others stay owed by a person."""
    silent = rules.may_close_by_silence(ticket.severity, ticket.nature, ticket.kind)
    moves.change(
        ticket, actor=system_user(), now=now, event="ticket.asked_to_confirm", quiet=ASKING,
        payload={"then": "silence" if silent else "person"}, ask_in_person="",
        wake_at=question.quiet_until if silent else None,
    )  # fmt: skip


def _ask_in_person(ticket: Ticket, why: str, now: datetime) -> None:
    event = "ticket.unanswered" if why == AskInPerson.UNANSWERED else "ticket.not_asked"
    moves.change(
        ticket, actor=system_user(), now=now, event=event, quiet=ASKING, payload={"why": why}, ask_in_person=why,
        wake_at=now + duration("verification_hours", now),
    )  # fmt: skip
