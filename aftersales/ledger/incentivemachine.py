"""Life of a version of an incentive rule: drafted, announced by a second person, in force after the notice time."""

from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Any

from django.utils.translation import gettext_lazy as _

from aftersales.core.errors import Refusal
from aftersales.core.machine import Machine, Move, Need
from aftersales.core.rulebook import RuleState as R
from aftersales.core.rulebook import second_person
from aftersales.ledger.states import Party

ACTIVATE = "standards.activate"


def announced_in_time(
    row: Any, facts: Mapping[str, Any], actor: Any, now: datetime, data: Mapping[str, Any]
) -> Iterable[Refusal]:
    """Whom it concerns reads it before it counts: 7 days for staff, 15 for merchants, both in the rule book."""
    begin = (data or {}).get("valid_from")  # the page asks before there is any
    for earliest in facts["ledger.announced_until"]:
        if begin is not None and begin < earliest:
            yield Refusal(
                "announced_too_late",
                _("It is announced first; it can come into force from %(day)s on.")
                % {"day": f"{earliest:%Y-%m-%d}"},
            )


def adopted_with_staff(
    row: Any, facts: Mapping[str, Any], actor: Any, now: datetime, data: Mapping[str, Any]
) -> Iterable[Refusal]:
    """Labour contract law 4: rules on pay and discipline are adopted with staff, and the record is kept."""
    if row.rule.party == Party.PERSON and row.scheme_id is None:
        yield Refusal(
            "no_scheme",
            _(
                "A rule for staff needs a scheme adopted with them: its day, record number and signed acknowledgement."
            ),
        )


INCENTIVE_MACHINE = Machine(
    "ledger.incentiveversion",
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
            guards=[second_person, adopted_with_staff, announced_in_time],
            facts=["ledger.announced_until"],
            needs=[Need("valid_from", label=_("In force from"), kind="moment", required=True)],
            effect=_("It is announced now; what happens from its day on is judged by it."),
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
            effect=_("Nothing that happens from then on is judged by it."),
        ),
    ],
)
