"""The register of column profiles: read by those who import, kept by operations."""

import json
from typing import Any

from django import forms
from django.contrib import admin, messages
from django.http import HttpRequest
from django.utils.text import capfirst
from django.utils.translation import gettext_lazy as _
from unfold.widgets import UnfoldAdminSelectWidget, UnfoldAdminTextareaWidget

from aftersales.core.admin import RoomAdmin
from aftersales.core.errors import DomainError

from . import profiles, resource
from .models import ColumnProfile


class MappingField(forms.JSONField):
    """A mapping is read by people: one entry a line, their own letters."""

    widget = UnfoldAdminTextareaWidget(attrs={"rows": 24, "spellcheck": "false"})

    def prepare_value(self, value: Any) -> Any:
        if isinstance(value, dict):
            return json.dumps(value, ensure_ascii=False, indent=2)
        return super().prepare_value(value)


def _sheets() -> list[tuple[str, str]]:
    return [(found.sheet, str(found.title)) for found in resource.registered() if found.importable]


class ProfileForm(forms.ModelForm):  # type: ignore[type-arg]
    spec = MappingField(
        label=capfirst(_("mapping")),
        initial=lambda: {"columns": {}},
        help_text=_(
            "JSON. “columns”: their column → ours, null to leave it out. Also “zone”, “constants”, “chosen”, "
            "“sums”, “first_filled”, “grains” and “words”."
        ),
    )
    sheet = forms.ChoiceField(label=capfirst(_("sheet")), choices=_sheets, widget=UnfoldAdminSelectWidget)

    class Meta:
        model = ColumnProfile
        fields = ("code", "sheet", "name", "spec", "source")


class PlatformFilter(admin.SimpleListFilter):
    """All profiles of one platform: they share their code."""

    title = _("platform")
    parameter_name = "code"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        codes = ColumnProfile.objects.order_by("code").values_list("code", flat=True).distinct()
        return [(code, code) for code in codes]

    def queryset(self, request: HttpRequest, queryset: Any) -> Any:
        return queryset.filter(code=self.value()) if self.value() else queryset


class SheetFilter(admin.SimpleListFilter):
    """By the sheet, called as on its own page."""

    title = _("sheet")
    parameter_name = "sheet"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        return _sheets()

    def queryset(self, request: HttpRequest, queryset: Any) -> Any:
        return queryset.filter(sheet=self.value()) if self.value() else queryset


@admin.register(ColumnProfile)
class ColumnProfileAdmin(RoomAdmin):
    """How other platforms' files are read. A change holds for the next upload."""

    form = ProfileForm
    list_display = ("code", "sheet_title", "name", "source", "version", "active_to")
    list_display_links = ("code", "sheet_title")
    list_filter = (PlatformFilter, SheetFilter)
    search_fields = ("code", "name", "source")
    search_help_text = _("Code, name or source of the profile")
    ordering = ("code", "sheet")
    actions = ("retire", "use_again")
    fieldsets = ((None, {"fields": (("code", "sheet"), ("name", "source"), "spec")}),)

    @admin.display(description=_("sheet"), ordering="sheet")
    def sheet_title(self, profile: ColumnProfile) -> str:
        return dict(_sheets()).get(profile.sheet, profile.sheet)

    def get_readonly_fields(self, request: HttpRequest, obj: Any = None) -> Any:
        """Code and sheet are the key that uploads name: they are given once."""
        return ("code", "sheet") if obj else ()

    def save_row(self, request: HttpRequest, obj: Any, form: Any, change: bool) -> Any:
        actor, now = request.user, self.now()
        if change:
            version = self.posted_version(request)
            return profiles.change(profile=obj, actor=actor, now=now, version=version, **self.changed(form))
        return profiles.create(actor=actor, now=now, **form.cleaned_data)

    @admin.action(description=_("Offer no more at upload"), permissions=["change"])
    def retire(self, request: HttpRequest, queryset: Any) -> None:
        self._end(request, queryset.filter(active_to=None), self.now())

    @admin.action(description=_("Offer again at upload"), permissions=["change"])
    def use_again(self, request: HttpRequest, queryset: Any) -> None:
        self._end(request, queryset.exclude(active_to=None), None)

    def _end(self, request: HttpRequest, rows: Any, moment: Any) -> None:
        try:
            for row in rows:
                profiles.change(profile=row, actor=request.user, now=self.now(), active_to=moment)
        except DomainError as refusal:
            messages.error(request, str(refusal))
