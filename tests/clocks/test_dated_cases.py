"""Dated cases derived by hand: engine and explanation must both find what the calendar on the wall says."""

import tomllib
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from pathlib import Path
from types import SimpleNamespace
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from aftersales.clocks import segments
from aftersales.clocks.models import Clock
from aftersales.clocks.rules import ClockSubject
from aftersales.clocks.segments import Count, Part
from aftersales.clocks.services.bench import Bench
from aftersales.clocks.states import ClockState
from aftersales.standards.models import ServiceStandard, StandardVersion
from aftersales.standards.selectors import Book
from aftersales.standards.shipping import announced_days
from aftersales.standards.states import TIME_UNITS, Promise, RuleState
from aftersales.standards.worktime import WorkingTime
from tests.standards.test_worktime import CHAT, OFFICE

CASES = tomllib.loads(Path(__file__).with_name("dated_cases.toml").read_text(encoding="utf-8"))["case"]
NAMED = {day: (zh, en) for day, _kind, zh, en, _source in announced_days()}
CALENDARS = {
    "always": WorkingTime(zone="Asia/Shanghai"),
    "chat": CHAT,
    "office": WorkingTime(OFFICE.zone, OFFICE.weekly, OFFICE.special, OFFICE.announced_years, NAMED),
    "sao_paulo": WorkingTime(zone="America/Sao_Paulo"),
}
EVER = datetime(2000, 1, 1, tzinfo=UTC)
KEY = ("tickets.ticket", 7)
SEVERITIES = ("minor", "major")


def read_case(case: Mapping[str, Any]) -> SimpleNamespace:
    zone = ZoneInfo(CALENDARS[case["calendar"]].zone)

    def at(text: str) -> datetime:
        return datetime.fromisoformat(text).replace(tzinfo=zone)

    return SimpleNamespace(
        start=at(case["start"]), due=at(case["due"]), warn=at(case["warn"]),
        pauses=[(at(begin), at(end) if end else None) for begin, end in case.get("pauses", [])],
        worse=[(at(when), limit) for when, limit in case.get("worse", [])],
        next=[(at(when), limit) for when, limit in [case["next_version"]]] if "next_version" in case else [],
        kept=at(case["kept"]) if "kept" in case else None,
        asked=at(case["asked"]) if "asked" in case else None, breached=case.get("breached"),
        calendar=CALENDARS[case["calendar"]], limit=case["limit"],
    )  # fmt: skip


def version(pk: int, limit: str, *, severity: str, valid_from: datetime, valid_to: datetime | None) -> Any:
    value, unit = limit.split(" ")
    found = StandardVersion(
        pk=pk, number=pk, state=RuleState.ACTIVE, subject_kind=KEY[0], severities=[severity], limit_value=int(value),
        limit_unit=unit, calendar_id=1, warning_percent=75, starts_on=["ticket.opened", "ticket.regraded"],
        stops_on=["ticket.replied"], pauses_on=["ticket.waiting"], resumes_on=["ticket.resumed"],
        valid_from=valid_from, valid_to=valid_to,
    )  # fmt: skip
    found.standard = ServiceStandard(pk=pk, code=f"rule_{pk}", promise=Promise.FIRST_RESPONSE)
    return found


def run(case: SimpleNamespace) -> Clock:
    """The case told to the engine as events, in order; nothing touches a database."""
    first_ends = case.next[0][0] if case.next else None
    versions = [version(1, case.limit, severity="minor", valid_from=EVER, valid_to=first_ends)]
    versions += [version(2, limit, severity="minor", valid_from=at, valid_to=None) for at, limit in case.next]
    versions += [
        version(3, limit, severity="major", valid_from=EVER, valid_to=None) for _at, limit in case.worse
    ]
    book = Book("", versions, {}, {1: case.calendar}, {"case": 1}, {}, [])
    told = [(case.start, 0, "ticket.opened", "minor")]
    told += [(at, 1, "ticket.regraded", "major") for at, _limit in case.worse]
    for begin, end in case.pauses:
        told.append((begin, 2, "ticket.waiting", "minor"))
        told += [(end, 3, "ticket.resumed", "minor")] if end else []
    told += [(case.kept, 4, "ticket.replied", "minor")] if case.kept else []
    bench = Bench(book=book)
    for at, _order, kind, severity in sorted(told):
        event = SimpleNamespace(
            kind=kind, payload={}, at=at, actor=None, subject_kind=KEY[0], subject_id=KEY[1]
        )
        bench.hear(event, ClockSubject(severity=severity))
    (clock,) = bench.clocks[KEY]
    clock.rule = bench.version(clock)  # type: ignore[attr-defined]
    return clock


