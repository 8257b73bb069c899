"""Following a ticket, and mentioning colleagues in a note: who is told of what, asked anew each time it is told."""

import re
from collections.abc import Collection, Iterable, Sequence
from datetime import datetime
from typing import Any

from django.db import IntegrityError, transaction
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from accounts.models import User
from accounts.services import system_user
from accounts.states import Kind, Role
from aftersales.core.errors import DomainError, NotPermitted
from aftersales.core.models import Event
from aftersales.notices.services import Order, notices_send
from aftersales.tickets.models import Message, Ticket, Watcher
from aftersales.tickets.states import Result

# A name begins after a blank, a line's end or punctuation, so that an e-mail address is none.
AT = re.compile(r"(?:^|[\s，。！？、；：,.!?;:（(])@(?=[^\s@])")
TOKEN = re.compile(r"[^\s，。！？、；：,.!?;:（）()@]{1,40}")
LONGEST_NAME = 40
MOST = 20  # mentions in one note


def ticket_follow(*, ticket: Ticket, actor: Any, now: datetime, mentioned: bool = False) -> Watcher:
    """The actor follows the ticket from now on; twice is once."""
    if not Ticket.objects.visible_to(actor).filter(pk=ticket.pk).exists():
        raise NotPermitted()
    try:
        with transaction.atomic():
            row: Watcher = Watcher.objects.create(ticket=ticket, person=actor, since=now, mentioned=mentioned)
    except IntegrityError:
        row = Watcher.objects.get(ticket=ticket, person=actor)
    return row


def ticket_unfollow(*, ticket: Ticket, actor: Any) -> None:
    """The actor follows it no longer."""
    Watcher.objects.filter(ticket=ticket, person=actor).delete()


def watcher_add(*, ticket: Ticket, person: User, actor: Any, now: datetime) -> Watcher:
    """Let somebody follow a ticket. Errors: not_permitted, gone_person, no_access, already."""
    if not actor.has_perm("tickets.note") or not _sees(ticket, actor):
        raise NotPermitted()
    if refusal := why_not_watching(ticket, person):
        raise refusal
    if Watcher.objects.filter(ticket=ticket, person=person).exists():
        raise DomainError(_("%(name)s follows this ticket already.") % {"name": person}, "already")
    return ticket_follow(ticket=ticket, actor=person, now=now)


NOT_YOURS = _("Only a lead takes somebody else off a ticket.")


def may_take_off(person: User, actor: Any) -> bool:
    """Who hears no more of a ticket misses its broken promises: he decides it himself, or a lead does."""
    return person.pk == actor.pk or bool(actor.has_perm("tickets.assign"))


def watcher_remove(*, ticket: Ticket, person: User, actor: Any) -> None:
    """Somebody follows a ticket no longer: he himself says so, or a lead. Errors: not_permitted, not_yours."""
    if not actor.has_perm("tickets.note") or not _sees(ticket, actor):
        raise NotPermitted()
    if not may_take_off(person, actor):
        raise DomainError(NOT_YOURS, "not_yours")
    gone, _rows = Watcher.objects.filter(ticket=ticket, person=person).delete()
    if not gone:
        raise DomainError(_("%(name)s does not follow this ticket.") % {"name": person}, "not_watching")


def why_not_watching(ticket: Ticket, person: User) -> DomainError | None:
    """Why somebody cannot follow a ticket: he left, or he may not see it."""
    if not person.is_active:
        return DomainError(_("%(name)s no longer works here.") % {"name": person}, "gone_person")
    if not Ticket.objects.visible_to(person).filter(pk=ticket.pk).exists():
        return DomainError(_("%(name)s may not see this ticket.") % {"name": person}, "no_access")
    return None


def _sees(ticket: Ticket, actor: Any) -> bool:
    return actor.has_role(Role.SYSTEM) or bool(Ticket.objects.visible_to(actor).filter(pk=ticket.pk).exists())


