"""The roster page: a team's week against the forecast, and what is planned from it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import datetime, time, timedelta
from typing import Any
from urllib.parse import urlencode

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_POST

from accounts import services
from accounts.models import Away, Shift, Team, User
from aftersales.core.access import answered, needs
from aftersales.core.errors import DomainError
from aftersales.core.posted import day_of, moment_of, whole
from aftersales.desk import roster as page
from aftersales.tickets.selectors import forecasting

KEPT = ("team", "week", "more", "chat", "phone")


@require_GET
@needs("desk.roster")
def roster(request: HttpRequest) -> HttpResponse:
    """People and hours of a week against what is expected."""
    now = timezone.now()
    zone, _calendar = forecasting.zone_and_calendar()
    board = page.read(request.user, page.asked(request.user, request.GET, now, zone), now)
    context = {
        "title": _("Roster"), "now": now, "board": board, "may_plan": request.user.has_perm("accounts.plan"),
        "kept": _kept(request.GET), "before": board.asked.week(-1), "after": board.asked.week(1),
        "this": board.asked.week(), "hidden": [(name, request.GET.get(name, "")) for name in KEPT],
    }  # fmt: skip
    return render(request, "desk/roster.html", context)


def _kept(data: Any, **more: Any) -> str:
    values = {name: str(data.get(name, ""))[:20] for name in KEPT if data.get(name)} | more
    return urlencode(values)


@require_POST
@needs("accounts.plan")
def act(request: HttpRequest, name: str) -> HttpResponse:
    """One act on the roster: plan, move, cancel, break, end a break, copy last week."""
    if not request.user.has_perm("desk.roster") or name not in ACTS:
        raise Http404
    done = answered(lambda: ACTS[name](request, timezone.now()), request)
    if isinstance(done, str):
        messages.success(request, done)
    return redirect(f"{reverse('desk:roster')}?{_kept(request.POST)}")


def _person(request: HttpRequest) -> User:
    key = whole(request.POST.get("person"))
    found = User.objects.visible_to(request.user).active().filter(pk=key or 0).first()
    if found is None:
        raise DomainError(_("Choose a person."), "person")
    return found  # type: ignore[no-any-return]


def _shift(request: HttpRequest) -> Shift:
    key = whole(request.POST.get("shift"))
    found = (
        Shift.objects.visible_to(request.user).planned().filter(pk=key or 0).select_related("person").first()
    )
    if found is None:
        raise DomainError(_("This shift no longer exists."), "gone")
    return found  # type: ignore[no-any-return]


def _times(request: HttpRequest) -> dict[str, datetime]:
    """From and until: a day with two times of the clock; an end before the beginning is on the next day."""
    day = request.POST.get("day", "")
    begins, ends = (moment_of(f"{day}T{request.POST.get(name, '')[:5]}") for name in ("from", "until"))
    if begins is None or ends is None or day_of(day) is None:
        raise DomainError(_("Give a day and two times."), "times")
    return {"starts_at": begins, "ends_at": ends if ends > begins else ends + timedelta(days=1)}


def _plan(request: HttpRequest, now: datetime) -> str:
    services.shift_plan(person=_person(request), **_times(request), actor=request.user, now=now)
    return _("The shift is planned.")


def _move(request: HttpRequest, now: datetime) -> str:
    version = whole(request.POST.get("version"))
    services.shift_move(
        shift=_shift(request), **_times(request), actor=request.user, now=now, version=version
    )
    return _("The shift was moved.")


def _cancel(request: HttpRequest, now: datetime) -> str:
    services.shift_cancel(
        shift=_shift(request),
        actor=request.user,
        now=now,
        reason=request.POST.get("reason", "").strip()[:500],
    )
    return _("The shift was cancelled.")


def _break(request: HttpRequest, now: datetime) -> str:
    services.break_plan(shift=_shift(request), **_times(request), actor=request.user, now=now)
    return _("The break is planned.")


def _break_end(request: HttpRequest, now: datetime) -> str:
    key = whole(request.POST.get("away"))
    away = Away.objects.visible_to(request.user).filter(pk=key or 0).select_related("person").first()
    if away is None:
        raise DomainError(_("This break no longer exists."), "gone")
    services.away_end(away=away, actor=request.user, now=now)
    return _("The break is over.")


def _copy(request: HttpRequest, now: datetime) -> str:
    zone, _calendar = forecasting.zone_and_calendar()
    what = page.asked(request.user, request.POST, now, zone)
    if not isinstance(what.team, Team):
        raise DomainError(_("Choose a team."), "team")
    start = datetime.combine(what.monday, time.min, zone)
    copied, left = services.roster_copy(
        team_id=what.team.pk, start=start, days=page.DAYS, zone=zone, actor=request.user, now=now
    )
    return _(
        "%(copied)s shifts copied from the week before, %(left)s left out (past, away, or in the way)."
    ) % {
        "copied": copied,
        "left": left,
    }


ACTS: Mapping[str, Callable[[HttpRequest, datetime], str]] = {
    "plan": _plan, "move": _move, "cancel": _cancel, "break": _break, "break-end": _break_end, "copy": _copy,
}  # fmt: skip
