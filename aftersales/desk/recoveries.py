"""What pages show of recoveries: how old they are, the whole story of one, what is proposed to write off, deposits."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any

from django.db.models import Count, F, Q, QuerySet, Sum
from django.utils.functional import Promise
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _
from django.utils.translation import pgettext_lazy

from aftersales.cases.models import (
    Case,
    CasePayment,
    DisputeEvidence,
    ParcelPhoto,
    Recovery,
    RecoveryProof,
    RecoveryStep,
    Ruling,
    WriteOff,
)
from aftersales.cases.recovery.states import (
    BEING_COLLECTED,
    OPEN_RECOVERIES,
    RECOVERY_COLOURS,
    WRITE_OFF_COLOURS,
    RecoveryState,
    WriteOffState,
)
from aftersales.cases.states import CaseState
from aftersales.core import events, moves
from aftersales.core.models import Event
from aftersales.core.moves import MoveOption
from aftersales.desk.cases import Happening
from aftersales.desk.statelook import state_badge
from aftersales.ledger.models import Journal
from aftersales.merchants.models import DepositCall, DepositMove, Merchant
from aftersales.notices.models import Notice

PAGE = 50
STORY = 300
AGES: Mapping[str, tuple[Promise, int, int | None]] = {
    "30": (pgettext_lazy("age of a recovery", "0–30 days"), 0, 30),
    "60": (pgettext_lazy("age of a recovery", "31–60 days"), 31, 60),
    "90": (pgettext_lazy("age of a recovery", "61–90 days"), 61, 90),
    "over": (pgettext_lazy("age of a recovery", "Over 90 days"), 91, None),
}
STATES = {"open": pgettext_lazy("recoveries", "Open"), "all": pgettext_lazy("recoveries", "All")}


def look(row: Recovery) -> SafeString:
    return state_badge(RecoveryState(row.state), RECOVERY_COLOURS)


def write_off_look(row: WriteOff) -> SafeString:
    return state_badge(WriteOffState(row.state), WRITE_OFF_COLOURS)


# The board


@dataclass(frozen=True)
class Wanted:
    """What the address asks for; words that are none count as nothing."""

    age: str = ""
    state: str = "open"
    shop: str = ""
    after: int | None = None

    @property
    def narrowed(self) -> bool:
        return bool(self.shop or self.state != "open")


def wanted(asked: Any) -> Wanted:
    state, after = asked.get("state", "open"), asked.get("after", "")
    known = {*STATES, *RecoveryState.values}
    return Wanted(
        asked.get("age", "") if asked.get("age") in AGES else "", state if state in known else "open",
        asked.get("shop", "").replace("\x00", "").strip()[:60],
        int(after) if after.isascii() and after.isdigit() and len(after) < 18 else None,
    )  # fmt: skip


def aged(rows: QuerySet[Recovery], age: str, now: datetime) -> QuerySet[Recovery]:
    """Those that have been open so long, by whole days since they were opened."""
    _label, least, most = AGES[age]
    if least:
        rows = rows.filter(opened_at__lte=now - timedelta(days=least))
    return rows.filter(opened_at__gt=now - timedelta(days=most + 1)) if most is not None else rows


def _rows(user: Any, asked: Wanted) -> QuerySet[Recovery]:
    rows: QuerySet[Recovery] = Recovery.objects.visible_to(user)
    if asked.state == "open":
        rows = rows.filter(state__in=OPEN_RECOVERIES)
    elif asked.state != "all":
        rows = rows.filter(state=asked.state)
    if asked.shop:
        rows = rows.filter(Q(merchant__name__icontains=asked.shop) | Q(merchant__code__iexact=asked.shop))
    return rows


@dataclass(frozen=True)
class Line:
    recovery: Recovery
    state: SafeString
    days: int


def page(user: Any, asked: Wanted, now: datetime) -> tuple[list[Line], int | None]:
    """A page of recoveries, oldest first, and the key after which the next one begins."""
    rows = _rows(user, asked)
    rows = aged(rows, asked.age, now) if asked.age else rows
    rows = rows.filter(pk__gt=asked.after) if asked.after is not None else rows
    found = list(rows.select_related("case", "merchant").order_by("pk")[: PAGE + 1])
    shown = [Line(row, look(row), (now - row.opened_at).days) for row in found[:PAGE]]
    return shown, found[PAGE - 1].pk if len(found) > PAGE else None


@dataclass(frozen=True)
class Total:
    """What is claimed, came and is left, of one currency."""

    currency: str
    count: int
    due: Decimal
    taken: Decimal
    left: Decimal


@dataclass(frozen=True)
class Age:
    code: str
    label: Promise
    totals: Sequence[Total]

    @property
    def count(self) -> int:
        return sum(one.count for one in self.totals)


def totals(rows: QuerySet[Recovery]) -> list[Total]:
    left = Sum(F("due") - F("taken") - F("written_off"))
    sums = rows.order_by().values("currency").annotate(
        count=Count("pk"), sum_due=Sum("due"), sum_taken=Sum("taken"), sum_left=left
    )  # fmt: skip
    return [
        Total(one["currency"], one["count"], one["sum_due"], one["sum_taken"], one["sum_left"])
        for one in sums.order_by("currency")
    ]


def ages(user: Any, asked: Wanted, now: datetime) -> tuple[list[Age], list[Total]]:
    """Each age with its sums, and the sums of them all: five queries whatever the rows."""
    rows = _rows(user, replace(asked, age="", after=None))
    found = [Age(code, AGES[code][0], totals(aged(rows, code, now))) for code in AGES]
    return found, totals(rows)


# One recovery


@dataclass(frozen=True)
class Act:
    """One thing a person may do with it now, or why not."""

    name: str
    label: Promise
    allowed: bool = True
    reasons: Sequence[Any] = ()
    first: bool = False


@dataclass(frozen=True)
class RecoveryPage:
    """Everything about one recovery."""

    recovery: Recovery
    state: SafeString
    acts: Sequence[Act]
    steps: Sequence[RecoveryStep]
    proofs: Sequence[RecoveryProof]
    payments: Sequence[CasePayment]
    write_offs: Sequence[tuple[WriteOff, SafeString, list[MoveOption]]]
    happened: Sequence[Happening]
    days: int

    @property
    def allowed(self) -> list[Act]:
        return [one for one in self.acts if one.allowed]

    @property
    def refused(self) -> list[Act]:
        return [one for one in self.acts if not one.allowed]


def find(user: Any, number: str) -> Recovery | None:
    rows = Recovery.objects.visible_to(user).select_related(
        "case__ticket", "case__order", "case__customer", "merchant", "opened_by", "objected_by", "decided_by"
    )
    found: Recovery | None = rows.filter(number=number).first()
    return found


def acts_on(row: Recovery, user: Any, now: datetime) -> list[Act]:
    """What may be done: the machine answers for objection and decision, the sums for the rest."""
    names = ("object", "uphold", "begin")
    options = {one.move.name: one for one in moves.options(row, actor=user, now=now, names=names)}
    found = []
    for name, act, label in (
        ("object", "object", pgettext_lazy("recovery", "Take down an objection")),
        ("uphold", "decide", pgettext_lazy("recovery", "Decide the objection")),
    ):
        if (option := options.get(name)) and (option.allowed or option.reasons[0].code != "wrong_state"):
            found.append(Act(act, label, option.allowed, option.reasons, first=name == "uphold"))
    if row.state == RecoveryState.OBJECTED and user.has_perm("cases.object_recovery"):
        found.append(Act("prove", pgettext_lazy("recovery", "Add files of the merchant")))
    proposed = row.write_offs.filter(state=WriteOffState.PROPOSED).exists()
    collecting = row.state in BEING_COLLECTED and not proposed
    if user.has_perm("cases.collect") and (collecting or row.state in ("notified", "upheld")):
        over = row.state != RecoveryState.NOTIFIED or now > row.object_until
        reasons = [] if over else [_("The merchant may still object.")]
        found.append(Act("collect", pgettext_lazy("recovery", "Collect now"), over, reasons, first=True))
    if collecting and user.has_perm("cases.collect"):
        found.append(Act("paid", pgettext_lazy("recovery", "The merchant paid")))
    if collecting and user.has_perm("cases.propose_write_off"):
        found.append(Act("write_off", pgettext_lazy("recovery", "Propose to write off")))
    return found


def one(row: Recovery, user: Any, now: datetime) -> RecoveryPage:
    return RecoveryPage(
        recovery=row, state=look(row), acts=acts_on(row, user, now),
        steps=list(row.steps.select_related("by")), proofs=list(row.proofs.select_related("by")),
        payments=advances(row), write_offs=offers(row, user, now),
        happened=happened(row), days=((row.ended_at or now) - row.opened_at).days,
    )  # fmt: skip


def advances(row: Recovery) -> list[CasePayment]:
    paid = CasePayment.objects.filter(case=row.case_id, paid_first=True, paid_at__isnull=False)
    return list(paid.select_related("run", "proposed_by", "approved_by").order_by("pk"))


def offers(row: Recovery, user: Any, now: datetime) -> list[tuple[WriteOff, SafeString, list[MoveOption]]]:
    rows = list(row.write_offs.select_related("recovery", "proposed_by", "decided_by").order_by("pk"))
    return [(off, write_off_look(off), list(moves.options(off, actor=user, now=now))) for off in rows]


def happened(row: Recovery) -> list[Happening]:
    """The whole story, oldest first, with what the merchant said and the reasons of the decision."""
    about = Q(subject_kind="cases.recovery", subject_id=row.pk)
    offs = list(row.write_offs.values_list("pk", flat=True))
    if offs:
        about |= Q(subject_kind="cases.writeoff", subject_id__in=offs)
    found = [
        Happening(one.at, one.actor_name, events.sentence(one))
        for one in Event.objects.filter(about).order_by("at", "id")[:STORY]
    ]
    if row.objected_at:
        said = row.get_objection_display()
        found.append(
            Happening(row.objected_at, str(row.objected_by), said, row.objection_words, _("Merchant"))
        )
    if row.decided_at:
        found.append(
            Happening(row.decided_at, str(row.decided_by), _("Reasons"), row.decision_words, _("Decision"))
        )
    return sorted(found, key=lambda one: one.at)


def of_case(case: Case, user: Any) -> tuple[Recovery, SafeString] | None:
    """The recovery of a case for its panel."""
    row = Recovery.objects.visible_to(user).filter(case=case).first()
    return (row, look(row)) if row else None


def may_pay_first(case: Case, user: Any) -> bool:
    """Whether the platform could pay what this merchant owes: approved, and something stands in no payment yet."""
    owes = case.merchant is not None and not case.merchant.self_run
    return owes and case.state == CaseState.APPROVED and case.left > 0 and user.has_perm("cases.pay_first")


# The claim file


@dataclass(frozen=True)
class Proof:
    """One piece of the file with its fingerprint, where it is a file or a text of one side."""

    what: str
    at: datetime
    name: str
    sha256: str


@dataclass(frozen=True)
class ClaimFile:
    """What a lawyer, an arbitrator or a liquidator is given (索赔材料)."""

    page: RecoveryPage
    rulings: Sequence[Ruling]
    notices: Sequence[Notice]
    proofs: Sequence[Proof]
    entries: Sequence[Journal]


def claim_file(row: Recovery, user: Any, now: datetime) -> ClaimFile:
    shown = one(row, user, now)
    rulings = (
        Ruling.objects.filter(dispute__case=row.case_id).select_related("ruled_by", "dispute").order_by("at")
    )
    told = Notice.objects.filter(
        merchant_id=row.merchant_id, subject_kind="tickets.ticket", subject_id=row.case.ticket_id,
        source__startswith="recovery.",
    ).order_by("pk")  # fmt: skip
    return ClaimFile(shown, list(rulings), list(told), _proofs(row, shown), _entries(row, shown))


def _proofs(row: Recovery, shown: RecoveryPage) -> list[Proof]:
    brought = DisputeEvidence.objects.filter(dispute__case=row.case_id, withdrawn_at=None).order_by("at")
    found = [
        Proof(
            f"{one.get_side_display()} · {one.get_kind_display()}", one.at,
            one.original_name or _("(text)"), one.sha256,
        )
        for one in brought
    ]  # fmt: skip
    photos = ParcelPhoto.objects.filter(parcel__case=row.case_id).order_by("pk")
    found += [Proof(one.get_shows_display(), one.at, one.original_name, one.sha256) for one in photos]
    found += [
        Proof(_("File of the objection"), one.at, one.original_name, one.sha256) for one in shown.proofs
    ]
    runs = {one.run.pk: one.run for one in shown.payments if one.run is not None}
    found += [
        Proof(_("Bank file"), run.exported_at, run.file_name, run.sha256)
        for run in runs.values()
        if run.sha256 and run.exported_at
    ]
    return found


def _entries(row: Recovery, shown: RecoveryPage) -> list[Journal]:
    """The entries of the ledger behind it and those that turned them back, oldest first."""
    payments = [one.pk for one in shown.payments]
    paid_anew = Event.objects.filter(
        subject_kind="cases.casepayment", subject_id__in=payments, kind="payment.succeeded"
    )
    sources = (
        Q(source_kind="cases.recoverystep", source_id__in=[one.pk for one in shown.steps])
        | Q(source_kind="cases.casepayment", source_id__in=payments)
        | Q(source_kind="core.event", source_id__in=list(paid_anew.values_list("pk", flat=True)))
    )
    entries = Journal.objects.filter(sources)
    return list(Journal.objects.filter(sources | Q(reverses_id__in=entries.values("pk"))).order_by("pk"))


# Write-offs and deposits


def proposals(
    user: Any, *, waiting: bool, before: int | None, now: datetime
) -> tuple[list[tuple[WriteOff, SafeString, list[MoveOption]]], int | None]:
    """What waits for the second person (or was decided), newest first."""
    rows = WriteOff.objects.visible_to(user)
    rows = rows.proposed() if waiting else rows.exclude(state=WriteOffState.PROPOSED)
    rows = rows.filter(pk__lt=before) if before is not None else rows
    found = list(
        rows.select_related("recovery__merchant", "recovery__case", "proposed_by", "decided_by").order_by(
            "-pk"
        )[: PAGE + 1]
    )
    shown = [
        (row, write_off_look(row), list(moves.options(row, actor=user, now=now))) for row in found[:PAGE]
    ]
    return shown, found[PAGE - 1].pk if len(found) > PAGE else None


def calls(user: Any) -> list[DepositCall]:
    """Deposits below what is due, the earliest date first."""
    rows = DepositCall.objects.visible_to(user).unmet().select_related("merchant")
    return list(rows.order_by("due_at", "pk")[:200])


def deposit_of(merchant: Merchant, user: Any) -> tuple[DepositCall | None, list[DepositMove]]:
    call = DepositCall.objects.visible_to(user).unmet().filter(merchant=merchant).first()
    rows = DepositMove.objects.visible_to(user).filter(merchant=merchant).select_related("by")
    return call, list(rows[:PAGE])
