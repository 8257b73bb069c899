"""Answers about exchanges and repairs, set-based, for guards, return rules and pages. Nothing here writes."""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from decimal import Decimal
from typing import Any

from django.db.models import Count, F, Q
from django.utils.translation import gettext as _

from aftersales.cases.models import Case, CaseParcel, Due, Exchange, FaultTreeVersion, Repair, ReplacementLine
from aftersales.cases.repairs.states import DueKind, RepairOutcome, RepairState
from aftersales.cases.states import CaseKind, CaseState, Direction, ParcelState
from aftersales.clocks.rules import ClockSubject
from aftersales.core.rulebook import RuleState
from aftersales.core.wording import money
from aftersales.standards.returns.facts import Moment, ParcelFacts, RepairFacts

OUT_OF_REACH = frozenset({
    ParcelState.LOST, ParcelState.REFUSED_AT_DOOR, ParcelState.INTERCEPTED, ParcelState.CANCELLED,
    ParcelState.INSPECTED, ParcelState.KEPT, ParcelState.UNCLAIMED,
})  # fmt: skip
"""States of an outgoing parcel from which nothing reaches the customer any more."""
NEVER_CAME = frozenset({ParcelState.EXPIRED, ParcelState.CANCELLED})
FAILED = frozenset({RepairOutcome.FAILED, RepairOutcome.UNREPAIRABLE})
SPECIAL = frozenset({CaseKind.EXCHANGE, CaseKind.REPAIR})


def going_out(case: Case) -> bool:
    """Whether a replacement is with the customer or on its way to him."""
    rows = ReplacementLine.objects.standing().filter(exchange__case=case, parcel__isnull=False)
    return bool(rows.exclude(parcel__state__in=OUT_OF_REACH).exists())


def delivered_pieces(case: Case) -> Mapping[int, int]:
    """Pieces of each case line that were replaced: the customer holds as many as before."""
    found: dict[int, int] = defaultdict(int)
    rows = ReplacementLine.objects.standing().filter(exchange__case=case, parcel__state=ParcelState.DELIVERED)
    for line_id, pieces in rows.values_list("case_line", "quantity"):
        found[line_id] += pieces
    return found


def open_parts(rows: Sequence[Case], now: datetime) -> Mapping[int, list[str]]:
    """Replacements that are not delivered, repairs that are not ended, amounts that are owed."""
    ids = [row.pk for row in rows if row.kind in SPECIAL]
    found: dict[int, list[str]] = defaultdict(list)
    if not ids:
        return found
    given_up = _never_came(ids)
    sent = ReplacementLine.objects.standing().filter(exchange__case__in=ids, parcel__isnull=False)
    out = set(sent.values_list("exchange__case", flat=True))
    for case_id, name in _not_delivered(ids):
        if case_id not in given_up or case_id in out:
            found[case_id].append(_("The replacement “%(name)s” is not delivered yet.") % {"name": name})
    for repair in Repair.objects.open().filter(case__in=ids).select_related("case_line__line"):
        name = repair.case_line.line.product_name or repair.case_line.line.sku
        found[repair.case_id].append(_("The repair of “%(name)s” is not ended yet.") % {"name": name})
    for due in Due.objects.unpaid().filter(case__in=ids):
        if due.case_id not in given_up or due.case_id in out:
            found[due.case_id].append(
                _("%(amount)s is still owed by the customer.") % {"amount": money(due.amount, due.currency)}
            )
    return found


def _not_delivered(ids: Sequence[int]) -> list[tuple[int, str]]:
    rows = (
        ReplacementLine.objects.standing()
        .filter(exchange__case__in=ids, exchange__ended_at=None)
        .exclude(parcel__state=ParcelState.DELIVERED)
    )
    kinds = rows.filter(exchange__case__kind=CaseKind.EXCHANGE, exchange__case__state=CaseState.APPROVED)
    return list(kinds.order_by("id").values_list("exchange__case", "name"))


def _never_came(ids: Sequence[int]) -> set[int]:
    """Cases whose goods were awaited in vain."""
    rows = CaseParcel.objects.filter(case__in=ids, direction=Direction.INBOUND)
    states: dict[int, set[str]] = defaultdict(set)
    for case_id, state in rows.values_list("case", "state"):
        states[case_id].add(state)
    return {pk for pk, known in states.items() if known <= NEVER_CAME}


def is_done(case: Case) -> bool:
    """Whether an exchange or a repair reached what it was for; then the case may end by itself."""
    if case.kind == CaseKind.EXCHANGE:
        rows = ReplacementLine.objects.standing().filter(exchange__case=case)
        done = rows.exists() and not rows.exclude(parcel__state=ParcelState.DELIVERED).exists()
    else:
        ended = Repair.objects.filter(case=case)
        done = ended.exists() and not ended.exclude(
            state__in=[RepairState.SENT_BACK, RepairState.CANCELLED]
        ).exists()  # fmt: skip
    return bool(done) and not Due.objects.unpaid().filter(case=case).exists()


def difference_back(case: Case) -> Decimal | None:
    """What the customer gets back because the replacement costs less; None where it does not."""
    if case.pk is None or case.kind != CaseKind.EXCHANGE:
        return None
    row = Exchange.objects.filter(case=case, ended_at=None).first()
    return -row.difference if row and row.difference < 0 else None


def repair_owed(rows: Sequence[Repair], now: datetime) -> Mapping[int, str]:
    """Repairs whose cost the customer accepted and has not paid yet."""
    dues = Due.objects.unpaid().filter(case__in=[row.case_id for row in rows], kind=DueKind.REPAIR)
    owed = {one.case_id: one for one in dues}
    return {
        row.pk: _("%(amount)s is still owed by the customer.")
        % {"amount": money(owed[row.case_id].amount, owed[row.case_id].currency)}
        for row in rows
        if row.case_id in owed and row.accepted_at
    }


