"""The workshop: diagnosed by the fault tree, quoted, answered, parts, repaired, tested, sent back (R4.3)."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Any

from django.db import transaction
from django.utils.translation import gettext_lazy as _

from aftersales.cases.models import Case, CaseParcel, FaultTreeVersion, Repair, RepairPart
from aftersales.cases.refunding import ZERO
from aftersales.cases.repairs.states import (
    OPEN_REPAIRS,
    OTHER_CAUSE,
    DueKind,
    RepairOutcome,
    RepairState,
)
from aftersales.cases.services.dues import due_ask
from aftersales.cases.services.following import repair_before, repair_born
from aftersales.cases.services.locking import Held, held, refuse_foreign, require
from aftersales.cases.services.opening import note
from aftersales.cases.services.parcels import parcel_send_back
from aftersales.cases.states import SELLERS_FAULT, CaseKind, CaseState, NoteKind, ParcelState, Side
from aftersales.core import moves
from aftersales.core.errors import DomainError
from aftersales.core.money import CENT
from aftersales.core.rulebook import RuleState

MAY = "cases.repair"
SERIAL = 60
WORKSHOP = 80


@dataclass(frozen=True)
class Diagnosis:
    """Which branch of which tree fits. ``branch`` empty: none does, and the words say what was seen.

    ``workshop``: the name of who does the work, empty for the merchant himself.
    """

    tree_version: FaultTreeVersion | None = None
    branch: str = ""
    serial_no: str = ""
    borne_by: str = ""
    no_fault: bool = False
    workshop: str = ""


@dataclass(frozen=True)
class Part:
    name: str
    quantity: int = 1
    unit_price: Decimal = ZERO


def repair_open(*, case: Case, line_id: int, pieces: int, actor: Any, now: datetime) -> Repair:
    """A repair where the article is: a technician's visit, no parcel. Errors: not_repair, goods_awaited, in_repair."""
    require(actor, MAY)
    with transaction.atomic():
        mine = held(case)
        refuse_foreign(mine.ticket, actor)
        _refuse_other_kinds(mine)
        line = next((one for one in mine.lines if one.line_id == line_id), None)
        if line is None or not 0 < pieces <= line.approved:
            raise DomainError(_("Choose at least one article."), "nothing")
        if mine.case.goods_back:
            raise DomainError(_("The article comes to the workshop first."), "goods_awaited")
        if Repair.objects.filter(case_line=line, state__in=OPEN_REPAIRS).exists():
            raise DomainError(_("This article is in repair already."), "in_repair")
        return repair_born(mine.case, line, pieces, actor=actor, now=now)


def repair_diagnose(
    *,
    repair: Repair,
    diagnosis: Diagnosis,
    actor: Any,
    now: datetime,
    words: str = "",
    version: int | None = None,
) -> Repair:
    """What the fault is, by a branch of the tree; the repair before it failed if its fault came back.

    Errors: branch, words, serial, workshop, wrong_state, not_repair.
    """
    with transaction.atomic():
        mine, row = _held(repair, actor, version)
        serial = " ".join(diagnosis.serial_no.replace("\x00", "").split()).upper()
        if len(serial) > SERIAL:
            raise DomainError(_("A serial number has at most 60 characters."), "serial")
        shop = " ".join(diagnosis.workshop.replace("\x00", "").split())
        if len(shop) > WORKSHOP:
            raise DomainError(_("The name of a repair shop has at most 80 characters."), "workshop")
        _check_branch(diagnosis, words)
        before = repair_before(row.case_line.line_id, serial, row)
        proof = bool(before and before.proof_until and before.proof_until >= row.received_at)
        bears = Side.MERCHANT if proof else diagnosis.borne_by or row.borne_by
        if bears not in Side.values or (bears == Side.CUSTOMER and mine.case.ground in SELLERS_FAULT):
            raise DomainError(_("By the reason given the customer does not bear this repair."), "free")
        seen = {
            "tree_version_id": diagnosis.tree_version.pk if diagnosis.tree_version else None,
            "branch": diagnosis.branch, "serial_no": serial, "borne_by": bears, "under_proof": proof,
            "follows_id": before.pk if before else None, "no_fault": diagnosis.no_fault, "workshop": shop,
        }  # fmt: skip
        done: Repair = moves.perform(row, "diagnose", actor=actor, now=now, seen=seen)
        if before and before.outcome == RepairOutcome.FIXED and not diagnosis.no_fault:
            _failed(before, actor, now)
        note(mine.case, NoteKind.REPAIR, Side.MERCHANT, words, actor, now)
    return done


