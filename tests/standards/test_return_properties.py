"""What holds for every question: promises only lengthen, time only takes away, a later parcel never hurts."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st

from aftersales.standards.returns.answers import Answer
from aftersales.standards.returns.eligibility import judge
from aftersales.standards.returns.facts import LineFacts, Moment, ParcelFacts, PromiseFacts, RepairFacts
from aftersales.standards.returns.states import Demand, Ground, LineRule, WindowUnit

from .returns import china, shipped

START = datetime(2026, 1, 1, tzinfo=UTC)
RANK = {"no": 0, "person": 1, "yes": 2}
minutes = st.integers(0, 200 * 24 * 60)
grains = st.sampled_from(["exact", "minute", "day"])
PATHS = [(), ("digital",), ("clothing",), ("smart_toilet",), ("shoes",), ("battery",)]


def moments() -> st.SearchStrategy[Moment]:
    return st.builds(lambda minute, grain: Moment(START + timedelta(minutes=minute), grain), minutes, grains)


def parcels() -> st.SearchStrategy[ParcelFacts]:
    return st.builds(
        ParcelFacts,
        state=st.sampled_from(["delivered", "delivered", "under_way", "lost", "void"]),
        delivered=st.none() | moments(),
        signer=st.sampled_from(["", "recipient", "locker", "guard"]),
        consent=st.sampled_from([None, True, False]),
        picked_up=st.none() | moments(),
    )


def promises() -> st.SearchStrategy[PromiseFacts]:
    return st.builds(
        PromiseFacts,
        code=st.just("word"),
        value=st.integers(1, 90),
        unit=st.sampled_from(WindowUnit.values),
        in_spite_of_exceptions=st.booleans(),
    )


def repairs() -> st.SearchStrategy[RepairFacts]:
    def one(minute: int, days: int, open_still: bool, outcome: str, parts: int) -> RepairFacts:
        received = START + timedelta(minutes=minute)
        back = None if open_still else Moment(received + timedelta(days=days))
        return RepairFacts(Moment(received), back, outcome, parts)

    return st.builds(
        one, minutes, st.integers(0, 120), st.booleans(), st.sampled_from(["", "fixed", "failed"]), st.integers(0, 120)
    )  # fmt: skip


def questions() -> st.SearchStrategy[LineFacts]:
    return st.builds(
        LineFacts,
        demand=st.sampled_from(Demand.values),
        ground=st.sampled_from(Ground.values),
        asked=st.builds(lambda minute: Moment(START + timedelta(minutes=minute)), st.integers(0, 900 * 24 * 60)),
        purchased=st.just(Moment(START - timedelta(days=3))),
        category_path=st.sampled_from(PATHS),
        line_rule=st.sampled_from(LineRule.values),
        confirmed=st.booleans(),
        parcels=st.lists(parcels(), min_size=1, max_size=3).map(tuple),
        needs_installation=st.sampled_from([None, True, False]),
        installed=st.none() | moments(),
        replacements=st.lists(parcels(), max_size=1).map(tuple),
        repairs=st.lists(repairs(), max_size=2).map(tuple),
        promises=st.lists(promises(), max_size=1).map(tuple),
    )  # fmt: skip


def asked(facts: LineFacts) -> Answer:
    return judge(facts, shipped(), china())


@given(facts=questions(), one=promises(), more=st.integers(1, 60))
def test_a_longer_promise_never_shortens(facts: LineFacts, one: PromiseFacts, more: int) -> None:
    shorter = asked(replace(facts, promises=(one,)))
    longer = asked(replace(facts, promises=(replace(one, value=(one.value or 0) + more),)))
    assert RANK[longer.verdict] >= RANK[shorter.verdict]
    if shorter.window and longer.window and shorter.citation == longer.citation:
        assert longer.window.ends_at is None or (
            shorter.window.ends_at is not None and longer.window.ends_at >= shorter.window.ends_at
        )


@given(facts=questions(), one=promises())
def test_a_promise_never_takes_anything_away(facts: LineFacts, one: PromiseFacts) -> None:
    without, with_it = asked(replace(facts, promises=())), asked(replace(facts, promises=(one,)))
    assert RANK[with_it.verdict] >= RANK[without.verdict]


@given(facts=questions(), later=st.integers(1, 400 * 24 * 3600))
def test_asking_later_never_turns_no_into_yes(facts: LineFacts, later: int) -> None:
    """Repairs are as they were: what happens between the two moments may of course give a right of its own."""
    known = replace(facts, repairs=())
    for seconds in (1, later):
        after = replace(known, asked=Moment(known.asked.at + timedelta(seconds=seconds)))
        if asked(known).is_no:
            assert not asked(after).is_yes


@given(facts=questions(), one=parcels())
def test_one_more_parcel_never_ends_the_window_earlier(facts: LineFacts, one: ParcelFacts) -> None:
    known = replace(facts, parcels=tuple(p for p in facts.parcels if p.state in {"delivered", "under_way"}) or (
        ParcelFacts(delivered=Moment(START)),
    ))  # fmt: skip
    before, after = asked(known), asked(replace(known, parcels=(*known.parcels, one)))
    windows = {found.rule.code: found.window for found in before.findings}
    for found in after.findings:
        was = windows.get(found.rule.code)
        if was is None or found.window is None or was.ends_at is None:
            continue
        assert found.window.ends_at is None or found.window.ends_at >= was.ends_at


@given(facts=questions())
def test_every_answer_names_its_reasons_and_can_be_kept(facts: LineFacts) -> None:
    answer = asked(facts)
    kept = answer.as_json()
    assert answer.reasons
    assert all(one["zh"] and one["en"] and "%(" not in one["en"] for one in kept["reasons"])
    if answer.is_no:
        assert answer.codes("against")
        assert not answer.codes("doubt") or answer.citation
    if answer.needs_person:
        assert answer.codes("doubt")


@given(facts=questions(), days=st.lists(st.integers(0, 300), min_size=2, max_size=6))
def test_the_verdict_only_falls_as_time_passes(facts: LineFacts, days: list[int]) -> None:
    known = replace(facts, repairs=(), purchased=Moment(START - timedelta(days=300)))
    asks = [replace(known, asked=Moment(START + timedelta(days=day, hours=1))) for day in sorted(days)]
    ranks = [RANK[asked(one).verdict] for one in asks]
    assert all(first >= second for first, second in pairwise(ranks))
