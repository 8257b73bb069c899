"""How a dispatch stands in its record: written once, read back to explain it and to play a week again. Pure."""

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from django.utils.dateparse import parse_datetime

from aftersales.tickets.dispatch_rules import Asked, Candidate

PLAIN = (
    *("person_id", "name", "team_id", "load", "capacity", "on_shift", "away", "verdict", "weight", "fresh"),
    *(
        "left",
        "idle",
        "away_reason",
        "qualified",
        "tier",
        "certificate",
        "onboarding",
        "senior",
        "vendor",
        "known",
        "known_by",
    ),
    *("returned", "put_back", "total"),
)
MOMENTS = ("next_shift_at", "last_assigned_at", "until")
DEFAULTS: Mapping[str, Any] = {
    name: getattr(Candidate(0, "", None, 0, 0, on_shift=False, away=False), name)
    for name in (*PLAIN, *MOMENTS)
}
ALWAYS = frozenset({"person_id", "name", "load", "capacity", "on_shift", "away", "verdict"})


def told_of(one: Candidate) -> dict[str, Any]:
    """A candidate as stored: what is as usual is left out. Whose own order it is stands nowhere but in the verdict."""
    told = {
        name: value for name in PLAIN if (value := getattr(one, name)) != DEFAULTS[name] or name in ALWAYS
    }
    told |= {name: moment.isoformat() for name in MOMENTS if (moment := getattr(one, name))}
    if one.speaks:
        told["speaks"] = sorted(one.speaks)
    if one.parts:
        told["parts"] = list(one.parts)
    return told


def told_asked(asked: Asked) -> dict[str, Any]:
    told = {"severity": asked.severity, "kind": asked.kind, "nature": asked.nature}
    return told | {name: value for name in ("green", "language") if (value := getattr(asked, name))}


def candidate_of(told: Mapping[str, Any]) -> Candidate:
    """A stored candidate as dispatch saw him, before he was judged."""
    plain = {name: told.get(name, DEFAULTS[name]) for name in PLAIN if name not in ("verdict", "total")}
    moments: dict[str, Any] = {name: parse_datetime(told[name]) for name in MOMENTS if told.get(name)}
    one = Candidate(**plain, **moments, speaks=frozenset(told.get("speaks", ())))
    return replace(one, own=told.get("verdict") == "not_this")


def asked_of(told: Mapping[str, Any]) -> Asked:
    """What the record says of the ticket; who knew the customer and whose own it was stand with the people."""
    return Asked(
        **{name: told[name] for name in ("severity", "kind", "nature", "green", "language") if name in told}
    )
