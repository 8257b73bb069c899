"""What the next night and morning would do: their own services, in a transaction that is turned back."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime

from django.db import transaction
from django.db.models import Count, Max

from accounts.services import system_user
from aftersales.scorecards import consequencewords
from aftersales.scorecards.consequencestates import FALLEN
from aftersales.scorecards.models import MerchantMeasure, MonthRun, Snapshot
from aftersales.scorecards.services import counting
from aftersales.scorecards.services.measures import measures_raise
from aftersales.scorecards.services.months import months_sweep
from aftersales.scorecards.services.scoring import snapshots_sweep

FALLS, FOLLOWS, KEPT, JUDGED = "falls", "follows", "scores kept", "month judged"


@dataclass(frozen=True)
class Foreseen:
    """``what``: a measure ``falls`` or ``follows``, the scores of a month are kept, or it is judged by a rule.

    ``about``: the measure, the formula or the rule; ``count``: scores that are kept, proposals that are made.
    """

    what: str
    about: str
    merchant: str = ""
    month: str = ""
    count: int = 1
    words: str = ""


def runs_foresee(*, now: datetime, anew: bool = False) -> list[Foreseen]:
    """What would fall, follow and be kept if the night's and the morning's runs began now. Nothing of it stays, and
    nobody is told.

    ``anew``: as after all figures were counted anew. Until it ends the figures and the measures that it touches are
    held: it is meant for a moment at which no worker runs.
    """
    with transaction.atomic():
        found = list(_played(now, anew))
        transaction.set_rollback(True)
    return found


def _played(now: datetime, anew: bool) -> Iterator[Foreseen]:
    standing = list(MerchantMeasure.objects.exclude(state__in=sorted(FALLEN)).values_list("pk", flat=True))
    newest = MerchantMeasure.objects.aggregate(last=Max("pk"))["last"] or 0
    kept = set(Snapshot.objects.values_list("formula_id", "month").distinct())
    judged = list(MonthRun.objects.filter(done_at__isnull=False).values_list("pk", flat=True))
    counting.gate_hold()
    if anew:
        counting.recount()
    counting.refresh()
    snapshots_sweep(now=now)
    months_sweep(now=now)
    measures_raise(actor=system_user(now), now=now)
    rows = MerchantMeasure.objects.select_related("merchant", "rule").order_by("pk")
    for row in rows.filter(pk__in=standing, state__in=sorted(FALLEN)):
        yield Foreseen(FALLS, row.number, row.merchant.code, words=str(consequencewords.why_ended(row)))
    for row in rows.filter(pk__gt=newest):
        words = str(consequencewords.effect_in_public(row))
        yield Foreseen(FOLLOWS, row.rule.code, row.merchant.code, f"{row.period:%Y-%m}", words=words)
    scores = Snapshot.objects.values("formula", "formula__code", "month").annotate(n=Count("pk"))
    for one in scores.order_by("month", "formula__code"):
        if (one["formula"], one["month"]) not in kept:
            yield Foreseen(KEPT, one["formula__code"], month=f"{one['month']:%Y-%m}", count=one["n"])
    runs = MonthRun.objects.filter(done_at__isnull=False).exclude(pk__in=judged).select_related("rule")
    for run in runs.order_by("month", "rule__code"):
        yield Foreseen(JUDGED, run.rule.code, month=f"{run.month:%Y-%m}", count=run.given)
