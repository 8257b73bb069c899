"""The monthly run: a rule that hangs on a figure is judged for a closed month, once, and handed to due process."""

import logging
from collections.abc import Mapping
from datetime import date, datetime, timedelta
from typing import Any

from django.db import IntegrityError, OperationalError, connection, transaction
from django.utils.translation import gettext_lazy as _

from accounts.services import system_user
from aftersales.core import jobs, registers
from aftersales.core.errors import DomainError, NotPermitted
from aftersales.ledger import incentives
from aftersales.ledger import selectors as ledger
from aftersales.ledger import services as ledger_services
from aftersales.ledger.models import IncentiveRule, IncentiveVersion, Raised
from aftersales.ledger.states import Party
from aftersales.scorecards.models import MonthOutcome, MonthRun
from aftersales.scorecards.rewards import selectors
from aftersales.scorecards.rewardstates import Said
from aftersales.scorecards.scores.selectors import zone
from aftersales.scorecards.services.counting import refresh

RUN, JOB = "scorecards.run_month", "scorecards.month"
SEEN: Mapping[str, str] = {
    Party.MERCHANT: "scorecards.view_merchants",
    Party.PERSON: "scorecards.view_people",
}
"""Who asks for the proposals has seen the dry run, which names everybody."""
OF_MERCHANTS = "scorecards.run_month_of_merchants"
AT_ONCE = 1_000
LOCK = "SELECT pg_advisory_xact_lock(hashtext(%s))"
logger = logging.getLogger(__name__)


def may_ask(person: Any, party: str) -> bool:
    """Whether somebody asks for proposals about such parties. Who decides about merchants does not ask as well."""
    asks = person.has_perm(RUN) and person.has_perm(SEEN[party])
    return bool(asks and (party != Party.MERCHANT or person.has_perm(OF_MERCHANTS)))


def month_ask(*, version: IncentiveVersion, month: date, actor: Any, now: datetime) -> bool:
    """A person looked at the dry run and asks for the proposals of a month; a job makes them. Asked twice it is one.

    Raises NotPermitted, also for who may not see everybody it is about, ``not_in_force``, ``month_runs``,
    ``no_scores``.
    """
    if not may_ask(actor, version.rule.party):
        raise NotPermitted()
    _check(version, month, now)
    key = f"{JOB}:{version.rule_id}:{month:%Y-%m}"
    payload = {"version": version.pk, "month": month.isoformat(), "by": actor.pk}
    return jobs.enqueue(JOB, key=key, payload=payload, now=now, again=True)


def month_run(*, version: IncentiveVersion, month: date, actor: Any, now: datetime) -> MonthRun:
    """Judge a month by a rule and make the proposals that follow.

    What was counted is kept first, once for (rule, month); then each proposal is made once for (party, month, rule).
    Run again, by two at once, or after a kill in the middle, it goes on from what was kept. The rule acts as the
    system, so nobody proposes for himself. Raises ``not_in_force``, ``month_runs``, ``no_scores``.
    """
    month = month.replace(day=1)
    run = (
        MonthRun.objects.select_related("rule_version__rule")
        .filter(rule=version.rule_id, month=month)
        .first()
    )
    if run is None:
        _check(version, month, now)
        refresh()
        run = _counted(version, month, actor, now)
    if run.done_at is not None:
        return run
    rows = MonthOutcome.objects.filter(run=run, said=Said.FOLLOWS).order_by("party_id")
    follows = selectors.kept(rows)
    results = [selectors.result(run.rule_version, month, one) for one in follows]
    ledger_services.incentives_propose(
        version=run.rule_version, results=results, month=month, actor=system_user(now), now=now
    )
    given = Raised.objects.filter(rule=run.rule_id, month=month)  # a measure may have come first meanwhile
    return _finished(run, given.count(), actor, now)


