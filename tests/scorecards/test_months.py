"""Rules that hang on figures: who gets what for a month and who nothing, by hand."""

from collections.abc import Callable
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any

import pytest

from accounts.models import TeamMember
from aftersales.core.errors import DomainError
from aftersales.core.files import StoredFile
from aftersales.ledger import incentives, raisers
from aftersales.ledger import services as ledger
from aftersales.ledger.models import IncentiveVersion
from aftersales.merchants.models import Merchant
from aftersales.scorecards.models import Formula, Snapshot
from aftersales.scorecards.rewards import selectors
from tests.records import merchant as a_merchant
from tests.scorecards.test_scores import figure

pytestmark = pytest.mark.django_db
D = Decimal
OCTOBER = date(2026, 10, 1)
BEGIN = datetime(2026, 8, 31, 16, 0, tzinfo=UTC)
"""The first moment of September in Shanghai."""
SIGNED = StoredFile("2611/" + "b" * 32, "签收表.pdf", "application/pdf", 9, "e" * 64)
DISPATCH = {"window": "1m", "least": "50", "limit": "0.95", "steps": "0.98 20", "gates": "quality_return_rate 0.03 30",
            "z": "1.96", "lag": "7", "wait": "3"}  # fmt: skip
DISPUTES = {"window": "90d", "least": "30", "limit": "0.02", "steps": "0.05 6", "count": "5", "z": "1.96", "lag": "7",
            "wait": "3"}  # fmt: skip
HANDLING = {"window": "3m", "least": "20", "limit": "0.75", "steps": "0.83 20", "gates": "promises_kept 0.90 20",
            "z": "1.96", "lag": "7", "wait": "3"}  # fmt: skip
Rule = Callable[..., IncentiveVersion]


@pytest.fixture
def rule(cast: Any, now: datetime) -> Rule:
    """``rule("metric.merchant.dispatch_in_time", terms)``: a rule in force since September."""

    def make(
        trigger: str, terms: dict[str, str], *, code: str = "test", consequence: str = "reward", **more: Any
    ) -> IncentiveVersion:
        party = "merchant" if ".merchant" in trigger else "person"
        row = ledger.incentive_create(
            code=code, name_zh="试行", name_en="Trial", party=party, consequence=consequence, actor=cast.operations,
            now=now,
        )  # fmt: skip
        given: dict[str, Any] = {"unit": "points", "amount": D(10), "cap": D(20)}
        if consequence == "measure":
            given = {}
        if party == "person":
            given["scheme_id"] = ledger.scheme_register(
                title="绩效方案", adopted_on=date(2026, 8, 1), record_number="职代会2026-9", file=SIGNED,
                actor=cast.operations, now=now,
            ).pk  # fmt: skip
        draft = ledger.incentive_draft(
            rule=row, actor=cast.operations, now=now, trigger=trigger, terms=terms, source_ref="R6.5",
            source_zh="试行", source_en="Trial", **(given | more),
        )  # fmt: skip
        done = ledger.incentive_activate(draft=draft, actor=cast.supervisor, now=now)
        IncentiveVersion.objects.filter(pk=done.pk).update(valid_from=BEGIN)  # as if announced long ago
        return IncentiveVersion.objects.select_related("rule").get(pk=done.pk)

    return make


def shop(code: str, now: datetime, *, day: date = date(2026, 10, 20), **figures: tuple[int, int]) -> Merchant:
    row: Merchant = a_merchant(code, now, returns="")
    figure(row, day=day, **figures)
    return row


def said(
    version: IncentiveVersion, month: date = OCTOBER, *, dry: bool = False
) -> dict[int, tuple[str, Any]]:
    return {one.party_id: (str(one.said), one.amount) for one in selectors.judged(version, month, dry=dry)}


def test_a_shop_is_rewarded_by_what_is_proven(rule: Rule, now: datetime) -> None:
    """Wilson, z 1.96, by hand: 200/200 has the lower bound 0.98116, 100/100 0.96300, 97/100 0.91548, 40/40 0.91238."""
    good = {"quality_return_rate": (1, 100)}
    best = shop("S1", now, dispatch_in_time=(200, 200), **good)
    fine = shop("S2", now, dispatch_in_time=(100, 100), **good)
    perhaps = shop("S3", now, dispatch_in_time=(97, 100), **good)
    worse = shop("S4", now, dispatch_in_time=(90, 100), **good)
    small = shop("S5", now, dispatch_in_time=(40, 40), **good)
    gated = shop("S6", now, dispatch_in_time=(200, 200), quality_return_rate=(4, 100))
    unknown = shop("S7", now, dispatch_in_time=(200, 200), quality_return_rate=(0, 29))
    shop("S8", now, day=date(2026, 9, 30), dispatch_in_time=(200, 200), **good)
    version = rule("metric.merchant.dispatch_in_time", DISPATCH)
    assert said(version) == {
        best.pk: ("follows", 20), fine.pk: ("follows", 10), perhaps.pk: ("chance", None), worse.pk: ("short", None),
        small.pk: ("too_few", None), gated.pk: ("gate", None), unknown.pk: ("gate", None),
    }  # fmt: skip


