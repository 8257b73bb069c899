"""One way of erasing words (R2.2): the message, its search text, its files, the notices that repeat it, its mail.

Used for one message, for everything of an erased customer and, in the owner's function, for what is past its time.
Files go by a job after the commit, so that a transaction rolled back loses none.
"""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from django.db.models import F, QuerySet
from django.utils.translation import gettext as _

from aftersales.core import events, files, jobs, retention
from aftersales.core.errors import DomainError
from aftersales.customers.models import Customer
from aftersales.notices.models import Notice
from aftersales.notices.services import notices_erase
from aftersales.tickets.models import (
    Appointment,
    ArchiveRecord,
    Attachment,
    CustomerLink,
    GivenPromise,
    HandoverLine,
    IntakeItem,
    Message,
    Ticket,
    TicketLink,
    TicketMerge,
    TicketPrint,
    TicketText,
    TicketWait,
    Unsent,
)
from aftersales.tickets.services import run_words, searching
from aftersales.tickets.states import NO_SUBJECT, QUOTED, LinkKind

KIND = "tickets.ticket"
REMOVE_FILES = "tickets.remove_files"
WORDS = ["subject", "text"]  # keys of a signal's facts that hold what somebody wrote
# A message of fewer characters is in every subject: it says nothing about where that came from.
SAID_ENOUGH = 4


def refuse_held(ticket: Ticket) -> None:
    """A legal hold keeps every word."""
    if ArchiveRecord.objects.filter(ticket=ticket).exclude(legal_hold="").exists():
        raise DomainError(_("A legal hold keeps this ticket; nothing of it is erased."), "held")


def message_forget(message: Message, *, now: datetime) -> bool:
    """Blank one message of a locked ticket everywhere; answers whether the subject repeated it and went too."""
    ticket = message.ticket
    quoted = repeats(ticket.subject, message.text)
    about = Notice.objects.about(KIND, ticket.pk)
    notices_erase(rows=about if quoted else about.repeating(message.text), now=now)
    if not ticket.messages.filter(pk__lt=message.pk).exists():
        TicketPrint.objects.filter(ticket=ticket).delete()
        _forget_signals([ticket.pk])
    promises_forget([ticket.pk], now, message_id=message.pk)
    run_words.message_forgotten(message, now=now)
    _forget_messages(Message.objects.filter(pk=message.pk), now)
    if quoted:
        _forget_subjects([ticket])
    _forget_repeated({ticket.pk}, [message.text], now)
    return quoted


def _forget_repeated(gone: set[int], words: Sequence[str], now: datetime) -> None:
    """Tickets that go on for these, or were split off from them, may have their words as the subject: it goes too.

    Their prints, and the notices that name the subject, go with it. A legal hold keeps a ticket as it is.
    """
    kin = _took_over(gone)
    if not kin:
        return
    held = ArchiveRecord.objects.exclude(legal_hold="").values("ticket")
    rows = Ticket.objects.filter(pk__in=kin).exclude(pk__in=held).exclude(subject=NO_SUBJECT)
    locked = rows.order_by("pk").select_for_update(of=("self",))
    if quoting := [row for row in locked if any(repeats(row.subject, text) for text in words)]:
        ids = [row.pk for row in quoting]
        notices_erase(rows=Notice.objects.about(KIND, *ids), now=now)
        TicketPrint.objects.filter(ticket__in=ids).delete()
        _forget_subjects(quoting)


def _took_over(ids: set[int]) -> set[int]:
    """Whoever went on for these tickets or came out of them, also where that was undone: the subject stayed."""
    found: set[int] = set()
    edge = ids
    while edge:
        merges = TicketMerge.objects.filter(ticket__in=edge).values_list("survivor_id", "root_id")
        parts = TicketLink.objects.filter(ticket__in=edge, kind=LinkKind.SPLIT).values_list(
            "other_id", flat=True
        )
        edge = {pk for pair in merges for pk in pair} | set(parts)
        edge -= found | ids
        found |= edge
    return found


def repeats(subject: str, text: str) -> bool:
    """Whether a subject was cut from a message, or holds it."""
    subject, text = (" ".join(words.split()).rstrip("…") for words in (subject, text))
    return bool(subject) and (subject in text or (len(text) >= SAID_ENOUGH and text in subject))


def customer_forget(customer: Customer, *, actor: Any, reason: str, now: datetime) -> None:
    """The words of all tickets of an erased customer, except where a legal hold keeps them. Archive records stay.

    The record (R5.5, R5.6: what, when, by whom, with what result) is kept for its time by law; the conversation is not.
    His links end, under a hold as well: nobody is left who acts by them.
    """
    mine = list(Ticket.objects.filter(customer=customer).order_by("pk").select_for_update(of=("self",)))
    links_end(CustomerLink.objects.filter(ticket__in=mine), now=now)
    holds = ArchiveRecord.objects.filter(ticket__in=mine).exclude(legal_hold="")
    held = set(holds.values_list("ticket_id", flat=True))
    if free := [ticket for ticket in mine if ticket.pk not in held]:
        tickets_forget(free, actor=actor, reason=reason, now=now)


def links_end(links: QuerySet[CustomerLink], *, now: datetime) -> int:
    """These links lead nowhere any more; answers how many did until now."""
    return links.filter(revoked_at=None).update(revoked_at=now)


