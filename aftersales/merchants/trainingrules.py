"""Pure judgement: which courses a merchant's person owes, until when, and what has become of one."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any


@dataclass(frozen=True)
class Learned:
    """When a course was last finished, by what (run or exam), and until when that counts; None: for ever."""

    at: datetime
    way: str
    until: datetime | None = None


@dataclass(frozen=True)
class Share:
    """Of how many people of a merchant (or an agreement) how many finished everything, and how many are late."""

    people: int = 0
    done: int = 0
    late: int = 0

    @property
    def percent(self) -> int:
        return self.done * 100 // self.people if self.people else 100

    @property
    def is_whole(self) -> bool:
        return self.done == self.people

    def __add__(self, other: "Share") -> "Share":
        return Share(self.people + other.people, self.done + other.done, self.late + other.late)


def for_agreement(terms: Iterable[Any], agreement: str) -> Mapping[int, Any]:
    """By course the term that holds for this agreement: its own, else the one for every agreement."""
    found: dict[int, Any] = {}
    for term in sorted(terms, key=lambda one: (one.agreement != "", one.number)):
        if term.agreement in ("", agreement):
            found[term.course_id] = term
    return found


def counts(learned: Learned | None, now: datetime) -> bool:
    return learned is not None and (learned.until is None or now < learned.until)


def share_of(lessons: Iterable[Any], now: datetime) -> Share:
    """One person counts once, however many courses he owes; without any he is left out."""
    people: dict[int, list[Any]] = {}
    for lesson in lessons:
        people.setdefault(lesson.member_id, []).append(lesson)
    done = sum(all(one.done_at for one in owed) for owed in people.values())
    late = sum(any(one.is_late(now) for one in owed) for owed in people.values())
    return Share(len(people), done, late)
