"""Metrics that a clause of an agreement may name: shares of a merchant of which more is better."""

from collections.abc import Collection, Mapping
from datetime import date, datetime

from django.db.models import Sum

from aftersales.merchants.duties import Counted, Found
from aftersales.scorecards.metrics import of_kind
from aftersales.scorecards.models import Rollup
from aftersales.scorecards.states import Direction, SubjectKind, Way


def counted() -> list[Counted]:
    return [
        Counted(one.code, one.name, _found(one.code))
        for one in of_kind(SubjectKind.MERCHANT)
        if one.way is Way.SHARE and one.direction is Direction.HIGHER
    ]


def _found(code: str) -> Found:
    def found(
        merchants: Collection[int], since: date, until: date, now: datetime
    ) -> Mapping[int, tuple[int, int]]:
        rows = Rollup.objects.of_days(since, until).filter(
            metric=code, subject_kind=SubjectKind.MERCHANT, subject_id__in=list(merchants)
        )
        summed = rows.values_list("subject_id").annotate(Sum("num"), Sum("den")).order_by()
        return {subject: (num, den) for subject, num, den in summed}

    return found
