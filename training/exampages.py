"""What the pages of exams show: badges, terms in words, statistics with their sample. Reads only."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from django.utils.translation import gettext as _
from django.utils.translation import ngettext, pgettext

from aftersales.core.models import Event
from aftersales.core.wording import listed
from training import examrules
from training.examselectors import Statistic
from training.models import Attempt, ExamVersion, Item, QuestionVersion
from training.pages import number_words
from training.states import AttemptState, Partial, QuestionKind

LOW, HARD, EASY = 0.2, 0.2, 0.95  # below, below, above: marks of a bad question in every textbook of testing
BADGES = {
    AttemptState.STARTED: ("amber", "half"),
    AttemptState.SUBMITTED: ("grey", "ring"),
    AttemptState.APPEALED: ("amber", "half"),
    AttemptState.VOID: ("bare", "cross"),
}


def badge(row: Attempt) -> tuple[str, str, str]:
    """The state, or once it is marked whether it is passed."""
    state = AttemptState(row.state)
    if state in {AttemptState.MARKED, AttemptState.SETTLED}:
        if row.passed:
            return (pgettext("exam", "Passed"), "green", "tick")
        return (pgettext("exam", "Not passed"), "red", "cross")
    return (str(state.label), *BADGES[state])


def percent(row: Attempt) -> str:
    if row.score is None or not row.max_score:
        return ""
    return f"{row.score * 100 / row.max_score:.0f} %"


def terms(version: ExamVersion) -> list[tuple[str, str]]:
    """What somebody wants to know before he begins."""
    parts = examrules.parse(version.blueprint)
    count, most = sum(part.count for part in parts), sum(part.count * part.points for part in parts)
    tries = _("as often as needed") if version.tries is None else str(version.tries)
    hours, days = version.wait_hours, version.appeal_days
    return [
        (pgettext("exam", "Questions"), str(count)),
        (pgettext("exam", "Points"), number_words(most)),  # type: ignore[arg-type]
        (pgettext("exam", "Time"), _("%(minutes)d min") % {"minutes": version.minutes}),
        (_("Passed from"), f"{version.pass_percent} %"),
        (_("Partial credit"), str(Partial(version.partial).label)),
        (_("Tries"), tries),
        (_("Pause between tries"), ngettext("%(n)s hour", "%(n)s hours", hours) % {"n": hours}),
        (_("Appeal"), ngettext("within %(n)s day", "within %(n)s days", days) % {"n": days}),
    ]  # fmt: skip


@dataclass(frozen=True)
class Told:
    """A statistic in words; ``is_bad`` with enough papers only."""

    papers: str
    difficulty: str
    discrimination: str
    is_bad: bool
    why: str


def statistic(found: Statistic | None, enough: int) -> Told:
    """Share got and discrimination, with the number of papers they rest on."""
    if found is None or found.difficulty is None:
        return Told("0", "–", "–", False, "")
    why = ""
    if found.papers < enough:
        why = _("fewer than %(n)s papers: no judgement yet") % {"n": enough}
    elif found.discrimination is not None and found.discrimination < LOW:
        why = _("does not tell good papers from weak ones")
    elif not HARD <= found.difficulty <= EASY:
        why = _("too hard") if found.difficulty < HARD else _("too easy")
    tells = "–" if found.discrimination is None else f"{found.discrimination:.2f}"
    return Told(
        str(found.papers), f"{found.difficulty:.0%}", tells, bool(why) and found.papers >= enough, why
    )


def choices(version: QuestionVersion) -> list[tuple[str, str]]:
    """Options with a mark for the right ones, or their place in the right order."""
    if version.kind == QuestionKind.ORDER:
        return [(str(n), version.options[place]) for n, place in enumerate(version.right, 1)]
    return [("✓" if n in version.right else "", text) for n, text in enumerate(version.options)]


@dataclass(frozen=True)
class Marked:
    """A question as its marker sees it."""

    item: Item
    answer: str
    right: str
    model_answer: str


def marked(item: Item) -> Marked:
    if item.kind == QuestionKind.SHORT:
        return Marked(item, item.words, "", item.question_version.model_answer)
    return Marked(item, _words(item, item.picked or ()), _words(item, item.key), "")


def _words(item: Item, places: Sequence[int]) -> str:
    arrow = " → " if item.kind == QuestionKind.ORDER else ""
    found = [item.options[place] for place in places if place < len(item.options)]
    return arrow.join(found) if arrow else listed(found)


def appeal_words(row: Attempt) -> str:
    """What the person wrote when he appealed."""
    told: Any = (
        Event.objects.about("training.attempt", row.pk)
        .filter(kind="attempt.appealed")
        .order_by("-id")
        .first()
    )
    return told.reason if told else ""
