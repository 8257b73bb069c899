"""Measures on figures judged once more, after rows behind them were left out."""

from datetime import date, datetime
from functools import partial

from django.db.models import Q, QuerySet

from aftersales.scorecards import consequences
from aftersales.scorecards.consequencedays import DAY, first_day
from aftersales.scorecards.consequences import Terms
from aftersales.scorecards.consequencestates import FALLEN, Trigger
from aftersales.scorecards.models import ConsequenceVersion, MerchantMeasure


def judged_again(now: datetime) -> list[tuple[MerchantMeasure, consequences.Hit | None]]:
    """Measures on figures, and what would be held against the shop of the same days now: rows may be left out since.

    Each by its own version; one that is over only as long as its rule remembers it.
    """
    rows = MerchantMeasure.objects.filter(trigger=Trigger.METRIC).exclude(state__in=sorted(FALLEN))
    versions = ConsequenceVersion.objects.filter(rule__in=rows.values("rule")).select_related("rule")
    found: list[tuple[MerchantMeasure, consequences.Hit | None]] = []
    for version in versions.order_by("pk"):
        mine = rows.filter(rule=version.rule_id, citation=version.citation)
        found += consequences.safely(
            version, partial(_again, mine.select_related("merchant", "rule"), now=now)
        )
    return found


def _again(
    rows: QuerySet[MerchantMeasure], terms: Terms, now: datetime
) -> list[tuple[MerchantMeasure, consequences.Hit | None]]:
    by: dict[date, list[MerchantMeasure]] = {}
    remembered = Q(ended_at=None) | Q(proposed_at__gt=now - terms.remember * DAY)
    for one in rows.filter(remembered).order_by("pk"):
        by.setdefault(one.period, []).append(one)
    found: list[tuple[MerchantMeasure, consequences.Hit | None]] = []
    for month, mine in by.items():
        hits = consequences.monthly(
            terms,
            month,
            after={one.merchant_id: first_day(one.period, one.figures) - DAY for one in mine},
            before={one.merchant_id: one.proposed_at for one in mine},
        )
        bad = {one.merchant_id: one for one in hits}
        found += [(one, bad.get(one.merchant_id)) for one in mine]
    return found
