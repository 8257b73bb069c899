"""A case as its merchant's people may read it, in a fixed number of queries. Nothing here writes.

Of the customer there is what the case needs: a masked name, what he says of the goods, his pictures. No note of staff,
no signal, no account, no word of the conversation with him.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from django.db.models import Exists, F, OuterRef, Q

from aftersales.cases.disputestates import OPEN_DISPUTES
from aftersales.cases.models import (
    Case,
    CaseLine,
    CaseNote,
    CaseParcel,
    CasePayment,
    Dispute,
    DisputeEvidence,
    ParcelItem,
    ParcelPhoto,
    Repair,
    ReplacementLine,
    Ruling,
    Settlement,
)
from aftersales.cases.querysets import CaseQuerySet
from aftersales.cases.states import (
    HERE,
    CaseKind,
    CaseState,
    Direction,
    Ground,
    NoteKind,
    ParcelState,
    PaymentState,
    Side,
)
from aftersales.cases.turns import KIND, Turn, turn_of, with_turns
from aftersales.clocks.models import Clock
from aftersales.core.models import Audience, Event
from aftersales.standards.states import Debtor
from aftersales.tickets.models import Attachment, Message
from aftersales.tickets.states import AuthorKind

NOT_OURS = frozenset({PaymentState.REJECTED, PaymentState.CANCELLED})
DECIDED = frozenset({CaseState.APPROVED, CaseState.CLOSED})
SAID = (NoteKind.ASK, NoteKind.AMEND, NoteKind.COUNTER)
"""What the customer says of his request."""
ANSWERED = (NoteKind.OFFER, NoteKind.REJECT)
"""What the platform says of it to both sides; its other words are its own."""
SHOWS = ("image/", "video/")
STORY, TALK, FILES = 120, 100, 30


@dataclass
class Whole:
    """A case with everything of it that its merchant's people see on its page."""

    case: Case
    lines: list[CaseLine] = field(default_factory=list)
    items: list[ParcelItem] = field(default_factory=list)
    payments: list[CasePayment] = field(default_factory=list)
    disputes: list[Dispute] = field(default_factory=list)
    repairs: list[Repair] = field(default_factory=list)
    replacements: list[ReplacementLine] = field(default_factory=list)
    notes: list[CaseNote] = field(default_factory=list)
    files: list[Attachment] = field(default_factory=list)
    clocks: list[Clock] = field(default_factory=list)
    events: list[Event] = field(default_factory=list)

    @property
    def turn(self) -> Turn | None:
        return turn_of(self.case)

    @property
    def until(self) -> Any:
        return getattr(self.case, "until", None)

    @property
    def parcels(self) -> list[CaseParcel]:
        return list({one.parcel_id: one.parcel for one in self.items}.values())

    @property
    def dispute(self) -> Dispute | None:
        """The one that is open, else the newest."""
        running = [one for one in self.disputes if one.state in OPEN_DISPUTES]
        return next(iter(running or self.disputes), None)

    @property
    def arrivals(self) -> list[CaseParcel]:
        """What can be counted and judged: at the door, or here and not judged yet."""
        return [one for one in self.parcels if may_receive(self.case, one)]

    @property
    def said(self) -> list[CaseNote]:
        return [one for one in self.notes if one.kind in SAID and one.side == Side.CUSTOMER]

    @property
    def owed(self) -> list[Clock]:
        """Our own promises that stand open, the next one first."""
        return [one for one in self.clocks if one.owed_by in (Debtor.MERCHANT, Debtor.PROVIDER)]


def may_receive(case: Case, parcel: CaseParcel) -> bool:
    coming = (ParcelState.AWAITED, ParcelState.IN_TRANSIT, ParcelState.LOST, ParcelState.EXPIRED)
    if parcel.direction != Direction.INBOUND or case.state != CaseState.APPROVED:
        return False
    return parcel.state in coming or (parcel.state in HERE and case.kind != CaseKind.REPAIR)


def find(own: CaseQuerySet, public_id: str) -> Case | None:
    """A case of one's own, whether it was ever disputed, and its turn while it is open. One query, two when over."""
    ever = Dispute.objects.filter(case=OuterRef("pk"))
    rows = own.filter(public_id=public_id).annotate(was_disputed=Exists(ever))
    rows = rows.select_related("order", "merchant", "customer", "ticket", "return_address__source")
    found: Case | None = with_turns(rows).first() or rows.first()
    return found


