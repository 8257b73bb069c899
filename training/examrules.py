"""Pure judgement about exams: blueprints, drawing a paper, points for an answer, who may do what when."""

import random
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import ROUND_HALF_UP, Decimal
from typing import Any

from django.utils.translation import gettext_lazy as _

from aftersales.core.errors import DomainError, Refusal
from training.states import Partial, QuestionKind

Facts = Mapping[str, Any]
Data = Mapping[str, Any]
CENT = Decimal("0.01")
ANY = "*"
COLUMNS = 5
LONGEST_OPTION = 400
"""What an option can hold: the database would cut a longer one without a word."""
LETTERS = "ABCDEFGHIJ"
"""What options are called; a question has no more of them."""
MOST_POINTS = Decimal("9999.99")  # what the score of a paper can hold


@dataclass(frozen=True)
class Part:
    """One line of a blueprint: so many questions of a topic (and kind, and difficulty), each worth so much."""

    topic: str
    kind: str
    easiest: int
    hardest: int
    count: int
    points: Decimal

    def fits(self, question: Any) -> bool:
        if self.topic not in {ANY, question.topic} or self.kind not in {ANY, question.kind}:
            return False
        return bool(self.easiest <= question.difficulty <= self.hardest)


@dataclass(frozen=True)
class Drawable:
    """What drawing needs to know of a question in force."""

    pk: int
    topic: str
    kind: str
    difficulty: int


@dataclass(frozen=True)
class Waiting:
    """A question of the bank with the time in which it is in force."""

    question: Drawable
    valid_from: datetime
    valid_to: datetime | None

    def is_drawn_at(self, at: datetime) -> bool:
        return self.valid_from <= at and (self.valid_to is None or at < self.valid_to)


def parse(blueprint: str) -> list[Part]:
    """``topic | kind | difficulty | questions | points each``, a line for each part; ``*`` is any.

    Points have at most two decimals. Raises ``blueprint`` with the line that cannot be read.
    """
    parts = [_part(number, line) for number, line in enumerate(blueprint.splitlines(), 1) if line.strip()]
    if not parts:
        raise DomainError(_("The blueprint is empty."), "blueprint")
    if sum(part.points * part.count for part in parts) > MOST_POINTS:
        words = {"most": MOST_POINTS}
        raise DomainError(_("All questions of a paper give at most %(most)s points.") % words, "blueprint")
    return parts


def _part(number: int, line: str) -> Part:
    cells = [cell.strip() for cell in line.replace("｜", "|").split("|")]
    try:
        if len(cells) != COLUMNS:
            raise ValueError
        topic, kind, range_, count, points = cells
        low, _dash, high = range_.partition("-")
        part = Part(
            topic,
            kind,
            1 if low == ANY else int(low),
            5 if low == ANY else int(high or low),
            int(count),
            Decimal(points),
        )
        known = kind == ANY or kind in QuestionKind.values
        sound = topic and known and 1 <= part.easiest <= part.hardest <= 5 and 1 <= part.count <= 200
        if not (sound and 0 < part.points <= 100 and part.points == part.points.quantize(CENT)):
            raise ValueError
        return part
    except (ValueError, ArithmeticError) as error:
        words = {"n": number, "kinds": ", ".join([ANY, *QuestionKind.values])}
        text = _(
            "Line %(n)s of the blueprint cannot be read. Write: topic | kind | difficulty | questions | points each, "
            "for example: refunds | single | 1-3 | 5 | 2. Kinds: %(kinds)s."
        )
        raise DomainError(text % words, "blueprint") from error


def draw(parts: Sequence[Part], pool: Sequence[Drawable], seed: str) -> list[tuple[int, Decimal]]:
    """Questions of a paper with their points, in their order; the same seed and pool give the same paper.

    A question comes once in a paper. The parts that fit the fewest questions choose first. Raises ``bank_too_small``.
    """
    chance = random.Random(seed)  # noqa: S311 - to be drawn again, not to be secret: the seed never leaves the server
    left = sorted(pool, key=lambda one: one.pk)
    chance.shuffle(left)
    drawn: dict[int, list[tuple[int, Decimal]]] = {}
    order = sorted(range(len(parts)), key=lambda n: (sum(parts[n].fits(one) for one in pool), n))
    for number in order:
        part = parts[number]
        found = [one for one in left if part.fits(one)][: part.count]
        if len(found) < part.count:
            words = {"topic": part.topic, "need": part.count, "have": len(found)}
            text = _("The bank has %(have)s of %(need)s questions in force for “%(topic)s”; add some first.")
            raise DomainError(text % words, "bank_too_small")
        gone = {one.pk for one in found}
        left = [one for one in left if one.pk not in gone]
        drawn[number] = [(one.pk, part.points) for one in found]
    return [one for number in range(len(parts)) for one in drawn[number]]


def lacking(parts: Sequence[Part], pool: Sequence[Drawable]) -> list[tuple[Part, int]]:
    """Parts that ``draw`` may find too few questions for, each with how many are left to it at the worst.

    A part shares questions with those that choose before it; whatever they take by chance, enough must be left.
    """
    fits = [{one.pk for one in pool if part.fits(one)} for part in parts]
    order = sorted(range(len(parts)), key=lambda n: (len(fits[n]), n))
    found = []
    for at, number in enumerate(order):
        taken = sum(min(parts[other].count, len(fits[number] & fits[other])) for other in order[:at])
        left = max(len(fits[number]) - taken, 0)
        if left < parts[number].count:
            found.append((number, left))
    return [(parts[number], left) for number, left in sorted(found)]


