"""Messages: what the customer, the merchant and the staff say, and the search text they leave."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from django.db import transaction
from django.utils.translation import gettext_lazy as _

from accounts.services import system_user
from accounts.states import MERCHANT_ROLES, Kind
from aftersales.core import events, moves
from aftersales.core.errors import DomainError, NotPermitted, Refused
from aftersales.core.files import StoredFile
from aftersales.core.models import Audience
from aftersales.merchants.selectors import merchants_of
from aftersales.tickets import answering
from aftersales.tickets.models import Attachment, Message, Ticket
from aftersales.tickets.selectors import merchant_unheard_because, unheard_because
from aftersales.tickets.services import erasing, searching, watching
from aftersales.tickets.services.locking import locked_ticket, refuse_sealed, standing_ticket
from aftersales.tickets.services.work import begins_by_words, ensure_started
from aftersales.tickets.states import AuthorKind, Channel, TicketState, WaitFor

LONGEST = 20_000  # characters of one message; more belongs into a file


def clean_text(text: str) -> str:
    """Trimmed, NUL-free, bounded. Raises DomainError when nothing or too much is left."""
    cleaned = text.replace("\x00", "").strip()
    if not cleaned:
        raise DomainError(_("Write something first."), "empty")
    if len(cleaned) > LONGEST:
        raise DomainError(
            _("A message may have at most 20,000 characters; attach the rest as a file."), "too_long"
        )
    return cleaned


def outgoing_text(text: str) -> str:
    """Words that leave the house: as ``clean_text``, every blank filled, and nothing offered for a review."""
    cleaned = clean_text(text)
    if problems := answering.reply_problems(cleaned):
        raise Refused(problems)
    return cleaned


def words_judged(*, ticket: Ticket, text: str, outgoing: bool = False) -> str:
    """What can be said of a text before anything is kept for it (files of an upload): raises as the services do."""
    refuse_sealed(ticket)
    return outgoing_text(text) if outgoing else clean_text(text)


def ticket_reply(
    *,
    ticket: Ticket,
    text: str,
    actor: Any,
    now: datetime,
    files: Sequence[StoredFile] = (),
    channel: str = "",
    source: str = "",
    source_ref: str = "",
) -> Message:
    """Answer the customer: meets the response clock; whoever answers an assigned ticket has started it.

    What a machine says, by a rule, is no person's answer: it joins the conversation, begins nothing, stops no clock.
    Words that no message can bring to him are noted, not delivered (``Message.undelivered``): they keep no promise.
    A waiting ticket goes on waiting: a reminder is no answer to what it waits for. As with every kind of message the
    same (source, source_ref) twice is one message.
    """
    _may_write(actor, "tickets.reply")
    cleaned = outgoing_text(text)
    with transaction.atomic():
        here, ticket = ticket, standing_ticket(ticket)
        if known := known_message(source, source_ref):
            return known
        if begins_by_words(ticket, actor):
            ticket = ensure_started(ticket, actor=actor, now=now)
        unheard = unheard_because(ticket)
        message = _write(
            ticket,
            cleaned,
            AuthorKind.STAFF,
            Audience.CUSTOMER,
            now,
            author=actor,
            channel=channel,
            files=files,
            source=source,
            source_ref=source_ref,
            undelivered=unheard,
        )
        if unheard:
            _say(ticket, "ticket.reply_kept", actor, now, {"message_id": message.pk, "why": unheard}, {})
        elif actor.kind == Kind.MACHINE:
            _say(ticket, "ticket.acknowledged", actor, now, {"message_id": message.pk}, {})
        else:
            first = ticket.first_reply_at is None
            payload = {"message_id": message.pk, "first": first}
            _say(ticket, "ticket.replied", actor, now, payload, heard_columns(ticket, now))
        _passed_on(here, ticket, message, actor, now)
    return message


def heard_columns(ticket: Ticket, now: datetime) -> dict[str, Any]:
    """What the ticket notes when the customer has heard from us: by a message, or by a person who reached him."""
    columns = {"last_staff_at": now, "first_reply_at": ticket.first_reply_at or now}
    return columns | ({"ask_in_person": ""} if ticket.is_open else {})


def customer_message(
    *,
    ticket: Ticket,
    text: str,
    actor: Any,
    now: datetime,
    channel: str = Channel.WEB,
    source: str = "",
    source_ref: str = "",
    files: Sequence[StoredFile] = (),
    acting_as: str = "customer",
) -> Message:
    """The customer wrote (typed by himself or taken down by staff). A ticket waiting for him goes on."""
    _may_write(actor, "tickets.hear_customer")
    cleaned = clean_text(text)
    with transaction.atomic():
        here, ticket = ticket, standing_ticket(ticket)
        if known := known_message(source, source_ref):
            return known
        message = _write(
            ticket, cleaned, AuthorKind.CUSTOMER, Audience.CUSTOMER, now, channel=channel, files=files,
            source=source, source_ref=source_ref,
        )  # fmt: skip
        payload = {"message_id": message.pk, "channel": channel}
        columns = {"last_customer_at": now} | ({"ask_in_person": ""} if ticket.is_open else {})
        ticket = _say(ticket, "ticket.customer_wrote", actor, now, payload, columns, acting_as)
        if ticket.state == TicketState.WAITING and ticket.wait_for == WaitFor.CUSTOMER:
            _resume(ticket, now)
        _passed_on(here, ticket, message, actor, now)
    return message


def merchant_message(
    *,
    ticket: Ticket,
    text: str,
    actor: Any,
    now: datetime,
    files: Sequence[StoredFile] = (),
    acting_as: str = "merchant",
    merchant_id: int | None = None,
    source: str = "",
    source_ref: str = "",
) -> Message:
    """The merchant answered, in his portal or taken down by staff. A ticket waiting for him goes on.

    ``merchant_id``: whose words these are, where the ticket concerns several (R4.7); without it the ticket's own. Words
    of another than the ticket's own answer nothing that this one was asked.

    Errors: gone (the ticket does not concern him; his people write for their own merchants only).
    """
    _may_write(actor, "tickets.hear_merchant")
    cleaned = clean_text(text)
    with transaction.atomic():
        here, ticket = ticket, standing_ticket(ticket)
        speaks = _speaker(ticket, merchant_id, actor)
        if known := known_message(source, source_ref):
            return known
        message = _write(
            ticket, cleaned, AuthorKind.MERCHANT, Audience.MERCHANT, now, files=files, source=source,
            source_ref=source_ref, merchant_id=speaks,
        )  # fmt: skip
        answers = ticket.merchant_id in (None, speaks)
        event = "ticket.merchant_wrote" if answers else "ticket.other_merchant_wrote"
        ticket = _say(ticket, event, actor, now, {"message_id": message.pk}, {}, acting_as)
        if answers and ticket.state == TicketState.WAITING and ticket.wait_for == WaitFor.MERCHANT:
            _resume(ticket, now)
        _passed_on(here, ticket, message, actor, now)
    return message


def _speaker(ticket: Ticket, merchant_id: int | None, actor: Any) -> int | None:
    """Whose words are kept: of a merchant whom the ticket concerns, and of his own people for him only."""
    speaks = merchant_id or ticket.merchant_id
    foreign = actor.has_role(*MERCHANT_ROLES) and speaks not in merchants_of(actor)
    if foreign or (speaks != ticket.merchant_id and not ticket.parties.filter(merchant=speaks).exists()):
        raise DomainError(_("This no longer exists."), "gone")
    return speaks


def ticket_ask_merchant(
    *,
    ticket: Ticket,
    text: str,
    actor: Any,
    now: datetime,
    files: Sequence[StoredFile] = (),
    source: str = "",
    source_ref: str = "",
) -> Message:
    """A question to the merchant; the customer does not see it. Sent to the merchant's contact (R4.7).

    The merchant owes an answer once he has it: when the message has gone out, or when a person told him
    (``ticket_tell_merchant``). Without an address it is noted, not delivered.
    """
    _may_write(actor, "tickets.reply")
    cleaned = outgoing_text(text)
    with transaction.atomic():
        here, ticket = ticket, standing_ticket(ticket)
        if ticket.merchant_id is None:
            raise DomainError(_("This ticket concerns no merchant."), "no_merchant")
        if known := known_message(source, source_ref):
            return known
        unheard = merchant_unheard_because(ticket)
        message = _write(
            ticket, cleaned, AuthorKind.STAFF, Audience.MERCHANT, now, author=actor, files=files, source=source,
            source_ref=source_ref, undelivered=unheard,
        )  # fmt: skip
        if unheard:
            _say(ticket, "ticket.question_kept", actor, now, {"message_id": message.pk, "why": unheard}, {})
        else:
            _say(ticket, "ticket.merchant_asked", actor, now, {"message_id": message.pk}, {})
        _passed_on(here, ticket, message, actor, now)
    return message


def ticket_tell_merchant(
    *,
    ticket: Ticket,
    text: str,
    channel: str,
    actor: Any,
    now: datetime,
    version: int | None = None,
    source: str = "",
    source_ref: str = "",
) -> Message:
    """Take down what a person asked the merchant himself, by telephone or in chat: the answer is owed from now on."""
    _may_write(actor, "tickets.reply")
    cleaned = clean_text(text)
    with transaction.atomic():
        here, ticket = ticket, standing_ticket(ticket)
        if ticket.merchant_id is None:
            raise DomainError(_("This ticket concerns no merchant."), "no_merchant")
        if not ticket.is_open:
            raise DomainError(
                _("This ticket is solved; nothing is asked of the merchant any more."), "wrong_state"
            )
        if known := known_message(source, source_ref):
            return known
        if here.pk == ticket.pk:
            ticket = locked_ticket(ticket, version=version)
        message = _write(
            ticket, cleaned, AuthorKind.STAFF, Audience.MERCHANT, now, author=actor, channel=channel, source=source,
            source_ref=source_ref,
        )  # fmt: skip
        _say(ticket, "ticket.merchant_told", actor, now, {"message_id": message.pk, "how": channel}, {})
        _passed_on(here, ticket, message, actor, now)
    return message


def note_add(
    *,
    ticket: Ticket,
    text: str,
    actor: Any,
    now: datetime,
    files: Sequence[StoredFile] = (),
    source: str = "",
    source_ref: str = "",
    mentions: bool = True,
) -> Message:
    """An internal note: staff only, stops no clock. Who is mentioned (@name) follows the ticket and is told.

    ``mentions=False`` for words that a stranger wrote: his *@name* names nobody here.
    """
    _may_write(actor, "tickets.note")
    cleaned = clean_text(text)
    with transaction.atomic():
        here, ticket = ticket, standing_ticket(ticket)
        if known := known_message(source, source_ref):
            return known
        mentioned = watching.mentioned_in(cleaned, ticket=ticket, actor=actor) if mentions else []
        message = _write(
            ticket, cleaned, AuthorKind.STAFF, Audience.INTERNAL, now, author=actor, files=files, source=source,
            source_ref=source_ref,
        )  # fmt: skip
        events.record(
            "ticket.noted", subject=ticket, actor=actor, now=now, payload={"message_id": message.pk}
        )
        if mentioned:
            watching.mentions_note(ticket=ticket, message=message, people=mentioned, actor=actor, now=now)
        _passed_on(here, ticket, message, actor, now)
    return message


def confirmation_keep(*, ticket: Ticket, text: str, channel: str, now: datetime) -> Message:
    """What the customer said when he confirmed it to a person: his words, erasable as such. The move is the event."""
    return _write(ticket, clean_text(text), AuthorKind.CUSTOMER, Audience.CUSTOMER, now, channel=channel)


def call_keep(
    *,
    ticket: Ticket,
    text: str,
    channel: str,
    actor: Any,
    now: datetime,
    source: str = "",
    source_ref: str = "",
) -> Message:
    """What was said when a person reached the customer, or tried to: a note, erasable as such. The try is the event."""
    return _write(
        ticket, clean_text(text), AuthorKind.STAFF, Audience.INTERNAL, now, author=actor, channel=channel,
        source=source, source_ref=source_ref,
    )  # fmt: skip


def message_erase(*, message: Message, actor: Any, now: datetime, reason: str) -> None:
    """Erase a message that must not be kept (PIPL) with everything that repeats it; a tombstone stays (DESIGN 3).

    Errors: reason, held (a legal hold keeps it). Erased once, it stays as it is.
    """
    _may_write(actor, "tickets.erase")
    if not reason.strip():
        raise DomainError(_("Say why the message is erased."), "reason")
    with transaction.atomic():
        ticket = Ticket.objects.select_for_update(of=("self",)).get(pk=message.ticket_id)
        erasing.refuse_held(ticket)
        current = ticket.messages.get(pk=message.pk)
        if current.erased_at is not None:
            return
        erasing.message_forget(current, now=now)
        events.record(
            "ticket.message_erased", subject=ticket, actor=actor, now=now, reason=reason,
            payload={"message_id": current.pk},
        )  # fmt: skip


def _may_write(actor: Any, capability: str) -> None:
    if not actor.has_perm(capability):
        raise NotPermitted()


def _passed_on(here: Ticket, ticket: Ticket, message: Message, actor: Any, now: datetime) -> None:
    """Said on a ticket that goes on in another one: there it says where the words are."""
    if here.pk != ticket.pk:
        payload = {"into_id": ticket.pk, "into": ticket.number, "message_id": message.pk}
        events.record("ticket.passed_on", subject=here, actor=actor, now=now, payload=payload)


def known_message(source: str, source_ref: str) -> Message | None:
    """What was said with this reference before; asked under the ticket's lock, so that two at once say it once."""
    if not source_ref:
        return None
    return Message.objects.filter(source=source, source_ref=source_ref).first()  # type: ignore[no-any-return]


