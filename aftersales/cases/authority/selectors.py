"""Answers about letters, set-based, for guards and pages. Nothing here writes."""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import pgettext

from aftersales.cases.authority.rules import VARIABLES
from aftersales.cases.authority.states import LetterState, PieceKind
from aftersales.cases.models import (
    AuthorityCase,
    AuthorityFile,
    Case,
    CaseParcel,
    CasePayment,
    DisputeEvidence,
)
from aftersales.core.files import clean_name
from aftersales.core.models import Audience
from aftersales.core.wording import minute, money
from aftersales.tickets.models import Attachment, Message, Ticket


def open_letters(rows: Sequence[Ticket], now: datetime) -> Mapping[int, list[str]]:
    """Tickets on which a reply is owed: they are not resolved, given up, cancelled or merged before."""
    found: dict[int, list[str]] = defaultdict(list)
    asked = [row.pk for row in rows if row.cases_open]
    if asked:
        for letter in AuthorityCase.objects.unanswered().filter(ticket__in=asked).order_by("due_at"):
            found[letter.ticket_id].append(
                _("The reply to %(source)s is not sent yet (%(number)s): send it first.")
                % {"source": letter.get_source_display(), "number": letter.number}
            )
    return found


def binding_letters(rows: Sequence[Ticket], now: datetime) -> Mapping[int, list[tuple[str, bool]]]:
    """Letters on these tickets that an office did not withdraw: number, and whether it is open."""
    found: dict[int, list[tuple[str, bool]]] = defaultdict(list)
    asked = [row.pk for row in rows if row.case_count]
    if asked:
        ended = (LetterState.CLOSED, LetterState.PASSED_ON)
        letters = AuthorityCase.objects.filter(ticket__in=asked).exclude(state=LetterState.WITHDRAWN)
        for pk, number, state in letters.order_by("id").values_list("ticket_id", "number", "state"):
            found[pk].append((number, state not in ended))
    return found


def letters_of(ticket: Ticket, user: Any) -> list[AuthorityCase]:
    """The letters on a ticket, the most urgent first; no query where the row says that nothing hangs on it."""
    if not ticket.case_count:
        return []
    rows = AuthorityCase.objects.visible_to(user).filter(ticket=ticket).select_related("handler")
    return sorted(rows, key=lambda one: (not one.is_unanswered, one.due_at))


def stored_files(names: Sequence[str]) -> Iterable[str]:
    return AuthorityFile.objects.filter(name__in=names).values_list("name", flat=True)


def letter_values(letter: AuthorityCase, now: datetime) -> dict[str, str]:
    """What the variables of a reply stand for."""
    ticket = Ticket.objects.select_related("order", "merchant").get(pk=letter.ticket_id)
    values = (
        letter.letter_no, letter.office or str(letter.get_source_display()), letter.subject, minute(letter.received_at),
        minute(letter.due_at), letter.number, ticket.number, ticket.order.external_no if ticket.order else "–",
        ticket.merchant.name if ticket.merchant else "–", timezone.localdate(now).isoformat(),
    )  # fmt: skip
    return dict(zip(VARIABLES, values, strict=True))


# Evidence


@dataclass(frozen=True)
class Piece:
    """Something that may go into a bundle: words of a message, facts of a case, or a file."""

    key: str
    kind: str
    label: str
    at: datetime
    text: str = ""
    stored: str = ""
    size: int = 0
    sha256: str = ""
    name: str = ""

    @property
    def kind_label(self) -> str:
        return str(PieceKind(self.kind).label)

    @property
    def file_name(self) -> str:
        return self.name if self.stored else f"{self.key.replace(':', '-')}.txt"


def evidence_for(letter: AuthorityCase, user: Any) -> list[Piece]:
    """What this person may put together: messages and files of the ticket, facts of its cases, parcels and payments."""
    if not Ticket.objects.visible_to(user).filter(pk=letter.ticket_id).exists():
        return []
    pieces = [*_messages(letter), *_facts(letter, user), *_files(letter, user)]
    return sorted(pieces, key=lambda one: (one.at, one.key))


def _named(label: str, value: object) -> str:
    between = pgettext("label and value", ": ")
    return f"{label}{between}{value}"


def _messages(letter: AuthorityCase) -> Iterator[Piece]:
    """What was said between the sides; notes of the department among itself go to no authority."""
    said = Message.objects.filter(ticket=letter.ticket_id, erased_at=None).exclude(audience=Audience.INTERNAL)
    for one in said.order_by("id"):
        if not one.text:
            continue
        who = str(one.get_author_kind_display())
        head = f"{who} · {minute(one.at)}"
        yield Piece(
            f"message:{one.pk}",
            PieceKind.MESSAGE,
            _named(who, one.text[:60]),
            one.at,
            f"{head}\n\n{one.text}\n",
        )


def _facts(letter: AuthorityCase, user: Any) -> Iterator[Piece]:
    cases = Case.objects.visible_to(user).filter(ticket=letter.ticket_id)
    for case in cases.order_by("id"):
        label = f"{case.number} · {case.get_kind_display()} · {case.get_state_display()}"
        lines = [
            label, _named(pgettext("case", "Reason"), case.get_ground_display()),
            _named(pgettext("claim file", "Asked"), minute(case.asked_at)),
        ]  # fmt: skip
        if case.agreed:
            lines.append(_named(pgettext("case", "Agreed"), money(case.agreed, case.currency)))
        yield Piece(f"case:{case.pk}", PieceKind.CASE, label, case.asked_at, "\n".join(lines) + "\n")
    for parcel in CaseParcel.objects.visible_to(user).filter(case__in=cases).order_by("id"):
        label = (
            f"{parcel.get_direction_display()} · {parcel.tracking_no or '–'} · {parcel.get_state_display()}"
        )
        known = [
            (pgettext("piece of evidence", "Announced"), parcel.announced_at),
            (pgettext("piece of evidence", "Sent"), parcel.shipped_at),
            (pgettext("piece of evidence", "Received"), parcel.received_at),
        ]
        lines = [label, *([parcel.carrier] if parcel.carrier else [])]
        lines += [_named(name, minute(at)) for name, at in known if at]
        yield Piece(
            f"parcel:{parcel.pk}", PieceKind.PARCEL, label, parcel.announced_at, "\n".join(lines) + "\n"
        )
    for pay in CasePayment.objects.visible_to(user).filter(case__in=cases).order_by("id"):
        label = f"{pay.number} · {money(pay.amount, pay.currency)} · {pay.get_state_display()}"
        lines = [label, _named(pgettext("payment", "Proposed"), minute(pay.proposed_at))]
        if pay.paid_at:
            lines.append(_named(pgettext("claim file", "Paid"), minute(pay.paid_at)))
        yield Piece(f"payment:{pay.pk}", PieceKind.PAYMENT, label, pay.proposed_at, "\n".join(lines) + "\n")


def _files(letter: AuthorityCase, user: Any) -> Iterator[Piece]:
    of_dispute = DisputeEvidence.objects.visible_to(user).filter(
        dispute__case__ticket=letter.ticket_id, erased_at=None, withdrawn_at=None
    )
    for prefix, rows in (
        ("attachment", Attachment.objects.filter(ticket=letter.ticket_id, erased_at=None)),
        ("evidence", of_dispute.exclude(name="")),
        ("letter", letter.files.all()),
    ):
        for one in rows.order_by("id"):
            yield Piece(
                f"{prefix}:{one.pk}", PieceKind.FILE, one.original_name, one.at, stored=one.name, size=one.size,
                sha256=one.sha256, name=clean_name(one.original_name),
            )  # fmt: skip
