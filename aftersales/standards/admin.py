"""Registers of the rule book. What a rule promises changes on its own page, by versions; here stand the rest."""

from __future__ import annotations

from types import MappingProxyType
from typing import Any

from django.contrib import admin
from django.http import HttpRequest
from django.urls import reverse
from django.utils.html import format_html
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy
from unfold.decorators import display

from aftersales.core.admin import RoomAdmin, RoomInline
from aftersales.core.components import badge
from aftersales.core.wording import languages

from . import selectors, services
from .models import (
    CalendarDay,
    CalendarPeriod,
    CalendarYear,
    Market,
    Parameter,
    ParameterVersion,
    ReturnRule,
    ReturnRuleVersion,
    ServiceStandard,
    StandardVersion,
    WorkCalendar,
    clock_face,
)
from .pages import group_words, value_words
from .returns import services as returns
from .returns.sentences import length
from .states import STATE_COLOURS, RuleState
from .vocabulary import weekday_words


class NamedAdmin(RoomAdmin):
    """The column of names in the reader's language, with a heading."""

    @display(description=pgettext_lazy("rule book", "name"))
    def name(self, row: Any) -> str:
        return str(row.name)


class PeriodInline(RoomInline):
    model = CalendarPeriod
    fields = readonly_fields = ("day", "hours", "is_open")

    @admin.display(description=_("weekday"))
    def day(self, row: CalendarPeriod) -> str:
        return weekday_words(row.weekday)

    @admin.display(description=pgettext_lazy("rule book", "hours"))
    def hours(self, row: CalendarPeriod) -> str:
        return f"{clock_face(row.opens)}–{clock_face(row.closes)}"


@admin.register(WorkCalendar)
class WorkCalendarAdmin(NamedAdmin):
    list_display = ("name", "code", "zone", "day_set")
    search_fields = ("code", "name_zh", "name_en")
    fields = (("code", "zone"), ("name_zh", "name_en"), ("day_set", "make_up_like"))
    read_as = MappingProxyType({"make_up_like": "made_up"})
    inlines = (PeriodInline,)

    @display(description=_("a make-up day opens like"))
    def made_up(self, row: WorkCalendar) -> str:
        return weekday_words(row.make_up_like)

    def save_row(self, request: HttpRequest, obj: Any, form: Any, change: bool) -> Any:
        row = obj if change else WorkCalendar(**form.cleaned_data)
        return services.calendar_save(calendar=row, **_by(self, request, form, change))


@admin.register(CalendarPeriod)
class CalendarPeriodAdmin(RoomAdmin):
    list_display = ("calendar", "day", "hours", "is_open")
    list_filter = ("calendar", "is_open")
    list_select_related = ("calendar",)
    fields = ("calendar", "weekday", ("opens", "closes"), "is_open")
    read_as = MappingProxyType({"weekday": "day", "opens": "from_when", "closes": "until_when"})

    @display(description=pgettext_lazy("rule book", "opens"))
    def from_when(self, row: CalendarPeriod) -> str:
        return clock_face(row.opens)

    @display(description=pgettext_lazy("rule book", "closes"))
    def until_when(self, row: CalendarPeriod) -> str:
        return clock_face(row.closes)

    @display(description=_("weekday"), ordering="weekday")
    def day(self, row: CalendarPeriod) -> str:
        return weekday_words(row.weekday)

    @display(description=pgettext_lazy("rule book", "hours"))
    def hours(self, row: CalendarPeriod) -> str:
        return f"{clock_face(row.opens)}–{clock_face(row.closes)}"

    def save_row(self, request: HttpRequest, obj: Any, form: Any, change: bool) -> Any:
        row = obj if change else CalendarPeriod(**form.cleaned_data)
        return services.period_save(period=row, **_by(self, request, form, change))


@admin.register(CalendarDay)
class CalendarDayAdmin(RoomAdmin):
    list_display = ("date", "kind", "name_zh", "name_en", "source", "is_valid")
    list_filter = ("kind", "day_set", "is_valid")
    search_fields = ("name_zh", "name_en")
    fields = (("day_set", "date", "kind"), ("name_zh", "name_en"), "source", "is_valid")

    def save_row(self, request: HttpRequest, obj: Any, form: Any, change: bool) -> Any:
        row = obj if change else CalendarDay(**form.cleaned_data)
        return services.day_save(day=row, **_by(self, request, form, change))


@admin.register(CalendarYear)
class CalendarYearAdmin(RoomAdmin):
    list_display = ("year", "day_set", "state", "source")
    list_filter = ("state", "day_set")
    fields = (("day_set", "year"), "state", "source")

    def save_row(self, request: HttpRequest, obj: Any, form: Any, change: bool) -> Any:
        row = obj if change else CalendarYear(**form.cleaned_data)
        return services.year_save(year=row, **_by(self, request, form, change))


@admin.register(Market)
class MarketAdmin(NamedAdmin):
    list_display = ("name", "code", "currency", "zone", "calendar", "law_set", "is_default")
    list_select_related = ("calendar",)
    fields = (
        ("code", "is_default"),
        ("name_zh", "name_en"),
        ("currency", "zone", "law_set"),
        "calendar",
        "languages",
    )
    read_as = MappingProxyType({"languages": "spoken"})

    @display(description=_("languages"))
    def spoken(self, row: Market) -> str:
        return languages(row.languages)

    def save_row(self, request: HttpRequest, obj: Any, form: Any, change: bool) -> Any:
        row = obj if change else Market(**form.cleaned_data)
        return services.market_save(market=row, **_by(self, request, form, change))


