"""A given word (R3.10): an agent's promise to a customer becomes a clock that follows the subject."""

from datetime import datetime
from types import SimpleNamespace
from typing import Any

from django.db import transaction
from django.utils.translation import gettext_lazy as _

from aftersales.clocks.models import Clock
from aftersales.clocks.rules import warn_at
from aftersales.clocks.services.bench import Bench, Note
from aftersales.clocks.services.engine import drafts_of, write
from aftersales.core import events
from aftersales.core.errors import DomainError, NotPermitted
from aftersales.standards import selectors as rule_book
from aftersales.standards.states import ClockKind, Debtor, Promise
from aftersales.standards.worktime import ALWAYS


def word_give(*, subject: Any, due_at: datetime, holder_id: int | None, actor: Any, now: datetime) -> Clock:
    """A promise with its own due time, made from the reply box. Refused when the time has already passed."""
    _may_promise(actor)
    if due_at <= now:
        raise DomainError(_("A promise needs a time that lies ahead."), "in_the_past")
    kind = events.subject_kind(subject)
    percent = int(rule_book.parameter("word_warning_percent", now))
    with transaction.atomic():
        earlier = Clock.objects.of(kind, subject.pk).filter(promise=Promise.KEPT_WORD).count()
        clock = Clock(
            subject_kind=kind,
            subject_id=subject.pk,
            merchant_id=getattr(subject, "merchant_id", None),
            promise=Promise.KEPT_WORD,
            round=earlier + 1,
            kind=ClockKind.OBLIGATION,
            owed_by=Debtor.PERSON,
            holder_id=holder_id,
            started_at=now,
            counted_from=now,
            due_at=due_at,
            warn_at=warn_at(ALWAYS, now, due_at, percent),
        )
        bench = Bench(book=rule_book.book())
        bench.add(clock)
        terms = bench._terms(clock) | {"holder": holder_id}
        bench.notes.append(Note("clock.started", clock, _cause(subject, actor, now), terms))
        _finish(bench, now)
    return clock


def word_keep(*, clock: Clock, subject: Any, actor: Any, now: datetime) -> Clock:
    """The promise was kept, in time or late."""
    return _end(clock, subject, actor, now, "keep")


def word_drop(*, clock: Clock, subject: Any, actor: Any, now: datetime) -> Clock:
    """The customer let us off the promise."""
    return _end(clock, subject, actor, now, "drop")


def _end(clock: Clock, subject: Any, actor: Any, now: datetime, act: str) -> Clock:
    _may_promise(actor)
    with transaction.atomic():
        locked: Clock = Clock.objects.select_for_update().get(pk=clock.pk)
        if not locked.is_open or locked.promise != Promise.KEPT_WORD:
            raise DomainError(_("This promise is settled already."), "settled")
        bench = Bench(book=rule_book.book())
        cause = _cause(subject, actor, now)
        bench._hear(locked, cause)
        getattr(bench, act)(locked, cause)
        _finish(bench, now)
    return locked


def _may_promise(actor: Any) -> None:
    if not actor.has_perm("clocks.give_word"):
        raise NotPermitted()


def _cause(subject: Any, actor: Any, now: datetime) -> SimpleNamespace:
    return SimpleNamespace(row=subject, actor=actor, at=now, kind="word", payload={})


def _finish(bench: Bench, now: datetime) -> None:
    write(bench)
    events.record_many(drafts_of(bench.notes), now=now)
