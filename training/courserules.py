"""Pure judgement about runs of courses: who may do what with them, when, and whether a code holds."""

import hashlib
import hmac
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from django.utils.translation import gettext_lazy as _

from aftersales.core.errors import Refusal
from training.states import RunState

Facts = Mapping[str, Any]
Data = Mapping[str, Any]
DIGITS = 6
BEFORE = frozenset({RunState.PLANNED, RunState.OPEN})
MARKED = frozenset({RunState.RUNNING, RunState.DONE})


@dataclass(frozen=True)
class RunOfSeat:
    """What a seat's guards ask about its run. ``codes`` are those that hold at this moment."""

    state: str
    trainer_id: int
    is_full: bool
    codes: frozenset[str] = frozenset()


def code_at(secret: str, run: str, now: datetime, minutes: int) -> tuple[str, datetime]:
    """The code of a run in the present step of so many minutes, and when the next one comes."""
    step = int(now.timestamp()) // (minutes * 60)
    ends = datetime.fromtimestamp((step + 1) * minutes * 60, tz=now.tzinfo)
    return _code(secret, run, step), ends


def codes_that_hold(secret: str, run: str, now: datetime, minutes: int) -> frozenset[str]:
    """This step's code and the one before: whoever types when it changes is not refused."""
    step = int(now.timestamp()) // (minutes * 60)
    return frozenset({_code(secret, run, step), _code(secret, run, step - 1)})


def _code(secret: str, run: str, step: int) -> str:
    digest = hmac.new(secret.encode(), f"training-run:{run}:{step}".encode(), hashlib.sha256).digest()
    return f"{int.from_bytes(digest[:8], 'big') % 10**DIGITS:0{DIGITS}d}"


def _run(facts: Facts) -> RunOfSeat:
    found: RunOfSeat = facts["training.run_of_seat"][0]
    return found


def teaches(row: Any, facts: Facts, actor: Any, now: datetime, data: Data) -> Iterable[Refusal]:
    """The trainer leads his run; whoever plans runs may stand in for him."""
    if row.trainer_id != actor.pk and not actor.has_perm("training.plan_runs"):
        yield Refusal("not_trainer", _("Only the trainer of this run or whoever plans runs may do this."))


def not_in_it(row: Any, facts: Facts, actor: Any, now: datetime, data: Data) -> Iterable[Refusal]:
    """Whoever sits in a run does not lead it: its end decides about his own hours."""
    if any(actor.pk in people for people in facts["training.seated"]):
        yield Refusal("own_run", _("You are enrolled in this run; somebody else leads it."))


def time_has_come(row: Any, facts: Facts, actor: Any, now: datetime, data: Data) -> Iterable[Refusal]:
    """A run starts at its time or as many minutes earlier as the rule says."""
    early = timedelta(minutes=int(facts["training.start_early"][0]))
    if now < row.starts_at - early:
        yield Refusal("too_early", _("This run has not begun yet; its time stands above."))


def before_it_runs(row: Any, facts: Facts, actor: Any, now: datetime, data: Data) -> Iterable[Refusal]:
    if _run(facts).state not in BEFORE:
        yield Refusal("begun", _("The run has begun or is over; places do not change any more."))


def while_it_runs(row: Any, facts: Facts, actor: Any, now: datetime, data: Data) -> Iterable[Refusal]:
    if _run(facts).state not in MARKED:
        yield Refusal("not_running", _("The run has not been started; the trainer starts it on its page."))


def free_place(row: Any, facts: Facts, actor: Any, now: datetime, data: Data) -> Iterable[Refusal]:
    if _run(facts).is_full:
        yield Refusal("full", _("Every place of this run is taken."))


def ones_own_seat(row: Any, facts: Facts, actor: Any, now: datetime, data: Data) -> Iterable[Refusal]:
    """Nobody checks in for a colleague."""
    if row.person_id != actor.pk:
        yield Refusal("not_own", _("Everybody checks in for himself."))


def ones_own_or_a_leads(row: Any, facts: Facts, actor: Any, now: datetime, data: Data) -> Iterable[Refusal]:
    if row.person_id != actor.pk and not actor.has_perm("training.enrol"):
        yield Refusal("not_own", _("This is the place of a colleague."))


def not_ones_own_seat(row: Any, facts: Facts, actor: Any, now: datetime, data: Data) -> Iterable[Refusal]:
    """Nobody marks his own attendance, whatever he may mark of others."""
    if row.person_id == actor.pk:
        yield Refusal("own_attendance", _("This is your own attendance; somebody else marks it."))


def taught_by_oneself(row: Any, facts: Facts, actor: Any, now: datetime, data: Data) -> Iterable[Refusal]:
    if _run(facts).trainer_id != actor.pk and not actor.has_perm("training.plan_runs"):
        yield Refusal("not_trainer", _("Only the trainer of this run or whoever plans runs may do this."))


def code_holds(row: Any, facts: Facts, actor: Any, now: datetime, data: Data) -> Iterable[Refusal]:
    """Compared in constant time with every code that holds."""
    given = str(data.get("code", "")).strip()
    held = [hmac.compare_digest(given.encode(), code.encode()) for code in _run(facts).codes]
    if not any(held):
        yield Refusal("wrong_code", _("This code does not hold. Read the one that the trainer shows now."))
