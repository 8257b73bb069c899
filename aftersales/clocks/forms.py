"""What a person types to draft a rung of the escalation ladder."""

from __future__ import annotations

from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from aftersales.clocks.models import LadderRung
from aftersales.clocks.states import RungBy, RungMoment, RungTo
from aftersales.standards import vocabulary
from aftersales.standards.states import ClockKind, Promise, RuleState

LONGEST = 7 * 24 * 60  # minutes past due: nobody waits longer than a week before he is told


class RungDraftForm(forms.Form):
    """When somebody is told of which promises, who, and how."""

    name_zh = forms.CharField(label=_("Chinese name"), max_length=120)
    name_en = forms.CharField(label=_("English name"), max_length=120)
    value = forms.IntegerField(label=pgettext_lazy("ladder", "how much"), min_value=0, max_value=LONGEST)
    moment = forms.ChoiceField(label=pgettext_lazy("ladder", "when"), choices=RungMoment.choices)
    to = forms.ChoiceField(label=pgettext_lazy("ladder", "told"), choices=RungTo.choices)
    by = forms.ChoiceField(label=pgettext_lazy("ladder", "how"), choices=RungBy.choices)
    reason = forms.CharField(label=_("Reason for the change"), widget=forms.Textarea, max_length=2000)

    def __init__(self, *args: Any, start: LadderRung | None, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        for name, label, choices in (
            ("promises", _("promises"), Promise.choices),
            ("clock_kinds", _("kinds of clock"), ClockKind.choices),
            ("severities", _("severities"), vocabulary.choices("severities")),
        ):
            self.fields[name] = forms.MultipleChoiceField(
                label=label, choices=choices, required=False, widget=forms.CheckboxSelectMultiple,
                help_text=_("None ticked means all."),
            )  # fmt: skip
        self.order_fields([*(name for name in self.fields if name != "reason"), "reason"])
        if start is not None and not self.is_bound:
            self.initial = {name: getattr(start, name) for name in self.fields if name != "reason"}
            self.initial["reason"] = start.change_reason if start.state == RuleState.DRAFT else ""


class NewRungForm(RungDraftForm):
    """A rung that there was not: its code stays with it for ever."""

    code = forms.SlugField(label=_("code"), max_length=60)
    source_ref = forms.CharField(
        label=_("source id"), max_length=60, help_text=_("For example R3.4 or G4.1.")
    )
    field_order = ("code", "source_ref", "name_zh", "name_en")

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, start=None, **kwargs)
        self.order_fields(self.field_order)

    def clean_code(self) -> str:
        code: str = self.cleaned_data["code"]
        if LadderRung.objects.filter(code=code).exists():
            raise forms.ValidationError(_("There is a rung with this code already; draft its next version."))
        return code
