"""Appointments: a window agreed with the customer or somebody else, reminded of, kept, missed, moved or cancelled.

The ticket is locked first, then the appointment; whoever holds the ticket (or a lead) speaks for it. The customer's
letters follow from the ticket's events (appointment_letters).
"""

from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Any

from django.db import transaction
from django.utils.translation import gettext_lazy as _

from accounts.models import User
from accounts.services import customer_user, system_user
from aftersales.core import events, moves
from aftersales.core.errors import Busy, DomainError, NotPermitted, Refused
from aftersales.standards.selectors import Book, book, duration
from aftersales.tickets import rules
from aftersales.tickets.models import Appointment, CustomerLink, Ticket
from aftersales.tickets.selectors.appointments import calendar_of, is_inside
from aftersales.tickets.services.conversation import customer_message
from aftersales.tickets.services.locking import locked_ticket
from aftersales.tickets.services.work import ensure_started
from aftersales.tickets.states import AppointmentKind, AppointmentState, OwnReason, TicketState, WaitFor

LONGEST_PLACE, LONGEST_WHY = 200, 500
SWEEP_LIMIT = 500
ENDS = {
    AppointmentState.KEPT: "keep",
    AppointmentState.MISSED_THEM: "miss_them",
    AppointmentState.MISSED_US: "miss_us",
}


def appointment_agree(
    *,
    ticket: Ticket,
    kind: str,
    with_whom: str,
    starts_at: datetime,
    ends_at: datetime,
    responsible: User,
    actor: Any,
    now: datetime,
    place: str = "",
    outside: bool = False,
    wait: bool = False,
    source: str = "",
    source_ref: str = "",
) -> Appointment:
    """Note an agreed window; the customer is told where it concerns him. The same (source, source_ref) twice is one.

    ``outside``: agreed outside business hours on purpose. ``wait``: the ticket waits until its end. Errors:
    wrong_state, not_yours, unfit, in_the_past, window, too_wide, too_far, closed, too_long.
    """
    _may_appoint(actor)
    with transaction.atomic():
        ticket = locked_ticket(ticket)
        if known := _known(source, source_ref):
            return known
        _judge(ticket, responsible, actor, now)
        book_now = book()
        _refuse_window(kind, starts_at, ends_at, outside, book_now, now)
        row = Appointment(
            ticket=ticket, merchant_id=ticket.merchant_id, kind=kind, with_whom=with_whom, place=_cleaned(place),
            starts_at=starts_at, ends_at=ends_at, outside=outside, responsible=responsible, agreed_by=actor,
            agreed_at=now, source=source, source_ref=source_ref,
        )  # fmt: skip
        agreed = _written(row, actor, now, book_now)
        _tell(ticket, "ticket.appointed", agreed, actor, now)
        if wait:
            _wait(ticket, ends_at, actor, now)
    return agreed


def _written(row: Appointment, actor: Any, now: datetime, book_now: Book) -> Appointment:
    """The new row with its reminder, when there is time for one."""
    remind_at = row.starts_at - duration(f"appointment_reminder_{row.kind}", now, among=book_now)
    row.remind_at = remind_at if remind_at > now else None
    return moves.create(row, actor=actor, now=now, event="appointment.agreed")


def appointment_end(
    *,
    appointment: Appointment,
    outcome: str,
    actor: Any,
    now: datetime,
    why: str = "",
    version: int | None = None,
) -> Appointment:
    """What came of it: kept, missed by them, missed by us; said once, a miss with its reason.

    A ticket that waits for it goes on. Errors: reason, not_begun, wrong_state, Conflict.
    """
    _may_appoint(actor)
    if outcome not in ENDS:
        raise DomainError(_("Choose what came of it."), "outcome")
    state = AppointmentState(outcome)
    told = {} if state == AppointmentState.KEPT else {"why": _reason(why)}
    with transaction.atomic():
        ticket = _locked_with(appointment, actor, now)
        ended: Appointment = moves.perform(
            appointment, ENDS[state], actor=actor, now=now, version=version, **told
        )
        _tell(ticket, "ticket.appointment_ended", ended, actor, now, ended.why, state=state)
        _go_on(ticket, ended, actor, now)
    return ended


def appointment_cancel(
    *, appointment: Appointment, why: str, actor: Any, now: datetime, version: int | None = None
) -> Appointment:
    """Nobody comes or calls; the customer is told where it concerned him. Errors: reason, wrong_state, Conflict."""
    _may_appoint(actor)
    why = _reason(why)
    with transaction.atomic():
        ticket = _locked_with(appointment, actor, now)
        gone: Appointment = moves.perform(
            appointment, "cancel", actor=actor, now=now, version=version, why=why
        )
        _tell(ticket, "ticket.appointment_cancelled", gone, actor, now, why)
        _go_on(ticket, gone, actor, now)
    return gone


