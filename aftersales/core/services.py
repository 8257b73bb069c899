"""What people may do to the machinery: replay parked work, shape numbers. Recorded like everything else."""

from datetime import datetime
from typing import Any

from django.db import transaction
from django.utils.translation import gettext_lazy as _

from aftersales.core import deliveries, events, jobs, registers
from aftersales.core.errors import DomainError, NotPermitted
from aftersales.core.models import Delivery, Job, Series

events.register(
    events.Kind("job.replayed", _("%(actor)s let the parked job “%(key)s” run again."), {"key": "code"}),
    events.Kind("delivery.replayed", _("%(actor)s let a parked delivery run again."), {"consumer": "code"}),
    events.Kind(
        "series.changed",
        _("%(actor)s set the pattern of the number series “%(code)s” to %(pattern)s."),
        {"code": "code", "pattern": "code"},
    ),
)


def job_replay(*, job: Job, actor: Any, now: datetime) -> bool:
    """Let a parked job run again; False when it was not parked."""
    _may(actor, "core.replay")
    with transaction.atomic():
        if not jobs.replay(job, now=now):
            return False
        events.record("job.replayed", subject=job, actor=actor, now=now, payload={"key": job.key})
    return True


def delivery_replay(*, delivery: Delivery, actor: Any, now: datetime) -> None:
    """Let a parked delivery run again."""
    _may(actor, "core.replay")
    payload = {"consumer": delivery.consumer}
    with transaction.atomic():
        deliveries.replay(delivery, now=now)
        events.record("delivery.replayed", subject=delivery, actor=actor, now=now, payload=payload)


def series_save(*, row: Series, code: str, pattern: str, note: str, actor: Any, now: datetime) -> Series:
    """Set how numbers of one series look. Raises DomainError when the pattern gives no distinct numbers."""
    _may(actor, "core.change_series")
    _check_pattern(pattern)
    payload = {"code": code, "pattern": pattern}
    if row.pk is None:
        row.code, row.pattern, row.note = code, pattern, note
        return registers.create(row, actor=actor, now=now, event="series.changed", payload=payload)
    return registers.save(
        row,
        actor=actor,
        now=now,
        event="series.changed",
        payload=payload,
        code=code,
        pattern=pattern,
        note=note,
    )


def _check_pattern(pattern: str) -> None:
    try:
        first, second = (pattern.format(n=n, yy="26", yyyy="2026", mm="11", dd="23") for n in (1, 2))
    except (KeyError, ValueError, IndexError, AttributeError) as error:
        raise DomainError(
            _("The pattern may use only {yy}, {yyyy}, {mm}, {dd} and {n:05d}."), "pattern"
        ) from error
    if first == second:
        raise DomainError(_("The pattern needs the running number, for example {n:05d}."), "pattern")


def _may(actor: Any, capability: str) -> None:
    if not actor.has_perm(capability):
        raise NotPermitted()
