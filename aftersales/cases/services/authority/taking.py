"""Taking letters down (R4.11): at a ticket or alone, and the daily list by sheet. One number is one letter."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any, NamedTuple

from django.db import IntegrityError, transaction
from django.utils.translation import gettext as _

from aftersales.cases.authority import rules
from aftersales.cases.authority.states import LetterKind, LetterSource
from aftersales.cases.models import AuthorityCase, AuthorityFile
from aftersales.cases.services.authority.locking import held, refuse_far, tell_ticket
from aftersales.cases.services.locking import refuse_foreign, require
from aftersales.clocks.services import deadline_set
from aftersales.core import events, moves, origin, series
from aftersales.core.errors import DomainError
from aftersales.core.files import StoredFile
from aftersales.orders.models import Order
from aftersales.standards.selectors import parameter
from aftersales.standards.states import Promise
from aftersales.tickets.models import Ticket
from aftersales.tickets.services.grading import ticket_regrade
from aftersales.tickets.services.intake import AlreadyOpen, draft_for, ticket_open
from aftersales.tickets.services.locking import locked_ticket
from aftersales.tickets.states import (
    ACTIVE_STATES,
    SEVERITY_ORDER,
    AuthorKind,
    Channel,
    Nature,
    Severity,
)

TAKE = "cases.take_letter"
SERIES = "authority_case"
LENGTHS = {
    "letter_no": 80,
    "office": 120,
    "subject": 160,
    "demand": 2000,
    "reporter_name": 80,
    "reporter_contact": 120,
}


@dataclass(frozen=True)
class LetterDraft:
    """What stands in a letter. ``due_at`` is its own deadline; the reporter is nobody's business but ours."""

    source: str
    letter_no: str
    received_at: datetime
    due_at: datetime
    subject: str
    demand: str = ""
    kind: str = LetterKind.COMPLAINT
    office: str = ""
    reporter_name: str = ""
    reporter_contact: str = ""
    order_id: int | None = None
    merchant_id: int | None = None


class Taken(NamedTuple):
    letter: AuthorityCase
    known: bool
    """Somebody had taken it down before; nothing was written."""


def letter_take(
    *,
    draft: LetterDraft,
    actor: Any,
    now: datetime,
    ticket: Ticket | None = None,
    files: Sequence[StoredFile] = (),
) -> Taken:
    """Take a letter down at a ticket, or alone: then at the open ticket of its order, or at a new complaint.

    The same number of the same office is found, not doubled. A finished ticket is reopened while it may be.
    Errors: not_permitted, source, letter_no, subject, too_long, in_the_future, due, too_far, names_reporter,
    finished, gone.
    """
    require(actor, TAKE)
    draft = _cleaned(draft, now)
    if known := _known(draft, actor):
        return Taken(known, True)
    number = series.next_number(SERIES, now)
    try:
        with transaction.atomic():
            at = _ticket(draft, ticket, actor, now)
            if known := _known(draft, actor):  # who took it down a moment earlier held the ticket until now
                return Taken(known, True)
            row = _made(number, draft, at, actor, now)
            for file in files:
                _keep(row, file, actor, now)
    except (
        IntegrityError
    ):  # the same letter at another ticket at the same moment: the other one stands by now
        earlier = _known(draft, actor)
        if earlier is None:
            raise
        return Taken(earlier, True)
    return Taken(row, False)


def letters_take(rows: Sequence[Mapping[str, Any]], actor: Any, now: datetime) -> list[int]:
    """The daily list of an office by sheet: each row is one letter; one that is known stays as it is.

    These are today's letters, no history that is read in: rules and people hear of them as of one taken by hand.
    """
    with origin.coming_from("web"):
        return [letter_take(draft=_of_row(row, now), actor=actor, now=now).letter.pk for row in rows]


def letter_files_add(
    *, letter: AuthorityCase, files: Sequence[StoredFile], actor: Any, now: datetime
) -> list[AuthorityFile]:
    """Scans of the letter, or proofs of the sending, all or none; the same file is kept once."""
    with transaction.atomic():
        _ticket, current = held(letter, actor, TAKE)
        return [_keep(current, file, actor, now) for file in files]


def _cleaned(draft: LetterDraft, now: datetime) -> LetterDraft:
    if draft.source not in LetterSource.values or draft.kind not in LetterKind.values:
        raise DomainError(_("Choose which office it comes from."), "source")
    words: dict[str, Any] = {}
    for name, longest in LENGTHS.items():
        said = getattr(draft, name).replace("\x00", "").strip()
        words[name] = said if name == "demand" else " ".join(said.split())
        if len(words[name]) > longest:
            raise DomainError(_("At most %(n)d characters, please.") % {"n": longest}, "too_long")
    if not rules.letter_key(words["letter_no"]):
        raise DomainError(_("Write the number that the letter bears."), "letter_no")
    if not words["subject"]:
        raise DomainError(_("Say in a few words what it is about."), "subject")
    if draft.received_at > now:
        raise DomainError(_("A letter that comes later is not here yet."), "in_the_future")
    if draft.due_at <= draft.received_at:
        raise DomainError(_("The deadline lies after the day the letter came."), "due")
    for moment in (draft.received_at, draft.due_at):
        refuse_far(moment, now)
    if rules.names_reporter(words["subject"], words["reporter_name"], words["reporter_contact"]):
        raise DomainError(_("The subject names the reporter; the merchant could read it."), "names_reporter")
    return replace(draft, **words)


