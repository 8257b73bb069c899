"""What the templates of the register pages ask for."""

from collections.abc import Mapping, Sequence
from itertools import zip_longest
from typing import Any

from django import template
from django.template.defaultfilters import capfirst

register = template.Library()


@register.filter
def undoubled(parts: Sequence[Mapping[str, Any]]) -> list[Mapping[str, Any]]:
    """The parts of a heading without those that read like the next one (a room named as its register)."""
    words = [str(capfirst(part["title"])) for part in parts]
    return [part for part, word, after in zip_longest(parts, words, words[1:]) if word != after]
