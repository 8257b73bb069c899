"""Try the return rules on a real order line: pick the line, the demand, the reason and the moment; nothing is kept."""

from __future__ import annotations

from typing import Any

from django import forms
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, pgettext_lazy
from django.views.decorators.http import require_GET

from aftersales.core.access import needs
from aftersales.core.errors import DomainError
from aftersales.desk.moments import MomentField
from aftersales.orders.models import Order, OrderLine
from aftersales.orders.returning import answers_of
from aftersales.standards.returns.faces import AnswerFace, answer_face
from aftersales.standards.returns.selectors import place_of
from aftersales.standards.returns.states import Demand, Ground

SHOWN = 50  # lines of one order to choose from


class QuestionForm(forms.Form):
    """What is asked about a line."""

    demand = forms.ChoiceField(label=pgettext_lazy("return rule", "Asked for"), choices=Demand.choices)
    ground = forms.ChoiceField(label=pgettext_lazy("return rule", "Because of"), choices=Ground.choices)
    at = MomentField(label=gettext_lazy("Asked at"), shape="%Y-%m-%dT%H:%M:%S")


@require_GET
@needs("orders.view_order")
def eligibility(request: HttpRequest) -> HttpResponse:
    """An order by its number, one of its lines, and what the rules of the day of the order say."""
    now, number = timezone.now(), request.GET.get("order", "").replace("\x00", "").strip()[:64]
    found = Order.objects.visible_to(request.user).numbered(number).newest().first() if number else None
    lines = (
        list(found.lines.select_related("product", "merchant").order_by("line_no")[:SHOWN]) if found else []
    )
    chosen = _chosen(request.GET.get("line", ""), lines)
    asked = QuestionForm(request.GET if "demand" in request.GET else None, initial=_first(now))
    context = {
        "title": _("Try the return rules"), "now": now, "number": number, "order": found, "lines": lines,
        "chosen": chosen, "form": asked, "answer": _answer(found, chosen, asked),
    }  # fmt: skip
    return render(request, "desk/eligibility.html", context)


def _first(now: Any) -> dict[str, Any]:
    return {
        "demand": Demand.RETURN,
        "ground": Ground.NO_REASON,
        "at": timezone.localtime(now).replace(microsecond=0),
    }


def _chosen(text: str, lines: list[OrderLine]) -> OrderLine | None:
    """The line asked about; of an order with a single line, that one."""
    return next((one for one in lines if text == str(one.pk)), lines[0] if len(lines) == 1 else None)


def _answer(order: Order | None, line: OrderLine | None, asked: QuestionForm) -> AnswerFace | None:
    if order is None or line is None or not asked.is_bound or not asked.is_valid():
        return None
    said = asked.cleaned_data
    try:
        found = answers_of([line.pk], demand=said["demand"], ground=said["ground"], asked_at=said["at"])
    except DomainError as error:  # the rule book does not reach that far back
        asked.add_error("at", str(error))
        return None
    return answer_face(found[line.pk], place_of(order.market_id).zone.key)
