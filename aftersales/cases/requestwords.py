"""What was told with a small request, in words, and the form fields in which it is told."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Any

from django import forms
from django.utils.dateparse import parse_datetime
from django.utils.translation import gettext as _
from django.utils.translation import pgettext_lazy

from aftersales.cases.services.request_kinds import Field
from aftersales.core.errors import Text
from aftersales.core.wording import minute, money


@dataclass(frozen=True)
class Told:
    """One thing that was told, in words."""

    label: Text
    value: str
    name: str = ""


def told_in_words(
    fields: Sequence[Field], told: Mapping[str, Any], currency: str, now: datetime
) -> list[Told]:
    """Each thing that was told, in the order of the fields."""
    found = [(one, told.get(one.name)) for one in fields]
    return [
        Told(one.label, _shown(one, value, currency, now), one.name)
        for one, value in found
        if value not in (None, "", False)
    ]


def _shown(field: Field, value: Any, currency: str, now: datetime) -> str:
    if field.kind == "choice":
        return str(dict(field.choices).get(value, value))
    if field.kind == "amount":
        return money(Decimal(str(value)), currency)
    if field.kind == "moment":
        moment = parse_datetime(str(value))
        return minute(moment, now) if moment else str(value)
    return _("Yes") if field.kind == "flag" else str(value)


def field_of(field: Field, needed: bool, moment: Callable[..., forms.Field]) -> forms.Field:
    """The field of a page for a declared one; ``moment`` makes the one for a point in time."""
    common: dict[str, Any] = {"label": field.label, "required": needed, "help_text": field.help}
    if field.kind == "flag":
        return forms.BooleanField(**(common | {"required": False}))
    if field.kind == "choice":
        return forms.ChoiceField(choices=[("", pgettext_lazy("case", "–")), *field.choices], **common)
    if field.kind == "number":
        return forms.IntegerField(min_value=1, max_value=99_999, **common)
    if field.kind == "amount":
        return forms.DecimalField(min_value=0, max_digits=11, decimal_places=2, **common)
    if field.kind == "moment":
        return moment(**common)
    long = forms.Textarea(attrs={"rows": 3}) if field.kind == "long" else None
    return forms.CharField(max_length=field.longest, widget=long, **common)
