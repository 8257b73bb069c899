"""Work that nobody touched goes back to dispatch: after some working minutes by severity, and at shift end (R3.2)."""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta

from django.db import transaction
from django.db.models import Count, Q

from accounts import qualifications
from accounts.rules import minutes_worked
from accounts.selectors import Worked, worked
from accounts.services import system_user
from aftersales.core import events, moves
from aftersales.standards.selectors import book, duration
from aftersales.tickets.models import DispatchRecord, Ticket
from aftersales.tickets.selectors.dispatching import TAKEN_BACK
from aftersales.tickets.selectors.routing import route_book, routed_to
from aftersales.tickets.states import OwnReason, Severity, TicketState

LIMIT = 500  # tickets looked at in one go; those nobody can be late with do not hide the ones behind them
OFTEN = 2  # so often taken back, the lead is told


def take_back_sweep(*, now: datetime, limit: int = LIMIT) -> int:
    """Tickets that were given to somebody who did not begin: back to dispatch. Returns how many.

    Counted is the time in which the person was on shift and not away since it was given to him. Run twice it does
    nothing the second time; a ticket that somebody holds at this moment is left for the next sweep.
    """
    current = book()
    limits = {code: duration(f"take_back_minutes_{code}", now, among=current) for code in Severity.values}
    taken, rows = 0, _untouched(now - min(limits.values()), None, limit)
    while rows:
        taken += _judge(rows, limits, now)
        rows = _untouched(now - min(limits.values()), rows[-1], limit)
    return taken


def lapsed_sweep(*, now: datetime) -> int:
    """Tickets not begun whose holder has no valid certificate for their duty any more: back to dispatch (R1.2, R1.3).

    A certificate that ended at midnight is gone at midnight. Work that was begun stays with whoever talks to the
    customer: he decides nothing by an ended certificate, and his lead passes it on. Two statements where nobody
    lacks anything. Returns how many.
    """
    rows = Ticket.objects.filter(state=TicketState.ASSIGNED, historic=False, assignee__isnull=False)
    people = sorted(set(rows.values_list("assignee_id", flat=True)))
    routes = route_book() if people else []
    duties = sorted({row.duty for row in routes})
    taken = 0
    for person_id, missing in qualifications.lacking_of(people, duties, now).items():
        found = list(rows.filter(routed_to(list(missing), routes), assignee_id=person_id)[:LIMIT])
        taken += _take_back(found, OwnReason.CERTIFICATE_OVER.value, now) if found else 0
    return taken


def _judge(rows: Sequence[Ticket], limits: Mapping[str, timedelta], now: datetime) -> int:
    since = min(row.assigned_at for row in rows if row.assigned_at)
    people = worked({row.assignee_id for row in rows}, since, now)
    reasons: dict[str, list[Ticket]] = defaultdict(list)
    for row in rows:
        if why := _why(row, people.get(row.assignee_id or 0, Worked()), limits[row.severity], now):
            reasons[why].append(row)
    return sum(_take_back(found, why, now) for why, found in sorted(reasons.items()))


def _untouched(before: datetime, last: Ticket | None, limit: int) -> list[Ticket]:
    """Given to somebody and not begun, the next after ``last``; whoever answers or resolves begins."""
    rows = Ticket.objects.filter(state=TicketState.ASSIGNED, historic=False, assignee__isnull=False)
    if last is not None:
        same = Q(assigned_at=last.assigned_at, pk__gt=last.pk)
        rows = rows.filter(Q(assigned_at__gt=last.assigned_at) | same)
    return list(rows.filter(assigned_at__lte=before).order_by("assigned_at", "id")[:limit])


def _why(row: Ticket, person: Worked, limit: timedelta, now: datetime) -> str:
    """Without a shift nobody can be late; who is away has not left for good before the shift is over."""
    given = row.assigned_at or now
    if timedelta(minutes=minutes_worked(person.there, given, now)) >= limit:
        return OwnReason.UNTOUCHED.value
    over = any(given < end <= now for _start, end in person.shifts)
    on_shift = any(start <= now < end for start, end in person.shifts)
    return OwnReason.SHIFT_OVER.value if over and not on_shift else ""


def _take_back(rows: Sequence[Ticket], why: str, now: datetime) -> int:
    """Those that still stand as they stood; the record says from whom and why."""
    had: Mapping[int, tuple[int | None, datetime | None]] = {
        row.pk: (row.assignee_id, row.assigned_at) for row in rows
    }
    newest = max(row.assigned_at for row in rows if row.assigned_at)
    with transaction.atomic():
        asked = Ticket.objects.filter(
            pk__in=list(had), state=TicketState.ASSIGNED, assignee__isnull=False, assigned_at__lte=newest
        )
        done = moves.perform_many(asked, "unassign", actor=system_user(), now=now, reason=why).done
        DispatchRecord.objects.bulk_create(
            DispatchRecord(
                ticket=row, chosen_id=had[row.pk][0], reason=TAKEN_BACK, asked={"why": why}, at=now
            )
            for row in done
        )
        _tell_the_lead(done, {pk: person for pk, (person, _at) in had.items()}, now)
    return len(done)


def _tell_the_lead(rows: Sequence[Ticket], had: Mapping[int, int | None], now: datetime) -> None:
    """Nobody begins with it, again and again: whoever leads the team learns it from the event."""
    records = DispatchRecord.objects.filter(ticket__in=[row.pk for row in rows], reason=TAKEN_BACK)
    times = dict(records.values_list("ticket_id").annotate(number=Count("id")))
    events.record_many(
        [
            events.Draft(
                kind="ticket.taken_back_again", row=row, actor=system_user(), at=now,
                payload={"times": times[row.pk], "from_id": had[row.pk]},
            )
            for row in rows
            if times.get(row.pk, 0) >= OFTEN
        ],
        now=now,
    )  # fmt: skip
