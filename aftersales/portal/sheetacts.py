"""Rows of a merchant's sheets become acts: the same that the pages offer, in the name of whoever loaded the file."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import datetime
from hashlib import sha256
from typing import Any

from django.db import transaction
from django.utils.translation import gettext_lazy as _

from aftersales.cases import services
from aftersales.cases.models import Case, ParcelItem
from aftersales.cases.states import HERE, CaseKind, Direction, Grade, ParcelState
from aftersales.core.errors import Busy, DomainError
from aftersales.core.merchantscope import as_merchant
from aftersales.core.models import Event
from aftersales.core.moves import translated_locks
from aftersales.merchants.models import Merchant, ReturnAddress
from aftersales.merchants.services.addresses import address_add, address_change, stands_so

from .cases import forms
from .cases.acts import ACTS, Given
from .cases.counting import COUNTS, ReceiptForm

APPROVE, REFUSE = "approve", "refuse"
BACK, KEEP = "back", "keep"
AGREED_IN = (ParcelState.AWAITED, ParcelState.IN_TRANSIT, *sorted(HERE))
"""States in which the receipt of a parcel can be confirmed by sheet; lost and expired ones come back on the page."""
TOLD = ("contact", "phone", "place", "is_default")
WORDS = ("categories", "kinds")
"""Of these an emptied cell says something too: nothing is preselected any more."""
Rows = Sequence[Mapping[str, Any]]


def answers_take(rows: Rows, actor: Any, now: datetime) -> list[int]:
    """Approve or refuse as the pages do; a case that was answered so already is left alone. Errors: of the acts."""
    return _each(rows, actor, now, _answer)


def waybills_take(rows: Rows, actor: Any, now: datetime) -> list[int]:
    """The replacement goes out under this waybill; the same waybill twice is one parcel. Errors: of the act."""
    return _each(rows, actor, now, _send)


def addresses_take(rows: Rows, actor: Any, now: datetime) -> list[int]:
    """Return addresses by their names, added or corrected; whichever becomes the default goes first.

    Rows of one file come in parts: one that gives the default away leaves it where it is until the row that takes it
    comes, and what that one changed is nobody else's change. Errors: not_found (not a shop that the person owns),
    changed, and those of the services.
    """
    shops = {one.pk: one for one in Merchant.objects.owned_by(actor)}
    used = ReturnAddress.objects.in_use().filter(merchant__in=shops).select_related("merchant")
    with translated_locks(), transaction.atomic():
        known = {(one.merchant_id, one.name): one for one in used}
        for row in rows:
            found = known.get((row["merchant"], row["name"]))
            if row["merchant"] not in shops:
                raise DomainError(_("Only an owner of the shop keeps its return addresses."), "not_found")
            seen = row.get("seen")
            if (
                found
                and seen not in (None, found.version, _left_by_run(found, row, actor))
                and not stands_so(found, **_told(row, found))
            ):
                raise DomainError(_("Somebody changed it after the preview; load the file again."), "changed")
        kept = {}
        for row in sorted(rows, key=lambda one: not one.get("is_default")):
            found = known.get((row["merchant"], row["name"]))
            told = _told(row, found)
            if found is None:
                made = address_add(
                    merchant=shops[row["merchant"]],
                    name=row["name"],
                    actor=actor,
                    now=now,
                    **{"place": ""} | told,
                )
            else:
                made = address_change(address=found, actor=actor, now=now, **told)
            kept[row["merchant"], row["name"]] = made.pk
    return [kept[row["merchant"], row["name"]] for row in rows]


def _left_by_run(address: ReturnAddress, row: Mapping[str, Any], actor: Any) -> int | None:
    """The version that it had when this person's file was looked at, where only his files changed it since."""
    if row.get("previewed") is None:
        return None
    rows = Event.objects.about(ReturnAddress._meta.label_lower, address.pk).filter(at__gte=row["previewed"])
    return address.version - rows.filter(actor_id=actor.pk, source="import").count()


