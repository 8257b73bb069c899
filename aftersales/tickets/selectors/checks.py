"""Answers about checklists. Nothing here writes."""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import cache
from typing import Any

from django.contrib.postgres.expressions import ArraySubquery
from django.db.models import Exists, OuterRef, Q
from django.db.models.functions import JSONObject
from django.utils.functional import lazy
from django.utils.translation import get_language
from django.utils.translation import gettext as _

from aftersales.core.writtenout import written_out
from aftersales.tickets.models import ChecklistTemplate, ChecklistTick, Ticket
from aftersales.tickets.states import GuardedMove


@dataclass(frozen=True)
class Item:
    """One line of a checklist on a ticket; ``by`` and ``at`` once it is ticked. ``old``: no longer asked for."""

    key: str
    zh: str
    en: str
    required: bool
    by: str = ""
    at: datetime | None = None
    old: bool = False

    @property
    def text(self) -> str:
        return self.en if (get_language() or "").startswith("en") else self.zh

    @property
    def done(self) -> bool:
        return self.at is not None


@dataclass(frozen=True)
class Checklist:
    """One checklist as it stands on one ticket."""

    template: ChecklistTemplate
    items: Sequence[Item]

    @property
    def asked(self) -> list[Item]:
        return [one for one in self.items if not one.old]

    @property
    def done(self) -> int:
        return sum(one.done for one in self.asked)

    @property
    def missing(self) -> list[Item]:
        """What the move still waits for."""
        return [one for one in self.asked if one.required and not one.done]

    @property
    def holds_up(self) -> bool:
        return self.template.move == GuardedMove.RESOLVE and bool(self.missing)


COLUMNS = (
    "id",
    "code",
    "name_zh",
    "name_en",
    "kinds",
    "severities",
    "move",
    "items",
    "is_active",
    "position",
)


def with_checklists(rows: Any) -> Any:
    """Tickets, each with what ``read`` needs: no further query then."""
    return rows.annotate(checklists_told=_told())


@cache
def _told() -> Any:
    ticks = ChecklistTick.objects.filter(
        ticket=OuterRef(OuterRef("pk")), template=OuterRef("pk"), done=True
    ).order_by("id")
    ticked = ticks.values(
        told=JSONObject(item="item", zh="text_zh", en="text_en", by="by__display_name", at="at")
    )
    books = ChecklistTemplate.objects.filter(Q(is_active=True) | Exists(ticks)).order_by("position", "code")
    told = JSONObject(**{name: name for name in COLUMNS}, ticked=ArraySubquery(ticked))
    return written_out(Ticket, ArraySubquery(books.values(told=told)))


def read(ticket: Ticket) -> list[Checklist]:
    """The checklists of a ticket: those that apply, and earlier ones with ticks. One query, none for a row that came
    ``with_checklists``."""
    told = getattr(ticket, "checklists_told", None)
    if told is None:
        told = (
            with_checklists(Ticket.objects.filter(pk=ticket.pk))
            .values_list("checklists_told", flat=True)
            .get()
        )
    found = [
        _standing(ChecklistTemplate(**{name: one[name] for name in COLUMNS}), one["ticked"], ticket)
        for one in told
    ]
    return [one for one in found if one.items]


def _standing(template: ChecklistTemplate, ticked: Sequence[Mapping[str, Any]], ticket: Ticket) -> Checklist:
    known = {one["item"]: one for one in ticked}
    asked = template.items if template.is_active and template.fits(ticket) else []
    now = [
        Item(
            one["key"], one["zh"], one["en"], one["required"], known.get(one["key"], {}).get("by", ""),
            _moment(known.get(one["key"])),
        )
        for one in asked
    ]  # fmt: skip
    here = {one["key"] for one in asked}
    before = [
        Item(key, one["zh"], one["en"], False, one["by"], _moment(one), old=True)
        for key, one in known.items()
        if key not in here
    ]
    return Checklist(template, now + before)


def _moment(tick: Mapping[str, Any] | None) -> datetime | None:
    if tick is None:
        return None
    at = tick["at"]
    return at if isinstance(at, datetime) else datetime.fromisoformat(at)


def unchecked(rows: Sequence[Ticket], now: datetime) -> Mapping[int, list[Any]]:
    """What resolving still waits for: one sentence for each checklist. Two queries, one when no checklist applies,
    none for rows that came ``with_checklists``."""
    found: dict[int, list[Any]] = defaultdict(list)
    fresh = [row for row in rows if not hasattr(row, "checklists_told")]
    standing = {row.pk: read(row) for row in rows if row not in fresh} | _standing_of(fresh)
    for pk, lists in standing.items():
        found[pk] += [_lacking(one) for one in lists if one.holds_up]
    return found


def _standing_of(rows: Sequence[Ticket]) -> dict[int, list[Checklist]]:
    if not rows:
        return {}
    templates = list(ChecklistTemplate.objects.in_force().filter(move=GuardedMove.RESOLVE))
    wanted = {row.pk: [one for one in templates if one.fits(row)] for row in rows}
    concerned = [pk for pk, lists in wanted.items() if lists]
    ticked: dict[tuple[int, int], list[Mapping[str, Any]]] = defaultdict(list)
    if concerned:
        columns = {"zh": "text_zh", "en": "text_en", "by": "by__display_name"}
        for pk, template, item, at, zh, en, by in ChecklistTick.objects.filter(
            ticket__in=concerned, template__in=templates, done=True
        ).values_list("ticket_id", "template_id", "item", "at", *columns.values()):
            ticked[pk, template].append({"item": item, "at": at, "zh": zh, "en": en, "by": by})
    return {row.pk: [_standing(one, ticked[row.pk, one.pk], row) for one in wanted[row.pk]] for row in rows}


def _missing_words(found: Checklist) -> str:
    """Named in the language of whoever reads it later."""
    items = _(", ").join(one.text for one in found.missing)
    return _("Checklist “%(name)s”, still to do: %(items)s.") % {"name": found.template.name, "items": items}


_lacking = lazy(_missing_words, str)