# What the return rules are told


def known_of_lines(line_ids: Iterable[int]) -> dict[int, dict[str, Any]]:
    """Repairs and replacements of order lines as the return rules want them: two queries."""
    ids = list(line_ids)
    found: dict[int, dict[str, Any]] = {}
    for one in (
        Repair.objects.filter(case_line__line__in=ids)
        .select_related("case_line")
        .order_by("received_at", "id")
    ):
        mine = found.setdefault(one.case_line.line_id, {})
        mine["repairs"] = (*mine.get("repairs", ()), repair_facts(one))
    rows = (
        ReplacementLine.objects.standing()
        .filter(case_line__line__in=ids, parcel__state=ParcelState.DELIVERED)
        .annotate(line=F("case_line__line"), sent=F("parcel__shipped_at"), came=F("parcel__received_at"))
    )
    for row in rows.order_by("id"):
        mine = found.setdefault(row.line, {})
        fact = ParcelFacts(
            "delivered", Moment(row.sent) if row.sent else None, Moment(row.came) if row.came else None
        )
        mine["replacements"] = (*mine.get("replacements", ()), fact)
    return found


def repair_facts(one: Repair) -> RepairFacts:
    outcome = {
        RepairOutcome.FIXED: "fixed",
        RepairOutcome.FAILED: "failed",
        RepairOutcome.UNREPAIRABLE: "unrepairable",
    }
    return RepairFacts(
        Moment(one.received_at), Moment(one.back_at) if one.back_at else None,
        outcome.get(RepairOutcome(one.outcome), "") if one.outcome else "", one.parts_days,
    )  # fmt: skip


def failed_repairs(line_ids: Iterable[int]) -> Mapping[int, int]:
    """How often each order line was repaired in vain. One query."""
    rows = Repair.objects.filter(case_line__line__in=list(line_ids), outcome__in=FAILED).order_by()
    counted = rows.values("case_line__line").annotate(n=Count("pk"))
    return dict(counted.values_list("case_line__line", "n"))


def history_of(repair: Repair) -> list[Repair]:
    """All repairs of the same article, newest first: by serial number, else by the order line."""
    same = Q(serial_no=repair.serial_no) if repair.serial_no else Q(case_line__line=repair.case_line.line_id)
    rows = Repair.objects.filter(same).select_related("case", "tree_version__tree", "case_line__line")
    return list(rows.order_by("-received_at", "-id")[:50])


# Fault trees


def hits(version_ids: Sequence[int]) -> Mapping[int, tuple[int, int]]:
    """How many diagnoses of each version were right, and of how many the cause is known. One query."""
    rows = (
        Repair.objects.filter(tree_version__in=list(version_ids))
        .exclude(found="")
        .exclude(suspected="")
        .order_by()
    )
    counted = rows.values("tree_version").annotate(
        right=Count("pk", filter=Q(found=F("suspected"))), known=Count("pk")
    )
    return {pk: (right, known) for pk, right, known in counted.values_list("tree_version", "right", "known")}


def branch_hits(version: FaultTreeVersion) -> Mapping[str, tuple[int, int]]:
    """The same for each branch of a version."""
    rows = Repair.objects.filter(tree_version=version).exclude(found="").exclude(suspected="").order_by()
    counted = rows.values("suspected").annotate(
        right=Count("pk", filter=Q(found=F("suspected"))), known=Count("pk")
    )
    return {code: (right, known) for code, right, known in counted.values_list("suspected", "right", "known")}


def trees_for(category_path: Iterable[str], now: datetime) -> list[FaultTreeVersion]:
    """The versions in force that speak about these categories; those for every category come last."""
    path = set(category_path)
    rows = FaultTreeVersion.objects.in_force(now).filter(state=RuleState.ACTIVE).select_related("tree")
    fit = [
        one
        for one in rows.order_by("tree__code")
        if not one.tree.categories or path & set(one.tree.categories)
    ]
    return sorted(fit, key=lambda one: not one.tree.categories)


# Clocks


def clock_subjects(rows: Sequence[Repair], now: datetime) -> Mapping[int, ClockSubject]:
    """What the clocks must know of a repair: it is held by whoever holds the ticket of its case."""
    wide = Repair.objects.filter(pk__in=[row.pk for row in rows]).select_related("case__ticket")
    return {
        row.pk: ClockSubject(
            kind="repair", severity=row.case.ticket.severity, nature=row.case.ticket.nature,
            channel=row.case.ticket.channel, merchant_id=row.merchant_id, team_id=row.case.ticket.team_id,
            assignee_id=row.case.ticket.assignee_id, historic=row.case.ticket.historic,
        )
        for row in wide
    }  # fmt: skip


def repairs_seen(user: Any) -> Any:
    return Repair.objects.visible_to(user)


def clock_subject_lines(rows: Sequence[Any], now: datetime) -> Mapping[int, tuple[str, str]]:
    """Number of the case and article of repairs known by key, for pages that list clocks. One query."""
    found = Repair.objects.filter(pk__in=[row.pk for row in rows]).values_list(
        "pk", "case__number", "case_line__line__product_name"
    )
    return {pk: (number, name) for pk, number, name in found}


def clock_tickets(rows: Sequence[Any], now: datetime) -> Mapping[int, int]:
    """The ticket on which a promise about this repair is worked. One query."""
    return dict(Repair.objects.filter(pk__in=[row.pk for row in rows]).values_list("pk", "case__ticket"))
