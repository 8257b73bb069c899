"""What is new for a merchant's people: rules to be read, decisions that can be appealed, courses that are due."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.urls import reverse
from django.utils.translation import gettext as _

from aftersales.ledger.models import Proposal
from aftersales.ledger.states import ProposalState
from aftersales.merchants.models import Lesson
from aftersales.tickets.selectors import reading


@dataclass(frozen=True)
class News:
    words: str
    url: str
    until: datetime | None = None
    tone: str = ""


SHOWN = 5


def of(user: Any, now: datetime) -> Sequence[News]:
    """The few that matter, with where they lead. At most three queries."""
    return [*_rules(user, now), *_told(user), *_lessons(user, now)]


def _rules(user: Any, now: datetime) -> list[News]:
    unread = reading.unread_by_merchant(user, now)
    if not unread:
        return []
    words = _("Rules that changed and wait for your confirmation: %(n)d") % {"n": len(unread)}
    return [News(words, reverse("portal:rules"), None, "amber")]


def _told(user: Any) -> list[News]:
    if not user.has_perm("ledger.view_of_merchant"):
        return []
    rows = (
        Proposal.objects.visible_to(user).filter(state=ProposalState.NOTIFIED).order_by("appeal_until", "pk")
    )
    words = _("Decision %(number)s can be appealed")
    return [
        News(words % {"number": one.number}, reverse("portal:consequence", args=[one.public_id]), one.appeal_until)
        for one in rows[:SHOWN]
    ]  # fmt: skip


def _lessons(user: Any, now: datetime) -> list[News]:
    mine = Lesson.objects.visible_to(user).asked().filter(member__user=user.pk, done_at=None)
    words = _("Course to finish: %(course)s")
    return [
        News(
            words % {"course": one.course.name}, reverse("portal:course", args=[one.course.code]), one.due_at,
            "red" if one.is_late(now) else "",
        )
        for one in mine.select_related("course").order_by("due_at", "pk")[:SHOWN]
    ]  # fmt: skip
