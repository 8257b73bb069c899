"""Every write about reports, and the trace of figures that were taken out."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, datetime, time, timedelta
from typing import Any

from django.db import IntegrityError, transaction
from django.db.models import Exists, OuterRef
from django.utils import timezone, translation
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from accounts.models import Team, User
from accounts.services import system_user
from accounts.states import Role
from aftersales.core import events, jobs, moves
from aftersales.core.errors import DomainError, NotPermitted
from aftersales.dashboards import reporting
from aftersales.dashboards.models import Report, ReportPlan
from aftersales.dashboards.selectors import exceptions
from aftersales.dashboards.states import Period
from aftersales.notices.services import notice_send

MAKE = "dashboards.report"
HOURS = range(24)
COMMENT = 4000
MISSED: Mapping[str, int] = {Period.DAY: 7, Period.WEEK: 2, Period.MONTH: 2}
"""How many of the newest periods are looked at: a worker may have been down when the hour came."""


def plan_make(*, period: str, team: Team | None, hour: int, actor: Any, now: datetime) -> ReportPlan:
    """Ask for a report of each period; that of the last one comes at once. Errors: period, hour, team, twice."""
    if not actor.has_perm("dashboards.view"):
        raise NotPermitted()
    if period not in Period.values:
        raise DomainError(_("Choose day, week or month."), "period")
    if hour not in HOURS:
        raise DomainError(_("Choose an hour from 0 to 23."), "hour")
    if team is not None and not Team.objects.visible_to(actor).filter(pk=team.pk).exists():
        raise DomainError(_("Choose one of your teams."), "team")
    plan = ReportPlan(owner=actor, period=period, team=team, hour=hour, created_at=now)
    try:
        with transaction.atomic():
            made = moves.create(
                plan, actor=actor, now=now, event="report_plan.made", payload={"period": period}
            )
            _first, last = reporting.last_period(period, timezone.localdate(now))
            _order(made, last, now)
            return made
    except IntegrityError as error:
        raise DomainError(_("You get this report already."), "twice") from error


def _order(plan: ReportPlan, last: date, now: datetime) -> bool:
    """Ask for the report of the period that ended on this day, once."""
    payload = {"plan": plan.pk, "last": last.isoformat()}
    return jobs.enqueue(MAKE, key=f"report:{plan.pk}:{last}", payload=payload, now=now)


def plan_end(*, plan: ReportPlan, actor: Any, now: datetime) -> ReportPlan:
    """No more of these reports; those that were made stay. Ended once, it stays ended."""
    if plan.owner_id != actor.pk:
        raise NotPermitted()
    with transaction.atomic():
        current: ReportPlan = moves.locked(plan)
        if current.active_to is not None:
            return current
        return moves.change(current, actor=actor, now=now, event="report_plan.ended", active_to=now)


def report_comment(*, report: Report, text: str, actor: Any, now: datetime, version: int | None) -> Report:
    """The owner's own words beside the figures. Errors: too_long; Conflict when somebody saved meanwhile."""
    if report.plan.owner_id != actor.pk:
        raise NotPermitted()
    words = text.replace("\x00", "").strip()
    if len(words) > COMMENT:
        raise DomainError(_("A comment may have at most 4,000 characters."), "too_long")
    return moves.change(
        report, actor=actor, now=now, event="report.commented", version=version, comment=words
    )


def reports_due(*, now: datetime) -> int:
    """Order every report whose period is over and whose hour has come; asked again, nothing more.

    What was missed while nothing ran is made up for, as far back as :data:`MISSED`. One statement for each period.
    """
    today, hour = timezone.localdate(now), timezone.localtime(now).hour
    ordered = 0
    for period in Period.values:
        _first, newest = reporting.last_period(period, today)
        last = newest
        for _back in range(MISSED[period]):
            made = Report.objects.filter(plan=OuterRef("pk"), last_day=last)
            plans = ReportPlan.objects.active().filter(period=period, owner__is_active=True)
            plans = (
                plans.filter(hour__lte=hour)
                if last == newest
                else plans.filter(created_at__lt=_begins(last + timedelta(days=1)))
            )
            ordered += sum(_order(plan, last, now) for plan in plans.exclude(Exists(made)))
            _first, last = reporting.last_period(period, last)
    return ordered


def _begins(day: date) -> datetime:
    return timezone.make_aware(datetime.combine(day, time.min))


def report_make(*, plan_id: int, last: date, now: datetime) -> Report | None:
    """Count, keep and tell, once per plan and period; None when nobody wants it any more."""
    plan = ReportPlan.objects.select_related("owner", "team").get(pk=plan_id)
    if plan.active_to is not None or not plan.owner.has_perm("dashboards.view"):
        return None
    with transaction.atomic():
        moves.locked(plan)
        known: Report | None = plan.reports.filter(last_day=last).first()
        if known is not None:
            return known
        report = _made(plan, last, now)
        _tell(report, now)
    return report


def _made(plan: ReportPlan, last: date, now: datetime) -> Report:
    first = last if plan.period == Period.DAY else _first_day(plan.period, last)
    report = Report(
        plan=plan, first_day=first, last_day=last, made_at=now,
        content=reporting.content(plan, first, last, now),
    )  # fmt: skip
    payload = {"first": first.isoformat(), "last": last.isoformat()}
    return moves.create(report, actor=system_user(now), now=now, event="report.made", payload=payload)


def _first_day(period: str, last: date) -> date:
    return last.replace(day=1) if period == Period.MONTH else date.fromordinal(last.toordinal() - 6)


def _tell(report: Report, now: datetime) -> None:
    with translation.override(report.plan.owner.language or "zh-hans"):
        days = {"first": report.first_day, "last": report.last_day}
        words = (
            str(report.last_day)
            if report.first_day == report.last_day
            else gettext("%(first)s to %(last)s") % days
        )
        values = {**reporting.headline(report), "period": words}
    notice_send(
        template="report.ready", to=report.plan.owner, about=report, values=values, key=f"report:{report.pk}",
        actor=system_user(now), now=now,
    )  # fmt: skip


def exceptions_tell(*, day: date, now: datetime) -> int:
    """The exceptions of a day to every supervisor, once each; a day without any is not told. Returns how many."""
    found = [(group, number) for group, number in exceptions.counts(day) if number]
    if not found:
        return 0
    told = 0
    for person in User.objects.active().with_role(Role.SUPERVISOR).order_by("pk"):
        with translation.override("en" if person.language.startswith("en") else "zh-hans"):
            lines = [
                gettext("%(what)s: %(n)s") % {"what": group.label, "n": number} for group, number in found
            ]
        values = {
            "day": day.isoformat(),
            "count": sum(number for _group, number in found),
            "list": "\n".join(lines),
        }
        told += bool(
            notice_send(
                template="exceptions.daily", to=person, about=person, values=values, key=f"exceptions:{day}",
                actor=system_user(), now=now,
            )
        )  # fmt: skip
    return told


def figures_exported(*, page: str, actor: Any, now: datetime) -> None:
    """Note that a table of figures was taken out as a sheet. ``page``: the code of one of ``states.Table``."""
    events.record("figures.exported", subject=actor, actor=actor, now=now, payload={"table": page})