def test_a_shop_is_charged_for_what_chance_does_not_explain(rule: Rule, now: datetime) -> None:
    """Lower bounds by hand: 12/200 → 0.0347, 30/200 → 0.1071, 4/60 → 0.0262, 6/200 → 0.0138."""
    first = shop("S1", now, dispute_rate_orders=(12, 200))
    second = shop("S2", now, dispute_rate_orders=(30, 200))
    few = shop("S3", now, dispute_rate_orders=(4, 60))
    perhaps = shop("S4", now, dispute_rate_orders=(6, 200))
    kept = shop("S5", now, dispute_rate_orders=(3, 200))
    small = shop("S6", now, dispute_rate_orders=(9, 29))
    past = shop("S7", now, day=date(2026, 9, 20), dispute_rate_orders=(12, 200))
    before = shop("S8", now, day=date(2026, 8, 20), dispute_rate_orders=(12, 100))
    figure(before, day=date(2026, 10, 20), dispute_rate_orders=(3, 100))
    version = rule(
        "metric.merchant.dispute_rate_orders", DISPUTES, consequence="penalty", amount=D(2), cap=D(6)
    )
    assert said(version) == {
        first.pk: ("follows", 2), second.pk: ("follows", 6), few.pk: ("count", None), perhaps.pk: ("chance", None),
        kept.pk: ("kept", None), small.pk: ("too_few", None), past.pk: ("old", None),
        before.pk: ("chance", None),
    }, "nothing of before the rule's own day is held against anybody"  # fmt: skip
    assert said(version, dry=True)[before.pk] == ("follows", 2), "15 of 200 within ninety days"


def test_a_person_is_rewarded_by_what_is_proven_and_holds_besides(rule: Rule, cast: Any) -> None:
    """Lower bounds by hand: 38/40 → 0.8350, 36/40 → 0.7695, 30/40 → 0.5981."""
    people = [cast.agent, cast.lead, cast.inspector, cast.supervisor, cast.trainer]
    marks = [(38, 40), (36, 40), (30, 40), (38, 40), (19, 19)]
    kept = [(20, 20), (18, 20), (20, 20), (17, 20), (20, 20)]
    for person, mark, promises in zip(people, marks, kept, strict=True):
        figure(person, day=date(2026, 8, 3), kind="person", satisfied_handling=(mark[0] - 1, mark[1] - 1))
        figure(
            person, day=date(2026, 10, 30), kind="person", satisfied_handling=(1, 1), promises_kept=promises
        )
        figure(person, day=date(2026, 7, 31), kind="person", satisfied_handling=(0, 100))  # before the window
        figure(person, day=date(2026, 11, 1), kind="person", satisfied_handling=(0, 100))  # after it
    found = said(rule("metric.person.satisfied_handling", HANDLING))
    assert [found[one.pk] for one in people] == [
        ("follows", 20), ("follows", 10), ("chance", None), ("gate", None), ("too_few", None)
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("term", "value", "outcome", "amount"),
    [
        ("window", "1m", "too_few", None),
        ("least", "41", "too_few", None),
        ("limit", "0.84", "chance", None),
        ("limit", "0.96", "short", None),
        ("steps", "0.83 15", "follows", 15),
        ("steps", "0.84 20", "follows", 10),
        ("steps", "", "follows", 10),
        ("gates", "promises_kept 0.95 20", "gate", None),
        ("gates", "promises_kept 0.90 21", "gate", None),
        ("gates", "resolution 0.90 20", "gate", None),
        ("z", "2.58", "follows", 10),
    ],
)
def test_each_number_of_a_rule_moves_what_follows(
    rule: Rule, cast: Any, term: str, value: str, outcome: str, amount: int | None
) -> None:
    """With z 2.58 the lower bound of 38/40 is 0.7854."""
    figure(cast.agent, day=date(2026, 9, 3), kind="person", satisfied_handling=(30, 32))
    figure(
        cast.agent, day=date(2026, 10, 30), kind="person", satisfied_handling=(8, 8), promises_kept=(19, 20),
        resolution=(10, 20),
    )  # fmt: skip
    terms = HANDLING | {"gates": "promises_kept 0.90 20"} | {term: value}
    if term == "limit":
        terms |= {"steps": ""}
    version = rule("metric.person.satisfied_handling", {name: text for name, text in terms.items() if text})
    if term == "gates" and "0.95" in value:
        figure(cast.agent, day=date(2026, 10, 1), kind="person", promises_kept=(0, 1))  # 19 of 21
    assert said(version)[cast.agent.pk] == (outcome, amount)


