"""How states of cases, disputes, recoveries, payments and letters look: one mark for each colour."""

from collections.abc import Mapping
from typing import Any

from django.utils.safestring import SafeString

from aftersales.core.components import badge

MARKS = {
    "grey": "ring",
    "bare": "disc",
    "blue": "half",
    "amber": "pause",
    "violet": "pause",
    "green": "tick",
    "red": "triangle",
}


def state_badge(state: Any, colours: Mapping[Any, str]) -> SafeString:
    """The badge of a state (a member of its ``TextChoices``) with the colour that its room gave it."""
    tone = colours[state]
    return badge(str(state.label), tone=tone, mark_name=MARKS[tone])
