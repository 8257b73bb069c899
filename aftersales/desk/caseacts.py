"""What a person may do with a case or a parcel: the fields of each dialog and the service behind it."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django import forms

from aftersales.cases import services
from aftersales.cases.models import Case, CaseParcel
from aftersales.desk.caseforms import ActForm, ConsentForm, WaybillForm
from aftersales.merchants.models import ReturnAddress


@dataclass(frozen=True)
class CaseAct:
    """``takes``: fields of the dialog; ``needs``: those that must be filled; ``preview``: the refund is shown."""

    takes: Sequence[str]
    run: Callable[..., Case]
    needs: Sequence[str] = ()
    preview: bool = False
    consent: bool = False

    def form(self, *args: Any, **kwargs: Any) -> forms.Form:
        if self.consent:
            return ConsentForm(*args, **kwargs)
        return ActForm(*args, takes=self.takes, needs=self.needs, **kwargs)


Form = Mapping[str, Any]


def _approve(case: Case, data: Form, **who: Any) -> Case:
    waived = {"back": None, "keep": False}.get(data.get("goods", ""))
    to = data.get("return_to") if waived is None else ""
    return services.case_approve(
        case=case,
        amount=data["amount"],
        goods_back=waived,
        how=data["how"] or "staff",
        words=data["words"],
        return_to=ReturnAddress.objects.filter(public_id=to, merchant=case.merchant_id).first()
        if to
        else None,
        **who,
    )


def _offer(case: Case, data: Form, **who: Any) -> Case:
    return services.case_offer(
        case=case, amount=data["amount"], by=data["by"] or "merchant", words=data["words"], **who
    )


def _counter(case: Case, data: Form, **who: Any) -> Case:
    return services.case_counter(case=case, amount=data["amount"], words=data["words"], **who)


def _accept(case: Case, data: Form, **who: Any) -> Case:
    said = services.Consent(data["heard_by"], data["words"], data["said_at"])
    return services.case_accept(case=case, consent=said, **who)


def _reject(case: Case, data: Form, **who: Any) -> Case:
    return services.case_reject(case=case, words=data["words"], how=data["how"] or "staff", **who)


def _amend(case: Case, data: Form, **who: Any) -> Case:
    return services.case_amend(
        case=case, kind=data["kind"], ground=data["ground"], words=data["words"], **who
    )


def _dispute(case: Case, data: Form, **who: Any) -> Case:
    found = services.dispute_open(case=case, by=data["side"], words=data["words"], **who)
    opened: Case = found.case
    return opened


def _withdraw(case: Case, data: Form, **who: Any) -> Case:
    return services.case_withdraw(case=case, words=data["words"], **who)


def _close(case: Case, data: Form, *, version: int | None = None, **who: Any) -> Case:
    return services.case_close(case=case, **who)


ACTS: Mapping[str, CaseAct] = {
    "approve": CaseAct(("amount", "goods", "return_to", "how", "words"), _approve, preview=True),
    "offer": CaseAct(("amount", "by", "words"), _offer, ("amount",), preview=True),
    "counter": CaseAct(("amount", "words"), _counter, ("amount",), preview=True),
    "accept_offer": CaseAct((), _accept, consent=True),
    "accept_counter": CaseAct((), _accept, consent=True),
    "reject": CaseAct(("how", "words"), _reject, ("words",)),
    "amend": CaseAct(("kind", "ground", "words"), _amend, ("kind", "ground")),
    "dispute": CaseAct(("side", "words"), _dispute, ("side",)),
    "withdraw": CaseAct(("words",), _withdraw),
    "close": CaseAct((), _close),
}

PARCEL_ACTS: Mapping[str, Callable[..., CaseParcel]] = {
    "ship": services.parcel_ship,
    "send_back": services.parcel_send_back,
    "deliver": services.parcel_deliver,
    "keep": services.parcel_keep,
    "deliver_back": services.parcel_deliver_back,
    "unclaim": services.parcel_unclaim,
    "arrive": services.parcel_at_door,
    "ask_stop": services.parcel_ask_stop,
    "fail_stop": services.parcel_not_stopped,
    "lose": services.parcel_lose,
    "refuse_at_door": services.parcel_refuse,
    "intercept": services.parcel_intercept,
}
WITH_WAYBILL = ("ship", "send_back")


def parcel_form(name: str, parcel: CaseParcel, *args: Any, **kwargs: Any) -> WaybillForm | None:
    """Carrier and waybill, where the act needs them."""
    if name not in WITH_WAYBILL:
        return None
    form = WaybillForm(*args, **kwargs)
    if name == "ship" or parcel.state != "inspected":
        del form.fields["only_wrong"]
    return form


def parcel_act(
    name: str, parcel: CaseParcel, form: WaybillForm | None, *, actor: Any, now: datetime, version: int | None
) -> CaseParcel:
    data = form.cleaned_data if form else {}
    return PARCEL_ACTS[name](parcel=parcel, actor=actor, now=now, version=version, **data)
