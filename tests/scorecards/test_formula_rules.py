"""The arithmetic of scores, by the worked examples of the sources and by hand."""

import tomllib
from decimal import Decimal
from typing import Any

import pytest

from aftersales.core.errors import DomainError
from aftersales.scorecards import shipping
from aftersales.scorecards.scores import rules
from aftersales.scorecards.scores.rules import Counted, Prior
from aftersales.scorecards.scores.terms import Terms, read
from aftersales.scorecards.states import Verdict

D = Decimal
Z = D("1.96")
NOBODY = Prior(D("0.02"), D(150))


def kept() -> dict[str, Any]:
    """Terms with two metrics, so that a score can be worked out on paper."""
    return {
        "volume": "orders", "enough": 30, "neutral": "70", "windows": [30, 90], "lag": 7, "z": "1.96", "floor": "0",
        "cap": "100", "peers": 3, "strength": "150", "strongest": "2000", "ordinary": "B", "bonus_cap": "3",
        "deduction_cap": "10",
        "metrics": [
            {"metric": "dispute_rate_orders", "weight": "60", "limit": "0.02", "least": 30, "count": 5,
             "marks": [["0", "100"], ["0.02", "80"], ["0.10", "0"]], "neutral": "80"},
            {"metric": "dispatch_in_time", "weight": "40", "limit": "0.95", "least": 20, "count": 5,
             "marks": [["1", "100"], ["0.95", "80"], ["0.75", "0"]], "neutral": "80"},
        ],
        "bonuses": [{"metric": "satisfied_handling", "limit": "0.9", "points": "4", "least": 20}],
        "deductions": [{"metric": "authority_complaint_rate", "points": "2", "cap": "6", "count": 2}],
        "grades": [{"grade": "A", "from": "90"}, {"grade": "B", "from": "75"}, {"grade": "C", "from": "0"}],
    }  # fmt: skip


def terms(**changes: Any) -> Terms:
    return read(kept() | changes, "merchant")


def of(**figures: tuple[int, int]) -> dict[str, tuple[Counted, ...]]:
    """Figures of 30 days, the same over 90."""
    nothing = dict.fromkeys(terms().codes, (0, 0))
    return {
        code: (Counted(*pair, 30), Counted(*pair, 90)) for code, pair in {**nothing, **figures}.items()
    }  # fmt: skip


def scored(**figures: tuple[int, int]) -> rules.Score:
    priors = {"dispute_rate_orders": NOBODY, "dispatch_in_time": Prior(D("0.05"), D(150))}
    return rules.scored(terms(), "", of(**figures), priors)


@pytest.mark.parametrize(
    ("bad", "cases", "low", "high"),
    [(1, 30, "0.006", "0.167"), (30, 3000, "0.007", "0.014"), (0, 2, "0.000", "0.658"), (1, 101, "0.002", "0.054")],
)  # fmt: skip
def test_intervals_are_those_of_the_source(bad: int, cases: int, low: str, high: str) -> None:
    found = rules.wilson(D(bad), D(cases), Z)
    assert [one.quantize(D("0.001")) for one in found] == [D(low), D(high)]


def test_little_is_drawn_towards_the_peers_and_much_is_not() -> None:
    assert rules.drawn(D(1), D(10), NOBODY) == D("0.025")
    assert rules.drawn(D(6), D(300), NOBODY) == D("0.02")


def test_peers_that_differ_only_by_chance_are_worth_many_cases_and_unlike_ones_few() -> None:
    alike = rules.fitted([(2, 100), (3, 100), (1, 100), (2, 100)], D(2000))
    unlike = rules.fitted([(0, 100), (20, 100), (1, 100), (40, 100)], D(2000))
    assert alike == Prior(D("0.020000"), D("2000.0"), 4)
    assert unlike is not None
    assert unlike.mean == D("0.152500")
    assert unlike.strength < 10, "whoever is unlike the others is believed soon"
    assert rules.fitted([(1, 100)], D(2000)) is None


def test_one_bad_order_of_thirty_proves_nothing_and_thirty_of_three_hundred_do() -> None:
    few = scored(orders=(30, 30), dispute_rate_orders=(1, 30), dispatch_in_time=(30, 30)).items[0]
    many = scored(orders=(300, 300), dispute_rate_orders=(30, 300), dispatch_in_time=(300, 300)).items[0]
    assert (few.verdict, many.verdict) == (Verdict.OPEN, Verdict.MISSED)


def test_a_rate_without_the_count_is_not_held_against_anybody() -> None:
    four = scored(orders=(40, 40), dispute_rate_orders=(4, 40)).items[0]
    assert four.low is not None
    assert four.low > D("0.02"), "the rate passes the limit for sure"
    assert four.verdict == Verdict.OPEN, "but four cases are no pattern"
    assert scored(orders=(50, 50), dispute_rate_orders=(5, 50)).items[0].verdict == Verdict.MISSED


