"""Forms of the message texts: the checks themselves stand in the services."""

from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _
from unfold.widgets import UnfoldAdminTextareaWidget

from . import kinds
from .models import NoticeText


class TextForm(forms.ModelForm):  # type: ignore[type-arg]
    """Both languages side by side; says which blanks this message has."""

    class Meta:
        model = NoticeText
        fields = ("template", "subject_zh", "body_zh", "subject_en", "body_en")
        widgets = {
            "body_zh": UnfoldAdminTextareaWidget(attrs={"rows": 12}),
            "body_en": UnfoldAdminTextareaWidget(attrs={"rows": 12}),
        }

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if self.instance.pk and (field := self.fields.get("body_zh")):
            field.help_text = blanks_help(self.instance.template.code)


def blanks_help(code: str) -> str:
    """“Blanks: {number} ticket number, …” for the kind of message."""
    if code not in kinds.declared():
        return ""
    variables = kinds.kind(code).variables.values()
    words = ", ".join(f"{{{one.name}}} {one.label}" for one in variables)
    return str(_("Blanks of this message: %(blanks)s")) % {"blanks": words or "–"}
