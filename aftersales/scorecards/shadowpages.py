"""What the pages of shadow runs show: what was tried, the headline figures, differences in groups with their rows."""

from __future__ import annotations

import csv
import io
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db.models import Count
from django.utils.translation import gettext as _
from django.utils.translation import ngettext, pgettext

from accounts.selectors import names
from accounts.states import Duty
from aftersales.clocks.models import LadderRung
from aftersales.core import wording
from aftersales.core.models import Job, JobState
from aftersales.core.rulebook import RuleState
from aftersales.core.sheets.safe import safe
from aftersales.core.subjects import Subject, named
from aftersales.scorecards.models import FormulaVersion, ShadowDiff, ShadowPart, ShadowRun
from aftersales.scorecards.services.shadow import JOB
from aftersales.scorecards.shadow import drafts
from aftersales.scorecards.states import Played, Topic
from aftersales.standards import selectors as rule_book
from aftersales.standards.models import ParameterVersion, StandardVersion
from aftersales.standards.selectors import limit_words
from aftersales.standards.states import Debtor, Promise
from aftersales.tickets.models import IntakeRule
from aftersales.tickets.selectors import replaying
from aftersales.tickets.selectors.dispatching import WEIGHTS
from aftersales.tickets.states import Kind, Nature, Severity

PAGE = 50
RUNS = 50
GROUPS = 12
BOM = "\ufeff"


@dataclass(frozen=True)
class Run:
    """One line of the list."""

    run: ShadowRun
    tried: str
    badge: tuple[str, str, str]


@dataclass(frozen=True)
class Sum:
    """One line of a table of sums. ``rate``: how many of them were late before and would be, as words."""

    name: str
    n: int
    real: int
    base: int
    then: int
    changed: int


@dataclass(frozen=True)
class Tile:
    """One headline figure."""

    name: str
    value: str
    words: str


@dataclass(frozen=True)
class Line:
    """One difference in words."""

    subject: Subject
    group: str
    was: str
    then: str
    worse: bool = False
    better: bool = False


def runs(user: Any) -> list[Run]:
    """The newest runs of rules, with how far they are. Three statements."""
    listed = list(
        ShadowRun.objects.visible_to(user)
        .select_related("by", "formula__formula")
        .order_by("-at", "-id")[:RUNS]
    )
    keys = {run.pk: f"{JOB}:{run.pk}" for run in listed}
    done = set(ShadowPart.objects.filter(run__in=keys, played=Played.WHOLE).values_list("run", flat=True))
    jobs = dict(Job.objects.filter(key__in=keys.values()).values_list("key", "state"))
    return [Run(run, tried_short(run), _state(run.pk in done, jobs.get(keys[run.pk]))) for run in listed]


def _state(done: bool, job: str | None) -> tuple[str, str, str]:
    if done:
        return (pgettext("shadow", "Finished"), "green", "disc")
    if job == JobState.PARKED:
        return (pgettext("shadow", "Stopped"), "red", "cross")
    if job == JobState.RUNNING:
        return (pgettext("shadow", "Running"), "blue", "half")
    return (pgettext("shadow", "Waiting"), "grey", "ring")


def tried_short(run: ShadowRun) -> str:
    """What a run tries, in a few words."""
    kept = run.drafts
    told = []
    for one in kept.get("standards", ()):
        told.append(_standard(one))
    if number := len(kept.get("rungs", ())):
        told.append(ngettext("%(n)s rung of the ladder", "%(n)s rungs of the ladder", number) % {"n": number})
    told += [str(words) for name, words in _books() if name in kept]
    if "weights" in kept:
        told.append(pgettext("shadow", "weights of dispatch"))
    if "formula" in kept and run.formula is not None:
        told.append(f"{run.formula.formula.name} v{kept['formula']['number']}")
    return pgettext("list", ", ").join(told)


def _standard(kept: Mapping[str, Any]) -> str:
    """Name and version of a standard that is tried."""
    name = (rule_book.last_seen() or rule_book.book()).name_of(str(kept.get("code", "")))
    return f"{name} v{kept['number']}".strip()


def _books() -> list[tuple[str, Any]]:
    return [
        ("intake", pgettext("shadow", "intake rules")), ("grading", pgettext("shadow", "grading rules")),
        ("routes", pgettext("shadow", "dispatch routes")),
    ]  # fmt: skip