def _known(draft: LetterDraft, actor: Any) -> AuthorityCase | None:
    key = rules.letter_key(draft.letter_no)
    found: AuthorityCase | None = AuthorityCase.objects.filter(source=draft.source, letter_key=key).first()
    if found is not None:
        refuse_foreign(found.ticket, actor)
    return found


def _ticket(draft: LetterDraft, ticket: Ticket | None, actor: Any, now: datetime) -> Ticket:
    """The ticket it goes to, under lock, open, and graded as a letter deserves."""
    if ticket is None:
        ticket = _opened(draft, actor, now)
    else:
        refuse_foreign(ticket, actor)
    current = locked_ticket(ticket)
    current = reopened(current, actor=actor, now=now)
    severity = max(current.severity, severity_of(draft.source, now), key=SEVERITY_ORDER.index)
    if (severity, Nature.COMPLAINT) != (current.severity, current.nature):
        current = ticket_regrade(
            ticket=current, kind=current.kind, severity=severity, nature=Nature.COMPLAINT, actor=actor, now=now,
            reason=_("A letter of an authority came."),
        )  # fmt: skip
    return current


def reopened(ticket: Ticket, *, actor: Any, now: datetime) -> Ticket:
    """A reply is owed on it, so it is worked on again. Errors: finished, and what the reopening refuses."""
    if ticket.is_open:
        return ticket
    if ticket.state not in ACTIVE_STATES and ticket.state not in (
        "closed",
        "unreachable",
        "archived",
        "cancelled",
    ):
        raise DomainError(
            _("This ticket is finished for good: take the letter down without a ticket."), "finished"
        )
    back: Ticket = moves.perform(
        ticket, "reopen", actor=actor, now=now, reason=_("A letter of an authority came.")
    )
    return back


def severity_of(source: str, now: datetime) -> str:
    """How grave a ticket with a letter of this office is at least: a row of the rule book."""
    return Severity.CRITICAL if source in parameter("authority_critical_sources", now) else Severity.MAJOR


def _opened(draft: LetterDraft, actor: Any, now: datetime) -> Ticket:
    order = Order.objects.filter(pk=draft.order_id).first() if draft.order_id else None
    told = draft_for(
        order, merchant_id=draft.merchant_id, source="authority",
        source_ref=f"{draft.source}:{rules.letter_key(draft.letter_no)}"[:120],
        subject=f"{LetterSource(draft.source).label} {draft.letter_no}: {draft.subject}"[:200], text="",
        channel=Channel.STAFF, opened_at=now, severity=severity_of(draft.source, now), nature=Nature.COMPLAINT,
        owner_id=actor.pk, author_kind=AuthorKind.SYSTEM,
    )  # fmt: skip
    try:
        return ticket_open(draft=told, actor=actor, now=now)
    except AlreadyOpen as known:  # the same problem: its ticket gets the letter too
        return known.tickets[0]


def _made(number: str, draft: LetterDraft, ticket: Ticket, actor: Any, now: datetime) -> AuthorityCase:
    clock = deadline_set(
        subject=ticket, promise=Promise.AUTHORITY_REPLY, due_at=draft.due_at, holder_id=ticket.assignee_id,
        actor=actor, now=now,
    )  # fmt: skip
    row: AuthorityCase = moves.create(
        AuthorityCase(
            number=number, ticket=ticket, merchant_id=draft.merchant_id or ticket.merchant_id, source=draft.source,
            kind=draft.kind, letter_no=draft.letter_no, letter_key=rules.letter_key(draft.letter_no),
            office=draft.office, subject=draft.subject, demand=draft.demand, reporter_name=draft.reporter_name,
            reporter_contact=draft.reporter_contact, received_at=draft.received_at, first_due_at=draft.due_at,
            due_at=draft.due_at, taken_at=now, taken_by=actor, clock=clock,
            late_since=draft.due_at if draft.due_at < now else None,
        ),
        actor=actor, now=now, event="authority.taken",
        payload={"ticket_id": ticket.pk, "source": draft.source, "due_at": draft.due_at.isoformat()},
    )  # fmt: skip
    tell_ticket(ticket, "ticket.letter_taken", row, actor=actor, now=now, due_at=draft.due_at.isoformat())
    return row


def _keep(letter: AuthorityCase, file: StoredFile, actor: Any, now: datetime) -> AuthorityFile:
    known: AuthorityFile | None = letter.files.filter(sha256=file.sha256).first()
    if known is not None:
        return known
    row = AuthorityFile(
        letter=letter, name=file.name, original_name=file.original_name, content_type=file.content_type,
        size=file.size, sha256=file.sha256, by=actor, at=now,
    )  # fmt: skip
    row.save()
    events.record(
        "authority.file_added", subject=letter, actor=actor, now=now, payload=letter.told(file_id=row.pk)
    )
    return row


def _of_row(row: Mapping[str, Any], now: datetime) -> LetterDraft:
    return LetterDraft(
        source=row["source"], letter_no=row["letter_no"], received_at=row.get("received_at") or now,
        due_at=row["due_at"], subject=row["subject"], demand=row.get("demand") or "",
        kind=row.get("kind") or LetterKind.COMPLAINT, office=row.get("office") or "",
        reporter_name=row.get("reporter_name") or "", reporter_contact=row.get("reporter_contact") or "",
        order_id=row.get("order_no"), merchant_id=row.get("merchant"),
    )  # fmt: skip
