"""Forms of letters of authorities: taking one down, and the dialogs of its life."""

from __future__ import annotations

from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from aftersales.cases.authority.states import LetterKind, LetterOutcome, LetterSource, SentBy
from aftersales.cases.services.authority import LetterDraft
from aftersales.desk.moments import MomentField

LONG: dict[str, Any] = {"rows": 4}


def moment(label: Any, *, required: bool = True) -> forms.DateTimeField:
    return MomentField(label=label, required=required)


def words(label: Any, longest: int = 2000, *, required: bool = True, rows: int = 4) -> forms.CharField:
    shape = forms.Textarea(attrs={"rows": rows})
    return forms.CharField(label=label, max_length=longest, required=required, widget=shape)


class LetterForm(forms.Form):
    """A letter as it lies on the desk."""

    source = forms.ChoiceField(label=pgettext_lazy("authority", "From"), choices=LetterSource.choices)
    letter_no = forms.CharField(label=_("Number of the letter"), max_length=80)
    kind = forms.ChoiceField(label=_("Kind"), choices=LetterKind.choices)
    office = forms.CharField(label=_("Office and person in charge"), max_length=120, required=False)
    received_at = moment(_("Received at"))
    due_at = moment(_("Deadline of the letter"))
    subject = forms.CharField(label=_("Subject"), max_length=160)
    demand = words(_("What is demanded"), required=False)
    reporter_name = forms.CharField(label=_("Reporter"), max_length=80, required=False)
    reporter_contact = forms.CharField(label=_("Reporter's contact"), max_length=120, required=False)

    def draft(self) -> LetterDraft:
        return LetterDraft(**self.cleaned_data)


class AskForm(forms.Form):
    question = words(_("What the merchant is to answer"))
    until = moment(pgettext_lazy("authority", "Until (empty: by the rule book)"), required=False)


class AnswerForm(forms.Form):
    words = words(_("What the merchant answered"), 4000)


class ReplyForm(forms.Form):
    text = words(_("Reply"), 8000, rows=14)


class ReasonForm(forms.Form):
    reason = forms.CharField(label=_("Reason"), max_length=300)


class SentForm(forms.Form):
    sent_by = forms.ChoiceField(label=pgettext_lazy("authority", "Sent by"), choices=SentBy.choices)
    reference = forms.CharField(label=pgettext_lazy("authority", "Reference of the sending"), max_length=120)


class DeadlineForm(forms.Form):
    due_at = moment(pgettext_lazy("authority", "New deadline"))
    reason = forms.CharField(label=pgettext_lazy("authority", "By which paper or call"), max_length=120)


class OutcomeForm(forms.Form):
    outcome = forms.ChoiceField(
        label=pgettext_lazy("authority", "How it ended"), choices=LetterOutcome.choices
    )
