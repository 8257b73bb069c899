"""What a customer may answer. Nothing that matters is preselected."""

from __future__ import annotations

from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

SOLVED, NOT_SOLVED = "yes", "no"
MARKS = (
    ("1", pgettext_lazy("rating", "very poor")),
    ("2", pgettext_lazy("rating", "poor")),
    ("3", pgettext_lazy("rating", "fair")),
    ("4", pgettext_lazy("rating", "good")),
    ("5", pgettext_lazy("rating", "very good")),
)
COMMENT_LENGTH = 2000
TOO_LONG = _("Please keep it to 2,000 characters.")


def _comment() -> forms.CharField:
    return forms.CharField(required=False, max_length=COMMENT_LENGTH, error_messages={"max_length": TOO_LONG})


def _mark() -> forms.TypedChoiceField:
    return forms.TypedChoiceField(
        choices=MARKS,
        required=False,
        coerce=int,
        empty_value=None,
        error_messages={"invalid_choice": _("Please choose one of the five.")},
    )


class AnswerForm(forms.Form):
    """Solved or not, two marks and words. What belongs to the other answer is ignored."""

    solved = forms.ChoiceField(
        choices=[(SOLVED, SOLVED), (NOT_SOLVED, NOT_SOLVED)],
        error_messages={
            "required": _("Please choose whether it is solved."),
            "invalid_choice": _("Please choose whether it is solved."),
        },
    )
    handling = _mark()
    outcome = _mark()
    comment = _comment()
    missing = _comment()

    def answer(self) -> dict[str, Any]:
        """The arguments of the service, after validation."""
        given = self.cleaned_data
        satisfied = given["solved"] == SOLVED
        return {
            "satisfied": satisfied,
            "comment": given["comment"] if satisfied else given["missing"],
            "rating_handling": given["handling"] if satisfied else None,
            "rating_outcome": given["outcome"] if satisfied else None,
        }