def tried(run: ShadowRun) -> list[tuple[str, str]]:
    """What a run tries, each with its words."""
    kept = run.drafts
    told = []
    for one in kept.get("standards", ()):
        words = limit_words(one["limit_value"], one["limit_unit"])
        told.append((_standard(one), words))
    for row in drafts.rungs(kept):
        told.append((f"{_named(row)} v{row.number}", f"{row.get_moment_display()} {row.value}"))
    for name, words in _books():
        if name in kept:
            told.append((str(words), _book_words(kept[name])))
    if "weights" in kept:
        told.append((pgettext("shadow", "weights of dispatch"), f"v{kept['weights']['number']}"))
    if "formula" in kept and run.formula is not None:
        told.append((run.formula.formula.name, f"v{kept['formula']['number']}"))
    return told


def _book_words(book: Sequence[Mapping[str, Any]]) -> str:
    on = sum(1 for one in book if one.get("is_active", True))
    return ngettext("%(n)s rule in a wording of its own", "%(n)s rules in a wording of their own", on) % {
        "n": on
    }


def _named(row: Any) -> str:
    return str(row.name)


def waiting(user: Any) -> dict[str, Any]:
    """The drafts that wait and may be tried, and the books as text. Seven statements."""
    standards = StandardVersion.objects.filter(state=RuleState.DRAFT).select_related("standard", "drafted_by")
    rungs = LadderRung.objects.filter(state=RuleState.DRAFT).select_related("drafted_by")
    weights = ParameterVersion.objects.filter(parameter__code=WEIGHTS, state=RuleState.DRAFT)
    formulas = FormulaVersion.objects.filter(state=RuleState.DRAFT).select_related("formula", "drafted_by")
    return {
        "standards": [(one, limit_words(one.limit_value, one.limit_unit)) for one in standards.order_by("pk")],
        "rungs": list(rungs.order_by("pk")), "weights": list(weights.order_by("pk")),
        "formulas": list(formulas.order_by("pk")),
        "books": [(name, words, drafts.book_text(name)) for name, words in _books()],
    }  # fmt: skip


# ------------------------------------------------------------------------------------------------- one run


def whole(run: ShadowRun) -> Mapping[str, Mapping[str, int]] | None:
    """The sums of a run; None before it is finished."""
    part = ShadowPart.objects.filter(run=run.pk, played=Played.WHOLE).first()
    return part.counts if part is not None else None


def tiles(counts: Mapping[str, Mapping[str, int]]) -> list[Tile]:
    """The headline figures of a finished run."""
    clocks, grades, duty = (counts.get(name, {}) for name in ("clocks", "grades", "duty"))
    people, signals, steps = (counts.get(name, {}) for name in ("people", "signals", "steps"))
    of = pgettext("shadow", "of %(n)s")
    found = [
        Tile(_("Promises broken"), f"{clocks.get('late_base', 0):,} → {clocks.get('late_then', 0):,}",
             _("of %(n)s; really %(real)s") % {"n": f"{clocks.get('n', 0):,}",
                                               "real": f"{clocks.get('late_real', 0):,}"}),
        Tile(_("Grades that change"), f"{grades.get('changed', 0):,}", of % {"n": f"{grades.get('n', 0):,}"}),
        Tile(_("To another duty"), f"{duty.get('changed', 0):,}", of % {"n": f"{duty.get('n', 0):,}"}),
        Tile(_("To another person"), f"{people.get('changed', 0):,}", of % {"n": f"{people.get('n', 0):,}"}),
        Tile(_("Escalations that change"), f"{steps.get('changed', 0):,}", _("earlier, later, more or fewer")),
    ]  # fmt: skip
    if signals.get("changed"):
        found.append(
            Tile(
                _("Problems found"),
                f"{signals.get('base', 0):,} → {signals.get('then', 0):,}",
                _("in trade data"),
            )
        )
    return found


def fidelity(counts: Mapping[str, Mapping[str, int]]) -> str:
    """How well the rules in force reproduce what happened, in one sentence: what a run can be trusted in."""
    clocks, grades = counts.get("clocks", {}), counts.get("grades", {})
    words = _("By the rules in force %(share)s of the clocks come out exactly as they were.")
    compared = clocks.get("compared", 0)
    told = [words % {"share": wording.percent(clocks["as_real"] / compared)}] if compared else []
    if number := clocks.get("joined", 0):
        text = ngettext("%(n)s ticket that was merged or split is left out.",
                        "%(n)s tickets that were merged or split are left out.", number)  # fmt: skip
        told.append(text % {"n": number})
    if number := grades.get("unexplained", 0):
        text = ngettext("The grade of %(n)s ticket does not follow from today's rules; it is left as it was.",
                        "The grades of %(n)s tickets do not follow from today's rules; they are left as they were.",
                        number)  # fmt: skip
        told.append(text % {"n": number})
    if counts.get("people", {}).get("cut"):
        told.append(_("Of the dispatches only the first %(n)s are played.") % {"n": f"{replaying.MOST:,}"})
    return " ".join(told)


