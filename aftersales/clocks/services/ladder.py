"""The escalation ladder: rungs are versioned rows; a sweep takes each clock up each rung once."""

import tomllib
from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

from django.db import transaction
from django.db.models import Exists, OuterRef, Q, QuerySet
from django.utils.translation import gettext_lazy as _

from aftersales.clocks.ladder import rung_at
from aftersales.clocks.models import Clock, Escalation, LadderRung
from aftersales.clocks.services.engine import followed
from aftersales.clocks.states import ClockState, RungMoment
from aftersales.core import events, moves, registers
from aftersales.core.errors import DomainError, NotPermitted
from aftersales.core.events import Draft
from aftersales.standards import selectors as rule_book
from aftersales.standards.services import DRAFT
from aftersales.standards.shipping import ALWAYS_TRUE_FROM
from aftersales.standards.states import TIME_UNITS, RuleState

FILE = Path(__file__).resolve().parent.parent / "shipped" / "ladder.toml"
BATCH = 500
TERMS = (
    "name_zh", "name_en", "promises", "clock_kinds", "severities", "moment", "value", "to", "by", "source_ref",
    "source_zh", "source_en",
)  # fmt: skip


def rung_draft(*, code: str, actor: Any, now: datetime, reason: str = "", **terms: Any) -> LadderRung:
    """Draft the next version of a rung, or a new rung; it takes nobody up before a second person activates it."""
    if not actor.has_perm(DRAFT):
        raise NotPermitted()
    with transaction.atomic():
        rows = list(LadderRung.objects.select_for_update().filter(code=code).order_by("-number"))
        newest = next((row for row in rows if row.state == RuleState.ACTIVE), rows[0] if rows else None)
        columns = {name: getattr(newest, name) for name in TERMS} if newest is not None else {}
        row = LadderRung(
            code=code, number=(rows[0].number if rows else 0) + 1, drafted_by_id=actor.pk, drafted_at=now,
            change_reason=reason, **{**columns, **terms},
        )  # fmt: skip
        rung_check(row)
        created: LadderRung = registers.create(
            row, actor=actor, now=now, event="rule.drafted", reason=reason, payload=row._payload()
        )
        return created


def rung_check(row: LadderRung) -> None:
    """A rung nobody could climb is refused before anybody can bring it into force. Errors: bad_value, name_missing."""
    if row.moment == RungMoment.PERCENT and not 1 <= row.value <= 100:
        raise DomainError(_("A share of the time lies between 1 and 100 per cent."), "bad_value")
    if not row.name_zh or not row.name_en:
        raise DomainError(_("Give the rung a name in both languages."), "name_missing")


def ladder_load(*, actor: Any, now: datetime) -> dict[str, int]:
    """The shipped rungs that are not there yet, in force since ever."""
    known = set(LadderRung.objects.values_list("code", flat=True))
    rows = [one for one in tomllib.loads(FILE.read_text("utf-8"))["rung"] if one["code"] not in known]
    with transaction.atomic():
        for one in rows:
            row = LadderRung(number=1, drafted_by_id=actor.pk, drafted_at=now, is_shipped=True, **one)
            registers.create(row, actor=actor, now=now, event="rule.drafted", payload=row._payload())
            moves.perform(row, "activate", actor=actor, now=now, valid_from=ALWAYS_TRUE_FROM)
    return {"rungs": len(rows)}


def escalate(now: datetime, *, actor: Any) -> int:
    """Take every open clock up the rungs it has reached; answers how many steps were made.

    A fixed number of statements for 500 clocks. Rows in use wait for the next sweep; historic clocks stay below.
    """
    rungs = LadderRung.objects.in_force(now).order_by("moment", "value", "code")
    return sum(_climb(rung, actor, now) for rung in rungs)


def _climb(rung: LadderRung, actor: Any, now: datetime) -> int:
    total, after = 0, 0
    while True:
        with transaction.atomic():
            found = list(
                _below(rung, now).filter(pk__gt=after).order_by("pk").select_for_update(
                    skip_locked=True, of=("self",)
                )[:BATCH]
            )  # fmt: skip
            reached = [clock for clock in found if _reached(clock, rung, now)]
            if reached:
                _take_up(reached, rung, actor, now)
        total += len(reached)
        if len(found) < BATCH:
            return total
        after = found[-1].pk


def _below(rung: LadderRung, now: datetime) -> QuerySet[Clock]:
    """Open clocks the rung speaks about that may have reached it and have not been taken up."""
    taken = Escalation.objects.filter(clock=OuterRef("pk"), code=rung.code)
    rows: QuerySet[Clock] = Clock.objects.open().filter(
        ~Exists(taken), is_historic=False, state__in=[ClockState.RUNNING, ClockState.BREACHED]
    )
    rows = spoken_about(rows, rung)
    if rung.moment == RungMoment.LATE:
        return rows.filter(due_at__lt=now - timedelta(minutes=rung.value))
    return rows.filter(due_at__gte=now).filter(_perhaps(rung.value, now))


def spoken_about(rows: QuerySet[Clock], rung: LadderRung) -> QuerySet[Clock]:
    """The clocks among these that the rung's conditions fit; an empty condition means any."""
    if rung.promises:
        rows = rows.filter(promise__in=rung.promises)
    if rung.clock_kinds:
        rows = rows.filter(kind__in=rung.clock_kinds)
    if rung.severities:
        rows = rows.filter(_graded(rung.severities))
    return rows


def _graded(severities: Sequence[str]) -> Q:
    asked = Q(pk__in=[])
    for kind, following in followed().items():
        if following.graded is not None:
            asked |= Q(subject_kind=kind, subject_id__in=following.graded(severities))
    return asked


def _perhaps(percent: int, now: datetime) -> Q:
    """Working time never runs faster than the clock on the wall: what began later cannot have used its share."""
    asked = Q(standard_version=None)
    for version in rule_book.book().versions:
        least = timedelta(0)
        if version.limit_unit in TIME_UNITS:
            least = timedelta(**{version.limit_unit: version.limit_value}) * percent / 100
        asked |= Q(standard_version_id=version.pk, counted_from__lte=now - least)
    return asked


def _reached(clock: Clock, rung: LadderRung, now: datetime) -> bool:
    return rung.moment == RungMoment.LATE or rung_at(clock, rung) <= now


def _take_up(clocks: Iterable[Clock], rung: LadderRung, actor: Any, now: datetime) -> None:
    listed = list(clocks)
    Escalation.objects.bulk_create(
        [Escalation(clock=clock, code=rung.code, rung=rung, at=now) for clock in listed]
    )
    events.record_many([_told(clock, rung, actor, now) for clock in listed], now=now)


def _told(clock: Clock, rung: LadderRung, actor: Any, now: datetime) -> Draft:
    return Draft(
        kind="clock.escalated", row=None, actor=actor, at=now, rule_version=rung.citation,
        payload={
            "promise": clock.promise, "round": clock.round, "clock": clock.pk, "holder": clock.holder_id,
            "team": clock.holder_team_id, "due_at": clock.due_at.isoformat(), "rung": rung.code, "to": rung.to,
            "by": rung.by,
        },
        merchant_id=clock.merchant_id, subject_kind=clock.subject_kind, subject_id=clock.subject_id,
    )  # fmt: skip
