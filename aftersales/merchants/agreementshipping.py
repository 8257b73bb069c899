"""The service agreement the product ships: one for every merchant, its times as the rule book has them."""

import tomllib
from collections.abc import Mapping
from datetime import datetime
from pathlib import Path
from typing import Any

from django.db import transaction

from aftersales.standards.models import ServiceStandard, StandardVersion

from .agreementrules import Clause
from .models import Agreement

FILE = Path(__file__).parent / "shipped" / "agreement.toml"


def load(*, actor: Any, now: datetime) -> Mapping[str, int]:
    """The agreement, where there is none of its code; what people changed stays. Needs the shipped standards."""
    from .services.agreements import agreement_activate, agreement_create, agreement_draft

    said = tomllib.loads(FILE.read_text("utf-8"))
    if Agreement.objects.filter(code=said["code"]).exists():
        return {"agreements": 0}
    wanted = {one["standard"] for one in said["clause"] if "standard" in one}
    if ServiceStandard.objects.filter(code__in=wanted).count() < len(wanted):
        return {"agreements": 0}  # a rule book of one's own: the agreement is one's own too
    with transaction.atomic():
        agreement = agreement_create(
            code=said["code"], name_zh=said["name_zh"], name_en=said["name_en"], actor=actor, now=now
        )
        draft = agreement_draft(
            agreement=agreement, label=said["label"], actor=actor, now=now, is_shipped=True,
            preamble_zh=said["preamble_zh"].strip(), preamble_en=said["preamble_en"].strip(),
            clauses=[_clause(one) for one in said["clause"]],
        )  # fmt: skip
        agreement_activate(draft=draft, actor=actor, now=now)
    return {"agreements": 1}


def _clause(one: Mapping[str, Any]) -> Clause:
    """A shipped clause; its time is the one in force, so that both never part by a slip."""
    columns: dict[str, Any] = {
        name: value.strip() if isinstance(value, str) else value for name, value in one.items()
    }
    if "standard" in columns:
        rows = StandardVersion.objects.filter(
            standard__code=columns["standard"], state="active", promotion=None
        )
        version = rows.order_by("-number").get()
        columns |= {"limit_value": version.limit_value, "limit_unit": version.limit_unit}
    return Clause(**columns)