def _told(row: Mapping[str, Any], address: ReturnAddress | None) -> dict[str, Any]:
    """What the row says of an address. The default goes by being given to another."""
    told = {name: row[name] for name in TOLD if row.get(name) is not None}
    if address is not None and address.is_default and told.get("is_default") is False:
        del told["is_default"]
    return told | {name: row[name] or [] for name in WORDS if name in row}


def receipts_take(rows: Rows, actor: Any, now: datetime) -> list[int | None]:
    """Count and judge parcels as the page does, each case whole or not at all; what was confirmed so is left alone.

    A case that cannot be taken any more keeps no other from its receipt.
    """
    cases, by_case = (
        _own([row["case"] for row in rows], actor),
        defaultdict[int, list[Mapping[str, Any]]](list),
    )
    for row in rows:
        by_case[row["case"]].append(row)
    done = {key for key, mine in by_case.items() if key in cases and _whole(cases[key], mine, actor, now)}
    return [row["case"] if row["case"] in done else None for row in rows]


def _whole(case: Case, rows: Rows, actor: Any, now: datetime) -> bool:
    try:
        with translated_locks(), transaction.atomic():
            _receive(case, rows, actor, now)
    except Busy:  # somebody is at it: the chunk is tried again
        raise
    except DomainError:
        return False
    return True


def _receive(case: Case, rows: Rows, actor: Any, now: datetime) -> None:
    """Into the form of the page, and from it to the same service. Errors: not_whole, form, and those of the service."""
    counted = {int(row["line"]): row for row in rows}
    items = list(
        ParcelItem.objects.filter(
            parcel__items__case_line__case=case, parcel__direction=Direction.INBOUND, parcel__state__in=AGREED_IN
        ).select_related("parcel", "case_line__line", "case_line__case").distinct().order_by("id")
    )  # fmt: skip
    if {one.case_line.line.line_no for one in items} != set(counted) or len(
        {one.parcel_id for one in items}
    ) != 1:
        if not items and _received_so(case, counted):
            return
        raise DomainError(_("A case is taken whole or not at all."), "not_whole")
    judges = case.kind != CaseKind.REPAIR
    form = ReceiptForm(_counted(items, counted), items=items, judges=judges)
    if not form.is_valid():
        raise DomainError(" ".join(str(said) for each in form.errors.values() for said in each), "form")
    parcel, who = items[0].parcel, {"actor": actor, "now": now}
    told = sorted((line, row["quantity"], row["condition"]) for line, row in counted.items())
    ref = f"sheet:{sha256(repr((parcel.pk, told)).encode()).hexdigest()[:32]}"
    if not judges:
        services.parcel_receive(parcel=parcel, arrival=form.arrival((), ref), **who)
        return
    services.parcel_process(
        parcel=parcel, arrival=form.arrival((), ref), findings=form.findings(), words=form.cleaned_data["words"],
        keep=True, **who,
    )  # fmt: skip


def _counted(items: Sequence[ParcelItem], counted: Mapping[int, Mapping[str, Any]]) -> dict[str, Any]:
    """What somebody would have typed into the form of the parcel."""
    said: dict[str, Any] = {"keep": "on"}
    words = []
    for item in items:
        line = item.case_line.line
        row = counted[line.line_no]
        said |= {f"{name}-{item.pk}": 0 for name in COUNTS}
        said |= {
            f"now-{item.pk}": max(row["quantity"] - item.received, 0), f"{row['condition']}-{item.pk}": row["quantity"],
            f"grade-{item.pk}": Grade.OPENED if row["condition"] == "accepted" else Grade.BROKEN,
        }  # fmt: skip
        if row.get("remark"):
            words.append(f"{line.product_name or line.sku}: {row['remark']}")
    return said | {"words": "\n".join(words)[:2000]}


def _received_so(case: Case, counted: Mapping[int, Mapping[str, Any]]) -> bool:
    """The same rows were taken already: a run that was broken off begins its last part anew."""
    items = ParcelItem.objects.filter(case_line__case=case, parcel__direction=Direction.INBOUND)
    here = set(items.values_list("case_line__line__line_no", "received"))
    return all((line, row["quantity"]) in here for line, row in counted.items())


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
