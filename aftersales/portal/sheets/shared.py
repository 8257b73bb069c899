"""What the sheets of the portal have in common."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from aftersales.core.errors import Text
from aftersales.core.sheets.resource import Column, SheetResource
from aftersales.core.sheets.widgets import TextWidget

AGAIN: dict[str, Any] = {"again": True}


class Shown(Column):
    """A column that only goes out; its SQL is made when the file is, in the language of whoever asked."""

    def __init__(self, label: Text, made: Callable[[], str], *, example: str = "", hint: Text = "") -> None:
        super().__init__(None, TextWidget(200), label, example=example, hint=hint)
        self.made = made

    @property
    def export_as(self) -> str:
        return self.made()

    @export_as.setter
    def export_as(self, _none: str) -> None:
        """Nothing is kept: it is made anew each time."""


class OfShop(SheetResource):
    """A sheet of the portal: its rows are chosen on a page of the portal, its steps are shown in its frame."""

    frame, home = "portal/base.html", "portal:sheets"
    view_capability = "cases.view_case"
