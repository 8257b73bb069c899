"""Events: each kind declared once with its sentence, written once, heard in the same transaction."""

import fnmatch
import json
import logging
import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal, InvalidOperation
from typing import Any

from django.db import connection, models, transaction
from django.utils.dateparse import parse_datetime
from django.utils.translation import gettext as _
from django.utils.translation import pgettext_lazy

from aftersales.core import deliveries, origin, wording
from aftersales.core.errors import Text
from aftersales.core.models import ERASED, Audience, Event

logger = logging.getLogger(__name__)

MAX_ROUNDS = 4  # a listener's own events are heard too; deeper chains are a loop


@dataclass(frozen=True)
class Kind:
    """One kind of event. ``payload`` maps each key to what it holds (id, code, amount, moment, number, flag, list).

    ``sentence`` is what a lead can read aloud; it may use ``%(actor)s``, ``%(old)s``, ``%(new)s``, ``%(reason)s`` and
    every payload key. ``show`` turns a payload into display values (codes to names) just before reading.
    ``moneyless`` is said instead when every amount of the payload is zero: nobody says “approved 0.00”; ``one`` when
    ``count`` is one.
    """

    code: str
    sentence: Text
    payload: Mapping[str, str] = field(default_factory=dict)
    audience: str = Audience.INTERNAL
    version: int = 1
    show: Callable[[Mapping[str, Any]], Mapping[str, Any]] | None = None
    moneyless: Text = ""
    one: Text = ""


@dataclass
class Draft:
    """An event about to be written; ``row`` is the subject in memory, whose columns a listener may still set."""

    kind: str
    row: Any
    actor: Any
    at: datetime
    old: str = ""
    new: str = ""
    reason: str = ""
    acting_as: str = ""
    payload: dict[str, Any] = field(default_factory=dict)
    rule_version: str = ""
    merchant_id: int | None = None
    audience: str = ""
    subject_kind: str = ""
    subject_id: int = 0
    id: int = 0

    def __post_init__(self) -> None:
        if self.row is not None:
            self.subject_kind = self.subject_kind or subject_kind(self.row)
            self.subject_id = self.subject_id or self.row.pk
            if self.merchant_id is None:
                self.merchant_id = getattr(self.row, "merchant_id", None)
        self.audience = self.audience or kind(self.kind).audience


Listener = Callable[[Sequence[Draft], datetime], Iterable[Draft] | None]

_kinds: dict[str, Kind] = {}
_reasons: dict[str, Text] = {}
_reason_readers: dict[str, Callable[[str], str]] = {}
_listeners: list[tuple[str, Listener]] = []


def subject_kind(row: models.Model) -> str:
    return str(row._meta.label_lower)


def register(*kinds: Kind) -> None:
    """Declare event kinds; declaring a code twice with another meaning is a programming error."""
    for one in kinds:
        if _kinds.get(one.code, one) != one:
            raise ValueError(f"the event kind {one.code} is declared twice")
        _kinds[one.code] = one


def kind(code: str) -> Kind:
    try:
        return _kinds[code]
    except KeyError:
        raise LookupError(f"the event kind {code!r} is not registered") from None


def registered() -> Mapping[str, Kind]:
    return _kinds


def listen(pattern: str, listener: Listener) -> None:
    """``listener(drafts, now)`` runs before the rows are written, in the same transaction.

    It may set columns on ``draft.row`` and return further drafts; it must not save the rows.
    """
    if (pattern, listener) not in _listeners:
        _listeners.append((pattern, listener))


def listeners() -> list[tuple[str, str]]:
    return [(pattern, f"{fn.__module__}.{fn.__qualname__}") for pattern, fn in _listeners]


def record(code: str, *, subject: models.Model, actor: Any, now: datetime, **facts: Any) -> Draft:
    """Write one event about ``subject`` that changes no column of it. ``facts``: old, new, reason, payload …"""
    draft = Draft(kind=code, row=subject, actor=actor, at=now, **facts)
    record_many([draft], now=now)
    return draft


def record_many(drafts: Sequence[Draft], *, now: datetime) -> list[Draft]:
    """Write many events in one statement, with whatever the listeners add; deliveries ride along."""
    with transaction.atomic():
        heard = tell(drafts, now)
        write(heard)
    return heard


