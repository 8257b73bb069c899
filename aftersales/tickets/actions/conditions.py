"""Conditions of a rule over a ticket's own columns: one declaration, judged of a row and asked of PostgreSQL alike."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from django.db.models import F, Q
from django.utils.translation import gettext, pgettext_lazy
from django.utils.translation import gettext_lazy as _

from aftersales.core.errors import DomainError, Text
from aftersales.core.posted import whole
from aftersales.tickets.states import ACTIVE_STATES, Channel, Kind, Nature, Severity, TicketState, WaitFor

MOST_TIMES = 99


def _active() -> list[tuple[str, Text]]:
    return [(state, TicketState(state).label) for state in ACTIVE_STATES]


@dataclass(frozen=True)
class Condition:
    """One question. ``kind``: choice (any of several values), flag (yes or no), number (at least), word (contains)."""

    name: str
    label: Text
    kind: str
    column: str = ""
    choices: Callable[[], Iterable[tuple[str, Text]]] = list
    holds: Callable[[Any], bool] | None = None  # of a flag
    asked: Q | None = None  # the same of PostgreSQL


UNREAD = Q(last_customer_at__isnull=False) & (
    Q(last_staff_at__isnull=True) | Q(last_customer_at__gt=F("last_staff_at"))
)
CONDITIONS: Mapping[str, Condition] = {
    one.name: one
    for one in (
        Condition("states", _("State"), "choice", "state", _active),
        Condition("kinds", _("Kind"), "choice", "kind", lambda: Kind.choices),
        Condition("severities", _("Severity"), "choice", "severity", lambda: Severity.choices),
        Condition("natures", _("Nature"), "choice", "nature", lambda: Nature.choices),
        Condition("channels", _("Channel"), "choice", "channel", lambda: Channel.choices),
        Condition("waits", _("Waits for"), "choice", "wait_for", lambda: WaitFor.choices),
        Condition(
            "held", _("Somebody has it"), "flag", holds=lambda row: row.assignee_id is not None,
            asked=Q(assignee__isnull=False),
        ),
        Condition(
            "unread", _("The customer waits for an answer"), "flag", holds=lambda row: row.unread, asked=UNREAD
        ),
        Condition("reopened", _("Reopened at least so many times"), "number", "reopened"),
        Condition("word", _("Subject contains"), "word", "subject"),
    )
}  # fmt: skip


def checked(given: Mapping[str, Any]) -> dict[str, Any]:
    """Conditions with values of their kind; empty ones are left out, unknown ones are an error."""
    found: dict[str, Any] = {}
    for name, value in given.items():
        if name not in CONDITIONS:
            raise DomainError(_("There is no condition “%(name)s”.") % {"name": name}, "condition")
        clean = _clean(CONDITIONS[name], value)
        if clean not in (None, "", []):
            found[name] = clean
    return found


def _clean(one: Condition, value: Any) -> Any:
    if one.kind == "choice":
        known = {str(code) for code, _label in one.choices()}
        return [code for code in (value if isinstance(value, list | tuple) else [value]) if code in known]
    if one.kind == "flag":
        return value if value in ("yes", "no") else None
    if one.kind == "number":
        number = whole(str(value))
        return number if number and number <= MOST_TIMES else None
    return str(value).replace("\x00", "").strip()[:60]


def _holds(one: Condition, value: Any, row: Any) -> bool:
    if one.kind == "choice":
        return getattr(row, one.column) in value
    if one.kind == "flag":
        return bool(one.holds and one.holds(row)) is (value == "yes")
    if one.kind == "number":
        return int(getattr(row, one.column)) >= int(value)
    return str(value).lower() in str(getattr(row, one.column)).lower()


def holds(given: Mapping[str, Any], row: Any, *, any_of: bool = False) -> bool:
    """Whether a ticket fits; no condition fits every ticket."""
    answers = [_holds(CONDITIONS[name], value, row) for name, value in given.items()]
    return (any(answers) if any_of else all(answers)) if answers else True


def _asked(one: Condition, value: Any) -> Q:
    if one.kind == "choice":
        return Q(**{f"{one.column}__in": value})
    if one.kind == "flag":
        asked = one.asked or Q()
        return asked if value == "yes" else ~asked
    if one.kind == "number":
        return Q(**{f"{one.column}__gte": value})
    return Q(**{f"{one.column}__icontains": value})


def asked(given: Mapping[str, Any], *, any_of: bool = False) -> Q:
    """The same as a filter of tickets."""
    found = Q()
    for name, value in given.items():
        one = _asked(CONDITIONS[name], value)
        found = (found | one) if any_of else (found & one)
    return found


def told(given: Mapping[str, Any], *, any_of: bool = False) -> str:
    """The conditions as people say them."""
    said = [f"{CONDITIONS[name].label}: {_words(CONDITIONS[name], value)}" for name, value in given.items()]
    if not said:
        return gettext("every ticket")
    either = str(pgettext_lazy("between conditions", "or"))
    return (f" {either} " if any_of else " · ").join(said)


def _words(one: Condition, value: Any) -> str:
    if one.kind == "choice":
        labels = dict(one.choices())
        return gettext(", ").join(str(labels.get(code, code)) for code in value)
    if one.kind == "flag":
        return str(pgettext_lazy("condition", "yes") if value == "yes" else pgettext_lazy("condition", "no"))
    return str(value)
