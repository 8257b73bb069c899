"""The form of the customers' register."""

from __future__ import annotations

from django import forms
from django.conf import settings
from django.utils.translation import gettext_lazy as _
from unfold.widgets import UnfoldAdminCheckboxSelectMultipleWidget, UnfoldAdminTextInputWidget

from .models import Customer, StaffContact
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


class StaffContactForm(forms.ModelForm):  # type: ignore[type-arg]
    """An employee's own telephone, e-mail, address or account, as people write it."""

    value = forms.CharField(
        label=_("Value"), max_length=300, widget=UnfoldAdminTextInputWidget,
        help_text=_("Kept only for comparing; an account as source:id."),
    )  # fmt: skip

    class Meta:
        model = StaffContact
        fields = ("person", "kind")
