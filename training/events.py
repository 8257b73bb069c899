"""What can happen to rules and certificates of this room, in sentences."""

from collections.abc import Mapping
from typing import Any

from django.utils.translation import gettext_lazy as _

from aftersales.core import events
from aftersales.core.events import Kind

VERSION = {"code": "code", "number": "number"}
CERTIFICATE = {"certificate": "code", "tier": "id", "person": "id"}


def _named(payload: Mapping[str, Any]) -> dict[str, Any]:
    """The rule in words in place of its code."""
    from training import selectors

    return {"rule": selectors.rule_words(str(payload.get("code", "")))}


def _held(payload: Mapping[str, Any]) -> dict[str, Any]:
    """Whose certificate of which tier."""
    from training import selectors

    person, tier = selectors.person_and_tier(payload.get("person"), payload.get("tier"))
    return {"holder": person, "level": tier}


KINDS = (
    Kind("tier.created", _("%(actor)s opened a tier."), {"code": "code"}),
    Kind(
        "training_rule.drafted",
        _("%(actor)s drafted version %(number)s of “%(rule)s”."),
        VERSION,
        show=_named,
    ),
    Kind(
        "training_rule.changed",
        _("%(actor)s changed the draft %(number)s of “%(rule)s”."),
        VERSION,
        show=_named,
    ),
    Kind(
        "training_rule.activated",
        _("%(actor)s brought version %(number)s of “%(rule)s” into force from %(valid_from)s."),
        VERSION | {"valid_from": "moment"},
        show=_named,
    ),
    Kind(
        "training_rule.rejected",
        _("%(actor)s returned version %(number)s of “%(rule)s”: %(reason)s"),
        VERSION,
        show=_named,
    ),
    Kind(
        "training_rule.retired",
        _("%(actor)s took version %(number)s of “%(rule)s” out of force from %(valid_to)s."),
        VERSION | {"valid_to": "moment"},
        show=_named,
    ),
    Kind(
        "certificate.granted",
        _("%(actor)s certified %(holder)s as %(level)s until %(valid_to)s (%(certificate)s)."),
        CERTIFICATE | {"valid_from": "moment", "valid_to": "moment"},
        show=_held,
    ),
    Kind(
        "certificate.ends_soon",
        _("The certificate %(certificate)s of %(holder)s (%(level)s) ends soon."),
        CERTIFICATE,
        show=_held,
    ),
    Kind(
        "certificate.expired",
        _("The certificate %(certificate)s of %(holder)s (%(level)s) ended."),
        CERTIFICATE,
        show=_held,
    ),
    Kind(
        "certificate.suspended",
        _("%(actor)s suspended the certificate %(certificate)s of %(holder)s (%(level)s): %(reason)s"),
        CERTIFICATE,
        show=_held,
    ),
    Kind(
        "certificate.reinstated",
        _("%(actor)s reinstated the certificate %(certificate)s of %(holder)s (%(level)s): %(reason)s"),
        CERTIFICATE,
        show=_held,
    ),
    Kind(
        "certificate.revoked",
        _("%(actor)s revoked the certificate %(certificate)s of %(holder)s (%(level)s): %(reason)s"),
        CERTIFICATE,
        show=_held,
    ),
)


def register() -> None:
    events.register(*KINDS)
