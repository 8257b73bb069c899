"""What a person types to draft what an agreement asks to be taught."""

from __future__ import annotations

from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from training.models import Course, Exam

from . import trainingselectors


class TermForm(forms.Form):
    agreement = forms.ChoiceField(label=_("Agreement"), required=False)
    course = forms.ModelChoiceField(label=pgettext_lazy("training", "Course"), queryset=Course.objects.none())
    exam = forms.ModelChoiceField(
        label=pgettext_lazy("merchant training", "Finished by the exam"), queryset=Exam.objects.none(), required=False,
        help_text=_("Empty: finished by attending a run."),
    )  # fmt: skip
    days = forms.IntegerField(
        label=_("Days to finish"),
        min_value=1,
        max_value=365,
        help_text=_("From the day on which it is asked for."),
    )
    reason = forms.CharField(label=_("Reason for the change"), widget=forms.Textarea, max_length=2000)

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        every = ("", _("Every agreement"))
        held = [(one, one) for one in trainingselectors.agreements()]
        self.fields["agreement"].choices = [every, *held]  # type: ignore[attr-defined]
        self.fields["course"].queryset = trainingselectors.courses_for_merchants()  # type: ignore[attr-defined]
        self.fields["exam"].queryset = trainingselectors.exams()  # type: ignore[attr-defined]
