"""A letter becomes words in a conversation, a new ticket, a note about a lost message, or a question to a person.

A letter joins a conversation only when it proves by a seal which message of ours it answers *and* comes from the
address that message was sent to. Everything else is a new problem of a known customer, or waits for a person: a
number in the subject, a sender's name and an address of a colleague prove nothing.
"""

from __future__ import annotations

import logging
import re
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import datetime, timedelta

from django.conf import settings
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import transaction
from django.utils.translation import gettext as _
from django.utils.translation import override

from accounts.models import User
from accounts.services import customer_user, system_user
from aftersales.channels import rules
from aftersales.channels.letters import reading
from aftersales.channels.models import Letter
from aftersales.channels.states import Outcome, OwnReason, Why
from aftersales.core import files, moves
from aftersales.core.errors import DomainError, Refused
from aftersales.core.files import StoredFile
from aftersales.customers.models import Contact, Customer
from aftersales.customers.rules import search_key
from aftersales.customers.selectors import owners_of
from aftersales.customers.services import contact_bounced
from aftersales.customers.states import ContactKind
from aftersales.merchants.models import MerchantContact
from aftersales.notices import replies
from aftersales.notices.models import Notice
from aftersales.notices.services import notice_bounced
from aftersales.notices.states import RecipientKind
from aftersales.orders.models import Order
from aftersales.standards.selectors import duration, parameter
from aftersales.tickets.models import Message, Ticket
from aftersales.tickets.services import customer_message, merchant_message, problem_join, ticket_open
from aftersales.tickets.services.conversation import LONGEST, files_attach
from aftersales.tickets.services.intake import AlreadyOpen, draft_for
from aftersales.tickets.states import ACTIVE_STATES, Channel, TicketState

logger = logging.getLogger(__name__)

SOURCE = "letter"
TICKET = "tickets.ticket"
ROOM = 200  # characters of a message left for what we say ourselves (files not taken, cut)
ORDERS_LOOKED_AT = 200


def letter_land(*, letter_id: int, now: datetime) -> str:
    """Make of a waiting letter what it is; answers the outcome. Once, however often it is asked."""
    waiting = Letter.objects.filter(pk=letter_id, outcome=Outcome.WAITING).first()
    if waiting is None:
        return ""
    raw = files.stored_path(waiting.stored).read_bytes()
    try:
        found = reading.read(raw)
    except reading.Unreadable as error:
        return _unreadable(letter_id, error.code, now)
    with files_of(found, now) as (kept, refused), transaction.atomic():
        letter = Letter.objects.select_for_update(of=("self",)).get(pk=letter_id)
        if letter.outcome != Outcome.WAITING:
            raise _Done
        _take(letter, found, refused)
        taken = _land(letter, found, kept, now)
        _finish(letter, now)
        if not taken:
            raise_unused(kept)
        return str(letter.outcome)


class _Done(DomainError):
    """Somebody else made something of the letter at this moment."""

    def __init__(self) -> None:
        super().__init__("the letter is done", "done")


def raise_unused(kept: Sequence[StoredFile]) -> None:
    """Files of a letter that became no words stay in the letter alone."""
    for one in kept:
        files.remove(one.name)


@contextmanager
def files_of(found: reading.Letter, now: datetime) -> Iterator[tuple[list[StoredFile], list[list[str]]]]:
    """The files of a letter that we take, kept for what is done with them, and those that we do not take, with why."""
    kept: list[StoredFile] = []
    refused: list[list[str]] = []
    most, limit = int(parameter("letter_files", now)), int(parameter("letter_mib", now)) * reading.MIB
    try:
        for place, one in enumerate(found.files):
            name = files.clean_name(one.name)
            if place >= most or len(one.content) > limit:
                refused.append([name, "too_many" if place >= most else "too_large"])
                continue
            try:
                kept.append(files.store_upload(SimpleUploadedFile(name, one.content), now=now))
            except files.FileRefused as error:
                refused.append([name, error.code])
        yield kept, refused
    except BaseException:
        raise_unused(kept)
        raise


def _unreadable(letter_id: int, code: str, now: datetime) -> str:
    with transaction.atomic():
        letter = Letter.objects.select_for_update(of=("self",)).get(pk=letter_id)
        if letter.outcome == Outcome.WAITING:
            letter.outcome, letter.why = Outcome.FAILED, code
            _finish(letter, now)
    return str(letter.outcome)


