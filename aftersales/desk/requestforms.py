"""Forms of small requests: their fields are those that the kind declares."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from django import forms
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, pgettext_lazy

from aftersales.cases.requestwords import field_of
from aftersales.cases.services.request_kinds import Field
from aftersales.cases.states import CaseKind, Ground
from aftersales.desk.moments import MomentField

LONGEST = 2000
WORDS = gettext_lazy("What the customer says")


class DetailsForm(forms.Form):
    """What is asked (``needed`` False: what is missing comes later), or what whoever owes it answers."""

    def __init__(
        self,
        *args: Any,
        fields: Iterable[Field],
        needed: bool = True,
        lines: Sequence[tuple[int, str]] | None = None,
        words: Any = WORDS,
        **kwargs: Any,
    ) -> None:
        super().__init__(*args, **kwargs)
        self.declared = list(fields)
        if lines is not None:
            self.fields["line"] = forms.TypedChoiceField(
                label=pgettext_lazy("case", "Article"), choices=lines, coerce=int, empty_value=None
            )
        for one in self.declared:
            self.fields[one.name] = field_of(one, needed and one.required, MomentField)
        if words:
            self.fields["words"] = forms.CharField(
                label=words, max_length=LONGEST, required=False, widget=forms.Textarea(attrs={"rows": 3})
            )

    @property
    def details(self) -> Mapping[str, Any]:
        return {one.name: self.cleaned_data.get(one.name) for one in self.declared}


class WordsForm(forms.Form):
    """Words alone; ``needed``: the customer is told them."""

    words = forms.CharField(
        label=gettext_lazy("Words"),
        max_length=LONGEST,
        required=False,
        widget=forms.Textarea(attrs={"rows": 3}),
    )

    def __init__(self, *args: Any, needed: bool = False, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["words"].required = needed

    def clean_words(self) -> str:
        words: str = self.cleaned_data["words"]
        if self.fields["words"].required and not words.strip():
            raise forms.ValidationError(_("Say why: the customer is told."))
        return words


class CaseOfForm(WordsForm):
    """What an unmet request becomes."""

    kind = forms.ChoiceField(label=pgettext_lazy("case", "What is asked for"), choices=CaseKind.choices)
    ground = forms.ChoiceField(label=pgettext_lazy("case", "Reason"), choices=Ground.choices)
    dispute = forms.BooleanField(label=gettext_lazy("The platform decides at once"), required=False)
    field_order = ("kind", "ground", "words", "dispute")