def tickets_forget(tickets: Sequence[Ticket], *, actor: Any, reason: str, now: datetime) -> None:
    """Blank every word of these locked tickets; each that had any gets a tombstone in its timeline."""
    ids = [ticket.pk for ticket in tickets]
    said = set(Message.objects.filter(ticket__in=ids, erased_at=None).values_list("ticket_id", flat=True))
    spoken = [ticket for ticket in tickets if ticket.pk in said or ticket.subject != NO_SUBJECT]
    words = [ticket.subject for ticket in spoken if ticket.subject != NO_SUBJECT]
    words += Message.objects.filter(ticket__in=ids, erased_at=None).values_list("text", flat=True)
    notices_erase(rows=Notice.objects.about(KIND, *ids), now=now)
    promises_forget(ids, now)
    _forget_messages(Message.objects.filter(ticket__in=ids), now)
    Unsent.objects.filter(ticket__in=ids).delete()
    run_words.tickets_forgotten(ids, now=now)
    _forget_signals(ids)
    TicketPrint.objects.filter(ticket__in=ids).delete()
    _forget_subjects(spoken)
    _forget_repeated(set(ids), words, now)
    events.record_many(
        [
            events.Draft(kind="ticket.words_erased", row=ticket, actor=actor, at=now, reason=reason)
            for ticket in spoken
        ],
        now=now,
    )
    retention.forget("tickets", ids)


def said_forget(
    messages: QuerySet[Message], *, opened: QuerySet[Ticket], actor: Any, reason: str, now: datetime
) -> None:
    """Words of somebody whom no record named when he said them: whole tickets that they ``opened``, else these alone.

    A legal hold keeps both.
    """
    held = ArchiveRecord.objects.exclude(legal_hold="").values("ticket")
    if whole := list(opened.exclude(pk__in=held).order_by("pk").select_for_update(of=("self",))):
        tickets_forget(whole, actor=actor, reason=reason, now=now)
    for message in messages.exclude(ticket__in=held).order_by("ticket_id", "pk"):
        ticket = Ticket.objects.select_for_update(of=("self",)).get(pk=message.ticket_id)
        message.ticket = ticket
        message_forget(message, now=now)
        payload = {"message_id": message.pk}
        events.record(
            "ticket.message_erased", subject=ticket, actor=actor, now=now, reason=reason, payload=payload
        )


def _forget_subjects(tickets: Sequence[Ticket]) -> None:
    """The subjects of locked tickets, and the search text that repeats them."""
    Ticket.objects.filter(pk__in=[ticket.pk for ticket in tickets]).update(
        subject=NO_SUBJECT, version=F("version") + 1
    )
    for ticket in tickets:
        ticket.subject = NO_SUBJECT
        text = searching.text_of_ticket(ticket).text
        TicketText.objects.filter(ticket=ticket, part="first").update(text=text)


def _forget_messages(messages: QuerySet[Message], now: datetime) -> None:
    """Texts, search texts and files of these messages."""
    tickets = dict(messages.order_by("pk").select_for_update().values_list("pk", "ticket_id"))
    if not tickets:
        return
    rows = list(tickets)
    _forget_messages(_copies(tickets), now)
    Message.objects.filter(pk__in=rows, erased_at=None).update(text="", erased_at=now)
    parts = [f"message:{pk}" for pk in rows]
    TicketText.objects.filter(ticket__in=set(tickets.values()), part__in=parts).delete()
    gone = Attachment.objects.filter(message__in=rows, erased_at=None)
    if gone.update(original_name="", sha256="", erased_at=now):
        ask_for_removal(now)


def _copies(tickets: Mapping[int, int]) -> QuerySet[Message]:
    """What tickets that were split off quote of these messages, except where a legal hold keeps it."""
    links = TicketLink.objects.filter(ticket__in=set(tickets.values()), kind=LinkKind.SPLIT, ended_at=None)
    held = ArchiveRecord.objects.exclude(legal_hold="").values("ticket")
    quoted = Message.objects.filter(ticket__in=links.values("other"), source=QUOTED, erased_at=None)
    found = quoted.exclude(ticket__in=held).values_list("pk", "source_ref")
    return Message.objects.filter(pk__in=[pk for pk, ref in found if int(ref.split(":")[1]) in tickets])


def promises_forget(ticket_ids: Sequence[int], now: datetime, *, message_id: int | None = None) -> None:
    """Blank what promises (or one message's), appointments and notes for the next shift say; what was owed stays."""
    rows = GivenPromise.objects.filter(ticket__in=ticket_ids, erased_at=None)
    if message_id is not None:
        rows = rows.filter(message_id=message_id)
    rows.update(what="", why="", erased_at=now)
    if message_id is None:
        TicketWait.objects.filter(ticket__in=ticket_ids).exclude(expects="").update(expects="")
        Appointment.objects.filter(ticket__in=ticket_ids, erased_at=None).update(
            place="", why="", erased_at=now
        )
        HandoverLine.objects.filter(ticket__in=ticket_ids).exclude(note="").update(note="")


def _forget_signals(ticket_ids: Sequence[int]) -> None:
    """A row of a sheet keeps what the customer wrote until it is a ticket: it goes with the ticket's words."""
    items = list(IntakeItem.objects.filter(ticket__in=ticket_ids, facts__has_any_keys=WORDS))
    for item in items:
        item.facts = {key: value for key, value in item.facts.items() if key not in WORDS}
    IntakeItem.objects.bulk_update(items, ["facts"], batch_size=500)


def ask_for_removal(now: datetime) -> None:
    """One job removes whatever files are due, however often it is asked for."""
    jobs.enqueue(REMOVE_FILES, key=f"{REMOVE_FILES}:{now.isoformat()}", now=now)


def files_remove(*, now: datetime) -> int:
    """Delete the files of erased attachments; once more after a crash, because the rows say what is left."""
    waiting = Attachment.objects.filter(erased_at__isnull=False, file_gone_at=None)
    count = 0
    for pk, name in list(waiting.order_by("pk").values_list("pk", "name")):
        files.remove(name)
        count += Attachment.objects.filter(pk=pk, file_gone_at=None).update(file_gone_at=now)
    return count
