"""How things stand this minute: the wall for everybody, the lead's page to act on."""

from __future__ import annotations

from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import pgettext
from django.views.decorators.http import require_GET

from accounts.models import User
from accounts.selectors import names_of_teams
from aftersales.core import wording
from aftersales.core.access import needs
from aftersales.dashboards import loads, ranges
from aftersales.dashboards.pages import pages
from aftersales.dashboards.selectors import wall as selectors
from aftersales.dashboards.selectors.overview import Scope
from aftersales.tickets.looks import level_badge, owed, state_badge
from aftersales.tickets.models import Ticket


def _scope(request: HttpRequest) -> Scope:
    asked = ranges.asked(request, timezone.now()).scope
    return Scope(asked.user, asked.now, 1, asked.team_id)


@require_GET
@needs("dashboards.view")
def wall(request: HttpRequest) -> HttpResponse:
    """Large figures for a screen on the wall; asks for itself every half minute."""
    scope = _scope(request)
    found = selectors.wall(scope)
    part = bool(request.htmx)  # type: ignore[attr-defined]
    context = {
        "title": pgettext("figures", "Team wall"), "wall": found, "scope": scope,
        "team": dict(ranges.teams_of(request.user)).get(scope.team_id or 0, "") if scope.team_id else "",
        "updated": f"{timezone.localtime(scope.now):%H:%M}", "oldest": _oldest(found),
        "nearest": [_line(ticket, scope) for ticket in found.nearest],
        "here": [_here(one, scope) for one in found.at_work], "teams": [] if part else ranges.teams_of(request.user),
    }  # fmt: skip
    return render(request, "dashboards/_wall.html" if part else "dashboards/wall.html", context)


def _oldest(found: selectors.Wall) -> str:
    return wording.duration(found.now.longest_late) if found.now.longest_late else ""


def _line(ticket: Ticket, scope: Scope) -> dict[str, Any]:
    return {
        "ticket": ticket, "late": ticket.next_due_at < scope.now,
        "due": wording.time_left(ticket.next_due_at, scope.now), "when": wording.when(ticket.next_due_at, scope.now),
        "promise": owed(ticket.state, ticket.get_next_promise_display()),
        "level": level_badge(ticket.severity, ticket.nature), "state": state_badge(ticket.state, ticket.wait_for),
    }  # fmt: skip


def _here(one: selectors.Here, scope: Scope) -> dict[str, Any]:
    tone, word = loads.told(one.load)
    state = _("away") if one.away else _("off shift") if one.until is None else ""
    return {
        "one": one, "tone": tone, "word": word, "share": min(round(one.load * 100), 100), "state": state,
        "until": wording.when(one.until, scope.now) if one.until else "",
        "queue": f"{reverse('desk:queue')}?view=all&assignee={one.person.pk}",
        "figures": reverse("dashboards:person", args=[one.person.pk]),
    }  # fmt: skip


@require_GET
@needs("dashboards.today")
def today(request: HttpRequest) -> HttpResponse:
    """Who drowns, what breaches today, and the button that helps: give the chosen tickets to somebody else."""
    scope = _scope(request)
    people = sorted(selectors.people(scope), key=selectors.idle)
    idle = sum(selectors.idle(one) for one in people)
    due = selectors.due_today(scope)
    context = {
        "title": pgettext("figures", "Team today"), "scope": scope, "teams": ranges.teams_of(request.user),
        "asked": ranges.Asked(scope), "pages": pages(request.user, "dashboards:today"),
        "due": [_line(ticket, scope) for ticket in due], "full": len(due) == selectors.TODAYS,
        "late": sum(ticket.next_due_at < scope.now for ticket in due),
        "people": [
            _here(one, scope) | {"first_idle": idle and at == len(people) - idle} for at, one in enumerate(people)
        ],
        "idle": idle,
        "takers": _takers(people, scope), "back": request.get_full_path(),
        "updated": f"{timezone.localtime(scope.now):%H:%M}",
        "nobody": sum(ticket.assignee_id is None for ticket in due),
    }  # fmt: skip
    return render(request, "dashboards/today.html", context)


def _takers(people: list[selectors.Here], scope: Scope) -> list[tuple[User, int]]:
    """Who of the reader's own teams is here, the freest first, with the places left: the others he may not choose."""
    own = {pk for pk, _name in names_of_teams(scope.user.team_ids, scope.now)}
    free = [
        (one.person, one.person.capacity - one.open) for one in people if one.at_work and one.person.pk in own
    ]
    return sorted(free, key=lambda pair: -pair[1])