def mentioned_in(text: str, *, ticket: Ticket, actor: Any) -> list[User]:
    """The colleagues whom a note mentions. Raises nobody for a name that is nobody's who can see the ticket.

    Unknown, unseen and without access sound the same: a name cannot be tried out. What machines note mentions nobody.
    """
    marks = [] if actor.kind == Kind.MACHINE else [found.end() for found in AT.finditer(text)][:MOST]
    if not marks:
        return []
    known = _people(ticket, actor, [text[at : at + LONGEST_NAME] for at in marks])
    found: dict[int, User] = {}
    for at in marks:
        named = _longest(text[at : at + LONGEST_NAME], known)
        if not named:
            token = TOKEN.match(text, at)
            raise DomainError(
                _("“@%(name)s” is nobody who can see this ticket; nothing was saved.")
                % {"name": token.group(0) if token else ""},
                "nobody",
            )
        found |= {person.pk: person for person in named}
    found.pop(actor.pk, None)
    return list(found.values())


def _people(ticket: Ticket, actor: Any, parts: Iterable[str]) -> list[User]:
    """Whoever bears one of these beginnings as a name, is seen by the actor and sees the ticket."""
    names = {part[:length].strip() for part in parts for length in range(1, len(part) + 1)} - {""}
    found = User.objects.visible_to(actor).active().filter(Q(display_name__in=names) | Q(username__in=names))
    return [one for one in found if Ticket.objects.visible_to(one).filter(pk=ticket.pk).exists()]


def _longest(part: str, people: Sequence[User]) -> list[User]:
    """Those whose name is the longest beginning of what stands there; two of one name are both meant."""
    fitting = [
        (len(name), one)
        for one in people
        for name in {one.display_name, one.username}
        if name and part.startswith(name)
    ]
    most = max((length for length, _one in fitting), default=0)
    return [one for length, one in fitting if length == most]


def mentions_note(
    *, ticket: Ticket, message: Message, people: Sequence[User], actor: Any, now: datetime
) -> None:
    """Everybody mentioned follows the ticket and is told, in the note's own transaction."""
    known = set(Watcher.objects.filter(ticket=ticket, person__in=people).values_list("person_id", flat=True))
    fresh = [one for one in people if one.pk not in known]
    Watcher.objects.bulk_create(
        [Watcher(ticket=ticket, person=one, since=now, mentioned=True) for one in fresh],
        ignore_conflicts=True,
    )
    values = {"number": ticket.number, "problem": ticket.subject, "handler": str(actor)}
    orders = [Order("work.mentioned", one, ticket, values, f"message:{message.pk}") for one in people]
    notices_send(orders, actor=system_user(), now=now)


def watchers_tell(*, ticket: Ticket, event: Event, now: datetime) -> None:
    """New words of the customer, or the result: everybody who follows hears it, but not whoever did it himself."""
    if ticket.historic:
        return
    values = {"number": ticket.number, "problem": ticket.subject}
    if event.kind == "ticket.customer_wrote":  # its worker is told as such
        _tell(ticket, event, "watch.customer_wrote", values, {ticket.assignee_id}, now)
    if event.kind == "ticket.resolved":
        values["result"] = str(Result(event.payload["result"]).label)
        _tell(ticket, event, "watch.resolved", values, set(), now)


def breach_tell(
    *, ticket: Ticket, event: Event, values: dict[str, Any], told: Collection[int | None], now: datetime
) -> None:
    """A promise is broken: those who follow hear it, except whom it was told already."""
    _tell(ticket, event, "watch.breached", values, told, now)


def _tell(
    ticket: Ticket,
    event: Event,
    template: str,
    values: dict[str, Any],
    but: Collection[int | None],
    now: datetime,
) -> None:
    rows = Watcher.objects.filter(ticket=ticket, person__is_active=True).select_related("person")
    people = [
        row.person
        for row in rows.order_by("pk")
        if not _did_it(row.person_id, event) and row.person_id not in but
    ]
    orders = [
        Order(template, one, ticket, values, f"event:{event.pk}")
        for one in people
        if Ticket.objects.visible_to(one).filter(pk=ticket.pk).exists()
    ]
    notices_send(orders, actor=system_user(), now=now)


def _did_it(person_id: int, event: Event) -> bool:
    return event.actor_id == person_id or event.acting_as.startswith(f"user:{person_id} ")
