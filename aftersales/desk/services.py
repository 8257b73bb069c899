"""Every write of the desk's own rows: saved views and the tabs people make of them."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from django.db import transaction
from django.utils.translation import gettext_lazy as _

from accounts.services import taste_set
from aftersales.core import registers
from aftersales.core.errors import DomainError, NotPermitted
from aftersales.desk.models import SavedView, ViewPin
from aftersales.desk.states import Shared

MOST = 60  # views of one person; a list that long is read by nobody


def may_change(view: SavedView, user: Any) -> bool:
    """The owner; a shared view whose owner is gone is kept by operations."""
    return view.owner_id == user.pk or (view.shared != Shared.NOBODY and user.has_perm("desk.keep_views"))


def may_share(user: Any) -> list[str]:
    """With whom this person may share: nobody's view widens what anybody sees, but it takes room on others' pages."""
    ways = [Shared.NOBODY.value]
    if user.has_perm("desk.share_view"):
        ways.append(Shared.TEAM.value)
    if user.has_perm("desk.share_view_widely"):
        ways.append(Shared.EVERYBODY.value)
    return ways


def view_save(
    *, actor: Any, now: datetime, name: str, what: Mapping[str, Any], shared: str = Shared.NOBODY,
    team_id: int | None = None, opens: bool = False,
) -> SavedView:  # fmt: skip
    """Keep a list under a name and put it among the person's tabs. ``what``: base, query, columns, sort, flat."""
    name = _named(name)
    with transaction.atomic():
        taste_set(actor=actor, now=now)  # its row is the lock of this person's own things
        if SavedView.objects.active().filter(owner=actor).count() >= MOST:
            raise DomainError(_("You have too many views. End some of them first."), "too_many")
        _check_free(name, actor, but=None)
        view = SavedView(owner=actor, name=name, created_at=now, **what, **_sharing(actor, shared, team_id))
        registers.create(view, actor=actor, now=now, event="view.saved", payload={"shared": view.shared})
        view_pin(view=view, actor=actor, now=now)
        if opens:
            taste_set(actor=actor, now=now, home_view=view.code)
    return view


def _named(name: str) -> str:
    name = " ".join(name.replace("\x00", "").split())
    if not name or len(name) > 40:
        raise DomainError(_("A view needs a name of at most 40 characters."), "name")
    return name


def _check_free(name: str, owner: Any, but: int | None) -> None:
    if SavedView.objects.active().filter(owner=owner, name=name).exclude(pk=but).exists():
        raise DomainError(_("You have a view of this name already."), "name_taken")


def _sharing(actor: Any, shared: str, team_id: int | None) -> dict[str, Any]:
    if shared not in may_share(actor):
        raise NotPermitted()
    if shared != Shared.TEAM:
        return {"shared": shared, "team_id": None}
    if team_id not in actor.team_ids:
        raise DomainError(_("Choose one of your teams."), "team")
    return {"shared": shared, "team_id": team_id}


def view_change(
    *, view: SavedView, actor: Any, now: datetime, version: int | None, name: str | None = None,
    what: Mapping[str, Any] | None = None, shared: str | None = None, team_id: int | None = None,
) -> SavedView:  # fmt: skip
    """Another name, other sharing, or another list under the same name. A stale save shows both values."""
    _check_kept_by(view, actor)
    columns: dict[str, Any] = dict(what or {})
    if name is not None:
        columns["name"] = _named(name)
        _check_free(columns["name"], view.owner, but=view.pk)
    if shared is not None and (shared, team_id) != (view.shared, view.team_id):
        columns |= _sharing(actor, shared, team_id)
    return registers.save(
        view, actor=actor, now=now, event="view.changed", version=version,
        payload={"shared": columns.get("shared", view.shared)}, **columns,
    )  # fmt: skip


def view_end(*, view: SavedView, actor: Any, now: datetime, version: int | None = None) -> SavedView:
    """The view is offered to nobody any more; the row stays, tabs made of it go."""
    _check_kept_by(view, actor)
    with transaction.atomic():
        ended = registers.save(view, actor=actor, now=now, event="view.ended", version=version, active_to=now)
        ViewPin.objects.filter(view=view).delete()
    return ended


def _check_kept_by(view: SavedView, actor: Any) -> None:
    if not may_change(view, actor):
        raise NotPermitted()
    if view.active_to is not None:
        raise DomainError(_("This view was ended."), "ended")


def view_pin(*, view: SavedView, actor: Any, now: datetime, on: bool = True) -> None:
    """Put a view among the person's tabs, at their end, or take it off."""
    with transaction.atomic():
        taste_set(actor=actor, now=now)
        own = ViewPin.objects.filter(person=actor)
        if not on:
            own.filter(view=view).delete()
        elif not own.filter(view=view).exists():
            last = own.order_by("-position").values_list("position", flat=True).first()
            ViewPin.objects.create(person=actor, view=view, position=(last or 0) + 1)


def view_move(*, view: SavedView, actor: Any, now: datetime, by: int) -> None:
    """Move a tab of the person one place to the left (−1) or to the right (1)."""
    with transaction.atomic():
        taste_set(actor=actor, now=now)
        pins = list(ViewPin.objects.filter(person=actor).order_by("position", "pk"))
        at = next((n for n, pin in enumerate(pins) if pin.view_id == view.pk), None)
        if at is None or not 0 <= at + by < len(pins):
            return
        pins.insert(at + by, pins.pop(at))
        for position, pin in enumerate(pins, start=1):
            pin.position = position
        ViewPin.objects.bulk_update(pins, ["position"])


def home_set(*, actor: Any, now: datetime, code: str) -> None:
    """Which view opens; "" leaves it to the role."""
    taste_set(actor=actor, now=now, home_view=code)
