"""The workshop's acts as its merchant's person does them: each with its form and the service behind it."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from django.utils.translation import get_language, gettext_lazy, pgettext_lazy
from django.utils.translation import gettext as _

from aftersales.cases import services
from aftersales.cases.models import FaultTreeVersion, Repair
from aftersales.cases.repairs.selectors import trees_for
from aftersales.cases.services import Diagnosis
from aftersales.core.posted import whole
from aftersales.orders.models import Category

from . import forms


@dataclass(frozen=True)
class BenchAct:
    name: str
    label: Any
    form: type[forms.ActForm]
    run: Callable[[Any, Any], Any]
    effect: Any = ""
    lead: bool = False
    shows: str = ""


def _diagnose(repair: Any, given: Any) -> Any:
    data = given.data
    key, _mark, branch = data["branch"].partition(":")
    tree = FaultTreeVersion.objects.filter(pk=whole(key) or 0).first()
    seen = Diagnosis(tree, branch, data["serial_no"], data["borne_by"], data["no_fault"], data["workshop"])
    return services.repair_diagnose(repair=repair, diagnosis=seen, words=given.words, **given.whole)


def _quote(repair: Any, given: Any) -> Any:
    labour = given.data["labour"] or Decimal(0)
    return services.repair_quote(
        repair=repair, labour=labour, parts=given.form.parts(), words=given.words, **given.whole
    )


def _order(repair: Any, given: Any) -> Any:
    return services.repair_order_parts(repair=repair, parts=given.form.parts(), **given.whole)


def _parts_arrive(repair: Any, given: Any) -> Any:
    return services.repair_parts_arrive(repair=repair, **given.whole)


def _start(repair: Any, given: Any) -> Any:
    return services.repair_start(repair=repair, **given.whole)


def _test(repair: Any, given: Any) -> Any:
    data = given.data
    return services.repair_test(
        repair=repair, passed=data["passed"] == "yes", found=data["found"], words=given.words, **given.whole
    )


def _give_up(repair: Any, given: Any) -> Any:
    return services.repair_give_up(repair=repair, found=given.data["found"], words=given.words, **given.whole)


def _send_back(repair: Any, given: Any) -> Any:
    data = given.data
    return services.repair_send_back(
        repair=repair, carrier=data["carrier"], tracking_no=data["tracking_no"], **given.whole
    )


ACTS: Sequence[BenchAct] = (
    BenchAct("diagnose", pgettext_lazy("repair move", "Diagnose"), forms.DiagnoseForm, _diagnose,
             gettext_lazy("The branch of the fault tree is kept, and compared with the cause finally found."), True),
    BenchAct("start", pgettext_lazy("repair move", "Start the repair"), forms.ActForm, _start, "", True),
    BenchAct("parts_arrive", pgettext_lazy("repair move", "Parts are here"), forms.ActForm, _parts_arrive, "", True),
    BenchAct("test", pgettext_lazy("repair move", "Test report"), forms.TestForm, _test,
             gettext_lazy("With it the article may go back; the repair is proven for thirty days."), True),
    BenchAct("repair_back", pgettext_lazy("repair move", "Send back"), forms.WaybillForm, _send_back,
             gettext_lazy("The parcel goes back to the customer under this waybill."), True, "address"),
    BenchAct("quote", pgettext_lazy("repair move", "Quote"), forms.QuoteForm, _quote,
             gettext_lazy("The customer is asked; nothing is repaired at his cost before he accepts.")),
    BenchAct("order_parts", pgettext_lazy("repair move", "Order parts"), forms.PartsForm, _order,
             gettext_lazy("The clock of the repair stands until the parts are here.")),
    BenchAct("give_up", pgettext_lazy("repair move", "Cannot be repaired"), forms.FoundForm, _give_up,
             gettext_lazy("An exchange or a return is offered instead.")),
)  # fmt: skip
MOVES: Mapping[str, str] = {
    "diagnose": "diagnose", "start": "start", "parts_arrive": "parts_arrive", "test": "test",
    "send_back": "repair_back", "quote": "quote", "order_parts": "order_parts", "give_up": "give_up",
}  # fmt: skip
"""Which move of a repair is which act."""


def choices_of(name: str, repair: Repair, now: Any) -> dict[str, Sequence[Any]]:
    """What the fields of an act of the workshop may be."""
    if name == "diagnose":
        return {"branch": _branches(trees_for(_path(repair), now))}
    tree = repair.tree_version
    if name in ("test", "give_up") and tree is not None:
        return {"found": [(one["code"], tree.cause(one["code"])) for one in tree.branches]}
    return {}


def _branches(trees: Sequence[FaultTreeVersion]) -> list[Any]:
    tail = "en" if (get_language() or "").startswith("en") else "zh"
    groups = [
        (tree.tree.name, [
            (f"{tree.pk}:{one['code']}", f"{one[f'symptom_{tail}']} → {one[f'cause_{tail}']}") for one in tree.branches
        ])
        for tree in trees
    ]  # fmt: skip
    return [("", _("No branch fits")), *groups]


def _path(repair: Repair) -> list[str]:
    """The category of the article and those above it."""
    product = repair.case_line.line.product
    category: Category | None = product.category if product else None
    codes: list[str] = []
    while category is not None and len(codes) < 20:
        codes.append(category.code)
        category = category.parent
    return codes
