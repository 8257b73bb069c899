"""Life of a month and of a proposal."""

from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Any

from django.utils.translation import gettext_lazy as _

from aftersales.core.errors import Refusal
from aftersales.core.machine import Machine, Move
from aftersales.ledger.states import PeriodState as P
from aftersales.ledger.states import ProposalState as S


def month_is_over(
    row: Any, facts: Mapping[str, Any], actor: Any, now: datetime, data: Mapping[str, Any]
) -> Iterable[Refusal]:
    if now < row.ends_at:
        yield Refusal("month_runs", _("A month is closed when it is over."))


def in_order(
    row: Any, facts: Mapping[str, Any], actor: Any, now: datetime, data: Mapping[str, Any]
) -> Iterable[Refusal]:
    """An earlier month that is still open could change what this one begins with."""
    if any(facts["ledger.earlier_open"]):
        yield Refusal("earlier_open", _("An earlier month is still open."))


PERIOD_MACHINE = Machine(
    "ledger.period",
    states=P,
    initial=[P.OPEN],
    terminal=[P.CLOSED],
    moves=[
        Move(
            "close",
            sources=[P.OPEN],
            target=P.CLOSED,
            capability="ledger.close",
            label=_("Close the month"),
            event="period.closed",
            guards=[month_is_over, in_order],
            facts=["ledger.earlier_open"],
            effect=_("Nothing is posted into it any more; what was wrong is corrected in an open month."),
        ),
    ],
)

PROPOSAL_MACHINE = Machine(
    "ledger.proposal",
    states=S,
    initial=[S.PROPOSED],
    terminal=[S.WITHDRAWN, S.CANCELLED],
    moves=[
        Move(
            "withdraw",
            sources=[S.PROPOSED],
            target=S.WITHDRAWN,
            capability="ledger.withdraw",
            label=_("Withdraw"),
            event="proposal.withdrawn",
            effect=_("Nothing follows from it; it stays readable."),
        ),
        Move(
            "cancel",
            sources=[S.PROPOSED],
            target=S.CANCELLED,
            capability="ledger.cancel",
            label=_("Cancel"),
            event="proposal.cancelled",
            effect=_("What it rested on was turned back."),
            by_system=True,
        ),
    ],
)
