"""What rooms above tell the machinery is listed in one file, so that nothing is called upward unseen (DESIGN 2).

After a change on purpose: ``AFTERSALES_WRITE_REGISTRIES=1 pytest tests/architecture/test_registries.py`` and read the
difference before committing it.
"""

import os
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from django.utils import translation
from django.utils.functional import Promise

from aftersales.clocks import querysets as clocks
from aftersales.core import authority, deliveries, erasure, events, facts, files, jobs, moves, panels
from aftersales.core.models import Event
from aftersales.ledger import raisers, sections

LIST = Path(__file__).with_name("registries.txt")
ALWAYS = {"actor", "old", "new", "reason"}
SAMPLES: dict[str, Any] = {"moment": "2026-11-23T02:00:00+00:00", "amount": "12.50", "flag": True, "list": []}
SAMPLES |= {"id": 1, "number": 1, "code": "sample"}
KINDS = [kind for kind in events.registered().values() if kind.code.split(".")[0] not in {"parcel", "lamp"}]
each_kind = pytest.mark.parametrize("kind", KINDS, ids=lambda kind: kind.code)


def who(fn: Callable[..., Any]) -> str:
    return f"{fn.__module__}.{fn.__qualname__}"


def registered() -> list[str]:
    """One line per entry; what tests registered for themselves is left out."""
    lines = [f"machine   {label}" for label in moves.machines()]
    lines += [
        f"guard     {room}.{move}: {fn}" for (room, move), found in moves.guards().items() for fn in found
    ]
    lines += [f"fact      {name}: {fn}" for name, found in facts.provided().items() for fn in found]
    lines += [f"authority {name}: {fn}" for name, fn in authority.declared().items()]
    lines += [f"listener  {pattern}: {fn}" for pattern, fn in events.listeners()]
    lines += [
        f"consumer  {name} ({pattern}): {who(fn)}" for name, (pattern, fn) in deliveries._consumers.items()
    ]
    lines += [f"panel     {label}: {fn}" for label, found in panels.offered().items() for fn in found]
    lines += [f"section   {party}: {fn}" for party, found in sections.added().items() for fn in found]
    lines += [f"erasure   {label}: {fn}" for label, found in erasure.listeners().items() for fn in found]
    lines += [f"scope     {kind}: {fn}" for kind, fn in clocks.scopes().items()]
    lines += [f"place     {kind}: {fn}" for kind, fn in clocks.destinations().items()]
    lines += [f"files     {table}: {who(fn)}" for table, fn in files.declared().items()]
    lines += [f"job       {kind}: {who(fn)}" for kind, fn in jobs._handlers.items()]
    lines += [f"taken     {who(fn)}" for fn in raisers.taken()]
    lines += [f"held      {who(fn)}" for fn in raisers.held()]
    return sorted(line for line in lines if not re.search(r"[ :]tests\.|machine   toy\.", line))


def test_every_entry_of_a_registry_is_listed() -> None:
    if os.environ.get("AFTERSALES_WRITE_REGISTRIES"):
        LIST.write_text("\n".join(registered()) + "\n", encoding="utf-8")
    assert registered() == LIST.read_text(encoding="utf-8").splitlines()


def test_event_kinds_are_named_noun_and_past_participle() -> None:
    assert [kind.code for kind in KINDS if not re.fullmatch(r"[a-z_]+\.[a-z_]+", kind.code)] == []


def shown_words(kind: events.Kind, payload: dict[str, Any]) -> set[str]:
    try:
        return set(kind.show(payload)) if kind.show else set()
    except (KeyError, ValueError):  # our sample is no code of theirs
        return set()


@each_kind
def test_an_event_is_told_in_both_languages(kind: events.Kind, db: None) -> None:
    """The sentence is translatable, uses declared words only, and reads without a hole in either language."""
    assert isinstance(kind.sentence, Promise), "a sentence goes through gettext_lazy"
    payload = {key: SAMPLES.get(what, "sample") for key, what in kind.payload.items()}
    shown = shown_words(kind, payload)
    for language in ("en", "zh-hans"):
        with translation.override(language):
            words = set(re.findall(r"%\((\w+)\)", str(kind.sentence)))
            assert words <= ALWAYS | set(kind.payload) | shown
            told = events.sentence(Event(kind=kind.code, actor_name="陈立", payload=payload))
            assert told
            assert "%(" not in told


@each_kind
def test_a_sentence_survives_an_older_payload(kind: events.Kind, db: None) -> None:
    """Rows written before a key was added are still told."""
    assert events.sentence(Event(kind=kind.code, actor_name="陈立", payload={}))


@each_kind
def test_payloads_declare_what_they_hold(kind: events.Kind) -> None:
    personal = {"phone", "email", "address", "name", "text", "body", "note", "content"}
    assert set(kind.payload) & personal == set(), "ids, codes and amounts; contacts and texts live elsewhere"
