"""Saved views as the pages read them: which one is open, what of it no longer exists, the tabs and their numbers."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from functools import lru_cache
from typing import Any, NamedTuple
from urllib.parse import urlencode

from django.db import connection
from django.db.models import F, FilteredRelation, Q
from django.http import QueryDict
from django.utils.translation import gettext as _

from accounts.selectors import taste_of
from aftersales.core.posted import whole
from aftersales.desk import columns, queues
from aftersales.desk.models import SavedView
from aftersales.desk.named import Named
from aftersales.desk.orders import ORDERS
from aftersales.desk.queues import Asked

MOST_OFFERED = 80  # tabs and further views together
FIELDS = [column.attname for column in SavedView._meta.concrete_fields]


@dataclass(frozen=True)
class Opened:
    """The list that is open: what it asks for, and the saved view it comes from. ``code`` names it in an address."""

    wanted: Asked
    view: SavedView | None = None
    ended: bool = False  # a saved view was asked for that is there no longer, or not for this person

    @property
    def code(self) -> str:
        return self.view.code if self.view else self.wanted.queue


def home_of(user: Any) -> str:
    """The view that opens for this person: his own choice, else by role."""
    own = taste_of(user).home_view
    known = own in queues.views_of(user) or _key(own) is not None
    return own if known else queues.home_view(user)


def _key(code: str) -> int | None:
    return whole(code[1:]) if code[:1] == "s" else None


def opened(user: Any, query: QueryDict, among: Sequence[SavedView] | None = None) -> Opened:
    """Read an address. ``among``: the views at hand, where a page has read them; else one statement for a saved one."""
    code = query.get("view") or home_of(user)
    key = _key(code)
    if key is None:
        plain = query.copy()
        plain["view"] = code
        return Opened(_asked(plain, user))
    view = next((one for one in among or () if one.pk == key), None)
    if view is None and (among is None or len(among) >= MOST_OFFERED):
        view = SavedView.objects.visible_to(user).active().filter(pk=key).first()
    if view is None:
        plain = query.copy()
        plain["view"] = queues.home_view(user)
        return Opened(_asked(plain, user), ended=True)
    return Opened(_asked(_merged(view, query), user), view)


def _asked(query: QueryDict, user: Any) -> Asked:
    return queues.asked(query, default=queues.home_view(user), views=queues.views_of(user))


def _merged(view: SavedView, query: QueryDict) -> QueryDict:
    """What the view asks for; of the address only the place in the list counts."""
    merged = as_query(view)
    merged["from"] = view.code
    for name in ("after", "group", "seen"):
        if name in query:
            merged[name] = query.get(name, "")
    return merged


def as_query(view: SavedView) -> QueryDict:
    """The stored list as an address would ask for it."""
    kept = {str(name): str(value) for name, value in view.query.items()}
    shown = {
        "view": view.base, "cols": ",".join(view.columns), "sort": view.sort, "flat": "1" if view.flat else "",
    }  # fmt: skip
    return QueryDict(urlencode({**kept, **shown}), mutable=True)


def what(wanted: Asked) -> dict[str, Any]:
    """A list as the columns of a saved view."""
    return {
        "base": wanted.queue, "query": {name: str(value) for name, value in wanted.parts.items()},
        "columns": list(wanted.columns), "sort": wanted.sort, "flat": wanted.flat,
    }  # fmt: skip


def offered(user: Any) -> list[SavedView]:
    """All saved views this person may open: his tabs first in their order (``place``), then the others."""
    if not (user.is_active and user.has_perm("desk.view")):
        return []
    with connection.cursor() as cursor:
        cursor.execute(*_offered_statement(user.pk))
        return [_read(values) for values in cursor.fetchall()]


def _read(values: Sequence[Any]) -> SavedView:
    """A row of that statement: the columns of the view in their order, then its place among the tabs."""
    columns = dict(zip(FIELDS, values, strict=False))
    columns["query"] = json.loads(columns["query"])
    view: Any = SavedView.from_db(connection.alias, FIELDS, list(columns.values()))
    view.place = values[-1]
    return view  # type: ignore[no-any-return]


class _Reader(NamedTuple):
    """Whom a statement is written for; what he may do was asked before."""

    pk: int
    is_active: bool = True

    def has_perm(self, capability: str) -> bool:
        return True


@lru_cache(maxsize=1024)
def _offered_statement(pk: int) -> tuple[str, Sequence[Any]]:
    """Written by Django once for each person: writing it takes several times as long as asking."""
    mine = FilteredRelation("pins", condition=Q(pins__person=pk))
    rows = SavedView.objects.visible_to(_Reader(pk)).active().annotate(mine=mine, place=F("mine__position"))
    rows = rows.order_by(F("place").asc(nulls_last=True), "name", "pk")[:MOST_OFFERED]
    sql, params = rows.query.sql_with_params()
    return sql, params


def tabs(views: Sequence[Any]) -> list[SavedView]:
    return [view for view in views if view.place is not None]


@dataclass
class _Kept:
    at: datetime
    found: dict[str, int] = field(default_factory=dict)


KEEP = timedelta(seconds=10)
_numbers: dict[tuple[Any, ...], _Kept] = {}


def numbers(user: Any, wanted: Asked, now: datetime, views: Sequence[SavedView]) -> dict[str, int]:
    """The numbers of all tabs and headings in one statement; those of saved views are counted anew after ten seconds.

    They are kept in this process, for this person and these versions of the views.
    """
    key = (user.pk, *user.roles, *((view.pk, view.version) for view in views))
    kept = _numbers.get(key)
    if kept is not None and timedelta(0) <= now - kept.at < KEEP:
        return queues.numbers(user, wanted, now) | kept.found
    asked = {view.code: _asked(as_query(view), user) for view in views}
    found = queues.numbers(user, wanted, now, saved=asked)
    if len(_numbers) > 500:
        _numbers.clear()
    _numbers[key] = _Kept(now, {code: found[code] for code in asked})
    return found


# What of a view is not there any more


def missing(view: SavedView, wanted: Asked, user: Any, named: Named | None = None) -> list[str]:
    """Sentences about everything this view names that no longer exists, or not for this reader."""
    named = named or Named([wanted], user)
    return [*_left_out(view, wanted, user), *_gone(wanted, named), *_without_owner(view, user)]


def _left_out(view: SavedView, wanted: Asked, user: Any) -> Iterator[str]:
    from aftersales.desk.toolbar import FILTER_WORDS  # which draws what this module reads

    if view.base not in queues.views_of(user):
        yield _("This view starts from a list that you do not have; yours is shown instead.")
    for name, value in view.query.items():
        if str(wanted.parts.get(name, "")) != str(value):
            yield _("The filter “%(name)s” does not exist any more and is left out.") % {
                "name": FILTER_WORDS.get(name, name)
            }
    if any(code not in columns.COLUMNS for code in view.columns):
        yield _("A column of this view does not exist any more and is left out.")
    if view.sort and view.sort not in ORDERS:
        yield _("The order of this view does not exist any more; the nearest due stands first.")


def _gone(wanted: Asked, named: Named) -> Iterator[str]:
    if pk := wanted.keys.get("team"):
        team = named.get("team", pk)
        if team is None or team.active_to is not None:
            yield (
                _("The team %(name)s of this view is closed.") % {"name": team}
                if team
                else _("The team of this view does not exist for you.")
            )
    if pk := wanted.keys.get("assignee"):
        person = named.get("assignee", pk)
        if person is None or not person.is_active:
            yield (
                _("%(name)s, whose tickets this view shows, no longer works here.") % {"name": person}
                if person
                else _("The person of this view does not exist for you.")
            )
    if (pk := wanted.keys.get("merchant")) and named.get("merchant", pk) is None:
        yield _("The merchant of this view does not exist for you.")


def _without_owner(view: SavedView, user: Any) -> Iterator[str]:
    if view.owner_id != user.pk and not view.owner.is_active:
        yield _("%(name)s, who made this view, no longer works here.") % {"name": view.owner}


def changed_from(user: Any, wanted: Asked, views: Sequence[SavedView]) -> SavedView | None:
    """The saved view that somebody opened and is changing now (``from`` in the address)."""
    return next((view for view in views if view.code == wanted.came_from), None)
