"""What a person types to declare a disaster, an outage, an order to stop."""

from __future__ import annotations

import re
from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from aftersales.clocks.states import BY_RULE, ExclusionCause
from aftersales.standards.states import Promise, TradeDuty

LIST = re.compile(r"[,;，；、\n]+")


class Names(forms.CharField):
    """Names of places, one after the other."""

    def to_python(self, value: Any) -> list[str]:  # type: ignore[override]
        return [one.strip()[:60] for one in LIST.split(value or "") if one.strip()][:200]


class CircumstanceForm(forms.Form):
    """The same code again is the next version of it."""

    code = forms.SlugField(label=_("code"), max_length=60, help_text=_("For example flood-2026-07."))
    name_zh = forms.CharField(label=_("Chinese name"), max_length=120)
    name_en = forms.CharField(label=_("English name"), max_length=120)
    cause = forms.ChoiceField(
        label=pgettext_lazy("exclusion", "cause"),
        choices=[(one.value, one.label) for one in ExclusionCause if one in BY_RULE],
    )
    begins_at = forms.DateTimeField(
        label=_("begins"), widget=forms.DateTimeInput(attrs={"type": "datetime-local"})
    )
    ends_at = forms.DateTimeField(
        label=_("ends"), widget=forms.DateTimeInput(attrs={"type": "datetime-local"})
    )
    provinces = Names(
        label=_("provinces"), required=False, max_length=4000,
        help_text=_(
            "Separated by commas. By the shop's place; what has to reach the customer (orders, replacements, repaired "
            "goods) by the place of delivery as well."
        ),
    )  # fmt: skip
    cities = Names(label=_("cities"), required=False, max_length=4000)
    promises = forms.MultipleChoiceField(
        label=_("promises"), choices=[*Promise.choices, *TradeDuty.choices], required=False,
        widget=forms.CheckboxSelectMultiple,
        help_text=_("None ticked means all; a failure of our system excuses dispatch and delivery only where ticked."),
    )  # fmt: skip
    source_ref = forms.CharField(
        label=_("source id"), max_length=60, help_text=_("Number of the announcement or incident.")
    )
    source_zh = forms.CharField(
        label=_("source text"), widget=forms.Textarea(attrs={"rows": 3}), max_length=2000
    )
    source_en = forms.CharField(label=_("source in English"), max_length=300)
    reason = forms.CharField(
        label=_("Reason for the change"), widget=forms.Textarea(attrs={"rows": 3}), max_length=2000
    )
