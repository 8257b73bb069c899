"""Forms of disputes: evidence, proposals, suspension, appeal, and the ruling itself."""

from __future__ import annotations

from datetime import timedelta
from decimal import Decimal
from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from aftersales.cases.disputestates import GiveBack, Obligation, PenaltyUnit, RulingOutcome, SuspendedFor
from aftersales.cases.services import RulingDraft
from aftersales.cases.states import CaseKind, Ground, Side
from aftersales.desk.disputes import Bench

MONEY: dict[str, Any] = {"max_digits": 14, "decimal_places": 2, "required": False}
SIDE_CHOICES = (
    (Side.CUSTOMER.value, pgettext_lazy("side", "Customer")),
    (Side.MERCHANT.value, pgettext_lazy("side", "Merchant")),
)
LONG = forms.Textarea(attrs={"rows": 4})


class DisputeForm(forms.Form):
    """A dialog of a dispute that knows who may rule on it."""

    def __init__(self, *args: Any, bench: Bench | None = None, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.bench = bench


class SideForm(DisputeForm):
    """For which side something is done."""

    side = forms.ChoiceField(label=pgettext_lazy("dispute", "For which side"), choices=SIDE_CHOICES)


class SpeakingForm(SideForm):
    """Who still may rule says that he knows what speaking for a side costs."""

    gives_up = forms.BooleanField(
        label=_("I take this down and no longer rule on this dispute."),
        error_messages={"required": _("Tick this, or let somebody else take it down: who rules speaks for no side.")},
    )  # fmt: skip

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if self.bench is None or not self.bench.loses:
            del self.fields["gives_up"]


class HandOnForm(DisputeForm):
    to = forms.TypedChoiceField(label=pgettext_lazy("dispute", "Who rules"), coerce=int)

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        field = self.fields["to"]
        assert isinstance(field, forms.TypedChoiceField)
        field.choices = [(one.person.pk, str(one.person)) for one in self.bench.others] if self.bench else []


class EvidenceForm(SpeakingForm):
    text = forms.CharField(
        label=pgettext_lazy("dispute", "What is said"), max_length=4000, required=False, widget=LONG
    )


class ProposalForm(SpeakingForm):
    amount = forms.DecimalField(
        label=pgettext_lazy("case", "Amount"), max_digits=14, decimal_places=2, min_value=Decimal("0.01")
    )
    goods_back = forms.BooleanField(label=_("The customer sends the goods back"), required=False)


class SuspendForm(DisputeForm):
    cause = forms.ChoiceField(label=pgettext_lazy("dispute", "Waits for"), choices=SuspendedFor.choices)
    days = forms.IntegerField(
        label=pgettext_lazy("dispute", "For how many days at most"), min_value=1, max_value=365, initial=15
    )

    @property
    def lasts(self) -> timedelta:
        return timedelta(days=self.cleaned_data["days"])


class AppealForm(SideForm):
    words = forms.CharField(
        label=pgettext_lazy("dispute", "What is wrong with the ruling"), max_length=4000, widget=LONG
    )


class RulingForm(forms.Form):
    """A coded ruling. The shares of fault are per cent."""

    outcome = forms.ChoiceField(
        label=pgettext_lazy("dispute", "What is ruled"), choices=RulingOutcome.choices
    )
    amount = forms.DecimalField(
        label=pgettext_lazy("dispute", "Amount of a part refund"), min_value=Decimal("0.01"), **MONEY
    )
    goods_back = forms.BooleanField(label=_("The customer sends the goods back"), required=False)
    freight_by = forms.ChoiceField(label=_("Return freight borne by"), choices=Side.choices)
    fault_customer = forms.IntegerField(label=pgettext_lazy("side", "Customer"), min_value=0, max_value=100)
    fault_merchant = forms.IntegerField(label=pgettext_lazy("side", "Merchant"), min_value=0, max_value=100)
    fault_carrier = forms.IntegerField(label=pgettext_lazy("side", "Carrier"), min_value=0, max_value=100)
    fault_platform = forms.IntegerField(label=pgettext_lazy("side", "Platform"), min_value=0, max_value=100)
    obligation = forms.ChoiceField(
        label=_("The merchant has to do besides"), choices=Obligation.choices, required=False
    )
    obligation_days = forms.IntegerField(
        label=_("Within how many days"), min_value=0, max_value=365, required=False
    )
    penalty = forms.DecimalField(label=_("Penalty to propose"), min_value=Decimal(0), **MONEY)
    penalty_unit = forms.ChoiceField(label=_("Penalty in"), choices=PenaltyUnit.choices)
    give_back = forms.ChoiceField(
        label=_("What the customer has already"), choices=GiveBack.choices, required=False
    )
    give_back_ref = forms.CharField(label=_("Consent or judgment"), max_length=120, required=False)
    clause = forms.CharField(label=_("Clause it rests on"), max_length=120)
    facts = forms.CharField(label=_("Facts found"), max_length=2000, widget=LONG)
    reasons = forms.CharField(label=_("Reasons"), max_length=2000, widget=LONG)

    def __init__(self, *args: Any, on_appeal: bool = False, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if not on_appeal:
            del self.fields["give_back"], self.fields["give_back_ref"]

    @property
    def shares(self) -> list[Any]:
        return [self[f"fault_{side}"] for side in ("customer", "merchant", "carrier", "platform")]

    def draft(self) -> RulingDraft:
        data = self.cleaned_data
        fault = {
            side: data[f"fault_{side}"] for side in ("customer", "merchant", "carrier", "platform")
            if data[f"fault_{side}"]
        }  # fmt: skip
        return RulingDraft(
            outcome=data["outcome"], clause=data["clause"], facts=data["facts"], reasons=data["reasons"],
            amount=data["amount"], goods_back=data["goods_back"], freight_by=data["freight_by"], fault=fault,
            obligation=data["obligation"], obligation_days=data["obligation_days"] or 0,
            penalty=data["penalty"] or Decimal(0), penalty_unit=data["penalty_unit"],
            give_back=data.get("give_back", ""), give_back_ref=data.get("give_back_ref", ""),
        )  # fmt: skip


class PrecedentForm(forms.Form):
    """What an earlier ruling is looked for by."""

    words = forms.CharField(label=pgettext_lazy("precedents", "Words"), max_length=100, required=False)
    kind = forms.ChoiceField(
        label=pgettext_lazy("case", "What is asked for"), required=False,
        choices=[("", pgettext_lazy("filter of cases", "Every kind")), *CaseKind.choices],
    )  # fmt: skip
    ground = forms.ChoiceField(
        label=pgettext_lazy("case", "Reason"), required=False,
        choices=[("", pgettext_lazy("filter of cases", "Every reason")), *Ground.choices],
    )  # fmt: skip
    outcome = forms.ChoiceField(
        label=pgettext_lazy("dispute", "What was ruled"), required=False,
        choices=[("", pgettext_lazy("precedents", "Every ruling")), *RulingOutcome.choices],
    )  # fmt: skip
