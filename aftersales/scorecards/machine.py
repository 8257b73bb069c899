"""Life of a version of a formula: drafted, announced by a second person, in force after the time of notice."""

from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Any

from django.utils.translation import gettext_lazy as _

from aftersales.core.errors import Refusal
from aftersales.core.machine import Machine, Move, Need
from aftersales.core.rulebook import RuleState as R
from aftersales.core.rulebook import second_person

ACTIVATE = "standards.activate"


def announced_in_time(
    row: Any, facts: Mapping[str, Any], actor: Any, now: datetime, data: Mapping[str, Any]
) -> Iterable[Refusal]:
    """Whoever is judged by it reads it before it counts; how long before stands in the rule book."""
    begin = (data or {}).get("valid_from")  # the page asks before there is any
    for earliest in facts["scorecards.announced_until"]:
        if begin is not None and begin < earliest:
            yield Refusal(
                "announced_too_late",
                _("It is announced first; it can come into force from %(day)s on.")
                % {"day": f"{earliest:%Y-%m-%d}"},
            )


FORMULA_MACHINE = Machine(
    "scorecards.formulaversion",
    states=R,
    initial=[R.DRAFT, R.NOTED],
    terminal=[R.RETIRED, R.REJECTED, R.NOTED],
    moves=[
        Move(
            "activate",
            sources=[R.DRAFT],
            target=R.ACTIVE,
            capability=ACTIVATE,
            label=_("Announce and bring into force"),
            event="rule.activated",
            guards=[second_person, announced_in_time],
            facts=["scorecards.announced_until"],
            needs=[Need("valid_from", label=_("In force from"), kind="moment", required=True)],
            effect=_("It is announced now; days from its beginning on are judged by it, earlier ones never."),
        ),
        Move(
            "reject",
            sources=[R.DRAFT],
            target=R.REJECTED,
            capability=ACTIVATE,
            label=_("Return with a reason"),
            event="rule.rejected",
            effect=_("The version never comes into force and stays readable."),
        ),
        Move(
            "retire",
            sources=[R.ACTIVE],
            target=R.RETIRED,
            capability=ACTIVATE,
            label=_("Take out of force"),
            event="rule.retired",
            needs=[Need("valid_to", label=_("In force until"), kind="moment", required=False)],
            effect=_("No day from then on is judged by it."),
        ),
    ],
)
