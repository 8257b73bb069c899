"""What a rule would have done: last week's events and moments, judged on the tickets as they stood then."""

from __future__ import annotations

from bisect import bisect_right
from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from accounts.services import system_user
from aftersales.core.models import Event
from aftersales.standards.selectors import parameter
from aftersales.tickets import actions
from aftersales.tickets.actions import conditions, engine
from aftersales.tickets.models import AutomationRun, AutomationVersion, Ticket
from aftersales.tickets.states import RuleOutcome

DAY = timedelta(days=1)
WEEK = timedelta(days=7)
LOOKED_AT = 2000  # events or moments of one dry run
LISTED = 100


@dataclass(frozen=True)
class Would:
    """One ticket at one moment: what the rule would have done, or why not."""

    ticket: Ticket
    at: datetime
    words: str = ""
    refused: str = ""
    step: int = 0


@dataclass(frozen=True)
class Rehearsal:
    """The dry run of one version. ``cut``: more happened than was looked at."""

    rows: Sequence[Would]
    looked_at: int
    cut: bool = False

    @property
    def done(self) -> int:
        return sum(not row.refused for row in self.rows)

    @property
    def refused(self) -> int:
        return len(self.rows) - self.done

    @property
    def listed(self) -> Sequence[Would]:
        return self.rows[:LISTED]


def rehearse(version: AutomationVersion, now: datetime, *, span: timedelta = WEEK) -> Rehearsal:
    """Against the last ``span``; a rule about time against now. Nothing is written: guards judge rows in memory."""
    from aftersales.tickets.services.automation import spread

    moments = list(_moments(version, now, span))
    cut = len(moments) > LOOKED_AT
    tickets = Ticket.objects.select_related(*engine.RELATED).in_bulk({pk for pk, _at in moments[:LOOKED_AT]})
    past = _Past(tickets)
    fit = [
        (row, at) for pk, at in moments[:LOOKED_AT] if pk in tickets
        if conditions.holds(version.conditions, row := past.at(pk, at), any_of=version.any_of) and not row.historic
    ]  # fmt: skip
    told = _stopped(version, _judged(version, spread(version, fit)), now)
    return Rehearsal(told, min(len(moments), LOOKED_AT), cut)


def _moments(version: AutomationVersion, now: datetime, span: timedelta) -> Iterable[tuple[int, datetime]]:
    """Newest first."""
    from aftersales.tickets.services.automation import HEARD, chain_of, due, trigger_of

    if version.by_time:
        for ticket in due(version, now).only("id", version.trigger)[: LOOKED_AT + 1]:
            yield ticket.pk, now
        return
    kinds = [kind for kind, trigger in HEARD.items() if trigger == version.trigger]
    rows = Event.objects.filter(kind__in=kinds, at__gt=now - span, at__lte=now, subject_kind="tickets.ticket")
    for event in rows.order_by("-at", "-id")[: LOOKED_AT + 1]:
        if trigger_of(event) and version.rule_id not in chain_of(event):
            yield event.subject_id, event.at


class _Past:
    """Tickets as they stood at a moment, from their history; columns it does not keep are as today. One query."""

    def __init__(self, tickets: dict[int, Ticket]) -> None:
        self.now = tickets
        self.kept: dict[int, list[Any]] = defaultdict(list)
        rows: Any = Ticket.history.filter(id__in=list(tickets)).order_by("id", "history_date", "history_id")
        for row in rows:
            self.kept[row.id].append(row)

    def at(self, pk: int, moment: datetime) -> Ticket:
        rows = self.kept[pk]
        place = bisect_right([row.history_date for row in rows], moment)
        current = self.now[pk]
        if not place or place == len(rows):
            return current
        then = actions.foreseeing.copied(current)
        for name, value in rows[place - 1].__dict__.items():
            if name in then.__dict__ and not name.startswith("_"):
                then.__dict__[name] = value
        keep = {
            name: row for name, row in current._state.fields_cache.items() if name not in ("assignee", "team")
        }
        then._state.fields_cache = keep
        return then


def _judged(version: AutomationVersion, fit: Sequence[tuple[Ticket, datetime]]) -> list[Would]:
    """Tickets that came several times are judged in rounds: one set for each."""
    steps, system = actions.steps_of(version.steps), system_user()
    rounds: list[dict[int, tuple[int, Ticket, datetime]]] = []
    for place, (row, at) in enumerate(fit):
        free = next((one for one in rounds if row.pk not in one), None)
        if free is None:
            rounds.append(free := {})
        free[row.pk] = (place, row, at)
    found: dict[int, Would] = {}
    for one in rounds:
        rows = [row for _place, row, _at in one.values()]
        latest = max(at for _place, _row, at in one.values())
        told = engine.foresee(steps, rows, actor=system, now=latest, telling=True)
        for place, row, at in one.values():
            found[place] = _would(row, at, told[row.pk])
    return [found[place] for place in range(len(fit))]


def _stopped(version: AutomationVersion, rows: Sequence[Would], now: datetime) -> list[Would]:
    """What the guard would have held back: a rule acts on one ticket only so often a day."""
    from aftersales.tickets.services.automation import STOPPED

    most = int(parameter("rule_deeds_a_day", now))
    done: dict[int, list[datetime]] = defaultdict(list)
    if version.by_time:  # judged as of now: what the rule did today counts
        lately = AutomationRun.objects.filter(
            rule=version.rule_id, at__gt=now - DAY, outcome=RuleOutcome.DONE
        )
        for pk, at in lately.filter(ticket__in={row.ticket.pk for row in rows}).values_list("ticket", "at"):
            done[pk].append(at)
    found = list(rows)
    for place in sorted(range(len(rows)), key=lambda one: rows[one].at):
        row = rows[place]
        if row.refused:
            continue
        times = done[row.ticket.pk]
        if sum(at > row.at - DAY for at in times) >= most:
            found[place] = Would(row.ticket, row.at, refused=str(STOPPED[RuleOutcome.OFTEN]), step=1)
        else:
            times.append(row.at)
    return found


def _would(row: Ticket, at: datetime, told: Sequence[engine.Told]) -> Would:
    refused = " ".join(map(str, engine.refusals(told)))
    words = "\n".join(f"{one.step.action.label}: {one.words}" for one in told if not one.reasons)
    return Would(row, at, words, refused, len(told) if refused else 0)
