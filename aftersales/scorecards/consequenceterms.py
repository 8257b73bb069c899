"""The terms of a consequence rule: what it looks at, and step by step what follows. A warning comes first.

What nobody could follow is refused, and the refusal names the place.
"""

from collections.abc import Mapping
from dataclasses import dataclass, fields
from decimal import Decimal
from typing import Any

from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext

from aftersales.core.errors import DomainError
from aftersales.scorecards.consequencestates import PEOPLE_DECIDE, Effect, Trigger
from aftersales.scorecards.metrics import Metric
from aftersales.scorecards.scores.terms import NOTHING, ONE, Place
from aftersales.scorecards.states import Direction, SubjectKind, Way
from aftersales.standards.states import Promise

LONGEST = 1095
LATEST = 59  # of three months that are looked back at, each still has its turn
CENT, THOUSANDTH, RICHEST = Decimal("0.01"), Decimal("0.001"), Decimal(10**12)
MOST_POINTS = 32767


@dataclass(frozen=True)
class Step:
    """One step of the ladder. ``days``: how long it lasts; 0 until a person lifts it.

    ``points`` expire after ``days``. ``weight``: factor of traffic, 0 to 1. ``cap``: orders a day. ``amount``: of a
    deposit as a whole; of a penalty for each bad case, ``most`` at most. ``course``: code of the course to be
    finished. ``reached``: for a rule by points, from how many points on this step holds.
    """

    effect: Effect
    days: int
    points: int = 0
    weight: Decimal | None = None
    cap: int = 0
    amount: Decimal | None = None
    most: Decimal | None = None
    course: str = ""
    reached: int = 0


@dataclass(frozen=True)
class Terms:
    """What a version says.

    ``days``: the window of breaches and figures. ``count``: so many bad cases at least, besides the rate. ``limit``:
    the rate that is still good enough, as the metric counts it; held against somebody only when the Wilson bound that
    favours him passes it (``z``). ``remember``: an earlier step counts for so many days. ``lag``: days until figures
    have settled.
    """

    trigger: Trigger
    steps: tuple[Step, ...]
    remember: int
    days: int = 0
    count: int = 0
    promises: tuple[str, ...] = ()
    metric: Metric | None = None
    limit: Decimal = NOTHING
    z: Decimal = Decimal("1.96")
    lag: int = 0
    grades: tuple[str, ...] = ()
    below: Decimal = NOTHING

    def step(self, number: int) -> Step:
        return self.steps[number - 1]


_TOP = frozenset(one.name for one in fields(Terms))
_STEP = frozenset(one.name for one in fields(Step))


def read(kept: Any) -> Terms:
    """The terms of a version. Raises ``no_terms`` for what is missing or no value, ``wrong_terms`` for the rest."""
    place = Place(kept, pgettext("consequence", "Consequence rule"), _TOP)
    trigger = _choice(Trigger, place, "trigger")
    steps = tuple(_step(one) for one in place.places("steps", pgettext("consequence", "Step"), _STEP))
    terms = Terms(
        trigger=trigger, steps=steps, remember=place.whole("remember", 0), days=place.whole("days", 0),
        count=place.whole("count", 0), promises=_texts(place, "promises"),
        metric=place.metric("metric") if trigger == Trigger.METRIC else None, limit=place.decimal("limit", "0"),
        z=place.decimal("z", "1.96"), lag=place.whole("lag", 0),
        grades=_texts(place, "grades"), below=place.decimal("below", "0"),
    )  # fmt: skip
    check(terms)
    return terms


def _texts(place: Place, key: str) -> tuple[str, ...]:
    return tuple(place.listed(key, str)) if key in place.kept else ()


def _choice(choices: Any, place: Place, key: str) -> Any:
    found = place.text(key)
    if found not in choices.values:
        raise place.refused(key, found)
    return choices(found)


def _step(place: Place) -> Step:
    def some(key: str) -> Decimal | None:
        return place.decimal(key) if key in place.kept else None

    return Step(
        effect=_choice(Effect, place, "effect"), days=place.whole("days"), points=place.whole("points", 0),
        weight=some("weight"), cap=place.whole("cap", 0), amount=some("amount"), most=some("most"),
        course=place.text("course") if "course" in place.kept else "", reached=place.whole("reached", 0),
    )  # fmt: skip


