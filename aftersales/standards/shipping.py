"""Brings the shipped defaults into the database: once, by the system, recorded. What people changed stays.

The numbers themselves stand in ``shipped/*.toml`` with their sources.
"""

import tomllib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import chinese_calendar
from django.db import transaction

from aftersales.core import moves
from aftersales.core.errors import Refusal, Refused
from aftersales.standards import services
from aftersales.standards.models import (
    CalendarPeriod,
    CalendarYear,
    Market,
    Parameter,
    ParameterVersion,
    ReturnRule,
    ReturnRuleVersion,
    ServiceStandard,
    StandardVersion,
    WorkCalendar,
)
from aftersales.standards.returns.services import TERMS as RETURN_TERMS
from aftersales.standards.returns.services import check as check_return_rule
from aftersales.standards.states import DayKind, RuleState, YearState

FOLDER = Path(__file__).resolve().parent / "shipped"
ALWAYS_TRUE_FROM = datetime(2000, 1, 1, tzinfo=UTC)
"""Shipped defaults hold since ever, so that imported older facts find a rule for their time."""
NOTICE = "国务院办公厅节假日安排通知（chinesecalendar {version}）"
ENGLISH_TO_CHINESE = {
    "New Year's Day": "元旦",
    "Spring Festival": "春节",
    "Tomb-sweeping Day": "清明节",
    "Labour Day": "劳动节",
    "Dragon Boat Festival": "端午节",
    "National Day": "国庆节",
    "Mid-autumn Festival": "中秋节",
    "Anti-Fascist 70th Day": "抗战胜利七十周年",
}


@dataclass
class Report:
    """How many rows the load created; everything else was there already."""

    calendars: int = 0
    days: int = 0
    markets: int = 0
    standards: int = 0
    parameters: int = 0
    return_rules: int = 0


def read(name: str) -> dict[str, Any]:
    """One shipped file."""
    with (FOLDER / f"{name}.toml").open("rb") as stream:
        return tomllib.load(stream)


def load(*, actor: Any, now: datetime) -> Report:
    """Calendars, market, standards and numbers that are not in the database yet. Idempotent."""
    report = Report()
    with transaction.atomic():
        calendars = read("calendars")
        report.calendars = _load_calendars(calendars["calendar"], actor, now)
        report.days = _load_days(calendars["year"], actor, now)
        report.markets = _load_markets(calendars["market"], actor, now)
        report.standards = _load_standards(read("standards"), actor, now)
        report.parameters = _load_parameters(read("parameters")["parameter"], actor, now)
        report.return_rules = _load_return_rules(read("returns"), actor, now)
    return report


def _load_calendars(rows: Sequence[Mapping[str, Any]], actor: Any, now: datetime) -> int:
    known = set(WorkCalendar.objects.values_list("code", flat=True))
    fresh = [row for row in rows if row["code"] not in known]
    for row in fresh:
        calendar = services.calendar_save(
            calendar=WorkCalendar(
                code=row["code"], name_zh=row["name_zh"], name_en=row["name_en"], day_set=row["day_set"]
            ),
            actor=actor,
            now=now,
        )
        for weekday, opens, closes in _periods(row["periods"]):
            period = CalendarPeriod(calendar=calendar, weekday=weekday, opens=opens, closes=closes)
            services.period_save(period=period, actor=actor, now=now)
    return len(fresh)


def _periods(groups: Sequence[Mapping[str, Any]]) -> Iterator[tuple[int, int, int]]:
    for group in groups:
        for weekday in group["days"]:
            for hours in group["hours"]:
                opens, closes = (_minute(face) for face in hours.split("-"))
                yield weekday, opens, closes


def _minute(face: str) -> int:
    hours, minutes = face.split(":")
    return int(hours) * 60 + int(minutes)


