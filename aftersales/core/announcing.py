"""Life of a version that is announced first: drafted, announced by a second person, in force after its notice.

Rules that bind or judge people outside the rule book live so: formulas, incentive and consequence rules, agreements.
Their rooms say how long the notice is and what is asked besides.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any

from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from aftersales.core.errors import Refusal, Text
from aftersales.core.machine import Machine, Move, Need
from aftersales.core.rulebook import RuleState as R
from aftersales.core.rulebook import second_person

ACTIVATE = "standards.activate"
Guard = Callable[[Any, Mapping[str, Any], Any, datetime, Mapping[str, Any]], Iterable[Refusal]]


def announced_in_time(fact: str) -> Guard:
    """Whom it concerns reads it before it counts; ``fact`` names the moments before which it cannot begin."""

    def announced(
        row: Any, facts: Mapping[str, Any], actor: Any, now: datetime, data: Mapping[str, Any]
    ) -> Iterable[Refusal]:
        begin = (data or {}).get("valid_from")  # the page asks before there is any
        for earliest in facts[fact]:
            if begin is not None and begin < earliest:
                yield Refusal(
                    "announced_too_late",
                    _("It is announced first; it can come into force from %(day)s on.")
                    % {"day": f"{timezone.localtime(earliest):%Y-%m-%d %H:%M}"},
                )

    return announced


def announced_machine(
    label: str, *, until: str, begins: Text, ends: Text, event: str = "rule.activated",
    guards: Sequence[Guard] = (), facts: Sequence[str] = (), guards_of_end: Sequence[Guard] = (),
) -> Machine:  # fmt: skip
    """``until``: the fact that gives the end of the notice; ``begins`` and ``ends`` say what the moves do."""
    return Machine(
        label,
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
                event=event,
                guards=[second_person, *guards, announced_in_time(until)],
                facts=[until, *facts],
                needs=[Need("valid_from", label=_("In force from"), kind="moment", required=True)],
                effect=begins,
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
                guards=list(guards_of_end),
                needs=[Need("valid_to", label=_("In force until"), kind="moment", required=False)],
                effect=ends,
            ),
        ],
    )
