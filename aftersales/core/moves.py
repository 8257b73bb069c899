"""The door: the only way a state changes, for one row or for many (DESIGN 3).

Lock in key order, ask the facts, judge by the guards, run the bodies, let the listeners hear, then one UPDATE, the
history, the events and the deliveries: the same function for a button, a bulk action, a job and an import.
"""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, TypeVar

from django.db import OperationalError, models, transaction
from django.utils.translation import gettext_lazy as _

from aftersales.core import authority, events, facts, rowwrite, stale
from aftersales.core.errors import Busy, DomainError, NotPermitted, Refusal, Refused, WrongState
from aftersales.core.events import Draft
from aftersales.core.machine import Guard, Machine, Move

BATCH = 500
LOCK_NOT_AVAILABLE = "55P03"
DEADLOCK = "40P01"

Row = TypeVar("Row", bound=models.Model)

_machines: dict[str, Machine] = {}
_guards: dict[tuple[str, str], list[Guard]] = defaultdict(list)


@dataclass(frozen=True)
class MoveOption:
    """One move of a row as this person sees it: allowed, or refused with every reason."""

    move: Move
    allowed: bool
    reasons: list[Refusal] = field(default_factory=list)


@dataclass
class Outcome:
    """What a bulk move did: rows done, rows refused with reasons, keys of rows somebody else held."""

    done: list[Any] = field(default_factory=list)
    refused: list[tuple[int, list[Refusal]]] = field(default_factory=list)
    busy: list[int] = field(default_factory=list)

    def add(self, other: "Outcome") -> None:
        self.done += other.done
        self.refused += other.refused
        self.busy += other.busy


@dataclass(frozen=True)
class _Order:
    """One request at the door: who wants which move, why, with which data."""

    machine: Machine
    move: Move
    actor: Any
    now: datetime
    acting_as: str
    reason: str
    data: Mapping[str, Any]


def use(machine: Machine) -> None:
    """Register a room's machine (in ``AppConfig.ready()``)."""
    _machines[machine.label] = machine


def machines() -> Mapping[str, Machine]:
    return _machines


def machine_of(model: type[models.Model] | models.Model) -> Machine:
    return _machines[model._meta.label_lower]


def guard(machine_label: str, move: str, fn: Guard) -> None:
    """A room above adds a condition to a move below; ``fn(row, facts, actor, now, data)`` yields refusals."""
    if fn not in _guards[machine_label, move]:
        _guards[machine_label, move].append(fn)


def guards() -> dict[tuple[str, str], list[str]]:
    return {
        key: [f"{fn.__module__}.{fn.__qualname__}" for fn in found] for key, found in _guards.items() if found
    }


def perform(
    row: Row,
    name: str,
    *,
    actor: Any,
    now: datetime,
    acting_as: str = "",
    reason: str = "",
    version: int | None = None,
    **data: Any,
) -> Row:
    """Move one row; returns it as it now stands. Raises NotPermitted, WrongState, Refused, Busy or Conflict.

    ``version``: the version the person looked at; given and stale, nothing is done.
    """
    order = _order(type(row), name, actor=actor, now=now, acting_as=acting_as, reason=reason, data=data)
    with translated_locks(), transaction.atomic():
        current = locked(row, version=version, actor=actor)
        outcome = _move_locked([current], order)
        if outcome.refused:
            raise _refusal(current, order, outcome.refused[0][1])
    moved: Row = outcome.done[0]
    return moved


def locked(
    row: Row, *, version: int | None = None, sent: Mapping[str, Any] | None = None, actor: Any = None
) -> Row:
    """The row as it stands, locked until the transaction ends: whatever is judged of it is judged only now.

    Raises gone, Busy, and Conflict when ``version`` (the one the person looked at) is stale. Who makes a move may be
    named: what he did himself since is no surprise to him. Who writes columns must not: he would overwrite himself.
    """
    with translated_locks():
        found: list[Row] = _lock(type(row)._default_manager.all(), [row.pk], skip_locked=False)
    if not found:
        raise DomainError(_("This no longer exists."), "gone")
    current: Any = found[0]
    if version is not None and current.version != version and not stale.is_no_news(current, version, actor):
        raise stale.conflict(current, version, sent or {})
    return found[0]


