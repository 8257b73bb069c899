"""Saved views: keep the present list, change it, share it, end it, arrange the tabs."""

from __future__ import annotations

from datetime import datetime
from typing import Any
from urllib.parse import urlencode

from django.contrib import messages
from django.db.models import prefetch_related_objects
from django.http import Http404, HttpRequest, HttpResponse, QueryDict
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import pgettext
from django.views.decorators.http import require_GET, require_POST

from accounts.models import Team
from accounts.selectors import taste_of
from accounts.states import Density
from aftersales.core.access import answered, needs
from aftersales.core.posted import whole
from aftersales.desk import queues, saved, services, toolbar
from aftersales.desk.models import SavedView
from aftersales.desk.named import Named
from aftersales.desk.orders import DUE, ORDERS
from aftersales.desk.queues import Asked
from aftersales.desk.states import Shared

SHOWN = ("cols", "sort", "flat")  # of an address: how the list is shown
KEPT_BY_FILTER = ("view", "q", "from", *SHOWN)


def views_context(user: Any, opened: saved.Opened, views: list[SavedView]) -> dict[str, Any]:
    """What the page of a queue says about views: tabs' neighbours, the order, what is missing."""
    address = opened.wanted.address
    changing = opened.view or saved.changed_from(user, opened.wanted, views)
    gone = [_("This view was ended, or it is not for you.")] if opened.ended else []
    return {
        "opened": opened.view,
        "changing": changing if changing and not opened.view else None,
        "may_refill": changing is not None and services.may_change(changing, user),
        "further": [view for view in views if view not in saved.tabs(views)],
        "missing": gone + (saved.missing(opened.view, opened.wanted, user) if opened.view else []),
        "plain_list": urlencode(address),
        "headings": toolbar.headings(opened.wanted),
        "order_label": opened.wanted.order.label,
        "without_words": "?" + urlencode({n: v for n, v in address.items() if n != "q"}),
        "sorted_by_due": opened.wanted.order is ORDERS[DUE],
    }


def panel_of(name: str, user: Any, wanted: queues.Asked, now: datetime) -> dict[str, Any]:
    """What a dialog over the list asks for: the filter, the columns and their order, or a name to save the list by."""
    address = wanted.address
    if name == "columns":
        return {
            "name": name, "title": pgettext("queue page", "Columns and order"), "wanted": wanted,
            "densities": Density.choices, "density": taste_of(user).density, "taste_url": reverse("accounts:taste"),
            "here": f"{reverse('desk:queue')}?{urlencode(address)}",
            "orders": [(code, order.label, order is wanted.order) for code, order in ORDERS.items()],
            "choices": toolbar.column_choices(wanted), "kept": [(n, v) for n, v in address.items() if n not in SHOWN],
        }  # fmt: skip
    if name == "save":
        ways = [(way, Shared(way).label) for way in services.may_share(user)]
        title = pgettext("queue page", "Save as view")
        return {"name": name, "title": title, "list": urlencode(address), "ways": ways}
    kept = [(n, v) for n, v in address.items() if n in KEPT_BY_FILTER]
    fields = toolbar.fields(wanted) + toolbar.row_fields(wanted, user, now)
    title = pgettext("queue page", "Filter")
    return {"name": "filter", "title": title, "wanted": wanted, "fields": fields, "kept": kept}


@require_GET
@needs("desk.view")
def panel(request: HttpRequest) -> HttpResponse:
    """A dialog over the list, when somebody opens it: no page of fifty rows waits for it."""
    wanted = saved.opened(request.user, request.GET).wanted
    found = panel_of(request.GET.get("panel", ""), request.user, wanted, timezone.now())
    return render(request, "desk/_panel.html", {"panel": found})


@require_GET
@needs("desk.view")
def views(request: HttpRequest) -> HttpResponse:
    """All views this person may open: the order of the tabs, names, sharing, which one opens."""
    user: Any = request.user
    rows = saved.offered(user)
    prefetch_related_objects(rows, "owner", "team")
    asked = [saved.opened(user, QueryDict(f"view={view.code}"), [view]).wanted for view in rows]
    named = Named(asked, user)
    context = {
        "title": _("Views of the tickets"),
        "rows": [_told(view, wanted, user, named) for view, wanted in zip(rows, asked, strict=True)],
        "ways": [(way, Shared(way).label) for way in services.may_share(user)],
        "teams": Team.objects.filter(pk__in=user.team_ids),
        "base": [(name, toolbar.VIEWS[name]) for name in queues.views_of(user)],
        "home": saved.home_of(user),
        "own_home": taste_of(user).home_view,
    }
    return render(request, "desk/views.html", context)


