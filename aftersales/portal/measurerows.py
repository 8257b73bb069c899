"""What a measure rests on as the shop reads it: its own cases, its own figures. Reads only."""

from __future__ import annotations

from collections.abc import Sequence

from django.urls import reverse
from django.utils.translation import gettext as _

from aftersales.clocks.models import BreachExclusion, Clock
from aftersales.portal.scope import MerchantRequest
from aftersales.scorecards import consequencewords as words
from aftersales.scorecards.consequences import BREACH, FIGURE, MONTH, POINTS
from aftersales.scorecards.measurepages import Found, opened_by
from aftersales.scorecards.models import MeasureFact, MerchantMeasure


def facts(row: MerchantMeasure, request: MerchantRequest) -> list[Found]:
    """Each fact with where the shop finds it; a few statements, whatever the number."""
    kept = list(row.facts.all())
    found = _breaches([int(one.key) for one in kept if one.kind == BREACH])
    neutral = {one.metric for one in row.neutrals.all()}
    found += [_figure(row, one, neutral) for one in kept if one.kind in (FIGURE, MONTH)]
    if any(one.kind == POINTS for one in kept):
        stood = MerchantMeasure.objects.visible_to(request.user).stood(row.proposed_at)
        giving = stood.filter(merchant=row.merchant_id, effect="points")
        found += [
            Found(
                f"{one.number} · {words.effect(one)}",
                reverse("portal:measure", args=[one.public_id]),
                one.begins_at,
            )
            for one in giving.order_by("-pk")
        ]
    return found


def _breaches(clocks: Sequence[int]) -> list[Found]:
    """The promise and the day; the page of duties lists each breach with its case."""
    rows = list(Clock.objects.filter(pk__in=clocks).order_by("breached_at", "pk")) if clocks else []
    if not rows:
        return []
    out = set(BreachExclusion.objects.standing().filter(clock__in=clocks).values_list("clock_id", flat=True))
    left_out = _("left out")
    return [
        Found(
            str(one.get_promise_display()), reverse("portal:duties"), one.breached_at,
            left_out if one.pk in out else "",
        )
        for one in rows
    ]  # fmt: skip


def _figure(row: MerchantMeasure, fact: MeasureFact, neutral: set[str]) -> Found:
    month = f"{row.period:%Y-%m}"
    if fact.kind == MONTH:
        return Found(_("Score of %(month)s") % {"month": month}, f"{reverse('portal:score')}?month={month}")
    code = fact.key.partition(" ")[0]
    left_out = _("left out") if code in neutral else ""
    asked = opened_by(row, code)
    url = "" if asked is None else f"{reverse('portal:score_rows', args=[code])}{asked}"
    return Found(f"{words.metric_name(code)} · {month}", url or reverse("portal:score"), None, left_out)
