"""What a merchant's person writes with an act. Nothing that matters is preselected."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from decimal import Decimal
from typing import Any

from django import forms
from django.utils.translation import gettext, pgettext_lazy
from django.utils.translation import gettext_lazy as _

from aftersales.cases.repairs.states import OTHER_CAUSE
from aftersales.cases.services import Part
from aftersales.cases.states import Side
from aftersales.core.files import accepted

LONGEST, PARTS = 2000, 3
MONEY = {
    "max_digits": 12,
    "decimal_places": 2,
    "widget": forms.NumberInput(attrs={"inputmode": "decimal", "step": "0.01"}),
}
OTHER = "other"


def _words(label: Any, *, required: bool = False, most: int = LONGEST) -> forms.CharField:
    return forms.CharField(
        label=label, required=required, max_length=most, widget=forms.Textarea(attrs={"rows": 3})
    )


class ActForm(forms.Form):
    """An act without words. ``choices``: what the fields of this name may be."""

    takes_files = False

    def __init__(self, *args: Any, choices: Mapping[str, Sequence[Any]] | None = None, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        for name, found in (choices or {}).items():
            if name in self.fields:
                self.fields[name].choices = found  # type: ignore[attr-defined]

    @property
    def accept(self) -> str:
        return accepted()


class AgreeForm(ActForm):
    agree = forms.BooleanField(
        label=_("I have read this and agree."),
        error_messages={"required": _("Tick that you agree; without it nothing is done.")},
    )


class ApproveForm(ActForm):
    goods = forms.ChoiceField(
        label=pgettext_lazy("portal", "The goods"), widget=forms.RadioSelect,
        choices=[
            ("back", _("The customer sends them back first")),
            ("keep", _("The customer keeps them; the refund is owed at once")),
        ],
    )  # fmt: skip
    address = forms.ChoiceField(
        label=pgettext_lazy("portal", "If they come back: where to"), widget=forms.RadioSelect, required=False
    )
    words = _words(_("What the customer is told (optional)"))

    def __init__(self, *args: Any, choices: Mapping[str, Sequence[Any]] | None = None, **kwargs: Any) -> None:
        """Of several places the first is the one that fits; where there is no choice nothing is asked."""
        super().__init__(*args, choices=choices, **kwargs)
        places = (choices or {}).get("address", ())
        if len(places) > 1:
            self.fields["address"].initial = places[0][0]
        else:
            del self.fields["address"]


class SwapApproveForm(ApproveForm):
    """Goods for goods: nothing is paid."""

    goods = forms.ChoiceField(
        label=pgettext_lazy("portal", "The goods"), widget=forms.RadioSelect,
        choices=[
            ("back", _("The customer sends them back first, then the replacement goes out")),
            ("keep", _("The customer keeps them; the replacement goes out at once")),
        ],
    )  # fmt: skip


class SimpleApproveForm(ActForm):
    """Where no goods come back anyway."""

    words = _words(_("What the customer is told (optional)"))


class OfferForm(ActForm):
    amount = forms.DecimalField(
        label=pgettext_lazy("portal", "Amount you offer"),
        min_value=Decimal("0.01"),
        **MONEY,  # type: ignore[arg-type]
    )
    words = _words(_("Why this is fair; the customer reads it"), required=True)


class RejectForm(ActForm):
    takes_files = True
    clause = forms.ChoiceField(label=_("On which clause"), widget=forms.RadioSelect)
    other = forms.CharField(label=_("Another clause: which one"), max_length=120, required=False)
    words = _words(_("What happened, in facts; the customer reads it"), required=True, most=1500)

    def clean(self) -> dict[str, Any]:
        given = super().clean() or {}
        if given.get("clause") == OTHER and not given.get("other", "").strip():
            self.add_error("other", gettext("Name the clause that you refuse on."))
        return given

    @property
    def said(self) -> str:
        """The refusal as the customer reads it: the clause, then the facts."""
        data = self.cleaned_data
        chosen = dict(self.fields["clause"].choices).get(data["clause"], "")  # type: ignore[attr-defined]
        clause = data["other"].strip() if data["clause"] == OTHER else str(chosen)
        return f"{clause}\n{data['words']}"[:LONGEST]


class DisputeForm(ActForm):
    takes_files = True
    words = _words(_("What happened, and what you want"), required=True)


class SayForm(ActForm):
    takes_files = True
    words = _words(_("Your message to the platform"), required=True)


class EvidenceForm(ActForm):
    takes_files = True
    words = _words(_("What it shows"))


class AppealForm(ActForm):
    words = _words(_("What is wrong with the ruling"), required=True)


class ProposeForm(ActForm):
    amount = forms.DecimalField(
        label=pgettext_lazy("portal", "Amount you offer"),
        min_value=Decimal("0.01"),
        **MONEY,  # type: ignore[arg-type]
    )
    goods_back = forms.BooleanField(label=_("The customer sends the goods back"), required=False)


class WaybillForm(ActForm):
    carrier = forms.CharField(label=_("Carrier"), max_length=60)
    tracking_no = forms.CharField(
        label=_("Waybill"), max_length=80,
        widget=forms.TextInput(attrs={"autocapitalize": "characters", "autocomplete": "off"}),
    )  # fmt: skip


class DiagnoseForm(ActForm):
    branch = forms.ChoiceField(label=_("Symptom and cause suspected"), required=False)
    no_fault = forms.BooleanField(label=_("No fault found"), required=False)
    serial_no = forms.CharField(label=_("Serial number"), max_length=60, required=False)
    workshop = forms.CharField(
        label=_("Repair shop that does the work (empty: you yourself)"), max_length=80, required=False
    )
    borne_by = forms.ChoiceField(
        label=_("Borne by"), choices=[(one.value, one.label) for one in (Side.MERCHANT, Side.CUSTOMER)]
    )
    words = _words(_("What was seen"))


class PartsForm(ActForm):
    """Rows of parts; an empty row is none."""

    priced = False

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        for row in range(PARTS):
            number = {"n": row + 1}
            self.fields[f"part{row}"] = forms.CharField(
                label=gettext("Part %(n)d") % number, max_length=120, required=False
            )
            self.fields[f"pieces{row}"] = forms.IntegerField(
                label=gettext("Pieces of part %(n)d") % number, min_value=1, max_value=999, required=False, initial=1
            )  # fmt: skip
            if self.priced:
                self.fields[f"price{row}"] = forms.DecimalField(
                    label=gettext("Price of one of part %(n)d") % number, min_value=Decimal(0), required=False, **MONEY,  # type: ignore[arg-type]
                )  # fmt: skip

    def parts(self) -> list[Part]:
        data = self.cleaned_data
        return [
            Part(data[f"part{row}"], data[f"pieces{row}"] or 1, data.get(f"price{row}") or Decimal(0))
            for row in range(PARTS)
            if data[f"part{row}"].strip()
        ]


class QuoteForm(PartsForm):
    priced = True
    labour = forms.DecimalField(label=_("Labour"), min_value=Decimal(0), required=False, **MONEY)  # type: ignore[arg-type]
    words = _words(_("What the customer is told (optional)"))


class FoundForm(ActForm):
    found = forms.ChoiceField(label=_("Cause found"))
    words = _words(_("Report: what was done and tested"), required=True)

    def __init__(self, *args: Any, choices: Mapping[str, Sequence[Any]] | None = None, **kwargs: Any) -> None:
        known = list((choices or {}).get("found", ()))
        super().__init__(
            *args, choices={"found": [*known, (OTHER_CAUSE, gettext("Another cause"))]}, **kwargs
        )


class TestForm(FoundForm):
    passed = forms.ChoiceField(
        label=pgettext_lazy("repair", "Test"), widget=forms.RadioSelect,
        choices=[("yes", _("Passed")), ("no", _("Not passed: the repair goes on"))],
    )  # fmt: skip
