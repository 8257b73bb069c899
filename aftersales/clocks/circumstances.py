"""Answers about declared circumstances: which stand, what they say, what each left out. Reads only."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db.models import Count
from django.utils.translation import gettext as _

from aftersales.clocks.models import BreachExclusion, Circumstance
from aftersales.core import moves
from aftersales.core.rulebook import RuleState
from aftersales.core.wording import listed, minute
from aftersales.standards.states import Promise, TradeDuty


@dataclass(frozen=True)
class Row:
    """One circumstance as the list shows it: its newest version, those before it, what this person may do."""

    version: Circumstance
    region: str
    span: str
    promises: str
    left_out: int
    acts: dict[str, moves.MoveOption]

    @property
    def is_draft(self) -> bool:
        return bool(self.version.state == RuleState.DRAFT)


def rows(user: Any, now: datetime, most: int = 100) -> list[Row]:
    """The newest versions, the latest circumstance first. Two queries."""
    found = list(
        Circumstance.objects.select_related("drafted_by", "activated_by").order_by(
            "-begins_at", "code", "-number"
        )[: 3 * most]
    )
    shown = [one for one in found if one.number == max(row.number for row in found if row.code == one.code)]
    counts = _left_out(shown)
    return [_row(one, counts.get(one.pk, 0), user, now) for one in shown[:most]]


def _left_out(versions: Sequence[Circumstance]) -> dict[int, int]:
    standing = BreachExclusion.objects.standing().filter(circumstance__in=[one.pk for one in versions])
    return dict(standing.order_by().values_list("circumstance").annotate(Count("pk")))


def _row(version: Circumstance, left_out: int, user: Any, now: datetime) -> Row:
    names = dict([*Promise.choices, *TradeDuty.choices])
    promises = listed(str(names.get(one, one)) for one in version.promises)
    span = f"{minute(version.begins_at)} – {minute(version.ends_at)}"
    acts = {one.move.name: one for one in moves.options(version, actor=user, now=now)}
    return Row(version, region_of(version), span, promises or _("every obligation"), left_out, acts)


def region_of(version: Circumstance) -> str:
    return listed([*version.provinces, *version.cities]) or _("everywhere")


def name_of(code: str) -> str:
    """A circumstance's name in the reader's language; empty for what is none."""
    found = Circumstance.objects.filter(code=code).order_by("-number").first()
    return found.name if found is not None else ""
