"""Small requests that a merchant owes: the list, one of them in words, the form in which it is answered."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, cast

from django import forms
from django.db.models import Q
from django.http import HttpRequest
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from aftersales.cases.models import ServiceRequest
from aftersales.cases.querysets import RequestQuerySet
from aftersales.cases.request_states import REQUEST_COLOURS, RequestKind, RequestState
from aftersales.cases.requestwords import Told, field_of, told_in_words
from aftersales.cases.services.request_kinds import KINDS, Field, Kind
from aftersales.cases.states import Side
from aftersales.core.models import Audience
from aftersales.core.wording import masked
from aftersales.portal.scope import MerchantRequest

PAGE, LONGEST = 20, 2000
PERSONAL: Mapping[str, str] = {"address": "address", "name": "name", "phone": "phone"}
WAITS = Q(state=RequestState.WITH_PARTY)
TURNS: Mapping[str, Any] = {
    "mine": pgettext_lazy("portal requests", "Our turn"),
    "over": pgettext_lazy("portal requests", "Over"),
}


def own_requests(request: HttpRequest) -> RequestQuerySet:
    """What the merchant for whom the person acts owes or owed; what the platform or a carrier owes is not his."""
    rows: RequestQuerySet = ServiceRequest.objects.exclude(audience=Audience.INTERNAL)
    return rows.filter(merchant=cast(MerchantRequest, request).merchant, party=Side.MERCHANT)


@dataclass(frozen=True)
class Line:
    row: ServiceRequest
    now: datetime

    @property
    def is_mine(self) -> bool:
        return bool(self.row.state == RequestState.WITH_PARTY)

    @property
    def is_late(self) -> bool:
        return self.is_mine and self.row.due_at < self.now

    @property
    def badge(self) -> tuple[str, str, str]:
        state = RequestState(self.row.state)
        return str(state.label), REQUEST_COLOURS[state], "ring"

    @property
    def about(self) -> str:
        line = self.row.line
        return str(line.product_name or line.sku) if line is not None else ""


def listed(
    own: RequestQuerySet, turn: str, before: int | None, now: datetime
) -> tuple[list[Line], int | None]:
    """Open ones by their time, or a page of those that are over, newest first. One query."""
    wide = own.select_related("order", "line")
    if turn == "mine":
        return [Line(row, now) for row in wide.filter(WAITS).order_by("due_at", "pk")[:PAGE]], None
    rows = wide.exclude(WAITS).exclude(state=RequestState.ASKED)
    rows = rows.filter(pk__lt=before) if before else rows
    found = list(rows.order_by("-pk")[: PAGE + 1])
    more = found[PAGE - 1].pk if len(found) > PAGE else None
    return [Line(row, now) for row in found[:PAGE]], more


@dataclass(frozen=True)
class Whole:
    """One request: what the customer asks, what was answered; personal data masked unless ``shown``."""

    line: Line
    kind: Kind
    asked: Sequence[Told]
    answered: Sequence[Told]
    hides: bool


def whole(row: ServiceRequest, now: datetime, *, shown: bool) -> Whole:
    kind, currency = KINDS[row.kind], row.line.currency if row.line is not None else "CNY"
    asked = told_in_words(kind.asks, row.details, currency, now)
    private = any(one.name in PERSONAL for one in asked) and row.kind == RequestKind.ADDRESS
    if private and not shown:
        asked = [Told(one.label, _hidden(one), one.name) for one in asked]
    answered = told_in_words(kind.answers, row.result, currency, now)
    return Whole(Line(row, now), kind, asked, answered, private and not shown)


def _hidden(one: Told) -> str:
    return masked(one.value, PERSONAL[one.name]) if one.name in PERSONAL else one.value


def _moment(**common: Any) -> forms.Field:
    widget = forms.DateTimeInput(attrs={"type": "datetime-local"}, format="%Y-%m-%dT%H:%M")
    return forms.DateTimeField(widget=widget, input_formats=["%Y-%m-%dT%H:%M"], **common)


class AnswerForm(forms.Form):
    """What whoever owes it answers: done with the kind's own fields, or refused with a reason."""

    do = forms.ChoiceField(
        label=pgettext_lazy("portal requests", "Your answer"), widget=forms.RadioSelect,
        choices=[("finish", _("It is done")), ("refuse", _("It cannot be done"))],
    )  # fmt: skip

    def __init__(self, *args: Any, declared: Iterable[Field], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.declared = list(declared)
        for one in self.declared:
            self.fields[one.name] = field_of(one, False, _moment)
        self.fields["words"] = forms.CharField(
            label=_("Words to the customer; a refusal needs them"), max_length=LONGEST, required=False,
            widget=forms.Textarea(attrs={"rows": 3}),
        )  # fmt: skip

    def clean(self) -> dict[str, Any]:
        given = super().clean() or {}
        if given.get("do") == "refuse" and not given.get("words", "").strip():
            self.add_error("words", _("Say why: the customer is told."))
        if given.get("do") == "finish":
            for one in self.declared:
                if one.required and given.get(one.name) in (None, ""):
                    self.add_error(one.name, _("Needed when it is done."))
        return given

    @property
    def details(self) -> Mapping[str, Any]:
        return {one.name: self.cleaned_data.get(one.name) for one in self.declared}