def appointment_move(
    *,
    appointment: Appointment,
    starts_at: datetime,
    ends_at: datetime,
    why: str,
    actor: Any,
    now: datetime,
    outside: bool = False,
    responsible: User | None = None,
    version: int | None = None,
    source: str = "",
    source_ref: str = "",
) -> Appointment:
    """Agree another window in its place; answers the next one, which names this one. Both stay on the record.

    One whose time is over is not moved but said to be missed or kept first (error: over).
    """
    _may_appoint(actor)
    why = _reason(why)
    with transaction.atomic():
        ticket = _locked_with(appointment, actor, now)
        if known := _known(source, source_ref):
            return known
        current: Appointment = moves.locked(appointment, version=version)
        person = responsible or current.responsible
        _judge(ticket, person, actor, now)
        book_now = book()
        _refuse_window(current.kind, starts_at, ends_at, outside, book_now, now)
        if current.is_open and current.ends_at <= now:
            raise DomainError(_("Its time is over: say first what came of it, then agree a new one."), "over")
        old: Appointment = moves.perform(current, "move", actor=actor, now=now, why=why)
        row = Appointment(
            ticket=ticket, merchant_id=ticket.merchant_id, kind=old.kind, with_whom=old.with_whom, place=old.place,
            starts_at=starts_at, ends_at=ends_at, outside=outside, responsible=person, moved_from=old,
            agreed_by=actor, agreed_at=now, source=source, source_ref=source_ref,
        )  # fmt: skip
        later = _written(row, actor, now, book_now)
        _tell(
            ticket,
            "ticket.appointment_moved",
            later,
            actor,
            now,
            why,
            old_starts_at=old.starts_at.isoformat(),
        )
        _wait_longer(ticket, old, later, actor, now)
    return later


def appointment_wish(
    *, link: CustomerLink, public_id: str, starts_at: datetime, ends_at: datetime, text: str, now: datetime
) -> Appointment:
    """The customer asks for another window on his own page, once for each appointment; a person answers by moving it.

    What he asks for joins the conversation. Errors: gone, asked, in_the_past, window, too_wide, too_far.
    """
    actor = customer_user()
    with transaction.atomic():
        ticket = locked_ticket(link.ticket)
        found = Appointment.objects.open().filter(ticket=ticket, public_id=public_id).first()
        if found is None or not found.concerns_customer or found.ends_at <= now:
            raise DomainError(_("This appointment does not stand any more."), "gone")
        current: Appointment = moves.locked(found)
        if current.wish_from is not None:
            raise DomainError(_("You asked for another time already; we answer you."), "asked")
        _refuse_window(current.kind, starts_at, ends_at, True, book(), now)
        wished: Appointment = moves.change(
            current, actor=actor, now=now, event="appointment.wished", wish_from=starts_at, wish_until=ends_at,
            payload=current.told(),
        )  # fmt: skip
        if words := text.strip():
            customer_message(
                ticket=ticket, text=words, actor=actor, now=now, acting_as=f"customer:{ticket.customer_id}"
            )
        events.record(
            "ticket.appointment_wished", subject=ticket, actor=actor, now=now,
            payload=wished.told(old_starts_at=wished.starts_at.isoformat())
            | {"starts_at": starts_at.isoformat(), "ends_at": ends_at.isoformat()},
        )  # fmt: skip
    return wished


# The minute's sweep ------------------------------------------------------------------------------------------


def appointments_sweep(*, now: datetime, limit: int = SWEEP_LIMIT) -> Mapping[str, int]:
    """Remind of what comes near, and ask what came of what is over; a row in use waits for the next minute."""
    return {
        "reminded": _each(Appointment.objects.to_remind(now), _remind, now, limit),
        "asked": _each(Appointment.objects.over(now), _ask, now, limit),
    }


def _each(rows: Any, act: Callable[[Ticket, Appointment, datetime], bool], now: datetime, limit: int) -> int:
    """One transaction for each; judged again under the locks, because a person may be faster."""
    done = 0
    for pk, ticket_id in list(rows.values_list("pk", "ticket_id")[:limit]):
        try:
            with transaction.atomic():
                ticket = moves.locked(Ticket(pk=ticket_id))
                done += act(ticket, moves.locked(Appointment(pk=pk)), now)
        except Busy:
            continue
    return done


def _remind(ticket: Ticket, row: Appointment, now: datetime) -> bool:
    if not row.is_open or row.reminded_at is not None or row.remind_at is None or row.remind_at > now:
        return False
    system = system_user(now)
    row = moves.change(
        row, actor=system, now=now, event="appointment.reminded", payload=row.told(), reminded_at=now
    )
    if row.starts_at <= now:  # nothing swept for too long: whoever is there already needs no reminder
        return False
    _tell(ticket, "ticket.appointment_near", row, system, now)
    return True


def _ask(ticket: Ticket, row: Appointment, now: datetime) -> bool:
    """Its time is over: the ticket wakes, and whoever is responsible is asked what came of it."""
    if not row.is_open or row.asked_at is not None or row.ends_at > now:
        return False
    system = system_user(now)
    row = moves.change(
        row, actor=system, now=now, event="appointment.asked", payload=row.told(), asked_at=now
    )
    _tell(ticket, "ticket.appointment_over", row, system, now)
    if ticket.state == TicketState.WAITING:
        moves.perform(ticket, "resume", actor=system, now=now, reason=OwnReason.APPOINTMENT_OVER)
    return True


