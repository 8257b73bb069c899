"""What can happen to formulas, in sentences."""

from collections.abc import Mapping
from typing import Any

from django.utils.translation import gettext_lazy as _

from aftersales.core import events
from aftersales.core.events import Kind
from aftersales.scorecards.consequencestates import Effect

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


def _consequence(payload: Mapping[str, Any]) -> dict[str, Any]:
    from aftersales.scorecards.consequencewords import RULES as CONSEQUENCES
    from aftersales.scorecards.consequencewords import rule_name as consequence_name

    code = str(payload["code"])
    return {"rule": consequence_name(f"{CONSEQUENCES}{code}") or code}


MEASURE = {"measure": "code", "effect": "code"}


def _effect(payload: Mapping[str, Any]) -> dict[str, Any]:
    return {"effect": str(dict(Effect.choices).get(payload["effect"], payload["effect"]))}


def _measure(verb: str, sentence: Any, *, audience: str = "merchant", **more: str) -> Kind:
    return Kind(f"measure.{verb}", sentence, MEASURE | more, show=_effect, audience=audience)


KINDS = (
    Kind(
        "consequence_rule.created", _("%(actor)s opened the consequence rule “%(rule)s”."), {"code": "code"},
        show=_consequence,
    ),
    _measure("proposed", _("A rule proposes the measure %(measure)s: %(effect)s."), audience="internal"),
    _measure(
        "imposed", _("The measure %(measure)s is in force: %(effect)s. It can be appealed until %(until)s."),
        until="moment",
    ),
    _measure(
        "withdrawn", _("%(actor)s does not take the measure %(measure)s (%(effect)s): %(reason)s"), audience="internal"
    ),
    _measure("appealed", _("%(actor)s appealed against the measure %(measure)s (%(effect)s).")),
    _measure("upheld", _("%(actor)s rejected the appeal against the measure %(measure)s (%(effect)s).")),
    _measure("overturned", _("%(actor)s overturned the measure %(measure)s (%(effect)s) on appeal."), fell_by="code"),
    _measure("lifted", _("%(actor)s lifted the measure %(measure)s (%(effect)s) early: %(reason)s")),
    _measure("expired", _("The measure %(measure)s (%(effect)s) is over.")),
    _measure("cancelled", _("The measure %(measure)s (%(effect)s) fell: %(reason)s")),
    _measure("followed", _("The measure %(measure)s (%(effect)s) fell with its penalty: %(reason)s"), fell_by="code"),
    _measure(
        "recounted", _("Cases were left out: %(measure)s (%(effect)s) rests on %(left)s instead of %(was)s."),
        left="number", was="number",
    ),
    Kind(
        "weights.taken", _("%(actor)s took the traffic-weight file (%(shops)s shops, %(format)s)."),
        {"format": "code", "shops": "number", "sha256": "code"},
    ),
    Kind("formula.created", _("%(actor)s opened the formula “%(rule)s”."), {"code": "code"}, show=_named),
    Kind(
        "month_run.counted", _("%(actor)s judged %(month)s by “%(rule)s”: %(looked)s with a figure."),
        {"code": "code", "month": "code", "looked": "int"}, show=_run,
    ),
    Kind(
        "month_run.done", _("The proposals of %(month)s by “%(rule)s” are made: %(given)s."),
        {"code": "code", "month": "code", "given": "int"}, show=_run,
    ),
    Kind("trials.retained", _("Retention removed %(count)s expired scores of trials."), {"count": "number"}),
    Kind("score.rows_left_out", _("%(actor)s left %(count)s rows out of the figures: %(reason)s"), {"count": "number"}),
    Kind("score.rows_counted_again", _("%(actor)s let %(count)s rows count again: %(reason)s"), {"count": "number"}),
)  # fmt: skip


def register() -> None:
    events.register(*KINDS)
