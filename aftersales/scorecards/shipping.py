"""What the product ships: formulas, announced like any other, and rules that hang on figures, as drafts."""

import tomllib
from collections.abc import Mapping
from datetime import datetime
from pathlib import Path
from typing import Any

from django.db import transaction

from aftersales.ledger.services import incentives_ship
from aftersales.scorecards.models import Formula

FILE = Path(__file__).parent / "shipped" / "formulas.toml"
RULES = FILE.with_name("incentives.toml")
TOLD = ("source_ref", "source_zh", "source_en", "note_zh", "note_en", "terms")


def load(*, actor: Any, now: datetime) -> Mapping[str, int]:
    """Formulas that are not there yet; what people changed stays. Nobody is scored before he could read by what."""
    from aftersales.scorecards.services import formula_activate, formula_create, formula_draft

    known = set(Formula.objects.values_list("code", flat=True))
    fresh = [one for one in tomllib.loads(FILE.read_text("utf-8"))["formula"] if one["code"] not in known]
    with transaction.atomic():
        for one in fresh:
            formula = formula_create(
                code=one["code"], name_zh=one["name_zh"], name_en=one["name_en"], subject_kind=one["subject_kind"],
                actor=actor, now=now,
            )  # fmt: skip
            told = {name: one[name] for name in TOLD if name in one}
            draft = formula_draft(formula=formula, actor=actor, now=now, is_shipped=True, **told)
            formula_activate(draft=draft, actor=actor, now=now)
        rules = tomllib.loads(RULES.read_text("utf-8"))["rule"]
        shipped = incentives_ship(rules=rules, actor=actor, now=now)
    return {"formulas": len(fresh), "incentive_rules": shipped}
