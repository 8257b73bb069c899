"""What pages show of an exchange or a repair: goods in and out, what is owed, the workshop, the trees."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from django.utils.safestring import SafeString
from django.utils.translation import get_language
from django.utils.translation import gettext as _

from aftersales.cases.models import (
    Case,
    CaseLine,
    CaseParcel,
    Due,
    Exchange,
    FaultTree,
    FaultTreeVersion,
    ParcelLabel,
    Repair,
    ReplacementLine,
)
from aftersales.cases.repairs import selectors
from aftersales.cases.repairs.states import OTHER_CAUSE, REPAIR_COLOURS, RepairOutcome, RepairState
from aftersales.cases.states import GOODS_BACK, UNDECIDED, CaseKind, CaseState, ParcelState
from aftersales.core import moves
from aftersales.core.moves import MoveOption
from aftersales.core.wording import minute
from aftersales.desk.cases import CaseCard
from aftersales.desk.repairacts import ACTS, REPAIR_MOVES
from aftersales.desk.statelook import state_badge
from aftersales.orders.models import Category
from aftersales.standards.selectors import parameter
from aftersales.tickets.models import Appointment
from aftersales.tickets.states import AppointmentKind, AppointmentState


@dataclass(frozen=True)
class RepairCard:
    repair: Repair
    state: SafeString
    cause: str
    found: str
    acts: Sequence[tuple[str, Any]] = ()
    refused: Sequence[MoveOption] = ()
    before: Sequence[Repair] = ()
    sent_elsewhere: bool = False  # it is to be sent back, by the receiving desk


@dataclass
class Workshop:
    """Beside a case that is an exchange or a repair, or that was one."""

    exchange: Exchange | None = None
    lines: Sequence[ReplacementLine] = ()
    dues: Sequence[Due] = ()
    repairs: Sequence[RepairCard] = ()
    labels: Mapping[int, ParcelLabel] = field(default_factory=dict)
    awaited: CaseParcel | None = None
    acts: Sequence[tuple[str, Any]] = ()
    failed: int = 0
    offered: bool = False
    sends_next: bool = False

    @property
    def shown(self) -> bool:
        return bool(self.exchange or self.dues or self.repairs or self.acts or self.awaited)


def repair_badge(repair: Repair) -> SafeString:
    return state_badge(RepairState(repair.state), REPAIR_COLOURS)


def of_case(card: CaseCard, user: Any, now: datetime) -> Workshop:
    """Exchange, dues and repairs of one case, with what this person may do."""
    case = card.case
    if case.kind not in GOODS_BACK and case.first_kind not in GOODS_BACK:
        return Workshop()
    exchange = Exchange.objects.filter(case=case).first()
    lines = list(exchange.lines.standing().select_related("case_line__line", "parcel")) if exchange else []
    labels = {
        one.parcel_id: one
        for one in ParcelLabel.objects.filter(parcel__case=case).select_related("appointment")
    }
    rows = Repair.objects.filter(case=case).select_related("tree_version__tree", "case_line__line")
    found = Workshop(
        exchange=exchange, lines=lines, dues=list(Due.objects.filter(case=case)), labels=labels,
        repairs=[repair_card(one, user, now) for one in rows.order_by("id")],
        awaited=next((one.parcel for one in card.parcels if one.parcel.state == ParcelState.AWAITED), None),
    )  # fmt: skip
    found.acts = _acts(case, found, user)
    owed = any(one.paid_at is None and one.dropped_at is None for one in found.dues)
    kept = any(one.parcel.state == ParcelState.KEPT for one in card.parcels)
    found.sends_next = bool(lines) and not owed and (kept or bool(exchange and exchange.send_first))
    found.failed = sum(selectors.failed_repairs([one.line_id for one in card.lines]).values())
    found.offered = (
        found.failed >= int(parameter("repairs_until_offer", now)) and case.kind == CaseKind.REPAIR
    )
    return found


def _acts(case: Case, found: Workshop, user: Any) -> list[tuple[str, Any]]:
    names = []
    out = any(one.parcel and one.parcel.state not in selectors.OUT_OF_REACH for one in found.lines)
    if case.kind == CaseKind.EXCHANGE and case.state in {*UNDECIDED, CaseState.APPROVED} and not out:
        names += ["send", "choose"] if case.state == CaseState.APPROVED else ["choose"]
    if case.state == CaseState.APPROVED and case.kind in GOODS_BACK and not out:
        names.append("turn")
    return [(name, ACTS[name].label) for name in names if user.has_perm(ACTS[name].capability)]


def repair_card(repair: Repair, user: Any, now: datetime) -> RepairCard:
    options = moves.options(repair, actor=user, now=now, names=REPAIR_MOVES)
    options = sorted(options, key=lambda one: REPAIR_MOVES.index(one.move.name))
    may = [one.move for one in options if one.allowed]
    acts = [(move.name, move.label) for move in may if user.has_perm(ACTS[move.name].capability)]
    elsewhere = any(move.name == "send_back" for move in may) and not user.has_perm("cases.receive")
    fixed = repair.state == RepairState.SENT_BACK and repair.outcome == RepairOutcome.FIXED
    if fixed and user.has_perm("cases.decide"):
        acts.append(("came_back", ACTS["came_back"].label))
    refused = [one for one in options if not one.allowed and one.reasons[0].code != "wrong_state"]
    return RepairCard(
        repair, repair_badge(repair), cause_words(repair, repair.suspected), cause_words(repair, repair.found), acts,
        refused, [one for one in selectors.history_of(repair) if one.pk != repair.pk], elsewhere,
    )  # fmt: skip


def cause_words(repair: Repair, code: str) -> str:
    if code == OTHER_CAUSE:
        return _("Another cause")
    return repair.tree_version.cause(code) if code and repair.tree_version else ""


# What dialogs offer


def choices_of(name: str, case: Case, target: Any, now: datetime) -> dict[str, Any]:
    if name == "diagnose":
        return {"branch": branches(trees_of(target, now))}
    if name in ("test", "give_up") and target.tree_version:
        return {
            "found": [
                (one["code"], target.tree_version.cause(one["code"])) for one in target.tree_version.branches
            ]
        }
    if name == "label":
        rows = Appointment.objects.filter(
            ticket=case.ticket_id, kind=AppointmentKind.PICK_UP, state=AppointmentState.AGREED
        )
        return {"appointment": [("", "–"), *((str(one.pk), minute(one.starts_at, now)) for one in rows)]}
    return {}


def trees_of(repair: Repair, now: datetime) -> list[FaultTreeVersion]:
    """The trees for this article's category and those above it."""
    product = repair.case_line.line.product
    return selectors.trees_for(_path(product.category if product else None), now)


