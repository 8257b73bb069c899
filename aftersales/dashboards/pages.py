"""The pages of figures a person may open, as the row of links above them."""

from __future__ import annotations

from typing import Any

from django.urls import reverse
from django.utils.translation import pgettext_lazy

PAGES = (
    ("dashboards:overview", pgettext_lazy("figures", "Overview"), "dashboards.view"),
    ("dashboards:today", pgettext_lazy("figures", "Team today"), "dashboards.today"),
    ("dashboards:me", pgettext_lazy("figures", "My figures"), "tickets.work"),
    ("dashboards:integrity", pgettext_lazy("figures", "Integrity"), "dashboards.integrity"),
    ("dashboards:exceptions", pgettext_lazy("figures", "Exceptions"), "dashboards.exceptions"),
    ("dashboards:results", pgettext_lazy("figures", "Results"), "scorecards.view_own"),
    ("dashboards:merchants", pgettext_lazy("figures", "Merchants"), "scorecards.view_merchants"),
    ("dashboards:reports", pgettext_lazy("figures", "Reports"), "dashboards.view"),
    ("dashboards:wall", pgettext_lazy("figures", "Team wall"), "dashboards.view"),
)

TRADE = (
    ("dashboards:merchants", pgettext_lazy("figures", "Board")),
    ("dashboards:benchmark", pgettext_lazy("figures", "Benchmark")),
    ("dashboards:duties", pgettext_lazy("figures", "Obligations by week")),
    ("dashboards:products", pgettext_lazy("figures", "Products")),
    ("dashboards:partners", pgettext_lazy("figures", "Carriers and partners")),
)
"""The pages about merchants and who works for them; one right opens them all."""


def pages(user: Any, here: str) -> list[tuple[str, Any, bool]]:
    """Address, words, whether it is this page."""
    return [(reverse(name), words, name == here) for name, words, right in PAGES if user.has_perm(right)]


def trade(here: str) -> list[tuple[str, Any, bool]]:
    """The same for the pages about merchants."""
    return [(reverse(name), words, name == here) for name, words in TRADE]