def _write(
    ticket: Ticket,
    text: str,
    author_kind: str,
    audience: str,
    now: datetime,
    *,
    author: Any = None,
    channel: str = "",
    source: str = "",
    source_ref: str = "",
    files: Sequence[StoredFile] = (),
    undelivered: str = "",
    merchant_id: int | None = None,
) -> Message:
    message = Message.objects.create(
        ticket=ticket, merchant_id=merchant_id or ticket.merchant_id, author_kind=author_kind, author=author,
        audience=audience, channel=channel or ticket.channel, source=source, source_ref=source_ref, text=text, at=now,
        undelivered=undelivered,
    )  # fmt: skip
    searching.text_of_message(message).save(force_insert=True)
    files_attach(message=message, files=files, now=now)
    return message


def files_attach(*, message: Message, files: Sequence[StoredFile], now: datetime) -> None:
    """Files that came with a message, in the transaction that writes it; its readers are the message's."""
    Attachment.objects.bulk_create(
        Attachment(
            ticket_id=message.ticket_id, message=message, merchant_id=message.merchant_id, audience=message.audience,
            name=stored.name, original_name=stored.original_name, content_type=stored.content_type, size=stored.size,
            sha256=stored.sha256, width=stored.width, height=stored.height, at=now,
        )
        for stored in files
    )  # fmt: skip


def _say(
    ticket: Ticket,
    event: str,
    actor: Any,
    now: datetime,
    payload: dict[str, Any],
    columns: dict[str, Any],
    acting_as: str = "",
) -> Ticket:
    """The event through the door, so that the clocks hear it and the row carries what they say."""
    return moves.change(
        ticket, actor=actor, now=now, event=event, payload=payload, acting_as=acting_as,
        quiet=QUIET, **columns,
    )  # fmt: skip


QUIET = (
    *("last_staff_at", "last_customer_at", "first_reply_at", "ask_in_person"),
    *("next_due_at", "next_promise", "next_started_at", "next_warn_at"),
)


def _resume(ticket: Ticket, now: datetime) -> None:
    moves.perform(ticket, "resume", actor=system_user(), now=now)
