"""What the tests of the return rules share: shipped rules as plain data, the calendar, short ways to say facts."""

from dataclasses import replace
from datetime import date, datetime, timedelta
from functools import cache
from typing import Any
from zoneinfo import ZoneInfo

from aftersales.standards import shipping
from aftersales.standards.returns.facts import LineFacts, Moment, ParcelFacts, Place, RepairFacts
from aftersales.standards.returns.rule import Rule
from aftersales.standards.states import DayKind
from aftersales.standards.worktime import WorkingTime

SHANGHAI = ZoneInfo("Asia/Shanghai")
OFFICE = ((9 * 60, 18 * 60),)


def at(text: str, zone: str = "Asia/Shanghai") -> datetime:
    """``2026-03-02 10:00`` on the market's wall clock, or with ``Z`` in UTC; no time means noon."""
    if text.endswith("Z"):
        return datetime.fromisoformat(text)
    whole = text if " " in text else f"{text} 12:00"
    return datetime.fromisoformat(whole).replace(tzinfo=ZoneInfo(zone))


def moment(text: str, grain: str = "exact", zone: str = "Asia/Shanghai") -> Moment:
    return Moment(at(text, zone), grain)


@cache
def workdays() -> WorkingTime:
    """Monday to Friday with the announced holidays and make-up days, like the shipped market's calendar."""
    special: dict[date, tuple[tuple[int, int], ...]] = {
        day: (() if kind == DayKind.HOLIDAY else OFFICE) for day, kind, *_names in shipping.announced_days()
    }
    years = frozenset(row.year for row in shipping.announced_years())
    return WorkingTime("Asia/Shanghai", (OFFICE,) * 5 + ((), ()), special, years)


@cache
def china() -> Place:
    return Place("CN", SHANGHAI, workdays())


@cache
def shipped() -> tuple[Rule, ...]:
    """The rules of ``shipped/returns.toml``, all in force since ever."""
    book = shipping.read("returns")
    found = []
    for number, row in enumerate(book["rule"], start=1):
        terms = shipping.return_terms(row, book)
        plain = {name: tuple(value) if isinstance(value, list) else value for name, value in terms.items()}
        found.append(
            Rule(
                id=number, code=row["code"], name_zh=row["name_zh"], name_en=row["name_en"],
                source_ref=row["source_ref"], **plain,
            )
        )  # fmt: skip
    return tuple(found)


def with_next(code: str, since: str, **terms: Any) -> tuple[Rule, ...]:
    """The shipped rules with a second version of one of them in force from ``since``."""
    began = at(since)
    first = next(rule for rule in shipped() if rule.code == code)
    second = replace(first, id=1000 + first.id, number=2, valid_from=began, **terms)
    others = [rule for rule in shipped() if rule.code != code]
    return (*others, replace(first, valid_to=began), second)


def parcel(delivered: str | None = None, **more: Any) -> ParcelFacts:
    grain = more.pop("grain", "exact")
    if "picked_up" in more:
        more["picked_up"] = moment(more["picked_up"])
    if "shipped" in more:
        more["shipped"] = moment(more["shipped"])
    return ParcelFacts(delivered=moment(delivered, grain) if delivered else None, **more)


def repair(received: str, back: str | None = None, outcome: str = "fixed", **more: Any) -> RepairFacts:
    return RepairFacts(moment(received), moment(back) if back else None, outcome, **more)


def facts(asked: str, *, ground: str = "no_reason", demand: str = "return", **more: Any) -> LineFacts:
    """A question. Ordered two days before the first arrival unless told otherwise."""
    parcels = more.pop("parcels", None) or (parcel(more.pop("signed", "2026-03-02 10:00")),)
    first = min((one.delivered.at for one in parcels if one.delivered), default=at("2026-02-27"))
    ordered = more.pop("ordered", None)
    bought = (
        moment(ordered, more.pop("ordered_grain", "exact")) if ordered else Moment(first - timedelta(days=2))
    )
    asked_grain = more.pop("asked_grain", "exact")
    for name in ("installed", "paid"):
        if name in more:
            more[name] = moment(more[name])
    if "confirmed_at" in more:
        more["confirmed_at"] = at(more["confirmed_at"])
    return LineFacts(demand, ground, moment(asked, asked_grain), bought, parcels=tuple(parcels), **more)