@admin.register(ServiceStandard)
class ServiceStandardAdmin(NamedAdmin):
    """Name, owner and review date; the promise itself is versioned on the rule page."""

    list_display = ("name", "promise", "family", "owner", "next_review_on", "page")
    list_filter = ("promise", "family")
    list_select_related = ("owner",)
    search_fields = ("code", "name_zh", "name_en")
    fields = (("code", "promise", "family"), ("name_zh", "name_en"), ("owner", "next_review_on"), "position")

    @display(description=pgettext_lazy("rule book", "versions"))
    def page(self, row: ServiceStandard) -> str:
        return format_html(
            '<a href="{}">{}</a>',
            reverse("standards:standard", args=[row.code]),
            pgettext_lazy("rule book", "Open"),
        )

    def get_readonly_fields(self, request: HttpRequest, obj: Any = None) -> Any:
        """Code and promise are what clocks and events refer to: they are given once."""
        return ("code", "promise") if obj else ()

    def save_row(self, request: HttpRequest, obj: Any, form: Any, change: bool) -> Any:
        if change:
            return services.standard_change(standard=obj, **_by(self, request, form, change))
        return services.standard_create(actor=request.user, now=self.now(), **form.cleaned_data)


@admin.register(Parameter)
class ParameterAdmin(NamedAdmin):
    list_display = ("name", "part", "measure", "stance", "page")
    list_filter = ("stance", "measure")
    search_fields = ("code", "name_zh", "name_en")
    fields = (("code", "group"), ("name_zh", "name_en"), ("measure", "stance"))
    read_as = MappingProxyType({"group": "part"})

    @display(description=pgettext_lazy("rule book", "group"), ordering="group")
    def part(self, row: Parameter) -> str:
        return group_words(row.group)

    @display(description=pgettext_lazy("rule book", "versions"))
    def page(self, row: Parameter) -> str:
        return format_html(
            '<a href="{}">{}</a>',
            reverse("standards:number", args=[row.code]),
            pgettext_lazy("rule book", "Open"),
        )

    def get_readonly_fields(self, request: HttpRequest, obj: Any = None) -> Any:
        return ("code", "measure") if obj else ()

    def save_row(self, request: HttpRequest, obj: Any, form: Any, change: bool) -> Any:
        if change:
            return services.parameter_change(parameter=obj, **_by(self, request, form, change))
        return services.parameter_create(actor=request.user, now=self.now(), **form.cleaned_data)


@admin.register(ReturnRule)
class ReturnRuleAdmin(NamedAdmin):
    """Name, chapter and place; what it says is versioned on the rule page."""

    list_display = ("name", "chapter", "position", "page")
    list_filter = ("chapter",)
    search_fields = ("code", "name_zh", "name_en")
    fields = (("code", "chapter"), ("name_zh", "name_en"), "position")

    @display(description=pgettext_lazy("rule book", "versions"))
    def page(self, row: ReturnRule) -> str:
        return format_html(
            '<a href="{}">{}</a>',
            reverse("standards:return", args=[row.code]),
            pgettext_lazy("rule book", "Open"),
        )

    def get_readonly_fields(self, request: HttpRequest, obj: Any = None) -> Any:
        return ("code",) if obj else ()

    def save_row(self, request: HttpRequest, obj: Any, form: Any, change: bool) -> Any:
        if change:
            return returns.return_rule_change(rule=obj, **_by(self, request, form, change))
        return returns.return_rule_create(actor=request.user, now=self.now(), **form.cleaned_data)


class VersionAdmin(RoomAdmin):
    """Read-only: drafting and activating happen on the rule pages."""

    list_filter = ("state",)
    search_fields = ("source_ref",)

    @display(description=_("state"))
    def shown_state(self, row: Any) -> str:
        return badge(str(RuleState(row.state).label), tone=STATE_COLOURS[row.state])


@admin.register(StandardVersion)
class StandardVersionAdmin(VersionAdmin):
    list_display = ("standard", "number", "shown_state", "limit", "source_ref", "valid_from", "valid_to")
    list_select_related = ("standard",)

    @display(description=_("our target"))
    def limit(self, row: StandardVersion) -> str:
        return selectors.limit_words(row.limit_value, row.limit_unit)


@admin.register(ParameterVersion)
class ParameterVersionAdmin(VersionAdmin):
    list_display = ("parameter", "number", "shown_state", "said", "source_ref", "valid_from", "valid_to")
    list_select_related = ("parameter",)
    read_as = MappingProxyType(
        {"value": "said", "source_value": "said_by_source", "legal_value": "said_by_law"}
    )

    @display(description=_("value"))
    def said(self, row: ParameterVersion) -> str:
        return value_words(row.parameter, row.value)

    @display(description=_("source's value"))
    def said_by_source(self, row: ParameterVersion) -> str:
        return value_words(row.parameter, row.source_value)

    @display(description=_("legal value"))
    def said_by_law(self, row: ParameterVersion) -> str:
        return value_words(row.parameter, row.legal_value)


@admin.register(ReturnRuleVersion)
class ReturnRuleVersionAdmin(VersionAdmin):
    list_display = ("rule", "number", "shown_state", "window", "law", "source_ref", "valid_from", "valid_to")
    list_select_related = ("rule",)

    @display(description=_("our window"))
    def window(self, row: ReturnRuleVersion) -> str:
        return length(row.window_value, row.window_unit)

    @display(description=_("legal window"))
    def law(self, row: ReturnRuleVersion) -> str:
        return length(row.legal_value, row.legal_unit)


def _by(page: RoomAdmin, request: HttpRequest, form: Any, change: bool) -> dict[str, Any]:
    """Who, when, from which version, and the changed columns of an existing row."""
    found: dict[str, Any] = {"actor": request.user, "now": page.now()}
    if change:
        found |= {"version": page.posted_version(request), **page.changed(form)}
    return found
