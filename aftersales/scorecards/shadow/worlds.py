"""The rules of today and the rules with the drafts in their place, side by side."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from django.utils.translation import gettext_lazy as _

from aftersales.clocks.models import LadderRung
from aftersales.clocks.services.replay import with_drafts
from aftersales.core.errors import DomainError
from aftersales.scorecards.models import ShadowRun
from aftersales.scorecards.scores.selectors import ends
from aftersales.scorecards.shadow import drafts
from aftersales.standards import selectors as rule_book
from aftersales.tickets import dispatch_rules
from aftersales.tickets.models import GradingRule, IntakeRule
from aftersales.tickets.selectors import dispatching
from aftersales.tickets.selectors.regrading import Books
from aftersales.tickets.selectors.routing import route_book

WORLD = "world"  # fingerprint of the rules when the run was asked for


@dataclass(frozen=True)
class World:
    """Everything that decides, in one set of rules."""

    book: rule_book.Book
    books: Books
    intake: Sequence[Any]
    rungs: Sequence[LadderRung]
    weights: dispatch_rules.Weights


@dataclass(frozen=True)
class Worlds:
    """Both, over one time. ``start`` ≤ moment < ``end``; what is still open is judged by ``until``."""

    now: World
    then: World
    start: datetime
    end: datetime
    until: datetime

    @property
    def grades_differ(self) -> bool:
        return self.now.books != self.then.books

    @property
    def clocks_differ(self) -> bool:
        return self.now.book is not self.then.book


def worlds(run: ShadowRun) -> Worlds:
    """Ten statements or so, once for each chunk."""
    start, end = ends(run.since - timedelta(days=1)), ends(run.until)
    today = _today(run.at)
    return Worlds(today, _tried(run.drafts, today), start, min(end, run.at), run.at)


def world_of(at: datetime) -> str:
    """Fingerprint of the rules that decide now; a draft that is only written changes nothing of it."""
    return _mark(_today(at))


def refuse_other_world(run: ShadowRun, both: Worlds) -> None:
    """Chunks of one run are compared with the same rules, or their sums would mix two rule books."""
    if run.drafts.get(WORLD, "") not in ("", _mark(both.now)):
        words = _(
            "The rules in force changed since this was asked for: its parts would mix two rule books. Ask anew."
        )
        raise DomainError(words, "rules_changed")


def _mark(today: World) -> str:
    book = today.book
    numbers = [one for listed in book.parameters.values() for one in listed]
    places: list[Sequence[Any]] = [today.books.grading, today.books.routes, today.intake, today.rungs]
    return drafts.fingerprint([
        [[one.pk, one.valid_from, one.valid_to] for one in listed] for listed in (book.versions, numbers)
    ] + [
        [[pk, one.zone, one.weekly, sorted(one.special.items())] for pk, one in sorted(book.calendars.items())]
    ] + [[[one.pk, one.version] for one in listed] for listed in places])  # fmt: skip


def _today(at: datetime) -> World:
    book = rule_book.book()
    return World(
        book=book, books=Books(list(GradingRule.objects.in_force()), route_book()),
        intake=list(IntakeRule.objects.in_force()), rungs=list(LadderRung.objects.in_force(at).order_by("code")),
        weights=dispatching.weights_at(at, among=book),
    )  # fmt: skip


def _tried(kept: Mapping[str, Any], today: World) -> World:
    versions, rungs = drafts.standards(kept), drafts.rungs(kept)
    own = {one.code for one in rungs}
    weights = kept.get("weights")
    return World(
        book=with_drafts(today.book, versions) if versions else today.book,
        books=Books(
            drafts.in_place(kept, "grading", today.books.grading), drafts.in_place(kept, "routes", today.books.routes)
        ),
        intake=drafts.in_place(kept, "intake", today.intake),
        rungs=[*(one for one in today.rungs if one.code not in own), *rungs],
        weights=dispatch_rules.weights_of(weights["value"], weights["number"]) if weights else today.weights,
    )  # fmt: skip
