"""Forms of cases: opening one, and one act from a dialog."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from django import forms
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, pgettext_lazy

from aftersales.cases.models import Case
from aftersales.cases.services import CaseDraft
from aftersales.cases.services.returning import addresses_offered
from aftersales.cases.states import TAKEN_DOWN, CaseKind, CompensationKind, Ground, Side
from aftersales.desk.moments import MomentField

LONGEST = 2000
AMOUNT = {"max_digits": 14, "decimal_places": 2, "min_value": Decimal("0.01"), "required": False}
OFFERERS = (
    (Side.MERCHANT.value, pgettext_lazy("side", "Merchant")),
    (Side.PLATFORM.value, pgettext_lazy("side", "Platform")),
)


@dataclass(frozen=True)
class FreeLine:
    """An order line with what no case has taken of it."""

    pk: int
    name: str
    paid: Decimal
    currency: str
    bought: int
    free: int

    @property
    def field(self) -> str:
        return f"n{self.pk}"


class CaseForm(forms.Form):
    """What is asked for. The pieces stand beside, one number for each line of the order."""

    kind = forms.ChoiceField(label=pgettext_lazy("case", "What is asked for"), choices=CaseKind.choices)
    ground = forms.ChoiceField(label=pgettext_lazy("case", "Reason"), choices=Ground.choices)
    compensation = forms.ChoiceField(
        label=gettext_lazy("Compensation for"), required=False,
        choices=[("", pgettext_lazy("case", "–")), *CompensationKind.choices],
    )  # fmt: skip
    asked = forms.DecimalField(label=gettext_lazy("Amount the customer names"), **AMOUNT)  # type: ignore[arg-type]
    words = forms.CharField(
        label=gettext_lazy("What the customer says"),
        max_length=LONGEST,
        required=False,
        widget=forms.Textarea,
    )

    def __init__(self, *args: Any, lines: Sequence[FreeLine], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.lines = lines
        for line in lines:
            self.fields[line.field] = forms.IntegerField(
                label=line.name, min_value=0, max_value=line.free, required=False, initial=0
            )

    @property
    def pieces(self) -> Mapping[int, int]:
        return {line.pk: count for line in self.lines if (count := self.cleaned_data.get(line.field))}

    @property
    def rows(self) -> list[tuple[FreeLine, Any]]:
        """Lines with their fields, for the page."""
        return [(line, self[line.field]) for line in self.lines]

    def draft(self, **more: Any) -> CaseDraft:
        data = self.cleaned_data
        paid_only = data["kind"] == CaseKind.COMPENSATION
        return CaseDraft(
            kind=data["kind"], ground=data["ground"], pieces={} if paid_only else self.pieces, words=data["words"],
            asked=data["asked"] or Decimal(0), compensation=data["compensation"] if paid_only else "", **more,
        )  # fmt: skip


class ConsentForm(forms.Form):
    """How, when and in which words somebody accepted for whom staff takes it down."""

    heard_by = forms.ChoiceField(label=pgettext_lazy("consent", "How it was accepted"), choices=TAKEN_DOWN)
    said_at = MomentField(label=pgettext_lazy("consent", "When it was accepted"))
    words = forms.CharField(
        label=pgettext_lazy("consent", "In which words"), max_length=LONGEST,
        widget=forms.Textarea(attrs={"rows": 3}),
    )  # fmt: skip

    def __init__(self, *args: Any, asked: bool = False, **kwargs: Any) -> None:
        """``asked``: what is taken down is a question to him, no acceptance."""
        super().__init__(*args, **kwargs)
        if asked:
            self.fields["heard_by"].label = pgettext_lazy("merchant asked", "How the merchant was asked")
            self.fields["said_at"].label = pgettext_lazy("merchant asked", "When he was asked")
            self.fields["words"].label = pgettext_lazy("merchant asked", "Who was asked, and what")


class ActForm(forms.Form):
    """One act on a case: only the fields that it takes."""

    amount = forms.DecimalField(label=pgettext_lazy("case", "Amount"), **AMOUNT)  # type: ignore[arg-type]
    by = forms.ChoiceField(label=gettext_lazy("Who offers"), choices=OFFERERS, required=False)
    how = forms.ChoiceField(label=gettext_lazy("In whose name"), required=False, choices=[
        ("staff", pgettext_lazy("side", "Platform")), ("merchant", pgettext_lazy("side", "Merchant")),
    ])  # fmt: skip
    goods = forms.ChoiceField(label=gettext_lazy("The goods"), required=False, choices=[
        ("back", gettext_lazy("The customer sends them back")), ("keep", gettext_lazy("The customer keeps them")),
    ])  # fmt: skip
    return_to = forms.ChoiceField(
        label=pgettext_lazy("portal", "If they come back: where to"), required=False
    )
    side = forms.ChoiceField(label=gettext_lazy("Asked for by"), required=False, choices=[
        ("customer", pgettext_lazy("side", "Customer")), ("merchant", pgettext_lazy("side", "Merchant")),
    ])  # fmt: skip
    kind = forms.ChoiceField(
        label=pgettext_lazy("case", "What is asked for"), choices=CaseKind.choices, required=False
    )
    ground = forms.ChoiceField(label=pgettext_lazy("case", "Reason"), choices=Ground.choices, required=False)
    words = forms.CharField(
        label=gettext_lazy("Words"),
        max_length=LONGEST,
        required=False,
        widget=forms.Textarea(attrs={"rows": 3}),
    )

    def __init__(self, *args: Any, takes: Sequence[str], needs: Sequence[str] = (), **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        for name in set(self.fields) - set(takes):
            del self.fields[name]
        for name in needs:
            self.fields[name].required = True

    def clean_words(self) -> str:
        words: str = self.cleaned_data["words"]
        if self.fields["words"].required and not words.strip():
            raise forms.ValidationError(_("Say why: the customer is told."))
        return words


def with_places(form: forms.Form, case: Case) -> forms.Form:
    """Where several places take the goods back the one that fits is chosen already; else nothing is asked."""
    if "return_to" in form.fields:
        places, fits = addresses_offered(case) if case.goods_back else ([], None)
        if len(places) > 1 and fits is not None:
            rows = [(one.public_id, f"{one.name}: {one.place}") for one in places]
            form.fields["return_to"].choices = rows  # type: ignore[attr-defined]
            form.fields["return_to"].initial = fits.public_id
        else:
            del form.fields["return_to"]
    return form


class FreightForm(forms.Form):
    """What the customer laid out to send the goods back, and what shows it."""

    amount = forms.DecimalField(
        label=pgettext_lazy("case", "Amount"), max_digits=14, decimal_places=2, min_value=Decimal("0.01")
    )
    words = forms.CharField(
        label=pgettext_lazy("case", "What shows it"),
        max_length=LONGEST,
        widget=forms.Textarea(attrs={"rows": 2}),
    )


class WaybillForm(forms.Form):
    """Carrier and waybill of a parcel."""

    carrier = forms.CharField(label=gettext_lazy("Carrier"), max_length=60)
    tracking_no = forms.CharField(label=gettext_lazy("Waybill"), max_length=80)
    only_wrong = forms.BooleanField(
        label=gettext_lazy("Only the pieces that were another article"), required=False
    )
