"""What a merchant manager types: a talk, a rectification plan, a judgement."""

from __future__ import annotations

from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from aftersales.merchants.contactstates import ContactChannel, ContactSubject, SpokenWith
from aftersales.scorecards.rectification import selectors
from aftersales.scorecards.rectification.states import PlanCause

DAY = {"type": "date"}


def a_day(label: Any, *, required: bool = True) -> forms.DateField:
    return forms.DateField(
        label=label, required=required, widget=forms.DateInput(attrs=DAY, format="%Y-%m-%d")
    )


class TalkForm(forms.Form):
    """One talk."""

    day = a_day(pgettext_lazy("contact log", "Day"))
    channel = forms.ChoiceField(label=pgettext_lazy("contact log", "How"), choices=ContactChannel.choices)
    spoken_with = forms.ChoiceField(
        label=pgettext_lazy("contact log", "With whom"), choices=SpokenWith.choices
    )
    subject = forms.ChoiceField(label=pgettext_lazy("contact log", "About"), choices=ContactSubject.choices)
    agreed = forms.CharField(
        label=pgettext_lazy("contact log", "What was agreed"), max_length=2000,
        widget=forms.Textarea(attrs={"rows": 3}),
        help_text=_("No names and no numbers of people: what the person is for the shop is enough."),
    )  # fmt: skip
    next_on = a_day(pgettext_lazy("contact log", "Next contact on"), required=False)


class PlanForm(forms.Form):
    """A rectification plan with the facts it rests on."""

    cause = forms.ChoiceField(label=pgettext_lazy("rectification", "Opened for"), choices=PlanCause.choices)
    asked = forms.CharField(
        label=pgettext_lazy("rectification", "What is asked"), max_length=4000,
        widget=forms.Textarea(attrs={"rows": 3}),
        help_text=_("The merchant reads it."),
    )  # fmt: skip
    metric = forms.ChoiceField(label=pgettext_lazy("rectification", "Figure looked at again"), required=False)
    target = forms.DecimalField(
        label=pgettext_lazy("rectification", "Target, per cent"), min_value=0, max_value=100, decimal_places=2,
        required=False,
    )  # fmt: skip
    recheck_days = forms.IntegerField(
        label=pgettext_lazy("rectification", "Days until it is looked at"),
        min_value=1,
        max_value=90,
        required=False,
    )
    decisions = forms.CharField(
        label=pgettext_lazy("rectification", "Numbers of decisions and measures"), max_length=400, required=False,
        help_text=_("Separated by spaces."),
    )  # fmt: skip
    breaches = forms.TypedMultipleChoiceField(
        label=pgettext_lazy("rectification", "Breaches it rests on"), coerce=int, required=False,
        widget=forms.CheckboxSelectMultiple,
    )  # fmt: skip

    def __init__(self, *args: Any, breaches: Any = (), **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        named = [(one.code, one.name) for one in selectors.metrics()]
        self.fields["metric"].choices = [("", _("none")), *named]  # type: ignore[attr-defined]
        self.fields["breaches"].choices = list(breaches)  # type: ignore[attr-defined]
        if not self.fields["breaches"].choices:  # type: ignore[attr-defined]
            del self.fields["breaches"]

    def clean(self) -> dict[str, Any]:
        """A target belongs to a figure; a plan for broken obligations has neither."""
        found: dict[str, Any] = super().clean() or self.cleaned_data
        if found.get("cause") == PlanCause.BREACHES:
            found["metric"] = ""
        if not found.get("metric"):
            found |= {"target": None, "recheck_days": None}
        elif found.get("target") is None and "target" not in self.errors:
            self.add_error("target", _("Say which per cent the figure shall reach: 0 to 100."))
        return found

    def terms(self) -> dict[str, Any]:
        """Keywords of the service."""
        return self.cleaned_data | {"decisions": self.cleaned_data["decisions"].split()}
