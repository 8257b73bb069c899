"""Acts beside the machine: who follows a ticket, and which team's queue shows it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from django.utils.translation import gettext, pgettext_lazy
from django.utils.translation import gettext_lazy as _

from accounts.models import Team, User
from accounts.states import Role
from aftersales.core.errors import DomainError, Refusal
from aftersales.core.machine import Need
from aftersales.tickets.actions import foreseeing, judging
from aftersales.tickets.actions.kinds import Action, Asked, Judged, register
from aftersales.tickets.models import Ticket, Watcher
from aftersales.tickets.services.routing import UNBEGUN, ticket_to_team, why_not_to
from aftersales.tickets.services.watching import NOT_YOURS, may_take_off, watcher_add, watcher_remove
from aftersales.tickets.states import TicketState

Rows = Sequence[Ticket]
PERSON = Need("to", _("Person"), "user")


def _named(asked: Asked) -> User | None:
    """Whom the step names, also who left: he can be taken off. Nobody whom the writer may not see."""
    key = asked.values.get("to")
    people = User.objects.all() if asked.actor.has_role(Role.SYSTEM) else User.objects.visible_to(asked.actor)
    return people.filter(pk=key).first() if key else None


def _refused(rows: Rows, code: str, words: Any) -> Judged:
    return {row.pk: [Refusal(code, words)] for row in rows}


def _follows(rows: Rows, person: User) -> set[int]:
    found = Watcher.objects.filter(ticket__in=[row.pk for row in rows], person=person)
    return set(found.values_list("ticket_id", flat=True))


def watched(rows: Rows, asked: Asked) -> Judged:
    """Who left or may not see a ticket is told of nothing in it."""
    person = _named(asked)
    may = judging.permitted(rows, asked, "tickets.note")
    if person is None:
        return judging.merged(may, _refused(rows, "to", _("Choose a person.")))
    if not person.is_active:
        left = _("%(name)s no longer works here.") % {"name": person}
        return judging.merged(may, _refused(rows, "gone_person", left))
    seen = set(
        Ticket.objects.visible_to(person).filter(pk__in=[row.pk for row in rows]).values_list("pk", flat=True)
    )
    follows = _follows(rows, person)
    blind = [row for row in rows if row.pk not in seen]
    twice = [row for row in rows if row.pk in follows and row.pk in seen]
    return judging.merged(
        may,
        _refused(blind, "no_access", _("%(name)s may not see this ticket.") % {"name": person}),
        _refused(twice, "already", _("%(name)s follows this ticket already.") % {"name": person}),
    )


def unwatched(rows: Rows, asked: Asked) -> Judged:
    person = _named(asked)
    may = judging.permitted(rows, asked, "tickets.note")
    if person is None:
        return judging.merged(may, _refused(rows, "to", _("Choose a person.")))
    follows = _follows(rows, person)
    not_yet = [row for row in rows if row.pk not in follows]
    words = _("%(name)s does not follow this ticket.") % {"name": person}
    others = [] if may_take_off(person, asked.actor) else list(rows)
    return judging.merged(
        may, _refused(others, "not_yours", NOT_YOURS), _refused(not_yet, "not_watching", words)
    )


def _team(asked: Asked) -> Team | None:
    key = asked.values.get("team")
    teams = Team.objects.all() if asked.actor.has_role(Role.SYSTEM) else Team.objects.visible_to(asked.actor)
    return teams.filter(pk=key).first() if key else None


def routed(rows: Rows, asked: Asked) -> Judged:
    """Only what nobody has begun, and only to a team that is there."""
    team = _team(asked)
    may = judging.permitted(rows, asked, "tickets.assign")
    held = [row for row in rows if row.state == TicketState.ASSIGNED]
    found = judging.merged(may, judging.by_move("unassign", held, asked), judging.reasoned(rows, asked))
    if team is None:
        begun = [row for row in rows if row.state not in UNBEGUN]
        words = _("Work has begun or is over: give the ticket to a person of that team instead.")
        return judging.merged(
            found, _refused(begun, "begun", words), _refused(rows, "team", _("Choose the team."))
        )
    wrong = {row.pk: why for row in rows if (why := why_not_to(row, team))}
    return judging.merged(found, {pk: [Refusal(why.code, why.message)] for pk, why in wrong.items()})


def _to(asked: Asked) -> User:
    person = _named(asked)
    if person is None:
        raise DomainError(_("Choose a person."), "to")
    return person


def _watch(ticket: Ticket, asked: Asked) -> Any:
    return watcher_add(ticket=ticket, person=_to(asked), actor=asked.actor, now=asked.now)


def _unwatch(ticket: Ticket, asked: Asked) -> Any:
    return watcher_remove(ticket=ticket, person=_to(asked), actor=asked.actor)


def _route(ticket: Ticket, asked: Asked) -> Any:
    team = _team(asked)
    if team is None:
        raise DomainError(_("Choose the team."), "team")
    return ticket_to_team(
        ticket=ticket, team=team, actor=asked.actor, now=asked.now, reason=asked.text("reason")
    )


def _foresee_route(ticket: Ticket, asked: Asked) -> None:
    team = _team(asked)
    if ticket.state == TicketState.ASSIGNED:
        foreseeing.put_back(ticket, asked)
    foreseeing.put(ticket, team_id=team.pk if team else None)
    ticket._state.fields_cache = {**ticket._state.fields_cache, "team": team}


def _tell_route(ticket: Ticket, asked: Asked) -> str:
    present = ticket.team or gettext("no team")
    return f"{present} → {_team(asked) or '–'}"


register(
    Action(
        "to_team", pgettext_lazy("ticket act", "Move to a team"), "people", "tickets.assign", routed, _route,
        _foresee_route, _tell_route,
        [Need("team", _("Team"), "team"), Need("reason", pgettext_lazy("ticket act", "Reason"), "long")],
    ),
    Action(
        "watch", pgettext_lazy("ticket act", "Add a watcher"), "eye", "tickets.note", watched, _watch,
        foreseeing.said, lambda ticket, asked: gettext("%(name)s follows it") % {"name": _named(asked)}, [PERSON],
    ),
    Action(
        "unwatch", pgettext_lazy("ticket act", "Remove a watcher"), "x", "tickets.note", unwatched, _unwatch,
        foreseeing.said, lambda ticket, asked: gettext("%(name)s no longer follows it") % {"name": _named(asked)},
        [PERSON],
    ),
)  # fmt: skip
