"""Pure guards of a repair, and what a fault tree must hold."""

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any

from django.utils.translation import gettext_lazy as _

from aftersales.cases.repairs.states import RepairOutcome, RepairState
from aftersales.cases.states import Side
from aftersales.core.errors import Refusal, Text

Data = Mapping[str, Any] | None
READY = frozenset({RepairState.TESTED, RepairState.DECLINED, RepairState.UNREPAIRABLE})


def not_free_of_charge(
    row: Any, facts: Mapping[str, Any], actor: Any, now: datetime, data: Data
) -> Iterable[Refusal]:
    """Whom the law or the proof of an earlier repair protects is asked for no money."""
    if row.under_proof:
        yield Refusal("under_proof", _("An earlier repair is still under proof: this one costs him nothing."))
    elif row.borne_by != Side.CUSTOMER:
        yield Refusal("free", _("The customer does not bear this repair; there is nothing to quote."))


def customer_agreed(
    row: Any, facts: Mapping[str, Any], actor: Any, now: datetime, data: Data
) -> Iterable[Refusal]:
    if row.borne_by == Side.CUSTOMER and not row.accepted_at:
        yield Refusal("quote_first", _("The customer bears this repair: quote it and let him answer first."))


def may_go_back(
    row: Any, facts: Mapping[str, Any], actor: Any, now: datetime, data: Data
) -> Iterable[Refusal]:
    """Tested, declined, beyond repair, or nothing was found; and nothing is owed for it."""
    if row.state == RepairState.DIAGNOSED and row.outcome != RepairOutcome.NO_FAULT:
        yield Refusal("not_tested", _("It was diagnosed and not repaired yet."))
    for owed in facts.get("cases.repair_owed") or ():
        yield Refusal("due_open", owed)


def branch_problem(branch: Mapping[str, str], known: Sequence[str]) -> tuple[str, Text] | None:
    """Why nobody could follow this branch of a fault tree; None: it can be followed."""
    if not branch.get("code") or branch["code"] in known:
        return "branch_code", _("Each branch has a code of its own.")
    for name in ("symptom_zh", "symptom_en", "checks_zh", "checks_en", "cause_zh", "cause_en"):
        if not branch.get(name, "").strip():
            return "branch_empty", _(
                "A branch leads from a symptom over checks to a cause, in both languages."
            )
        if len(branch[name]) > 600:
            return "branch_long", _("A symptom, check or cause has at most 600 characters.")
    return None
