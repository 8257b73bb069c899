"""How grades and states look: tone and drawn mark. The words come from states, the colours from the stylesheet."""

from collections.abc import Mapping

from django.utils.safestring import SafeString
from django.utils.translation import gettext as _
from django.utils.translation import pgettext_lazy

from aftersales.core.components import badge
from aftersales.core.components import level as level_mark
from aftersales.tickets.rules import level
from aftersales.tickets.states import Level, TicketState, WaitFor

S = TicketState
# The mark fills up as the ticket advances; a tone says whose turn it is.
STATE_LOOKS: Mapping[str, tuple[str, str]] = {
    S.NEW: ("grey", "dashed"),
    S.TRIAGED: ("grey", "ring"),
    S.ASSIGNED: ("blue", "quarter"),
    S.IN_PROGRESS: ("blue", "half"),
    S.WAITING: ("amber", "pause"),
    S.RESOLVED: ("green", "tick"),
    S.CLOSED: ("bare", "disc"),
    S.UNREACHABLE: ("bare", "bar"),
    S.ARCHIVED: ("bare", "disc"),
    S.SEALED: ("bare", "disc"),
    S.CANCELLED: ("bare", "cross"),
    S.MERGED: ("bare", "disc"),
}
WAIT_TONES: Mapping[str, str] = {WaitFor.CUSTOMER: "amber", WaitFor.MERCHANT: "violet"}
WAIT_WORDS: Mapping[str, object] = {
    WaitFor.CUSTOMER: pgettext_lazy("ticket state", "Waits for customer"),
    WaitFor.MERCHANT: pgettext_lazy("ticket state", "Waits for merchant"),
    WaitFor.CARRIER: pgettext_lazy("ticket state", "Waits for carrier"),
    WaitFor.PAYMENT: pgettext_lazy("ticket state", "Waits for payment"),
    WaitFor.WAREHOUSE: pgettext_lazy("ticket state", "Waits for warehouse"),
    WaitFor.REPAIR: pgettext_lazy("ticket state", "Waits for repair"),
    WaitFor.TECH: pgettext_lazy("ticket state", "Waits for technicians"),
    WaitFor.PARTNER: pgettext_lazy("ticket state", "Waits for partner"),
    WaitFor.BANK: pgettext_lazy("ticket state", "Waits for bank"),
    WaitFor.AUTHORITY: pgettext_lazy("ticket state", "Waits for authority"),
    WaitFor.DEPARTMENT: pgettext_lazy("ticket state", "Waits for department"),
    WaitFor.SCHEDULED: pgettext_lazy("ticket state", "Waits for the date"),
}
LEVEL_TONES: Mapping[str, str] = {Level.L2: "amber", Level.L3: "red", Level.L5: "violet"}


def state_badge(state: str, wait_for: str = "") -> SafeString:
    """The state as a badge; a waiting ticket says for whom."""
    tone, mark = STATE_LOOKS.get(state, ("grey", "ring"))
    if state == S.WAITING and wait_for:
        return badge(str(WAIT_WORDS[wait_for]), tone=WAIT_TONES.get(wait_for, "grey"), mark_name=mark)
    return badge(str(TicketState(state).label), tone=tone, mark_name=mark)


def owed(state: str, promise: str) -> str:
    """The promise that runs; of a resolved ticket with the reason why it still does."""
    return (
        _("%(promise)s, still owed although resolved") % {"promise": promise}
        if state == S.RESOLVED
        else promise
    )


def level_badge(severity: str, nature: str) -> SafeString:
    """The source's level (L1–L6) with its word."""
    code = level(severity, nature)
    return level_mark(str(code), str(Level(code).label), tone=LEVEL_TONES.get(code, "grey"))
