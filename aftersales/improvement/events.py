"""What can happen to warnings and signs, in sentences."""

from collections.abc import Mapping
from typing import Any

from django.utils.translation import gettext_lazy as _

from aftersales.core import events
from aftersales.core.events import Kind
from aftersales.improvement.states import AskedOf, SignKind, Surged

WARNING, ASKED, SIGN = (
    {"number": "code"},
    {"number": "code", "of": "code"},
    {"sign": "code", "count": "number"},
)


def _kind(payload: Mapping[str, Any]) -> dict[str, Any]:
    return {"kind": dict(Surged.choices).get(payload["kind"], payload["kind"])}


def _of(payload: Mapping[str, Any]) -> dict[str, Any]:
    return {"of": dict(AskedOf.choices).get(payload["of"], payload["of"])}


def _sign(payload: Mapping[str, Any]) -> dict[str, Any]:
    return {"sign": dict(SignKind.choices).get(payload["sign"], payload["sign"])}


KINDS = (
    Kind(
        "warning.raised", _("Warning %(number)s: %(kind)s, %(observed)s tickets"),
        {"number": "code", "kind": "code", "observed": "number"}, show=_kind,
    ),
    Kind(
        "warning.grew", _("%(number)s goes on: %(tickets)s tickets until %(day)s"),
        {"number": "code", "day": "code", "tickets": "number"},
    ),
    Kind("warning.reopened", _("%(number)s surged again"), WARNING),
    Kind("warning.acknowledged", _("%(actor)s looks into %(number)s"), WARNING),
    Kind(
        "warning.asked", _("%(actor)s asked for action: %(of)s, answer due %(due)s"), {**ASKED, "due": "moment"},
        show=_of,
    ),
    Kind("warning.answered", _("%(actor)s took down the answer: %(of)s"), ASKED, show=_of),
    Kind("warning.part_answered", _("%(actor)s took down an answer, others are due: %(of)s"), ASKED, show=_of),
    Kind("warning.closed_true", _("%(actor)s closed %(number)s: it was true"), WARNING),
    Kind("warning.closed_false", _("%(actor)s closed %(number)s: a false alarm"), WARNING),
    Kind(
        "warning.closed_lasting", _("%(actor)s closed %(number)s: lasting, the base begins on %(since)s"),
        WARNING | {"since": "code"},
    ),
    Kind("sign.flagged", _("Sign to be decided: %(sign)s, %(count)s rows"), SIGN, show=_sign),
    Kind("sign.grew", _("The sign grew: %(sign)s, %(count)s rows"), SIGN, show=_sign),
    Kind("sign.found_real", _("%(actor)s found it gaming: %(sign)s"), SIGN, show=_sign),
    Kind("sign.found_innocent", _("%(actor)s found it innocent: %(sign)s"), SIGN, show=_sign),
)  # fmt: skip


def register() -> None:
    events.register(*KINDS)