def months_sweep(*, now: datetime) -> int:
    """Runs that nobody asked for in the days of looking, and those that were stopped halfway; how many.

    A rule that fails stands in the log and does not keep the others from theirs.
    """
    ran, actor = 0, system_user(now)
    for month in _past(now):
        done = set(
            MonthRun.objects.filter(month=month, done_at__isnull=False).values_list("rule_id", flat=True)
        )
        begun = set(MonthRun.objects.filter(month=month, done_at=None).values_list("rule_id", flat=True))
        for version in incentives.on_figures(month):
            if version.rule_id not in done:
                ran += _swept(version, month, actor, now, is_begun=version.rule_id in begun)
    return ran


def _swept(version: IncentiveVersion, month: date, actor: Any, now: datetime, *, is_begun: bool) -> int:
    try:
        due = is_begun or now >= selectors.runs_at(version, month)
        if not due or not selectors.has_scores(version, month):
            return 0
        month_run(version=version, month=month, actor=actor, now=now)
    except OperationalError:  # the database, not the rule
        raise
    except Exception:
        logger.exception("the month %s could not be judged by %s", month, version)
        return 0
    return 1


def _past(now: datetime) -> list[date]:
    found, month = [], ledger.month_of(now)
    for _number in range(selectors.LONG_AGO):
        month = (month - timedelta(days=1)).replace(day=1)
        found.append(month)
    return found[::-1]


def _check(version: IncentiveVersion, month: date, now: datetime) -> None:
    if version.pk not in {one.pk for one in incentives.on_figures(month)}:
        raise DomainError(
            _("Figures judge whole months: this version was not in force for all of %(month)s.")
            % {"month": f"{month:%Y-%m}"},
            "not_in_force",
        )
    begins = selectors.settled(version, month)
    if now < begins:
        raise DomainError(
            _("The figures of the month have not settled; it can be judged from %(day)s on.")
            % {"day": f"{begins.astimezone(zone()):%Y-%m-%d}"},
            "month_runs",
        )
    if not selectors.has_scores(version, month):
        raise DomainError(
            _(
                "No scores were kept for this month: the formula was not in force, or they are counted tonight."
            ),
            "no_scores",
        )


def _counted(version: IncentiveVersion, month: date, actor: Any, now: datetime) -> MonthRun:
    """Count and keep, in one transaction; whoever comes second reads what the first one kept."""
    known = MonthRun.objects.select_related("rule_version__rule").filter(rule=version.rule_id, month=month)
    try:
        with transaction.atomic():
            _alone(version.rule, month)
            first: MonthRun | None = known.first()
            return first or _keep(version, month, actor, now)
    except IntegrityError:
        other: MonthRun | None = known.first()
        if other is None:
            raise
        return other


def _alone(rule: IncentiveRule, month: date) -> None:
    with connection.cursor() as cursor:
        cursor.execute("SET LOCAL statement_timeout = 0; SET LOCAL lock_timeout = 0")
        cursor.execute(LOCK, [f"month {rule.code} {month:%Y-%m}"])


def _keep(version: IncentiveVersion, month: date, actor: Any, now: datetime) -> MonthRun:
    found = selectors.judged(version, month)
    row = MonthRun(
        rule=version.rule,
        rule_version=version,
        month=month,
        looked=len(found),
        by_id=actor.pk,
        counted_at=now,
    )
    payload = {"code": version.rule.code, "month": f"{month:%Y-%m}"}
    run: MonthRun = registers.create(
        row, actor=actor, now=now, event="month_run.counted", payload=payload | {"looked": len(found)}
    )
    said = [one for one in found if one.said != Said.KEPT]  # of whom nothing was found, nothing is kept
    MonthOutcome.objects.bulk_create(
        (MonthOutcome(run=run, party=version.rule.party, **selectors.columns(one)) for one in said),
        batch_size=AT_ONCE,
    )
    return run


def _finished(run: MonthRun, given: int, actor: Any, now: datetime) -> MonthRun:
    payload = {"code": run.rule_version.rule.code, "month": f"{run.month:%Y-%m}", "given": given}
    with transaction.atomic():
        current: MonthRun = MonthRun.objects.select_for_update().get(pk=run.pk)
        if current.done_at is not None:
            return current
        saved: MonthRun = registers.save(
            run, actor=actor, now=now, event="month_run.done", payload=payload, given=given, done_at=now
        )
    return saved
