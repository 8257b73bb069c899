"""Tags of the pages of figures."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from django import template

from aftersales.scorecards import selectors

register = template.Library()


@register.filter
def called_by(given: str, names: Mapping[str, str]) -> str:
    """A category as the reader calls it; ``names`` are of the whole page."""
    return names.get(given, given)


@register.inclusion_tag("dashboards/_counting.html")
def still_counting() -> dict[str, Any]:
    """From when the figures are, as long as something is left to count; nothing where they are complete."""
    return {"found": selectors.still_counting(), "most": selectors.MOST_WAITING}