def test_the_amount_for_each_case_is_capped_and_of_the_month_alone(rule: Rule, now: datetime) -> None:
    many = shop("S1", now, dispute_rate_orders=(30, 200))
    some = shop("S2", now, dispute_rate_orders=(12, 200))
    terms = {name: text for name, text in DISPUTES.items() if name != "steps"} | {
        "window": "1m",
        "each": "case",
    }
    version = rule(
        "metric.merchant.dispute_rate_orders", terms, consequence="penalty", amount=D("1.50"), cap=D(20)
    )
    found = {one.party_id: one for one in selectors.judged(version, OCTOBER)}
    assert (found[many.pk].counted, found[many.pk].amount) == (D("45.00"), D(20))
    assert (found[some.pk].counted, found[some.pk].amount) == (D("18.00"), D("18.00"))


def test_a_single_time_is_good_within_the_seconds_of_the_rule(rule: Rule, now: datetime) -> None:
    """100 refunds: 99 within two days, lower bound 0.9455; within one day none."""
    from aftersales.scorecards.models import Rollup

    row = a_merchant("S1", now, returns="")
    Rollup.objects.create(
        metric="refund_time", subject_kind="merchant", subject_id=row.pk, day=date(2026, 10, 9), num=10_000_000,
        den=100, samples=[100_000] * 99 + [200_000],
    )  # fmt: skip
    terms = {
        "window": "1m",
        "least": "20",
        "limit": "0.94",
        "within": "172800",
        "z": "1.96",
        "lag": "7",
        "wait": "3",
    }
    assert said(rule("metric.merchant.refund_time", terms)) == {row.pk: ("follows", 10)}
    assert said(rule("metric.merchant.refund_time", terms | {"within": "86400"}, code="day")) == {
        row.pk: ("short", None)
    }


def test_a_team_shares_what_it_reached_and_is_charged_for_nothing(
    rule: Rule, cast: Any, now: datetime
) -> None:
    team = cast.team
    TeamMember.objects.filter(team=team).update(active_from=BEGIN)
    late = cast.person("agent")
    cast.join(team, late)  # since October 24th
    figure(
        team, day=date(2026, 10, 20), kind="team", response_in_time=(100, 100), satisfied_handling=(18, 20)
    )
    terms = {"window": "1m", "least": "50", "limit": "0.95", "gates": "satisfied_handling 0.80 20", "z": "1.96",
             "lag": "7", "wait": "3"}  # fmt: skip
    version = rule("metric.team.response_in_time", terms)
    assert said(version) == {cast.agent.pk: ("follows", 10), cast.lead.pk: ("follows", 10)}
    with pytest.raises(DomainError, match="against nobody|不作为处罚依据"):
        rule(
            "metric.team.response_in_time",
            {**terms, "gates": "", "count": "5"},
            code="blame",
            consequence="penalty",
        )


def snapshot(formula: Formula, shop: Any, score: str, low: str, high: str, grade: str, now: datetime) -> None:
    Snapshot.objects.create(
        formula=formula, rule=formula.versions.get(number=1), subject_kind=formula.subject_kind, subject_id=shop.pk,
        day=date(2026, 10, 31), month=OCTOBER, score=D(score), low=D(low), high=D(high), grade=grade, volume=99,
        details={}, at=now,
    )  # fmt: skip