def letter_give_up(*, letter_id: int, error: Exception, now: datetime) -> None:
    """Nothing could be made of it, several times: a person looks at it."""
    with transaction.atomic():
        letter = Letter.objects.select_for_update(of=("self",)).get(pk=letter_id)
        if letter.outcome == Outcome.WAITING:
            letter.outcome, letter.why = Outcome.FAILED, Why.BROKEN
            letter.error = f"{type(error).__name__}: {error}"[:300]
            _finish(letter, now)


def _take(letter: Letter, found: reading.Letter, refused: list[list[str]]) -> None:
    letter.sender, letter.subject = found.sender, found.subject
    letter.text, letter.quoted, letter.refused_files = found.text, found.quoted, refused


def _finish(letter: Letter, now: datetime) -> None:
    letter.done_at = None if letter.waits else now
    letter.save()


def _land(letter: Letter, found: reading.Letter, kept: Sequence[StoredFile], now: datetime) -> bool:
    """Decide; answers whether the files went into a conversation."""
    if rules.is_report(found):
        _bounced(letter, found, now)
        return False
    if why := rules.quiet_because(found, _own_addresses()):
        answered = replies.notices_answered(addresses=found.recipients, ids=found.ids)
        letter.outcome, letter.why = Outcome.QUIET, why
        letter.ticket = _ticket_of(answered[0]) if answered else None
        return False
    if why := _suspicious(letter, found, now):
        return _hold(letter, why, _named(found))
    answered = replies.notices_answered(addresses=found.recipients, ids=found.ids)
    if answered:
        return _answer(letter, found, answered, kept, now)
    return _first_words(letter, found, kept, now)


def _own_addresses() -> frozenset[str]:
    local, _at, host = settings.MAIL_ADDRESS.lower().rpartition("@")
    return frozenset(
        {f"{local}@{host}", str(settings.DEFAULT_FROM_EMAIL).lower().rpartition("<")[2].strip("> ")}
    )


def _suspicious(letter: Letter, found: reading.Letter, now: datetime) -> str:
    """Why no letter of this sender is taken at its word."""
    if len(found.senders) != 1:
        return Why.SEVERAL_SENDERS
    if User.objects.filter(email__iexact=found.sender).exclude(email="").exists():
        return Why.STAFF_ADDRESS
    lately = Letter.objects.filter(sender=letter.sender, received_at__gt=now - timedelta(hours=1))
    return Why.TOO_MANY if lately.count() > int(parameter("letters_an_hour", now)) else ""


def _hold(letter: Letter, why: str, hint: Ticket | None = None) -> bool:
    letter.outcome, letter.why, letter.hint = Outcome.HELD, why, hint
    return False


def _named(found: reading.Letter) -> Ticket | None:
    numbers = rules.numbers_named(found)
    return Ticket.objects.filter(number__in=numbers).order_by("-id").first() if numbers else None


def _ticket_of(notice: Notice) -> Ticket | None:
    if notice.subject_kind != TICKET:
        return None
    return Ticket.objects.filter(pk=notice.subject_id).first()


# Answers to our messages


def _answer(
    letter: Letter,
    found: reading.Letter,
    answered: Sequence[Notice],
    kept: Sequence[StoredFile],
    now: datetime,
) -> bool:
    """The letter proves what it answers; it joins when it comes from whom that was sent to."""
    for notice in answered:
        ticket = _ticket_of(notice)
        if ticket is None or not _is_recipient(notice, found.sender):
            continue
        if notice.recipient_kind == RecipientKind.MERCHANT:
            return _merchant_answers(letter, ticket, notice.merchant_id, kept, now)
        letter.customer_id = notice.customer_id
        return customer_says(letter, ticket, kept, now)
    return _hold(letter, Why.OTHER_SENDER, _ticket_of(answered[0]))


def _is_recipient(notice: Notice, sender: str) -> bool:
    if notice.recipient_kind == RecipientKind.CUSTOMER:
        return notice.customer_id in [one.pk for one in owners_of(ContactKind.EMAIL, sender)]
    if notice.recipient_kind == RecipientKind.MERCHANT:
        return MerchantContact.objects.filter(
            merchant_id=notice.merchant_id or 0, email__iexact=sender
        ).exists()
    return False


