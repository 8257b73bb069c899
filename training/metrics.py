"""Figures of people that training works with: declared here, recorded by the rooms that know them."""

from dataclasses import dataclass
from enum import Enum
from typing import Any

from django.utils.translation import gettext as _
from django.utils.translation import pgettext_lazy

from aftersales.core.errors import DomainError


class Way(Enum):
    """How the days of a span make one figure."""

    SUM = "sum"  # how many; the sample is the sum itself
    MEAN = "mean"  # the mean of so many marks
    SHARE = "share"  # how many, in a hundred of another metric's sample


@dataclass(frozen=True)
class Metric:
    """One figure. ``of``: the metric that a share is taken of. ``lowest``, ``highest``: what one mark can be."""

    code: str
    label: Any
    way: Way
    of: str = ""
    lowest: int = 0
    highest: int | None = None
    better_low: bool = False


_known: dict[str, Metric] = {}


def declare(metric: Metric) -> None:
    """Once, when the product starts. Raises ``ValueError`` for a code twice or a share of nothing known."""
    if metric.code in _known:
        raise ValueError(f"{metric.code} is declared already")
    if (metric.way is Way.SHARE) != bool(metric.of) or (metric.of and metric.of not in _known):
        raise ValueError(f"{metric.code}: a share, and only that, names a declared metric")
    _known[metric.code] = metric


def metric(code: str) -> Metric:
    """Raises ``unknown_metric``."""
    if code not in _known:
        words = {"metric": code, "metrics": ", ".join(sorted(_known))}
        text = _("There is no figure “%(metric)s”; declared are: %(metrics)s.")
        raise DomainError(text % words, "unknown_metric")
    return _known[code]


def declared() -> list[Metric]:
    return list(_known.values())


def _people() -> None:
    declare(Metric("tickets_handled", pgettext_lazy("figure", "Tickets handled"), Way.SUM))
    declare(Metric("satisfaction", pgettext_lazy("figure", "Satisfaction"), Way.MEAN, lowest=1, highest=5))
    declare(
        Metric(
            "reopened", pgettext_lazy("figure", "Reopened"), Way.SHARE, of="tickets_handled", better_low=True
        )
    )
    declare(Metric("inspection_score", pgettext_lazy("figure", "Inspection score"), Way.MEAN, highest=100))
    declare(
        Metric("errors", pgettext_lazy("figure", "Errors"), Way.SHARE, of="inspection_score", better_low=True)
    )


_people()
