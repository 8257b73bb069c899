"""Return rules together with the facts: one look at the edition of the rule book, no other query."""

from collections.abc import Hashable, Iterable, Mapping
from datetime import datetime
from typing import TypeVar
from zoneinfo import ZoneInfo

from aftersales.standards import selectors as rule_book
from aftersales.standards.models import Market
from aftersales.standards.selectors import Book

from .answers import Answer
from .eligibility import judge
from .facts import LineFacts, Place
from .rule import Rule

K = TypeVar("K", bound=Hashable)


def rules(*, among: Book | None = None) -> tuple[Rule, ...]:
    """Every version of every return rule that is or was in force, from the cached book."""
    return (among or rule_book.book()).return_rules


def place_of(market_id: int | None, *, among: Book | None = None) -> Place:
    """Law set, zone and calendar of a market; of the default one when none or an unknown one is named."""
    book = among or rule_book.book()
    market = next((one for one in book.markets if one.pk == market_id), None) or _default(book)
    return Place(market.law_set, ZoneInfo(market.zone), book.calendars[market.calendar_id])


def _default(book: Book) -> Market:
    return next((one for one in book.markets if one.is_default), None) or rule_book.market_default()


def eligibility(facts: LineFacts, *, market_id: int | None = None, among: Book | None = None) -> Answer:
    """The whole answer to one question (see :func:`eligibility.judge`)."""
    book = among or rule_book.book()
    return judge(facts, book.return_rules, place_of(market_id, among=book))


def eligibilities(
    asked: Mapping[K, LineFacts], *, markets: Mapping[K, int | None] | None = None, among: Book | None = None
) -> dict[K, Answer]:
    """The answers to many questions by the caller's own keys: one look at the edition for all of them."""
    book = among or rule_book.book()
    of_market = markets or {}
    places = {one: place_of(one, among=book) for one in {of_market.get(key) for key in asked}}
    return {key: judge(facts, book.return_rules, places[of_market.get(key)]) for key, facts in asked.items()}


def versions_at(at: datetime, *, among: Book | None = None) -> list[Rule]:
    """The versions in force at a moment, in the order of the book."""
    return [rule for rule in rules(among=among) if rule.applies_at(at)]


def by_ids(ids: Iterable[int], *, among: Book | None = None) -> dict[int, Rule]:
    """Versions by their keys, to show what a kept answer cited."""
    wanted = set(ids)
    return {rule.id: rule for rule in rules(among=among) if rule.id in wanted}