def tell(drafts: Sequence[Draft], now: datetime) -> list[Draft]:
    """Let every listener hear; returns the drafts and all that the listeners added."""
    everything = list(drafts)
    fresh = list(drafts)
    for _round in range(MAX_ROUNDS):
        added: list[Draft] = []
        for pattern, listener in _listeners:
            matching = [draft for draft in fresh if fnmatch.fnmatchcase(draft.kind, pattern)]
            if matching:
                added.extend(listener(matching, now) or ())
        if not added:
            return everything
        everything += added
        fresh = added
    raise RuntimeError("event listeners answer each other without end")


def write(drafts: Sequence[Draft]) -> None:
    """One INSERT for all events, one for all deliveries. Refuses payload keys that the kind does not declare."""
    if not drafts:
        return
    where = origin.current()
    rows = [_columns(draft, where) for draft in drafts]
    columns = [list(column) for column in zip(*rows, strict=True)]  # lists: a tuple would be a composite
    with connection.cursor() as cursor:
        cursor.execute(_INSERT, columns)
        ids = sorted(row[0] for row in cursor.fetchall())
    for draft, event_id in zip(drafts, ids, strict=True):
        draft.id = event_id
    deliveries.write(drafts)


def require_actor(actor: Any, what: str) -> None:
    """Nothing happens by itself: a job acts as the system account."""
    if actor is None or actor.pk is None:
        raise ValueError(f"{what}: no actor, no write")


def _columns(draft: Draft, where: origin.Origin) -> tuple[Any, ...]:
    declared = kind(draft.kind)
    unknown = set(draft.payload) - set(declared.payload)
    if unknown:
        raise ValueError(f"{draft.kind}: payload keys {sorted(unknown)} are not declared")
    actor = draft.actor
    require_actor(actor, draft.kind)
    payload = _with_currency(declared, draft)
    return (
        draft.kind, draft.subject_kind, draft.subject_id, draft.merchant_id, str(draft.audience),
        str(draft.old), str(draft.new), actor.pk, str(actor)[:150], getattr(actor, "main_role", ""),
        draft.acting_as or where.acting_as, where.source, where.request_id, draft.reason,
        json.dumps(payload, default=str, ensure_ascii=False), declared.version, draft.rule_version or where.rule,
        draft.at,
    )  # fmt: skip


def _with_currency(declared: Kind, draft: Draft) -> dict[str, Any]:
    """An amount never stands alone: where the caller names no currency, it is that of the row."""
    if "currency" not in declared.payload or "currency" in draft.payload:
        return draft.payload
    told = any(holds == "amount" and key in draft.payload for key, holds in declared.payload.items())
    currency = getattr(draft.row, "currency", "") if told else ""
    return draft.payload | {"currency": currency} if currency else draft.payload


_TYPES = {
    "kind": "text", "subject_kind": "text", "subject_id": "bigint", "merchant_id": "bigint", "audience": "text",
    "old": "text", "new": "text", "actor_id": "bigint", "actor_name": "text", "actor_role": "text",
    "acting_as": "text", "source": "text", "request_id": "text", "reason": "text", "payload": "text",
    "payload_version": "smallint", "rule_version": "text", "at": "timestamptz",
}  # fmt: skip
_INSERT = "INSERT INTO {table} ({columns}) SELECT {values} FROM unnest({arrays}) AS v({columns}) RETURNING id".format(
    table=Event._meta.db_table,
    columns=", ".join(f'"{name}"' for name in _TYPES),
    values=", ".join('v."payload"::jsonb' if name == "payload" else f'v."{name}"' for name in _TYPES),
    arrays=", ".join(f"%s::{sql_type}[]" for sql_type in _TYPES.values()),
)


Blur = Callable[[Event], None]
_blurs: list[Blur] = []


def blur(fn: Blur) -> None:
    """A room takes the names of other things out of an event (in memory), where it is not known who reads it."""
    if fn not in _blurs:
        _blurs.append(fn)


def unnamed(event: Event) -> Event:
    """The event without the names of things that its reader may not be allowed to see."""
    for fn in _blurs:
        fn(event)
    return event


def sentence(event: Event) -> str:
    """The event as a person would tell it, in the reader's language."""
    declared = _kinds.get(event.kind)
    if declared is None:
        return _("Something of the kind “%(kind)s” was recorded.") % {"kind": event.kind}
    shown = _moments(declared, event) | _amounts(declared, event.payload) | _shown(declared, event.payload)
    values = {key: event.payload.get(key, "") for key in declared.payload} | shown
    values |= {
        "actor": in_whose_name(event),
        "old": event.old,
        "new": event.new,
        "reason": reason_of(event),
    } | {key: shown[key] for key in ("old", "new", "actor") if key in shown}
    said = (
        declared.moneyless if declared.moneyless and _no_money(declared, event.payload) else declared.sentence
    )
    if declared.one and event.payload.get("count") == 1:
        said = declared.one
    return str(said) % _Words(values)


