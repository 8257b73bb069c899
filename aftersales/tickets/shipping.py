"""The shipped rules of intake, grading and dispatch, from ``shipped/intake.toml``; once, by the system, recorded."""

import tomllib
from collections.abc import Mapping
from datetime import datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

from django.db import transaction

from aftersales.core import moves
from aftersales.tickets import actions
from aftersales.tickets.models import (
    AnswerTemplate,
    Automation,
    ChecklistTemplate,
    DutyRoute,
    GradingRule,
    IntakeRule,
    Macro,
)
from aftersales.tickets.services.automation import automation_draft
from aftersales.tickets.states import AnswerScope, MacroScope, OwnReason

FILE = Path(__file__).resolve().parent / "shipped" / "intake.toml"
MACROS = FILE.with_name("macros.toml")
ANSWERS = FILE.with_name("answers.toml")
CHECKLISTS = FILE.with_name("checklists.toml")
RULES = FILE.with_name("automation.toml")
TABLES: Mapping[str, tuple[type[Any], str]] = {
    "intake_rule": (IntakeRule, "intake_rule.changed"),
    "grading_rule": (GradingRule, "grading_rule.changed"),
    "duty_route": (DutyRoute, "duty_route.changed"),
}


def load(*, actor: Any, now: datetime) -> dict[str, int]:
    """Create the rules that are not there yet; rules that people changed stay as they are."""
    content = tomllib.loads(FILE.read_text(encoding="utf-8"))
    with transaction.atomic():
        found = {
            name: _load(model, event, content[name], actor, now) for name, (model, event) in TABLES.items()
        }
        found |= load_actions(actor=actor, now=now) | {"answers": _load_answers(actor, now)}
        return found | {"checklist": _load_checklists(actor, now)}


def _load(model: type[Any], event: str, rows: list[dict[str, Any]], actor: Any, now: datetime) -> int:
    known = set(model.objects.values_list("code", flat=True))
    fresh = [row for row in rows if row["code"] not in known]
    for position, row in enumerate(rows, 1):
        row.setdefault("position", position * 10)
        if "min_amount" in row:
            row["min_amount"] = Decimal(str(row["min_amount"]))
    for row in fresh:
        moves.create(
            model(**row),
            actor=actor,
            now=now,
            event=event,
            reason=OwnReason.SHIPPED,
            payload={"changed": sorted(row)},
        )
    return len(fresh)


def load_actions(*, actor: Any, now: datetime) -> dict[str, int]:
    """The shipped macros, from ``shipped/macros.toml``: for everybody, each checked as a written one is."""
    content = tomllib.loads(MACROS.read_text(encoding="utf-8"))["macro"]
    for row in content:
        steps = [actions.Step(one.pop("do"), one) for one in row["steps"]]
        row["steps"] = [one.stored() for one in actions.checked(steps, now)]
        row["scope"] = MacroScope.ALL
    found = {"macro": _load(Macro, "macro.changed", content, actor, now)}
    return found | {"automation": _load_rules(actor, now)}


def _load_checklists(actor: Any, now: datetime) -> int:
    """Shipped checklists ask for nothing until a person of the department puts them into force."""
    content = tomllib.loads(CHECKLISTS.read_text(encoding="utf-8"))["checklist"]
    rows = [row | {"is_active": False} for row in content]
    return _load(ChecklistTemplate, "checklist.changed", rows, actor, now)


def _load_rules(actor: Any, now: datetime) -> int:
    """Shipped automation rules are drafts: what acts by itself is brought into force by a person of the department."""
    rows = tomllib.loads(RULES.read_text(encoding="utf-8"))["rule"]
    known = set(Automation.objects.values_list("code", flat=True))
    fresh = [row for row in rows if row["code"] not in known]
    for row in fresh:
        steps = [actions.Step(one.pop("do"), one) for one in row["steps"]]
        names = {name: row[name] for name in ("code", "name_zh", "name_en", "source_ref", "position")}
        rule = moves.create(
            Automation(**names), actor=actor, now=now, event="automation.changed", reason=OwnReason.SHIPPED,
            payload={"changed": sorted(names)},
        )  # fmt: skip
        automation_draft(
            rule=rule, actor=actor, now=now, steps=steps, given=row.get("conditions", {}), trigger=row["trigger"],
            hours=row.get("hours", 0), reason=OwnReason.SHIPPED,
        )  # fmt: skip
    return len(fresh)


def _load_answers(actor: Any, now: datetime) -> int:
    """The shipped answer templates that are not there yet, for everybody."""
    known = set(AnswerTemplate.objects.values_list("code", flat=True))
    content = tomllib.loads(ANSWERS.read_text(encoding="utf-8"))["answer"]
    fresh = [AnswerTemplate(scope=AnswerScope.ALL, **row) for row in content if row["code"] not in known]
    payloads = [{"code": row.code, "scope": row.scope} for row in fresh]
    moves.create_many(
        fresh, actor=actor, now=now, event="answer.created", payloads=payloads, reason=OwnReason.SHIPPED
    )
    return len(fresh)