@pytest.mark.parametrize("case", CASES, ids=[case["name"] for case in CASES])
def test_a_dated_case_is_due_warns_and_breaks_when_the_calendar_says(case: Mapping[str, Any]) -> None:
    asked = read_case(case)
    clock = run(asked)
    assert (clock.due_at, clock.warn_at) == (asked.due, asked.warn)
    if asked.asked is not None:
        late = clock.breached_at is not None or clock.is_breached(asked.asked)
        assert late is asked.breached
    else:
        second = timedelta(seconds=1)
        assert not clock.is_breached(asked.due)
        assert clock.is_breached(asked.due + second)


@pytest.mark.parametrize("case", CASES, ids=[case["name"] for case in CASES])
def test_the_stretches_of_a_dated_case_add_up_to_its_limit_without_a_gap(case: Mapping[str, Any]) -> None:
    # Given the clock of the case and its last count taken apart
    asked = read_case(case)
    clock = run(asked)
    rule = clock.rule  # type: ignore[attr-defined]
    count = Count(
        asked.calendar, clock.counted_from, rule.limit_value, rule.limit_unit, clock.due_at,
        clock.pause_list(), standing_until=asked.asked,
    )  # fmt: skip
    parts = segments.taken_apart(count)
    # Then what counted is the limit, to the microsecond
    time, days = segments.worked(parts)
    if rule.limit_unit in TIME_UNITS:
        assert time == timedelta(**{rule.limit_unit: rule.limit_value})
    else:
        assert days == rule.limit_value
    # And each stretch begins where the one before it ended
    assert parts[0].start == clock.counted_from
    assert all(one.end == other.start for one, other in zip(parts, parts[1:], strict=False))
    if not any(one.part == Part.LEFT for one in parts):
        assert parts[-1].end == clock.due_at


def test_there_are_forty_cases_and_each_has_a_name_of_its_own() -> None:
    names = [case["name"] for case in CASES]
    assert len(names) >= 40
    assert len(set(names)) == len(names)


def test_a_kept_case_is_kept() -> None:
    kept = next(case for case in CASES if case["name"] == "kept in the last moment")
    assert run(read_case(kept)).state == ClockState.MET


def parts_of(name: str) -> list[tuple[Part, str]]:
    case = read_case(next(one for one in CASES if one["name"] == name))
    clock = run(case)
    rule = clock.rule  # type: ignore[attr-defined]
    count = Count(
        case.calendar, clock.counted_from, rule.limit_value, rule.limit_unit, clock.due_at, clock.pause_list()
    )
    return [(one.part, one.name[1] or one.reason) for one in segments.taken_apart(count)]


@pytest.mark.parametrize(
    ("name", "parts"),
    [
        ("a lunch break does not count", [(Part.COUNTED, ""), (Part.BREAK, ""), (Part.COUNTED, "")]),
        ("begun at night", [(Part.NIGHT, ""), (Part.COUNTED, "")]),
        ("over a weekend", [(Part.COUNTED, ""), (Part.WEEKEND, ""), (Part.COUNTED, "")]),
        (
            "National Day 2025 stands between",
            [
                (Part.COUNTED, ""), (Part.HOLIDAY, "National Day"), (Part.HOLIDAY, "Mid-autumn Festival"),
                (Part.HOLIDAY, "National Day"), (Part.COUNTED, ""),
            ],
        ),
        (
            "a make-up Sunday counts",
            [(Part.COUNTED, ""), (Part.WEEKEND, ""), (Part.MAKE_UP, "National Day")],
        ),
        (
            "a pause over night",
            [(Part.COUNTED, ""), (Part.PAUSED, "ticket.waiting"), (Part.COUNTED, "")],
        ),
        (
            "five working days with a make-up Sunday among them",
            [
                (Part.FIRST_DAY, ""), (Part.COUNTED, ""), (Part.WEEKEND, ""), (Part.MAKE_UP, "National Day"),
                (Part.COUNTED, ""),
            ],
        ),
        (
            "the starting day does not count, so a pause cannot give it back",
            [(Part.FIRST_DAY, ""), (Part.PAUSED, "ticket.waiting"), (Part.COUNTED, "")],
        ),
        ("a pause that lasts is no breach", [(Part.COUNTED, ""), (Part.PAUSED, "ticket.waiting"), (Part.LEFT, "")]),
    ],
)  # fmt: skip
def test_every_stretch_says_why_it_counts_or_not(name: str, parts: list[tuple[Part, str]]) -> None:
    assert parts_of(name) == parts