def test_a_score_of_the_month_is_rewarded_by_its_grade_or_its_lower_bound(rule: Rule, now: datetime) -> None:
    formula = Formula.objects.get(code="merchants")
    shops = [a_merchant(f"S{number}", now, returns="") for number in range(4)]
    for row, *terms in zip(
        shops, ["94.0", "92.0", "80.0", "70.0"], ["91.0", "86.0", "70.0", "70.0"], ["97.0", "98.0", "89.0", "70.0"],
        ["A", "B", "B", ""], strict=True,
    ):  # fmt: skip
        snapshot(formula, row, *terms, now)
    graded = {"window": "1m", "limit": "A", "formula": "merchants", "lag": "7", "wait": "3"}
    honour = rule("score.merchant", graded, consequence="measure", measure="honour")
    keys = [row.pk for row in shops]
    assert [said(honour)[key][0] for key in keys] == ["follows", "short", "short", "too_few"]
    points = rule("score.merchant", graded | {"limit": "85", "steps": "90 20"}, code="points")
    assert [said(points)[key] for key in keys] == [
        ("follows", 20), ("follows", 10), ("short", None), ("too_few", None)
    ]  # fmt: skip
    charge = rule("score.merchant", graded | {"limit": "90"}, code="charge", consequence="penalty")
    assert [said(charge)[key][0] for key in keys] == ["kept", "kept", "follows", "too_few"]


@pytest.mark.parametrize(
    ("trigger", "consequence", "changed", "word"),
    [
        ("metric.person.satisfied_handling", "reward", {"window": "13"}, "window"),
        ("metric.person.satisfied_handling", "reward", {"least": "0"}, "least"),
        ("metric.person.satisfied_handling", "reward", {"limit": "1.2"}, "limit"),
        ("metric.person.satisfied_handling", "reward", {"steps": "0.70 20"}, "steps"),
        ("metric.person.satisfied_handling", "reward", {"steps": "0.90 5"}, "steps"),
        ("metric.person.satisfied_handling", "reward", {"steps": "0.90000000000 20"}, "steps"),
        ("metric.person.satisfied_handling", "reward", {"limit": "0.75000000000"}, "limit"),
        ("metric.person.satisfied_handling", "reward", {"steps": "0.90 21"}, "steps"),
        ("metric.person.satisfied_handling", "reward", {"gates": "satisfied_outcome 0.9 1"}, "gates"),
        ("metric.person.satisfied_handling", "reward", {"gates": "dispatch_in_time 0.9 1"}, "gates"),
        ("metric.person.satisfied_handling", "reward", {"within": "60"}, "within"),
        ("metric.person.satisfied_handling", "reward", {"z": "0"}, "z"),
        ("metric.person.satisfied_handling", "reward", {"each": "case"}, "each"),
        ("metric.person.satisfied_handling", "reward", {"lag": ""}, "lag"),
        ("metric.person.satisfied_handling", "reward", {"colour": "red"}, "colour"),
        ("metric.person.satisfied_handling", "penalty", {"steps": ""}, "gates"),
        ("metric.person.response_time", "reward", {"within": "3600", "gates": ""}, "gates"),
        ("score.person", "reward", {"formula": "nobody", "window": "1m"}, "least"),
        ("score.person", "reward", {"formula": "nobody", "window": "1m", "least": ""}, "formula"),
    ],
)
def test_terms_that_nobody_could_follow_are_refused_by_name(
    rule: Rule, cast: Any, trigger: str, consequence: str, changed: dict[str, str], word: str
) -> None:
    from aftersales.ledger.figureterms import FIELDS

    terms = {name: text for name, text in (HANDLING | changed).items() if text}
    with pytest.raises(DomainError) as refused:
        rule(trigger, terms, consequence=consequence)
    assert refused.value.code == "figure_terms"
    assert str(FIELDS.get(word, word)) in str(refused.value)


def test_no_rule_hangs_on_outcomes_stocks_or_what_is_forbidden(cast: Any) -> None:
    offered = raisers.declared("person")
    assert "metric.person.satisfied_handling" in offered
    assert "metric.person.tickets" not in offered, "nobody is paid for a number of tickets"
    assert "metric.team.satisfied_outcome" not in offered, "the outcome is what rules and merchant gave"
    assert not any(code.startswith("metric.") and ".merchant." in code for code in offered)
    with pytest.raises(DomainError) as refused:
        raisers.asked("metric.person.penalty_count", "person")
    assert refused.value.code == "forbidden_target"


def test_the_announcement_says_figure_window_floor_limit_and_gates(rule: Rule) -> None:
    told = incentives.raised_by(rule("metric.person.satisfied_handling", HANDLING))
    for part in ("75.0", "83.0", "90.0", "20", "3"):
        assert part in told
    assert "20" in incentives.gives(IncentiveVersion.objects.get(rule__code="test"))
