"""Unfold's settings: its model pages wear the shell's side bar, tokens and name.

The palette stands in desk.css; an empty COLORS keeps Unfold from writing an inline style element,
which a strict policy would refuse.
"""

from typing import Any

from django.http import HttpRequest
from django.templatetags.static import static
from django.utils.translation import gettext_lazy as _


def colors(request: HttpRequest) -> dict[str, Any]:
    """No inline palette: see desk.css."""
    return {}


def stylesheet(request: HttpRequest) -> str:
    """The one stylesheet of the staff side."""
    return static("desk.css")


def script(request: HttpRequest) -> str:
    """The one script of the staff side."""
    return static("desk.js")


def theme(request: HttpRequest) -> str:
    """The chosen appearance, before the first paint."""
    return static("theme.js")


def search_stylesheet(request: HttpRequest) -> str:
    """The box that searches everything."""
    return static("search.css")


def search_script(request: HttpRequest) -> str:
    """The same box, walked by keys."""
    return static("search.js")


def favicon(request: HttpRequest) -> str:
    """The mark in the browser's tab."""
    return static("mark.svg")


UNFOLD: dict[str, Any] = {
    "SITE_TITLE": _("After-sales desk"),
    "SITE_HEADER": _("After-sales desk"),
    "SITE_URL": None,
    "SITE_SYMBOL": "support_agent",
    "SITE_FAVICONS": [{"rel": "icon", "type": "image/svg+xml", "href": favicon}],
    "SHOW_HISTORY": True,
    "SHOW_VIEW_ON_SITE": False,
    "BORDER_RADIUS": None,
    "COLORS": colors,
    "STYLES": [stylesheet, search_stylesheet],
    "SCRIPTS": [theme, script, search_script],
    # The side bar is drawn by aftersales.desk.shell (templates/admin/nav_sidebar.html).
    "SIDEBAR": {"show_search": False, "show_all_applications": False, "navigation": []},
}
