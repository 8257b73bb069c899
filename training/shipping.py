"""Brings the shipped tiers, limits and requirements into the database: once, by the system, recorded."""

import tomllib
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

from django.db import transaction

from aftersales.core import moves
from aftersales.core.errors import DomainError, Refused
from aftersales.core.rulebook import RuleState
from training import services
from training.models import Limit, Number, Requirement, Tier, TierVersion
from training.models.terms import TERMS
from training.services.courses import number_draft

SHIPPED = Path(__file__).resolve().parent / "shipped"
ALWAYS = datetime(2000, 1, 1, tzinfo=UTC)
"""Shipped defaults hold since ever, so that older decisions find a rule for their time."""
AMOUNTS = ("per_decision", "per_day", "per_customer", "four_eyes_above")


def load(*, actor: Any, now: datetime) -> Mapping[str, int]:
    """What is not in the database yet. Requirements of duties stay drafts, and so do numbers that wait: a new house has
    nobody certified or trained.
    """
    shipped = _read("authority") | _read("numbers")
    with transaction.atomic():
        tiers = _tiers(shipped["tier"], actor, now)
        limits = _limits(shipped, actor, now)
        asked = _asks(shipped["asks"], actor, now)
        requirements = _requirements(shipped["requirement"], actor, now)
        numbers = _numbers(shipped["number"], actor, now)
    return {"tiers": tiers, "asks": asked, "limits": limits, "requirements": requirements, "numbers": numbers}


def _read(name: str) -> dict[str, Any]:
    with (SHIPPED / f"{name}.toml").open("rb") as stream:
        return tomllib.load(stream)


def _numbers(rows: Sequence[Mapping[str, Any]], actor: Any, now: datetime) -> int:
    known = set(Number.objects.values_list("code", flat=True))
    fresh = [row for row in rows if row["code"] not in known]
    for row in fresh:
        number_draft(
            code=row["code"], actor=actor, now=now, is_shipped=True, value=Decimal(row["value"]),
            name_zh=row["name_zh"], name_en=row["name_en"], **_source(row),
        )  # fmt: skip
    _into_force(Number, actor, now, leave=[row["code"] for row in rows if row.get("waits")])
    return len(fresh)


def _tiers(rows: Sequence[Mapping[str, Any]], actor: Any, now: datetime) -> int:
    known = set(Tier.objects.values_list("code", flat=True))
    fresh = [row for row in rows if row["code"] not in known]
    for row in fresh:
        tier = services.tier_create(
            code=row["code"], name_zh=row["name_zh"], name_en=row["name_en"], actor=actor, now=now
        )
        names = ("rank", "counts_as_senior", "valid_months", "warn_days", "duties", "latest_end")
        terms = {name: row[name] for name in names if name in row}
        services.tier_draft(tier=tier, actor=actor, now=now, is_shipped=True, **terms, **_source(row))
    _into_force(TierVersion, actor, now)
    return len(fresh)


def _asks(rows: Sequence[Mapping[str, Any]], actor: Any, now: datetime) -> int:
    """What tiers ask for waits as the draft of their second version: nobody of a new house has it yet."""
    made = 0
    for row in rows:
        tier = Tier.objects.get(code=row["tier"])
        if tier.versions.count() == 1:
            terms = {name: row[name] for name in TERMS if name in row}
            terms |= {
                name: Decimal(terms[name])
                for name in ("hours", "satisfaction", "inspection")
                if name in terms
            }
            services.tier_draft(tier=tier, actor=actor, now=now, is_shipped=True, **terms, **_source(row))
            made += 1
    return made


def _limits(shipped: Mapping[str, Any], actor: Any, now: datetime) -> int:
    known = set(Limit.objects.values_list("code", flat=True))
    tiers = {tier.code: tier.pk for tier in Tier.objects.all()}
    made = 0
    for row in shipped["limit"]:
        for tier, terms in row["tiers"].items():
            code = f"{tier}-{row['kind']}-{row['currency']}".lower()
            if code not in known:
                given = {"tier_id": tiers[tier], "kind": row["kind"], "currency": row["currency"]} | _terms(
                    terms
                )
                made += _limit(code, given | _source(row), actor, now)
    _into_force(Limit, actor, now)
    return made


def _limit(code: str, terms: Mapping[str, Any], actor: Any, now: datetime) -> int:
    """A limit that the department has already under a code of its own is not shipped beside it."""
    try:
        services.limit_draft(code=code, actor=actor, now=now, is_shipped=True, **terms)
    except DomainError as error:
        if error.code != "twin":
            raise
        return 0
    return 1


def _terms(row: Mapping[str, Any]) -> dict[str, Any]:
    amounts = {name: Decimal(row[name]) for name in AMOUNTS if name in row}
    return amounts | {name: row[name] for name in ("customer_days", "severities") if name in row}


def _requirements(rows: Sequence[Mapping[str, Any]], actor: Any, now: datetime) -> int:
    known = set(Requirement.objects.values_list("duty", flat=True))
    tiers = {tier.code: tier for tier in Tier.objects.all()}
    fresh = [row for row in rows if row["duty"] not in known]
    for row in fresh:
        services.requirement_draft(
            duty=row["duty"], tier=tiers[row["tier"]], actor=actor, now=now, is_shipped=True, **_source(row)
        )
    return len(fresh)


def _source(row: Mapping[str, Any]) -> dict[str, str]:
    return {name: row[name] for name in services.SOURCES if name in row}


def _into_force(model: type[Any], actor: Any, now: datetime, leave: Sequence[str] = ()) -> None:
    drafts = model.objects.filter(is_shipped=True, state=RuleState.DRAFT, number=1, drafted_by=actor)
    drafts = drafts.exclude(code__in=leave) if leave else drafts
    outcome = moves.perform_many(drafts, "activate", actor=actor, now=now, data={"valid_from": ALWAYS})
    if outcome.refused or outcome.busy:
        raise Refused([reason for _pk, found in outcome.refused for reason in found])
