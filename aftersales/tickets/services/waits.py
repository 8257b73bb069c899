"""Waits for others: noted with the expected answer when they begin, handed to the next person when they are over."""

from datetime import datetime

from django.utils.translation import gettext_lazy as _

from accounts.models import Away, User
from accounts.services import system_user
from aftersales.core import moves
from aftersales.core.errors import DomainError, Refused
from aftersales.core.models import Event
from aftersales.notices.services import notice_send
from aftersales.tickets.dispatch_rules import PAUSES
from aftersales.tickets.models import Ticket, TicketWait
from aftersales.tickets.selectors import pulling
from aftersales.tickets.states import OwnReason, TicketState, WaitFor, Woken

LONGEST = 200
BY_TIME = (OwnReason.WAKE_UP, OwnReason.APPOINTMENT_OVER)


def wait_note(
    *, ticket: Ticket, wait_for: str, until: datetime, expects: str, next_person: User | None, now: datetime
) -> TicketWait:
    """What this wait is about; in the transaction in which it begins. Errors: too_long, unfit, scope."""
    words = " ".join(expects.replace("\x00", "").split())
    if len(words) > LONGEST:
        raise DomainError(_("The expected answer: at most 200 characters."), "too_long")
    if next_person is not None and not _can_work(next_person):
        raise DomainError(_("%(name)s cannot work on tickets.") % {"name": next_person}, "unfit")
    if next_person is not None and pulling.kept_inside([ticket], next_person, now):
        raise DomainError(
            _("Complaints, safety and what is graver than the contract covers stay with own staff."), "scope"
        )
    TicketWait.objects.filter(ticket=ticket, ended_at=None).update(ended_at=now, woken=Woken.PERSON)
    return TicketWait.objects.create(
        ticket=ticket, wait_for=wait_for, expects=words, next_person=next_person, began_at=now, until=until
    )


def wait_over(*, event: Event, now: datetime) -> None:
    """A wait ended (``event``: the ticket goes on, or was finished from it): the next person gets the ticket.

    Once for one event. Who ended it himself is not told. Raises Busy.
    """
    ticket = moves.locked(Ticket(pk=event.subject_id))
    wait = _open_wait(ticket, event)
    if wait is None:
        return
    wait.ended_at, wait.woken = event.at, _how(event)
    woken = wait.woken != Woken.PERSON and ticket.state == TicketState.IN_PROGRESS
    if woken:
        ticket = _handed(ticket, wait.next_person, now)
        wait.woken_for = ticket.assignee
    wait.save()
    if woken and ticket.assignee is not None:
        values = {
            "number": ticket.number, "problem": ticket.subject, "waited": WaitFor(wait.wait_for).label,
            "expected": wait.expects or None,
        }  # fmt: skip
        notice_send(
            template="work.woken", to=ticket.assignee, about=ticket, values=values, key=f"event:{event.pk}",
            actor=system_user(now), now=now,
        )  # fmt: skip


def _open_wait(ticket: Ticket, event: Event) -> TicketWait | None:
    """The wait that this event ended. One that began without words (by a macro, long ago) is noted now."""
    rows = TicketWait.objects.select_for_update(of=("self",)).select_related("next_person")
    found: TicketWait | None = rows.filter(ticket=ticket, ended_at=None, began_at__lte=event.at).first()
    if found is not None or event.kind != "ticket.resumed":
        return found
    waited = event.payload.get("for") or ""
    known = rows.filter(ticket=ticket, ended_at__gte=event.at).exists()
    if known or waited not in WaitFor.values:
        return None
    return TicketWait(ticket=ticket, wait_for=waited, began_at=event.at, until=event.at)


def _how(event: Event) -> str:
    if event.reason in BY_TIME:
        return Woken.TIME
    return Woken.EVENT if event.actor_id == system_user().pk else Woken.PERSON


def _handed(ticket: Ticket, person: User | None, now: datetime) -> Ticket:
    """To the named person while he is there and may take it; else it stays with its assignee, or in the team's queue.

    What he may take is judged by the ticket as it is now, not as it was when the wait began.
    """
    if person is None or person.pk == ticket.assignee_id or not _can_work(person):
        return ticket
    if _is_absent(person, now) or pulling.barred([ticket], person, now):
        return ticket
    try:
        return moves.perform(
            ticket, "assign", actor=system_user(now), now=now, reason=OwnReason.WAIT_OVER, to=person
        )
    except Refused:  # his own order, meanwhile
        return ticket


def _is_absent(person: User, now: datetime) -> bool:
    """Registered ill, on leave or in training; from a break he is back soon."""
    return bool(Away.objects.at(now).filter(person=person).exclude(reason__in=PAUSES).exists())


def _can_work(person: User) -> bool:
    return bool(person.is_active and person.has_perm("tickets.work"))
