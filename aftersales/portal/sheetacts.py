"""Rows of a merchant's sheets become acts: the same that the pages offer, in the name of whoever loaded the file."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any

from django.db import transaction
from django.utils.translation import gettext_lazy as _

from aftersales.cases.models import Case
from aftersales.core.errors import DomainError
from aftersales.core.merchantscope import as_merchant
from aftersales.core.moves import translated_locks
from aftersales.merchants.models import Merchant

from .cases import forms
from .cases.acts import ACTS, Given

APPROVE, REFUSE = "approve", "refuse"
BACK, KEEP = "back", "keep"
Rows = Sequence[Mapping[str, Any]]


def answers_take(rows: Rows, actor: Any, now: datetime) -> list[int]:
    """Approve or refuse as the pages do; a case that was answered so already is left alone. Errors: of the acts."""
    return _each(rows, actor, now, _answer)


def waybills_take(rows: Rows, actor: Any, now: datetime) -> list[int]:
    """The replacement goes out under this waybill; the same waybill twice is one parcel. Errors: of the act."""
    return _each(rows, actor, now, _send)


def _each(rows: Rows, actor: Any, now: datetime, act: Callable[..., None]) -> list[int]:
    cases = _own([row["case"] for row in rows], actor)
    with translated_locks(), transaction.atomic():
        for row in rows:
            if row["case"] not in cases:
                raise DomainError(_("No such case of yours is known."), "not_found")
            act(cases[row["case"]], row, actor, now)
    return [row["case"] for row in rows]


def _own(keys: Iterable[int], actor: Any) -> dict[int, Case]:
    """The cases among these that the database itself shows to a shop for which the person acts."""
    found: dict[int, Case] = {}
    for merchant in Merchant.objects.of_member(actor).order_by("pk").values_list("pk", flat=True):
        with as_merchant(merchant):
            mine = Case.objects.visible_to(actor).filter(merchant_id=merchant, pk__in=keys)
            found |= {one.pk: one for one in mine.select_related("ticket")}
    return found


def _answer(case: Case, row: Mapping[str, Any], actor: Any, now: datetime) -> None:
    words = row.get("words") or ""
    if row["answer"] == APPROVE:
        kind = forms.ApproveForm if case.goods_back and row.get("goods") else forms.SimpleApproveForm
        form = kind({"goods": row.get("goods") or "", "words": words})
        return _run("approve", case, form, actor, now)
    given = {"clause": forms.OTHER, "other": row.get("clause") or "", "words": words}
    return _run("reject", case, forms.RejectForm(given, choices={"clause": [(forms.OTHER, "")]}), actor, now)


def _send(case: Case, row: Mapping[str, Any], actor: Any, now: datetime) -> None:
    given = {"carrier": row["carrier"], "tracking_no": row["tracking_no"]}
    _run("replace", case, forms.WaybillForm(given), actor, now)


def _run(name: str, case: Case, form: forms.ActForm, actor: Any, now: datetime) -> None:
    if not form.is_valid():
        raise DomainError(" ".join(str(said) for each in form.errors.values() for said in each), "form")
    ACTS[name].run(case, Given(form, (), actor, now, None, ""))
