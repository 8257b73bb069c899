"""The form of goods that came back: counts and findings line by line, with pictures."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from decimal import Decimal
from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from aftersales.cases.models import ParcelItem
from aftersales.cases.services import Arrival, Finding
from aftersales.cases.states import FoundCause, Grade
from aftersales.core.files import StoredFile

MOST = 100_000
COUNTS = ("accepted", "damaged", "missing", "wrong")
FIELDS = ("now", *COUNTS, "grade", "cause", "deduction", "why")


class ReceiptForm(forms.Form):
    """``now-<item>`` counts what is new; the others judge everything of the item that is here."""

    carrier = forms.CharField(label=_("Carrier"), max_length=60, required=False)
    tracking_no = forms.CharField(label=_("Waybill"), max_length=80, required=False)
    rest_follows = forms.BooleanField(label=_("The rest comes in another parcel"), required=False)
    keep = forms.BooleanField(
        label=_("The goods stay with us; untick to send them back"), required=False, initial=True
    )
    words = forms.CharField(
        label=_("What was found, in words"),
        max_length=2000,
        required=False,
        widget=forms.Textarea(attrs={"rows": 3}),
    )

    def __init__(self, *args: Any, items: Sequence[ParcelItem], judges: bool = True, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.items, self.judges = items, judges
        for item in items:
            for name, made in _fields(item, judges).items():
                self.fields[f"{name}-{item.pk}"] = made
        if not judges:
            del self.fields["keep"], self.fields["words"]

    def of(self, item: ParcelItem, name: str) -> Any:
        return self.cleaned_data.get(f"{name}-{item.pk}")

    def arrival(self, photos: Sequence[StoredFile] = (), ref: str = "") -> Arrival:
        data = self.cleaned_data
        return Arrival(
            {item.pk: self.of(item, "now") or 0 for item in self.items}, carrier=data["carrier"],
            tracking_no=data["tracking_no"], rest_follows=data["rest_follows"], photos=photos,
            source="portal" if ref else "", source_ref=ref,
        )  # fmt: skip

    def findings(self, photos: Mapping[int, Sequence[StoredFile]] | None = None) -> dict[int, Finding]:
        return {item.pk: self._finding(item, (photos or {}).get(item.pk, ())) for item in self.items}

    def _finding(self, item: ParcelItem, photos: Sequence[StoredFile]) -> Finding:
        counts: dict[str, Any] = {name: self.of(item, name) or 0 for name in COUNTS}
        of_itself = counts["accepted"] + counts["damaged"]
        return Finding(
            **counts, grade=self.of(item, "grade") if of_itself else "", cause=self.of(item, "cause") or "",
            deduction=self.of(item, "deduction") or Decimal(0), why=self.of(item, "why") or "", photos=photos,
        )  # fmt: skip

    @property
    def rows(self) -> list[dict[str, Any]]:
        """Each item with its fields, for the page."""
        names = FIELDS if self.judges else ("now",)
        return [
            {
                "item": item,
                **{name: self[f"{name}-{item.pk}"] for name in names if f"{name}-{item.pk}" in self.fields},
            }
            for item in self.items
        ]


def room(item: ParcelItem) -> int:
    """How many of the article may still come in, in whichever parcel."""
    return int(max(item.case_line.approved - item.case_line.received, 0))


def expected(item: ParcelItem) -> int:
    """How many of them this parcel is said to hold still."""
    return int(max(min(item.announced - item.received, room(item)), 0))


def _number(label: Any, initial: int) -> forms.IntegerField:
    widget = forms.NumberInput(attrs={"inputmode": "numeric"})
    return forms.IntegerField(
        label=label, min_value=0, max_value=MOST, required=False, initial=initial, widget=widget
    )


def _fields(item: ParcelItem, judges: bool) -> dict[str, forms.Field]:
    """Without the count where nothing is left to come in: it would be refused."""
    counted: dict[str, forms.Field] = {}
    if room(item):
        counted["now"] = _number(pgettext_lazy("count", "Counted now"), expected(item))
    if not judges:
        return counted
    return {
        **counted,
        "accepted": _number(pgettext_lazy("count", "In order"), item.received + expected(item)),
        "damaged": _number(pgettext_lazy("count", "Damaged"), 0),
        "missing": _number(pgettext_lazy("count", "Incomplete or empty"), 0),
        "wrong": _number(pgettext_lazy("count", "Another article"), 0),
        "grade": forms.ChoiceField(label=_("Grade"), choices=Grade.choices, initial=Grade.OPENED),
        "cause": forms.ChoiceField(
            label=_("Cause found"), choices=[("", "–"), *FoundCause.choices], required=False
        ),
        "deduction": forms.DecimalField(
            label=_("Take off"), max_digits=12, decimal_places=2, min_value=Decimal(0), required=False,
            widget=forms.NumberInput(attrs={"inputmode": "decimal", "step": "0.01"}),
        ),
        "why": forms.CharField(label=_("Why it is taken off; the customer reads it"), max_length=200, required=False),
    }  # fmt: skip
