"""Every write to the rule book. Drafting and activating are two acts by two people (DESIGN 3)."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import date, datetime
from typing import Any

from django.db import transaction
from django.db.models import Case, Max, When
from django.utils.translation import gettext_lazy as _

from aftersales.core import events, moves, registers
from aftersales.core.errors import DomainError, NotPermitted
from aftersales.core.events import Draft
from aftersales.standards.models import (
    CalendarDay,
    CalendarPeriod,
    CalendarYear,
    Market,
    Parameter,
    ParameterVersion,
    RuleVersion,
    ServiceStandard,
    StandardVersion,
    WorkCalendar,
)
from aftersales.standards.states import ClockKind, Measure, RuleState, Unit
from aftersales.standards.worktime import MINUTES_OF_DAY

DRAFT = "standards.draft"
KEEP = "standards.keep_registers"
WAITS = "ticket.waiting"
"""Events of waiting: workload and silence never stop what the law or an agreement sets (DESIGN 4, Clock)."""

STANDARD_TERMS: tuple[str, ...] = (
    "subject_kind", "kinds", "severities", "natures", "channels", "customer_classes", "markets", "tags",
    "owed_by", "owed_party", "clock_kind", "limit_value", "limit_unit", "calendar_id", "warning_percent",
    "starts_on", "restarts_on", "stops_on", "pauses_on", "resumes_on", "cancels_on",
    "source_limit_value", "source_limit_unit", "legal_limit_value", "legal_limit_unit", "legal_ref",
    "source_ref", "source_zh", "source_en", "conflict_group", "note_zh", "note_en",
)  # fmt: skip
"""What a new draft takes over from the version in force."""
PARAMETER_TERMS: tuple[str, ...] = (
    "value", "source_value", "legal_value", "legal_ref",
    "source_ref", "source_zh", "source_en", "conflict_group", "note_zh", "note_en",
)  # fmt: skip


def require(actor: Any, capability: str) -> None:
    """Refuses whoever lacks the right."""
    if not actor.has_perm(capability):
        raise NotPermitted()


def standard_create(*, actor: Any, now: datetime, code: str, **columns: Any) -> ServiceStandard:
    """Open a standard; it promises nothing until a version of it is in force."""
    require(actor, DRAFT)
    row = ServiceStandard(code=code, **columns)
    created: ServiceStandard = registers.create(
        row, actor=actor, now=now, event="standard.created", payload={"code": code}
    )
    return created


def standard_change(
    *, standard: ServiceStandard, actor: Any, now: datetime, version: int | None = None, **columns: Any
) -> ServiceStandard:
    """Change name, owner or next review; what is promised changes only by a new version."""
    require(actor, DRAFT)
    saved: ServiceStandard = registers.save(
        standard,
        actor=actor,
        now=now,
        event="standard.changed",
        payload={"code": standard.code},
        version=version,
        **columns,
    )
    return saved


def standard_draft(
    *, standard: ServiceStandard, actor: Any, now: datetime, reason: str = "", **terms: Any
) -> StandardVersion:
    """Draft the next version: the terms of the newest version in force, with ``terms`` changed."""
    require(actor, DRAFT)
    with transaction.atomic():
        start = newest(StandardVersion.objects.filter(standard=standard, promotion=None))
        columns = inherited(start, STANDARD_TERMS, terms, actor=actor, now=now, reason=reason)
        row = StandardVersion(standard=standard, **columns)
        row.number = next_number(ServiceStandard, standard.pk, StandardVersion, "standard_id")
        check_terms(row)
        record_draft(row, actor=actor, now=now, reason=reason)
        return row


def parameter_create(*, actor: Any, now: datetime, code: str, **columns: Any) -> Parameter:
    """Open a number; it has no value until a version of it is in force."""
    require(actor, DRAFT)
    created: Parameter = registers.create(
        Parameter(code=code, **columns),
        actor=actor,
        now=now,
        event="parameter.created",
        payload={"code": code},
    )
    return created


def parameter_change(
    *, parameter: Parameter, actor: Any, now: datetime, version: int | None = None, **columns: Any
) -> Parameter:
    """Change name, group or use of a number; its value changes only by a new version."""
    require(actor, DRAFT)
    saved: Parameter = registers.save(
        parameter,
        actor=actor,
        now=now,
        event="parameter.changed",
        payload={"code": parameter.code},
        version=version,
        **columns,
    )
    return saved


def parameter_draft(
    *, parameter: Parameter, actor: Any, now: datetime, reason: str = "", **terms: Any
) -> ParameterVersion:
    """Draft the next value of a number."""
    require(actor, DRAFT)
    with transaction.atomic():
        start = newest(ParameterVersion.objects.filter(parameter=parameter, promotion=None))
        columns = inherited(start, PARAMETER_TERMS, terms, actor=actor, now=now, reason=reason)
        row = ParameterVersion(parameter=parameter, **columns)
        row.number = next_number(Parameter, parameter.pk, ParameterVersion, "parameter_id")
        check_value(parameter, row.value)
        record_draft(row, actor=actor, now=now, reason=reason)
        return row


def rule_change_draft(*, draft: RuleVersion, actor: Any, now: datetime, version: int, **terms: Any) -> Any:
    """Correct a draft; whoever last touched it counts as its drafter and may not bring it into force."""
    require(actor, DRAFT)
    if draft.state != RuleState.DRAFT:
        raise DomainError(_("Only a draft can be changed; make a new version instead."), "not_a_draft")
    for name, value in terms.items():
        setattr(draft, name, value)
    _check(draft)
    return registers.save(
        draft,
        actor=actor,
        now=now,
        event="rule.changed",
        payload=draft._payload(),
        version=version,
        drafted_by_id=actor.pk,
        drafted_at=now,
        **terms,
    )


def _check(draft: RuleVersion) -> None:
    """A version that nobody could follow is refused, whatever kind of rule it is of."""
    if isinstance(draft, StandardVersion):
        check_terms(draft)
    elif isinstance(draft, ParameterVersion):
        check_value(draft.parameter, draft.value)
    elif type(draft) in CHECKS:
        CHECKS[type(draft)](draft)
    else:
        from aftersales.standards.returns.services import check

        check(draft)  # type: ignore[arg-type]


CHECKS: dict[type[RuleVersion], Callable[[Any], None]] = {}
"""Judges of rules that rooms above keep."""


def checked_by(kind: type[RuleVersion], check: Callable[[Any], None]) -> None:
    """A room above names who judges a draft of its rules, in ``AppConfig.ready()``; ``check`` raises DomainError."""
    CHECKS[kind] = check


def rule_activate(
    *,
    draft: RuleVersion,
    actor: Any,
    now: datetime,
    valid_from: datetime | None = None,
    open_too: bool = False,
    reason: str = "",
) -> Any:
    """Bring a draft into force (second person) and end the version before it at the same moment.

    ``valid_from`` may lie ahead, never behind: a rule does not judge what was done before it was known.
    ``open_too``: running clocks of the standard are counted anew by this version (the clocks room does it); kept.
    """
    if valid_from is not None and valid_from < now:
        raise DomainError(_("A rule comes into force now or later, never in the past."), "in_the_past")
    with moves.translated_locks(), transaction.atomic():
        _lock_rule(draft)
        more: dict[str, Any] = {"open_too": True} if open_too and isinstance(draft, StandardVersion) else {}
        row = moves.perform(
            draft, "activate", actor=actor, now=now, reason=reason, valid_from=valid_from or now, **more
        )
        _refuse_beside_promotion(row, now)
        for earlier in _earlier(row):
            if earlier.state == RuleState.ACTIVE:
                moves.perform(earlier, "retire", actor=actor, now=now, valid_to=row.valid_from)
    return row


def _lock_rule(draft: RuleVersion) -> None:
    """A promotion over the same rule waits here, as this waits for it: the second one then sees the first."""
    if isinstance(draft, StandardVersion):
        ServiceStandard.objects.select_for_update().get(pk=draft.standard_id)
    elif isinstance(draft, ParameterVersion):
        Parameter.objects.select_for_update().get(pk=draft.parameter_id)


def _refuse_beside_promotion(row: RuleVersion, now: datetime) -> None:
    """What no promotion may override from now on, the law first of all, waits for the end of one that does."""
    if not isinstance(row, StandardVersion | ParameterVersion):
        return
    from aftersales.standards.promoting.selectors import against

    for promotion, fault in against(row, now):
        words = _("The promotion “%(name)s” may not go on beside this version; end it first. %(why)s")
        raise DomainError(words % {"name": promotion.name, "why": fault.message}, fault.code)


def rule_reject(*, draft: RuleVersion, actor: Any, now: datetime, reason: str) -> Any:
    """Return a draft with a reason; it stays readable and never comes into force."""
    if not reason.strip():
        raise DomainError(_("Say why the draft is returned."), "reason_missing")
    return moves.perform(draft, "reject", actor=actor, now=now, reason=reason)


def rule_retire(*, row: RuleVersion, actor: Any, now: datetime, valid_to: datetime | None = None) -> Any:
    """Take a version out of force without a successor. A standard may not leave a hole that breaks R3.4."""
    return moves.perform(row, "retire", actor=actor, now=now, valid_to=valid_to or now)


def calendar_save(
    *, calendar: WorkCalendar, actor: Any, now: datetime, version: int | None = None, **columns: Any
) -> WorkCalendar:
    """Create or change a working calendar."""
    require(actor, KEEP)
    payload = {"code": calendar.code}
    if calendar.pk is None:
        return registers.create(calendar, actor=actor, now=now, event="calendar.created", payload=payload)  # type: ignore[no-any-return]
    return registers.save(  # type: ignore[no-any-return]
        calendar, actor=actor, now=now, event="calendar.changed", payload=payload, version=version, **columns
    )


def period_save(
    *, period: CalendarPeriod, actor: Any, now: datetime, version: int | None = None, **columns: Any
) -> CalendarPeriod:
    """Create or change one opening period; periods of a day may not overlap."""
    require(actor, KEEP)
    wanted = {"calendar_id": period.calendar_id, "weekday": period.weekday, "opens": period.opens,
              "closes": period.closes, "is_open": period.is_open} | columns  # fmt: skip
    _refuse_overlap(period, wanted)
    return _save_register(period, "calendar", period.calendar.code, actor, now, version, columns)  # type: ignore[no-any-return]


def _refuse_overlap(period: CalendarPeriod, wanted: Mapping[str, Any]) -> None:
    if not 0 <= wanted["opens"] < wanted["closes"] <= MINUTES_OF_DAY:
        raise DomainError(_("A period opens before it closes, within one day."), "period_order")
    others = CalendarPeriod.objects.filter(
        calendar_id=wanted["calendar_id"], weekday=wanted["weekday"], is_open=True
    ).exclude(pk=period.pk)
    clash = others.filter(opens__lt=wanted["closes"], closes__gt=wanted["opens"]).exists()
    if wanted["is_open"] and clash:
        raise DomainError(_("This period overlaps another one of the same day."), "period_overlap")


def day_save(
    *, day: CalendarDay, actor: Any, now: datetime, version: int | None = None, **columns: Any
) -> CalendarDay:
    """Create or change one exceptional day."""
    require(actor, KEEP)
    return _save_register(day, "calendar", day.day_set, actor, now, version, columns)  # type: ignore[no-any-return]


def year_save(
    *, year: CalendarYear, actor: Any, now: datetime, version: int | None = None, **columns: Any
) -> CalendarYear:
    """Create or change the state of a calendar year (provisional until announced)."""
    require(actor, KEEP)
    return _save_register(year, "calendar", year.day_set, actor, now, version, columns)  # type: ignore[no-any-return]


def market_save(
    *, market: Market, actor: Any, now: datetime, version: int | None = None, **columns: Any
) -> Market:
    """Create or change a market."""
    require(actor, KEEP)
    return _save_register(market, "market", market.code, actor, now, version, columns)  # type: ignore[no-any-return]


def _save_register(
    row: Any, noun: str, code: str, actor: Any, now: datetime, version: int | None, columns: Mapping[str, Any]
) -> Any:
    if row.pk is None:
        return registers.create(row, actor=actor, now=now, event=f"{noun}.created", payload={"code": code})
    return registers.save(
        row, actor=actor, now=now, event=f"{noun}.changed", payload={"code": code}, version=version, **columns
    )


def days_load(
    *, day_set: str, days: Iterable[tuple[date, str, str, str, str]], years: Sequence[CalendarYear],
    actor: Any, now: datetime,
) -> int:  # fmt: skip
    """Enter exceptional days (date, kind, Chinese name, English name, source) that are not there yet.

    Returns how many were new. Days that people entered or changed are left as they are.
    """
    require(actor, KEEP)
    with transaction.atomic():
        known = set(CalendarDay.objects.filter(day_set=day_set).values_list("date", flat=True))
        fresh = [
            CalendarDay(day_set=day_set, date=day, kind=kind, name_zh=zh, name_en=en, source=source)
            for day, kind, zh, en, source in days
            if day not in known
        ]
        known_years = set(CalendarYear.objects.filter(day_set=day_set).values_list("year", flat=True))
        new_years = [year for year in years if year.year not in known_years]
        for rows in (fresh, new_years):
            _create_quietly(rows, actor, now)
        if fresh or new_years:
            _record_days(day_set, fresh, new_years, actor, now)
    return len(fresh)


def _create_quietly(rows: Sequence[Any], actor: Any, now: datetime) -> None:
    """Rows with their history; one event for the whole load follows."""
    from aftersales.core import rowwrite

    if rows:
        type(rows[0]).objects.bulk_create(rows)
        rowwrite.write_history(rows, actor=actor, now=now, reason="", kind="+")


def _record_days(
    day_set: str, days: Sequence[CalendarDay], years: Sequence[CalendarYear], actor: Any, now: datetime
) -> None:
    subject = years[0] if years else days[0]
    listed = sorted({year.year for year in years} | {day.date.year for day in days})
    payload = {"days": len(days), "years": listed}
    events.record_many(
        [Draft(kind="calendar.loaded", row=subject, actor=actor, at=now, payload=payload)], now=now
    )


def check_terms(row: StandardVersion) -> None:
    """A version a clock could not follow is refused before anybody can bring it into force."""
    if row.limit_unit not in Unit.values or not row.limit_value:
        raise DomainError(_("Say how long: a number above zero and its unit."), "limit_missing")
    if not row.starts_on or not row.stops_on:
        raise DomainError(
            _("Say which event starts the clock and which one keeps the promise."), "events_missing"
        )
    if row.pauses_on and not row.resumes_on:
        raise DomainError(_("A clock that can pause needs an event that lets it go on."), "resume_missing")
    if row.clock_kind != ClockKind.SERVICE and any(one.startswith(WAITS) for one in row.pauses_on):
        raise DomainError(
            _("Waiting stops service clocks only: the law and an obligation go on running."), "waits_run_on"
        )
    if row.legal_limit_value and _longer_than_law(row):
        raise DomainError(_("Our target may not be longer than the law allows."), "beyond_law")


def _longer_than_law(row: StandardVersion) -> bool:
    from aftersales.standards.rules import nominal_minutes
    from aftersales.standards.worktime import ALWAYS

    law = nominal_minutes(ALWAYS, row.legal_limit_value or 0, row.legal_limit_unit)
    return nominal_minutes(ALWAYS, row.limit_value, row.limit_unit) > law


def check_value(parameter: Parameter, value: Any) -> None:
    """A number is not negative, a share at most 100, a list holds codes, a text is not empty."""
    if parameter.measure == Measure.CODES:
        fine = isinstance(value, list) and all(isinstance(code, str) for code in value)
    elif parameter.measure == Measure.TEXT:
        fine = isinstance(value, str) and bool(value.strip())
    else:
        fine = isinstance(value, int | float) and not isinstance(value, bool) and value >= 0
        if fine and parameter.measure in {Measure.PERCENT, Measure.POINTS}:
            fine = value <= 100
    if not fine:
        raise DomainError(
            _("“%(value)s” is not a value for “%(name)s”.") % {"value": value, "name": parameter.name},
            "bad_value",
        )


def newest(versions: Any) -> Any:
    """The version a new draft starts from: in force, else the last that was not returned, else whatever came last."""
    place = Case(When(state=RuleState.ACTIVE, then=0), When(state=RuleState.REJECTED, then=2), default=1)
    return versions.order_by(place, "-number").first()


def next_number(parent: Any, parent_id: int, versions: Any, key: str) -> int:
    """Two people drafting at once get two numbers: the parent row is locked until the commit."""
    parent.objects.select_for_update().get(pk=parent_id)
    found = versions.objects.filter(**{key: parent_id}).aggregate(last=Max("number"))["last"]
    return (found or 0) + 1


def inherited(
    start: Any, names: Sequence[str], terms: Mapping[str, Any], *, actor: Any, now: datetime, reason: str
) -> dict[str, Any]:  # fmt: skip
    """The columns of a new draft: those of the version it starts from, with ``terms`` changed."""
    columns = {name: getattr(start, name) for name in names} if start is not None else {}
    if "calendar" in terms:
        columns.pop("calendar_id", None)
    return {
        **columns,
        "change_reason": reason,
        "drafted_by_id": actor.pk,
        "drafted_at": now,
        **terms,
    }


def record_draft(row: Any, *, actor: Any, now: datetime, reason: str) -> None:
    """Write a new draft with its event; a note of a source has an event of its own."""
    event = "rule.noted" if row.state == RuleState.NOTED else "rule.drafted"
    registers.create(row, actor=actor, now=now, event=event, reason=reason, payload=row._payload())


def _earlier(row: RuleVersion) -> list[Any]:
    """What it replaces; a promotion beside it goes on to its own end."""
    same = row.siblings().filter(state=RuleState.ACTIVE).exclude(pk=row.pk)
    if isinstance(row, StandardVersion | ParameterVersion):
        same = same.filter(promotion=None)
    return list(same.order_by("pk"))