def _load_days(years: Sequence[Mapping[str, Any]], actor: Any, now: datetime) -> int:
    total = services.days_load(
        day_set="CN", days=announced_days(), years=announced_years(), actor=actor, now=now
    )
    for year in years:
        days = [
            (day["date"], str(DayKind.HOLIDAY), day["zh"], day["en"], year["source"]) for day in year["days"]
        ]
        row = CalendarYear(
            day_set=year["day_set"], year=year["year"], state=year["state"], source=year["source"]
        )
        total += services.days_load(day_set=year["day_set"], days=days, years=[row], actor=actor, now=now)
    return total


def _notice() -> str:
    from importlib.metadata import version

    return NOTICE.format(version=version("chinesecalendar"))


def announced_days() -> list[tuple[date, str, str, str, str]]:
    """Holidays and make-up working days of the years that chinesecalendar knows."""
    source = _notice()
    found: list[tuple[date, str, str, str, str]] = []
    for kind, days in (
        (DayKind.HOLIDAY, chinese_calendar.constants.holidays),
        (DayKind.MAKE_UP, chinese_calendar.constants.workdays),
    ):
        for day, name in days.items():
            found.append((day, str(kind), ENGLISH_TO_CHINESE.get(name, name), name, source))
    return sorted(found)


def announced_years() -> list[CalendarYear]:
    source = _notice()
    years = sorted({day.year for day in chinese_calendar.constants.holidays})
    return [CalendarYear(day_set="CN", year=year, state=YearState.ANNOUNCED, source=source) for year in years]


def _load_markets(rows: Sequence[Mapping[str, Any]], actor: Any, now: datetime) -> int:
    known = set(Market.objects.values_list("code", flat=True))
    fresh = [row for row in rows if row["code"] not in known]
    for row in fresh:
        calendar = WorkCalendar.objects.get(code=row["calendar"])
        market = Market(**{**row, "calendar": calendar})
        services.market_save(market=market, actor=actor, now=now)
    return len(fresh)


def _load_standards(shipped: Mapping[str, Any], actor: Any, now: datetime) -> int:
    known = set(ServiceStandard.objects.values_list("code", flat=True))
    calendars = {row.code: row for row in WorkCalendar.objects.all()}
    fresh = [{**shipped["defaults"], **row} for row in shipped["standard"] if row["code"] not in known]
    parents = moves.create_many(
        [_standard(row) for row in fresh],
        actor=actor,
        now=now,
        event="standard.created",
        payloads=[{"code": row["code"]} for row in fresh],
    )
    versions = [
        _standard_version(parent, row, calendars, actor, now)
        for parent, row in zip(parents, fresh, strict=True)
    ]
    for version in versions:
        services.check_terms(version)
    _create_versions(versions, actor, now)
    return len(fresh)


def _standard(row: Mapping[str, Any]) -> ServiceStandard:
    names = ("code", "name_zh", "name_en", "promise", "family", "position")
    return ServiceStandard(**{name: row[name] for name in names})


def _standard_version(
    parent: ServiceStandard,
    row: Mapping[str, Any],
    calendars: Mapping[str, WorkCalendar],
    actor: Any,
    now: datetime,
) -> StandardVersion:
    plain = (
        "subject_kind", "kinds", "severities", "natures", "channels", "customer_classes", "tags", "owed_by",
        "owed_party", "clock_kind", "warning_percent", "starts_on", "restarts_on", "stops_on", "pauses_on",
        "resumes_on", "cancels_on", "legal_ref",
    )  # fmt: skip
    columns: dict[str, Any] = {name: row[name] for name in plain if name in row}
    for name in ("limit", "source_limit", "legal_limit"):
        if name in row:
            value, unit = row[name].split(" ")
            columns |= {f"{name}_value": int(value), f"{name}_unit": unit}
    return StandardVersion(
        standard=parent, calendar=calendars[row["calendar"]], **columns, **_origin(row, actor, now)
    )


