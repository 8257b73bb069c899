"""The base of every register page: scoped rows, rights from the capability table, saves through services.

A room writes::

    @admin.register(Team)
    class TeamAdmin(RoomAdmin):
        list_display = ("code", "name")
        list_filter = ("vendor",)

        def save_row(self, request, obj, form, change):
            return services.team_change(...)

Without ``save_row`` the page is read-only. Nothing is deleted, no list is editable, no action runs by GET.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from types import MappingProxyType
from typing import Any, cast

from django import forms
from django.contrib.admin.helpers import ACTION_CHECKBOX_NAME
from django.core.exceptions import FieldDoesNotExist, ValidationError
from django.db import models
from django.http import Http404, HttpRequest, HttpResponse
from django.urls import URLPattern, path
from django.utils import timezone
from django.utils.text import capfirst
from django.utils.translation import gettext_lazy as _
from unfold.admin import ModelAdmin, TabularInline
from unfold.decorators import display
from unfold.widgets import UnfoldAdminCheckboxSelectMultipleWidget

from aftersales.core.changelists import CappedPaginator, RoomChangeList
from aftersales.core.errors import Conflict, DomainError
from aftersales.core.history_pages import HistoryPages
from aftersales.core.posted import whole
from aftersales.core.querysets import scoped
from aftersales.core.wording import listed

VERSION = "_version"
EXACT = frozenset({"exact", "in", "isnull", "gt", "gte", "lt", "lte", "year", "month", "day"})


class RoomAdmin(HistoryPages, ModelAdmin):  # type: ignore[misc]
    """See the module.

    ``allowed_lookups``: further query parameters a link may use (``merchant__code``). ``read_as``: which display says
    a column to somebody who only reads it (``{"weekday": "day"}``); lists of codes that have words say them anyway.
    """

    paginator = CappedPaginator
    show_full_result_count = False
    list_per_page = 50
    list_max_show_all = 0
    list_editable: Sequence[str] = ()
    empty_value_display = "–"
    view_on_site = False
    save_as = False
    actions: Any = ()
    allowed_lookups: Sequence[str] = ()
    read_as: Mapping[str, str] = MappingProxyType({})
    change_form_before_template = "core/row_version.html"
    change_form_outer_after_template = "core/panels.html"
    compressed_fields = True

    def get_queryset(self, request: HttpRequest) -> models.QuerySet[Any]:
        rows = scoped(self.model, request.user)
        ordering = self.get_ordering(request)
        return rows.order_by(*ordering) if ordering else rows

    def response_action(self, request: HttpRequest, queryset: models.QuerySet[Any]) -> Any:
        """A key that is none is a row that is not there, as an unknown one."""
        posted = request.POST.copy()
        chosen = [one for one in posted.getlist(ACTION_CHECKBOX_NAME) if _is_key(self.model, one)]
        posted.setlist(ACTION_CHECKBOX_NAME, chosen)
        request.POST = posted  # type: ignore[misc, assignment]
        return super().response_action(request, queryset)

    def get_changelist(self, request: HttpRequest, **kwargs: Any) -> type[RoomChangeList]:
        return RoomChangeList

    def get_exclude(self, request: HttpRequest, obj: Any = None) -> Any:
        """References and codes that a model calls ``for_machines`` stand on no form (nor in its history)."""
        return super().get_exclude(request, obj) or sorted(getattr(self.model, "for_machines", ()))

    def get_fieldsets(self, request: HttpRequest, obj: Any = None) -> Any:
        """What is only read is said in words, not in codes."""
        found = super().get_fieldsets(request, obj)
        if obj is None or self.has_change_permission(request, obj):
            return found
        return [(title, options | {"fields": self._said(options["fields"])}) for title, options in found]

    def _said(self, names: Sequence[Any]) -> list[Any]:
        return [
            self._said(name)
            if isinstance(name, (list, tuple))
            else _in_words(self.model, self.read_as.get(name, name))
            for name in names
        ]

    def lookup_allowed(self, lookup: str, value: str, request: HttpRequest | None = None) -> bool:
        """Only what the page offers as a filter, compared exactly: a hidden column is no oracle."""
        allowed = set(self._filter_parameters(request))
        if lookup in allowed:
            return True
        name, _sep, test = lookup.rpartition("__")
        return test in EXACT and name in allowed

    def _filter_parameters(self, request: HttpRequest | None) -> Iterable[str]:
        yield from self.allowed_lookups
        if self.date_hierarchy:
            yield self.date_hierarchy
        for one in self.get_list_filter(request) if request is not None else self.list_filter:
            if isinstance(one, type):
                yield str(one.parameter_name)  # type: ignore[attr-defined]
                continue
            name = one[0] if isinstance(one, (tuple, list)) else one
            yield name
            yield from (f"{name}_from", f"{name}_to")
            if isinstance(name, str) and "__" not in name and _is_relation(self.model, name):
                yield f"{name}__id"

    def formfield_for_dbfield(self, db_field: Any, request: HttpRequest, **kwargs: Any) -> Any:
        """Codes of a list are ticked, not typed."""
        if words := _words_of(db_field):
            return forms.MultipleChoiceField(
                label=capfirst(db_field.verbose_name), choices=list(words.items()), required=not db_field.blank,
                help_text=db_field.help_text, widget=UnfoldAdminCheckboxSelectMultipleWidget,
            )  # fmt: skip
        return super().formfield_for_dbfield(db_field, request, **kwargs)

    def formfield_for_foreignkey(self, db_field: Any, request: HttpRequest, **kwargs: Any) -> Any:
        kwargs.setdefault("queryset", self.get_field_queryset(None, db_field, request))
        return super().formfield_for_foreignkey(db_field, request, **kwargs)

    def formfield_for_manytomany(self, db_field: Any, request: HttpRequest, **kwargs: Any) -> Any:
        kwargs.setdefault("queryset", self.get_field_queryset(None, db_field, request))
        return super().formfield_for_manytomany(db_field, request, **kwargs)

    def get_field_queryset(self, db: Any, db_field: Any, request: HttpRequest) -> models.QuerySet[Any]:
        """A choice never offers, accepts or names a row outside one's scope."""
        return scoped(db_field.remote_field.model, request.user)

    def _get_obj_does_not_exist_redirect(
        self, request: HttpRequest, opts: Any, object_id: str
    ) -> HttpResponse:
        raise Http404  # absent and forbidden look the same

    @property
    def writable(self) -> bool:
        return type(self).save_row is not RoomAdmin.save_row

    def has_view_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return self._may(request, "view")

    def has_add_permission(self, request: HttpRequest) -> bool:
        return self.writable and self._may(request, "add")

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return self.writable and self._may(request, "change")

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def has_module_permission(self, request: HttpRequest) -> bool:
        return self._may(request, "view")

    def _may(self, request: HttpRequest, verb: str) -> bool:
        meta = self.model._meta
        user: Any = request.user
        return bool(user.is_authenticated and user.has_perm(f"{meta.app_label}.{verb}_{meta.model_name}"))

    def get_actions(self, request: HttpRequest) -> Any:
        actions = super().get_actions(request)
        actions.pop("delete_selected", None)
        return actions

    def save_row(self, request: HttpRequest, obj: Any, form: Any, change: bool) -> Any:
        """Call the room's service with ``form.cleaned_data``; return the saved row. Overridden by the room.

        ``obj`` is the row as stored (``change``) or an empty new one; what was typed stands in the form.
        """
        raise NotImplementedError

    def save_model(self, request: HttpRequest, obj: Any, form: Any, change: bool) -> None:
        stored = self.get_queryset(request).get(pk=obj.pk) if change else self.model()
        saved = self.save_row(request, stored, form, change)
        if saved is not None:
            obj.pk = saved.pk

    def save_related(self, request: HttpRequest, form: Any, formsets: Any, change: bool) -> None:
        """Related rows have services of their own."""

    def changeform_view(
        self,
        request: HttpRequest,
        object_id: str | None = None,
        form_url: str = "",
        extra_context: Any = None,
    ) -> HttpResponse:
        """A refusal of the service comes back as an error on the same form, still filled in."""
        try:
            return cast(HttpResponse, super().changeform_view(request, object_id, form_url, extra_context))
        except DomainError as refusal:
            request.refusal = refusal  # type: ignore[attr-defined]
            return cast(HttpResponse, super().changeform_view(request, object_id, form_url, extra_context))

    def get_form(self, request: HttpRequest, obj: Any = None, change: bool = False, **kwargs: Any) -> Any:
        form = super().get_form(request, obj, change=change, **kwargs)
        refusal = getattr(request, "refusal", None)
        return form if refusal is None else _refusing(form, refusal)

    def posted_version(self, request: HttpRequest) -> int | None:
        """The version of the row the person saw when the form was opened."""
        return whole(request.POST.get(VERSION))

    def changed(self, form: Any) -> dict[str, Any]:
        """The columns of the form that differ, ready for ``registers.save(row, …, **columns)``."""
        return {name: form.cleaned_data[name] for name in form.changed_data if name in form.cleaned_data}

    def now(self) -> Any:
        """The admin is an edge: here the clock is read."""
        return timezone.now()

    def construct_change_message(
        self, request: HttpRequest, form: Any, formsets: Any, add: bool = False
    ) -> Any:
        return []

    def log_addition(self, request: HttpRequest, obj: Any, message: Any) -> None:
        """Events are the trail; Django's own log would be a second, thinner one."""

    def log_change(self, request: HttpRequest, obj: Any, message: Any) -> None:
        """See :meth:`log_addition`."""

    def get_urls(self) -> list[URLPattern]:
        meta = self.model._meta
        view: Callable[..., Any] = self.admin_site.admin_view(self.history_form_view)
        name = f"{meta.app_label}_{meta.model_name}_version"
        kept = [one for one in super().get_urls() if not str(one.name or "").endswith("_delete")]
        return [path("<path:object_id>/history/<str:version_id>/", view, name=name), *kept]


