"""What can happen to the rule book, in sentences."""

from collections.abc import Mapping
from typing import Any

from django.utils.translation import gettext_lazy as _

from aftersales.core import events
from aftersales.core.events import Kind

VERSION = {"code": "code", "number": "number"}


def _named(payload: Mapping[str, Any]) -> dict[str, Any]:
    """The rule's name in place of its code."""
    return {"rule": rule_name(str(payload.get("code", "")))}


def rule_name(code: str) -> str:
    """The name of a standard or number in the reader's language; the code when it is unknown."""
    from aftersales.standards import selectors

    return selectors.book().name_of(code)


VERSIONS = (
    Kind(
        "rule.drafted",
        _("%(actor)s drafted version %(number)s of the rule “%(rule)s”."),
        VERSION,
        show=_named,
    ),
    Kind(
        "rule.changed",
        _("%(actor)s changed the draft %(number)s of the rule “%(rule)s”."),
        VERSION,
        show=_named,
    ),
    Kind(
        "rule.activated",
        _("%(actor)s brought version %(number)s of the rule “%(rule)s” into force from %(valid_from)s."),
        VERSION | {"valid_from": "moment"},
        show=_named,
    ),
    Kind(
        "rule.rejected",
        _("%(actor)s returned version %(number)s of the rule “%(rule)s”: %(reason)s"),
        VERSION,
        show=_named,
    ),
    Kind(
        "rule.retired",
        _("%(actor)s took version %(number)s of the rule “%(rule)s” out of force from %(valid_to)s."),
        VERSION | {"valid_to": "moment"},
        show=_named,
    ),
    Kind("rule.noted", _("%(actor)s noted what a source says on “%(rule)s”."), VERSION, show=_named),
)
STANDARDS_AND_NUMBERS = (
    Kind(
        "standard.created",
        _("%(actor)s opened the standard “%(rule)s”."),
        {"code": "code"},
        show=_named,
    ),
    Kind(
        "standard.changed",
        _("%(actor)s changed the standard “%(rule)s”."),
        {"code": "code"},
        show=_named,
    ),
    Kind("parameter.created", _("%(actor)s opened the number “%(rule)s”."), {"code": "code"}, show=_named),
    Kind(
        "parameter.changed",
        _("%(actor)s changed the number “%(rule)s”."),
        {"code": "code"},
        show=_named,
    ),
)
CALENDARS_AND_MARKETS = (
    Kind("calendar.created", _("%(actor)s opened a working calendar."), {"code": "code"}),
    Kind("calendar.changed", _("%(actor)s changed a working calendar."), {"code": "code"}),
    Kind(
        "calendar.loaded",
        _("%(actor)s entered %(days)s exceptional days for %(years)s."),
        {"days": "number", "years": "list"},
    ),
    Kind("market.created", _("%(actor)s opened a market."), {"code": "code"}),
    Kind("market.changed", _("%(actor)s changed a market."), {"code": "code"}),
)


def register() -> None:
    events.register(*VERSIONS, *STANDARDS_AND_NUMBERS, *CALENDARS_AND_MARKETS)
