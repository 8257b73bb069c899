"""What a person may do with a small request: the form of each dialog and the service behind it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from django import forms
from django.utils.translation import gettext_lazy

from aftersales.cases.models import ServiceRequest
from aftersales.cases.services import requests as services
from aftersales.cases.services.request_kinds import KINDS
from aftersales.core.errors import Text
from aftersales.desk.requestforms import CaseOfForm, DetailsForm, WordsForm

Form = Callable[[ServiceRequest, Any], forms.Form]


@dataclass(frozen=True)
class RequestAct:
    form: Form
    run: Callable[..., Any]
    words: Text = ""


def _details(row: ServiceRequest, posted: Any) -> DetailsForm:
    return DetailsForm(posted, fields=KINDS[row.kind].asks, words="", initial=row.details)


def _answers(row: ServiceRequest, posted: Any) -> DetailsForm:
    return DetailsForm(posted, fields=KINDS[row.kind].answers, words=gettext_lazy("Words to the customer"))


def _reason(row: ServiceRequest, posted: Any) -> WordsForm:
    return WordsForm(posted, needed=True)


def _nothing(row: ServiceRequest, posted: Any) -> forms.Form:
    return forms.Form(posted)


def _case(row: ServiceRequest, posted: Any) -> CaseOfForm:
    becomes = KINDS[row.kind].becomes
    return CaseOfForm(posted, initial={"kind": becomes.kind, "ground": becomes.ground})


def _complete(row: ServiceRequest, form: DetailsForm, **who: Any) -> Any:
    return services.request_complete(request=row, details=form.details, **who)


def _finish(row: ServiceRequest, form: DetailsForm, **who: Any) -> Any:
    return services.request_finish(request=row, answers=form.details, words=form.cleaned_data["words"], **who)


def _refuse(row: ServiceRequest, form: WordsForm, **who: Any) -> Any:
    return services.request_refuse(request=row, words=form.cleaned_data["words"], **who)


def _withdraw(row: ServiceRequest, form: forms.Form, **who: Any) -> Any:
    return services.request_withdraw(request=row, **who)


def _again(row: ServiceRequest, form: forms.Form, **who: Any) -> Any:
    return services.request_ask_again(request=row, **who)


def _to_case(row: ServiceRequest, form: CaseOfForm, **who: Any) -> Any:
    told = form.cleaned_data
    return services.request_to_case(
        request=row,
        kind=told["kind"],
        ground=told["ground"],
        words=told["words"],
        dispute=told["dispute"],
        **who,
    )


ACTS: Mapping[str, RequestAct] = {
    "pass_on": RequestAct(_details, _complete),
    "finish": RequestAct(_answers, _finish),
    "refuse": RequestAct(_reason, _refuse),
    "withdraw": RequestAct(_nothing, _withdraw),
    "ask_again": RequestAct(_nothing, _again),
    "to_case": RequestAct(
        _case,
        _to_case,
        gettext_lazy("What the customer asked, and since when, goes with it; nobody asks him again."),
    ),
}
