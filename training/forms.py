"""What a person types to draft a rule of this room or to grant a certificate."""

from __future__ import annotations

from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from accounts.states import Duty
from aftersales.core.rulebook import RuleState
from training.models import Tier
from training.states import Severity


def _amount(label: Any, hint: Any = "") -> forms.DecimalField:
    return forms.DecimalField(
        label=label, required=False, min_value=0, max_digits=14, decimal_places=2, help_text=hint
    )


class DraftForm(forms.Form):
    """Terms of a draft and why."""

    def __init__(self, *args: Any, start: Any = None, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["reason"] = forms.CharField(
            label=_("Reason for the change"), widget=forms.Textarea, max_length=2000
        )
        if start is not None and not self.is_bound:
            self.initial = {
                name: getattr(start, name) for name in self.fields if name not in {"reason", "tier"}
            }
            if "tier" in self.fields:
                self.initial["tier"] = start.tier_id
            self.initial["reason"] = start.change_reason if start.state == RuleState.DRAFT else ""

    def terms(self) -> dict[str, Any]:
        """What goes into the draft."""
        return {name: value for name, value in self.cleaned_data.items() if name != "reason"}


class LimitForm(DraftForm):
    per_decision = _amount(_("Per decision"), _("Empty: any amount."))
    per_day = _amount(_("Per day and person"), _("Empty: any amount."))
    per_customer = _amount(_("Per customer"), _("What anybody gave him counts."))
    customer_days = forms.IntegerField(label=_("Days that count per customer"), min_value=1, max_value=3650)
    four_eyes_above = _amount(_("Two persons above"), _("Empty: never; 0: always."))
    severities = forms.MultipleChoiceField(
        label=pgettext_lazy("rule", "Severity"), choices=Severity.choices, required=False,
        widget=forms.CheckboxSelectMultiple, help_text=_("None ticked means all."),
    )  # fmt: skip


class TierForm(DraftForm):
    rank = forms.IntegerField(label=_("Rank"), min_value=0, max_value=1000)
    counts_as_senior = forms.BooleanField(label=_("Counts as senior"), required=False)
    valid_months = forms.IntegerField(label=_("A certificate lasts (months)"), min_value=1, max_value=120)
    warn_days = forms.IntegerField(label=_("End announced (days before)"), min_value=0, max_value=365)


class RequirementForm(DraftForm):
    tier = forms.ModelChoiceField(label=_("Asks for"), queryset=Tier.objects.none())

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["tier"].queryset = Tier.objects.all()  # type: ignore[attr-defined]


class GrantForm(forms.Form):
    """A certificate for somebody else."""

    tier = forms.ModelChoiceField(label=pgettext_lazy("training", "Tier"), queryset=Tier.objects.none())
    duties = forms.MultipleChoiceField(
        label=pgettext_lazy("training", "Duties"), choices=Duty.choices, required=False,
        widget=forms.CheckboxSelectMultiple, help_text=_("None ticked means all."),
    )  # fmt: skip
    valid_from = forms.DateTimeField(
        label=pgettext_lazy("training", "Valid from"), required=False,
        widget=forms.DateTimeInput(attrs={"type": "datetime-local"}, format="%Y-%m-%dT%H:%M"),
        help_text=_("Empty means at once."),
    )  # fmt: skip
    reason = forms.CharField(
        label=pgettext_lazy("rule", "Reason"), widget=forms.Textarea, max_length=500, required=False
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["tier"].queryset = Tier.objects.all()  # type: ignore[attr-defined]
