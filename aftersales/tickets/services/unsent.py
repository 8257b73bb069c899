"""Words that are not said yet: drafts, and replies held for the seconds in which they can be taken back.

Nothing of a held reply exists outside its row: no message, no event, no clock. It is sent once, under the locks of the
ticket and of its row, by whoever comes first: the job at its time, or its writer who does not want to wait.
"""

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from django.db import IntegrityError, connection, transaction
from django.utils.translation import gettext_lazy as _

from accounts.models import User
from accounts.selectors import leads_and_supervisors
from accounts.services import system_user
from aftersales.core import jobs, moves, origin
from aftersales.core.errors import Busy, DomainError, NotPermitted
from aftersales.core.files import StoredFile
from aftersales.notices.services import notice_send
from aftersales.standards.selectors import duration
from aftersales.tickets.models import Message, Ticket, Unsent, UnsentFile
from aftersales.tickets.selectors import writing
from aftersales.tickets.services.conversation import (
    LONGEST,
    known_message,
    ticket_ask_merchant,
    ticket_reply,
    words_judged,
)
from aftersales.tickets.services.locking import locked_ticket
from aftersales.tickets.services.promises import promise_judged, ticket_reply_promising
from aftersales.tickets.states import ACTIVE_STATES, SentBack

SEND = "tickets.send_held"
SOURCE = "desk"
UNDO, KEPT = "undo_send_seconds", "draft_days"
JUST_SENT = timedelta(minutes=30)  # a page that is older saves its draft under a key of its own
VOICES: Mapping[str, Callable[..., Message]] = {"customer": ticket_reply, "merchant": ticket_ask_merchant}


@dataclass(frozen=True)
class Promised:
    """What a reply promises, and by when."""

    what: str
    due_at: datetime


@dataclass(frozen=True)
class Begun:
    """A promise as a draft keeps it: the time may be missing still."""

    what: str
    due_at: datetime | None


DRAFT_COLUMNS = ("voice", "text", "promise_what", "promise_due_at", "saved_at", "sent_back", "why")
FILE_COLUMNS = ("name", "original_name", "content_type", "size", "sha256", "width", "height")


def draft_keep(
    *,
    ticket: Ticket,
    voice: str,
    text: str,
    actor: Any,
    now: datetime,
    form_key: str = "",
    source_ref: str = "",
    files: Sequence[StoredFile] = (),
    kept: Collection[str] | None = None,
    promise: Begun | None = None,
) -> bool:
    """Keep half-written words of this person on this ticket; nothing left means no draft. False when they are said.

    ``form_key``: the form they were written in. A save that arrives after the same form was sent keeps nothing.
    ``source_ref``: a form that was refused, with its words; they are kept unless just these were sent.
    ``kept``: which files of the draft stay, by their public ids; ``promise``: what the words promise. None: as before.
    """
    _may_write(actor)
    cleaned = text.replace("\x00", "")[:LONGEST]
    with transaction.atomic():
        _wait_for_sender(ticket)
        if form_key and _is_sent(ticket, form_key, actor, now):
            return False
        if writing.is_sent(ticket, source_ref=source_ref, user=actor):
            return False
        draft = _draft(ticket, actor)
        if draft is None and not cleaned.strip() and not files:
            return True
        if draft is None:
            draft = _new_draft(ticket, actor, now)
        draft.voice, draft.text, draft.saved_at, draft.sent_back, draft.why = voice[:10], cleaned, now, "", ""
        if promise is not None:
            draft.promise_what, draft.promise_due_at = promise.what[:300], promise.due_at
        draft.save(update_fields=DRAFT_COLUMNS)
        if kept is not None:
            draft.files.exclude(public_id__in=kept).delete()
        _add_files(draft, files)
        if not cleaned.strip() and not draft.files.exists():
            draft.delete()
    return True