def _no_money(declared: Kind, payload: Mapping[str, Any]) -> bool:
    told = [str(payload.get(key, "")) for key, holds in declared.payload.items() if holds == "amount"]
    return bool(told) and all(re.fullmatch(r"0(\.0*)?", amount) for amount in told)


def reason_of(event: Event) -> str:
    """What the person gave as the reason, or the product's own reason in the reader's language."""
    return reason_words(event.reason)


def reason_words(reason: str) -> str:
    """A stored reason as people read it: a person's words as they are, a code of the product in words.

    A tombstone stands where a person's words were erased.
    """
    if reason == ERASED:
        return _("(the words were erased)")
    code, _space, rest = reason.partition(" ")
    told = _reason_readers[code](rest) if rest and code in _reason_readers else _reasons.get(reason)
    return str(told or reason)


def declare_reasons(choices: type[models.TextChoices]) -> None:
    """Reasons that the product itself gives: stored as codes, said in the reader's language."""
    _reasons.update({str(code): label for code, label in choices.choices})


def read_reasons(code: str, words: Callable[[str], str]) -> None:
    """A reason of the product that names something: ``words(rest)`` tells it, or nothing where it is unknown.

    It is stored as the code, a blank and ``rest``.
    """
    _reason_readers[code] = words


MACHINES = {
    "system": pgettext_lazy("actor", "The system"),
    "customer": pgettext_lazy("actor", "The customer"),
}


SIDES = {
    "merchant": pgettext_lazy("actor", "The merchant"),
    "customer": pgettext_lazy("actor", "The customer"),
    "carrier": pgettext_lazy("actor", "The carrier"),
}


def in_whose_name(event: Event) -> str:
    """The person for whom the system acted ("user:12 Name") or the rule by which it did ("rule:3>7 code v2").

    What staff took down for a side is told as that side's own. Else the actor; machines in the reader's language.
    """
    if event.source == "portal" and event.actor_role not in MACHINES:  # a merchant's own person
        return _("%(side)s (%(name)s)") % {"side": SIDES["merchant"], "name": event.actor_name}
    if event.acting_as in SIDES and event.actor_role not in MACHINES:
        both = {"side": SIDES[event.acting_as], "name": event.actor_name}
        return _("%(side)s (taken down by %(name)s)") % both
    who, _space, name = event.acting_as.partition(" ")
    if name and who.startswith("user:"):
        return name
    if name and who.startswith("rule:") and (told := reason_words(f"rule {name}")):
        return told
    return str(MACHINES.get(event.actor_role, event.actor_name))


def _moments(declared: Kind, event: Event) -> dict[str, str]:
    """The moments of the payload to the minute; the year is said only when it is another than the event's."""
    names = [key for key, holds in declared.payload.items() if holds == "moment"]
    told = {key: _moment(event.payload.get(key)) for key in names}
    return {key: wording.minute(moment, event.at) for key, moment in told.items() if moment}


def _amounts(declared: Kind, payload: Mapping[str, Any]) -> dict[str, str]:
    """The amounts of the payload as the product says money; one of long ago that names no currency stays bare."""
    currency = payload.get("currency")
    if not currency:
        return {}
    names = [key for key, holds in declared.payload.items() if holds == "amount"]
    told = {key: _decimal(payload.get(key)) for key in names}
    return {key: wording.money(amount, str(currency)) for key, amount in told.items() if amount is not None}


def _decimal(text: Any) -> Decimal | None:
    try:
        found = Decimal(str(text))
    except InvalidOperation:
        return None
    return found if found.is_finite() else None


def _moment(text: Any) -> datetime | None:
    """A stored moment; None for a bare day or anything else, which is told as it stands."""
    try:
        found = parse_datetime(str(text or ""))
    except ValueError:
        return None
    return found if found and found.tzinfo else None


class _Words(dict[str, Any]):
    """A word that a row of long ago does not have is left out."""

    def __missing__(self, key: str) -> str:
        return ""


def _shown(declared: Kind, payload: Mapping[str, Any]) -> dict[str, Any]:
    """Codes as words. A code that no longer exists must not take the whole timeline down: it is told as it is."""
    if declared.show is None:
        return {}
    try:
        return dict(declared.show(payload))
    except (KeyError, ValueError, TypeError, LookupError):
        logger.warning("the payload of a %s cannot be shown", declared.code, exc_info=True)
        return {}
