"""Nothing is ownerless (R1.5): tickets of people who are absent or gone go to others, one result for each."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db import transaction

from accounts.models import User
from aftersales.core.errors import DomainError, NotPermitted
from aftersales.notices.services import Order, notices_send
from aftersales.standards.selectors import duration
from aftersales.tickets.models import Ticket
from aftersales.tickets.selectors.absent import leads_of, long_held
from aftersales.tickets.services.choosing import choose
from aftersales.tickets.services.dispatch import ticket_assign

NOBODY = "nobody"


@dataclass(frozen=True)
class Reassigned:
    """What became of one ticket: to whom, or the code and the sentence of why not."""

    ticket: Ticket
    to: User | None = None
    code: str = ""
    words: str = ""


def tickets_reassign(
    *, tickets: Iterable[Ticket], to: User | None, actor: Any, now: datetime, reason: str
) -> list[Reassigned]:
    """Each ticket to one person, or to whom the rules of dispatch choose (``to`` None). Promises and clocks follow.

    One that is refused or in somebody's hands right now leaves the others alone.
    """
    if not actor.has_perm("tickets.assign"):
        raise NotPermitted()
    rows = list(tickets)
    chosen = {row.pk: to for row in rows} if to else _by_rules(rows, now)
    return [_reassign(row, chosen.get(row.pk), actor, now, reason) for row in rows]


def _by_rules(rows: list[Ticket], now: datetime) -> dict[int, User | None]:
    choices = [(row.pk, choice.chosen.person_id) for row, _duty, choice in choose(rows, now) if choice.chosen]
    people = User.objects.in_bulk({person for _pk, person in choices})
    return {pk: people[person] for pk, person in choices}


def _reassign(row: Ticket, to: User | None, actor: Any, now: datetime, reason: str) -> Reassigned:
    if to is None:
        return Reassigned(row, code=NOBODY)
    try:
        with transaction.atomic():
            team = None if row.team_id in to.team_ids else next(iter(to.team_ids), None)
            moved = ticket_assign(ticket=row, to=to, actor=actor, now=now, reason=reason, team_id=team)
    except DomainError as error:
        return Reassigned(row, code=error.code, words=str(error))
    return Reassigned(moved, to)


def absence_sweep(*, now: datetime) -> int:
    """Leads are told, once a day and person, of open tickets held longer than allowed by somebody who is not there.

    Returns how many absent people still hold some.
    """
    from accounts.services import system_user

    held = long_held(now, duration("absent_tickets_hours", now))
    leads = leads_of([one.person.pk for one in held], now)
    orders = [
        Order(
            "work.holder_absent", lead, one.first, {"handler": str(one.person), "count": str(one.count)},
            f"absent:{one.person.pk}:{now.date().isoformat()}:{lead.pk}",
        )
        for one in held
        for lead in leads.get(one.person.pk, [])
    ]  # fmt: skip
    notices_send(orders, actor=system_user(), now=now)
    return len(held)
