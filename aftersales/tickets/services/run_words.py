"""Words that somebody typed for many tickets: kept while rows wait for them, never longer (R2.2)."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import datetime
from typing import Any

from django.db import transaction
from django.db.models import QuerySet
from django.utils import translation
from django.utils.translation import gettext_lazy as _

from aftersales.standards.selectors import duration
from aftersales.tickets.models import ActionRow, ActionRun, Message
from aftersales.tickets.states import RowOutcome

TYPED = ("text", "text_en", "reason", "summary")
"""Words of a step that a person typed."""
SAID_ENOUGH = 4  # a message of fewer characters is in every text: it says nothing about where that came from
FORGOTTEN = _("What was typed for it is no longer kept; ask for it anew.")


def in_both(words: Callable[[], str]) -> tuple[str, str]:
    """The same words in Chinese and in English: whoever reads them later has his own language."""
    with translation.override("zh-hans"):
        chinese = words()
    with translation.override("en"):
        return chinese, words()


def wordless(stored: dict[str, Any]) -> dict[str, Any]:
    kept = {name: value for name, value in (stored.get("with") or {}).items() if name not in TYPED}
    return {**stored, "with": kept}


def words_forget(run: ActionRun, now: datetime) -> None:
    """What somebody typed is gone; rows that still wait for it are not tried any more."""
    run.steps, run.wordless_at = [wordless(one) for one in run.steps], run.wordless_at or now
    _refuse(run.rows.filter(outcome__in=[RowOutcome.WAITING, RowOutcome.BUSY]), now)


def _refuse(rows: QuerySet[ActionRow], now: datetime) -> None:
    chinese, english = in_both(lambda: str(FORGOTTEN))
    rows.update(outcome=RowOutcome.REFUSED, why_zh=chinese, why_en=english, at=now)


def words_expire(*, now: datetime) -> int:
    """Words of runs that nobody tried again in time, and of runs that never came to their end (R2.2)."""
    old = ActionRun.objects.filter(wordless_at=None, asked_at__lt=now - duration("bulk_again_hours", now))
    count = 0
    for pk in list(old.order_by("asked_at").values_list("pk", flat=True)):
        with transaction.atomic():
            run = ActionRun.objects.select_for_update(of=("self",)).get(pk=pk)
            words_forget(run, now)
            run.save(update_fields=["steps", "wordless_at"])
            count += 1
    return count


def message_forgotten(message: Message, *, now: datetime) -> None:
    """The words of one message were erased: a run that said them, or was to say the same on this ticket, keeps what
    was typed for it no longer, unless it is at its other tickets at this moment (R2.2)."""
    rows = ActionRow.objects.filter(ticket=message.ticket_id)
    runs = ActionRun.objects.filter(wordless_at=None, pk__in=rows.values("run"))
    for run in runs.order_by("pk").select_for_update(of=("self",)):
        if not (message.source_ref.startswith(f"run{run.pk}.") or _says(run, message.text)):
            continue
        _refuse(rows.filter(run=run, outcome__in=[RowOutcome.WAITING, RowOutcome.BUSY]), now)
        if not run.rows.filter(outcome=RowOutcome.WAITING).exists():
            words_forget(run, now)
            run.save(update_fields=["steps", "wordless_at"])


def _says(run: ActionRun, text: str) -> bool:
    """Whether somebody typed these words for the run, or words that hold them."""
    wanted = " ".join(text.split())
    typed = [str(one.get("with", {}).get(name) or "") for one in run.steps for name in TYPED]
    said = [" ".join(words.split()) for words in typed]
    return wanted in said or (len(wanted) >= SAID_ENOUGH and any(wanted in words for words in said))


def tickets_forgotten(ticket_ids: Sequence[int], *, now: datetime) -> None:
    """The words of these tickets were erased: nothing more is said on them by a run, and what was
    typed for it goes too, unless the run is at its other tickets at this moment (R2.2)."""
    rows = ActionRow.objects.filter(ticket__in=ticket_ids)
    _refuse(rows.filter(outcome__in=[RowOutcome.WAITING, RowOutcome.BUSY]), now)
    runs = ActionRun.objects.filter(wordless_at=None, pk__in=rows.values("run"))
    for run in runs.order_by("pk").select_for_update(of=("self",)):
        if not run.rows.filter(outcome=RowOutcome.WAITING).exists():
            words_forget(run, now)
            run.save(update_fields=["steps", "wordless_at"])