def _wait_for_sender(ticket: Ticket) -> None:
    """Whoever is sending words on the ticket ends first, and whoever comes after waits for this draft and drops it.

    Otherwise a save that began before its form was sent would bring the words back that went out. The weakest lock
    does: the sender's excludes it, drafts of others do not wait for each other.
    """
    with moves.translated_locks(), connection.cursor() as cursor:
        cursor.execute(
            f"SELECT 1 FROM {Ticket._meta.db_table} WHERE id = %s FOR KEY SHARE",  # noqa: S608 - our own name
            [ticket.pk],
        )


def _new_draft(ticket: Ticket, actor: Any, now: datetime) -> Unsent:
    """The row of this person's draft, locked; two tabs that begin at the same moment have one."""
    try:
        with transaction.atomic():
            return Unsent.objects.create(ticket=ticket, author=actor, saved_at=now)  # type: ignore[no-any-return]
    except IntegrityError:
        return Unsent.objects.select_for_update().get(ticket=ticket, author=actor, due_at=None)  # type: ignore[no-any-return]


def _draft(ticket: Ticket, actor: Any) -> Unsent | None:
    found: Unsent | None = (
        Unsent.objects.select_for_update().filter(ticket=ticket, author=actor, due_at=None).first()
    )
    return found


def _is_sent(ticket: Ticket, form_key: str, actor: Any, now: datetime) -> bool:
    """Whether the form with this key was sent already: its words are held, or said."""
    mark = f"{form_key}."
    held = Unsent.objects.filter(ticket=ticket, author=actor, due_at__isnull=False)
    said = ticket.messages.filter(author=actor, source=SOURCE, at__gt=now - JUST_SENT)
    return any(
        ref.startswith(mark) for rows in (held, said) for ref in rows.values_list("source_ref", flat=True)
    )


def draft_drop(*, ticket: Ticket, actor: Any) -> None:
    """Throw this person's draft away, with its files."""
    with transaction.atomic():
        if draft := _draft(ticket, actor):
            draft.delete()


def draft_files(*, ticket: Ticket, actor: Any, kept: Collection[str]) -> list[StoredFile]:
    """The files of this person's draft that he keeps, named by their public ids."""
    mine = UnsentFile.objects.filter(unsent__ticket=ticket, unsent__author=actor, unsent__due_at=None)
    return [_stored(file) for file in mine.filter(public_id__in=kept).order_by("pk")]


@dataclass(frozen=True)
class Seen:
    """The newest message and the newest words on their way that stood on a page, by their keys."""

    said: int
    held: int


def reply_hold(
    *,
    ticket: Ticket,
    voice: str,
    text: str,
    actor: Any,
    now: datetime,
    source_ref: str = "",
    files: Sequence[StoredFile] = (),
    promise: Promised | None = None,
    seen: Seen | None = None,
) -> Unsent | Message:
    """Put a reply on its way: for the seconds of the rule book nothing goes out, and the writer can take it back.

    ``seen``: what stood on the writer's page; when somebody spoke since, nothing is done (overtaken).

    A promise that it makes is given when it is sent, and not before.

    The same ``source_ref`` again answers with what became of the first. With no seconds it is said at once.
    """
    if not actor.has_perm("tickets.reply"):
        raise NotPermitted()
    cleaned = words_judged(ticket=ticket, text=text, outgoing=True)
    if promise:
        promise_judged(ticket=ticket, what=promise.what, due_at=promise.due_at, actor=actor, now=now)
    pause = duration(UNDO, now)
    with transaction.atomic():
        if known := _known(source_ref):
            return known
        _refuse_overtaken(locked_ticket(ticket), seen, actor)
        if not pause:
            said = _speak(voice, ticket, cleaned, actor, now, source_ref, files, promise)
            draft_drop(ticket=ticket, actor=actor)
            return said
        row = Unsent(
            ticket=ticket, author=actor, voice=voice, text=cleaned, source_ref=source_ref, saved_at=now,
            due_at=now + pause, promise_what=promise.what if promise else "",
            promise_due_at=promise.due_at if promise else None,
        )  # fmt: skip
        held, fresh = _insert(row)
        if not fresh:
            return held
        _add_files(held, files)
        draft_drop(ticket=ticket, actor=actor)
        jobs.enqueue(SEND, key=f"{SEND}:{held.pk}", payload={"id": held.pk}, now=now, run_after=held.due_at)
    return held


