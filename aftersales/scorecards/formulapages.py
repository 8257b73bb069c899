"""What the page of a formula shows: its terms in words beside the version before, and its life."""

from __future__ import annotations

import json
from datetime import datetime
from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, pgettext

from aftersales.core import wording
from aftersales.core.errors import DomainError, Text
from aftersales.core.rulebook import RuleState, RuleVersion
from aftersales.scorecards.models import Formula, FormulaVersion
from aftersales.scorecards.pages import name_of
from aftersales.scorecards.scores import selectors
from aftersales.scorecards.scores.terms import Item, Terms
from aftersales.standards.announcing.pages import Term, compared, dropped, listed

MARKS = {
    RuleState.DRAFT: ("amber", "half"),
    RuleState.ACTIVE: ("green", "disc"),
    RuleState.RETIRED: ("bare", "disc"),
    RuleState.REJECTED: ("bare", "cross"),
    RuleState.NOTED: ("blue", "ring"),
}


def badge(version: RuleVersion, now: datetime) -> tuple[str, str, str]:
    """The state of a version; what is announced is not yet in force."""
    state = RuleState(version.state)
    if state == RuleState.ACTIVE and version.valid_from is not None and now < version.valid_from:
        return (pgettext("rule state", "Announced"), "blue", "half")
    return (str(state.label), *MARKS[state])


def terms(version: FormulaVersion, earlier: FormulaVersion | None) -> list[Term]:
    """What it says in words; what it no longer says stands at the end."""
    now = _words(selectors.terms_of(version))
    then = _words(selectors.terms_of(earlier)) if earlier is not None else {}
    return compared(now, then) + dropped(now, then)


def _words(terms: Terms) -> dict[str, str]:
    comma = pgettext("list", ", ")
    found = {
        _("Judged from"): f"{terms.enough} {terms.volume.name}",
        _("Score of who did less"): f"{terms.neutral}",
        _("Windows, in days"): comma.join(str(one) for one in terms.windows),
        _("Days until figures have settled"): str(terms.lag),
        _("Lowest and highest score"): f"{terms.floor} – {terms.cap}",
        _("Width of the interval (z)"): str(terms.z),
        _("Peers of a category, at least"): str(terms.peers),
        _("Cases that an expectation is worth"): _("%(usual)s without peers, %(most)s at most") % {
            "usual": terms.strength, "most": terms.strongest},
        _("Grades"): comma.join(f"{one.code} ≥ {one.least}" for one in terms.grades),
        _("Grade of who is proven neither better nor worse"): terms.ordinary,
    }  # fmt: skip
    found |= {str(name_of(one.metric, one.within)): _item(one) for one in terms.items}
    for category, weights in (terms.weights or {}).items():
        told = comma.join(f"{one.metric.name} {weights[one.metric.code]}" for one in terms.items)
        found[_("Weights in %(category)s") % {"category": category}] = told
    for bonus in terms.bonuses:
        text = _("+%(points)s from %(limit)s on, of %(least)s cases at least")
        found[_("Bonus: %(metric)s") % {"metric": bonus.metric.name}] = text % {
            "points": bonus.points, "limit": wording.percent(bonus.limit), "least": bonus.least
        }  # fmt: skip
    for one in terms.deductions:
        text = _("−%(points)s for each from %(count)s on, −%(cap)s at most")
        found[_("Deduction: %(metric)s") % {"metric": one.metric.name}] = text % {
            "points": one.points, "count": one.count, "cap": one.cap
        }  # fmt: skip
    found[_("All bonuses and all deductions, at most")] = f"+{terms.bonus_cap} / −{terms.deduction_cap}"
    return found


def _item(one: Item) -> str:
    marks = pgettext("list", ", ").join(f"{wording.percent(rate)} → {points}" for rate, points in one.marks)
    text = _(
        "weight %(weight)s; target %(limit)s; of %(least)s cases at least, else %(neutral)s of 100; "
        "held against somebody from %(count)s bad cases on; points: %(marks)s"
    )
    sign = "≥" if one.higher_is_better else "≤"
    return text % {
        "weight": one.weight, "limit": f"{sign} {wording.percent(one.limit)}", "least": one.least,
        "neutral": one.neutral, "count": one.count, "marks": marks,
    }  # fmt: skip


class DraftForm(forms.Form):
    """The terms of a version as one text, as they are kept and shipped; a refusal names the place."""

    terms = forms.CharField(
        label=gettext_lazy("Terms"), max_length=40_000,
        widget=forms.Textarea(attrs={"rows": 24, "spellcheck": "false"}),
        help_text=gettext_lazy("JSON; rates are shares of 1 and points of 100, both in quotation marks."),
    )  # fmt: skip
    source_ref = forms.CharField(label=gettext_lazy("Source id"), max_length=60)
    source_zh = forms.CharField(label=gettext_lazy("Source text"), max_length=2000, widget=forms.Textarea)
    source_en = forms.CharField(label=gettext_lazy("Source in English"), max_length=300)
    note_zh = forms.CharField(label=gettext_lazy("Chinese note"), max_length=2000, required=False)
    note_en = forms.CharField(label=gettext_lazy("English note"), max_length=2000, required=False)
    reason = forms.CharField(
        label=gettext_lazy("Reason for the change"), max_length=2000, widget=forms.Textarea
    )

    def clean_terms(self) -> Any:
        try:
            found = json.loads(self.cleaned_data["terms"])
        except (ValueError, RecursionError) as error:
            place = getattr(error, "lineno", 1)
            raise ValidationError(_("This is no JSON: look at line %(line)s.") % {"line": place}) from error
        if not isinstance(found, dict):
            raise ValidationError(_("The terms are one object in braces."))
        return found


def form_of(version: RuleVersion | None, help_text: Text = "") -> DraftForm:
    """Filled with what a new draft starts from."""
    start: dict[str, Any] = {}
    if version is not None:
        names = ("source_ref", "source_zh", "source_en", "note_zh", "note_en")
        start = {name: getattr(version, name) for name in names}
        start["terms"] = json.dumps(version.terms, ensure_ascii=False, indent=1)  # type: ignore[attr-defined]
        start["reason"] = version.change_reason if version.state == RuleState.DRAFT else ""
    form = DraftForm(initial=start)
    if help_text:
        form.fields["terms"].help_text = str(help_text)
    return form


def overview(now: datetime) -> list[tuple[Formula, FormulaVersion | None, Any, bool]]:
    """Every formula with the version that counts or will, its badge, and whether a draft waits. Two statements."""
    return [
        (formula, shown, badge(shown, now) if shown else None, waits)
        for formula, shown, waits in listed(Formula.objects.order_by("code"))
    ]


def readable(version: FormulaVersion) -> bool:
    """Terms of an old release may name what is no longer counted: the page then says so instead of failing."""
    try:
        selectors.terms_of(version)
    except DomainError:
        return False
    return True
