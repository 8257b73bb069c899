"""What the return rules say of a request: before it is opened, and as its case keeps it. Nothing here writes."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from aftersales.cases.models import Case
from aftersales.orders.models import OrderLine
from aftersales.standards.returns.faces import AnswerFace, kept_face
from aftersales.standards.returns.selectors import place_of
from aftersales.standards.selectors import book


@dataclass(frozen=True)
class Judged:
    """One article with the answer about it."""

    article: str
    answer: AnswerFace


def of_lines(lines: Mapping[str, Any], market_id: int | None) -> list[Judged]:
    """Answers by the key of their order line, as they are kept."""
    if not lines:
        return []
    known = book()
    zone = place_of(market_id, among=known).zone.key
    names = {
        str(one.pk): one.product_name or one.sku
        for one in OrderLine.objects.filter(pk__in=[int(key) for key in lines])
    }
    return [Judged(names.get(key, key), kept_face(kept, zone, known)) for key, kept in lines.items()]


def of_case(case: Case) -> list[Judged]:
    return of_lines(case.verdict.get("lines", {}), case.market_id)
