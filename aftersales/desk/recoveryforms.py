"""Forms of recoveries: objection, decision, payment of the merchant, write-off, top-up, and paying first."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from aftersales.cases import services
from aftersales.cases.models import Recovery
from aftersales.cases.recovery.states import Objection, WriteOffCause
from aftersales.core.files import StoredFile

LONG = forms.Textarea(attrs={"rows": 4})
MONEY: dict[str, Any] = {"max_digits": 14, "decimal_places": 2}
CENT = Decimal("0.01")


class ObjectionForm(forms.Form):
    cause = forms.ChoiceField(label=pgettext_lazy("recovery", "Reason"), choices=Objection.choices)
    words = forms.CharField(
        label=_("What the merchant says, and what proves it"), max_length=4000, widget=LONG
    )


class DecisionForm(forms.Form):
    stands = forms.DecimalField(
        label=_("How much of the claim stands; 0 drops it"), min_value=Decimal(0), **MONEY
    )
    words = forms.CharField(label=_("Reasons, told to the merchant"), max_length=2000, widget=LONG)


class PaidForm(forms.Form):
    """Money of the merchant with the bank's reference."""

    amount = forms.DecimalField(label=pgettext_lazy("recovery", "Amount"), min_value=CENT, **MONEY)
    reference = forms.CharField(label=_("Reference of the payment"), max_length=80)


class WriteOffForm(forms.Form):
    cause = forms.ChoiceField(label=pgettext_lazy("write-off", "Cause"), choices=WriteOffCause.choices)
    words = forms.CharField(label=_("What was tried"), max_length=1000, widget=LONG)


class ReasonForm(forms.Form):
    reason = forms.CharField(label=pgettext_lazy("recovery", "Reason"), max_length=200)


@dataclass(frozen=True)
class RecoveryAct:
    """One act from a dialog; ``name`` is the address and the act on the page."""

    label: Any
    run: Callable[..., Any]
    form: type[forms.Form] = forms.Form
    effect: Any = ""
    with_files: bool = False


Data = Mapping[str, Any]
Files = Sequence[StoredFile]


def _object(row: Recovery, data: Data, files: Files, version: int | None, actor: Any, now: datetime) -> Any:
    return services.recovery_object(
        recovery=row,
        cause=data["cause"],
        words=data["words"],
        files=files,
        actor=actor,
        now=now,
        version=version,
    )


def _prove(row: Recovery, data: Data, files: Files, version: int | None, actor: Any, now: datetime) -> Any:
    return services.recovery_prove(recovery=row, files=files, actor=actor, now=now)


def _decide(row: Recovery, data: Data, files: Files, version: int | None, actor: Any, now: datetime) -> Any:
    return services.recovery_decide(
        recovery=row, stands=data["stands"], words=data["words"], actor=actor, now=now, version=version
    )


def _collect(row: Recovery, data: Data, files: Files, version: int | None, actor: Any, now: datetime) -> Any:
    return services.recovery_collect(recovery=row, actor=actor, now=now, version=version)


def _paid(row: Recovery, data: Data, files: Files, version: int | None, actor: Any, now: datetime) -> Any:
    return services.recovery_paid(
        recovery=row, amount=data["amount"], reference=data["reference"], actor=actor, now=now
    )


def _write_off(
    row: Recovery, data: Data, files: Files, version: int | None, actor: Any, now: datetime
) -> Any:
    return services.write_off_propose(
        recovery=row, cause=data["cause"], words=data["words"], actor=actor, now=now, version=version
    )


ACTS: Mapping[str, RecoveryAct] = {
    "object": RecoveryAct(
        pgettext_lazy("recovery", "Take down an objection"), _object, ObjectionForm,
        _("Nothing is taken before another person has decided on it."), with_files=True,
    ),
    "prove": RecoveryAct(
        pgettext_lazy("recovery", "Add files of the merchant"), _prove, forms.Form,
        _("Kept with their moment and their fingerprint (SHA-256), for whoever decides and for the claim file."),
        with_files=True,
    ),
    "decide": RecoveryAct(
        pgettext_lazy("recovery", "Decide the objection"), _decide, DecisionForm,
        _("The merchant is told the amount that stands and the reasons."),
    ),
    "collect": RecoveryAct(
        pgettext_lazy("recovery", "Collect now"), _collect, forms.Form,
        _("Taken from the unsettled payout, then from the deposit; the rest stands as the merchant's debt."),
    ),
    "paid": RecoveryAct(
        pgettext_lazy("recovery", "The merchant paid"), _paid, PaidForm, _("The same reference counts once."),
    ),
    "write_off": RecoveryAct(
        pgettext_lazy("recovery", "Propose to write off"), _write_off, WriteOffForm,
        _("All that is left of it; another person writes it off. Until then nothing is collected."),
    ),
}  # fmt: skip