def perform_many(
    queryset: models.QuerySet[Any],
    name: str,
    *,
    actor: Any,
    now: datetime,
    acting_as: str = "",
    reason: str = "",
    data: Mapping[str, Any] | None = None,
) -> Outcome:
    """Move many rows in batches of 500, each batch one transaction; a row held by somebody else is *busy*.

    So is a row that left ``queryset`` before it could be locked: what was asked for is judged under the lock.
    """
    order = _order(
        queryset.model, name, actor=actor, now=now, acting_as=acting_as, reason=reason, data=data or {}
    )
    outcome = Outcome()
    ids = sorted(set(queryset.values_list("pk", flat=True)))
    for start in range(0, len(ids), BATCH):
        outcome.add(_perform_batch(queryset, ids[start : start + BATCH], order))
    return outcome


def _perform_batch(queryset: models.QuerySet[Any], ids: Sequence[int], order: _Order) -> Outcome:
    """One transaction. When a listener runs into somebody else's lock, the whole batch is *busy*."""
    try:
        with translated_locks(), transaction.atomic():
            taken = _lock(queryset, ids, skip_locked=True)
            outcome = _move_locked(taken, order)
    except Busy:
        return Outcome(busy=list(ids))
    free = {row.pk for row in taken}
    outcome.busy += [pk for pk in ids if pk not in free]
    return outcome


def change(
    row: Row,
    *,
    actor: Any,
    now: datetime,
    event: str,
    acting_as: str = "",
    reason: str = "",
    payload: Mapping[str, Any] | None = None,
    version: int | None = None,
    quiet: Iterable[str] = (),
    rule_version: str = "",
    **columns: Any,
) -> Row:
    """Change columns without changing the state: same lock, history, event and listeners as a move.

    ``version``: the version the person started from; stale raises Conflict with both values. ``quiet`` names columns
    (counters, last-seen times) whose change alone writes no history row.
    """
    events.require_actor(actor, event)
    with translated_locks(), transaction.atomic():
        current = locked(row, version=version, sent=columns)
        before = rowwrite.snapshot(current)
        _check_columns(current, columns)
        for name, value in columns.items():
            setattr(current, name, value)
        draft = Draft(
            kind=event, row=current, actor=actor, at=now, reason=reason, acting_as=acting_as,
            payload=dict(payload or {}), rule_version=rule_version,
        )  # fmt: skip
        _write(
            [current], {current.pk: before}, [draft], actor=actor, now=now, reason=reason, quiet=set(quiet)
        )
    return current


def tell_many(drafts: Sequence[Draft], *, actor: Any, now: datetime) -> None:
    """Events of rows that the caller holds under lock; listeners may set columns of them, which are written."""
    rows = list({draft.row.pk: draft.row for draft in drafts}.values())
    before = {row.pk: rowwrite.snapshot(row) for row in rows}
    if rows:
        _write(rows, before, drafts, actor=actor, now=now, reason="")


def create(
    row: Row,
    *,
    actor: Any,
    now: datetime,
    event: str,
    acting_as: str = "",
    reason: str = "",
    payload: Mapping[str, Any] | None = None,
    rule_version: str = "",
) -> Row:
    """A new row with its history, its first event and whatever the listeners set on it."""
    return create_many(
        [row], actor=actor, now=now, event=event, acting_as=acting_as, reason=reason,
        payloads=[dict(payload or {})], rule_version=rule_version,
    )[0]  # fmt: skip


def create_many(
    rows: Sequence[Row],
    *,
    actor: Any,
    now: datetime,
    event: str,
    payloads: Sequence[Mapping[str, Any]],
    acting_as: str = "",
    reason: str = "",
    rule_version: str = "",
    at: Sequence[datetime] | None = None,
) -> list[Row]:
    """Many new rows of one model: one INSERT, one history statement, one event statement.

    ``at`` gives each row's own business time (facts that happened earlier); by default all happen ``now``.
    """
    events.require_actor(actor, event)
    if not rows:
        return []
    with translated_locks(), transaction.atomic():
        type(rows[0])._default_manager.bulk_create(rows)
        drafts = [
            Draft(
                kind=event, row=row, actor=actor, at=moment, new=_state_of(row), reason=reason, acting_as=acting_as,
                payload=dict(payload), rule_version=rule_version,
            )
            for row, payload, moment in zip(rows, payloads, at or [now] * len(rows), strict=True)
        ]  # fmt: skip
        before = {row.pk: rowwrite.snapshot(row) for row in rows}
        heard = events.tell(drafts, now)
        _update_changed(rows, before, bump=False)
        rowwrite.write_history(rows, actor=actor, now=now, reason=reason, kind="+")
        events.write(heard)
    return list(rows)


