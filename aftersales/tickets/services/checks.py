"""Checklists: kept as rows with a version; one service ticks their items, under the ticket's lock."""

from __future__ import annotations

import secrets
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from django.db import transaction
from django.utils.translation import gettext_lazy as _

from aftersales.core import events, registers
from aftersales.core.errors import DomainError, NotPermitted
from aftersales.tickets.models import ChecklistTemplate, ChecklistTick, Ticket
from aftersales.tickets.services.locking import locked_ticket
from aftersales.tickets.states import GuardedMove, Kind, Severity

EVENT = "checklist.changed"
MOST_ITEMS = 20  # a longer list is read by nobody
LONGEST = 200  # characters, as the columns of the ticks


def checklist_save(
    *,
    template: ChecklistTemplate | None,
    items: Sequence[Mapping[str, Any]],
    actor: Any,
    now: datetime,
    reason: str = "",
    version: int | None = None,
    **columns: Any,
) -> ChecklistTemplate:
    """Create or change a checklist. Errors: name, items, choice, Conflict.

    ``items``: key ("" for a new one), zh, en, required, in their order. ``columns``: name_zh, name_en, kinds,
    severities, move, position, is_active.
    """
    if not actor.has_perm("tickets.keep_checklists"):
        raise NotPermitted()
    row = template or ChecklistTemplate(code=f"checklist-{secrets.token_hex(5)}")
    if template is not None:
        row = ChecklistTemplate.objects.get(pk=template.pk)
    wanted = {**columns, "items": _checked(items, row.items)}
    _judge(row, wanted)
    payload = {"changed": sorted(wanted)}
    if row.pk is None:
        for name, value in wanted.items():
            setattr(row, name, value)
        return registers.create(row, actor=actor, now=now, event=EVENT, reason=reason, payload=payload)
    return registers.save(
        row, actor=actor, now=now, event=EVENT, reason=reason, payload=payload, version=version, **wanted
    )


def _judge(row: ChecklistTemplate, wanted: Mapping[str, Any]) -> None:
    if not (wanted.get("name_zh", row.name_zh) or "").strip():
        raise DomainError(_("Give the checklist a name."), "name")
    move = wanted.get("move", row.move)
    known = set(wanted.get("kinds", ())) <= set(Kind.values)
    known &= set(wanted.get("severities", ())) <= set(Severity.values)
    if not known or move not in ("", *GuardedMove.values):
        raise DomainError(_("Choose one of the values of the list."), "choice")


def _checked(items: Sequence[Mapping[str, Any]], before: Sequence[Mapping[str, Any]]) -> list[dict[str, Any]]:
    """The items as they are stored. One that keeps its words keeps its key, and so its ticks."""
    known = {one["key"]: one for one in before}
    found: list[dict[str, Any]] = []
    for one in items:
        zh = " ".join(str(one.get("zh", "")).replace("\x00", "").split())
        en = " ".join(str(one.get("en", "")).replace("\x00", "").split()) or zh
        if not zh:
            raise DomainError(_("An item needs words."), "items")
        if max(len(zh), len(en)) > LONGEST:
            raise DomainError(_("An item has at most 200 characters."), "items")
        key = str(one.get("key", ""))
        old = known.pop(key, None)
        kept = old is not None and (old["zh"], old["en"]) == (zh, en)
        key = key if kept else secrets.token_hex(6)
        found.append({"key": key, "zh": zh, "en": en, "required": bool(one.get("required"))})
    if not 0 < len(found) <= MOST_ITEMS:
        raise DomainError(_("A checklist has between one and twenty items."), "items")
    return found


def checklist_tick(
    *, ticket: Ticket, template: ChecklistTemplate, item: str, done: bool, actor: Any, now: datetime
) -> ChecklistTick:
    """Tick an item, or take the tick back; what stands so already stays with whoever did it first.

    Errors: not_permitted, finished, gone (the item is not asked for on this ticket, or was worded anew).
    """
    if not actor.has_perm("tickets.check"):
        raise NotPermitted()
    with transaction.atomic():
        row = locked_ticket(ticket)
        if not row.is_open:
            raise DomainError(_("This ticket is solved; its checklist stays as it is."), "finished")
        book = ChecklistTemplate.objects.get(pk=template.pk)
        asked = book.item(item) if book.is_active and book.fits(row) else None
        if asked is None:
            raise DomainError(_("This item is no longer asked for; look at the list again."), "gone")
        known = ChecklistTick.objects.filter(ticket=row, template=book, item=item).first()
        if known is not None and known.done is done:
            return known  # type: ignore[no-any-return]
        if known is None and not done:
            raise DomainError(_("This item is not ticked."), "not_ticked")
        tick = known or ChecklistTick(ticket=row, template=book, item=item)
        tick.done, tick.by, tick.at, tick.template_version = done, actor, now, book.version
        tick.text_zh, tick.text_en = asked["zh"], asked["en"]
        tick.save()
        events.record(
            "ticket.item_ticked" if done else "ticket.item_unticked", subject=row, actor=actor, now=now,
            payload={"checklist": book.code, "item": item, "zh": asked["zh"], "en": asked["en"]},
        )  # fmt: skip
    return tick
