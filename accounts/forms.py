"""Forms of the people's register."""

from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _
from unfold.widgets import UnfoldAdminCheckboxSelectMultipleWidget

from accounts.models import Team, User
from accounts.states import MACHINE_ROLES, Duty, Role


def giveable_roles() -> list[tuple[str, Any]]:
    return [(role.value, role.label) for role in Role if role not in MACHINE_ROLES]


class UserForm(forms.ModelForm):  # type: ignore[type-arg]
    """Account data and roles; the password is set by the person through a link."""

    roles = forms.MultipleChoiceField(
        label=_("Roles"),
        choices=giveable_roles,
        required=False,
        widget=UnfoldAdminCheckboxSelectMultipleWidget,
    )

    class Meta:
        model = User
        fields = ("username", "display_name", "email", "language", "capacity", "roles")


class TeamForm(forms.ModelForm):  # type: ignore[type-arg]
    duties = forms.MultipleChoiceField(
        label=_("Duties"),
        choices=Duty.choices,
        required=False,
        widget=UnfoldAdminCheckboxSelectMultipleWidget,
    )

    class Meta:
        model = Team
        fields = ("code", "name_zh", "name_en", "lead", "duties", "vendor")
