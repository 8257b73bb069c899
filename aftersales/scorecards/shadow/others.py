"""What trade data would have become problems, and who would have got the tickets, in both worlds."""

from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

from aftersales.core.models import Event
from aftersales.scorecards.models import ShadowDiff, ShadowRun
from aftersales.scorecards.shadow.tickets import CHUNK, TICKET, Chunk, openings
from aftersales.scorecards.shadow.worlds import Worlds
from aftersales.scorecards.states import Topic
from aftersales.tickets import findings, simulation
from aftersales.tickets.models import Ticket
from aftersales.tickets.selectors import dispatching, replaying
from aftersales.tickets.selectors.regrading import Judged, judged
from aftersales.tickets.selectors.routing import route

MOST = 2_000  # differences of one topic that are kept; the counts name all


def signals(run: ShadowRun, both: Worlds) -> Chunk:
    """The problems that the rules of intake find in the trade data of these days, and the duties that would take them.

    Two statements for each rule.
    """
    chunk = Chunk()
    before, after = ({rule.code: rule for rule in world.intake} for world in (both.now, both.then))
    for code in sorted({*before, *after}):
        was, will = _found(before.get(code), both), _found(after.get(code), both)
        chunk.counts[f"signal {code}"].update({"base": len(was), "then": len(will)})
        chunk.counts["signals"].update({"base": len(was), "then": len(will), "changed": len(was ^ will)})
        for rule, world, found, side in (
            (before.get(code), both.now, was, "base"), (after.get(code), both.then, will, "then"),
        ):  # fmt: skip
            if rule is not None and found:
                chunk.counts[f"load {route(rule, world.books.routes)}"][side] += len(found)
        chunk.figures.append([code, len(was), len(will)])
        for row in sorted(was ^ will)[:MOST]:
            chunk.diffs.append(
                ShadowDiff(
                    run=run.pk, topic=Topic.SIGNALS, group=code, subject_kind=row[0], subject_id=row[1],
                    was={"found": row in was}, then={"found": row in will},
                )
            )  # fmt: skip
    return chunk


def _found(rule: Any, both: Worlds) -> frozenset[tuple[str, int]]:
    if rule is None or rule.signal not in findings.FOUND:
        return frozenset()
    label, keys = findings.found_keys(rule, now=both.end, since=both.start)
    return frozenset((label, pk) for pk in keys)


def people(run: ShadowRun, both: Worlds) -> Chunk:
    """Every dispatch by rule of these days once more, as the record of it tells who was there.

    Both worlds are played by the same function; what changes is counted between them, not against a rule of then.
    """
    chunk = Chunk()
    week = replaying.week(both.start, both.end)
    count = chunk.counts["people"]
    count["cut"] += replaying.week_size(both.start, both.end) > replaying.MOST
    terms = dispatching.terms_at(both.until, among=both.now.book)
    tried = _tried(run, both, week) if both.grades_differ else list(week)
    staying = {past.number for past in tried}
    base = simulation.play([past for past in week if past.number in staying], both.now.weights, terms)
    then = simulation.play(tried, both.then.weights, terms)
    count.update({"n": len(week), "elsewhere": len(week) - len(tried)})
    for past in tried:
        was, will = base.choices.get(past.number), then.choices.get(past.number)
        chunk.figures.append([past.number, was])
        if was != will:
            count["changed"] += 1
            chunk.diffs.append(_moved(run, past, was, will))
    return chunk


def _moved(run: ShadowRun, past: simulation.Past, was: int | None, will: int | None) -> ShadowDiff:
    told = [_person(past, one) for one in (was, will)]
    return ShadowDiff(
        run=run.pk, topic=Topic.PEOPLE, group=past.duty, subject_kind=TICKET, subject_id=past.ticket_id,
        key=past.number, was=told[0] | {"real": past.chosen}, then=told[1],
    )  # fmt: skip


def _person(past: simulation.Past, pk: int | None) -> dict[str, Any]:
    """The person by key, with how far he is qualified for the duty; no name is kept."""
    one = next((person for person in past.people if person.person_id == pk), None)
    if one is None:
        return {"person": None}
    return {"person": pk, "tier": one.tier, "certificate": one.certificate, "senior": one.senior}


def _tried(run: ShadowRun, both: Worlds, week: Sequence[simulation.Past]) -> list[simulation.Past]:
    """The dispatches with their tickets graded anew; those that another duty would have taken are left out."""
    found = _regraded(run, both, sorted({past.ticket_id for past in week}))
    kept = []
    for past in week:
        one = found.get(past.ticket_id)
        if one is None or not one.explained or (one.base == one.then and one.duty_base == one.duty_then):
            kept.append(past)
        elif one.duty_base == one.duty_then:
            asked = past.asked
            if (asked.kind, asked.severity, asked.nature) == one.base:
                kind, severity, nature = one.then
                asked = replace(asked, kind=kind, severity=severity, nature=nature)
            kept.append(replace(past, asked=asked))
    return kept


def _regraded(run: ShadowRun, both: Worlds, ids: Sequence[int]) -> Mapping[int, Judged]:
    found: dict[int, Judged] = {}
    for start in range(0, len(ids), CHUNK):
        some = ids[start : start + CHUNK]
        rows = list(Ticket.objects.filter(pk__in=some).order_by("pk"))
        told = Event.objects.filter(
            subject_kind=TICKET, subject_id__in=some, kind="ticket.opened", pk__lte=run.watermark
        )
        found |= judged(rows, openings(told), both.now.books, both.then.books)
    return found


def merged(listed: Sequence[Mapping[str, Any]]) -> dict[str, dict[str, int]]:
    """The sums of several chunks."""
    found: dict[str, Counter[str]] = defaultdict(Counter)
    for counts in listed:
        for name, own in counts.items():
            found[name].update(own)
    return {name: dict(sorted(own.items())) for name, own in sorted(found.items())}
