"""What a person may do with an exchange or a repair: the form of each dialog and the service behind it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from django.utils.translation import pgettext_lazy

from aftersales.cases import services
from aftersales.cases.models import FaultTreeVersion
from aftersales.cases.services import Diagnosis
from aftersales.core.posted import whole
from aftersales.desk import repairforms as forms
from aftersales.tickets.models import Appointment


@dataclass(frozen=True)
class WorkAct:
    """``on``: case, repair, due or parcel. Acts on a repair bear the name of its move where there is one."""

    label: Any
    on: str
    form: type[forms.WorkForm]
    run: Callable[..., object]
    capability: str


def _choose(case: Any, form: forms.ChooseForm, **who: Any) -> object:
    return services.exchange_choose(
        case=case, replacements=form.replacements(), send_first=form.cleaned_data["send_first"], **who
    )


def _send(case: Any, form: forms.WorkForm, **who: Any) -> object:
    return services.exchange_send(case=case, **form.cleaned_data, **who)


def _turn(case: Any, form: forms.WorkForm, **who: Any) -> object:
    return services.case_turn(case=case, **form.cleaned_data, **who)


def _due(due: Any, form: forms.WorkForm, **who: Any) -> object:
    return services.due_paid(due=due, reference=form.cleaned_data["reference"], **who)


def _label(parcel: Any, form: forms.WorkForm, **who: Any) -> object:
    data = form.cleaned_data
    key = whole(data["appointment"])
    appointment = Appointment.objects.filter(pk=key).first() if key else None
    return services.parcel_label(
        parcel=parcel, way=data["way"], carrier=data["carrier"], label_no=data["label_no"], appointment=appointment,
        **who,
    )  # fmt: skip


def _diagnose(repair: Any, form: forms.WorkForm, **who: Any) -> object:
    data = form.cleaned_data
    key, _mark, branch = data["branch"].partition(":")
    tree = FaultTreeVersion.objects.filter(pk=whole(key) or 0).first()
    seen = Diagnosis(tree, branch, data["serial_no"], data["borne_by"], data["no_fault"], data["workshop"])
    return services.repair_diagnose(repair=repair, diagnosis=seen, words=data["words"], **who)


def _quote(repair: Any, form: forms.QuoteForm, **who: Any) -> object:
    data = form.cleaned_data
    return services.repair_quote(
        repair=repair, labour=data["labour"] or Decimal(0), parts=form.parts(), words=data["words"], **who
    )


def _accept(repair: Any, form: forms.WorkForm, **who: Any) -> object:
    return services.repair_answer(repair=repair, accept=True, words=form.cleaned_data["words"], **who)


def _decline(repair: Any, form: forms.WorkForm, **who: Any) -> object:
    return services.repair_answer(repair=repair, accept=False, words=form.cleaned_data["words"], **who)


def _order(repair: Any, form: forms.PartsForm, **who: Any) -> object:
    return services.repair_order_parts(repair=repair, parts=form.parts(), **who)


def _arrive(repair: Any, form: forms.WorkForm, **who: Any) -> object:
    return services.repair_parts_arrive(repair=repair, **who)


def _start(repair: Any, form: forms.WorkForm, **who: Any) -> object:
    return services.repair_start(repair=repair, **who)


def _test(repair: Any, form: forms.WorkForm, **who: Any) -> object:
    data = form.cleaned_data
    passed = data["passed"] == "yes"
    return services.repair_test(repair=repair, passed=passed, found=data["found"], words=data["words"], **who)


def _give_up(repair: Any, form: forms.WorkForm, **who: Any) -> object:
    return services.repair_give_up(repair=repair, **form.cleaned_data, **who)


def _send_back(repair: Any, form: forms.WorkForm, **who: Any) -> object:
    return services.repair_send_back(repair=repair, **form.cleaned_data, **who)


def _came_back(repair: Any, form: forms.WorkForm, **who: Any) -> object:
    return services.repair_came_back(repair=repair, **who)


REPAIR = "cases.repair"
ACTS: Mapping[str, WorkAct] = {
    "choose": WorkAct(
        pgettext_lazy("exchange act", "Choose the replacement"),
        "case",
        forms.ChooseForm,
        _choose,
        "cases.decide",
    ),
    "send": WorkAct(
        pgettext_lazy("exchange act", "Send the replacement"), "case", forms.SendForm, _send, "cases.ship"
    ),
    "turn": WorkAct(
        pgettext_lazy("case move", "Turn into another kind"), "case", forms.TurnForm, _turn, "cases.turn"
    ),
    "paid": WorkAct(pgettext_lazy("due act", "Paid"), "due", forms.DueForm, _due, "cases.take_due"),
    "label": WorkAct(
        pgettext_lazy("parcel act", "Pick-up or drop-off"), "parcel", forms.LabelForm, _label, "cases.ship"
    ),
    "diagnose": WorkAct(
        pgettext_lazy("repair move", "Diagnose"), "repair", forms.DiagnoseForm, _diagnose, REPAIR
    ),
    "quote": WorkAct(pgettext_lazy("repair move", "Quote"), "repair", forms.QuoteForm, _quote, REPAIR),
    "accept": WorkAct(
        pgettext_lazy("repair move", "Customer accepts"), "repair", forms.WordsForm, _accept, "cases.answer"
    ),
    "decline": WorkAct(
        pgettext_lazy("repair move", "Customer declines"), "repair", forms.WordsForm, _decline, "cases.answer"
    ),
    "order_parts": WorkAct(
        pgettext_lazy("repair move", "Order parts"), "repair", forms.PartsForm, _order, REPAIR
    ),
    "parts_arrive": WorkAct(
        pgettext_lazy("repair move", "Parts are here"), "repair", forms.NothingForm, _arrive, REPAIR
    ),
    "start": WorkAct(
        pgettext_lazy("repair move", "Start the repair"), "repair", forms.NothingForm, _start, REPAIR
    ),
    "test": WorkAct(pgettext_lazy("repair move", "Test report"), "repair", forms.TestForm, _test, REPAIR),
    "give_up": WorkAct(
        pgettext_lazy("repair move", "Cannot be repaired"), "repair", forms.FoundForm, _give_up, REPAIR
    ),
    "send_back": WorkAct(
        pgettext_lazy("repair move", "Send back"), "repair", forms.SendForm, _send_back, "cases.receive"
    ),
    "came_back": WorkAct(
        pgettext_lazy("repair act", "The fault is back"),
        "repair",
        forms.NothingForm,
        _came_back,
        "cases.decide",
    ),
}
REPAIR_MOVES = (
    "accept", "decline", "parts_arrive", "test", "send_back", "start", "order_parts", "quote", "diagnose", "give_up",
)  # fmt: skip
