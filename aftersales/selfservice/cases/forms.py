"""What a customer writes with an act. Nothing that matters is preselected."""

from __future__ import annotations

from datetime import datetime
from decimal import Decimal
from typing import Any

from django import forms
from django.utils.translation import gettext, pgettext_lazy
from django.utils.translation import gettext_lazy as _

from aftersales.cases.states import CaseKind, Ground, NameCheck
from aftersales.core.files import accepted
from aftersales.core.posted import moment_of

LONGEST = 2000
KINDS = [(one.value, one.label) for one in CaseKind if one != CaseKind.COMPENSATION]


def _words(label: Any, *, required: bool = False) -> forms.CharField:
    return forms.CharField(
        label=label, required=required, max_length=LONGEST, widget=forms.Textarea(attrs={"rows": 3})
    )


def _amount() -> forms.DecimalField:
    return forms.DecimalField(
        label=pgettext_lazy("customer page", "Amount"), max_digits=14, decimal_places=2, min_value=Decimal("0.01"),
        widget=forms.NumberInput(attrs={"inputmode": "decimal", "step": "0.01"}),
    )  # fmt: skip


class ActForm(forms.Form):
    """An act without words."""

    takes_files = False

    def __init__(self, *args: Any, agrees: bool = False, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if agrees:
            self.fields["agree"] = forms.BooleanField(
                label=_("I have read this and agree."),
                error_messages={"required": _("Tick that you agree; without it nothing is done.")},
            )

    @property
    def accept(self) -> str:
        return accepted()


class SayForm(ActForm):
    words = _words(_("What you want to say (optional)"))


class DisputeForm(ActForm):
    words = _words(_("What happened, and what you want"), required=True)


class AppealForm(ActForm):
    words = _words(_("What is wrong with the ruling"), required=True)


class CounterForm(ActForm):
    amount = _amount()
    words = _words(_("Why this amount (optional)"))


class AmendForm(ActForm):
    kind = forms.ChoiceField(label=_("What you want instead"), choices=KINDS)
    ground = forms.ChoiceField(label=pgettext_lazy("customer page", "Reason"), choices=Ground.choices)
    words = _words(_("What you want to say (optional)"))


class ShipForm(ActForm):
    carrier = forms.CharField(label=_("Carrier"), max_length=60)
    tracking_no = forms.CharField(
        label=_("Waybill"), max_length=80,
        widget=forms.TextInput(attrs={"autocapitalize": "characters", "autocomplete": "off"}),
    )  # fmt: skip


class EvidenceForm(ActForm):
    takes_files = True
    words = _words(_("What you want to add"))


class SumForm(ActForm):
    amount = _amount()


class ProposeForm(SumForm):
    goods_back = forms.BooleanField(label=_("I send the goods back"), required=False)


class PayeeForm(ActForm):
    takes_files = True
    holder = forms.CharField(label=_("Account holder"), max_length=80)
    bank = forms.CharField(label=pgettext_lazy("customer page", "Bank or payment service"), max_length=80)
    account = forms.CharField(
        label=_("Account number"), max_length=40, widget=forms.TextInput(attrs={"autocomplete": "off"})
    )
    whose = forms.ChoiceField(
        label=_("Whose account is it?"), widget=forms.RadioSelect,
        choices=[
            (NameCheck.SAME.value, _("Mine: I paid this order")),
            (NameCheck.PROVEN.value, _("Somebody else's: I say why and add a proof")),
        ],
    )  # fmt: skip
    proof = forms.CharField(
        label=_("For another name: how you are related, and what proves it"), required=False, max_length=200,
        widget=forms.Textarea(attrs={"rows": 2}),
    )  # fmt: skip

    def clean(self) -> dict[str, Any]:
        given = super().clean() or {}
        if given.get("whose") == NameCheck.PROVEN and not given.get("proof", "").strip():
            self.add_error("proof", gettext("For an account in another name the proof is written down."))
        return given


class PickupForm(ActForm):
    day = forms.DateField(
        label=pgettext_lazy("appointment", "Day"), widget=forms.DateInput(attrs={"type": "date"})
    )
    begins = forms.TimeField(
        label=pgettext_lazy("appointment", "From"), widget=forms.TimeInput(attrs={"type": "time"})
    )
    ends = forms.TimeField(
        label=pgettext_lazy("appointment", "Until"), widget=forms.TimeInput(attrs={"type": "time"})
    )
    words = _words(_("What you want to say (optional)"))

    def window(self) -> dict[str, datetime | None]:
        """The two moments on the market's clock."""
        day = self.cleaned_data["day"].isoformat()
        return {
            name: moment_of(f"{day}T{self.cleaned_data[part]:%H:%M}")
            for name, part in (("starts_at", "begins"), ("ends_at", "ends"))
        }
