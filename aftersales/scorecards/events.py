"""What can happen to formulas, in sentences."""

from collections.abc import Mapping
from typing import Any

from django.utils.translation import gettext_lazy as _

from aftersales.core import events
from aftersales.core.events import Kind

RULES = "score."


def rule_name(code: str) -> str:
    """``score.merchants``, as events keep it: the formula's name; empty for what is no formula."""
    from aftersales.scorecards.models import Formula

    if not code.startswith(RULES):
        return ""
    known = Formula.objects.filter(code=code.removeprefix(RULES)).first()
    return str(known.name) if known is not None else ""


def _named(payload: Mapping[str, Any]) -> dict[str, Any]:
    code = str(payload["code"])
    return {"rule": rule_name(f"{RULES}{code}") or code}


KINDS = (
    Kind("formula.created", _("%(actor)s opened the formula “%(rule)s”."), {"code": "code"}, show=_named),
    Kind("score.rows_left_out", _("%(actor)s left %(count)s rows out of the figures: %(reason)s"), {"count": "number"}),
    Kind("score.rows_counted_again", _("%(actor)s let %(count)s rows count again: %(reason)s"), {"count": "number"}),
)  # fmt: skip


def register() -> None:
    events.register(*KINDS)
