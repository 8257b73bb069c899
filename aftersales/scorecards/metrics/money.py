"""Money: how long refunds take, and what a case costs.

Cost is what the platform itself paid for a case. What the work of the staff costs stands in no row, and is not guessed.
"""

from django.utils.translation import gettext_lazy as _

from aftersales.cases.states import CaseState, PaymentKind, PaymentState, Side
from aftersales.scorecards.metrics.declaring import Exclusion, Metric, Part
from aftersales.scorecards.metrics.sources import COSTS, REFUNDS
from aftersales.scorecards.states import Direction, Unit, Way

TOOK = "greatest(0, date_part('epoch', y.paid_at - k.asked_at))::int"
COST = (
    "coalesce((SELECT sum(y.amount) FROM cases_casepayment y WHERE y.case_id = k.id "
    f"AND y.state = '{PaymentState.SUCCEEDED.value}' AND y.borne_by = '{Side.PLATFORM.value}'), 0)"
)

METRICS = (
    Metric(
        "refund_time", _("Time to the refund"), _("From the request to the money being paid; by the day it was paid."),
        _("seconds"), _("refunds paid"), Way.TIME, Direction.LOWER, Unit.SECONDS, "A2 · R4.4",
        (Part(
            REFUNDS, ("y.paid_at",), TOOK, seconds=TOOK,
            where=f"y.kind = '{PaymentKind.REFUND.value}' AND y.state = '{PaymentState.SUCCEEDED.value}'",
            exclusions=(
                Exclusion("account_asked", _("The customer had to name another account."), "y.replaces_id IS NOT NULL"),
            ),
        ),),
    ),
    Metric(
        "cost_per_case", _("Cost per case"),
        _("What the platform itself bore of the payments of cases that were done on the day, in their currency."),
        _("borne by the platform"), _("cases done"), Way.MEAN, Direction.LOWER, Unit.MONEY, "R6.2",
        (Part(
            COSTS, ("k.closed_at",), f"round(100 * {COST})::bigint", where=f"k.state = '{CaseState.CLOSED.value}'",
        ),),
    ),
)  # fmt: skip