def bank_fills_it(row: Any, facts: Facts, actor: Any, now: datetime, data: Data | None) -> Iterable[Refusal]:
    """An exam that nobody could sit does not come into force: each part says how many questions it still needs."""
    at = (data or {}).get("valid_from")  # not said yet: whatever comes into force may come in time
    bank: Sequence[Waiting] = facts["training.bank"][0]
    pool = [one.question for one in bank if at is None or one.is_drawn_at(at)]
    for part, left in lacking(parse(row.blueprint), pool):
        kind = _("any kind") if part.kind == ANY else QuestionKind(part.kind).label
        words = {
            "topic": _("any topic") if part.topic == ANY else part.topic, "kind": kind, "low": part.easiest,
            "high": part.hardest, "need": part.count, "have": left, "missing": part.count - left,
        }  # fmt: skip
        text = _(
            "The bank cannot fill this blueprint: “%(topic)s”, %(kind)s, difficulty %(low)s to %(high)s needs %(need)s "
            "questions and has %(have)s in force; bring %(missing)s more into force first."
        )
        yield Refusal("bank_too_small", text % words)


def shuffled(options: Sequence[str], right: Sequence[int], seed: str) -> tuple[list[str], list[int]]:
    """Options in another order, and what is right among them there."""
    places = list(range(len(options)))
    random.Random(seed).shuffle(places)  # noqa: S311 - as above
    now_at = {old: new for new, old in enumerate(places)}
    return [options[old] for old in places], [now_at[old] for old in right]


def points_for(
    kind: str, key: Sequence[int], picked: Sequence[int] | None, points: Decimal, partial: str
) -> Decimal:
    """Points for an answer, 0 to ``points``, to the cent.

    ``subset``: part of the right ones and no wrong one gives its share. ``share``: every wrong one takes a right one
    away. An order gives the share of the items that stand in their place. Without partial credit all or nothing.
    """
    given = list(dict.fromkeys(picked or ()))
    if not given or not key:
        return Decimal(0)
    if kind == QuestionKind.ORDER:
        # A form cannot name more places than there are; what does is wrong.
        good, wrong = sum(a == b for a, b in zip(given, key, strict=False)), max(len(given) - len(key), 0)
        whole = given == list(key)
    else:
        good, wrong = len(set(given) & set(key)), len(set(given) - set(key))
        whole = good == len(set(key)) and not wrong
    if whole:
        return points
    if partial == Partial.NONE or kind in {QuestionKind.SINGLE, QuestionKind.TRUTH}:
        return Decimal(0)
    if kind != QuestionKind.ORDER and partial == Partial.SUBSET and wrong:
        return Decimal(0)
    share = Decimal(max(good - wrong, 0)) / len(key)
    return (points * share).quantize(CENT, ROUND_HALF_UP)


def is_passed(score: Decimal, most: Decimal, percent: int) -> bool:
    return most > 0 and score * 100 >= most * percent


def sound_question(kind: str, options: Sequence[str], right: Sequence[int], model_answer: str) -> str:
    """Why a question cannot be marked (a code), or empty."""
    if kind == QuestionKind.SHORT:
        if right:
            return "right"
        return "" if model_answer.strip() else "model_answer"
    if len(options) < 2 or len(set(options)) < len(options):
        return "options"
    if len(options) > len(LETTERS):
        return "many_options"
    if any(len(option) > LONGEST_OPTION for option in options):
        return "long_option"
    if any(place >= len(options) for place in right) or len(set(right)) < len(right):
        return "right"
    if kind in {QuestionKind.SINGLE, QuestionKind.TRUTH}:
        return "" if len(right) == 1 else "right"
    if kind == QuestionKind.ORDER:
        return "" if len(right) == len(options) else "right"
    return "" if right else "right"


# -------------------------------------------------------------------------------------------------- guards
def ones_own_paper(row: Any, facts: Facts, actor: Any, now: datetime, data: Data) -> Iterable[Refusal]:
    if row.person_id != actor.pk:
        yield Refusal("not_own", _("Everybody sits his own exam."))


def not_ones_own_paper(row: Any, facts: Facts, actor: Any, now: datetime, data: Data) -> Iterable[Refusal]:
    """Nobody marks his own exam, whatever he may mark of others."""
    if row.person_id == actor.pk:
        yield Refusal("own_exam", _("This is your own exam; somebody else marks it."))


def second_marker(row: Any, facts: Facts, actor: Any, now: datetime, data: Data) -> Iterable[Refusal]:
    """An appeal is decided by somebody who has marked nothing of this paper."""
    if any(actor.pk in people for people in facts["training.markers"]):
        yield Refusal("first_marker", _("You marked this paper; a second marker decides the appeal."))


def in_time(row: Any, facts: Facts, actor: Any, now: datetime, data: Data) -> Iterable[Refusal]:
    if row.appeal_until is not None and now >= row.appeal_until:
        yield Refusal("too_late", _("The days to appeal are over."))


def time_is_up(row: Any, facts: Facts, actor: Any, now: datetime, data: Data) -> Iterable[Refusal]:
    if now < row.due_at:
        yield Refusal("not_over", _("The time of this exam is not over yet."))
