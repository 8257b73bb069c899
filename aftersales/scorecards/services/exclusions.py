"""Orders and reviews that are not genuine leave the figures, and come back when that was a mistake."""

from collections.abc import Iterable
from datetime import datetime
from typing import Any

from django.db import models, transaction
from django.utils.translation import gettext_lazy as _

from aftersales.core import events
from aftersales.core.errors import DomainError, NotPermitted
from aftersales.scorecards.models import RowExclusion
from aftersales.scorecards.services.counting import touch

LEAVE_OUT = "scorecards.leave_out"
GENUINE = frozenset({"orders.order", "orders.review"})


def rows_leave_out(
    *, rows: Iterable[tuple[str, int]], source: models.Model, reason: str, actor: Any, now: datetime
) -> int:
    """Leave orders and reviews out of every figure because of ``source``; how many are new. The same again adds none.

    Figures follow with the next count. Raises NotPermitted, row_kind (what is neither order nor review), reason.
    """
    if not actor.has_perm(LEAVE_OUT):
        raise NotPermitted()
    wanted = sorted(set(rows))
    if {kind for kind, _pk in wanted} - GENUINE:
        raise DomainError(_("Only orders and reviews can be left out of figures."), "row_kind")
    if not reason.strip():
        raise DomainError(_("Say why they do not count."), "reason")
    kind = source._meta.label_lower
    with transaction.atomic():
        known = set(_standing(source).select_for_update().values_list("subject_kind", "subject_id"))
        fresh = [row for row in wanted if row not in known]
        RowExclusion.objects.bulk_create(
            RowExclusion(
                subject_kind=one, subject_id=pk, source_kind=kind, source_id=source.pk, reason=reason[:1000],
                by_id=actor.pk, at=now,
            )
            for one, pk in fresh
        )  # fmt: skip
        _told("score.rows_left_out", fresh, source, reason, actor, now)
    return len(fresh)


def rows_count_again(*, source: models.Model, reason: str, actor: Any, now: datetime) -> int:
    """Take back everything that was left out because of ``source``; how many rows. Raises NotPermitted, reason."""
    if not actor.has_perm(LEAVE_OUT):
        raise NotPermitted()
    if not reason.strip():
        raise DomainError(_("Say why they count again."), "reason")
    with transaction.atomic():
        rows = list(_standing(source).select_for_update())
        for one in rows:
            one.ended_at, one.ended_by_id, one.ended_reason = now, actor.pk, reason[:1000]
        RowExclusion.objects.bulk_update(rows, ["ended_at", "ended_by", "ended_reason"])
        keys = [(one.subject_kind, one.subject_id) for one in rows]
        _told("score.rows_counted_again", keys, source, reason, actor, now)
    return len(rows)


def _standing(source: models.Model) -> "models.QuerySet[RowExclusion]":
    found: models.QuerySet[RowExclusion] = RowExclusion.objects.filter(
        source_kind=source._meta.label_lower, source_id=source.pk, ended_at=None
    )
    return found


def _told(
    kind: str, rows: list[tuple[str, int]], source: models.Model, reason: str, actor: Any, now: datetime
) -> None:
    if rows:
        events.record(kind, subject=source, actor=actor, now=now, reason=reason, payload={"count": len(rows)})
    for one, pk in rows:
        touch(subject_kind=one, subject_id=pk)