def sums(counts: Mapping[str, Mapping[str, int]], prefix: str, name: Callable[[str], str]) -> list[Sum]:
    """The clocks by what follows the prefix, the most changed first."""
    found = [
        Sum(name(key.removeprefix(prefix)), own.get("n", 0), own.get("late_real", 0), own.get("late_base", 0),
            own.get("late_then", 0), own.get("changed", 0))
        for key, own in counts.items()
        if key.startswith(prefix)
    ]  # fmt: skip
    return sorted(found, key=lambda one: (-one.changed, -one.n, one.name))


def by_promise(counts: Mapping[str, Mapping[str, int]]) -> list[Sum]:
    return sums(counts, "promise ", promise)


def by_debtor(counts: Mapping[str, Mapping[str, int]]) -> list[Sum]:
    return sums(counts, "owed ", _debtor)


def promise(code: str) -> str:
    return str(dict(Promise.choices).get(code, code))


def _debtor(code: str) -> str:
    owed, _sep, party = code.partition(" ")
    label = str(dict(Debtor.choices).get(owed, owed))
    return f"{label} · {dict(Duty.choices).get(party, party)}" if party else label


def moves(counts: Mapping[str, Mapping[str, int]]) -> list[tuple[str, list[tuple[str, int]]]]:
    """Grades and duties from → to, the most first; and counts of rungs and intake rules before → after."""
    found = []
    for name, title, words in (
        ("severities", _("Severity"), _of(Severity)), ("natures", _("Nature"), _of(Nature)),
        ("kinds", pgettext("shadow", "Kind of problem"), _of(Kind)),
        ("duties", pgettext("shadow", "Duty"), _of(Duty)),
    ):  # fmt: skip
        if own := counts.get(name):
            listed = sorted(own.items(), key=lambda one: (-one[1], one[0]))
            found.append((str(title), [(_arrow(pair, words), number) for pair, number in listed[:GROUPS]]))
    return found


def before_after(counts: Mapping[str, Mapping[str, int]]) -> list[tuple[str, list[tuple[str, int, int]]]]:
    """Steps of each rung and findings of each intake rule, before and after, where any differs. Two statements."""
    found = []
    for prefix, title, model in (
        ("rung ", _("Escalations"), LadderRung),
        ("signal ", _("Problems found"), IntakeRule),
    ):
        own = {key.removeprefix(prefix): one for key, one in counts.items() if key.startswith(prefix)}
        called = _codes(model, own)
        if own:
            found.append((str(title), _pairs(own, _among(called))))
    if own := {key.removeprefix("load "): one for key, one in counts.items() if key.startswith("load ")}:
        found.append((_("Problems found, by duty"), _pairs(own, _of(Duty))))
    return [(title, rows) for title, rows in found if any(was != will for _name, was, will in rows)]


def _among(called: Mapping[str, str]) -> Callable[[str], str]:
    return lambda code: called.get(code, code)


def _pairs(own: Mapping[str, Mapping[str, int]], words: Callable[[str], str]) -> list[tuple[str, int, int]]:
    return [(words(code), one.get("base", 0), one.get("then", 0)) for code, one in own.items()]


def _codes(model: type[Any], codes: Iterable[str]) -> dict[str, str]:
    return {row.code: str(row.name) for row in model.objects.filter(code__in=list(codes))}


def _of(choices: Any) -> Callable[[str], str]:
    known = dict(choices.choices)
    return lambda code: str(known.get(code, code) or pgettext("shadow", "none"))


def _arrow(pair: str, words: Callable[[str], str]) -> str:
    was, _sep, will = pair.partition(">")
    return f"{words(was)} → {words(will)}"


# ---------------------------------------------------------------------------------------------- differences


def topics(run: ShadowRun) -> list[tuple[str, str, int]]:
    """Topics that have differences, with how many are kept. One statement."""
    kept = dict(ShadowDiff.objects.filter(run=run.pk).values_list("topic").annotate(Count("pk")).order_by())
    return [(topic.value, str(topic.label), kept[topic]) for topic in Topic if topic in kept]


def groups(run: ShadowRun, topic: str) -> list[tuple[str, str, int]]:
    """Groups of a topic in words, the biggest first. One statement, and one for names of rules."""
    rows = ShadowDiff.objects.filter(run=run.pk, topic=topic).values_list("group").annotate(n=Count("pk"))
    listed = list(rows.order_by("-n", "group")[:GROUPS])
    words = _group_words(topic, [group for group, _n in listed])
    return [(group, words(group), number) for group, number in listed]


