"""History pages of the admin: read-only, scoped like the row itself, GET only.

simple-history's own pages show versions of rows outside one's scope and save on POST; they are not used.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from django.contrib.admin.utils import unquote
from django.core.exceptions import PermissionDenied
from django.db import models
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseNotAllowed
from django.shortcuts import render
from django.utils import timezone
from django.utils.formats import localize
from django.utils.text import capfirst
from django.utils.translation import gettext as _

from aftersales.core import events
from aftersales.core.models import Event
from aftersales.core.posted import whole
from aftersales.core.wording import listed

SHOWN = 100  # versions and events on one page; older ones are in the export of the row
HIDDEN = frozenset({"version", "session_epoch"})


@dataclass(frozen=True)
class Change:
    label: str
    old: str
    new: str


@dataclass(frozen=True)
class Version:
    """One stored version: who, when, why, and what differs from the version before."""

    pk: int
    at: Any
    who: str
    reason: str
    kind: str
    changes: list[Change]


class HistoryPages:
    """Mixin of :class:`aftersales.core.admin.RoomAdmin`."""

    model: type[models.Model]
    admin_site: Any

    def history_view(self, request: HttpRequest, object_id: str, extra_context: Any = None) -> HttpResponse:
        """Events in sentences, then the versions with old → new."""
        if request.method not in ("GET", "HEAD"):
            return HttpResponseNotAllowed(["GET", "HEAD"])
        row = self._seen(request, object_id)
        context = self._context(request, row, _("History of %(row)s") % {"row": row})
        context |= {"versions": versions(row, request.user), "told": told(row)}
        return render(request, "core/history.html", context)

    def history_form_view(
        self, request: HttpRequest, object_id: str, version_id: str, extra_context: Any = None
    ) -> HttpResponse:
        """All fields as they stood in one version."""
        if request.method not in ("GET", "HEAD"):
            return HttpResponseNotAllowed(["GET", "HEAD"])
        row = self._seen(request, object_id)
        manager = history_of(row)
        key = whole(version_id)
        found = manager.filter(pk=key).first() if manager is not None and key is not None else None
        if found is None:
            raise Http404
        context = self._context(request, row, _("%(row)s as it was") % {"row": row})
        context |= {"version": found, "fields": fields_of(found, request.user), "versions_url": "../"}
        context["reason"] = events.reason_words(found.history_change_reason or "")
        return render(request, "core/history_version.html", context)

    def _seen(self, request: HttpRequest, object_id: str) -> Any:
        admin: Any = self
        row = admin.get_object(request, unquote(object_id))
        if row is None:
            raise Http404
        if not admin.has_view_permission(request, row):
            raise PermissionDenied
        return row

    def _context(self, request: HttpRequest, row: Any, title: str) -> dict[str, Any]:
        return {
            **self.admin_site.each_context(request),
            "title": title,
            "original": row,
            "object": row,
            "opts": self.model._meta,
            "module_name": capfirst(str(self.model._meta.verbose_name_plural)),
        }


def history_of(row: models.Model) -> Any:
    """The manager of the row's versions, or None for a model without history."""
    name = getattr(row._meta, "simple_history_manager_attribute", None)
    return getattr(row, name) if name else None


def told(row: models.Model) -> list[dict[str, Any]]:
    """The events of the row, newest first, each as a sentence."""
    found = Event.objects.about(events.subject_kind(row), row.pk).order_by("-id")[:SHOWN]
    return [{"at": event.at, "sentence": events.sentence(event), "source": event.source} for event in found]


def versions(row: models.Model, user: Any) -> list[Version]:
    """The newest versions, each compared with the one before. One query, plus one per related model."""
    manager = history_of(row)
    if manager is None:
        return []
    stored = list(
        manager.select_related("history_user").order_by("-history_date", "-history_id")[: SHOWN + 1]
    )
    names = _related_names(stored, user)
    reasons = {
        given: events.reason_words(given) for given in {row.history_change_reason or "" for row in stored}
    }
    pairs = zip(stored, [*stored[1:], None], strict=True)
    return [_version(new, old, names, reasons) for new, old in list(pairs)[:SHOWN]]


def fields_of(version: Any, user: Any) -> list[tuple[str, str]]:
    names = _related_names([version], user)
    return [(capfirst(str(field.verbose_name)), _shown(version, field, names)) for field in _tracked(version)]


def _version(new: Any, old: Any, names: dict[Any, str], reasons: dict[str, str]) -> Version:
    return Version(
        pk=new.pk,
        at=new.history_date,
        who=str(new.history_user or ""),
        reason=reasons[new.history_change_reason or ""],
        kind=new.history_type,
        changes=[] if old is None else list(_changes(new, old, names)),
    )


def _changes(new: Any, old: Any, names: dict[Any, str]) -> Iterable[Change]:
    for field in _tracked(new):
        if getattr(new, field.attname) != getattr(old, field.attname):
            yield Change(
                capfirst(str(field.verbose_name)), _shown(old, field, names), _shown(new, field, names)
            )


def _tracked(version: Any) -> list[Any]:
    """What people read: no counters, and nothing that a model calls ``for_machines`` (references, codes)."""
    hidden = HIDDEN | getattr(type(version).instance_type, "for_machines", frozenset())
    return [
        field for field in type(version).tracked_fields if field.name not in hidden and not field.primary_key
    ]


def _shown(version: Any, field: Any, names: dict[Any, str]) -> str:
    value = getattr(version, field.attname)
    if value is None or value == "":
        return "–"
    if isinstance(field, models.ForeignKey):
        return names.get((field.remote_field.model, value), f"#{value}")
    base = getattr(field, "base_field", None)
    if base is not None and isinstance(value, (list, tuple)):
        words = dict(base.flatchoices)
        return listed([words.get(one, one) for one in value]) or "–"
    if isinstance(value, list) and all(isinstance(one, str) for one in value):
        return listed(value) or "–"
    if isinstance(value, bool):
        return str(_("Yes") if value else _("No"))
    if field.flatchoices:
        return str(dict(field.flatchoices).get(value, value))
    if isinstance(field, models.DateTimeField):
        return str(localize(timezone.localtime(value)))
    return str(localize(value))


def _related_names(stored: list[Any], user: Any) -> dict[Any, str]:
    """Names of the rows the versions point at, as far as this person may see them."""
    names: dict[Any, str] = {}
    for field in _tracked(stored[0]) if stored else []:
        if not isinstance(field, models.ForeignKey):
            continue
        target = field.remote_field.model
        rows = target._default_manager.filter(pk__in={getattr(one, field.attname) for one in stored} - {None})
        if hasattr(rows, "visible_to"):
            rows = rows.visible_to(user)
        names |= {(target, row.pk): str(row) for row in rows}
    return names
