"""Tags of the shell."""

from functools import lru_cache
from typing import Any

from django import template
from django.conf import settings
from django.template.loader import get_template
from django.utils import timezone
from django.utils.safestring import SafeString, mark_safe
from django.utils.translation import get_language

from accounts.selectors import taste_of
from aftersales.core import events, origin
from aftersales.desk import keys, navigation, shell, tour
from aftersales.standards.promoting.selectors import running
from aftersales.standards.selectors import book, last_seen
from aftersales.tickets.looks import state_badge
from aftersales.tickets.selectors.cited import cited_name

register = template.Library()


@register.simple_tag(takes_context=True)
def side_bar(context: template.Context) -> SafeString:
    """The side bar of this person on this page."""
    return shell.side_bar(context["request"])


@register.inclusion_tag("desk/_promotions.html")
def promotions_running() -> dict[str, Any]:
    """Promotions whose numbers count now. No query: the copy of the rule book that the process holds says it."""
    return {"promotions": running(timezone.now(), last_seen())}


@register.simple_tag
def page_url(page: str) -> str:
    """The address of a page without parts, resolved once: a page of fifty rows has eight of them."""
    return navigation.address(page)


@register.simple_tag
def fixed(name: str) -> SafeString:
    """A part that says the same to everybody in a language: drawn once, then at hand."""
    return _drawn(name, get_language() or "") if not settings.DEBUG else _drawn.__wrapped__(name, "")


@lru_cache(maxsize=64)
def _drawn(name: str, language: str) -> SafeString:
    return mark_safe(get_template(name).render())  # noqa: S308 - drawn by a template, escaped there


@register.simple_tag
def script_words() -> str:
    """The script's words as JSON."""
    return shell.words_for_script()


@register.simple_tag(takes_context=True)
def without_keys(context: template.Context) -> str:
    """What tells the script that this person switched the single keys off."""
    return "" if taste_of(context["request"].user).single_keys else "off"


@register.simple_tag
def undo_of(message: Any) -> dict[str, str] | None:
    """How what a message reports is taken back (``undo number person version``); None for all others."""
    parts = (message.extra_tags or "").split()
    if len(parts) != 4 or parts[0] != "undo":
        return None
    return dict(zip(("number", "to", "version"), parts[1:], strict=True))


@register.simple_tag
def act_keys() -> str:
    """Every letter that does something on some page, for the script: a dead one says so."""
    return "".join(sorted({*keys.ACTS.values(), "j", "k"}))


@register.inclusion_tag("desk/_help.html", takes_context=True)
def help_in_place(context: template.Context) -> dict[str, Any]:
    """The page's line of help, the offer of the tour to who has not seen it, and its steps. No statement."""
    request = context["request"]
    own, page = taste_of(request.user), getattr(request.resolver_match, "view_name", "")
    return {
        "line": tour.line_of(page, own.help_hidden), "page": page, "here": request.get_full_path(),
        "fresh": own.toured_at is None and page in tour.OFFERED_ON,
        "steps": tour.steps_of(request.user), "csrf_token": context.get("csrf_token"),
        "taste_url": navigation.address("accounts:taste"), "tour_url": navigation.address("desk:tour"),
    }  # fmt: skip


@register.simple_tag
def state_of(ticket: Any) -> SafeString:
    """The state of a ticket as a badge."""
    return state_badge(ticket.state, ticket.wait_for)


@register.filter
def source_words(source: str) -> str:
    """Where a change came from."""
    return origin.words(source)


@register.filter
def rule_name(version: str) -> str:
    """``first_response_major v1`` as people call it: the standard's name and the version."""
    code, _v, number = version.rpartition(" v")
    if not code:
        return version
    name = (last_seen() or book()).name_of(code)
    return f"{name if name != code else cited_name(code)} v{number}"


@register.filter
def reason_words(reason: str) -> str:
    """A stored reason as people read it: the product's own ones in the reader's language."""
    return events.reason_words(reason)