def _told(view: SavedView, wanted: Asked, user: Any, named: Named) -> dict[str, Any]:
    return {
        "view": view, "base": toolbar.VIEWS[wanted.queue], "chips": toolbar.said(wanted, user, named),
        "order": wanted.order.label, "columns": len(view.columns), "own": services.may_change(view, user),
        "missing": saved.missing(view, wanted, user, named),
    }  # fmt: skip


def _view(request: HttpRequest, pk: int) -> SavedView:
    found = SavedView.objects.visible_to(request.user).filter(pk=pk).select_related("owner").first()
    if found is None:
        raise Http404
    return found  # type: ignore[no-any-return]


def _list(request: HttpRequest) -> dict[str, Any]:
    """The list that the page showed, as the columns of a view."""
    query = QueryDict(request.POST.get("list", "").replace("\x00", "")[:2000])
    return saved.what(saved.opened(request.user, query).wanted)


@require_POST
@needs("desk.view")
def save(request: HttpRequest) -> HttpResponse:
    """Save the present list as a view of one's own."""
    view = answered(
        lambda: services.view_save(
            actor=request.user, now=timezone.now(), name=request.POST.get("name", ""), what=_list(request),
            shared=request.POST.get("shared") or Shared.NOBODY, team_id=_team(request),
            opens=request.POST.get("opens") == "1",
        ),
        request, _("The view is saved and stands among your tabs."),
    )  # fmt: skip
    query = f"view={view.code}" if view else request.POST.get("list", "")[:2000]
    return redirect(f"{reverse('desk:queue')}?{QueryDict(query).urlencode()}")


def _team(request: HttpRequest) -> int | None:
    """The team chosen; whoever has one team need not choose."""
    user: Any = request.user
    if request.POST.get("shared") != Shared.TEAM:
        return None
    return whole(request.POST.get("team")) or (user.team_ids[0] if user.team_ids else None)


@require_POST
@needs("desk.view")
def change(request: HttpRequest, pk: int) -> HttpResponse:
    """Another name, other sharing, or (``list``) what the page shows now."""
    view, refill = _view(request, pk), "list" in request.POST
    done = _("The view shows this list now.") if refill else _("The view is changed.")
    given: dict[str, Any] = {"what": _list(request)} if refill else {
        "name": request.POST.get("name", ""), "shared": request.POST.get("shared") or view.shared,
        "team_id": _team(request),
    }  # fmt: skip
    answered(
        lambda: services.view_change(
            view=view, actor=request.user, now=timezone.now(), version=whole(request.POST.get("version")), **given
        ),
        request, done,
    )  # fmt: skip
    return redirect(f"{reverse('desk:queue')}?view={view.code}" if refill else "desk:views")


@require_POST
@needs("desk.view")
def end(request: HttpRequest, pk: int) -> HttpResponse:
    """Nobody is offered this view any more."""
    view = _view(request, pk)
    answered(
        lambda: services.view_end(view=view, actor=request.user, now=timezone.now()), request,
        _("The view is ended."),
    )  # fmt: skip
    return redirect("desk:views")


@require_POST
@needs("desk.view")
def arrange(request: HttpRequest, pk: int) -> HttpResponse:
    """Among the tabs or not, further to the left or to the right."""
    view, now, act = _view(request, pk), timezone.now(), request.POST.get("act", "")
    if act in ("left", "right"):
        services.view_move(view=view, actor=request.user, now=now, by=-1 if act == "left" else 1)
    else:
        services.view_pin(view=view, actor=request.user, now=now, on=act != "off")
    return redirect("desk:views")


@require_POST
@needs("desk.view")
def home(request: HttpRequest) -> HttpResponse:
    """Which view opens when somebody goes to the tickets."""
    code = request.POST.get("home", "")
    if code and saved.opened(request.user, QueryDict(f"view={code[:20]}")).code != code:
        raise Http404
    services.home_set(actor=request.user, now=timezone.now(), code=code)
    messages.success(request, _("This view opens from now on."))
    return redirect("desk:views")
