"""A case as its customer may read it, in a fixed number of queries. Nothing here writes.

What stands in here is all that his page can show: no note of staff, no signal, no judgment's reasons, no name of
anybody of ours, no account that is not his.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, field

from django.db.models import F, Q

from aftersales.cases.disputestates import OPEN_DISPUTES
from aftersales.cases.models import (
    Case,
    CaseAddress,
    CaseJudgment,
    CaseLine,
    CaseNote,
    CaseParcel,
    CasePayment,
    Dispute,
    DisputeEvidence,
    ParcelItem,
    ParcelLabel,
    Repair,
    Ruling,
    Settlement,
)
from aftersales.cases.services.pagelinks import OURS_ALONE
from aftersales.cases.states import CaseKind, Direction, NoteKind, ParcelState, PaymentState, Side
from aftersales.core.models import Audience, Event
from aftersales.tickets.models import Appointment, Attachment, CustomerLink
from aftersales.tickets.selectors.appointments import for_customer
from aftersales.tickets.states import AppointmentKind, AuthorKind

NOT_HIS = frozenset({PaymentState.REJECTED, PaymentState.CANCELLED})
"""Payments that never were: why a second person said no is ours."""
TOLD = (NoteKind.OFFER, NoteKind.REJECT)
"""Words of the other side that were written for him."""
STORY = 200


@dataclass
class Whole:
    """A case with everything of it that is its customer's to see."""

    link: CustomerLink
    case: Case
    others: Sequence[Case] = ()
    lines: list[CaseLine] = field(default_factory=list)
    parcels: list[CaseParcel] = field(default_factory=list)
    items: dict[int, list[ParcelItem]] = field(default_factory=dict)
    labels: dict[int, ParcelLabel] = field(default_factory=dict)
    payments: list[CasePayment] = field(default_factory=list)
    disputes: list[Dispute] = field(default_factory=list)
    evidence: list[DisputeEvidence] = field(default_factory=list)
    settlements: list[Settlement] = field(default_factory=list)
    rulings: list[Ruling] = field(default_factory=list)
    repairs: list[Repair] = field(default_factory=list)
    notes: list[CaseNote] = field(default_factory=list)
    judged: CaseJudgment | None = None
    files: list[Attachment] = field(default_factory=list)
    appointments: list[Appointment] = field(default_factory=list)
    events: list[Event] = field(default_factory=list)
    return_to: CaseAddress | None = None

    @property
    def dispute(self) -> Dispute | None:
        """The one that is open, else the newest."""
        running = [one for one in self.disputes if one.state in OPEN_DISPUTES]
        return next(iter(running or self.disputes), None)

    @property
    def inbound(self) -> list[CaseParcel]:
        return [one for one in self.parcels if one.direction == Direction.INBOUND]

    @property
    def outbound(self) -> list[CaseParcel]:
        return [one for one in self.parcels if one.direction == Direction.OUTBOUND]

    @property
    def sends(self) -> list[tuple[CaseParcel, list[tuple[str, int]]]]:
        """What he is to send, parcel by parcel: what is here already is not asked for again."""
        waits = [one for one in self.inbound if one.state in (ParcelState.AWAITED, ParcelState.EXPIRED)]
        waits.sort(key=lambda one: one.state != ParcelState.AWAITED)
        return [(one, self._pieces(one) or self.on_all) for one in waits]

    @property
    def on_slip(self) -> list[tuple[str, int]]:
        """The pieces that lie in the parcel of the slip: the one that he is to send, else all of the request."""
        return self.sends[0][1] if self.sends else self.on_all

    @property
    def on_all(self) -> list[tuple[str, int]]:
        return [(_named(one), one.approved or one.announced) for one in self.lines]

    @property
    def is_here(self) -> list[tuple[str, int]]:
        rows = [item for one in self.inbound for item in self.items.get(one.pk, ())]
        return [(_named(one.case_line), one.received) for one in rows if one.received]

    def _pieces(self, parcel: CaseParcel) -> list[tuple[str, int]]:
        rows = self.items.get(parcel.pk, ())
        return [(_named(one.case_line), one.announced) for one in rows if one.announced]

    def is_his(self, payment: CasePayment) -> bool:
        """Whether the money goes to him; of a gift it goes to whoever paid the order."""
        return payment.payee_id in (None, self.case.customer_id)


