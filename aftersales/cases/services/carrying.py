"""What a replacement is worth beyond the order: whoever paid more for it gets that back with it, and pays it once."""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from decimal import Decimal

from django.db.models import F

from aftersales.cases.models import Case, CaseLine, Due, ReplacementLine
from aftersales.cases.refunding import ZERO, worth
from aftersales.cases.repairs.states import DueKind
from aftersales.cases.states import MONEY_BACK, CaseKind, CaseState, ParcelState
from aftersales.core.money import allocate


def carried(case: Case, lines: Sequence[CaseLine]) -> Mapping[int, Decimal]:
    """By order line, what was paid on top for the pieces of a case in earlier exchanges. None: four queries less.

    Replaced pieces come back before others of their line; what another case gives back, or a cheaper article gave back
    since, is not carried twice.
    """
    ids = {line.line_id: line.announced for line in lines}
    sent = ReplacementLine.objects.standing().filter(
        exchange__case__lines__line__in=ids, exchange__case__kind=CaseKind.EXCHANGE,
        exchange__case__state=CaseState.CLOSED, parcel__state=ParcelState.DELIVERED,
    )  # fmt: skip
    rows = list(sent.exclude(exchange__case=case.pk).select_related("case_line").distinct().order_by("id"))
    if not rows:
        return {}
    paid: dict[int, Decimal] = defaultdict(Decimal)
    dues = Due.objects.paid().filter(
        kind=DueKind.DIFFERENCE, case__in=[row.case_line.case_id for row in rows]
    )
    for pk, amount in dues.values_list("case", "amount"):
        paid[pk] += amount
    pools, pieces = _pools(rows, paid)
    for pk, count in _given_back(case, pools):
        pieces[pk] -= count
    for pk, amount in _exchanged_back(case, pools):
        pools[pk] = max(pools[pk] - amount, ZERO)
    found = {pk: min(ids[pk], pieces[pk]) for pk in ids if pools.get(pk) and pieces[pk] > 0}
    return {pk: worth(pools[pk], pieces[pk], count) for pk, count in found.items()}


def _pools(
    rows: Sequence[ReplacementLine], paid: Mapping[int, Decimal]
) -> tuple[dict[int, Decimal], dict[int, int]]:
    """What was paid on top for each order line, and for how many of its pieces."""
    by_line: dict[int, list[ReplacementLine]] = defaultdict(list)
    for row in rows:
        by_line[row.case_line_id].append(row)
    dearer: dict[int, dict[int, Decimal]] = defaultdict(dict)
    for key, ones in by_line.items():
        line = ones[0].case_line
        more = sum((one.value for one in ones), ZERO) - line.value
        if more > 0 and paid.get(line.case_id):
            dearer[line.case_id][key] = more
    for case_id in set(paid) - set(dearer):  # dearer than what he had by then, though not than what he bought
        for key, ones in by_line.items():
            if ones[0].case_line.case_id == case_id:
                dearer[case_id][key] = sum((one.value for one in ones), ZERO)
    pools: dict[int, Decimal] = defaultdict(Decimal)
    pieces: dict[int, int] = defaultdict(int)
    for case_id, weights in dearer.items():
        for key, part in zip(weights, allocate(paid[case_id], list(weights.values())), strict=True):
            line = by_line[key][0].case_line
            pools[line.line_id] += part
            pieces[line.line_id] = max(pieces[line.line_id], line.announced)
    return pools, pieces


def _exchanged_back(case: Case, pools: Mapping[int, Decimal]) -> list[tuple[int, Decimal]]:
    """What of it was given back already, by line, because a later replacement cost less."""
    rows = CaseLine.objects.filter(
        line__in=[pk for pk, amount in pools.items() if amount],
        case__kind=CaseKind.EXCHANGE,
        case__agreed_extra__gt=F("case__back_freight"),
    )
    by_case: dict[int, list[CaseLine]] = defaultdict(list)
    for row in rows.exclude(case=case.pk).select_related("case").order_by("line_id"):
        by_case[row.case_id].append(row)
    found: list[tuple[int, Decimal]] = []
    for mine in by_case.values():
        back = mine[0].case.agreed_extra - mine[0].case.back_freight
        parts = allocate(back, [pools[one.line_id] for one in mine])
        found += [(one.line_id, part) for one, part in zip(mine, parts, strict=True)]
    return found


def _given_back(case: Case, pools: Mapping[int, Decimal]) -> list[tuple[int, int]]:
    """Pieces of these lines with which another case gives it back."""
    others = CaseLine.objects.filter(
        line__in=list(pools), case__kind__in=MONEY_BACK, case__agreed_extra__gt=F("case__back_freight")
    )
    others = others.exclude(case=case.pk).exclude(case__in=Due.objects.paid().values("case"))
    return list(others.values_list("line", "announced"))
