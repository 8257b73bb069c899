"""What can happen to the rule book, in sentences."""

from collections.abc import Callable, Mapping
from typing import Any

from django.utils.translation import gettext_lazy as _

from aftersales.core import events
from aftersales.core.events import Kind
from aftersales.core.wording import listed
from aftersales.standards.states import Taken

VERSION = {"code": "code", "number": "number"}


def _named(payload: Mapping[str, Any]) -> dict[str, Any]:
    """The rule's name in place of its code."""
    return {"rule": rule_name(str(payload.get("code", "")))}


_also_named: list[Callable[[str], str]] = []


def also_named(name_of: Callable[[str], str]) -> None:
    """A room above has rules of the same kind of its own; it answers an empty text for what is not its own."""
    if name_of not in _also_named:
        _also_named.append(name_of)


def rule_name(code: str) -> str:
    """The name of a rule in the reader's language; the code when it is unknown."""
    from aftersales.standards import selectors

    known = selectors.book()
    if code in known.names:
        return known.name_of(code)
    return next((name for name in (one(code) for one in _also_named) if name), code)


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
        VERSION | {"valid_from": "moment", "open_too": "flag"},
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
RETURN_RULES = (
    Kind(
        "return_rule.created",
        _("%(actor)s opened the return rule “%(rule)s”."),
        {"code": "code"},
        show=_named,
    ),
    Kind(
        "return_rule.changed",
        _("%(actor)s changed the return rule “%(rule)s”."),
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
        show=lambda payload: {"years": listed(payload.get("years") or ())},
    ),
    Kind("market.created", _("%(actor)s opened a market."), {"code": "code"}),
    Kind("market.changed", _("%(actor)s changed a market."), {"code": "code"}),
)


def _promotion_name(code: str) -> str:
    from aftersales.standards.models import Promotion

    known = Promotion.objects.filter(code=code).first()
    return known.name if known is not None else code


def _talked_over(payload: Mapping[str, Any]) -> dict[str, Any]:
    """The name of the rule and its version, or of the promotion, in place of what is cited."""
    code, _sep, number = str(payload.get("rule", "")).partition(" v")
    name = rule_name(code)
    if name == code:
        name = _promotion_name(code)
    return {"rule": f"{name} v{number}" if number else name}


CONSULTED = {"rule": "code"}
CONSULTATIONS = (
    Kind(
        "consultation.opened",
        _("%(actor)s put the draft %(rule)s up for comments until %(until)s."),
        CONSULTED | {"until": "moment"},
        show=_talked_over,
    ),
    Kind(
        "consultation.commented",
        _("%(actor)s commented on the draft %(rule)s."),
        CONSULTED,
        show=_talked_over,
    ),
    Kind(
        "consultation.answered",
        _("%(actor)s answered a comment on the draft %(rule)s: %(taken)s."),
        CONSULTED | {"taken": "code"},
        show=lambda payload: _talked_over(payload) | {"taken": Taken(payload["taken"]).label},
    ),
)


def _promotion(payload: Mapping[str, Any]) -> dict[str, Any]:
    """The promotion's name in place of its code."""
    return {"promotion": _promotion_name(str(payload["code"]))}


DATED = {"code": "code", "starts_at": "moment", "ends_at": "moment"}
PROMOTIONS = (
    Kind(
        "promotion.drafted",
        _("%(actor)s drafted the promotion “%(promotion)s” from %(starts_at)s to %(ends_at)s."),
        DATED,
        show=_promotion,
    ),
    Kind(
        "promotion.changed",
        _("%(actor)s changed the draft of the promotion “%(promotion)s”."),
        {"code": "code"},
        show=_promotion,
    ),
    Kind(
        "promotion.activated",
        _("%(actor)s brought the promotion “%(promotion)s” into force from %(starts_at)s to %(ends_at)s."),
        DATED,
        show=_promotion,
    ),
    Kind(
        "promotion.rejected",
        _("%(actor)s returned the promotion “%(promotion)s”: %(reason)s"),
        {"code": "code"},
        show=_promotion,
    ),
    Kind(
        "promotion.ended",
        _("%(actor)s ended the promotion “%(promotion)s” early: %(reason)s"),
        {"code": "code"},
        show=_promotion,
    ),
)


def register() -> None:
    events.register(*PROMOTIONS)
    events.register(*CONSULTATIONS)
    events.register(*VERSIONS, *STANDARDS_AND_NUMBERS, *RETURN_RULES, *CALENDARS_AND_MARKETS)
