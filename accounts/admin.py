"""Registers of people, teams, absences and shifts. Every save and act is one service call."""

from types import MappingProxyType
from typing import Any

from allauth.account.models import EmailAddress
from allauth.mfa.models import Authenticator
from allauth.socialaccount.models import SocialAccount, SocialApp, SocialToken
from django.contrib import admin
from django.contrib.auth.models import Group
from django.db import models
from django.http import HttpRequest
from django.utils import timezone
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy
from unfold.decorators import display

from accounts import services
from accounts.forms import TeamForm, UserForm
from accounts.models import Away, Shift, Team, TeamMember, User
from accounts.states import Duty, Kind, Role
from aftersales.core import filters
from aftersales.core.admin import RoomAdmin, RoomInline
from aftersales.core.wording import listed

# Packages register pages of their own; who signs in how is shown and changed through ours.
for foreign in (EmailAddress, Authenticator, Group, SocialAccount, SocialApp, SocialToken):
    if admin.site.is_registered(foreign):
        admin.site.unregister(foreign)


class RoleFilter(admin.SimpleListFilter):
    title = _("role")
    parameter_name = "role"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, Any]]:
        return [(role.value, role.label) for role in Role]

    def queryset(self, request: HttpRequest, queryset: Any) -> models.QuerySet[Any]:
        return queryset.with_role(self.value()) if self.value() else queryset


class PersonFilter(filters.ColumnFilter):
    """The shifts of one person among those that the reader may see."""

    parameter_name = "person"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        people: Any = User.objects.visible_to(request.user).active().order_by("display_name", "pk")
        return [(str(person.pk), str(person)) for person in people]


class MembershipInline(RoomInline):
    model = TeamMember
    fields = ("team", "person", "active_from", "active_to")
    readonly_fields = fields


@admin.register(User)
class UserAdmin(RoomAdmin):
    form = UserForm
    list_display = ("display_name", "username", "role_names", "team_names", "capacity", "is_active", "kind")
    list_display_links = ("display_name", "username")
    list_filter = ("is_active", "kind", RoleFilter)
    search_fields = ("username", "display_name")
    ordering = ("username",)
    change_form_outer_before_template = "accounts/user_acts.html"

    def get_fields(self, request: HttpRequest, obj: Any = None) -> tuple[str, ...]:
        shown = ("username", "display_name", "email", "language", "languages", "capacity")
        roles = (
            "roles"
            if request.user.has_perm("accounts.set_roles") and not _own(request, obj)
            else "role_names"
        )
        return (*shown, roles, *(("is_active", "kind", "created_at") if obj else ()))

    def get_readonly_fields(self, request: HttpRequest, obj: Any = None) -> tuple[str, ...]:
        return ("is_active", "kind", "created_at", "role_names")

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return super().has_change_permission(request, obj) and not (obj and obj.kind == Kind.MACHINE)

    def get_queryset(self, request: HttpRequest) -> models.QuerySet[Any]:
        members = models.Prefetch("memberships", TeamMember.objects.current().select_related("team"))
        return super().get_queryset(request).prefetch_related(members)

    @display(description=_("roles"))
    def role_names(self, obj: User) -> str:
        return listed([Role(role).label for role in obj.roles if role in Role.values]) or "–"

    @display(description=_("teams"))
    def team_names(self, obj: User) -> str:
        return listed([member.team for member in obj.memberships.all()]) or "–"

    def save_row(self, request: HttpRequest, obj: Any, form: Any, change: bool) -> User:
        columns = self.changed(form)
        roles = columns.pop("roles", None)
        if not change:
            return services.user_create(actor=request.user, now=self.now(), roles=roles or [], **columns)
        if columns:
            version = self.posted_version(request)
            obj = services.user_change(
                user=obj, actor=request.user, now=self.now(), version=version, **columns
            )
        if roles is not None and set(roles) != set(obj.roles):
            obj = services.user_set_roles(user=obj, roles=roles, actor=request.user, now=self.now())
        return obj


