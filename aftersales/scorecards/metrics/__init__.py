"""The metrics, each declared once (issue of the scorecards, quality C1): a new one is one declaration."""

from django.utils.translation import gettext as _

from aftersales.core.errors import DomainError
from aftersales.scorecards.metrics import goods, money, orders, partners, people, promises, tickets
from aftersales.scorecards.metrics.declaring import Exclusion, Metric, Part, Source, Subject
from aftersales.scorecards.states import SubjectKind

__all__ = ["Exclusion", "Metric", "Part", "Source", "Subject", "declared", "metric", "of_kind"]


def _by_code() -> dict[str, Metric]:
    found: dict[str, Metric] = {}
    for room in (orders, promises, tickets, people, goods, money, partners):
        for one in room.METRICS:
            if one.code in found:
                raise ValueError(f"{one.code} is declared twice")
            found[one.code] = one
    return found


_DECLARED = _by_code()


def declared() -> list[Metric]:
    """All of them, in the order in which they are shown."""
    return list(_DECLARED.values())


def of_kind(kind: str) -> list[Metric]:
    """Those that a subject of this kind has."""
    return [one for one in declared() if SubjectKind(kind) in one.kinds]


def metric(code: str) -> Metric:
    """Raises ``unknown_metric``."""
    if code not in _DECLARED:
        text = _("There is no metric “%(metric)s”; declared are: %(metrics)s.")
        raise DomainError(text % {"metric": code, "metrics": ", ".join(_DECLARED)}, "unknown_metric")
    return _DECLARED[code]
