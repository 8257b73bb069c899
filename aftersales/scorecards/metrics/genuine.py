"""Orders and reviews that a person found not genuine: still behind the figure, with the reason, and not counted."""

from django.utils.translation import gettext_lazy as _

from aftersales.scorecards.metrics.declaring import Exclusion

REASON = _("Left out: a person found that it was not a genuine purchase or opinion.")


def _out(kind: str) -> str:
    """Asked once for a statement, not once for a row."""
    return (
        "(SELECT x.subject_id FROM scorecards_rowexclusion x "
        f"WHERE x.subject_kind = '{kind}' AND x.ended_at IS NULL)"
    )


GENUINE_ORDERS = (Exclusion("not_genuine", REASON, f"o.id IN {_out('orders.order')}"),)
GENUINE_REVIEWS = (
    Exclusion("not_genuine", REASON, f"(r.id IN {_out('orders.review')} OR o.id IN {_out('orders.order')})"),
)
