"""What a person types to draft a return rule. What the rule does (its effect) stays with it."""

from __future__ import annotations

from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from aftersales.standards.models import ReturnRuleVersion
from aftersales.standards.states import RuleState

from .preview import SIGNERS
from .states import (
    AFTER_THE_QUESTION,
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
    WindowUnit,
)

FOR_WHAT = ("demands", "grounds", "stages", "marks", "categories", "regions", "promises")
HOW_LONG = (
    "window_value",
    "window_unit",
    "legal_value",
    "legal_unit",
    "look_value",
    "look_unit",
    "legal_ref",
)
COUNTED = ("anchor", "after_replacement", "holiday_end", "repair_excluded", "consent_signers")
REPAIRS = ("within_warranty", "failed_repairs", "slow_repair_days", "slow_parts_days")
THEN = ("freight_out", "freight_back", "freight_again", "silence", "evidence", "conditions", "person_marks")
OF_EFFECT: dict[str, dict[str, tuple[str, ...]]] = {
    Effect.GRANTS: {"what": FOR_WHAT, "long": HOW_LONG, "counted": COUNTED, "repairs": REPAIRS, "then": THEN},
    Effect.LOOKS: {"what": FOR_WHAT, "long": ("legal_ref",), "then": ("silence", "evidence")},
    Effect.EXCLUDES: {"what": FOR_WHAT, "exception": ("exception", "exception_kinds"), "long": ("legal_ref",)},
    Effect.PROVES: {"what": FOR_WHAT, "long": (*HOW_LONG[:4], "legal_ref"), "counted": COUNTED},
    Effect.OWES: {"what": FOR_WHAT, "then": ("owed_by",), "long": (*HOW_LONG[:4], "legal_ref"), "counted": ("anchor",)},
}  # fmt: skip
"""The columns a person changes, by what the rule does."""
TITLES = {
    "what": pgettext_lazy("return rule", "For what"),
    "long": pgettext_lazy("return rule", "How long: ours and the law's"),
    "counted": pgettext_lazy("return rule", "Counted how"),
    "repairs": pgettext_lazy("return rule", "Only after repairs"),
    "exception": pgettext_lazy("return rule", "Which goods"),
    "then": pgettext_lazy("return rule", "At whose cost, shown how, and then"),
}
BOXES: dict[str, tuple[Any, Any]] = {
    "demands": (pgettext_lazy("return rule", "Asked for"), Demand.choices),
    "grounds": (pgettext_lazy("return rule", "Because of"), Ground.choices),
    "stages": (pgettext_lazy("return rule", "While the goods are"), Stage.choices),
    "marks": (pgettext_lazy("return rule", "Marks of the order"), Mark.choices),
    "consent_signers": (pgettext_lazy("return rule", "Consent needed for"), list(SIGNERS.items())),
    "exception_kinds": (pgettext_lazy("return rule", "Kinds of exception"), ExceptionKind.choices),
    "evidence": (pgettext_lazy("return rule", "Evidence"), Evidence.choices),
    "conditions": (pgettext_lazy("return rule", "Goods come back"), Condition.choices),
    "person_marks": (pgettext_lazy("return rule", "Refused by a person only"), Mark.choices),
}
PICKS: dict[str, tuple[Any, Any]] = {
    "window_unit": (pgettext_lazy("return rule", "Unit of our window"), WindowUnit.choices),
    "legal_unit": (pgettext_lazy("return rule", "Unit of the legal window"), WindowUnit.choices),
    "look_unit": (pgettext_lazy("return rule", "Unit of the look"), WindowUnit.choices),
    "after_replacement": (pgettext_lazy("return rule", "After a replacement"), Carry.choices),
    "holiday_end": (pgettext_lazy("return rule", "Last day on a day off"), Carry.choices),
    "freight_out": (pgettext_lazy("return rule", "Freight to the customer"), Bearer.choices),
    "freight_back": (pgettext_lazy("return rule", "Freight back"), Bearer.choices),
    "freight_again": (pgettext_lazy("return rule", "Freight of the second delivery"), Bearer.choices),
    "silence": (pgettext_lazy("return rule", "Merchant's silence"), Silence.choices),
    "owed_by": (pgettext_lazy("return rule", "Owed by"), Bearer.choices),
    "exception": (pgettext_lazy("return rule", "Goods"), LineRule.choices[1:]),
}  # fmt: skip
NUMBERS: dict[str, Any] = {
    "window_value": pgettext_lazy("return rule", "Our window"),
    "legal_value": pgettext_lazy("return rule", "Legal window"),
    "look_value": pgettext_lazy("return rule", "A person looks until"),
    "failed_repairs": pgettext_lazy("return rule", "Failed repairs needed"),
    "slow_repair_days": pgettext_lazy("return rule", "Repair longer than days"),
    "slow_parts_days": pgettext_lazy("return rule", "Waiting for parts longer than days"),
}
LISTS: dict[str, Any] = {
    "categories": pgettext_lazy("return rule", "Categories"),
    "regions": pgettext_lazy("return rule", "Regions"),
    "promises": pgettext_lazy("return rule", "Merchant's promises"),
}
TICKS: dict[str, Any] = {
    "repair_excluded": _("Time under repair does not count"),
    "within_warranty": _("As long as the warranty"),
}
NO_UNIT = [("", "–")]