def _merchant_answers(
    letter: Letter, ticket: Ticket, merchant_id: int | None, kept: Sequence[StoredFile], now: datetime
) -> bool:
    """The words of the merchant to whom our message went; of one whom the ticket concerns no more a person decides."""
    if ticket.state == TicketState.SEALED:
        return _hold(letter, Why.HINT, ticket)
    try:
        merchant_message(
            ticket=ticket, text=text_of(letter), actor=system_user(now), now=now, files=kept, merchant_id=merchant_id,
            acting_as=f"merchant:{merchant_id}", source=SOURCE, source_ref=letter.public_id,
        )  # fmt: skip
    except DomainError as error:
        if error.code != "gone":
            raise
        return _hold(letter, Why.OTHER_SENDER, ticket)
    letter.outcome, letter.ticket, letter.why = Outcome.JOINED, ticket, ""
    return True


def customer_says(letter: Letter, ticket: Ticket, kept: Sequence[StoredFile], now: datetime) -> bool:
    """The customer's words join his ticket; a finished one is taken up again inside its window, else a new one opens.

    Answers that the files went with them.
    """
    try:
        with transaction.atomic():
            _join(letter, ticket, kept, now)
    except Refused:  # the window is over
        return open_new(letter, kept, now, customer=ticket.customer, order=None)
    except DomainError as error:
        if error.code != "sealed":
            raise
        return open_new(letter, kept, now, customer=ticket.customer, order=None)
    _reached(letter, now)
    return True


def _join(letter: Letter, ticket: Ticket, kept: Sequence[StoredFile], now: datetime) -> None:
    actor, acting_as = customer_user(now), f"customer:{ticket.customer_id}"
    said = customer_message(
        ticket=ticket, text=text_of(letter), actor=actor, now=now, channel=Channel.EMAIL, source=SOURCE,
        source_ref=letter.public_id, files=kept, acting_as=acting_as,
    )  # fmt: skip
    current = Ticket.objects.get(pk=said.ticket_id)
    if current.state not in ACTIVE_STATES:
        moves.perform(
            current, "reopen", actor=actor, now=now, acting_as=acting_as, reason=OwnReason.WROTE_AGAIN
        )
    letter.outcome, letter.ticket, letter.why = Outcome.JOINED, current, ""


def _reached(letter: Letter, now: datetime) -> None:
    """Who writes from an address reads it, whatever came back earlier."""
    key = search_key(ContactKind.EMAIL, letter.sender)
    contacts = Contact.objects.present().filter(
        customer=letter.customer_id, kind=ContactKind.EMAIL, search_key=key
    )
    for contact in contacts.exclude(bounced_at=None):
        contact_bounced(contact_id=contact.pk, bounced=False, actor=system_user(now), now=now)


# New problems


def _first_words(letter: Letter, found: reading.Letter, kept: Sequence[StoredFile], now: datetime) -> bool:
    """A letter that answers nothing: a new problem of the one customer with this address, else a person decides."""
    owners = owners_of(ContactKind.EMAIL, found.sender)
    hint = _named(found)
    if len(owners) != 1:
        return _hold(letter, Why.SEVERAL_KNOWN if owners else Why.UNKNOWN_SENDER, hint)
    letter.customer = owners[0]
    if hint is not None or replies.claims(found.recipients, found.ids):
        return _hold(letter, Why.HINT, hint)
    _reached(letter, now)
    return open_new(letter, kept, now, customer=owners[0], order=_order_named(letter, owners[0]))


def _order_named(letter: Letter, customer: Customer) -> Order | None:
    """The one order of this customer whose number stands in the letter, by itself: not within a longer one."""
    said = f"{letter.subject}\n{letter.text}"
    mine = Order.objects.filter(customer=customer).order_by("-id")[:ORDERS_LOOKED_AT]
    named = [order for order in mine if len(order.external_no) > 5 and _stands_in(order.external_no, said)]
    return named[0] if len(named) == 1 else None


def _stands_in(number: str, said: str) -> bool:
    return re.search(rf"(?<![0-9A-Za-z]){re.escape(number)}(?![0-9A-Za-z])", said) is not None


