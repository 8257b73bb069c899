"""What a person types to open and draft an incentive rule, to register a scheme, to claim a loss."""

from __future__ import annotations

from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from accounts.models import User
from accounts.states import STAFF_ROLES, Duty
from aftersales.core.rulebook import RuleState
from aftersales.ledger import raisers
from aftersales.ledger.figureterms import CASE, FIELDS, MONTH, kept
from aftersales.ledger.incentiverules import MOST_TIMES, UNITS
from aftersales.ledger.incentivestates import MEASURES_OF, Consequence
from aftersales.ledger.models import IncentiveRule, IncentiveVersion, Scheme
from aftersales.ledger.states import POINTS, Measure, Party

UNIT_WORDS = {POINTS: pgettext_lazy("unit", "points"), "CNY": pgettext_lazy("unit", "yuan")}


def _money(label: Any, hint: Any = "") -> forms.DecimalField:
    return forms.DecimalField(label=label, min_value=0, max_digits=14, decimal_places=2, help_text=hint)


class NewRuleForm(forms.Form):
    """What never changes about a rule."""

    code = forms.SlugField(label=_("Code"), max_length=60, help_text=_("Latin letters, digits, - and _."))
    name_zh = forms.CharField(label=_("Chinese name"), max_length=120)
    name_en = forms.CharField(label=_("English name"), max_length=120)
    party = forms.ChoiceField(label=pgettext_lazy("ledger", "Party"), choices=Party.choices)
    consequence = forms.ChoiceField(
        label=pgettext_lazy("incentive", "Consequence"), choices=Consequence.choices
    )


class FigureForm(forms.Form):
    """The terms of a rule that hangs on a figure; left empty where it hangs on events."""

    window = forms.CharField(
        label=FIELDS["window"], required=False, max_length=4,
        help_text=_("1m the month; 3m three months, 90d ninety days that end with it."),
    )  # fmt: skip
    least = forms.IntegerField(
        label=FIELDS["least"], required=False, min_value=1, help_text=_("Of fewer nothing follows.")
    )
    limit = forms.CharField(
        label=FIELDS["limit"], required=False, max_length=12,
        help_text=_("Of a rate a share of 1, as 0.95; of a score points or a grade."),
    )  # fmt: skip
    steps = forms.CharField(
        label=FIELDS["steps"], required=False, max_length=300,
        help_text=_("Value and amount, or measure: 0.97 15; 0.99 20."),
    )  # fmt: skip
    gates = forms.CharField(
        label=FIELDS["gates"], required=False, max_length=300,
        help_text=_("Figure, limit and least cases: satisfied_handling 0.90 10. Else nothing is rewarded."),
    )  # fmt: skip
    count = forms.IntegerField(label=FIELDS["count"], required=False, min_value=1)
    within = forms.IntegerField(
        label=FIELDS["within"], required=False, min_value=1, help_text=_("Only for figures of times.")
    )
    each = forms.ChoiceField(
        label=FIELDS["each"], required=False,
        choices=[
            ("", "–"), (MONTH, pgettext_lazy("incentive", "the month")),
            (CASE, pgettext_lazy("incentive", "each case of it")),
        ],
    )  # fmt: skip
    formula = forms.CharField(
        label=FIELDS["formula"], required=False, max_length=60, help_text=_("Only for scores: its code.")
    )
    z = forms.CharField(
        label=FIELDS["z"], required=False, max_length=6, help_text=_("1.96 is an interval of 95 %.")
    )
    lag = forms.IntegerField(label=FIELDS["lag"], required=False, min_value=0)
    wait = forms.IntegerField(
        label=FIELDS["wait"], required=False, min_value=0,
        help_text=_("After them the system makes the proposals by itself."),
    )  # fmt: skip


