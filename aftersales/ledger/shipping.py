"""The incentive rules the product ships: merchants' announced with their time of notice, staff's left as drafts."""

import tomllib
from collections.abc import Mapping
from datetime import datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

from django.db import transaction

from aftersales.ledger.models import IncentiveRule
from aftersales.ledger.states import Party

FILE = Path(__file__).parent / "shipped" / "incentives.toml"
PLAIN = (
    "trigger",
    "unit",
    "measure",
    "from_count",
    "duties",
    "categories",
    "source_ref",
    "source_zh",
    "source_en",
)


def load(*, actor: Any, now: datetime) -> Mapping[str, int]:
    """Rules that are not there yet; what people changed stays. Nobody is judged before he was told of the rule."""
    from aftersales.ledger.services import incentive_activate, incentive_create, incentive_draft

    known = set(IncentiveRule.objects.values_list("code", flat=True))
    fresh = [one for one in tomllib.loads(FILE.read_text("utf-8"))["rule"] if one["code"] not in known]
    with transaction.atomic():
        for one in fresh:
            rule = incentive_create(
                code=one["code"], name_zh=one["name_zh"], name_en=one["name_en"], party=one["party"],
                consequence=one["consequence"], actor=actor, now=now,
            )  # fmt: skip
            terms = {name: one[name] for name in PLAIN if name in one}
            terms |= {name: Decimal(one[name]) for name in ("amount", "cap") if name in one}
            draft = incentive_draft(rule=rule, actor=actor, now=now, is_shipped=True, **terms)
            if rule.party == Party.MERCHANT:
                incentive_activate(draft=draft, actor=actor, now=now)
    return {"incentive_rules": len(fresh)}