def _check_branch(diagnosis: Diagnosis, words: str) -> None:
    tree = diagnosis.tree_version
    if diagnosis.branch and (
        tree is None or tree.state != RuleState.ACTIVE or tree.branch(diagnosis.branch) is None
    ):
        raise DomainError(_("Choose a branch of a tree that is in force."), "branch")
    if not diagnosis.branch and not words.strip():
        raise DomainError(_("Where no branch fits, say what was seen."), "words")


def _failed(row: Repair, actor: Any, now: datetime) -> Repair:
    failed: Repair = moves.change(
        row, actor=actor, now=now, event="repair.came_back", payload=row.told(), outcome=RepairOutcome.FAILED
    )
    return failed


def repair_came_back(*, repair: Repair, actor: Any, now: datetime, version: int | None = None) -> Repair:
    """The customer says, and staff saw, that the fault is there again. Error: not_fixed."""
    require(actor, "cases.decide")
    with transaction.atomic():
        mine = held(repair.case)
        refuse_foreign(mine.ticket, actor)
        row = moves.locked(Repair(pk=repair.pk), version=version)
        if row.state != RepairState.SENT_BACK or row.outcome not in (
            RepairOutcome.FIXED,
            RepairOutcome.FAILED,
        ):
            raise DomainError(_("Only a finished repair can have been in vain."), "not_fixed")
        return row if row.outcome == RepairOutcome.FAILED else _failed(row, actor, now)


def repair_quote(
    *,
    repair: Repair,
    labour: Decimal,
    parts: Sequence[Part],
    actor: Any,
    now: datetime,
    words: str = "",
    version: int | None = None,
) -> Repair:
    """Parts and labour, asked of the customer; a new quote replaces the one before.

    Errors: amount, part, under_proof, free.
    """
    with transaction.atomic():
        mine, row = _held(repair, actor, version)
        rows = _parts(row, parts)
        total = labour + sum((one.unit_price * one.quantity for one in rows), ZERO)
        if labour < 0 or labour != labour.quantize(CENT) or total <= 0:
            raise DomainError(_("The amount must be above zero."), "amount")
        done: Repair = moves.perform(
            row, "quote", actor=actor, now=now, terms={"labour": labour, "total": total}
        )
        row.parts.standing().update(dropped_at=now)
        RepairPart.objects.bulk_create(rows)
        note(mine.case, NoteKind.REPAIR, Side.MERCHANT, words, actor, now)
    return done


def _parts(row: Repair, parts: Sequence[Part]) -> list[RepairPart]:
    found = []
    for one in parts:
        name = " ".join(one.name.replace("\x00", "").split())
        good = 0 < len(name) <= 120 and 0 < one.quantity <= 999
        if not good or one.unit_price < 0 or one.unit_price != one.unit_price.quantize(CENT):
            raise DomainError(_("A part has a name, a number of pieces and a price."), "part")
        found.append(RepairPart(repair=row, name=name, quantity=one.quantity, unit_price=one.unit_price))
    return found


def repair_answer(
    *, repair: Repair, accept: bool, actor: Any, now: datetime, words: str = "", version: int | None = None
) -> Repair:
    """The customer's answer to the quote; accepted, he owes it."""
    with transaction.atomic():
        mine, row = _held(repair, actor, version, "cases.answer")
        done: Repair = moves.perform(row, "accept" if accept else "decline", actor=actor, now=now)
        note(mine.case, NoteKind.ACCEPT if accept else NoteKind.REPAIR, Side.CUSTOMER, words, actor, now)
        if accept:
            due_ask(mine.case, DueKind.REPAIR, _accepted(mine.case), actor=actor, now=now)
    return done


def _accepted(case: Case) -> Decimal:
    """What the customer accepted to pay for all repairs of a case."""
    return sum((one.quoted for one in Repair.objects.filter(case=case, accepted_at__isnull=False)), ZERO)


def repair_order_parts(
    *, repair: Repair, actor: Any, now: datetime, parts: Sequence[Part] = (), version: int | None = None
) -> Repair:
    """Wait for parts: those of the quote, or these; the clock stands meanwhile. Errors: quote_first, part, nothing."""
    with transaction.atomic():
        _mine, row = _held(repair, actor, version)
        RepairPart.objects.bulk_create(_parts(row, parts))
        if not row.parts.standing().filter(arrived_at=None).update(ordered_at=now):
            raise DomainError(_("Say which parts are ordered."), "nothing")
        done: Repair = moves.perform(row, "order_parts", actor=actor, now=now)
    return done


def repair_parts_arrive(*, repair: Repair, actor: Any, now: datetime, version: int | None = None) -> Repair:
    """All parts are here; the repair goes on."""
    with transaction.atomic():
        _mine, row = _held(repair, actor, version)
        done: Repair = moves.perform(row, "parts_arrive", actor=actor, now=now)
        row.parts.standing().filter(arrived_at=None).update(arrived_at=now)
    return done


