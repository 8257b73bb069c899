"""Tags of the pages of figures."""

from __future__ import annotations

from typing import Any

from django import template

from aftersales.scorecards import selectors

register = template.Library()


@register.inclusion_tag("dashboards/_counting.html")
def still_counting() -> dict[str, Any]:
    """From when the figures are, as long as something is left to count; nothing where they are complete."""
    return {"found": selectors.still_counting(), "most": selectors.MOST_WAITING}
