"""Letters go with the person who wrote them, with an erased message, and after their time (R2.2)."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from django.db import transaction
from django.db.models import Q, QuerySet

from aftersales.channels.models import HookEvent, Letter, Talk
from aftersales.channels.services.hooks import SOURCE as TALK
from aftersales.channels.services.landing import SOURCE
from aftersales.channels.states import Outcome, Taken
from aftersales.core import files, jobs
from aftersales.customers.models import Customer
from aftersales.standards.selectors import duration
from aftersales.tickets.models import ArchiveRecord, Message, Ticket

REMOVE = "channels.remove"


def customer_forget(customer: Customer, *, actor: Any, reason: str, now: datetime) -> None:
    """All letters of an erased customer, except where a legal hold keeps their ticket."""
    held = ArchiveRecord.objects.filter(ticket__customer=customer).exclude(legal_hold="").values("ticket_id")
    mine = Letter.objects.filter(Q(customer=customer) | Q(ticket__customer=customer))
    _forget(mine.exclude(ticket__in=held), now)
    talks = Talk.objects.filter(Q(customer=customer) | Q(ticket__customer=customer)).exclude(ticket__in=held)
    _forget_talks(talks, now)


def _forget_talks(talks: QuerySet[Talk], now: datetime) -> None:
    """Who called, the recording's address, and everything the system told of these conversations."""
    for pk, connection, ref in list(talks.filter(erased_at=None).values_list("pk", "connection_id", "ref")):
        HookEvent.objects.filter(connection=connection, ref=ref).update(body={}, erased_at=now)
        Talk.objects.filter(pk=pk).update(caller="", recording="", erased_at=now)


def message_forgotten(*, message_id: int, now: datetime) -> None:
    """One message was erased: the letter that brought it goes too, or what the system told of its conversation."""
    message = Message.objects.filter(pk=message_id).first()
    if message is None:
        return
    if message.source.startswith(f"{TALK}:"):
        _line_forgotten(message.source_ref, now)
    refs = [message.source_ref] if message.source == SOURCE else []
    ticket = Ticket.objects.filter(pk=message.ticket_id, source=SOURCE).first()
    if (
        ticket is not None
        and ticket.messages.order_by("id").values_list("pk", flat=True).first() == message.pk
    ):
        refs.append(ticket.source_ref)
    _forget(Letter.objects.filter(public_id__in=refs), now)


def _line_forgotten(source_ref: str, now: datetime) -> None:
    """Everything told of the conversation is blanked; what nobody has taken yet loses only this line's words."""
    place, _colon, line = source_ref.partition(":")
    talk = Talk.objects.filter(pk=int(place)).first() if place.isdecimal() else None
    if talk is None:
        return
    with transaction.atomic():
        told = HookEvent.objects.filter(connection=talk.connection_id, ref=talk.ref, erased_at=None)
        for row in told.filter(outcome=Taken.WAITING).order_by("pk").select_for_update(of=("self",)):
            lines = row.body.get("lines") or []
            row.body["lines"] = [{**one, "text": ""} if one.get("id") == line else one for one in lines]
            row.save(update_fields=["body"])
        told.exclude(outcome=Taken.WAITING).update(body={}, erased_at=now)


def letters_tidy(*, now: datetime) -> int:
    """Letters whose time is over lose their file and what they repeat; what was said stands in the tickets."""
    told = HookEvent.objects.filter(received_at__lt=now - duration("hook_days", now), erased_at=None)
    told.exclude(outcome=Taken.WAITING).update(body={}, erased_at=now)
    old = Letter.objects.filter(received_at__lt=now - duration("letter_days", now)).exclude(stored="")
    return _forget(old.exclude(outcome__in=[Outcome.WAITING, Outcome.HELD, Outcome.FAILED]), now)


def _forget(letters: QuerySet[Letter], now: datetime) -> int:
    """Blank them; the files go by a job after the commit."""
    with transaction.atomic():
        rows = list(letters.filter(erased_at=None).order_by("pk").select_for_update(of=("self",)))
        gone = [row.stored for row in rows if row.stored]
        Letter.objects.filter(pk__in=[row.pk for row in rows]).update(
            sender="", subject="", text="", quoted="", refused_files=[], stored="", error="", erased_at=now
        )
        if gone:
            key = f"{REMOVE}:{rows[0].pk}-{rows[-1].pk}:{now.isoformat()}"
            jobs.enqueue(REMOVE, key=key, payload={"names": gone}, now=now)
    return len(rows)


def files_remove(*, names: list[str]) -> int:
    """Delete letters that no row names any more."""
    kept = set(Letter.objects.filter(stored__in=names).values_list("stored", flat=True))
    for name in set(names) - kept:
        files.remove(name)
    return len(set(names) - kept)