@admin.register(Team)
class TeamAdmin(RoomAdmin):
    form = TeamForm
    list_display = ("code", "name_zh", "name_en", "lead", "duty_names", "vendor", "active_to")
    list_filter = ("vendor",)
    search_fields = ("code", "name_zh", "name_en")
    list_select_related = ("lead",)
    inlines = (MembershipInline,)
    fields = ("code", "name_zh", "name_en", "lead", "duties", "vendor")
    read_as = MappingProxyType({"duties": "duty_names"})
    ordering = ("code",)
    change_form_outer_before_template = "accounts/team_acts.html"

    def get_readonly_fields(self, request: HttpRequest, obj: Any = None) -> tuple[str, ...]:
        return ("code",) if obj else ()

    def get_field_queryset(self, db: Any, db_field: Any, request: HttpRequest) -> Any:
        rows: Any = super().get_field_queryset(db, db_field, request)
        return rows.active() if db_field.name == "lead" else rows

    @display(description=_("duties"))
    def duty_names(self, obj: Team) -> str:
        return listed([Duty(duty).label for duty in obj.duties]) or "–"

    def save_row(self, request: HttpRequest, obj: Any, form: Any, change: bool) -> Team:
        columns = self.changed(form)
        if not change:
            return services.team_create(actor=request.user, now=self.now(), **_team_columns(columns))
        if "lead" in columns:
            lead = columns.pop("lead")
            columns["lead_id"] = lead.pk if lead else None
        version = self.posted_version(request)
        return services.team_change(team=obj, actor=request.user, now=self.now(), version=version, **columns)


class FromTodayFilter(admin.SimpleListFilter):
    """Shifts from today on in the order in which they come, unless somebody asks for the earlier ones too."""

    title = pgettext_lazy("shifts", "time")
    parameter_name = "time"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, Any]]:
        return [("all", pgettext_lazy("shifts", "Earlier ones too"))]

    def choices(self, changelist: Any) -> Any:
        first, *others = super().choices(changelist)
        yield {**first, "display": pgettext_lazy("shifts", "From today on")}
        yield from others

    def queryset(self, request: HttpRequest, queryset: Any) -> Any:
        today = timezone.localtime(timezone.now()).replace(hour=0, minute=0, second=0, microsecond=0)
        return queryset if self.value() == "all" else queryset.filter(ends_at__gte=today)


@admin.register(Shift)
class ShiftAdmin(RoomAdmin):
    list_display = ("person", "starts_at", "ends_at", "cancelled_at")
    list_filter = (FromTodayFilter, PersonFilter)
    list_select_related = ("person",)
    date_hierarchy = None
    fields = ("person", "starts_at", "ends_at", "cancelled_at")
    ordering = ("starts_at", "pk")
    change_form_outer_before_template = "accounts/shift_acts.html"

    def get_readonly_fields(self, request: HttpRequest, obj: Any = None) -> tuple[str, ...]:
        return ("person", "cancelled_at") if obj else ("cancelled_at",)

    def get_field_queryset(self, db: Any, db_field: Any, request: HttpRequest) -> Any:
        rows: Any = super().get_field_queryset(db, db_field, request)
        return rows.active() if db_field.name == "person" else rows

    def save_row(self, request: HttpRequest, obj: Any, form: Any, change: bool) -> Shift:
        data = form.cleaned_data
        when = {"starts_at": data["starts_at"], "ends_at": data["ends_at"]}
        if not change:
            return services.shift_plan(person=data["person"], actor=request.user, now=self.now(), **when)
        version = self.posted_version(request)
        return services.shift_move(shift=obj, actor=request.user, now=self.now(), version=version, **when)


@admin.register(Away)
class AwayAdmin(RoomAdmin):
    list_display = ("person", "reason", "starts_at", "ends_at")
    list_filter = ("reason",)
    list_select_related = ("person",)
    fields = ("person", "reason", "starts_at", "ends_at")
    ordering = ("-starts_at", "-pk")
    change_form_outer_before_template = "accounts/away_acts.html"

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False  # an absence is ended, not rewritten

    def get_field_queryset(self, db: Any, db_field: Any, request: HttpRequest) -> Any:
        rows: Any = super().get_field_queryset(db, db_field, request)
        if db_field.name != "person":
            return rows
        return rows.active() if request.user.has_perm("accounts.plan") else rows.filter(pk=request.user.pk)

    def save_row(self, request: HttpRequest, obj: Any, form: Any, change: bool) -> Away:
        data = form.cleaned_data
        return services.away_set(
            person=data["person"], reason=data["reason"], starts_at=data["starts_at"],
            ends_at=data["ends_at"], actor=request.user, now=self.now(),
        )  # fmt: skip


def _own(request: HttpRequest, obj: Any) -> bool:
    return obj is not None and obj.pk == request.user.pk


def _team_columns(columns: dict[str, Any]) -> dict[str, Any]:
    return {"duties": [], "name_zh": "", "name_en": ""} | columns
