"""Tags of the shell."""

from django import template
from django.utils.safestring import SafeString

from accounts.selectors import taste_of
from aftersales.core import events, origin
from aftersales.desk import shell
from aftersales.standards.selectors import book, last_seen
from aftersales.tickets.selectors.cited import cited_name

register = template.Library()


@register.simple_tag(takes_context=True)
def side_bar(context: template.Context) -> SafeString:
    """The side bar of this person on this page."""
    return shell.side_bar(context["request"])


@register.simple_tag
def script_words() -> str:
    """The script's words as JSON."""
    return shell.words_for_script()


@register.simple_tag(takes_context=True)
def without_keys(context: template.Context) -> str:
    """What tells the script that this person switched the single keys off."""
    return "" if taste_of(context["request"].user).single_keys else "off"


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