def whole(case: Case) -> Whole:
    """Everything of one case that its page shows."""
    found = Whole(case)
    found.lines = list(CaseLine.objects.filter(case=case).select_related("line").order_by("line__line_no"))
    items = ParcelItem.objects.filter(case_line__case=case).select_related("parcel", "case_line__line")
    found.items = list(items.order_by("parcel_id", "id"))
    if case.state in DECIDED:
        money = CasePayment.objects.filter(case=case).exclude(state__in=NOT_OURS)
        found.payments = list(money.order_by("id"))
    if getattr(case, "was_disputed", True):
        found.disputes = list(Dispute.objects.filter(case=case).order_by("-id"))
    if case.kind == CaseKind.REPAIR:
        mine = Repair.objects.filter(case_line__case=case).select_related(
            "case_line__line__product__category"
        )
        found.repairs = list(mine.select_related("tree_version").order_by("id"))
    if case.kind == CaseKind.EXCHANGE:
        out = ReplacementLine.objects.standing().filter(case_line__case=case)
        found.replacements = list(out.select_related("parcel").order_by("id"))
    spoken = Q(side__in=[Side.CUSTOMER, Side.MERCHANT]) | Q(kind__in=ANSWERED)
    notes = CaseNote.objects.filter(spoken, case=case, erased_at=None).exclude(text="")
    found.notes = list(notes.order_by("id"))
    found.files = pictures(case)
    found.clocks = list(Clock.objects.of(KIND, case.pk).open().order_by("due_at", "id"))
    found.events = _events(found)
    return found


def pictures(case: Case) -> list[Attachment]:
    """Pictures and films of his problem by the customer; nothing where the ticket is another merchant's too, and no
    paper of a guardian."""
    if case.ticket.merchant_id != case.merchant_id or case.ground == Ground.MINOR:
        return []
    shown = Q(content_type__startswith=SHOWS[0]) | Q(content_type__startswith=SHOWS[1])
    his = Q(message__author_kind=AuthorKind.CUSTOMER) & shown
    rows = Attachment.objects.filter(his, ticket=case.ticket_id, erased_at=None, file_gone_at=None)
    return list(rows.order_by("-id")[:FILES])


def _events(found: Whole) -> list[Event]:
    """What happened to the case and what hangs on it, newest first. One query."""
    about = Q(subject_kind=KIND, subject_id=found.case.pk)
    for kind, rows in (
        ("cases.caseparcel", found.parcels), ("cases.casepayment", found.payments),
        ("cases.dispute", found.disputes), ("cases.repair", found.repairs),
    ):  # fmt: skip
        if rows:
            about |= Q(subject_kind=kind, subject_id__in=[one.pk for one in rows])
    told = Event.objects.filter(about, audience__in=[Audience.CUSTOMER, Audience.MERCHANT])
    return list(told.order_by(F("at").desc(), F("id").desc())[:STORY])


# The dispute and the conversation have pages of their own


@dataclass
class Sides:
    """A dispute with what both sides brought."""

    dispute: Dispute
    evidence: list[DisputeEvidence] = field(default_factory=list)
    settlements: list[Settlement] = field(default_factory=list)
    rulings: list[Ruling] = field(default_factory=list)

    def lying(self, by: str) -> Settlement | None:
        """The open proposal of this side."""
        rows = [one for one in self.settlements if one.gone_at is None and one.accepted_at is None]
        return next((one for one in rows if one.by == by), None)

    @property
    def ours(self) -> Settlement | None:
        return self.lying(Side.MERCHANT)

    @property
    def theirs(self) -> Settlement | None:
        return self.lying(Side.CUSTOMER)


def sides(dispute: Dispute) -> Sides:
    """Three queries."""
    brought = DisputeEvidence.objects.filter(dispute=dispute, erased_at=None).order_by("at", "id")
    return Sides(
        dispute, list(brought), list(Settlement.objects.filter(dispute=dispute).order_by("id")),
        list(Ruling.objects.filter(dispute=dispute).order_by("at", "id")),
    )  # fmt: skip


def talk(case: Case) -> list[tuple[Message, Sequence[Attachment]]]:
    """What the platform and the merchant wrote to each other about this ticket, oldest first. Two queries."""
    mine = {"ticket": case.ticket_id, "merchant_id": case.merchant_id, "audience": Audience.MERCHANT}
    newest = Message.objects.filter(**mine, erased_at=None).order_by("-at", "-id")[:TALK]
    messages = list(reversed(newest))
    files: dict[int, list[Attachment]] = {}
    for one in Attachment.objects.filter(message__in=messages, erased_at=None, file_gone_at=None).order_by(
        "id"
    ):
        files.setdefault(one.message_id, []).append(one)
    return [(one, files.get(one.pk, [])) for one in messages]


def file_of(case: Case, public_id: str) -> Any:
    """A picture of the customer, a file of the conversation, a piece of evidence, or a photo of what came back."""
    mine = {"ticket": case.ticket_id, "merchant_id": case.merchant_id, "audience": Audience.MERCHANT}
    named = {"public_id": public_id}
    written = Attachment.objects.filter(**mine, **named, erased_at=None, file_gone_at=None).first()
    if written is not None:
        return written
    his = next((one for one in pictures(case) if one.public_id == public_id), None)
    if his is not None:
        return his
    brought = DisputeEvidence.objects.filter(dispute__case=case, erased_at=None, **named).exclude(name="")
    photo = ParcelPhoto.objects.filter(parcel__items__case_line__case=case, **named)
    return brought.first() or photo.first()