class ReturnDraftForm(forms.Form):
    """The terms of a return rule, as many as its effect has."""

    reason = forms.CharField(label=_("Reason for the change"), widget=forms.Textarea, max_length=2000)

    def __init__(self, *args: Any, start: ReturnRuleVersion, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.effect = start.effect
        for names in OF_EFFECT[start.effect].values():
            for name in names:
                self.fields[name] = _field(name, start)
        self.order_fields([*(name for name in self.fields if name != "reason"), "reason"])
        if not self.is_bound:
            self.initial = {name: _shown(start, name) for name in self.fields if name != "reason"}
            self.initial["reason"] = start.change_reason if start.state == RuleState.DRAFT else ""

    def groups(self) -> list[tuple[Any, list[Any]]]:
        """The fields under their headings, for the dialog."""
        return [
            (TITLES[key], [self[name] for name in names]) for key, names in OF_EFFECT[self.effect].items()
        ]

    def clean(self) -> dict[str, Any]:
        """No number means no window, whatever unit was left beside it; an absent repair count is none."""
        found = super().clean() or {}
        for name in ("window", "legal", "look"):
            if f"{name}_unit" in self.fields and not found.get(f"{name}_value"):
                found |= {f"{name}_value": None, f"{name}_unit": ""}
        for name in ("failed_repairs", "slow_repair_days", "slow_parts_days"):
            if name in self.fields:
                found[name] = found.get(name) or 0
        return found


def _field(name: str, start: ReturnRuleVersion) -> forms.Field:
    if name in BOXES:
        label, choices = BOXES[name]
        return forms.MultipleChoiceField(
            label=label, choices=choices, required=False, widget=forms.CheckboxSelectMultiple
        )
    if name in PICKS:
        label, choices = PICKS[name]
        empty = [] if name in {"after_replacement", "holiday_end"} or ("", "–") in choices else NO_UNIT
        known = [one for one in choices if one[0] != ""]
        return forms.ChoiceField(label=label, choices=[*empty, *known], required=False)
    if name == "anchor":
        fitting = [
            one for one in Anchor.choices if start.effect == Effect.OWES or one[0] not in AFTER_THE_QUESTION
        ]
        return forms.ChoiceField(label=pgettext_lazy("return rule", "Counted from"), choices=fitting)
    if name in NUMBERS:
        return forms.IntegerField(label=NUMBERS[name], min_value=0, max_value=32_000, required=False)
    if name in LISTS:
        return ListField(
            label=LISTS[name], required=False, max_length=4000, help_text=_("Codes, divided by commas.")
        )
    if name in TICKS:
        return forms.BooleanField(label=TICKS[name], required=False)
    return forms.CharField(label=_("Legal ground"), max_length=160, required=False)


class ListField(forms.CharField):
    """Codes divided by commas, Chinese ones too."""

    def clean(self, value: Any) -> Any:
        text = str(super().clean(value)).replace("，", ",").replace("、", ",")
        found = list(dict.fromkeys(code.strip() for code in text.split(",") if code.strip()))
        if any(len(code) > 60 for code in found):
            raise forms.ValidationError(_("A code has at most 60 characters."))
        return found


def _shown(start: ReturnRuleVersion, name: str) -> Any:
    value = getattr(start, name)
    if name in LISTS:
        return ", ".join(value)
    return value or None if name in {"failed_repairs", "slow_repair_days", "slow_parts_days"} else value