def check(terms: Terms) -> None:
    """A ladder that a merchant can follow. Raises ``wrong_terms``."""
    for number, step in enumerate(terms.steps, 1):
        _check_step(number, step)
    if terms.trigger == Trigger.POINTS:
        reached = [one.reached for one in terms.steps]
        if reached[0] < 1 or reached != sorted(set(reached)):
            raise _wrong("reached", _("each step from more points on than the one before."))
        if any(one.effect == Effect.POINTS for one in terms.steps):
            raise _wrong("steps", _("points do not lead to points."))
        return
    if terms.steps[0].effect != Effect.WARNING:
        raise _wrong("steps", _("the first step is a warning: nobody is hit unwarned."))
    if not 1 <= terms.remember <= LONGEST:
        raise _wrong("remember", _("between 1 and %(most)s days.") % {"most": LONGEST})
    _CHECKS[terms.trigger](terms)


def check_new(terms: Terms) -> None:
    """What a draft has to keep to besides, when it is written and when it is announced. Raises ``wrong_terms``."""
    if terms.lag > LATEST:
        raise _wrong("lag", _("at most %(most)s days.") % {"most": LATEST})


def _check_breaches(terms: Terms) -> None:
    if not 1 <= terms.days <= LONGEST or terms.count < 1:
        raise _wrong("days, count", _("at least 1 each."))
    for one in terms.promises:
        if one not in Promise.values:
            raise _wrong("promises", _("there is no promise “%(code)s”.") % {"code": one})


def _check_metric(terms: Terms) -> None:
    found = terms.metric
    assert found is not None
    if (
        found.way != Way.SHARE
        or found.direction == Direction.NEITHER
        or SubjectKind.MERCHANT not in found.kinds
    ):
        raise _wrong(found.code, _("it is a share of merchants of which one way is better."))
    if not 1 <= terms.days <= LONGEST or terms.count < 1 or not 0 < terms.limit < 1 or terms.z == 0:
        raise _wrong(found.code, _("days and count at least 1, limit between 0 and 1, z above 0."))


def _check_grade(terms: Terms) -> None:
    if not terms.grades:
        raise _wrong("grades", _("name the grades."))


def _check_score(terms: Terms) -> None:
    if not 0 < terms.below <= 100:
        raise _wrong("below", _("a score above 0, at most 100."))


_CHECKS = {
    Trigger.BREACHES: _check_breaches,
    Trigger.METRIC: _check_metric,
    Trigger.GRADE: _check_grade,
    Trigger.SCORE: _check_score,
}


def _check_step(number: int, step: Step) -> None:
    place = _("step %(number)s") % {"number": number}
    until_lifted = step.effect in PEOPLE_DECIDE and step.days == 0
    if not until_lifted and not 1 <= step.days <= LONGEST:
        raise _wrong(place, _("it lasts between 1 and %(most)s days.") % {"most": LONGEST})
    needed: Mapping[Effect, tuple[str, bool]] = {
        Effect.POINTS: ("points", step.points > 0),
        Effect.WEIGHT: ("weight", step.weight is not None and 0 <= step.weight < ONE),
        Effect.CAP: ("cap", step.cap > 0),
        Effect.DEPOSIT: ("amount", bool(step.amount)),
        Effect.PENALTY: ("amount, most", bool(step.amount) and (step.most or NOTHING) >= (step.amount or NOTHING)),
        Effect.TRAINING: ("course", bool(step.course)),
    }  # fmt: skip
    name, given = needed.get(step.effect, ("", True))
    if not given:
        raise _wrong(f"{place}, {name}", _("this effect needs it."))
    _check_size(place, step)


def _check_size(place: Any, step: Step) -> None:
    """A measure keeps it as it is said, never rounded."""
    if step.weight is not None and step.weight != step.weight.quantize(THOUSANDTH):
        raise _wrong(f"{place}, weight", _("at most three decimals."))
    for name, amount in (("amount", step.amount), ("most", step.most)):
        if amount is not None and (amount >= RICHEST or amount != amount.quantize(CENT)):
            raise _wrong(f"{place}, {name}", _("an amount with at most two decimals."))
    if step.points > MOST_POINTS:
        raise _wrong(f"{place}, points", _("at most %(most)s.") % {"most": MOST_POINTS})


def _wrong(place: Any, what: Any) -> DomainError:
    text = _("Consequence rule, %(place)s: %(what)s") % {"place": place, "what": what}
    return DomainError(text, "wrong_terms")
