"""What happens to clocks, told on the timeline of what they are about."""

from collections.abc import Mapping
from typing import Any

from django.utils.translation import gettext_lazy as _

from aftersales.clocks.states import ExclusionCause, OwnReason, RungTo
from aftersales.core import events, wording
from aftersales.core.events import Kind
from aftersales.standards.states import Promise

CLOCK = {"promise": "code", "round": "number", "clock": "id"}
FULL = CLOCK | {
    "historic": "flag",
    "version": "id",
    "counted_from": "moment",
    "due_at": "moment",
    "warn_at": "moment",
    "old_due_at": "moment",
    "why": "code",
    "pauses": "list",
    "reason": "code",
    "late_minutes": "number",
    "holder": "id",
    "team": "id",
    "rung": "code",
    "to": "code",
    "by": "code",
    "cause": "code",
    "circumstance": "code",
}
DROPPED = {
    "": _("the promise fell away"),
    "deadline.moved": _("the deadline was moved"),
    "deadline.dropped": _("nothing is owed to the authority any more"),
    "ticket.closed": _("no answer came in time"),
    "ticket.unreachable": _("the customer could not be reached"),
    "ticket.cancelled": _("the ticket was cancelled"),
    "ticket.reopened": _("the work began anew"),
    "ticket.merged": _("the ticket was merged; the other one keeps the promise"),
    "ticket.unmerged": _("the ticket it came with goes on by itself"),
    "ticket.split_off": _("the ticket was split off; time counts as in the one it came from"),
}


def _show(payload: Mapping[str, Any]) -> dict[str, Any]:
    """Codes as words."""
    shown: dict[str, Any] = {}
    names = dict(Promise.choices)
    if payload.get("late_minutes") is not None:
        shown["late"] = wording.duration(60 * float(payload["late_minutes"]))
    changed = payload.get("why") == "rule.activated"
    shown["taken_over"] = str(
        _("a new version came into force") if changed else _("a stricter rule took over")
    )
    shown["whom"] = str(dict(RungTo.choices).get(str(payload.get("to", "")), ""))
    code = str(payload.get("cause", ""))
    shown["excluded"] = str(dict(ExclusionCause.choices).get(code, code))
    shown["cause"] = str(DROPPED.get(str(payload.get("why", "")), DROPPED[""]))
    return shown | {"promise": names.get(payload.get("promise", ""), payload.get("promise", ""))}


def kind(code: str, sentence: Any) -> Kind:
    return Kind(f"clock.{code}", sentence, FULL, show=_show)


def register() -> None:
    events.declare_reasons(OwnReason)
    events.register(
        kind("started", _("The clock “%(promise)s” started; due %(due_at)s.")),
        kind(
            "retargeted",
            _("The clock “%(promise)s” is due %(due_at)s instead of %(old_due_at)s: %(taken_over)s."),
        ),
        kind("paused", _("The clock “%(promise)s” was paused.")),
        kind("resumed", _("The clock “%(promise)s” goes on; due %(due_at)s.")),
        kind("warned", _("The clock “%(promise)s” is due soon: %(due_at)s.")),
        kind("breached", _("The clock “%(promise)s” ran out at %(due_at)s.")),
        kind("escalated", _("“%(promise)s” went up the ladder: %(whom)s.")),
        kind("met", _("The promise “%(promise)s” was kept.")),
        kind("met_late", _("The promise “%(promise)s” was kept %(late)s late.")),
        kind("cancelled", _("The clock “%(promise)s” was dropped: %(cause)s.")),
        kind(
            "restored",
            _(
                "The clock “%(promise)s” counts by its own rule again: due %(due_at)s instead of %(old_due_at)s."
            ),
        ),
        kind("revived", _("The promise “%(promise)s” is owed again; it ran out at %(due_at)s.")),
        kind(
            "excluded",
            _("The breach of “%(promise)s” does not count against the merchant (%(excluded)s): %(reason)s"),
        ),
        kind("counted_again", _("The breach of “%(promise)s” counts against the merchant again: %(reason)s")),
        kind("handed_over", _("The clock “%(promise)s” went with the work to somebody else.")),
    )
