"""A return rule in sentences: what a customer may do by it, until when, at whose cost."""

from collections.abc import Mapping, Sequence
from typing import Any

from django.utils.translation import gettext as _
from django.utils.translation import pgettext, pgettext_lazy

from aftersales.core.wording import listed

from .sentences import SIGNERS, length
from .states import (
    Anchor,
    Bearer,
    Carry,
    Condition,
    Demand,
    Effect,
    Evidence,
    ExceptionKind,
    Ground,
    LineRule,
    Mark,
    Silence,
    Stage,
)

EVENTS: Mapping[str, Any] = {
    Anchor.SIGNED: pgettext_lazy("event a window counts from", "signing"),
    Anchor.INSTALLED: pgettext_lazy(
        "event a window counts from", "installation, or signing where none is needed"
    ),
    Anchor.REPLACED: pgettext_lazy("event a window counts from", "signing for the replacement"),
    Anchor.REPAIRED: pgettext_lazy("event a window counts from", "the return from repair"),
    Anchor.PAID: pgettext_lazy("event a window counts from", "payment"),
    Anchor.ORDERED: pgettext_lazy("event a window counts from", "the order"),
    Anchor.ASKED: pgettext_lazy("event a window counts from", "the request"),
    Anchor.GOODS_BACK: pgettext_lazy("event a window counts from", "the return of the goods"),
}
WORDS: Mapping[str, Mapping[str, Any]] = {
    "demands": dict(Demand.choices),
    "grounds": dict(Ground.choices),
    "stages": dict(Stage.choices),
    "marks": dict(Mark.choices),
    "person_marks": dict(Mark.choices),
    "exception_kinds": dict(ExceptionKind.choices),
    "evidence": dict(Evidence.choices),
    "conditions": dict(Condition.choices),
    "consent_signers": SIGNERS,
}
"""Columns that hold codes, with the words of the codes; others show them as they are."""


def words(column: str, codes: Sequence[str]) -> str:
    """Codes of one column in words; empty for none."""
    known = WORDS.get(column, {})
    return listed(known.get(code, code) for code in codes)


def sentences(rule: Any) -> list[str]:
    """What a version or a :class:`rule.Rule` says, one thing a sentence, the right itself first."""
    said = [_first(rule)]
    if rule.categories:
        said.append(
            _("Only goods of these categories: %(categories)s.") % {"categories": listed(rule.categories)}
        )
    if rule.regions:
        said.append(_("Only in these regions: %(regions)s.") % {"regions": listed(rule.regions)})
    if rule.marks:
        said.append(_("Only orders with these marks: %(marks)s.") % {"marks": words("marks", rule.marks)})
    if rule.promises:
        said.append(_("Only where the merchant promised it."))
    if rule.effect == Effect.GRANTS:
        said += [*_counted(rule), *_cost(rule)]
    return said


def _first(rule: Any) -> str:
    asked = {
        "demands": words("demands", rule.demands) or pgettext("rule", "all"),
        "grounds": words("grounds", rule.grounds) or pgettext("rule", "all"),
        "window": length(rule.window_value, rule.window_unit),
        "legal": length(rule.legal_value, rule.legal_unit),
        "event": str(EVENTS[rule.anchor]),
        "stages": words("stages", rule.stages),
        "kinds": words("exception_kinds", rule.exception_kinds) or pgettext("rule", "all"),
        "who": str(Bearer(rule.owed_by).label),
        "n": rule.failed_repairs,
    }
    return _template(rule) % asked


def _template(rule: Any) -> str:
    if rule.effect == Effect.EXCLUDES:
        if rule.exception == LineRule.SOFT:
            return _(
                "Once confirmed for the single purchase, a customer may not ask for “%(demands)s” "
                "(%(grounds)s): %(kinds)s."
            )
        return _("By law a customer may not ask for “%(demands)s” (%(grounds)s): %(kinds)s.")
    if rule.effect == Effect.LOOKS:
        return _(
            "Whether a customer may have “%(demands)s” (%(grounds)s) is for a person, while the goods "
            "are: %(stages)s."
        )
    if rule.effect == Effect.PROVES:
        return _("Until %(window)s after %(event)s the seller must prove that the goods were without fault.")
    if rule.effect == Effect.OWES:
        return _owed(rule)
    return _granted(rule)


def _owed(rule: Any) -> str:
    if not rule.window_value:
        return _("Owed by the %(who)s, with “%(demands)s”, without a time of its own.")
    if not rule.legal_value:
        return _("Owed by the %(who)s, with “%(demands)s”, within %(window)s of %(event)s.")
    return _(
        "Owed by the %(who)s, with “%(demands)s”, within %(window)s of %(event)s; the law gives %(legal)s."
    )


def _granted(rule: Any) -> str:
    if rule.failed_repairs:
        return _(
            "A customer may ask for “%(demands)s” (%(grounds)s) after %(n)s failed repairs, until the warranty ends."
        )
    if rule.within_warranty:
        return _(
            "A customer may ask for “%(demands)s” (%(grounds)s) after a repair that took too long, "
            "until the warranty ends."
        )
    if not rule.window_value:
        return _("A customer may ask for “%(demands)s” (%(grounds)s) while the goods are: %(stages)s.")
    if not rule.legal_value:
        return _(
            "A customer may ask for “%(demands)s” (%(grounds)s) until %(window)s after %(event)s; no law sets a time."
        )
    return _(
        "A customer may ask for “%(demands)s” (%(grounds)s) until %(window)s after %(event)s; the "
        "law gives %(legal)s."
    )


def _counted(rule: Any) -> list[str]:
    said = []
    if rule.slow_repair_days or rule.slow_parts_days:
        days = {"repair": rule.slow_repair_days, "parts": rule.slow_parts_days}
        said.append(
            _("Too long means more than %(repair)s days of repair, or %(parts)s of waiting for parts.") % days
        )
    if rule.look_value:
        look = {"look": length(rule.look_value, rule.look_unit), "event": str(EVENTS[rule.anchor])}
        said.append(_("After the window a person looks, until %(look)s after %(event)s.") % look)
    if rule.after_replacement == Carry.GOES_ON:
        said.append(_("A replacement begins the window anew."))
    elif rule.after_replacement == Carry.PERSON:
        said.append(_("Whether a replacement begins the window anew is for a person."))
    if rule.repair_excluded:
        said.append(_("Days under repair do not count."))
    if rule.window_value and rule.holiday_end == Carry.GOES_ON:
        said.append(_("A window that would end on a day off ends on the next working day."))
    elif rule.window_value and rule.holiday_end == Carry.PERSON:
        said.append(_("When the last day is a day off, a person looks until the next working day."))
    return said


def _cost(rule: Any) -> list[str]:
    said = []
    if rule.freight_back:
        bearer = {"who": str(Bearer(rule.freight_back).label)}
        said.append(_("The way back is at the cost of: %(who)s.") % bearer)
    if rule.evidence:
        said.append(_("The customer shows: %(evidence)s.") % {"evidence": words("evidence", rule.evidence)})
    if rule.silence:
        said.append(_("When the merchant is silent: %(outcome)s.") % {"outcome": Silence(rule.silence).label})
    return said