def _refuse_overtaken(current: Ticket, seen: Seen | None, actor: Any) -> None:
    """Judged under the ticket's lock, so that of two who answer at one moment the second one reads the first."""
    if seen is None:
        return
    said = writing.said_since(current, seen=seen.said, user=actor)
    if said or writing.held_since(current, seen=seen.held, user=actor):
        raise DomainError(_("Somebody else answered at this moment. Read it, then send again."), "overtaken")


def _known(source_ref: str) -> Unsent | Message | None:
    if not source_ref:
        return None
    held: Unsent | None = Unsent.objects.filter(source_ref=source_ref).first()
    return held or known_message(SOURCE, source_ref)


def _insert(row: Unsent) -> tuple[Unsent, bool]:
    """The held row and whether it is new; when the same form arrives twice at one moment, the first one's."""
    try:
        with transaction.atomic():
            row.save(force_insert=True)
    except IntegrityError:
        return Unsent.objects.get(source_ref=row.source_ref), False
    return row, True


def reply_take_back(*, unsent: Unsent, actor: Any, now: datetime) -> Unsent:
    """The writer takes his reply back into the box. Refused when it is said already (sent)."""
    with transaction.atomic():
        moves.locked(Ticket(pk=unsent.ticket_id))  # in the order of whoever sends: the ticket, then the words
        held = _locked(unsent.pk)
        if held is None or held.author_id != actor.pk:
            raise DomainError(_("Too late: the reply has gone out."), "sent")
        return _give_back(held, SentBack.TAKEN, "", now)


def held_send(*, unsent_id: int, now: datetime, early: bool = False) -> Message | None:
    """Say the held words; None when they are not to be said (taken back, said already, not yet due, given back).

    The rules are asked now, not when the words were written: where they refuse, the words become their writer's draft
    again and he is told.
    """
    ticket_id = Unsent.objects.filter(pk=unsent_id).values_list("ticket_id", flat=True).first()
    if ticket_id is None:
        return None
    with transaction.atomic(), origin.coming_from("web"):
        ticket = moves.locked(Ticket(pk=ticket_id))
        held = _locked(unsent_id)
        if held is None or not (early or held.is_due(now)):
            return None
        if why := _why_not(ticket, held):
            _return(ticket, held, why, "", now)
            return None
        return _said(ticket, held, now)


def _said(ticket: Ticket, held: Unsent, now: datetime) -> Message | None:
    files = [_stored(file) for file in held.files.order_by("pk")]
    try:
        with transaction.atomic():
            message = _speak(
                held.voice, ticket, held.text, held.author, now, held.source_ref, files, _promised(held)
            )  # fmt: skip
    except Busy:
        raise
    except DomainError as refusal:
        _return(ticket, held, SentBack.REFUSED, str(refusal), now)
        return None
    held.delete()
    return message


def _speak(
    voice: str,
    ticket: Ticket,
    text: str,
    actor: Any,
    now: datetime,
    ref: str,
    files: Sequence[StoredFile],
    promise: Promised | None,
) -> Message:
    how: dict[str, Any] = {
        "ticket": ticket, "text": text, "actor": actor, "now": now, "files": files, "source": SOURCE, "source_ref": ref,
    }  # fmt: skip
    if promise is not None:
        return ticket_reply_promising(**how, what=promise.what, due_at=promise.due_at, to=voice)
    return VOICES[voice](**how)


def _promised(held: Unsent) -> "Promised | None":
    return Promised(held.promise_what, held.promise_due_at) if held.promise_due_at else None


