"""Forms of exchanges and repairs: only the fields that an act takes."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from decimal import Decimal
from typing import Any

from django import forms
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, pgettext_lazy

from aftersales.cases.models import CaseLine
from aftersales.cases.repairs.states import OTHER_CAUSE, HandIn
from aftersales.cases.services import Part, Replacement
from aftersales.cases.states import GOODS_BACK, CaseKind, Ground, Side

MONEY = {"max_digits": 12, "decimal_places": 2, "min_value": Decimal(0), "required": False}
ROWS = 4
Choices = Sequence[tuple[str, Any]]


def _words(label: Any, *, required: bool = False) -> forms.CharField:
    return forms.CharField(
        label=label, max_length=2000, required=required, widget=forms.Textarea(attrs={"rows": 3})
    )


class WorkForm(forms.Form):
    """``case``, ``choices`` and ``lines`` are what a form may ask about."""

    def __init__(
        self, *args: Any, case: Any, choices: Any = None, lines: Sequence[CaseLine] = (), **kwargs: Any
    ) -> None:
        super().__init__(*args, **kwargs)
        self.case, self.choices, self.lines = case, choices or {}, lines
        for name, found in self.choices.items():
            if name in self.fields:
                self.fields[name].choices = found  # type: ignore[attr-defined]


class NothingForm(WorkForm):
    """An act that needs no word."""


class WordsForm(WorkForm):
    words = _words(gettext_lazy("Words"))


class ChooseForm(WorkForm):
    """One article for the pieces of each line; an empty price is like for like."""

    send_first = forms.BooleanField(
        label=gettext_lazy("The replacement goes out before the goods are back"), required=False
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        for one in self.lines:
            name = one.line.product_name or one.line.sku
            self.fields[f"name{one.pk}"] = forms.CharField(
                label=_("Instead of %(name)s × %(n)d") % {"name": name, "n": one.announced},
                max_length=200,
                initial=name,
            )
            self.fields[f"price{one.pk}"] = forms.DecimalField(
                label=_("Price of one; empty: like for like"),
                **MONEY,  # type: ignore[arg-type]
            )
        self.order_fields([*(name for name in self.fields if name != "send_first"), "send_first"])

    def replacements(self) -> list[Replacement]:
        data = self.cleaned_data
        return [
            Replacement(one.line_id, one.announced, data[f"name{one.pk}"], "", data[f"price{one.pk}"])
            for one in self.lines
        ]


class SendForm(WorkForm):
    carrier = forms.CharField(label=gettext_lazy("Carrier"), max_length=60)
    tracking_no = forms.CharField(label=gettext_lazy("Waybill"), max_length=80)


class TurnForm(WorkForm):
    kind = forms.ChoiceField(label=pgettext_lazy("case", "What is asked for"))
    ground = forms.ChoiceField(label=pgettext_lazy("case", "Reason"), choices=Ground.choices)
    words = _words(gettext_lazy("Words"))

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        kinds = [one for one in CaseKind if one in GOODS_BACK and one != self.case.kind]
        self.fields["kind"].choices = [(one.value, one.label) for one in kinds]  # type: ignore[attr-defined]
        self.fields["ground"].initial = self.case.ground


class DueForm(WorkForm):
    reference = forms.CharField(label=gettext_lazy("Reference of the payment"), max_length=80)


class LabelForm(WorkForm):
    way = forms.ChoiceField(label=gettext_lazy("Handed in"), choices=HandIn.choices)
    carrier = forms.CharField(label=gettext_lazy("Carrier"), max_length=60)
    label_no = forms.CharField(label=gettext_lazy("Number of the label"), max_length=80)
    appointment = forms.ChoiceField(label=gettext_lazy("Pick-up that was agreed"), required=False)


class DiagnoseForm(WorkForm):
    branch = forms.ChoiceField(label=gettext_lazy("Symptom and cause suspected"), required=False)
    no_fault = forms.BooleanField(label=gettext_lazy("No fault found"), required=False)
    serial_no = forms.CharField(label=gettext_lazy("Serial number"), max_length=60, required=False)
    workshop = forms.CharField(
        label=gettext_lazy("Repair shop that does the work (empty: the seller himself)"),
        max_length=80,
        required=False,
    )
    borne_by = forms.ChoiceField(
        label=gettext_lazy("Borne by"),
        choices=[(one.value, one.label) for one in (Side.MERCHANT, Side.CUSTOMER, Side.PLATFORM)],
    )
    words = _words(gettext_lazy("What was seen"))


class PartsForm(WorkForm):
    """Rows of parts; an empty row is none."""

    priced = False

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        for row in range(ROWS):
            self.fields[f"part{row}"] = forms.CharField(label=_("Part"), max_length=120, required=False)
            self.fields[f"pieces{row}"] = forms.IntegerField(
                label=_("Pieces"), min_value=1, max_value=999, required=False, initial=1
            )
            if self.priced:
                self.fields[f"price{row}"] = forms.DecimalField(label=_("Price of one"), **MONEY)  # type: ignore[arg-type]

    @property
    def rows(self) -> Iterator[list[Any]]:
        names = ("part", "pieces", "price") if self.priced else ("part", "pieces")
        for row in range(ROWS):
            yield [self[f"{name}{row}"] for name in names]

    @property
    def others(self) -> list[Any]:
        return [self[name] for name in self.fields if name in ("labour", "words")]

    def parts(self) -> list[Part]:
        data = self.cleaned_data
        return [
            Part(data[f"part{row}"], data[f"pieces{row}"] or 1, data.get(f"price{row}") or Decimal(0))
            for row in range(ROWS)
            if data[f"part{row}"].strip()
        ]


class QuoteForm(PartsForm):
    priced = True
    labour = forms.DecimalField(label=gettext_lazy("Labour"), **MONEY)  # type: ignore[arg-type]
    words = _words(gettext_lazy("Words"))


class FoundForm(WorkForm):
    found = forms.ChoiceField(label=gettext_lazy("Cause found"), required=False)
    words = _words(gettext_lazy("Report"), required=True)

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        listed: list[tuple[str, Any]] = list(self.choices.get("found", ()))
        self.fields["found"].choices = [*listed, (OTHER_CAUSE, _("Another cause"))]  # type: ignore[attr-defined]


class TestForm(FoundForm):
    passed = forms.ChoiceField(label=gettext_lazy("Test"), choices=[
        ("yes", gettext_lazy("Passed")), ("no", gettext_lazy("Not passed: the repair goes on")),
    ])  # fmt: skip
