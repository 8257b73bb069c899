"""Life of one version of a rule: drafted by one person, brought into force by another."""

from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Any

from django.utils.translation import gettext_lazy as _

from aftersales.core.errors import Refusal
from aftersales.core.machine import Machine, Move, Need
from aftersales.core.rulebook import second_person
from aftersales.standards.states import RuleState as S


def worse_never_waits_longer(
    row: Any, facts: Mapping[str, Any], actor: Any, now: datetime, data: Mapping[str, Any]
) -> Iterable[Refusal]:
    """R3.4: L3 ≤ L2 ≤ L1 for the same promise and scope. The sentences are worked out by the selector."""
    for found in facts.get("standards.order_broken") or ():
        yield from found


def no_hole(
    row: Any, facts: Mapping[str, Any], actor: Any, now: datetime, data: Mapping[str, Any]
) -> Iterable[Refusal]:
    """Taking a version away leaves no worse severity without its promise, unless a successor stands."""
    for found in facts.get("standards.hole_left") or ():
        yield from found


OPEN_TOO = Need("open_too", label=_("Open tickets too"), kind="hidden", required=False)


FOLLOWED = _("Clocks that start from then on follow this version; running clocks keep theirs.")
NOT_FOLLOWED = _("No new clock follows this version.")


def rule_machine(
    label: str, *, checks_order: bool, followed: Any = FOLLOWED, not_followed: Any = NOT_FOLLOWED
) -> Machine:
    """The same life for every kind of rule; only service standards have an order to keep."""
    return Machine(
        label,
        states=S,
        initial=[S.DRAFT, S.NOTED],
        terminal=[S.RETIRED, S.REJECTED, S.NOTED],
        moves=[
            Move(
                "activate",
                sources=[S.DRAFT],
                target=S.ACTIVE,
                capability="standards.activate",
                label=_("Bring into force"),
                event="rule.activated",
                guards=[second_person, worse_never_waits_longer] if checks_order else [second_person],
                facts=["standards.order_broken"] if checks_order else [],
                needs=[
                    Need("valid_from", label=_("In force from"), kind="moment", required=False),
                    *([OPEN_TOO] if checks_order else []),
                ],
                effect=followed,
            ),
            Move(
                "reject",
                sources=[S.DRAFT],
                target=S.REJECTED,
                capability="standards.activate",
                label=_("Return with a reason"),
                event="rule.rejected",
                effect=_("The version never comes into force and stays readable."),
            ),
            Move(
                "retire",
                sources=[S.ACTIVE],
                target=S.RETIRED,
                capability="standards.activate",
                label=_("Take out of force"),
                event="rule.retired",
                guards=[no_hole] if checks_order else [],
                facts=["standards.hole_left"] if checks_order else [],
                needs=[Need("valid_to", label=_("In force until"), kind="moment", required=False)],
                effect=not_followed,
            ),
        ],
    )


STANDARD_MACHINE = rule_machine("standards.standardversion", checks_order=True)
PARAMETER_MACHINE = rule_machine("standards.parameterversion", checks_order=False)
RETURN_MACHINE = rule_machine(
    "standards.returnruleversion",
    checks_order=False,
    followed=_("Orders placed from then on follow this version; earlier orders keep theirs."),
    not_followed=_("No order placed from then on follows this version."),
)
