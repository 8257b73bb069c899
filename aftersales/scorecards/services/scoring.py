"""Scores as they come out: where everybody stands, every day anew; a month that is over, once and for all."""

import logging
from collections.abc import Callable
from datetime import date, datetime, timedelta

from django.db import connection, transaction
from django.utils.translation import gettext_lazy as _

from aftersales.core.errors import DomainError
from aftersales.scorecards.models import Formula, FormulaVersion, Snapshot, Standing
from aftersales.scorecards.scores import kept, selectors
from aftersales.scorecards.scores.selectors import Result, terms_of
from aftersales.scorecards.states import SubjectKind

AT_ONCE = 1_000
BACK = 3
"""Months that a night looks back at: figures may settle late, and a night may be missed."""
logger = logging.getLogger(__name__)


def standings_count(*, now: datetime) -> int:
    """Score everybody by the last settled day; how many. Who is scored no more stands no longer in the list.

    Before the first version of a formula is in force one sees by the announced one how it would be.
    """
    number, refused = _each(lambda one: _stand(one, now))
    for code, error in refused.items():
        logger.error("%s: nobody stands anew: %s", code, error)
    return number


def _each(count: Callable[[Formula], int]) -> tuple[int, dict[str, DomainError]]:
    """By each formula; how many it is of, and by code what was refused. The refusal of one does not stop the others."""
    number, refused = 0, {}
    for one in Formula.objects.order_by("code"):
        try:
            number += count(one)
        except DomainError as error:
            refused[one.code] = error
    return number, refused


def _stand(formula: Formula, now: datetime) -> int:
    shown = _shown(formula, now)
    if shown is None:
        return 0
    version, day = shown
    with transaction.atomic():
        _alone(formula)
        found = selectors.scores(version, day, at=now)
        rows = [Standing(**_columns(version, one, day, now)) for one in found]
        Standing.objects.filter(formula=formula).delete()
        Standing.objects.bulk_create(rows, batch_size=AT_ONCE)
    return len(rows)


def _shown(formula: Formula, now: datetime) -> tuple[FormulaVersion, date] | None:
    version, _counts = selectors.counting(formula, now.astimezone(selectors.zone()).date())
    if version is None:
        return None
    day = selectors.last_day(terms_of(version), now)
    version, _counts = selectors.counting(formula, day)
    return (version, day) if version is not None else None


def snapshots_take(*, month: date, now: datetime) -> int:
    """Keep the scores of a month, each subject once, by the version in force on its last day; how many are new.

    Taken again it adds nothing: what stands stays. Raises ``month_runs`` before the month's figures have settled, once
    the scores of formulas whose figures have are kept.
    """
    number, refused = _month(month, now)
    for error in refused.values():
        raise error
    return number


def snapshots_sweep(*, now: datetime) -> int:
    """Keep the scores of the months that are over and have settled since, each once; how many are new."""
    number, month = 0, now.astimezone(selectors.zone()).date()
    for _back in range(BACK):
        month = month.replace(day=1) - timedelta(days=1)
        new, refused = _month(month, now)
        number += new
        for code, error in refused.items():
            level = logging.INFO if error.code == "month_runs" else logging.ERROR
            logger.log(level, "%s: the month %s is not kept: %s", code, f"{month:%Y-%m}", error)
    return number


def _month(month: date, now: datetime) -> tuple[int, dict[str, DomainError]]:
    first = month.replace(day=1)
    last = (first + timedelta(days=31)).replace(day=1) - timedelta(days=1)
    return _each(lambda one: _keep(one, first, last, now))


def _keep(formula: Formula, first: date, last: date, now: datetime) -> int:
    version = selectors.in_force(formula, last)
    if version is None:
        return 0
    if selectors.last_day(terms_of(version), now) < last:
        raise DomainError(_("A month is scored when it is over and its figures have settled."), "month_runs")
    with transaction.atomic():
        _alone(formula)
        if Snapshot.objects.filter(formula=formula, month=first).exists():
            return 0
        rows = [
            Snapshot(**_columns(version, one, last, now), month=first)
            for one in selectors.scores(version, last)
        ]
        Snapshot.objects.bulk_create(rows, batch_size=AT_ONCE)
    return len(rows)


def _alone(formula: Formula) -> None:
    """One run at a time for each formula; a big one takes longer than a page may."""
    with connection.cursor() as cursor:
        cursor.execute("SET LOCAL statement_timeout = 0; SET LOCAL lock_timeout = 0")
        cursor.execute("SELECT pg_advisory_xact_lock(hashtext(%s))", [f"scores {formula.code}"])


def _columns(version: FormulaVersion, result: Result, day: date, now: datetime) -> dict[str, object]:
    kind = version.formula.subject_kind
    nameless = (
        {"subject_name": ""} if kind == SubjectKind.PERSON else {}
    )  # what is kept for good names nobody
    return kept.columns(result) | nameless | {
        "formula": version.formula, "rule": version, "subject_kind": kind, "day": day, "at": now,
    }  # fmt: skip