def _origin(row: Mapping[str, Any], actor: Any, now: datetime) -> dict[str, Any]:
    texts = ("source_ref", "source_zh", "source_en", "conflict_group", "note_zh", "note_en")
    return {
        "number": 1,
        "state": RuleState(row.get("state", RuleState.DRAFT)),
        "drafted_by_id": actor.pk,
        "drafted_at": now,
        "is_shipped": True,
        **{name: row[name] for name in texts if name in row},
    }


def _create_versions(versions: Sequence[Any], actor: Any, now: datetime) -> None:
    """Drafts first, then into force together, so that the order of severities is judged as a whole."""
    if not versions:
        return
    model = type(versions[0])
    for state, event in ((RuleState.NOTED, "rule.noted"), (RuleState.DRAFT, "rule.drafted")):
        chosen = [version for version in versions if version.state == state]
        payloads = [version._payload() for version in chosen]
        moves.create_many(chosen, actor=actor, now=now, event=event, payloads=payloads)
    drafts = model.objects.filter(pk__in=[row.pk for row in versions], state=RuleState.DRAFT)
    outcome = moves.perform_many(
        drafts, "activate", actor=actor, now=now, data={"valid_from": ALWAYS_TRUE_FROM}
    )
    if outcome.refused or outcome.busy:
        reasons: list[Refusal] = [reason for _pk, found in outcome.refused for reason in found]
        raise Refused(reasons or [Refusal("busy", "busy")])


def _load_parameters(rows: Sequence[Mapping[str, Any]], actor: Any, now: datetime) -> int:
    known = set(Parameter.objects.values_list("code", flat=True))
    fresh = [row for row in rows if row["code"] not in known]
    names = ("code", "name_zh", "name_en", "group", "measure")
    parents = moves.create_many(
        [
            Parameter(**{name: row[name] for name in names}, stance=row.get("stance", "limit"))
            for row in fresh
        ],
        actor=actor,
        now=now,
        event="parameter.created",
        payloads=[{"code": row["code"]} for row in fresh],
    )
    versions = [
        _parameter_version(parent, row, actor, now) for parent, row in zip(parents, fresh, strict=True)
    ]
    _create_versions(versions, actor, now)
    return len(fresh)


def _parameter_version(
    parent: Parameter, row: Mapping[str, Any], actor: Any, now: datetime
) -> ParameterVersion:
    services.check_value(parent, row["value"])
    legal = {name: row[name] for name in ("legal_value", "legal_ref") if name in row}
    return ParameterVersion(
        parameter=parent,
        value=row["value"],
        source_value=row.get("source_value", row["value"]),
        **legal,
        **_origin(row, actor, now),
    )


def _load_return_rules(shipped: Mapping[str, Any], actor: Any, now: datetime) -> int:
    known = set(ReturnRule.objects.values_list("code", flat=True))
    fresh = [row for row in shipped["rule"] if row["code"] not in known]
    names = ("code", "name_zh", "name_en", "chapter", "position")
    parents = moves.create_many(
        [ReturnRule(**{name: row[name] for name in names}) for row in fresh],
        actor=actor,
        now=now,
        event="return_rule.created",
        payloads=[{"code": row["code"]} for row in fresh],
    )
    versions = [
        ReturnRuleVersion(rule=parent, **return_terms(row, shipped), **_origin(row, actor, now))
        for parent, row in zip(parents, fresh, strict=True)
    ]
    for version in versions:
        check_return_rule(version)
    _create_versions(versions, actor, now)
    return len(fresh)


def return_terms(row: Mapping[str, Any], shipped: Mapping[str, Any]) -> dict[str, Any]:
    """What a shipped return rule says, as columns of a version."""
    said = {**shipped["defaults"], **row}
    said |= {name: shipped["lists"][listed] for name, listed in row.get("lists", {}).items()}
    columns = {
        name: said[name]
        for name in RETURN_TERMS
        if name in said and not name.startswith(("source_", "note_"))
    }
    for name in ("window", "legal", "look"):
        if name in said:
            value, unit = said[name].split(" ")
            columns |= {f"{name}_value": int(value), f"{name}_unit": unit}
    return columns
