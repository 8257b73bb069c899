"""A score that a measure rested on falls with it: the days of the figures that made it count no more."""

from collections.abc import Iterable, Mapping
from datetime import date, datetime
from decimal import Decimal
from typing import Any

from aftersales.scorecards.consequencedays import DAY, last_of
from aftersales.scorecards.consequencestates import Trigger
from aftersales.scorecards.models import MerchantMeasure, Neutral, Snapshot
from aftersales.scorecards.states import SubjectKind, Verdict

BY_SCORE = frozenset({Trigger.GRADE, Trigger.SCORE})


def score_falls(row: MerchantMeasure, now: datetime) -> None:
    """The window of each such figure, which the formula may have lengthened beyond the month. Twice is as once."""
    until = last_of(row.period)
    Neutral.objects.bulk_create(
        (
            Neutral(measure=row, merchant_id=row.merchant_id, metric=code, since=since, until=until, at=now)
            for code, since in first_days(row).items()
        ),
        ignore_conflicts=True,
    )


def first_days(row: MerchantMeasure) -> dict[str, date]:
    """By metric the first day that was counted for the score; empty for a measure that rests on something else.

    Of the figures that were surely missed; where none was, of all that cost points.
    """
    details = _details(row) if row.trigger in BY_SCORE else {}
    items = details.get("items", ())
    made = [one for one in items if one["verdict"] == Verdict.MISSED] or [*_cost(items), *_taken_off(details)]
    until = last_of(row.period)
    return {one["metric"]: until - (max(one.get("days") or until.day, 1) - 1) * DAY for one in made}


def _details(row: MerchantMeasure) -> Mapping[str, Any]:
    """Of the kept score whose number the measure names."""
    kept = Snapshot.objects.filter(
        subject_kind=SubjectKind.MERCHANT, subject_id=row.merchant_id, month=row.period,
        score=Decimal(row.figures["score"]), grade=row.figures["grade"],
    ).order_by("formula__code")  # fmt: skip
    return kept.values_list("details", flat=True).first() or {}


def _cost(items: Iterable[Mapping[str, Any]]) -> list[Mapping[str, Any]]:
    """Without those of which too little is known: they are neutral already."""
    known = [one for one in items if one["verdict"] != Verdict.TOO_FEW]
    return [one for one in known if Decimal(one.get("gained", 0)) < Decimal(one.get("weight", 0))]


def _taken_off(details: Mapping[str, Any]) -> list[Mapping[str, Any]]:
    return [one for one in details.get("extras", ()) if Decimal(one["points"]) < 0]