def _path(category: Category | None) -> list[str]:
    codes: list[str] = []
    while category is not None and len(codes) < 20:
        codes.append(category.code)
        category = category.parent
    return codes


def branches(trees: Sequence[FaultTreeVersion]) -> list[Any]:
    """Symptom → cause, grouped by tree."""
    tail = "en" if (get_language() or "").startswith("en") else "zh"
    groups = [
        (
            tree.tree.name,
            [
                (f"{tree.pk}:{one['code']}", f"{one[f'symptom_{tail}']} → {one[f'cause_{tail}']}")
                for one in tree.branches
            ],
        )
        for tree in trees
    ]
    return [("", _("No branch fits")), *groups]


def initial_of(name: str, target: Any) -> dict[str, Any]:
    if name == "diagnose":
        known = f"{target.tree_version_id}:{target.suspected}" if target.suspected else ""
        return {"serial_no": target.serial_no, "borne_by": target.borne_by, "branch": known}
    return {"found": target.suspected} if name in ("test", "give_up") else {}


def lines_of(case: Case) -> list[CaseLine]:
    return list(case.lines.select_related("line").order_by("line__line_no"))


# Trees


@dataclass(frozen=True)
class TreeRow:
    tree: FaultTree
    version: FaultTreeVersion | None
    draft: FaultTreeVersion | None
    right: int = 0
    known: int = 0

    @property
    def percent(self) -> int | None:
        return round(100 * self.right / self.known) if self.known else None


def trees(now: datetime) -> list[TreeRow]:
    versions = list(FaultTreeVersion.objects.select_related("tree").order_by("tree_id", "number"))
    counted = selectors.hits([one.pk for one in versions])
    rows = []
    for tree in FaultTree.objects.all():
        mine = [one for one in versions if one.tree_id == tree.pk]
        right = sum(counted.get(one.pk, (0, 0))[0] for one in mine)
        known = sum(counted.get(one.pk, (0, 0))[1] for one in mine)
        rows.append(
            TreeRow(
                tree, next((one for one in mine if one.applies_at(now)), None),
                next((one for one in mine if one.state == "draft"), None), right, known,
            )
        )  # fmt: skip
    return rows


@dataclass(frozen=True)
class BranchRow:
    code: str
    symptom: str
    checks: str
    cause: str
    hits: str
    is_new: bool
    is_changed: bool


def branch_rows(version: FaultTreeVersion, before: FaultTreeVersion | None) -> list[BranchRow]:
    """The branches in the reader's language, with how often each was right and what the version changes."""
    tail = "en" if (get_language() or "").startswith("en") else "zh"
    counted = selectors.branch_hits(version)
    rows = []
    for one in version.branches:
        old = before.branch(one["code"]) if before else one
        right, known = counted.get(one["code"], (0, 0))
        rows.append(
            BranchRow(
                one["code"], one[f"symptom_{tail}"], one[f"checks_{tail}"], one[f"cause_{tail}"],
                f"{right}/{known}" if known else "–", old is None, bool(old) and old != one,
            )
        )  # fmt: skip
    return rows