def test_a_score_worked_out_on_paper() -> None:
    """Disputes (6 + 3) / (300 + 150) = 2 % → 80 of 100 → 48.0 of 60; late (15 + 7.5) / 450 = 5 % → 80 → 32.0 of 40."""
    found = scored(orders=(300, 300), dispute_rate_orders=(6, 300), dispatch_in_time=(285, 300))
    assert [one.gained for one in found.items] == [D("48.0"), D("32.0")]
    assert (found.score, found.grade) == (D("80.0"), "B")
    assert found.low < found.score < found.high


def test_bonus_needs_proof_and_both_are_capped() -> None:
    base = {"orders": (300, 300), "dispute_rate_orders": (6, 300), "dispatch_in_time": (285, 300)}
    lucky = scored(**base, satisfied_handling=(20, 20))
    proven = scored(**base, satisfied_handling=(198, 200))
    assert [one.points for one in lucky.extras] == [], "20 of 20 may still be 84 %"
    assert [one.points for one in proven.extras] == [D("3.0")], "4 points, at most 3 together"
    one, many = (scored(**base, authority_complaint_rate=(n, 300)) for n in (1, 9))
    assert [extra.points for extra in one.extras] == []
    assert [extra.points for extra in many.extras] == [D("-6.0")]
    assert many.score == D("74.0")


def test_who_did_too_little_is_neutral_and_who_did_little_is_looked_at_for_longer() -> None:
    assert scored(orders=(29, 29), dispute_rate_orders=(20, 29)).score == D("70.0")
    windows = (Counted(10, 10, 30), Counted(31, 31, 90))
    assert rules.chosen(windows, 30).days == 90
    assert rules.chosen(windows, 5).days == 30


def test_grades_go_up_by_the_lower_bound_and_down_by_the_upper_one_of_a_proven_fault() -> None:
    of_terms = terms()
    assert rules.graded(of_terms, D("89.9"), D("99"), missed=False) == "B"
    assert rules.graded(of_terms, D("90"), D("99"), missed=False) == "A"
    assert rules.graded(of_terms, D("40"), D("74"), missed=False) == "B", "no metric was proven bad"
    assert rules.graded(of_terms, D("40"), D("74"), missed=True) == "C"
    assert rules.graded(of_terms, D("40"), D("76"), missed=True) == "B"


def test_weights_may_differ_by_category() -> None:
    own = {"dispute_rate_orders": "20", "dispatch_in_time": "80"}
    found = terms(weights={"fresh": own})
    assert [found.weight(one, "fresh") for one in found.items] == [D(20), D(80)]
    assert [found.weight(one, "books") for one in found.items] == [D(60), D(40)]


def _metric(**changes: Any) -> dict[str, Any]:
    found: list[dict[str, Any]] = kept()["metrics"]
    return {"metrics": [found[0] | changes, found[1]]}


@pytest.mark.parametrize(
    ("changes", "code", "said"),
    [
        ({"enough": "many"}, "no_terms", "enough"),
        ({"enogh": 3}, "no_terms", "enogh"),
        ({"z": 1.96}, "no_terms", "z"),
        ({"windows": [90, 30]}, "wrong_terms", "windows"),
        ({"lag": -1}, "no_terms", "lag"),
        ({"volume": "dispatch_in_time"}, "wrong_terms", "volume"),
        ({"ordinary": "F"}, "wrong_terms", "ordinary"),
        ({"weights": {"fresh": {"dispatch_in_time": "100"}}}, "wrong_terms", "fresh"),
        (_metric(weight="50"), "wrong_terms", "weights"),
        (_metric(metric="nothing"), "unknown_metric", "nothing"),
        (_metric(metric="handling_time"), "wrong_terms", "handling_time"),
        (_metric(metric="response_in_time"), "wrong_terms", "response_in_time"),
        (_metric(marks=[["0.02", "100"], ["0", "80"]]), "wrong_terms", "dispute_rate_orders"),
        (_metric(marks=[["0", "80"], ["0.02", "100"]]), "wrong_terms", "dispute_rate_orders"),
        (_metric(limit="0"), "wrong_terms", "dispute_rate_orders"),
    ],
)
def test_terms_that_nobody_could_follow_are_refused_with_their_place(
    changes: dict[str, Any], code: str, said: str
) -> None:
    with pytest.raises(DomainError) as refused:
        terms(**changes)
    assert refused.value.code == code
    assert said in str(refused.value)


def test_what_is_shipped_can_be_followed() -> None:
    for one in tomllib.loads(shipping.FILE.read_text("utf-8"))["formula"]:
        assert read(one["terms"], one["subject_kind"]).items


@pytest.mark.parametrize(
    ("score", "peers", "below"),
    [
        ("90", ["90"], 0), ("90", ["90", "80"], 100), ("80", ["80", "80", "80"], 0), ("80", ["80", "80", "70"], 50),
        ("90", ["90", "90", "80", "70"], 66), ("70", ["70", "70", "80"], 0),
    ],
)  # fmt: skip
def test_equal_scores_are_among_the_peers_and_not_below(score: str, peers: list[str], below: int) -> None:
    assert rules.percentile(D(score), [D(one) for one in peers]) == below
