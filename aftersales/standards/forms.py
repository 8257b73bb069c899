"""What a person types to draft a rule."""

from __future__ import annotations

from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from . import vocabulary
from .models import Parameter, ParameterVersion, StandardVersion, WorkCalendar
from .states import Debtor, Measure, RuleState, Unit

CONDITIONS = {
    "severities": pgettext_lazy("rule", "Severity"),
    "natures": pgettext_lazy("rule", "Nature"),
    "channels": pgettext_lazy("rule", "Channels"),
    "customer_classes": pgettext_lazy("rule", "Customer classes"),
}


class StandardDraftForm(forms.Form):
    """The terms of a standard that people change; events and subject stay with the standard."""

    limit_value = forms.IntegerField(
        label=pgettext_lazy("rule", "Our target"), min_value=1, max_value=100_000
    )
    limit_unit = forms.ChoiceField(label=pgettext_lazy("rule", "Unit"), choices=Unit.choices)
    calendar = forms.ModelChoiceField(
        label=pgettext_lazy("rule", "Counted in"), queryset=WorkCalendar.objects.none()
    )
    warning_percent = forms.IntegerField(
        label=_("Warning at per cent of the time"), min_value=1, max_value=100
    )
    owed_by = forms.ChoiceField(label=pgettext_lazy("rule", "Owed by"), choices=Debtor.choices)
    reason = forms.CharField(label=_("Reason for the change"), widget=forms.Textarea, max_length=2000)

    def __init__(self, *args: Any, start: StandardVersion | None, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["calendar"].queryset = WorkCalendar.objects.all()  # type: ignore[attr-defined]
        for name, label in CONDITIONS.items():
            known = dict(vocabulary.choices(name)) | {code: code for code in _named(start, name)}
            words = {code: vocabulary.word(name, code) for code in known}
            self.fields[name] = forms.MultipleChoiceField(
                label=label,
                choices=list(words.items()),
                required=False,
                widget=forms.CheckboxSelectMultiple,
                help_text=_("None ticked means all."),
            )
        if start is not None and not self.is_bound:
            names = [name for name in self.fields if name not in {"reason", "calendar"}]
            self.initial = {name: getattr(start, name) for name in names} | {"calendar": start.calendar_id}
            self.initial["reason"] = _reason(start)

    def terms(self) -> dict[str, Any]:
        """What goes into the draft."""
        return {name: value for name, value in self.cleaned_data.items() if name != "reason"}


def _reason(start: StandardVersion | ParameterVersion) -> str:
    """A draft being corrected keeps its reason; a new version needs its own."""
    return start.change_reason if start.state == RuleState.DRAFT else ""


def _named(start: StandardVersion | None, name: str) -> list[str]:
    return list(getattr(start, name)) if start is not None else []


class ParameterDraftForm(forms.Form):
    """A new value of a number and why."""

    value = forms.CharField(label=pgettext_lazy("rule", "Value"), max_length=500)
    reason = forms.CharField(label=_("Reason for the change"), widget=forms.Textarea, max_length=2000)

    def __init__(
        self, *args: Any, parameter: Parameter, start: ParameterVersion | None, **kwargs: Any
    ) -> None:
        super().__init__(*args, **kwargs)
        self.parameter = parameter
        if parameter.measure not in {Measure.TEXT, Measure.CODES}:
            self.fields["value"] = forms.IntegerField(
                label=pgettext_lazy("rule", "Value"), min_value=0, max_value=1_000_000
            )
        if start is not None and not self.is_bound:
            shown = ", ".join(start.value) if isinstance(start.value, list) else start.value
            self.initial = {"value": shown, "reason": _reason(start)}

    def clean_value(self) -> Any:
        value = self.cleaned_data["value"]
        if self.parameter.measure == Measure.CODES:
            return [code.strip() for code in value.split(",") if code.strip()]
        return value


class ActivationForm(forms.Form):
    """When a draft comes into force; empty means at once."""

    valid_from = forms.DateTimeField(
        label=_("In force from"),
        required=False,
        widget=forms.DateTimeInput(attrs={"type": "datetime-local"}, format="%Y-%m-%dT%H:%M"),
    )
    open_too = forms.BooleanField(label=_("Count open tickets anew by this version"), required=False)
    seen = forms.BooleanField(label=_("I have seen how it would do on open tickets."))


class RejectionForm(forms.Form):
    """Why a draft is returned."""

    reason = forms.CharField(label=pgettext_lazy("rule", "Reason"), widget=forms.Textarea, max_length=2000)