class DraftForm(FigureForm):
    """The terms of a version; which of them there are depends on what the rule leads to."""

    field_order = ("trigger", "from_count", *FIELDS)

    trigger = forms.ChoiceField(label=_("Raised by"))
    from_count = forms.IntegerField(
        label=_("From how many times in a month"), min_value=1, max_value=MOST_TIMES, initial=1
    )
    unit = forms.ChoiceField(
        label=pgettext_lazy("rule", "Unit"), choices=[(one, UNIT_WORDS[one]) for one in UNITS]
    )
    amount = _money(_("Amount each time"))
    cap = _money(_("At most for one party in a month"))
    measure = forms.ChoiceField(label=pgettext_lazy("ledger", "Measure"))
    duties = forms.MultipleChoiceField(
        label=_("Duties"), choices=Duty.choices, required=False, widget=forms.CheckboxSelectMultiple,
        help_text=_("None ticked means all."),
    )  # fmt: skip
    categories = forms.CharField(
        label=_("Main categories"), required=False, max_length=600,
        help_text=_("Separated by commas; empty means all."),
    )  # fmt: skip
    scheme = forms.ModelChoiceField(
        label=_("Scheme adopted with staff"), queryset=Scheme.objects.none(), required=False
    )
    source_ref = forms.CharField(label=_("Source id"), max_length=60)
    source_zh = forms.CharField(label=_("Source text"), max_length=2000, widget=forms.Textarea)
    source_en = forms.CharField(label=_("Source in English"), max_length=300)
    reason = forms.CharField(label=_("Reason for the change"), max_length=2000, widget=forms.Textarea)

    def __init__(
        self, *args: Any, rule: IncentiveRule, start: IncentiveVersion | None, **kwargs: Any
    ) -> None:
        super().__init__(*args, **kwargs)
        self.fields["trigger"].choices = [  # type: ignore[attr-defined]
            (code, one.label) for code, one in raisers.declared(rule.party).items()
        ]
        self.fields["measure"].choices = [  # type: ignore[attr-defined]
            (one.value, one.label) for one in Measure if one in MEASURES_OF[rule.party]
        ]
        self.fields["scheme"].queryset = Scheme.objects.all()  # type: ignore[attr-defined]
        for name in _others(rule):
            del self.fields[name]
        if start is not None and not self.is_bound:
            self.initial = {name: getattr(start, name) for name in self.fields if hasattr(start, name)}
            self.initial |= start.terms
            self.initial["categories"] = ", ".join(start.categories)
            self.initial["reason"] = start.change_reason if start.state == RuleState.DRAFT else ""

    def terms(self) -> dict[str, Any]:
        """What goes into the draft."""
        given = self.cleaned_data
        found = {name: value for name, value in given.items() if name != "reason" and name not in FIELDS}
        found["terms"] = kept(given)
        if "categories" in found:
            listed = found["categories"].replace("，", ",").split(",")
            found["categories"] = [one.strip()[:60] for one in listed if one.strip()]
        if "scheme" in found:
            scheme = found.pop("scheme")
            found["scheme_id"] = scheme.pk if scheme else None
        return found


def _others(rule: IncentiveRule) -> list[str]:
    """Fields that say nothing for this kind of rule."""
    money = ["unit", "amount", "cap"] if rule.consequence == Consequence.MEASURE else ["measure"]
    return money + (["categories"] if rule.party == Party.PERSON else ["duties", "scheme"])


class SchemeForm(forms.Form):
    """What was adopted with staff; the signed sheet comes as a file."""

    title = forms.CharField(label=_("Title"), max_length=120)
    adopted_on = forms.DateField(label=_("Adopted on"), widget=forms.DateInput(attrs={"type": "date"}))
    record_number = forms.CharField(label=_("Record number"), max_length=60)
    file = forms.FileField(label=_("Signed acknowledgement"))


class LossForm(forms.Form):
    """A loss that an employee caused, and the pay of the month it is taken from."""

    person = forms.ModelChoiceField(label=_("Person"), queryset=User.objects.none())
    month = forms.DateField(
        label=_("Out of the pay of"), input_formats=["%Y-%m"], widget=forms.DateInput(attrs={"type": "month"})
    )
    loss = _money(_("Loss proved, yuan"))
    pay = _money(_("Pay of that month, yuan"), _("Before the deduction."))
    file = forms.FileField(label=_("Proof of the loss and who caused it"))

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        people = User.objects.active().with_role(*STAFF_ROLES).order_by("username")
        self.fields["person"].queryset = people  # type: ignore[attr-defined]
