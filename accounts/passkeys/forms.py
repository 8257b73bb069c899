"""What a page with a passkey sends: the browser's answer as JSON, and the name of a new one."""

from django import forms
from django.utils.translation import gettext_lazy as _

from accounts.services.factors import LONGEST_NAME


class NameForm(forms.Form):
    name = forms.CharField(label=_("Name of the passkey"), max_length=LONGEST_NAME)


class MakeForm(forms.Form):
    """A passkey that was just made must not be lost over its name: an empty one is filled in, a long one cut."""

    name = forms.CharField(
        label=_("Name of the passkey"),
        required=False,
        help_text=_("By which you know it again: “Work laptop”, “Blue key”."),
        widget=forms.TextInput(attrs={"maxlength": LONGEST_NAME, "autocomplete": "off"}),
    )
    answer = forms.CharField(widget=forms.HiddenInput, required=False)