def _named(line: CaseLine) -> str:
    return line.line.product_name or line.line.sku


def cases_behind(link: CustomerLink) -> list[Case]:
    """The cases of the link's own ticket and customer, newest first. One query."""
    rows = Case.objects.filter(
        ticket=link.ticket_id, customer=link.ticket.customer_id, audience=Audience.CUSTOMER
    )
    rows = (
        rows.exclude(OURS_ALONE)
        .annotate(holds=Case.objects.holds())
        .select_related("order", "merchant", "ticket")
    )
    return list(rows.order_by("-id")[:30])


def chosen(cases: Sequence[Case], public_id: str) -> Case | None:
    """The case that is asked for by its key or, from a message, by its number; else the newest that is not over, else
    the newest."""
    if public_id:
        return next((one for one in cases if public_id in (one.public_id, one.number)), None)
    standing = [one for one in cases if one.holds]  # type: ignore[attr-defined]
    return next(iter(standing or cases), None)


def whole(link: CustomerLink, case: Case, cases: Sequence[Case]) -> Whole:
    """Everything of one case."""
    found = Whole(link, case, [one for one in cases if one.pk != case.pk])
    found.lines = list(CaseLine.objects.filter(case=case).select_related("line").order_by("line__line_no"))
    _goods(found)
    money = CasePayment.objects.filter(case=case).exclude(state__in=NOT_HIS)
    found.payments = list(money.select_related("other_payee").order_by("id"))
    _disputes(found)
    found.repairs = list(Repair.objects.filter(case=case).order_by("id"))
    own = Q(side=Side.CUSTOMER) | Q(kind__in=TOLD)
    if case.kind == CaseKind.COMPENSATION:  # why it is given is said among us
        own &= ~Q(kind=NoteKind.ASK)
    found.notes = list(
        CaseNote.objects.filter(own, case=case, erased_at=None).exclude(text="").order_by("id")
    )
    found.judged = CaseJudgment.objects.filter(case=case).first()
    files = Attachment.objects.filter(
        ticket=link.ticket_id, message__author_kind=AuthorKind.CUSTOMER, erased_at=None, file_gone_at=None
    )
    found.files = list(files.order_by("-id")[:30])
    found.appointments = [one for one in for_customer(link.ticket_id) if one.kind == AppointmentKind.PICK_UP]
    found.events = _events(found)
    return found


def _goods(found: Whole) -> None:
    case = found.case
    mine = Q(case=case) | Q(items__case_line__case=case)
    found.parcels = list(CaseParcel.objects.filter(mine).distinct().order_by("id"))
    items: dict[int, list[ParcelItem]] = defaultdict(list)
    rows = ParcelItem.objects.filter(parcel__in=found.parcels, case_line__case=case)
    for item in rows.select_related("case_line__line").order_by("id"):
        items[item.parcel_id].append(item)
    found.items = dict(items)
    found.labels = {one.parcel_id: one for one in ParcelLabel.objects.filter(parcel__in=found.parcels)}
    if case.goods_back:
        found.return_to = CaseAddress.objects.filter(case=case).first()


def _disputes(found: Whole) -> None:
    found.disputes = list(Dispute.objects.filter(case=found.case).order_by("-id"))
    if not found.disputes:
        return
    brought = DisputeEvidence.objects.filter(dispute__in=found.disputes, withdrawn_at=None, erased_at=None)
    found.evidence = list(brought.order_by("at", "id"))
    found.settlements = list(Settlement.objects.filter(dispute__in=found.disputes).order_by("id"))
    found.rulings = list(Ruling.objects.filter(dispute__in=found.disputes).order_by("at", "id"))


def _events(found: Whole) -> list[Event]:
    """What happened to the case and what hangs on it, oldest first. One query."""
    about = Q(subject_kind="cases.case", subject_id=found.case.pk)
    for kind, rows in (
        ("cases.caseparcel", found.parcels), ("cases.casepayment", found.payments),
        ("cases.dispute", found.disputes), ("cases.repair", found.repairs),
    ):  # fmt: skip
        if rows:
            about |= Q(subject_kind=kind, subject_id__in=[one.pk for one in rows])
    newest = Event.objects.filter(about, audience=Audience.CUSTOMER).order_by(F("at").desc(), F("id").desc())
    return list(reversed(newest[:STORY]))