def _group_words(topic: str, codes: Sequence[str]) -> Callable[[str], str]:
    if topic == Topic.CLOCKS:
        return promise
    if topic == Topic.GRADES:
        return lambda code: _arrow(code, _of(Severity))
    if topic == Topic.DUTIES:
        return lambda code: _arrow(code, _of(Duty))
    if topic == Topic.PEOPLE:
        return _of(Duty)
    return _among(_codes(LadderRung if topic == Topic.STEPS else IntakeRule, codes))


def lines(
    run: ShadowRun, topic: str, group: str, after: int, user: Any, now: datetime, *, most: int = PAGE
) -> tuple[list[Line], int]:
    """Differences in words, and the key behind which the next page begins (0: nowhere)."""
    rows = ShadowDiff.objects.visible_to(user).filter(run=run.pk, topic=topic, pk__gt=after)
    if group:
        rows = rows.filter(group=group)
    listed = list(rows.order_by("pk")[: most + 1])
    shown = listed[:most]
    subjects = named([(one.subject_kind, one.subject_id) for one in shown], user)
    words = _group_words(topic, sorted({one.group for one in shown}))
    people = _people(shown) if topic == Topic.PEOPLE else {}
    found = [_line(one, subjects, words, people, now) for one in shown]
    return found, shown[-1].pk if len(listed) > most else 0


def _people(shown: Iterable[ShadowDiff]) -> dict[int, str]:
    keys = {side.get("person") for one in shown for side in (one.was, one.then)}
    return names([pk for pk in keys if pk])


def _line(
    one: ShadowDiff, subjects: Mapping[tuple[str, int], Subject], words: Callable[[str], str],
    people: Mapping[int, str], now: datetime,
) -> Line:  # fmt: skip
    subject = subjects.get((one.subject_kind, one.subject_id), Subject(f"#{one.subject_id}", ""))
    was, will = (_side(one.topic, side, people, now) for side in (one.was, one.then))
    late, then_late = bool(one.was.get("late")), bool(one.then.get("late"))
    return Line(
        subject, words(one.group), was, will, worse=then_late and not late, better=late and not then_late
    )


def _side(topic: str, side: Mapping[str, Any], people: Mapping[int, str], now: datetime) -> str:
    if topic == Topic.CLOCKS:
        return _clock(side, now)
    if topic == Topic.GRADES:
        choices = (("severity", Severity), ("nature", Nature), ("kind", Kind))
        return " · ".join(_of(known)(side[name]) for name, known in choices)
    if topic == Topic.DUTIES:
        return _of(Duty)(side["duty"])
    if topic == Topic.PEOPLE:
        return _person(side, people)
    if topic == Topic.STEPS:
        return wording.minute(datetime.fromisoformat(side["at"]), now) if side.get("at") else "–"
    return pgettext("shadow", "found") if side.get("found") else pgettext("shadow", "not found")


def _clock(side: Mapping[str, Any], now: datetime) -> str:
    if not side.get("due"):
        return pgettext("shadow", "no such promise")
    due = wording.minute(datetime.fromisoformat(side["due"]), now)
    state = pgettext("shadow", "late") if side["late"] else pgettext("shadow", "in time")
    return _("due %(due)s, %(state)s (%(rule)s)") % {"due": due, "state": state, "rule": side["rule"]}


def _person(side: Mapping[str, Any], people: Mapping[int, str]) -> str:
    if not side.get("person"):
        return pgettext("shadow", "nobody yet")
    told = [people.get(side["person"], f"#{side['person']}")]
    if side.get("certificate"):
        told.append(str(side["certificate"]))
    if side.get("senior"):
        told.append(pgettext("shadow", "senior"))
    return " · ".join(told)


def sheet(run: ShadowRun, user: Any, now: datetime) -> str:
    """All kept differences as CSV."""
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow([
        pgettext("shadow", "Topic"), pgettext("shadow", "Group"), pgettext("shadow", "Row"),
        pgettext("shadow", "By the rules in force"), pgettext("shadow", "By the drafts"),
    ])  # fmt: skip
    for topic, label, number in topics(run):
        listed, _after = lines(run, topic, "", 0, user, now, most=number)
        for one in listed:
            writer.writerow([safe(cell) for cell in (label, one.group, one.subject.words, one.was, one.then)])
    return BOM + text.getvalue()
