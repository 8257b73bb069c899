"""Tags of the shell."""

from django import template
from django.utils.safestring import SafeString

from aftersales.desk import shell

register = template.Library()


@register.simple_tag(takes_context=True)
def side_bar(context: template.Context) -> SafeString:
    """The side bar of this person on this page."""
    return shell.side_bar(context["request"])


@register.simple_tag
def script_words() -> str:
    """The script's words as JSON."""
    return shell.words_for_script()