def _why_not(ticket: Ticket, held: Unsent) -> str:
    """What changed since the words were written, so that they are not said."""
    if ticket.state not in ACTIVE_STATES:
        return SentBack.OVER.value
    seen = Ticket.objects.visible_to(held.author).filter(pk=ticket.pk).exists()
    return "" if seen and held.author.has_perm("tickets.reply") else SentBack.NO_ACCESS.value


def _return(ticket: Ticket, held: Unsent, code: str, why: str, now: datetime) -> None:
    """Back to its writer; the words of one who left go to whoever answers for the ticket."""
    key, writer = f"unsent:{held.pk}", held.author
    values = {"number": ticket.number, "problem": ticket.subject, "reason": why or SentBack(code).label}
    to: User | None = writer
    template = "work.reply_returned"
    if not writer.is_active:
        to, template, code = _answers_for(ticket), "work.reply_left", SentBack.LEFT.value
        if to is None:
            _give_back(held, code, why, now)
            return
        values |= {"writer": str(writer)}
        held.author = to
        held.save(update_fields=["author"])
    _give_back(held, code, why, now)
    notice_send(template=template, to=to, about=ticket, key=key, actor=system_user(), now=now, values=values)


def _answers_for(ticket: Ticket) -> User | None:
    """Who has it, the lead of its team, or else a supervisor."""
    lead = ticket.team.lead if ticket.team else None
    people = [ticket.assignee, lead, *leads_and_supervisors("")]
    return next((one for one in people if one is not None and one.is_active), None)


def _give_back(held: Unsent, code: str, why: str, now: datetime) -> Unsent:
    """The words become the draft of their writer, before whatever he has begun meanwhile."""
    draft = _draft(held.ticket, held.author)
    while draft is None and not _freed(held):
        draft = _draft(held.ticket, held.author)
    if draft is not None:
        held.files.update(unsent=draft)
        draft.text = f"{held.text}\n\n{draft.text}".strip() if draft.text != held.text else draft.text
        draft.voice, ref = held.voice, held.source_ref
        draft.promise_what, draft.promise_due_at = held.promise_what, held.promise_due_at
        held.delete()
        draft.source_ref = ref
        held = draft
    held.sent_back, held.why, held.saved_at = code, why[:300], now
    held.save()
    return held


def _freed(held: Unsent) -> bool:
    """Let the held row be the draft; not when another page began one at this moment."""
    due_at = held.due_at
    try:
        with transaction.atomic():
            held.due_at = None
            held.save(update_fields=["due_at"])
    except IntegrityError:
        held.due_at = due_at
        return False
    return True


def _locked(pk: int) -> Unsent | None:
    """The held row under its lock; None when it is held no longer."""
    rows = Unsent.objects.select_for_update(of=("self",)).select_related("author", "ticket")
    found: Unsent | None = rows.filter(pk=pk, due_at__isnull=False).first()
    return found


def _add_files(row: Unsent, files: Sequence[StoredFile]) -> None:
    """These files belong to this row now, also those that belonged to a draft."""
    UnsentFile.objects.filter(name__in=[file.name for file in files]).delete()
    UnsentFile.objects.bulk_create(
        UnsentFile(unsent=row, **{name: getattr(file, name) for name in FILE_COLUMNS}) for file in files
    )


def _stored(file: UnsentFile) -> StoredFile:
    return StoredFile(**{name: getattr(file, name) for name in FILE_COLUMNS})


def _may_write(actor: Any) -> None:
    if not (actor.has_perm("tickets.reply") or actor.has_perm("tickets.note")):
        raise NotPermitted()


def drafts_expire(*, now: datetime) -> int:
    """Drafts nobody touched for the days of the rule book go; answers how many."""
    old = Unsent.objects.filter(due_at=None, saved_at__lt=now - duration(KEPT, now))
    ids = list(old.values_list("pk", flat=True))
    Unsent.objects.filter(pk__in=ids, due_at=None).delete()
    return len(ids)
