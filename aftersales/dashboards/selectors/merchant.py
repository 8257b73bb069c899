"""What the page of one merchant shows besides his score: courses, obligations, what is open, products with problems."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db.models import Count, IntegerField, OuterRef, QuerySet, Subquery, Value
from django.db.models.functions import Coalesce
from django.utils.safestring import SafeString

from aftersales.cases.models import Case, Dispute, Recovery
from aftersales.cases.recovery.states import OPEN_RECOVERIES
from aftersales.dashboards.selectors import products, weeks
from aftersales.ledger.models import Proposal
from aftersales.ledger.states import UNDECIDED, Party
from aftersales.merchants.models import Merchant
from aftersales.scorecards import figurepages, trends
from aftersales.scorecards.metrics import metric
from aftersales.scorecards.models import Rollup, Scored
from aftersales.scorecards.states import SubjectKind
from aftersales.tickets.models import Ticket
from aftersales.tickets.states import OPEN_STATES

SHOWN = 6
DAYS = products.SPANS[1]


@dataclass(frozen=True)
class About:
    """``promises``: by week, most broken first; ``together``: all of them."""

    courses: Mapping[str, SafeString | str]
    promises: list[weeks.Row]
    together: weeks.Row
    products: list[products.Line]
    floor: int
    days: int = DAYS


def counted(user: Any, rows: QuerySet[Merchant]) -> QuerySet[Merchant]:
    """With how many tickets, cases, disputes and recoveries are open that this person may see; no statement more."""
    return rows.annotate(
        open_tickets=_number(Ticket.objects.visible_to(user).filter(state__in=OPEN_STATES), "merchant_id"),
        open_cases=_number(Case.objects.visible_to(user).open(), "merchant_id"),
        open_disputes=_number(Dispute.objects.visible_to(user).unruled(), "merchant_id"),
        open_recoveries=_number(
            Recovery.objects.visible_to(user).filter(state__in=OPEN_RECOVERIES), "merchant_id"
        ),
    )


def _number(rows: QuerySet[Any], column: str) -> Any:
    of_shop = rows.order_by().filter(**{column: OuterRef("pk")}).values(column).annotate(n=Count("pk"))
    return Coalesce(Subquery(of_shop.values("n"), output_field=IntegerField()), Value(0))


def about(user: Any, shop: Merchant, row: Scored | None, now: datetime) -> About:
    """Three statements, whatever happened."""
    asked = weeks.wanted({}, now)
    promises, together = weeks.of_merchant(user, shop, asked)
    of = products.span(DAYS, now)
    floor = products.floor_of(now)
    worst = products.listed(user, products.Wanted(shop=shop.code), of, floor, limit=SHOWN - 1)
    return About(
        _courses(user, shop, row), promises[:SHOWN], together,
        [one for one in worst if one.figures[products.RATES[0]].num], floor,
    )  # fmt: skip


def _courses(user: Any, shop: Merchant, row: Scored | None) -> Mapping[str, SafeString | str]:
    """Twelve months of every metric of the score, up to its last day; without what the score leaves out as well."""
    if row is None:
        return {}
    codes = [one["metric"] for one in row.details["items"]]
    mine = Rollup.objects.visible_to(user).filter(subject_id=shop.pk).counting_still()
    found = trends.by_month(mine, SubjectKind.MERCHANT, codes, row.day)
    listed = trends.months(row.day)
    return {of.metric: figurepages.course(metric(of.metric), spans, listed) for of, spans in found.items()}


def open_cases(user: Any, shop: Merchant) -> Sequence[Case]:
    """The oldest open ones, each with the number of its open dispute."""
    disputes = Dispute.objects.unruled().filter(case=OuterRef("pk")).values("number")[:1]
    rows = Case.objects.visible_to(user).open().filter(merchant=shop).annotate(disputed=Subquery(disputes))
    return list(rows.order_by("opened_at", "pk")[:SHOWN])


def undecided(user: Any, shop: Merchant) -> Sequence[Proposal]:
    """Rewards and penalties that are not final yet, the newest first."""
    rows = Proposal.objects.visible_to(user).filter(
        party=Party.MERCHANT, party_id=shop.pk, state__in=UNDECIDED
    )
    return list(rows.order_by("-proposed_at", "-pk")[:SHOWN])
