"""Money: how long refunds take, and what a case costs.

Cost is what the platform itself paid for a case. What the work of the staff costs stands in no row, and is not guessed.
"""

from django.utils.translation import gettext_lazy as _

from aftersales.cases.states import CaseState, PaymentKind, PaymentState, Side
from aftersales.scorecards.metrics.declaring import Exclusion, Metric, Part
from aftersales.scorecards.metrics.sources import COSTS, REFUNDS
from aftersales.scorecards.states import Direction, SubjectKind, Unit, Way

TOOK = "greatest(0, date_part('epoch', y.paid_at - k.asked_at))::int"
_GONE = "least(coalesce(z.came_back_at, z.submitted_at), y.paid_at)"
HELD = (
    "coalesce((SELECT sum(date_part('epoch', upper(h.spell) - lower(h.spell))) FROM unnest(("
    f"SELECT range_agg(tstzrange(greatest(z.proposed_at, k.asked_at), {_GONE})) FROM cases_casepayment z "
    "WHERE z.case_id = y.case_id AND z.kind = y.kind AND (z.id = y.id OR z.came_back_at IS NOT NULL) "
    f"AND greatest(z.proposed_at, k.asked_at) < {_GONE})) h(spell)), 0)"
)
"""How long the platform had it: from when it was proposed until the bank had it, or it was refused or called back, and
the same of those that were refused before it."""
OWN = f"greatest(0, date_part('epoch', y.paid_at - k.asked_at) - {HELD})::int"
MERCHANTS = frozenset({SubjectKind.MERCHANT})
STAFF = frozenset(REFUNDS.subjects) - MERCHANTS
COST = (
    "coalesce((SELECT sum(y.amount) FROM cases_casepayment y WHERE y.case_id = k.id "
    f"AND y.state = '{PaymentState.SUCCEEDED.value}' AND y.borne_by = '{Side.PLATFORM.value}'), 0)"
)


def _refund(took: str, only: frozenset[SubjectKind]) -> Part:
    return Part(
        REFUNDS, ("y.paid_at",), took, seconds=took, only=only,
        where=f"y.kind = '{PaymentKind.REFUND.value}' AND y.state = '{PaymentState.SUCCEEDED.value}'",
        exclusions=(
            Exclusion("account_asked", _("The customer had to name another account."), "y.replaces_id IS NOT NULL"),
        ),
    )  # fmt: skip


METRICS = (
    Metric(
        "refund_time", _("Time to the refund"),
        _(
            "From the request to the money being paid; by the day it was paid. Of a merchant without the time in which "
            "the platform had the payment, from when it was proposed until the bank had it or it was refused."
        ),
        _("seconds"), _("refunds paid"), Way.TIME, Direction.LOWER, Unit.SECONDS, "A2 · R4.4",
        (_refund(OWN, MERCHANTS), _refund(TOOK, STAFF)),
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
