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


def _run(payload: Mapping[str, Any]) -> dict[str, Any]:
    from aftersales.ledger.clauses import rule_name as incentive_name

    code = str(payload["code"])
    return dict(payload) | {"rule": incentive_name(f"incentive.{code}") or code}


def _named(payload: Mapping[str, Any]) -> dict[str, Any]:
    code = str(payload["code"])
    return {"rule": rule_name(f"{RULES}{code}") or code}


KINDS = (
    Kind("formula.created", _("%(actor)s opened the formula “%(rule)s”."), {"code": "code"}, show=_named),
    Kind(
        "month_run.counted", _("%(actor)s judged %(month)s by “%(rule)s”: %(looked)s with a figure."),
        {"code": "code", "month": "code", "looked": "int"}, show=_run,
    ),
    Kind(
        "month_run.done", _("The proposals of %(month)s by “%(rule)s” are made: %(given)s."),
        {"code": "code", "month": "code", "given": "int"}, show=_run,
    ),
)  # fmt: skip


def register() -> None:
    events.register(*KINDS)
