"""The trainer's desk: what waits for whoever trains or marks, each line with its next act."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.utils.translation import pgettext
from django.views.decorators.http import require_GET

from aftersales.core.access import needs
from training import deskpages, deskselectors, examselectors
from training.machine import MARK

MANAGES = deskselectors.MANAGES
SHOWN = 20


@needs(MARK)
@require_GET
def desk(request: HttpRequest) -> HttpResponse:
    """My runs, who is missing, papers and sheets that wait, who is late; for who manages training everybody's too."""
    now, user = timezone.now(), request.user
    manages = user.has_perm(MANAGES)
    everything = manages and request.GET.get("all") == "1"
    papers = examselectors.to_mark(user)
    runs = deskpages.runs(deskselectors.open_runs(user, everything=everything), user, now)
    missing = deskpages.missing(deskselectors.missing(user, now, everything=everything))
    sheets = deskpages.practicals(deskselectors.practicals(user, everything=everything))
    late = deskpages.late(deskselectors.late(user, now), user, now)
    page = {
        "title": pgettext("navigation", "Trainer's desk"), "now": now, "manages": manages, "everything": everything,
        "runs": runs, "missing": missing, "papers": papers[:SHOWN], "n_papers": len(papers), "sheets": sheets,
        "late": late[:SHOWN * 3], "n_late": len(late), "unclosed": len(runs[0][2]),
    }  # fmt: skip
    return render(request, "training/desk.html", page)
