"""What a person types to draft an agreement, to put it up for comments, and to answer them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from aftersales.standards.models import ServiceStandard
from aftersales.standards.states import Debtor, RuleState, Taken, Unit

from .agreementrules import COLUMNS, MOST_CLAUSES, Clause
from .agreementstates import ChangeSize, Duty
from .duties import declared
from .models import AgreementVersion, Merchant

TAKEN = frozenset({"new", "comments"})
SMALL = forms.Textarea(attrs={"rows": 3})


class AgreementForm(forms.Form):
    """A template there was not. Neither category nor merchant: for every merchant."""

    code = forms.SlugField(label=_("code"), max_length=60)
    name_zh = forms.CharField(label=_("Chinese name"), max_length=120)
    name_en = forms.CharField(label=_("English name"), max_length=120)
    category = forms.CharField(
        label=_("main category"), max_length=64, required=False, help_text=_("Empty: for every merchant.")
    )
    merchant = forms.CharField(
        label=_("merchant code"), max_length=64, required=False, help_text=_("Only for one merchant.")
    )

    def clean_code(self) -> str:
        code: str = self.cleaned_data["code"]
        if code in TAKEN:
            raise forms.ValidationError(_("This code is an address of the pages; choose another one."))
        return code

    def clean_merchant(self) -> Merchant | None:
        code = self.cleaned_data["merchant"].strip()
        if not code:
            return None
        found: Merchant | None = Merchant.objects.filter(code=code).first()
        if found is None:
            raise forms.ValidationError(_("There is no merchant of this code."))
        return found


class VersionForm(forms.Form):
    """The head of a version; its clauses stand in ``ClauseForms``."""

    label = forms.CharField(label=_("agreement version"), max_length=40)
    size = forms.ChoiceField(label=_("how deep the change goes"), choices=ChangeSize.choices)
    preamble_zh = forms.CharField(label=_("opening words in Chinese"), widget=forms.Textarea, max_length=8000)
    preamble_en = forms.CharField(label=_("opening words in English"), widget=forms.Textarea, max_length=8000)
    reason = forms.CharField(label=_("Reason for the change"), widget=forms.Textarea, max_length=2000)


class ClauseForm(forms.Form):
    """One clause."""

    key = forms.CharField(
        label=pgettext_lazy("clause", "Key"), max_length=40,
        help_text=_("Small letters; it stays the same through all versions, so that both can be compared."),
    )  # fmt: skip
    duty = forms.ChoiceField(
        label=pgettext_lazy("clause", "Duty"), choices=Duty.choices, initial=Duty.TERMS.value
    )  # what an untouched form says, so that it is no clause
    standard = forms.ChoiceField(label=_("Time of the rule book"), required=False)
    limit_value = forms.IntegerField(
        label=pgettext_lazy("clause", "Time agreed on"), min_value=1, max_value=10_000, required=False
    )
    limit_unit = forms.ChoiceField(label=_("unit"), required=False)
    counted = forms.ChoiceField(label=pgettext_lazy("clause", "Or counted"), required=False)
    at_least = forms.IntegerField(
        label=pgettext_lazy("clause", "At least"), min_value=1, max_value=10_000, required=False
    )
    text_zh = forms.CharField(label=_("Words in Chinese"), widget=SMALL, max_length=4000)
    text_en = forms.CharField(label=_("Words in English"), widget=SMALL, max_length=4000)
    breach_zh = forms.CharField(
        label=_("What follows from a breach, in Chinese"), widget=SMALL, max_length=4000, required=False
    )
    breach_en = forms.CharField(
        label=_("What follows from a breach, in English"), widget=SMALL, max_length=4000, required=False
    )

    def __init__(self, *args: Any, standards: Sequence[tuple[str, str]] = (), **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        nothing = [("", "–")]
        self.fields["standard"].choices = [*nothing, *standards]  # type: ignore[attr-defined]
        self.fields["limit_unit"].choices = [*nothing, *Unit.choices]  # type: ignore[attr-defined]
        counted = [(code, one.label) for code, one in declared().items()]
        self.fields["counted"].choices = [*nothing, *counted]  # type: ignore[attr-defined]


def standard_choices() -> list[tuple[str, str]]:
    """What merchants owe by the rule book."""
    rows = ServiceStandard.objects.filter(versions__owed_by=Debtor.MERCHANT, versions__state=RuleState.ACTIVE)
    return [(one.code, one.name) for one in rows.distinct()]


class _ClauseForms(forms.BaseFormSet):
    """Reads the standards once for all its forms."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.form_kwargs = {**self.form_kwargs, "standards": standard_choices()}

    def clauses(self) -> list[Clause]:
        """Those that stay, in the order given."""
        return [
            Clause(**{name: form.cleaned_data[name] for name in COLUMNS})
            for form in self.ordered_forms
            if form.cleaned_data.get("key")
        ]


ClauseForms = forms.formset_factory(
    ClauseForm, formset=_ClauseForms, extra=1, can_order=True, can_delete=True, max_num=MOST_CLAUSES,
    absolute_max=MOST_CLAUSES + 5,
)  # fmt: skip


def clause_forms(version: AgreementVersion | None) -> Any:
    """The clauses of a version as forms, and one empty one."""
    initial = [{name: getattr(one, name) for name in COLUMNS} for one in version.said] if version else []
    return ClauseForms(initial=initial, prefix="c")


class ConsultForm(forms.Form):
    """What merchants are asked about a draft."""

    asked_zh = forms.CharField(label=_("question in Chinese"), widget=SMALL, max_length=2000)
    asked_en = forms.CharField(label=_("question in English"), widget=SMALL, max_length=2000)
    days = forms.IntegerField(
        label=_("Days"),
        min_value=1,
        max_value=90,
        required=False,
        help_text=_("Empty: as the rule book says."),
    )


class CommentAnswerForm(forms.Form):
    taken = forms.ChoiceField(
        label=pgettext_lazy("comment on a rule", "What becomes of it"), choices=Taken.choices
    )
    answer = forms.CharField(label=_("answer"), widget=SMALL, max_length=2000)
