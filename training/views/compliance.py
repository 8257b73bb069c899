"""Who lacks which training, by team; enrol them."""

from __future__ import annotations

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import pgettext
from django.views.decorators.http import require_GET, require_POST

from aftersales.core.access import answered, needs
from aftersales.core.sheets.views import attachment
from training import complianceselectors, courseselectors
from training.models import Run
from training.services import compliance as service
from training.states import Lack

SHOWN = 300


@needs("training.view_seats")
@require_GET
def compliance(request: HttpRequest) -> HttpResponse:
    """Teams with their counts, and behind each count the people."""
    now = timezone.now()
    rows = complianceselectors.standings(request.user, now)
    lack, team = _lack(request.GET.get("lack", "")), request.GET.get("team")
    found = complianceselectors.lacking(rows, lack=lack, team=team)
    page = {
        "title": pgettext("training", "Compliance"), "now": now, "kinds": Lack.choices, "lack": lack, "team": team,
        "teams": [(one, list(one.lacking.items())) for one in complianceselectors.by_team(rows)],
        "all": complianceselectors.total(rows), "people": found[:SHOWN], "n": len(found),
        "hours": courseselectors.number("onboarding_hours", now),
        "trainings": courseselectors.number("trainings_a_year", now),
        "comes_first": courseselectors.onboarding_comes_first(now),
        "runs": complianceselectors.coming_runs(now) if request.user.has_perm(service.ENROL) else [],
    }  # fmt: skip
    return render(request, "training/compliance.html", page)


def _lack(asked: str) -> str:
    return asked if asked in Lack.values else ""


@needs(service.SEE)
@require_GET
def compliance_sheet(request: HttpRequest) -> HttpResponse:
    """The people of the page as CSV, filtered as they are there."""
    now = timezone.now()
    content = service.standings_sheet(
        actor=request.user, now=now, lack=_lack(request.GET.get("lack", "")), team=request.GET.get("team")
    )
    answer = HttpResponse(content, content_type="text/csv; charset=utf-8")
    return attachment(answer, f"training-compliance-{timezone.localdate(now):%Y%m%d}.csv")


@needs("training.enrol")
@require_POST
def compliance_enrol(request: HttpRequest) -> HttpResponse:
    """All who lack it into one run, as far as the places go."""
    row = Run.objects.visible_to(request.user).filter(number=request.POST.get("run", "")).first()
    if row is None:
        messages.error(request, _("Choose a run."))
        return redirect("training:compliance")
    made = answered(
        lambda: service.lacking_enrol(
            run=row, lack=request.POST.get("lack", ""), team=request.POST.get("team"), actor=request.user,
            now=timezone.now(),
        ),
        request, _("They are enrolled."),
    )  # fmt: skip
    if made and made.left:
        words = {"n": made.left}
        messages.warning(request, _("%(n)s people did not fit; choose another run for them.") % words)
    return redirect("training:compliance")
