"""What a draft of a rung would have done in the last weeks, counted from starts, pauses and ends of the clocks."""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db.models import Q

from accounts.models import Team
from aftersales.clocks.ladder import rung_at, speaks_about
from aftersales.clocks.models import Clock, LadderRung
from aftersales.clocks.selectors import named_by
from aftersales.clocks.services.ladder import spoken_about
from aftersales.clocks.states import ClockState, RungMoment
from aftersales.standards.selectors import Book, parameter
from aftersales.standards.states import Promise

CAP = 2000  # clocks that are looked at, the newest first; the page says so when there are more
SHOWN = 8


@dataclass(frozen=True)
class Told:
    """One step that would have been made: on which ticket, for which promise, when, of which team."""

    number: str
    subject: str
    promise: str
    at: datetime
    team: str


@dataclass(frozen=True)
class Rehearsal:
    """``then``: steps by the draft; ``now``: by the version it would replace, None where there is none."""

    days: int
    then: int
    now: int | None
    teams: Sequence[tuple[str, int]]
    rows: Sequence[Told]
    cut: bool


def rehearsed(draft: LadderRung, before: LadderRung | None, now: datetime) -> Rehearsal:
    """The last days by this draft and by the version before it. Nothing is written and nobody is told."""
    days = int(parameter("replay_days", now))
    since = now - timedelta(days=days)
    steps, cut = _steps(draft, since, now)
    earlier = len(_steps(before, since, now)[0]) if before is not None else None
    teams = {team.pk: team.name for team in Team.objects.all()}
    counts = Counter(teams.get(clock.holder_team_id or 0, "–") for clock, _at in steps)
    newest = sorted(steps, key=lambda step: step[1], reverse=True)[:SHOWN]
    lines = named_by([clock for clock, _at in newest], now)
    return Rehearsal(
        days,
        len(steps),
        earlier,
        counts.most_common(),
        [_told(clock, at, lines, teams) for clock, at in newest],
        cut,
    )


def _told(
    clock: Clock, at: datetime, lines: Mapping[tuple[str, int], tuple[str, str]], teams: Mapping[int, str]
) -> Told:
    number, subject = lines.get((clock.subject_kind, clock.subject_id), ("", ""))
    promise = str(dict(Promise.choices).get(clock.promise, clock.promise))
    return Told(number, subject, promise, at, teams.get(clock.holder_team_id or 0, "–"))


def _steps(rung: LadderRung, since: datetime, now: datetime) -> tuple[list[tuple[Clock, datetime]], bool]:
    """The clocks that this rung would have taken up, each with the moment; and whether some were left out."""
    lately = Q(ended_at=None) | Q(ended_at__gte=since)
    rows = spoken_about(Clock.objects.filter(lately, is_historic=False, counted_from__lte=now), rung)
    found = list(rows.order_by("-counted_from")[: CAP + 1])
    reached = [(clock, rung_at(clock, rung)) for clock in found[:CAP]]
    late = rung.moment == RungMoment.LATE  # on the dot nothing is late yet
    return [
        (clock, at)
        for clock, at in reached
        if since <= at and (at < until(clock, now) or at == until(clock, now) and not late)
    ], len(found) > CAP


def until(clock: Clock, now: datetime) -> datetime:
    """Until when a sweep could have taken it up: its end, or since when it stands."""
    if clock.ended_at is not None:
        return min(clock.ended_at, now)
    pauses = clock.pause_list() if clock.state == ClockState.PAUSED else []
    return min(pauses[-1].start, now) if pauses else now


def climbed(
    clocks: Sequence[Clock],
    rungs: Sequence[LadderRung],
    severities: Mapping[int, str],
    among: Book,
    now: datetime,
) -> dict[tuple[str, int, str, int], datetime]:
    """The steps that these clocks, real or only played, would have made by ``now``: rung, subject, promise, round.

    ``severities``: of the subjects, for rungs that ask. Pure: neither reads nor writes.
    """
    found = {}
    for clock in clocks:
        end = until(clock, now)
        for rung in rungs if not clock.is_historic else ():
            if not speaks_about(rung, clock, severities.get(clock.subject_id, "")):
                continue
            at = rung_at(clock, rung, among)
            if at < end or (at == end and rung.moment != RungMoment.LATE):
                found[rung.code, clock.subject_id, clock.promise, clock.round] = at
    return found
