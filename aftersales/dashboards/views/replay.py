"""A merchant's score of any past day by any version of the formula, counted again, and the rows behind it."""

from __future__ import annotations

from datetime import date
from typing import Any
from urllib.parse import urlencode

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import pgettext
from django.views.decorators.http import require_GET

from aftersales.core.access import needs
from aftersales.core.errors import DomainError
from aftersales.core.posted import day_of, whole
from aftersales.dashboards.views.figures import score_rows_answer
from aftersales.merchants.models import Merchant
from aftersales.scorecards import pages as scores
from aftersales.scorecards.models import FormulaVersion
from aftersales.scorecards.scores import replaying
from aftersales.scorecards.scores.selectors import counting
from aftersales.scorecards.states import SubjectKind
from aftersales.standards.selectors import one_edition
from aftersales.standards.views import badge_of

READ = "scorecards.view_merchants"


def _asked(
    request: HttpRequest, public_id: str
) -> tuple[Merchant, list[FormulaVersion], FormulaVersion | None, date]:
    """The shop, the versions there are, the one that is asked for (else that of the day), and the day."""
    shop = get_object_or_404(Merchant.objects.visible_to(request.user), public_id=public_id)
    formula = scores.formula_of(SubjectKind.MERCHANT)
    if formula is None:
        raise Http404
    listed = replaying.versions(request.user, formula)
    day = day_of(request.GET.get("day")) or replaying.days(formula, shop.pk, timezone.now())[1]
    key = whole(request.GET.get("version"))
    chosen = next((one for one in listed if one.number == key), None)
    return shop, listed, chosen or counting(formula, day)[0], day


@require_GET
@needs(READ)
@one_edition()
def replay(request: HttpRequest, public_id: str) -> HttpResponse:
    """Choose a day and a version; the score counted anew, and whether what was kept of that day says the same."""
    shop, listed, version, day = _asked(request, public_id)
    now, found, refused = timezone.now(), None, ""
    first, last = replaying.days(listed[0].formula, shop.pk, now) if listed else (None, day)
    if version is None:
        refused = _("No version of the formula counts for this day; choose one.")
    else:
        try:
            found = replaying.replay(user=request.user, version=version, subject=shop.pk, day=day, now=now)
        except DomainError as error:
            refused = str(error)
    query = urlencode({"day": f"{day}", "version": version.number if version is not None else ""})

    def url(code: str) -> str:
        return f"{reverse('dashboards:merchant_replay_rows', args=[public_id, code])}?{query}"

    page: dict[str, Any] = {
        "title": pgettext("score", "Count a past day again"), "shop": shop, "day": day, "version": version,
        "versions": [(one, badge_of(one)) for one in listed], "first": first, "last": last, "refused": refused,
        "found": found, "back": reverse("dashboards:merchant", args=[public_id]),
        "card": scores.card(found.row, url) if found is not None else None, "counts": True, "announced": None,
        "month": None, "here": reverse("dashboards:merchant", args=[public_id]),
    }  # fmt: skip
    if found is not None:
        page["differences"] = [(one, url(one.metric) if one.metric else "") for one in found.differences]
    return render(request, "dashboards/replay.html", page)


@require_GET
@needs(READ)
@one_edition()
def replay_rows(request: HttpRequest, public_id: str, code: str) -> HttpResponse:
    """The very rows that a replayed day counted for a metric; as a sheet with ``?format=csv``."""
    shop, _listed, version, day = _asked(request, public_id)
    if version is None:
        raise Http404
    try:
        found = replaying.replay(
            user=request.user, version=version, subject=shop.pk, day=day, now=timezone.now()
        )
    except DomainError as error:
        raise Http404 from error
    query = urlencode({"day": f"{day}", "version": version.number})
    back = f"{reverse('dashboards:merchant_replay', args=[public_id])}?{query}"
    crumbs = [
        (reverse("dashboards:merchants"), pgettext("figures", "Merchants")),
        (reverse("dashboards:merchant", args=[public_id]), shop.name), (back, f"{day} · v{version.number}"),
    ]  # fmt: skip
    return score_rows_answer(request, code, found.row, {"crumbs": crumbs, "keep": f"&{query}"})
