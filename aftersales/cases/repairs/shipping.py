"""The fault trees the product ships, as rows in force."""

import tomllib
from collections.abc import Mapping
from datetime import datetime
from pathlib import Path
from typing import Any

from django.db import transaction

from aftersales.cases.models import FaultTree, FaultTreeVersion
from aftersales.core import moves
from aftersales.core.errors import Refused
from aftersales.core.rulebook import RuleState
from aftersales.standards.shipping import ALWAYS_TRUE_FROM

FILE = Path(__file__).parent.parent / "shipped" / "faults.toml"


def load(*, actor: Any, now: datetime) -> Mapping[str, int]:
    """Trees that are not there yet; what people changed stays."""
    from aftersales.cases.services.faulttrees import fault_tree_create, fault_tree_draft

    known = set(FaultTree.objects.values_list("code", flat=True))
    fresh = [one for one in tomllib.loads(FILE.read_text("utf-8"))["tree"] if one["code"] not in known]
    with transaction.atomic():
        for one in fresh:
            tree = fault_tree_create(
                code=one["code"], name_zh=one["name_zh"], name_en=one["name_en"],
                categories=one.get("categories", []), actor=actor, now=now,
            )  # fmt: skip
            source = {name: one[name] for name in ("source_ref", "source_zh", "source_en")}
            fault_tree_draft(
                tree=tree, actor=actor, now=now, is_shipped=True, branches=one["branch"], **source
            )
        drafts = FaultTreeVersion.objects.filter(is_shipped=True, state=RuleState.DRAFT, number=1)
        done = moves.perform_many(
            drafts, "activate", actor=actor, now=now, data={"valid_from": ALWAYS_TRUE_FROM}
        )
        if done.refused or done.busy:
            raise Refused([reason for _pk, found in done.refused for reason in found])
    return {"fault_trees": len(fresh)}
