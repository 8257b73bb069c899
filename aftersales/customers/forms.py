"""The form of the customers' register."""

from __future__ import annotations

from django import forms
from django.conf import settings
from django.utils.translation import gettext_lazy as _
from unfold.widgets import UnfoldAdminCheckboxSelectMultipleWidget

from .models import Customer
from .states import Channel


class CustomerForm(forms.ModelForm):  # type: ignore[type-arg]
    """Languages in the order of the list; the channels a customer refuses as boxes to tick."""

    languages = forms.MultipleChoiceField(
        label=_("Languages"),
        choices=settings.LANGUAGES,
        required=False,
        widget=UnfoldAdminCheckboxSelectMultipleWidget,
    )
    opt_outs = forms.MultipleChoiceField(
        label=_("Refused channels"),
        choices=Channel.choices,
        required=False,
        widget=UnfoldAdminCheckboxSelectMultipleWidget,
    )

    class Meta:
        model = Customer
        fields = (
            *("code", "gender", "service_level", "service_score", "province", "city", "languages"),
            *("preferences", "service_needs", "consent_contact", "consent_marketing", "opt_outs"),
        )