def repair_start(*, repair: Repair, actor: Any, now: datetime, version: int | None = None) -> Repair:
    """Repair it, or once more after a test. Error: quote_first."""
    with transaction.atomic():
        _mine, row = _held(repair, actor, version)
        done: Repair = moves.perform(row, "start", actor=actor, now=now)
    return done


def repair_test(
    *,
    repair: Repair,
    passed: bool,
    found: str,
    actor: Any,
    now: datetime,
    words: str = "",
    version: int | None = None,
) -> Repair:
    """The test report, with the cause that was found. Not passed: the repair goes on. Errors: report, cause."""
    if not words.strip():
        raise DomainError(_("Write what was done and tested."), "report")
    with transaction.atomic():
        mine, row = _held(repair, actor, version)
        note(mine.case, NoteKind.REPAIR, Side.MERCHANT, words, actor, now)
        if not passed:
            if row.state != RepairState.REPAIRING:
                raise DomainError(_("Only what is in repair is tested."), "wrong_state")
            failed: Repair = moves.change(
                row, actor=actor, now=now, event="repair.test_failed", payload=row.told()
            )
            return failed
        cause = _cause(row, found)
        done: Repair = moves.perform(row, "test", actor=actor, now=now, found=cause, words=words)
    return done


def repair_give_up(
    *, repair: Repair, found: str, words: str, actor: Any, now: datetime, version: int | None = None
) -> Repair:
    """It cannot be repaired: an exchange or a return is offered instead. Errors: report, cause."""
    if not words.strip():
        raise DomainError(_("Write what was done and tested."), "report")
    with transaction.atomic():
        mine, row = _held(repair, actor, version)
        cause = _cause(row, found)
        done: Repair = moves.perform(row, "give_up", actor=actor, now=now, found=cause, words=words)
        note(mine.case, NoteKind.REPAIR, Side.MERCHANT, words, actor, now)
        due_ask(mine.case, DueKind.REPAIR, _owed_still(mine.case, done), actor=actor, now=now)
    return done


def _owed_still(case: Case, gone: Repair) -> Decimal:
    """What cannot be repaired costs nothing; the other repairs of the case keep their price."""
    rows = Repair.objects.filter(case=case, accepted_at__isnull=False).exclude(
        state__in=[RepairState.UNREPAIRABLE, RepairState.CANCELLED]
    )
    return sum((one.quoted for one in rows.exclude(pk=gone.pk)), ZERO)


def _cause(row: Repair, found: str) -> str:
    """A branch of the tree it was diagnosed by, or a cause that stands in none."""
    known = row.tree_version and row.tree_version.branch(found)
    if found != OTHER_CAUSE and not known:
        raise DomainError(_("Choose the cause that was found."), "cause")
    return found


def repair_send_back(
    *, repair: Repair, carrier: str, tracking_no: str, actor: Any, now: datetime, version: int | None = None
) -> Repair:
    """The article goes back to the customer; all that lie in its parcel have to be ready.

    Errors: not_ready, due_open, no_parcel, waybill, carrier.
    """
    require(actor, MAY)
    with transaction.atomic():
        mine, row = _held(repair, actor, version)
        parcel = _parcel_of(row)
        for one in Repair.objects.filter(case=mine.case, state__in=OPEN_REPAIRS):
            options = moves.judged([one], "send_back", actor=actor, now=now)[one.pk]
            for refusal in options:
                raise DomainError(refusal.message, refusal.code)
        if parcel is None:  # repaired where it stands
            done: Repair = moves.perform(row, "send_back", actor=actor, now=now)
            return done
        parcel_send_back(parcel=parcel, carrier=carrier, tracking_no=tracking_no, actor=actor, now=now)
        return Repair.objects.get(pk=row.pk)


def _parcel_of(row: Repair) -> CaseParcel | None:
    states = [ParcelState.RECEIVED, ParcelState.INSPECTED, ParcelState.UNCLAIMED]
    found: CaseParcel | None = (
        CaseParcel.objects.filter(items__case_line=row.case_line_id, state__in=states).order_by("-id").first()
    )
    return found


# What all of them share


def _held(repair: Repair, actor: Any, version: int | None, may: str = MAY) -> tuple[Held, Repair]:
    require(actor, may)
    mine = held(Case.objects.only("pk", "order_id", "ticket_id").get(pk=repair.case_id))
    refuse_foreign(mine.ticket, actor, mine.case)
    _refuse_other_kinds(mine)
    row: Repair = moves.locked(Repair(pk=repair.pk), version=version)
    return mine, row


def _refuse_other_kinds(mine: Held) -> None:
    if mine.case.kind != CaseKind.REPAIR or mine.case.state != CaseState.APPROVED:
        raise DomainError(_("This case is not a repair that was approved."), "not_repair")
