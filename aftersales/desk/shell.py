"""What every page of the shell carries: the side bar as HTML and the words the script needs."""

from __future__ import annotations

import json
from typing import Any

from django.http import HttpRequest
from django.middleware.csrf import get_token
from django.template.loader import get_template
from django.utils.html import escape
from django.utils.safestring import SafeString, mark_safe
from django.utils.translation import get_language, pgettext
from django.utils.translation import gettext as _

from accounts.selectors import taste_of
from accounts.states import Role
from aftersales.core.components import avatar, icon
from aftersales.core.wording import patterns
from aftersales.desk import navigation


def words_for_script() -> str:
    """The script's words in the language of the page."""
    return json.dumps(patterns(get_language() or ""), ensure_ascii=False)


def side_bar(request: HttpRequest) -> SafeString:
    """The side bar of this person on this page. Plain strings: it stands on every page."""
    groups = navigation.menu(request.user, request.path)
    parts = [_group(str(name), items, first=n < 2) for n, (name, items) in enumerate(groups)]
    label = escape(_("Main navigation"))
    return mark_safe(  # noqa: S308
        f'<nav class="side" id="nav" aria-label="{label}"{_numbers(request)}>{_brand()}{_search(request)}'
        f'<div class="nav">{"".join(parts)}</div>{_person(request)}</nav>'
    )


def _numbers(request: HttpRequest) -> str:
    """Where the script asks for the numbers beside the words, once the page stands."""
    url = navigation.address("desk:numbers")
    return f' data-numbers="{url}"' if url and request.user.has_perm("desk.view") else ""  # type: ignore[union-attr]


def _brand() -> str:
    home = navigation.address("desk:home") or navigation.address("admin:index")
    fold, name = escape(_("Fold the side bar")), escape(_("After-sales desk"))
    return (
        f'<div class="brand"><a href="{home}"><span class="logo">{icon("chat")}</span>'
        f"<span>{name}</span></a>"
        f'<button class="ib" type="button" data-nav aria-label="{fold}" title="{fold}">{icon("panel")}</button></div>'
    )


def _search(request: HttpRequest) -> str:
    url = navigation.address("desk:search")
    if not url or not request.user.has_perm("desk.view"):  # type: ignore[union-attr]
        return ""
    words, short = escape(_("Search everything")), escape(pgettext("side bar", "Search all"))
    return (
        f'<form class="gs" action="{url}" role="search">{icon("search")}'
        f'<input type="search" name="q" data-search-all role="combobox" aria-expanded="false" aria-controls="gs-found" '
        f'aria-autocomplete="list" autocomplete="off" aria-label="{words}" placeholder="{short}" maxlength="80" '
        f'hx-get="{url}" hx-trigger="input changed delay:200ms" hx-sync="this:replace" '
        f'hx-target="#gs-found"><kbd>Ctrl K</kbd>'
        f'<div class="gs-found" id="gs-found" role="listbox" aria-label="{words}"></div></form>'
    )


def _group(label: str, items: list[navigation.Link], *, first: bool) -> str:
    is_open = " open" if first or any(item.active for item in items) else ""
    rows = "".join(_item(item) for item in items)
    return f'<details class="ng"{is_open}><summary>{escape(label)}{icon("right")}</summary><ul>{rows}</ul></details>'


def _item(item: navigation.Link) -> str:
    current = ' class="on" aria-current="page"' if item.active else ""
    number = f'<span class="cnt" data-number="{item.number}"></span>' if item.number else ""
    return f'<li><a href="{item.url}"{current}>{icon(item.icon)}<span>{escape(item.label)}</span>{number}</a></li>'


def _person(request: HttpRequest) -> str:
    user: Any = request.user
    roles = " · ".join(str(Role(role).label) for role in user.roles if role in Role.values)
    return get_template("desk/_person.html").render(
        {
            "name": user.get_full_name(),
            "roles": roles,
            "avatar": avatar(user.get_full_name()),
            "token": get_token(request),
            "next": request.get_full_path(),
            "language": get_language(),
            "taste": taste_of(user),
            "tour_url": navigation.address("desk:tour"),
            "taste_url": navigation.address("accounts:taste"),
            "password_url": navigation.address("account_change_password"),
            "second_factor_url": navigation.address("mfa_index"),
            "language_url": navigation.address("set_language"),
            "logout_url": navigation.address("account_logout") or navigation.address("admin:logout"),
        }
    )
