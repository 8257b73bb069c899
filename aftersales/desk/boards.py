"""Boards of cases: whose turn it is, what is awaited, what lies on the desk. Keyset pages, counts capped."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db.models import Exists, OuterRef, Q, QuerySet
from django.http import HttpRequest
from django.utils.safestring import SafeString
from django.utils.translation import pgettext_lazy

from aftersales.cases.disputestates import MAY_CHANGE
from aftersales.cases.models import Case, CaseFlag, CaseJudgment, CaseParcel, Dispute, Repair
from aftersales.cases.request_states import SignalState
from aftersales.cases.services.obliging import DUTIES
from aftersales.cases.states import HERE, UNDECIDED, CaseKind, CaseState, Direction, Ground, ParcelState
from aftersales.desk.cases import case_badge

PAGE = 50
COUNTED = 100
KEPT = "case_board"
BOARDS: Mapping[str, Any] = {
    "merchant": pgettext_lazy("board of cases", "Merchant's turn"),
    "unreached": pgettext_lazy("board of cases", "Merchant not reached"),
    "platform": pgettext_lazy("board of cases", "Ours to decide"),
    "customer": pgettext_lazy("board of cases", "Customer's turn"),
    "goods": pgettext_lazy("board of cases", "Goods awaited"),
    "inspect": pgettext_lazy("board of cases", "To inspect"),
    "repair": pgettext_lazy("board of cases", "In repair"),
    "dispute": pgettext_lazy("board of cases", "In dispute"),
    "review": pgettext_lazy("board of cases", "To look at again"),
    "all": pgettext_lazy("board of cases", "All"),
}
OURS = Q(kind=CaseKind.COMPENSATION) | Q(merchant=None) | Q(merchant__self_run=True)
"""Nobody else is asked: compensations, and the platform's own sales."""
FILTERS = ("kind", "ground", "merchant", "mine")


@dataclass(frozen=True)
class Wanted:
    """Which board, narrowed how, from where on."""

    board: str
    kind: str = ""
    ground: str = ""
    merchant: str = ""
    mine: bool = False
    after: int | None = None

    @property
    def narrowed(self) -> bool:
        return bool(self.kind or self.ground or self.merchant or self.mine)


@dataclass(frozen=True)
class Row:
    case: Case
    state: SafeString
    parcel: CaseParcel | None = None
    dispute: Dispute | None = None


def wanted(request: HttpRequest) -> Wanted:
    """What the address asks for; codes that are none count as nothing."""
    asked = request.GET
    board = asked.get("board", "merchant")
    after = asked.get("after", "")
    return Wanted(
        board=board if board in BOARDS else "merchant",
        kind=asked.get("kind", "") if asked.get("kind") in CaseKind.values else "",
        ground=asked.get("ground", "") if asked.get("ground") in Ground.values else "",
        merchant=asked.get("merchant", "").replace("\x00", "").strip()[:40], mine=asked.get("mine") == "1",
        after=int(after) if after.isascii() and after.isdigit() and len(after) < 18 else None,
    )  # fmt: skip


def _of_board(rows: QuerySet[Case], board: str) -> QuerySet[Case]:
    parcels = CaseParcel.objects.filter(case=OuterRef("pk"), direction=Direction.INBOUND)
    match board:
        case "merchant":
            asked = Q(state__in=[CaseState.REQUESTED, CaseState.COUNTERED])
            owes = Q(state=CaseState.APPROVED, next_promise__in=DUTIES)
            return rows.filter(asked | owes).exclude(OURS)
        case "unreached":
            return rows.filter(pk__in=Case.objects.unreached().values("pk"))
        case "platform":
            return rows.filter(OURS, state__in=[CaseState.REQUESTED, CaseState.COUNTERED])
        case "customer":
            return rows.filter(state=CaseState.OFFERED)
        case "goods":
            coming = parcels.filter(state__in=[ParcelState.AWAITED, ParcelState.IN_TRANSIT])
            return rows.filter(Exists(coming), state=CaseState.APPROVED)
        case "inspect":
            here = CaseParcel.objects.filter(case=OuterRef("pk"), state__in=HERE)
            workshop = Repair.objects.open().filter(case=OuterRef("pk"))
            return rows.filter(Exists(here), ~Exists(workshop))
        case "repair":
            return rows.filter(Exists(Repair.objects.open().filter(case=OuterRef("pk"))))
        case "dispute":
            changing = Dispute.objects.filter(case=OuterRef("pk"), state__in=MAY_CHANGE)
            return rows.filter(Exists(changing))
        case "review":
            signals = CaseFlag.objects.filter(case=OuterRef("pk"), state=SignalState.OPEN)
            wants = CaseJudgment.objects.filter(case=OuterRef("pk"), person_asked_at__isnull=False)
            return rows.filter(~Q(review="") | Exists(signals) | Q(Exists(wants), state__in=UNDECIDED))
    return rows


def page(user: Any, asked: Wanted, now: datetime) -> tuple[list[Row], int | None]:
    """Rows of a board and the key after which the next page begins; the oldest first, of *all* the newest."""
    newest = asked.board == "all"
    rows = _of_board(Case.objects.visible_to(user), asked.board)
    rows = rows.filter(kind=asked.kind) if asked.kind else rows
    rows = rows.filter(ground=asked.ground) if asked.ground else rows
    rows = rows.filter(merchant__code=asked.merchant) if asked.merchant else rows
    rows = rows.filter(ticket__assignee=user) if asked.mine else rows
    if asked.after is not None:
        rows = rows.filter(pk__lt=asked.after) if newest else rows.filter(pk__gt=asked.after)
    wide = rows.select_related("ticket", "merchant", "order").order_by("-pk" if newest else "pk")
    found = list(wide[: PAGE + 1])
    parcels = _parcels([one.pk for one in found], asked.board)
    disputes = _disputes([one.pk for one in found], asked.board)
    shown = [Row(one, case_badge(one), parcels.get(one.pk), disputes.get(one.pk)) for one in found[:PAGE]]
    return shown, shown[-1].case.pk if len(found) > PAGE else None


def _parcels(ids: Sequence[int], board: str) -> dict[int, CaseParcel]:
    """The parcel that a row of these boards speaks about."""
    states = {"goods": [ParcelState.AWAITED, ParcelState.IN_TRANSIT], "inspect": list(HERE)}.get(board)
    rows = CaseParcel.objects.filter(case__in=ids, state__in=states).order_by("-id") if states else ()
    return {row.case_id: row for row in rows}


def _disputes(ids: Sequence[int], board: str) -> dict[int, Dispute]:
    """The open dispute that a row of this board speaks about."""
    rows = Dispute.objects.open().filter(case__in=ids) if board == "dispute" else ()
    return {row.case_id: row for row in rows}


def counts(user: Any) -> dict[str, int]:
    """How much stands on each board, to a hundred; nobody counts the whole archive."""
    return {
        board: _of_board(Case.objects.visible_to(user), board).order_by()[: COUNTED + 1].count()
        for board in BOARDS
        if board != "all"
    }


def counted(number: int) -> str:
    return f"{COUNTED}+" if number > COUNTED else str(number)
