"""The terms of a formula: what a version keeps as data, read into what is counted with.

Decimals are kept as texts, so that nothing is rounded on the way; shares are of 1. What nobody could follow is
refused, and the refusal names the place and the term.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, fields
from decimal import Decimal, InvalidOperation
from typing import Any

from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext

from aftersales.core.errors import DomainError
from aftersales.scorecards.metrics import Metric, metric
from aftersales.scorecards.states import Direction, SubjectKind, Way

HUNDRED, NOTHING, ONE = Decimal(100), Decimal(0), Decimal(1)
SCORED = frozenset({SubjectKind.MERCHANT, SubjectKind.PERSON, SubjectKind.TEAM})
LONGEST_WINDOW, MOST = 730, 1_000_000
LATEST = 60
"""Days that figures may take to settle: of the three months that each night looks back at, each still has its turn.
Asked of what is drafted or announced; versions from before go on as they stand."""
Mark = tuple[Decimal, Decimal]


@dataclass(frozen=True)
class Item:
    """One metric of a score. ``limit``: the rate that is still good enough. ``marks``: rate → points of 100, the best
    rate first; between two of them points go straight.

    ``least``: of fewer cases nothing is said, and the item gets ``neutral`` points. ``count``: so many bad cases are
    needed, besides the rate, before anything is held against somebody. ``within``: for a metric of times, the seconds
    within which a single time is good.
    """

    metric: Metric
    weight: Decimal
    limit: Decimal
    marks: tuple[Mark, ...]
    least: int
    count: int
    neutral: Decimal
    within: int = 0

    @property
    def higher_is_better(self) -> bool:
        return self.within > 0 or self.metric.direction == Direction.HIGHER

    @property
    def bad_limit(self) -> Decimal:
        return ONE - self.limit if self.higher_is_better else self.limit


@dataclass(frozen=True)
class Bonus:
    """Points for a metric whose proven rate (the lower bound of the good) reaches ``limit``."""

    metric: Metric
    limit: Decimal
    points: Decimal
    least: int


@dataclass(frozen=True)
class Deduction:
    """Points for each case once there are ``count`` of them, ``cap`` at most."""

    metric: Metric
    points: Decimal
    cap: Decimal
    count: int


@dataclass(frozen=True)
class Grade:
    """Scores from here on."""

    code: str
    least: Decimal


@dataclass(frozen=True)
class Terms:
    """Everything that a score is counted with.

    ``volume``: the metric that says how much somebody did, ``enough`` of it within the longest of ``windows`` (days):
    below it the score is ``neutral``. ``lag``: days that figures get to settle before they are judged. ``z``: of the
    interval. ``peers``: with fewer comparable ones in a category, all are the peers; ``strength``: how many cases the
    limit counts for as long as nobody can be compared. ``ordinary``: the grade of who is proven neither better nor
    worse. ``strongest``: no expectation is worth more cases. ``weights``: by category, other than the items' own.
    """

    volume: Metric
    enough: int
    neutral: Decimal
    windows: tuple[int, ...]
    lag: int
    z: Decimal
    floor: Decimal
    cap: Decimal
    peers: int
    strength: Decimal
    strongest: Decimal
    items: tuple[Item, ...]
    grades: tuple[Grade, ...]
    ordinary: str
    bonuses: tuple[Bonus, ...] = ()
    bonus_cap: Decimal = NOTHING
    deductions: tuple[Deduction, ...] = ()
    deduction_cap: Decimal = NOTHING
    weights: Mapping[str, Mapping[str, Decimal]] | None = None

    def weight(self, item: Item, category: str) -> Decimal:
        own = (self.weights or {}).get(category)
        return own[item.metric.code] if own is not None else item.weight

    @property
    def codes(self) -> list[str]:
        """Every metric that is asked for."""
        return list(dict.fromkeys(one.code for one in self.metrics))

    @property
    def metrics(self) -> list[Metric]:
        """The volume, then those of the items, the bonuses and the deductions."""
        items = [one.metric for one in self.items]
        return [
            self.volume,
            *items,
            *(one.metric for one in self.bonuses),
            *(one.metric for one in self.deductions),
        ]

    def rank(self, grade: str) -> int:
        """0 for the best."""
        return [one.code for one in self.grades].index(grade)


def read(kept: Mapping[str, Any], kind: str) -> Terms:
    """Terms as a version keeps them. Raises DomainError: ``no_terms`` (missing, unknown, no number) and those of
    ``check``.
    """
    place = Place(kept, pgettext("formula", "Formula"), _TOP)
    terms = Terms(
        volume=place.metric("volume"),
        enough=place.whole("enough"),
        neutral=place.decimal("neutral"),
        windows=tuple(place.listed("windows", int)),
        lag=place.whole("lag", 0),
        z=place.decimal("z"),
        floor=place.decimal("floor"),
        cap=place.decimal("cap"),
        peers=place.whole("peers"),
        strength=place.decimal("strength"),
        strongest=place.decimal("strongest"),
        items=tuple(_item(one) for one in place.places("metrics", pgettext("formula", "Metric"), _ITEM)),
        grades=tuple(
            Grade(one.text("grade"), one.decimal("from"))
            for one in place.places("grades", pgettext("formula", "Grade"), frozenset({"grade", "from"}))
        ),
        ordinary=place.text("ordinary"),
        bonuses=tuple(
            Bonus(one.metric("metric"), one.decimal("limit"), one.decimal("points"), one.whole("least"))
            for one in place.places("bonuses", pgettext("formula", "Bonus"), _BONUS, required=False)
        ),
        bonus_cap=place.decimal("bonus_cap", "0"),
        deductions=tuple(
            Deduction(one.metric("metric"), one.decimal("points"), one.decimal("cap"), one.whole("count"))
            for one in place.places(
                "deductions", pgettext("formula", "Deduction"), _DEDUCTION, required=False
            )
        ),
        deduction_cap=place.decimal("deduction_cap", "0"),
        weights=_weights(place),
    )
    check(terms, SubjectKind(kind))
    return terms


_TOP = frozenset(one.name for one in fields(Terms)) - {"items"} | {"metrics"}
_ITEM = frozenset(one.name for one in fields(Item))
_BONUS = frozenset(one.name for one in fields(Bonus))
_DEDUCTION = frozenset(one.name for one in fields(Deduction))


def _item(place: "Place") -> Item:
    return Item(
        metric=place.metric("metric"), weight=place.decimal("weight"), limit=place.decimal("limit"),
        marks=tuple(place.pairs("marks")), least=place.whole("least"), count=place.whole("count"),
        neutral=place.decimal("neutral"), within=place.whole("within", 0),
    )  # fmt: skip


def _weights(place: "Place") -> dict[str, dict[str, Decimal]]:
    found = {}
    for category, own in (place.kept.get("weights") or {}).items():
        word = pgettext("formula", "Weights")
        name = f"{word} {category}"
        inner = Place(own, name, frozenset(own) if isinstance(own, Mapping) else frozenset())
        found[str(category)] = {code: inner.decimal(code) for code in inner.kept}
    return found


class Place:
    """A part of the terms that names itself in a refusal."""

    def __init__(self, kept: Any, name: str, known: frozenset[str]) -> None:
        self.name = name
        if not isinstance(kept, Mapping):
            raise self.refused("", kept)
        self.kept = kept
        for key in sorted(set(kept) - known):
            words = {"place": name, "term": key, "known": ", ".join(sorted(known))}
            raise DomainError(
                _("%(place)s: there is no term “%(term)s”; known are: %(known)s.") % words, "no_terms"
            )

    def refused(self, key: str, value: Any) -> DomainError:
        words = {"place": self.name, "term": key, "value": "–" if value is None else str(value)[:80]}
        return DomainError(
            _("%(place)s: “%(term)s” is missing or is no such value: %(value)s.") % words, "no_terms"
        )

    def text(self, key: str) -> str:
        found = self.kept.get(key)
        if not isinstance(found, str) or not found.strip():
            raise self.refused(key, found)
        return found.strip()

    def whole(self, key: str, otherwise: int | None = None) -> int:
        found = self.kept.get(key, otherwise)
        if not isinstance(found, int) or isinstance(found, bool) or not 0 <= found <= MOST:
            raise self.refused(key, found)
        return found

    def decimal(self, key: str, otherwise: str | None = None) -> Decimal:
        return self._decimal(key, self.kept.get(key, otherwise))

    def _decimal(self, key: str, found: Any) -> Decimal:
        if isinstance(found, float | bool) or not isinstance(found, str | int):
            raise self.refused(key, found)
        try:
            value = Decimal(found)
        except InvalidOperation:
            raise self.refused(key, found) from None
        if not value.is_finite() or not 0 <= value <= MOST:
            raise self.refused(key, found)
        return value

    def metric(self, key: str) -> Metric:
        return metric(self.text(key))

    def listed(self, key: str, kind: type) -> list[Any]:
        found = self.kept.get(key)
        if (
            not isinstance(found, Sequence)
            or isinstance(found, str)
            or not all(type(one) is kind for one in found)
        ):
            raise self.refused(key, found)
        return list(found)

    def pairs(self, key: str) -> Iterable[Mark]:
        for one in self.listed(key, list):
            if len(one) != 2:
                raise self.refused(key, one)
            yield self._decimal(key, one[0]), self._decimal(key, one[1])

    def places(
        self, key: str, name: str, known: frozenset[str], *, required: bool = True
    ) -> "Iterable[Place]":
        found = self.kept.get(key, None if required else [])
        if not isinstance(found, list) or (required and not found):
            raise self.refused(key, found)
        for number, one in enumerate(found, 1):
            yield Place(one, f"{name} {number}", known)


def check(terms: Terms, kind: SubjectKind) -> None:
    """Terms by which somebody can be judged. Raises ``wrong_terms``, with the place and what is wrong."""
    if kind not in SCORED:
        raise _wrong(pgettext("formula", "Formula"), _("scores are for merchants, people and teams."))
    if terms.volume.way != Way.COUNT:
        raise _wrong("volume", _("it is a metric that counts."))
    _check_windows(terms.windows)
    if not terms.floor <= terms.neutral <= terms.cap <= HUNDRED or terms.z == 0:
        raise _wrong("floor, neutral, cap, z", _("floor ≤ neutral ≤ cap ≤ 100, and z above 0."))
    if not 1 <= terms.strength <= terms.strongest:
        raise _wrong("strength, strongest", _("1 ≤ strength ≤ strongest."))
    for one in terms.metrics:
        if kind not in one.kinds:
            raise _wrong(one.code, _("this metric is not counted for %(kind)s.") % {"kind": kind.label})
    for item in terms.items:
        _check_item(item)
    for extra in terms.metrics[1 + len(terms.items) :]:
        if extra.way != Way.SHARE or extra.direction == Direction.NEITHER:
            raise _wrong(
                extra.code, _("for a bonus or a deduction it is a share of which one way is better.")
            )
    _check_weights(terms)
    _check_grades(terms)


def check_new(terms: Terms) -> None:
    """What a draft has to keep to besides, when it is written and when it is announced. Raises ``wrong_terms``."""
    if terms.lag > LATEST:
        raise _wrong("lag", _("at most %(most)s days.") % {"most": LATEST})


def _check_windows(windows: tuple[int, ...]) -> None:
    rising = list(windows) == sorted(set(windows))
    if not windows or not rising or windows[0] < 1 or windows[-1] > LONGEST_WINDOW:
        text = _("days, each window longer than the one before, %(most)s at most.")
        raise _wrong("windows", text % {"most": LONGEST_WINDOW})


def _check_item(item: Item) -> None:
    code, shares = item.metric.code, item.metric.way == Way.SHARE
    if not shares and not (item.metric.way == Way.TIME and item.within):
        raise _wrong(code, _("it is no share; a metric of times needs “within”, in seconds."))
    if item.metric.direction == Direction.NEITHER:
        raise _wrong(code, _("neither way of it is better."))
    if shares and item.within:
        raise _wrong(code, _("it is a share: “within” is for times."))
    if not 0 < item.limit < 1 or item.neutral > HUNDRED or item.least < 1 or item.count < 1:
        raise _wrong(code, _("limit between 0 and 1, neutral at most 100, least and count at least 1."))
    rates, points = [one for one, _points in item.marks], [one for _rate, one in item.marks]
    ordered = sorted(rates, reverse=item.higher_is_better)
    if len(rates) < 2 or rates != ordered or len(set(rates)) < len(rates) or max(rates) > 1:
        raise _wrong(code, _("marks: two rates of at most 1 or more, the best one first."))
    if points != sorted(points, reverse=True) or points[0] > HUNDRED:
        raise _wrong(code, _("marks: points of 100 at most, never more for a worse rate."))


def _check_weights(terms: Terms) -> None:
    codes = [one.metric.code for one in terms.items]
    if len(set(codes)) < len(codes):
        raise _wrong("metrics", _("a metric counts once."))
    own = {one.metric.code: one.weight for one in terms.items}
    for category, weights in {"": own, **(terms.weights or {})}.items():
        if set(weights) != set(codes) or sum(weights.values()) != HUNDRED:
            raise _wrong(f"weights {category}".strip(), _("one for each metric, 100 together."))


def _check_grades(terms: Terms) -> None:
    listed = [one.least for one in terms.grades]
    codes = [one.code for one in terms.grades]
    if (
        len(set(codes)) < len(codes)
        or len(set(listed)) < len(listed)
        or listed != sorted(listed, reverse=True)
    ):
        raise _wrong("grades", _("each once, the best one first."))
    if listed[-1] > terms.floor:
        raise _wrong("grades", _("the last one begins at the floor."))
    if terms.ordinary not in codes:
        raise _wrong("ordinary", _("it is one of the grades."))


def _wrong(place: str, what: Any) -> DomainError:
    return DomainError(_("Formula, %(place)s: %(what)s") % {"place": place, "what": what}, "wrong_terms")
