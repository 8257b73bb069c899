"""The links of a register list to its sheet: the list exactly as filtered, as a file."""

from dataclasses import dataclass
from typing import Any

from django import template
from django.urls import reverse
from django.utils.translation import gettext as _

from aftersales.core import changelists
from aftersales.core.sheets import exporting, resource

register = template.Library()


@dataclass(frozen=True)
class ExportLink:
    label: str
    url: str


@register.simple_tag(takes_context=True)
def sheet_exports(context: Any) -> list[ExportLink]:
    """What can come back as it went out. Nothing for a list without a sheet, in a pop-up, or without the right."""
    changelist, request = context.get("cl"), context.get("request")
    if changelist is None or request is None or changelist.is_popup:
        return []
    kept = request.GET.copy()
    for place in ("p", changelists.AFTER):
        kept.pop(place, None)
    query = kept.urlencode()
    return [
        ExportLink(
            label=_("Export %(format)s") % {"format": fmt.upper()},
            url=reverse("sheets:export", args=[found.sheet, fmt]) + (f"?{query}" if query else ""),
        )
        for found in resource.of_model(changelist.model)
        if found.importable and request.user.has_perm(found.export_capability())
        for fmt in exporting.FORMATS
    ]