# What is refused ---------------------------------------------------------------------------------------------


def _may_appoint(actor: Any) -> None:
    if not actor.has_perm("tickets.appoint"):
        raise NotPermitted()


def _judge(ticket: Ticket, responsible: User, actor: Any, now: datetime) -> None:
    if not ticket.is_open:
        raise DomainError(_("This ticket is solved; reopen it before you agree on anything."), "wrong_state")
    if refusals := list(rules.own_work(ticket, {}, actor, now, None)):
        raise Refused(refusals)
    if not (responsible.is_active and responsible.has_perm("tickets.work")):
        raise DomainError(
            _("%(name)s cannot see to it; choose a colleague.") % {"name": responsible}, "unfit"
        )


def _refuse_window(
    kind: str, starts_at: datetime, ends_at: datetime, outside: bool, book_now: Book, now: datetime
) -> None:
    """A window lies ahead, is short enough to wait for, and lies in business hours unless that is on purpose."""
    if kind not in AppointmentKind.values:
        raise DomainError(_("Choose what was agreed."), "kind")
    if starts_at <= now:
        raise DomainError(_("An appointment lies ahead; choose a later time."), "in_the_past")
    if ends_at <= starts_at:
        raise DomainError(_("The window ends before it begins."), "window")
    longest = duration("appointment_longest_hours", now, among=book_now)
    if ends_at - starts_at > longest:
        hours = int(longest.total_seconds() // 3600)
        raise DomainError(_("A window is at most %(hours)d hours long.") % {"hours": hours}, "too_wide")
    furthest = duration("longest_wait_days", now, among=book_now)
    if starts_at - now > furthest:
        raise DomainError(
            _("An appointment may lie at most %(days)d days ahead; check the date.")
            % {"days": furthest.days},
            "too_far",
        )
    if not outside and not is_inside(calendar_of(kind, book_now, now), starts_at, ends_at):
        raise DomainError(
            _("That is outside business hours. Choose another window, or say that it was agreed on purpose."),
            "closed",
        )


def _cleaned(place: str) -> str:
    words = " ".join(place.replace("\x00", "").split())
    if len(words) > LONGEST_PLACE:
        raise DomainError(_("Where and what about: at most 200 characters."), "too_long")
    return words


def _reason(why: str) -> str:
    words = " ".join(why.replace("\x00", "").split())[:LONGEST_WHY]
    if not words:
        raise DomainError(_("Please give the reason."), "reason")
    return words


def _known(source: str, source_ref: str) -> Appointment | None:
    """What was agreed with this reference before; asked under the ticket's lock."""
    if not source_ref:
        return None
    found: Appointment | None = Appointment.objects.filter(source=source, source_ref=source_ref).first()
    return found


def _locked_with(appointment: Appointment, actor: Any, now: datetime) -> Ticket:
    """The appointment's ticket, locked first (lock order), judged then."""
    ticket = locked_ticket(Ticket(pk=appointment.ticket_id))
    if appointment.responsible_id == actor.pk:  # whoever went there says what came of it
        return ticket
    if refusals := list(rules.own_work(ticket, {}, actor, now, None)):
        raise Refused(refusals)
    return ticket


# What it does to the ticket ----------------------------------------------------------------------------------


def _tell(
    ticket: Ticket, event: str, row: Appointment, actor: Any, now: datetime, reason: str = "", **more: Any
) -> None:
    events.record(event, subject=ticket, actor=actor, now=now, reason=reason, payload=row.told(**more))


def _wait(ticket: Ticket, until: datetime, actor: Any, now: datetime) -> None:
    """The ticket waits for the date; one that waits for somebody else already goes on waiting for him."""
    ticket = ensure_started(moves.locked(ticket), actor=actor, now=now)
    if ticket.state == TicketState.IN_PROGRESS:
        moves.perform(
            ticket, "wait", actor=actor, now=now, wait_for=WaitFor.SCHEDULED, until=until,
            reason=OwnReason.APPOINTMENT,
        )  # fmt: skip


def _wait_longer(ticket: Ticket, old: Appointment, later: Appointment, actor: Any, now: datetime) -> None:
    """A ticket that waited for the old window waits for the new one."""
    current = moves.locked(ticket)
    if _waits_for(current, old):
        moves.change(
            current, actor=actor, now=now, event="ticket.wait_moved", wake_at=later.ends_at,
            payload={"until": later.ends_at.isoformat()},
        )  # fmt: skip


def _go_on(ticket: Ticket, ended: Appointment, actor: Any, now: datetime) -> None:
    current = moves.locked(ticket)
    if _waits_for(current, ended):
        moves.perform(current, "resume", actor=system_user(now), now=now, reason=OwnReason.APPOINTMENT_OVER)


def _waits_for(ticket: Ticket, row: Appointment) -> bool:
    waits = ticket.state == TicketState.WAITING and ticket.wait_for == WaitFor.SCHEDULED
    return bool(waits and ticket.wake_at == row.ends_at)
