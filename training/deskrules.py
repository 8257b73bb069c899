"""Pure judgement of the trainer's desk: where a run stands today, and what is to be done with it next."""

from datetime import date, datetime, timedelta

from training.states import RunState

FINISH, TODAY, COMING = "finish", "today", "coming"


def part_of_day(*, ends_at: datetime, first_day: date, now: datetime, today: date) -> str:
    """Over by its time but not closed; on today; or still to come."""
    if ends_at <= now:
        return FINISH
    return TODAY if first_day <= today else COMING


def next_act(
    *, state: str, starts_at: datetime, ends_at: datetime, now: datetime, early: timedelta, may_plan: bool
) -> str:
    """What its trainer does next with a run that is neither done nor cancelled.

    ``close`` and ``record`` are attendance after and before its end, ``start`` opens it for attendance as long before
    its time as the rule says (``early``), ``open`` lets people enrol, ``enrol`` enrols them; ``look`` is the rest.
    """
    if state == RunState.RUNNING:
        return "close" if ends_at <= now else "record"
    if starts_at - early <= now:
        return "start"
    if state == RunState.PLANNED:
        return "open" if may_plan else "look"
    return "enrol"