def options(
    row: models.Model, *, actor: Any, now: datetime, names: Iterable[str] | None = None
) -> list[MoveOption]:
    """Every move of the row's machine for this person: allowed, or refused because … Feeds every button.

    Moves the person has no capability for, and moves only the system performs, are left out.
    """
    machine = machine_of(row)
    wanted = set(names) if names is not None else None
    asked: dict[str, Any] = {}
    found = []
    for move in machine.moves:
        if move.by_system or (wanted is not None and move.name not in wanted):
            continue
        if not actor.has_perm(move.capability):
            continue
        for fact in move.facts if getattr(row, machine.field) in move.sources else ():
            if fact not in asked:
                asked[fact] = facts.ask(fact, [row], now)[row.pk]
        order = _Order(machine, move, actor, now, "", "", {})
        reasons = _judge(row, order, asked, asking=True) or _beyond([row], order).get(row.pk, [])
        found.append(MoveOption(move, not reasons, reasons))
    return found


def judged(
    rows: Sequence[models.Model],
    name: str,
    *,
    actor: Any,
    now: datetime,
    data: Mapping[str, Any] | None = None,
) -> dict[int, list[Refusal]]:
    """What the door would say to one move of many rows, before anybody asks for it: no reason, no refusal.

    ``data``: what is known of the move's data already; what is missing yet is no refusal. Facts are asked once for all
    rows. Raises NotPermitted.
    """
    if not rows:
        return {}
    order = _order(type(rows[0]), name, actor=actor, now=now, acting_as="", reason="", data=dict(data or {}))
    fit = [row for row in rows if getattr(row, order.machine.field) in order.move.sources]
    answers = {fact: facts.ask(fact, fit, now) for fact in order.move.facts} if fit else {}
    reasons = {
        row.pk: _judge(
            row, order, {fact: found.get(row.pk, []) for fact, found in answers.items()}, asking=True
        )
        for row in rows
    }
    return reasons | _beyond([row for row in rows if not reasons[row.pk]], order)


def _order(model: type[models.Model], name: str, *, actor: Any, **rest: Any) -> _Order:
    machine = machine_of(model)
    move = machine[name]
    if actor is None:
        raise ValueError(f"{machine.label}.{name}: no actor, no write")
    if not actor.has_perm(move.capability):
        raise NotPermitted()
    unknown = set(rest["data"]) - {need.name for need in move.needs}
    if unknown:
        raise ValueError(f"{machine.label}.{name} takes no {sorted(unknown)}")
    return _Order(machine=machine, move=move, actor=actor, **rest)


class translated_locks:  # noqa: N801 - reads as a phrase in a with statement
    """PostgreSQL's *lock not available* and *deadlock* become Busy: nothing happened, try again."""

    def __enter__(self) -> None:
        return None

    def __exit__(self, _kind: Any, error: Any, _trace: Any) -> None:
        if isinstance(error, OperationalError) and held_by_another(error):
            raise Busy() from error


def held_by_another(error: BaseException) -> bool:
    """Whether PostgreSQL gave up waiting for a lock or ended a deadlock: nothing happened, try again."""
    return getattr(error.__cause__, "sqlstate", "") in {LOCK_NOT_AVAILABLE, DEADLOCK}


def _lock(queryset: models.QuerySet[Any], ids: Sequence[int], *, skip_locked: bool) -> list[Any]:
    """The rows, locked; PostgreSQL asks the queryset's conditions again of a row that changed meanwhile."""
    asked = queryset.query
    if asked.is_sliced or asked.distinct or asked.combinator:  # such a query cannot lock: by key alone
        queryset = queryset.model._default_manager.all()
    rows = queryset.select_for_update(skip_locked=skip_locked, of=("self",))
    return list(rows.filter(pk__in=ids).order_by("pk"))


def _move_locked(rows: Sequence[Any], order: _Order) -> Outcome:
    """Judge, run the bodies, write: the rows are already locked."""
    outcome = Outcome()
    if not rows:
        return outcome
    answers = {name: facts.ask(name, rows, order.now) for name in order.move.facts}
    reasons = {
        row.pk: _judge(row, order, {name: found[row.pk] for name, found in answers.items()}, asking=False)
        for row in rows
    }
    entitled = _entitled([row for row in rows if not reasons[row.pk]], order)
    drafts: list[Draft] = []
    before: dict[int, dict[str, Any]] = {}
    for row in rows:
        ruling = entitled.get(row.pk, authority.Ruling())
        if refused := reasons[row.pk] or list(ruling.refusals):
            outcome.refused.append((row.pk, refused))
            continue
        before[row.pk] = rowwrite.snapshot(row)
        drafts.append(_run_body(row, order, ruling.rule))
        outcome.done.append(row)
    if outcome.done:
        _write(
            outcome.done,
            before,
            drafts,
            actor=order.actor,
            now=order.now,
            reason=order.reason,
            move=order.move.name,
        )
    return outcome


