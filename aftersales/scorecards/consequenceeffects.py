"""What stands against a merchant by measures that act: points, weight, limits, ordered courses. Reads only."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal

from django.db.models import F

from aftersales.merchants.models import Merchant
from aftersales.scorecards.consequencestates import Effect, MeasureState
from aftersales.scorecards.models import MerchantMeasure

UNTIL_LATE = timedelta(days=2)


@dataclass(frozen=True)
class Effects:
    """All that stands against a merchant. ``weight``: 1 where nothing takes traffic; ``cap``: None without."""

    points: int = 0
    weight: Decimal = Decimal(1)
    campaigns: bool = True
    cap: int | None = None
    warnings: int = 0
    measures: tuple[MerchantMeasure, ...] = ()

    def giving(self, effect: str) -> MerchantMeasure | None:
        """The measure that an effect comes from: of several the hardest, then the oldest."""
        rows = [one for one in self.measures if one.effect == effect]
        keys = {Effect.WEIGHT: lambda one: one.weight, Effect.CAP: lambda one: one.cap}
        return min(rows, key=keys.get(Effect(effect), lambda one: one.begins_at), default=None)


def effects_of(merchants: Collection[int] | None, now: datetime) -> dict[int, Effects]:
    """By merchant what stands; only those against whom something does. One statement.

    Of several weights and limits the hardest holds, they are not multiplied: one fact has one consequence.
    """
    rows = MerchantMeasure.objects.acting(now).select_related("rule").order_by("begins_at", "pk")
    if merchants is not None:
        rows = rows.filter(merchant__in=list(merchants))
    by: dict[int, list[MerchantMeasure]] = {}
    for one in rows:
        by.setdefault(one.merchant_id, []).append(one)
    return {merchant: _summed(mine) for merchant, mine in by.items()}


def effects(merchant: Merchant, now: datetime) -> Effects:
    """What stands against one merchant."""
    return effects_of([merchant.pk], now).get(merchant.pk, Effects())


def _summed(rows: Sequence[MerchantMeasure]) -> Effects:
    def of(effect: Effect) -> list[MerchantMeasure]:
        return [one for one in rows if one.effect == effect]

    return Effects(
        points=sum(one.points for one in of(Effect.POINTS)),
        weight=min((one.weight for one in of(Effect.WEIGHT) if one.weight is not None), default=Decimal(1)),
        campaigns=not of(Effect.CAMPAIGN),
        cap=min((one.cap for one in of(Effect.CAP)), default=None),
        warnings=len(of(Effect.WARNING)),
        measures=tuple(rows),
    )


def ordered_courses(now: datetime) -> list[tuple[int, str, int, str, datetime]]:
    """Training orders that act: merchant, course, days, number of the measure, since when.

    A course is due with a midnight after the measure is over; until that is looked at, its order stays.
    """
    due = MerchantMeasure.objects.filter(state=MeasureState.EXPIRED, ended_at=F("ends_at"))
    rows = MerchantMeasure.objects.acting(now) | due.filter(ends_at__gt=now - UNTIL_LATE)
    rows = rows.filter(effect=Effect.TRAINING).order_by("pk")
    return list(rows.values_list("merchant_id", "course", "days", "number", "begins_at"))
