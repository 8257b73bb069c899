"""What follows for a repair from where its parcel is: born when the goods are here, ended when they are sent back."""

from collections.abc import Iterable, Mapping
from datetime import datetime, timedelta
from typing import Any

from django.db.models import Q

from aftersales.cases.models import Case, CaseLine, CaseParcel, ParcelItem, Repair
from aftersales.cases.repairs.states import OPEN_REPAIRS, RepairOutcome, RepairState
from aftersales.cases.services.locking import Held
from aftersales.cases.states import SELLERS_FAULT, CaseKind, CaseState, Direction, ParcelState, Side
from aftersales.core import moves
from aftersales.standards.selectors import parameter

GONE_BACK = frozenset({RepairState.TESTED, RepairState.DECLINED, RepairState.UNREPAIRABLE})


def goods_follow(
    parcel: CaseParcel, items: Iterable[ParcelItem], cases: Mapping[int, Held], *, actor: Any, now: datetime
) -> None:
    """After a move of a parcel with goods of these cases."""
    if parcel.direction != Direction.INBOUND:
        return
    for mine in cases.values():
        if mine.case.kind != CaseKind.REPAIR:
            continue
        if parcel.state == ParcelState.RECEIVED and mine.case.state == CaseState.APPROVED:
            workshop_take(mine, items, actor=actor, now=now)
        elif parcel.state == ParcelState.SENT_BACK:
            _sent(mine, actor, now)
        elif parcel.state == ParcelState.DELIVERED_BACK:
            _delivered(mine, actor, now)


def workshop_take(mine: Held, items: Iterable[ParcelItem], *, actor: Any, now: datetime) -> None:
    """A repair for each line of which pieces are here and none is in the workshop yet."""
    here = {item.case_line_id: item.received for item in items if item.received}
    known = set(
        Repair.objects.filter(case=mine.case, state__in=OPEN_REPAIRS).values_list("case_line", flat=True)
    )
    for line in mine.lines:
        if here.get(line.pk) and line.pk not in known:
            repair_born(mine.case, line, here[line.pk], actor=actor, now=now)


def repair_born(case: Case, line: CaseLine, pieces: int, *, actor: Any, now: datetime) -> Repair:
    """Who bears it follows from the reason given; an earlier repair that is still under proof bears the new one."""
    before = repair_before(line.line_id, "", None)
    proof = bool(before and before.proof_until and before.proof_until >= now)
    row = Repair(
        case=case, case_line=line, merchant_id=case.merchant_id, follows=before, pieces=pieces, received_at=now,
        serial_no=before.serial_no if before else "", under_proof=proof,
        borne_by=Side.MERCHANT if proof or case.ground in SELLERS_FAULT else Side.CUSTOMER,
    )  # fmt: skip
    made: Repair = moves.create(
        row, actor=actor, now=now, event="repair.received", payload={"case_id": case.pk}
    )
    return made


def repair_before(line_id: int, serial_no: str, own: Repair | None) -> Repair | None:
    """The last repair of the same article that ended: by its serial number, else by the order line."""
    same = Q(serial_no=serial_no) if serial_no else Q(case_line__line=line_id)
    rows = Repair.objects.filter(same, state__in=[RepairState.SENT_BACK, RepairState.UNREPAIRABLE])
    if own is not None:
        rows = rows.exclude(pk=own.pk)
    found: Repair | None = rows.order_by("-received_at", "-id").first()
    return found


def _sent(mine: Held, actor: Any, now: datetime) -> None:
    """What was not finished ends without result: the goods are gone."""
    for row in Repair.objects.filter(case=mine.case).exclude(
        state__in=[RepairState.SENT_BACK, RepairState.CANCELLED]
    ).order_by("pk"):  # fmt: skip
        whole = row.state in GONE_BACK or row.outcome == RepairOutcome.NO_FAULT
        moves.perform(row, "send_back" if whole else "cancel", actor=actor, now=now)


def _delivered(mine: Held, actor: Any, now: datetime) -> None:
    days = int(parameter("repair_proof_days", now))
    for row in Repair.objects.filter(case=mine.case, state=RepairState.SENT_BACK, back_at=None).order_by(
        "pk"
    ):
        fixed = row.outcome == RepairOutcome.FIXED
        moves.change(
            row, actor=actor, now=now, event="repair.returned", payload=row.told(), back_at=now,
            proof_until=now + timedelta(days=days) if fixed else None,
        )  # fmt: skip


def repairs_end(case: Case, *, actor: Any, now: datetime) -> None:
    """The case goes another way: what is in the workshop ends there; what cannot be repaired stays on record."""
    for row in Repair.objects.filter(case=case, state__in=OPEN_REPAIRS).order_by("pk"):
        moves.perform(row, "cancel", actor=actor, now=now)
