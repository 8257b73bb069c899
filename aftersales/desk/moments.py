"""Days with a time in forms: one field for all, and what is typed wrongly is said at once."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

from django import forms
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

MINUTE = "%Y-%m-%dT%H:%M"
FARTHEST = timedelta(days=3653)  # ten years: further from today only a slip of the keys lies


class MomentField(forms.DateTimeField):
    """A day and a time here, at most ten years from today. Error: too_far."""

    def __init__(self, *, shape: str = MINUTE, **kwargs: Any) -> None:
        seconds = {"step": "1"} if "%S" in shape else {}
        widget = forms.DateTimeInput(attrs={"type": "datetime-local", **seconds}, format=shape)
        super().__init__(widget=widget, input_formats=[shape, MINUTE], **kwargs)

    def validate(self, value: Any) -> None:
        super().validate(value)
        if isinstance(value, datetime) and abs(value - timezone.now()) > FARTHEST:
            raise forms.ValidationError(
                _("This lies more than ten years from today. Check the year."), "too_far"
            )
