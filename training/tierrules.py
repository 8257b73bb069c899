"""Pure judgement: what a tier asks for against what a person has."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal
from typing import Protocol

from training.states import Asked

NOTHING = Decimal(0)
HUNDRED = 100


@dataclass(frozen=True)
class Proof:
    """A course, exam or assessment that counts: until when, None for ever; ``citation``: the version."""

    until: datetime | None = None
    citation: str = ""


@dataclass(frozen=True)
class Have:
    """What one person has at one moment. Courses, exams and rubrics by code, only those that count now."""

    hours: Decimal = NOTHING
    courses: Mapping[str, Proof] = field(default_factory=dict)
    exams: Mapping[str, Proof] = field(default_factory=dict)
    rubrics: Mapping[str, Proof] = field(default_factory=dict)
    handled: int = 0
    satisfaction: Decimal | None = None
    marks: int = 0
    inspection: Decimal | None = None
    inspected: int = 0
    suspended: int = 0
    days_below: int = 0


class Terms(Protocol):
    """The columns of a version of a tier that are asked here."""

    hours: Decimal
    courses: list[str]
    exams: list[str]
    rubrics: list[str]
    handled: int
    satisfaction: Decimal | None
    inspection: Decimal | None
    sample: int
    days_below: int
    no_suspension: bool


@dataclass(frozen=True)
class Point:
    """One requirement: what is asked, how much there is of how much, until when it counts.

    ``sample`` and ``least`` are the marks behind a mean and how many it needs; ``key`` the course, exam or rubric.
    """

    asked: Asked
    have: Decimal
    need: Decimal
    met: bool
    key: str = ""
    until: datetime | None = None
    sample: int | None = None
    least: int = 0

    @property
    def percent(self) -> int:
        """How far it is, for a bar; a mean without enough marks is as far as its marks are."""
        if self.met:
            return HUNDRED
        share = self.have / self.need if self.need else NOTHING
        if self.sample is not None and self.sample < self.least:
            share = Decimal(self.sample) / self.least
        return int(min(share, Decimal(1)) * HUNDRED)


def judge(terms: Terms, have: Have) -> list[Point]:
    """Everything the tier asks for, in the order of a career: learning, showing, working, time."""
    return [
        *_amount(Asked.HOURS, have.hours, terms.hours),
        *_proofs(Asked.COURSE, have.courses, terms.courses),
        *_proofs(Asked.EXAM, have.exams, terms.exams),
        *_proofs(Asked.PRACTICAL, have.rubrics, terms.rubrics),
        *_amount(Asked.HANDLED, Decimal(have.handled), Decimal(terms.handled)),
        *_mean(Asked.SATISFACTION, have.satisfaction, have.marks, terms.satisfaction, terms.sample),
        *_mean(Asked.INSPECTION, have.inspection, have.inspected, terms.inspection, terms.sample),
        *_amount(Asked.TIME_BELOW, Decimal(have.days_below), Decimal(terms.days_below)),
        *_clean(terms, have),
    ]


def missing(points: Iterable[Point]) -> list[Point]:
    return [one for one in points if not one.met]


def _amount(asked: Asked, have: Decimal, need: Decimal) -> Iterator[Point]:
    if need:
        yield Point(asked, have, need, have >= need)


def _proofs(asked: Asked, have: Mapping[str, Proof], need: Iterable[str]) -> Iterator[Point]:
    for code in need:
        proof = have.get(code)
        until = proof.until if proof else None
        yield Point(asked, Decimal(proof is not None), Decimal(1), proof is not None, key=code, until=until)


def _mean(
    asked: Asked, have: Decimal | None, marks: int, need: Decimal | None, least: int
) -> Iterator[Point]:
    """Too few marks say nothing, however good they are."""
    if need is not None:
        met = have is not None and marks >= least and have >= need
        yield Point(asked, have or NOTHING, need, met, sample=marks, least=least)


def _clean(terms: Terms, have: Have) -> Iterator[Point]:
    if terms.no_suspension:
        yield Point(Asked.NO_SUSPENSION, Decimal(have.suspended), NOTHING, not have.suspended)
