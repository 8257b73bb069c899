"""The form of the receiving desk: counts and findings of every item of a parcel on one screen."""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal
from typing import Any

from django import forms
from django.core.files.uploadedfile import UploadedFile
from django.utils.translation import gettext_lazy, pgettext_lazy

from aftersales.cases.services import Arrival, Finding
from aftersales.cases.states import FoundCause, Grade, Side
from aftersales.core.files import StoredFile
from aftersales.desk.receiving import Piece

MOST = 100_000
SOLD = (("yes", pgettext_lazy("answer", "Yes")), ("no", pgettext_lazy("answer", "No")))
COUNTS = ("accepted", "damaged", "missing", "wrong")


class InspectForm(forms.Form):
    """``now-<item>`` counts what is new; the others judge everything received of the item."""

    carrier = forms.CharField(label=gettext_lazy("Carrier"), max_length=60, required=False)
    tracking_no = forms.CharField(label=gettext_lazy("Waybill"), max_length=80, required=False)
    weight_g = forms.IntegerField(
        label=gettext_lazy("Weight (g)"), min_value=1, max_value=1_000_000, required=False
    )
    rest_follows = forms.BooleanField(label=gettext_lazy("The rest comes in another parcel"), required=False)
    keep = forms.BooleanField(label=gettext_lazy("The goods stay here"), required=False, initial=True)
    words = forms.CharField(
        label=gettext_lazy("Note on the inspection"), max_length=2000, required=False,
        widget=forms.Textarea(attrs={"rows": 2}),
    )  # fmt: skip

    def __init__(self, *args: Any, pieces: Sequence[Piece], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.pieces = pieces
        for piece in pieces:
            for name, made in _fields(piece).items():
                self.fields[f"{name}-{piece.item.pk}"] = made

    def of(self, piece: Piece, name: str) -> Any:
        return self.cleaned_data.get(f"{name}-{piece.item.pk}")

    def arrival(self, photos: Sequence[StoredFile] = (), **more: Any) -> Arrival:
        data = self.cleaned_data
        counts = {piece.item.pk: self.of(piece, "now") or 0 for piece in self.pieces}
        return Arrival(
            counts, carrier=data["carrier"], tracking_no=data["tracking_no"], weight_g=data["weight_g"],
            rest_follows=data["rest_follows"], photos=photos, **more,
        )  # fmt: skip

    def findings(self, photos: dict[int, list[StoredFile]] | None = None) -> dict[int, Finding]:
        return {
            piece.item.pk: self._finding(piece, (photos or {}).get(piece.item.pk, []))
            for piece in self.pieces
        }

    def _finding(self, piece: Piece, photos: Sequence[StoredFile]) -> Finding:
        counts = {name: self.of(piece, name) or 0 for name in COUNTS}
        sold = self.of(piece, "resellable")
        return Finding(
            **counts, grade=self.of(piece, "grade") or "", resellable={"yes": True, "no": False}.get(sold),
            borne_by=self.of(piece, "borne_by") or "", cause=self.of(piece, "cause") or "",
            deduction=self.of(piece, "deduction") or Decimal(0), why=self.of(piece, "why") or "", photos=photos,
        )  # fmt: skip

    @property
    def rows(self) -> list[dict[str, Any]]:
        """Each item with its fields, for the page."""
        names = ("now", *COUNTS, "grade", "cause", "resellable", "borne_by", "deduction", "why")
        return [
            {"piece": piece, **{name: self[f"{name}-{piece.item.pk}"] for name in names}}
            for piece in self.pieces
        ]


def _number(label: Any, initial: int, most: int = MOST) -> forms.IntegerField:
    widget = forms.NumberInput(attrs={"inputmode": "numeric", "class": "rc-n"})
    return forms.IntegerField(
        label=label, min_value=0, max_value=most, required=False, initial=initial, widget=widget
    )


def _fields(piece: Piece) -> dict[str, forms.Field]:
    here = piece.item.received + piece.expected
    dash = ("", "–")
    return {
        "now": _number(pgettext_lazy("count", "Counted now"), piece.expected),
        "accepted": _number(pgettext_lazy("count", "In order"), here),
        "damaged": _number(pgettext_lazy("count", "Damaged"), 0),
        "missing": _number(pgettext_lazy("count", "Incomplete or empty"), 0),
        "wrong": _number(pgettext_lazy("count", "Another article"), 0),
        "grade": forms.ChoiceField(
            label=gettext_lazy("Grade"), choices=[dash, *Grade.choices], initial=Grade.NEW, required=False
        ),
        "cause": forms.ChoiceField(
            label=gettext_lazy("Cause found"), choices=[dash, *FoundCause.choices], required=False
        ),
        "resellable": forms.ChoiceField(
            label=gettext_lazy("Can be sold again"), choices=[*SOLD, dash], required=False, initial="yes"
        ),
        "borne_by": forms.ChoiceField(
            label=gettext_lazy("Loss borne by"), choices=[dash, *Side.choices], required=False
        ),
        "deduction": forms.DecimalField(
            label=gettext_lazy("Take off"), max_digits=12, decimal_places=2, min_value=Decimal(0), required=False
        ),
        "why": forms.CharField(label=gettext_lazy("Why it is taken off"), max_length=200, required=False),
    }  # fmt: skip


class StrangerForm(forms.Form):
    """What can be read on a parcel that nobody knows."""

    tracking_no = forms.CharField(label=gettext_lazy("Waybill"), max_length=80, required=False)
    carrier = forms.CharField(label=gettext_lazy("Carrier"), max_length=60, required=False)
    phone_tail = forms.RegexField(
        r"^[0-9]{4}$", label=gettext_lazy("Last four digits of the telephone"), required=False
    )
    order_no = forms.CharField(label=gettext_lazy("Order number on it"), max_length=64, required=False)
    goods = forms.CharField(label=gettext_lazy("What lies in it"), max_length=200, required=False)
    place = forms.CharField(label=gettext_lazy("Place on the shelf"), max_length=40)
    weight_g = forms.IntegerField(
        label=gettext_lazy("Weight (g)"), min_value=1, max_value=1_000_000, required=False
    )


def uploads(files: Any, name: str) -> list[UploadedFile]:
    found: list[UploadedFile] = files.getlist(name)
    return found