def _judge(row: Any, order: _Order, known: Mapping[str, Any], *, asking: bool) -> list[Refusal]:
    state = getattr(row, order.machine.field)
    if state not in order.move.sources:
        return [Refusal("wrong_state", _wrong_state(order.machine, state))]
    reasons: list[Refusal] = []
    if not asking:
        reasons += [
            Refusal("missing", _("“%(label)s” is missing.") % {"label": need.label})
            for need in order.move.missing(order.data)
        ]
    for rule in [*order.move.guards, *_guards[order.machine.label, order.move.name]]:
        reasons += rule(row, known, order.actor, order.now, (order.data or None) if asking else order.data)
    return reasons


def _claims(rows: Sequence[Any], order: _Order) -> authority.Claims:
    if not order.move.authority or not rows:
        return {}
    return authority.claims_of(order.move.authority, rows, order.actor, order.data, order.now)


def _entitled(rows: Sequence[Any], order: _Order) -> dict[int, authority.Ruling]:
    """How much of it this person may decide, counted from now on in this transaction."""
    claims = _claims(rows, order)
    return authority.take(actor=order.actor, claims=claims, now=order.now) if claims else {}


def _beyond(rows: Sequence[Any], order: _Order) -> dict[int, list[Refusal]]:
    """What is too much for this person, only asked."""
    claims = _claims(rows, order)
    found = authority.weigh(actor=order.actor, claims=claims, now=order.now) if claims else {}
    return {pk: list(ruling.refusals) for pk, ruling in found.items() if ruling.refusals}


def _wrong_state(machine: Machine, state: str) -> Any:
    label = dict(machine.states.choices).get(state, state)
    return _("Not possible while the state is “%(state)s”.") % {"state": label}


def _refusal(row: Any, order: _Order, reasons: list[Refusal]) -> DomainError:
    return WrongState(reasons) if reasons[0].code == "wrong_state" else Refused(reasons)


def _run_body(row: Any, order: _Order, rule: str = "") -> Draft:
    old = getattr(row, order.machine.field)
    body = getattr(row, order.move.name)
    payload = body(actor=order.actor, now=order.now, **order.data) or {}
    return Draft(
        kind=order.move.event, row=row, actor=order.actor, at=order.now, old=old, new=_state_of(row, order.machine),
        reason=order.reason, acting_as=order.acting_as, payload=dict(payload), rule_version=rule,
    )  # fmt: skip


def _state_of(row: Any, machine: Machine | None = None) -> str:
    machine = machine or _machines.get(row._meta.label_lower)
    return str(getattr(row, machine.field)) if machine else ""


def _write(
    rows: Sequence[Any],
    before: Mapping[int, dict[str, Any]],
    drafts: Sequence[Draft],
    *,
    actor: Any,
    now: datetime,
    reason: str,
    move: str = "",
    quiet: set[str] | None = None,
) -> None:
    heard = events.tell(drafts, now)
    touched = _update_changed(rows, before, move=move)
    if touched - (quiet or set()) - {"version"}:
        rowwrite.write_history(rows, actor=actor, now=now, reason=reason)
    events.write(heard)


def _update_changed(
    rows: Sequence[Any], before: Mapping[int, dict[str, Any]], *, move: str = "", bump: bool = True
) -> set[str]:
    columns: set[str] = set()
    for row in rows:
        columns |= rowwrite.changed(row, before[row.pk])
    if not columns:
        return columns
    if bump and hasattr(rows[0], "version"):
        for row in rows:
            row.version += 1
        columns.add("version")
    rowwrite.update(rows, columns, move=move)
    return columns


def _check_columns(row: Any, columns: Mapping[str, Any]) -> None:
    known = {name for found in row._meta.concrete_fields for name in (found.name, found.attname)}
    if unknown := set(columns) - known:
        raise ValueError(f"{row._meta.label} has no columns {sorted(unknown)}")
    machine = _machines.get(row._meta.label_lower)
    if machine and machine.field in columns:
        raise ValueError(f"{machine.label}: the state changes only by a move")
