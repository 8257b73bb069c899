"""The consequence rules that the product ships: announced like any other, in force after the time of notice."""

import tomllib
from collections.abc import Mapping
from datetime import datetime
from pathlib import Path
from typing import Any

from django.db import transaction

from aftersales.scorecards.models import ConsequenceRule

FILE = Path(__file__).parent / "shipped" / "consequences.toml"
TOLD = ("source_ref", "source_zh", "source_en", "note_zh", "note_en", "terms")


def load(*, actor: Any, now: datetime) -> Mapping[str, int]:
    """Rules that are not there yet; what people changed stays. Nothing follows before merchants could read by what."""
    from aftersales.scorecards.services import consequence_activate, consequence_create, consequence_draft

    known = set(ConsequenceRule.objects.values_list("code", flat=True))
    listed = tomllib.loads(FILE.read_text("utf-8"))["consequence"]
    fresh = [one for one in listed if one["code"] not in known]
    with transaction.atomic():
        for one in fresh:
            rule = consequence_create(
                code=one["code"], name_zh=one["name_zh"], name_en=one["name_en"], actor=actor, now=now
            )
            told = {name: one[name] for name in TOLD if name in one}
            draft = consequence_draft(rule=rule, actor=actor, now=now, is_shipped=True, **told)
            consequence_activate(draft=draft, actor=actor, now=now)
    return {"consequences": len(fresh)}
