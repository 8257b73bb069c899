"""What customers say of the handling, apart from what they say of the outcome (R6.3, R6.5).

Marks are given on the page behind the signed link. Nothing else asks yet: the surveys' own page, telephone and message
join as further parts when their room comes.
"""

from django.utils.translation import gettext_lazy as _

from aftersales.core.errors import Text
from aftersales.scorecards.metrics.declaring import Metric, Part
from aftersales.scorecards.metrics.sources import MARKS
from aftersales.scorecards.states import Direction, SubjectKind, Unit, Way

K = SubjectKind
WHOSE = {
    "handling": frozenset({K.MERCHANT, K.PERSON, K.TEAM, K.VENDOR}),
    "outcome": frozenset({K.MERCHANT, K.TEAM, K.VENDOR}),
}
"""What the rules and the merchant gave decides the outcome: it is laid to no single person."""
SATISFIED = 4  # the two best of five: the one common form of the share, so that figures compare (C1)


def _marks(code: str, of: str, name: Text, meaning: Text) -> Metric:
    mark = f"(e.payload->>'{of}')::int"
    where = f"e.kind = 'ticket.confirmed' AND e.subject_kind = 'tickets.ticket' AND e.payload->>'{of}' IS NOT NULL"
    return Metric(
        code, name, meaning, _("sum of the marks"), _("marks given"), Way.MEAN, Direction.HIGHER, Unit.STARS,
        "R6.2 · R6.3", (Part(MARKS, ("e.at",), mark, where=where, only=WHOSE[of]),),
    )  # fmt: skip


def _satisfied(code: str, of: str, name: Text, meaning: Text) -> Metric:
    satisfied = f"((e.payload->>'{of}')::int >= {SATISFIED})::int"
    where = f"e.kind = 'ticket.confirmed' AND e.subject_kind = 'tickets.ticket' AND e.payload->>'{of}' IS NOT NULL"
    return Metric(
        code, name, meaning, _("marks of 4 or 5"), _("marks given"), Way.SHARE, Direction.HIGHER, Unit.PERCENT,
        "R6.2 · R6.3 · C1", (Part(MARKS, ("e.at",), satisfied, where=where, only=WHOSE[of]),),
    )  # fmt: skip


METRICS = (
    _satisfied(
        "satisfied_handling", "handling", _("Satisfied with the handling"),
        _("Customers who gave 4 or 5 of 5 for the handling."),
    ),
    _satisfied(
        "satisfied_outcome", "outcome", _("Satisfied with the outcome"),
        _("Customers who gave 4 or 5 of 5 for the outcome; nobody's own result depends on it."),
    ),
    _marks("mark_handling", "handling", _("Mark for the handling"), _("Mean mark of 1 to 5 for the handling.")),
    _marks("mark_outcome", "outcome", _("Mark for the outcome"), _("Mean mark of 1 to 5 for the outcome.")),
)  # fmt: skip
