"""What a measure rests on as the shop reads it: its own cases, its own figures. Reads only."""

from __future__ import annotations

from collections.abc import Sequence

from django.http import HttpRequest
from django.urls import reverse
from django.utils.translation import gettext as _

from aftersales.cases.models import Case, Repair
from aftersales.clocks.models import BreachExclusion, Clock
from aftersales.core import rowpolicies, subjects
from aftersales.core.subjects import Subject
from aftersales.portal.scope import MerchantRequest, own_cases
from aftersales.scorecards import consequencewords as words
from aftersales.scorecards.consequences import BREACH, FIGURE, MONTH, POINTS
from aftersales.scorecards.measurepages import Found, opened_by
from aftersales.scorecards.models import MeasureFact, MerchantMeasure


def facts(row: MerchantMeasure, request: MerchantRequest) -> list[Found]:
    """Each fact with where the shop finds it; a few statements, whatever the number."""
    kept = list(row.facts.all())
    found = breaches([int(one.key) for one in kept if one.kind == BREACH], request)
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


def breaches(clocks: Sequence[int], request: HttpRequest) -> list[Found]:
    """Each broken promise with the number the shop knows: its case opens, a ticket or an order is named only."""
    rows = list(Clock.objects.filter(pk__in=clocks).order_by("breached_at", "pk")) if clocks else []
    if not rows:
        return []
    out = set(BreachExclusion.objects.standing().filter(clock__in=clocks).values_list("clock_id", flat=True))
    about = named([(one.subject_kind, one.subject_id) for one in rows], request)
    left_out = _("left out")
    return [
        _breach(one, about.get((one.subject_kind, one.subject_id)), left_out if one.pk in out else "") for one in rows
    ]  # fmt: skip


def _breach(clock: Clock, about: Subject | None, left_out: str) -> Found:
    promise, duties = str(clock.get_promise_display()), reverse("portal:duties")
    if about is None:
        return Found(promise, duties, clock.breached_at, left_out)
    return Found(f"{promise} · {about.words}", about.url or duties, clock.breached_at, left_out)


def named(keys: Sequence[tuple[str, int]], request: HttpRequest) -> dict[tuple[str, int], Subject]:
    """What the shop's people call these rows: only kinds they may read; its own cases with their pages.

    A repair has no number: it goes by its case.
    """
    case, repair = Case._meta.label_lower, Repair._meta.label_lower
    shown = {model._meta.label_lower for model in rowpolicies.declared()} - {repair}
    own = [one for one in keys if one[0] in shown]
    found = {key: Subject(one.words, "") for key, one in subjects.named(own, request.user).items()}
    mended = [pk for kind, pk in keys if kind == repair]
    of_case = dict(Repair.objects.filter(pk__in=mended).values_list("pk", "case")) if mended else {}
    wanted = {pk for kind, pk in keys if kind == case} | set(of_case.values())
    for one in own_cases(request).filter(pk__in=wanted) if wanted else ():
        found[case, one.pk] = Subject(
            f"{Case._meta.verbose_name} {one.number}", reverse("portal:case", args=[one.public_id])
        )
    return found | {(repair, pk): found[case, key] for pk, key in of_case.items() if (case, key) in found}


def _figure(row: MerchantMeasure, fact: MeasureFact, neutral: set[str]) -> Found:
    month = f"{row.period:%Y-%m}"
    if fact.kind == MONTH:
        return Found(_("Score of %(month)s") % {"month": month}, f"{reverse('portal:score')}?month={month}")
    code = fact.key.partition(" ")[0]
    left_out = _("left out") if code in neutral else ""
    asked = opened_by(row, code)
    url = "" if asked is None else f"{reverse('portal:score_rows', args=[code])}{asked}"
    return Found(f"{words.metric_name(code)} · {month}", url or reverse("portal:score"), None, left_out)
