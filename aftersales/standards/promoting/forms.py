"""What a person types to draft a promotion and its overrides."""

from __future__ import annotations

from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from aftersales.standards.models import Market
from aftersales.standards.promoting import selectors
from aftersales.standards.states import Unit

MOMENT = {"type": "datetime-local"}


def moment(label: Any) -> forms.DateTimeField:
    return forms.DateTimeField(label=label, widget=forms.DateTimeInput(attrs=MOMENT, format="%Y-%m-%dT%H:%M"))


class PromotionForm(forms.Form):
    """Name, market, dates and why."""

    name_zh = forms.CharField(label=_("Chinese name"), max_length=120)
    name_en = forms.CharField(label=_("English name"), max_length=120)
    starts_at = moment(pgettext_lazy("promotion", "Starts"))
    ends_at = moment(pgettext_lazy("promotion", "Ends by itself"))
    market = forms.ModelChoiceField(
        label=_("Market"), queryset=Market.objects.none(), required=False, empty_label=_("every market")
    )
    reason = forms.CharField(
        label=pgettext_lazy("promotion", "Why"), widget=forms.Textarea(attrs={"rows": 3}), max_length=2000
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["market"].queryset = Market.objects.all()  # type: ignore[attr-defined]


class OverrideForm(forms.Form):
    """One rule and what it says while the promotion lasts."""

    rule = forms.ChoiceField(label=pgettext_lazy("promotion", "Rule"))
    value = forms.FloatField(
        label=pgettext_lazy("promotion", "In the promotion"), min_value=0, max_value=1_000_000
    )
    unit = forms.ChoiceField(
        label=pgettext_lazy("rule", "Unit"), choices=Unit.choices, required=False,
        help_text=_("Of a standard; a number keeps its own unit."),
    )  # fmt: skip

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["rule"].choices = selectors.choices()  # type: ignore[attr-defined]

    def terms(self) -> dict[str, Any]:
        """Keywords of the service."""
        sort, _colon, code = self.cleaned_data["rule"].partition(":")
        return {
            "sort": sort,
            "code": code,
            "value": self.cleaned_data["value"],
            "unit": self.cleaned_data["unit"],
        }


class WhyForm(forms.Form):
    """A reason."""

    reason = forms.CharField(label=_("Reason"), max_length=2000)