def open_new(
    letter: Letter,
    kept: Sequence[StoredFile],
    now: datetime,
    *,
    customer: Customer | None,
    order: Order | None,
    owner_id: int | None = None,
) -> bool:
    """A ticket by the same intake as any other problem; the same order's open ticket takes the words instead."""
    draft = draft_for(
        order, customer=customer, source=SOURCE, source_ref=letter.public_id, channel=Channel.EMAIL, owner_id=owner_id,
        subject=letter.subject or _("(no subject)"), text=text_of(letter), opened_at=letter.received_at,
    )  # fmt: skip
    actor = system_user(now)
    try:
        with transaction.atomic():
            ticket = ticket_open(draft=draft, actor=actor, now=now)
        said = ticket.messages.order_by("id").first()
        outcome = Outcome.OPENED
    except AlreadyOpen as found:
        said = problem_join(ticket=found.tickets[0], draft=draft, actor=actor, now=now)
        ticket, outcome = said.ticket, Outcome.JOINED
    _attach(said, kept, now)
    letter.outcome, letter.ticket, letter.why = outcome, ticket, ""
    return True


def _attach(said: Message | None, kept: Sequence[StoredFile], now: datetime) -> None:
    if said is not None and kept:
        files_attach(message=said, files=kept, now=now)


def text_of(letter: Letter) -> str:
    """What stands in the conversation: the words, and which files we did not take. In the department's language."""
    with override(settings.LANGUAGE_CODE):
        text = letter.text or _("(The letter has no words.)")
        if len(text) > LONGEST - ROOM * 2:
            text = text[: LONGEST - ROOM * 2] + "\n" + _("(Shortened; the whole text stands in the letter.)")
        if letter.refused_files:
            names = _(", ").join(name for name, _code in letter.refused_files)[:ROOM]
            text += "\n\n" + _("(Files not taken: %(names)s)") % {"names": names}
    return text


# Reports about our own messages


def _bounced(letter: Letter, found: reading.Letter, now: datetime) -> None:
    """A report names our message by its sealed id; without a proof it is only recorded: anybody can write reports."""
    answered = replies.notices_answered(
        addresses=found.recipients, ids=[*found.ids, found.returned, found.report]
    )
    letter.outcome, letter.why = Outcome.QUIET, Why.RETURNED
    if not answered:
        return
    notice = answered[0]
    letter.ticket = _ticket_of(notice)
    if not rules.has_failed(found):
        letter.why = Why.LATE
        return
    letter.outcome, letter.customer_id = Outcome.BOUNCE, notice.customer_id
    if notice_bounced(notice=notice, now=now) and notice.contact_id and notice.customer_id:
        contact_bounced(contact_id=notice.contact_id, bounced=True, actor=system_user(now), now=now)


# What nobody decided


def held_sweep(*, now: datetime, limit: int = 100) -> int:
    """A letter that waits too long for a decision becomes a ticket by itself, so that its clocks run (R3.1).

    Only honest doubts: what calls itself a colleague, comes in masses or has no single sender goes on waiting.
    """
    honest = (Why.UNKNOWN_SENDER, Why.SEVERAL_KNOWN, Why.HINT, Why.OTHER_SENDER)
    late = Letter.objects.filter(
        outcome=Outcome.HELD, why__in=honest, received_at__lt=now - duration("letter_decide_minutes", now)
    )
    opened = 0
    for letter_id in list(late.order_by("received_at").values_list("pk", flat=True)[:limit]):
        opened += _open_late(letter_id, now)
    return opened


def _open_late(letter_id: int, now: datetime) -> bool:
    with transaction.atomic():
        rows = Letter.objects.select_for_update(of=("self",), skip_locked=True)
        letter = rows.filter(pk=letter_id, outcome=Outcome.HELD).first()
        if letter is None:
            return False
        with kept_files(letter, now) as kept:
            # Whose letter it is was never proven: without a customer, nobody is written to.
            customer = letter.customer if letter.why == Why.HINT else None
            open_new(letter, kept, now, customer=customer, order=None)
            _finish(letter, now)
    return True


@contextmanager
def kept_files(letter: Letter, now: datetime) -> Iterator[list[StoredFile]]:
    """The files of a stored letter, read anew from it for what a person decides."""
    try:
        found = reading.read(files.stored_path(letter.stored).read_bytes())
    except (reading.Unreadable, OSError):
        found = reading.Letter()
    with files_of(found, now) as (kept, _refused):
        yield kept
