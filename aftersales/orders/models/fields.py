"""Column shapes that repeat in trade data."""

from __future__ import annotations

from typing import Any

from django.db import models
from django.utils.translation import gettext_lazy as _

from ..states import Grain


def money(label: Any, **options: Any) -> models.DecimalField[Any, Any]:
    """An amount in the currency of the row, two places, never null: zero means none."""
    return models.DecimalField(label, max_digits=14, decimal_places=2, default=0, **options)


def moment(label: Any) -> models.DateTimeField[Any, Any]:
    """A time told by a source; how fine it is stands in the grain column beside it."""
    return models.DateTimeField(label, null=True, blank=True)


def grain() -> models.CharField[Any, Any]:
    return models.CharField(_("known to"), max_length=6, choices=Grain.choices, default=Grain.EXACT)