class RoomInline(TabularInline):  # type: ignore[misc]
    """Related rows beside a row, to read. They are changed through acts and pages of their own."""

    extra = 0
    max_num = 0
    can_delete = False
    show_change_link = False

    def get_queryset(self, request: HttpRequest) -> models.QuerySet[Any]:
        return scoped(self.model, request.user)

    def has_view_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        meta = self.model._meta
        user: Any = request.user
        return bool(user.has_perm(f"{meta.app_label}.view_{meta.model_name}"))

    def has_add_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False


def refusal_text(refusal: DomainError) -> str:
    """The message; for a stale save also what was sent and what now stands there."""
    if not isinstance(refusal, Conflict):
        return str(refusal)
    lines = [
        str(_("%(field)s: you sent “%(sent)s”, stored is “%(stored)s”."))
        % {"field": name, "sent": sent, "stored": stored}
        for name, (sent, stored) in refusal.fields.items()
    ]
    return " ".join([str(refusal), *lines])


def _refusing(form: type[Any], refusal: DomainError) -> type[Any]:
    class Refusing(form):  # type: ignore[valid-type, misc]
        def clean(self) -> Any:
            cleaned = super().clean()
            self.add_error(None, refusal_text(refusal))
            return cleaned

    return Refusing


def _is_relation(model: type[models.Model], name: str) -> bool:
    try:
        return bool(model._meta.get_field(name).is_relation)
    except Exception:  # noqa: BLE001  a filter over something that is no field
        return False


def _words_of(field: Any) -> dict[Any, Any]:
    """Code → word of a column that holds a list of codes; empty for any other."""
    return dict(getattr(getattr(field, "base_field", None), "flatchoices", None) or ())


def _in_words(model: type[models.Model], name: Any) -> Any:
    """The name of a column, or for a list of codes that have words a column that says them."""
    try:
        field: Any = model._meta.get_field(name) if isinstance(name, str) else None
    except FieldDoesNotExist:
        return name
    words = _words_of(field)
    if not words:
        return name

    @display(description=field.verbose_name)
    def said(row: Any) -> str:
        return listed([words.get(code, code) for code in getattr(row, name) or ()]) or "–"

    return said


def _is_key(model: type[models.Model], text: str) -> bool:
    try:
        model._meta.pk.to_python(text)
    except ValidationError:
        return False
    return True
