"""Letters go with the person who wrote them, with an erased message, and after their time (R2.2)."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from django.db import transaction
from django.db.models import Case, F, Q, QuerySet, Value, When
from django.db.models.functions import Lower

from aftersales.channels.models import HookEvent, Letter, Talk
from aftersales.channels.services.hooks import SOURCE as TALK
from aftersales.channels.services.landing import SOURCE
from aftersales.channels.states import TO_DECIDE, Outcome, Taken
from aftersales.core import files, jobs
from aftersales.customers.models import Contact, Customer, CustomerAccount
from aftersales.customers.states import ContactKind
from aftersales.standards.selectors import duration
from aftersales.tickets.models import ArchiveRecord, Message, Ticket, TicketMerge
from aftersales.tickets.services import erasing
from aftersales.tickets.states import ACTIVE_STATES

REMOVE = "channels.remove"


def customer_forget(customer: Customer, *, actor: Any, reason: str, now: datetime) -> None:
    """All letters and conversations of a customer whose contacts are about to be erased, also those that came before
    anybody knew whose they are; except where a legal hold keeps their ticket."""
    letters, talks = _nobodys_letters(customer), _nobodys_talks(customer)
    for letter in list(letters.filter(ticket__isnull=False)):
        said = Q(source=SOURCE, source_ref=letter.public_id)
        _said_forgotten(letter, SOURCE, said, actor, reason, now)
    for talk in list(talks.filter(ticket__isnull=False)):
        said = Q(source=f"{TALK}:{talk.connection_id}", source_ref__startswith=f"{talk.pk}:")
        _said_forgotten(talk, TALK, said, actor, reason, now)
    mine = Q(customer=customer) | Q(ticket__customer=customer)
    _forget(_not_held(Letter.objects.filter(mine | Q(pk__in=letters.values("pk")))), now)
    _forget_talks(_not_held(Talk.objects.filter(mine | Q(pk__in=talks.values("pk")))), now)


def _not_held(rows: QuerySet[Any]) -> QuerySet[Any]:
    return rows.exclude(ticket__in=ArchiveRecord.objects.exclude(legal_hold="").values("ticket_id"))


def _only_his(customer: Customer, kind: str) -> list[str]:
    """Contacts that name him and nobody else who is still here: what names several may be the other's."""
    keys = set(customer.contacts.present().filter(kind=kind).values_list("search_key", flat=True)) - {""}
    others = Contact.objects.present().filter(kind=kind, search_key__in=keys).exclude(customer=customer)
    return sorted(keys - set(others.values_list("search_key", flat=True)))


def _nobodys_letters(customer: Customer) -> QuerySet[Letter]:
    rows = Letter.objects.filter(customer=None, erased_at=None).alias(key=Lower("sender"))
    return _not_held(rows.filter(key__in=_only_his(customer, ContactKind.EMAIL)))


def _nobodys_talks(customer: Customer) -> QuerySet[Talk]:
    his = Q(caller_key__in=_only_his(customer, ContactKind.PHONE))
    for source, account in CustomerAccount.objects.filter(customer=customer).values_list(
        "source", "external_id"
    ):
        his |= Q(connection__account_source=source, caller=account)
    return _not_held(Talk.objects.filter(his, customer=None, erased_at=None))


def _forget_talks(talks: QuerySet[Talk], now: datetime) -> int:
    """Who called, the recording's address, and everything the system told of these conversations."""
    rows = list(talks.filter(erased_at=None).order_by("pk").values_list("pk", "connection_id", "ref"))
    for pk, connection, ref in rows:
        HookEvent.objects.filter(connection=connection, ref=ref).update(
            body={}, erased_at=now,
            outcome=Case(When(outcome=Taken.WAITING, then=Value(Taken.DONE)), default=F("outcome")),
        )  # fmt: skip
        Talk.objects.filter(pk=pk).update(caller="", recording="", erased_at=now)
    return len(rows)


def _said_forgotten(row: Letter | Talk, source: str, said: Q, actor: Any, reason: str, now: datetime) -> None:
    """What he said before anybody knew him: the words of the ticket it opened for nobody, else his words alone."""
    joined = TicketMerge.objects.filter(ticket=row.ticket_id).values("root")
    here = Message.objects.filter(Q(ticket=row.ticket_id) | Q(ticket__in=joined), erased_at=None)
    opened = Q(source_ref=row.public_id) | Q(source_ref__startswith=f"{row.public_id}:")
    erasing.said_forget(
        here.filter(said), opened=Ticket.objects.filter(opened, source=source, customer=None),
        actor=actor, reason=reason, now=now,
    )  # fmt: skip


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
    """Letters whose time is over lose their file and what they repeat; what was said stands in the tickets.

    What nobody claims goes after its own time: calls of people without a record, letters nobody decided about (R2.2).
    """
    told = HookEvent.objects.filter(received_at__lt=now - duration("hook_days", now), erased_at=None)
    told.exclude(outcome=Taken.WAITING).update(body={}, erased_at=now)
    old = Letter.objects.filter(received_at__lt=now - duration("letter_days", now)).exclude(stored="")
    gone = _forget(old.exclude(outcome__in=[Outcome.WAITING, *TO_DECIDE]), now)
    limit = now - duration("unclaimed_days", now)
    talks = Talk.objects.filter(customer=None, erased_at=None, heard_at__lt=limit)
    alone = Q(ticket=None) | Q(ticket__customer=None) & ~Q(ticket__state__in=ACTIVE_STATES)
    undecided = Letter.objects.filter(outcome__in=TO_DECIDE, received_at__lt=limit)
    return gone + _forget(undecided, now) + _forget_talks(_not_held(talks.filter(alone)), now)


def _forget(letters: QuerySet[Letter], now: datetime) -> int:
    """Blank them; the files go by a job after the commit. Nobody is asked to decide about an empty letter."""
    with transaction.atomic():
        rows = list(letters.filter(erased_at=None).order_by("pk").select_for_update(of=("self",)))
        gone = [row.stored for row in rows if row.stored]
        Letter.objects.filter(pk__in=[row.pk for row in rows]).update(
            sender="", subject="", text="", quoted="", refused_files=[], stored="", error="", erased_at=now
        )
        Letter.objects.filter(
            pk__in=[row.pk for row in rows], outcome__in=[Outcome.WAITING, *TO_DECIDE]
        ).update(outcome=Outcome.DROPPED, done_at=now)
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
