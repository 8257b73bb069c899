"""Life of a version of an incentive rule: drafted, announced by a second person, in force after the notice time."""

from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Any

from django.utils.translation import gettext_lazy as _

from aftersales.core.announcing import announced_machine
from aftersales.core.errors import Refusal
from aftersales.ledger.states import Party


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


INCENTIVE_MACHINE = announced_machine(
    "ledger.incentiveversion",
    until="ledger.announced_until",
    guards=[adopted_with_staff],
    begins=_("It is announced now; what happens from its day on is judged by it."),
    ends=_("Nothing that happens from then on is judged by it."),
)
