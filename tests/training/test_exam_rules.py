"""Blueprints, drawing and points: pure, so every rule stands in a table."""

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from aftersales.core.errors import DomainError
from training import examrules
from training.examrules import Drawable
from training.states import Partial

POOL = [Drawable(n, "refunds" if n % 2 else "returns", "single", 1 + n % 5) for n in range(1, 31)]


@pytest.mark.parametrize(
    ("kind", "key", "picked", "partial", "got"),
    [
        ("single", [2], [2], "none", "4"),
        ("single", [2], [1], "share", "0"),
        ("single", [2], [], "share", "0"),
        ("single", [2], None, "share", "0"),
        ("truth", [0], [0], "none", "4"),
        ("multiple", [0, 1], [1, 0], "none", "4"),
        ("multiple", [0, 1], [0], "none", "0"),
        ("multiple", [0, 1], [0], "subset", "2"),
        ("multiple", [0, 1], [0, 2], "subset", "0"),
        ("multiple", [0, 1], [0, 1, 2], "share", "2"),
        ("multiple", [0, 1, 2], [0], "share", "1.33"),
        ("multiple", [0, 1], [2, 3], "share", "0"),
        ("multiple", [0, 1], [0, 0, 0], "subset", "2"),
        ("order", [2, 0, 1], [2, 0, 1], "none", "4"),
        ("order", [2, 0, 1], [2, 1, 0], "none", "0"),
        ("order", [2, 0, 1], [2, 1, 0], "share", "1.33"),
        ("order", [2, 0, 1], [2, 0], "subset", "2.67"),
        ("order", [1], [1, 0], "subset", "0"),
    ],
)
def test_points_for_an_answer(kind, key, picked, partial, got) -> None:
    assert examrules.points_for(kind, key, picked, Decimal(4), partial) == Decimal(got)


@given(
    st.sampled_from(["single", "multiple", "truth", "order"]),
    st.lists(st.integers(0, 7), min_size=1, max_size=8, unique=True),
    st.lists(st.integers(0, 9), max_size=12),
    st.sampled_from(Partial.values),
)
def test_points_never_leave_their_bounds_and_only_the_right_answer_gives_all(
    kind, key, picked, partial
) -> None:
    got = examrules.points_for(kind, key, picked, Decimal(3), partial)
    assert 0 <= got <= 3
    given = list(dict.fromkeys(picked))
    right = given == key if kind == "order" else set(given) == set(key)
    assert (got == 3) == right


@pytest.mark.parametrize("seed", ["a", "b", "c"])
def test_a_seed_draws_the_same_paper_again_and_no_question_twice(seed) -> None:
    parts = examrules.parse("* | * | * | 10 | 1\nrefunds | single | 1-3 | 6 | 2")
    paper = examrules.draw(parts, POOL, seed)
    assert paper == examrules.draw(parts, list(reversed(POOL)), seed)
    assert len({pk for pk, _points in paper}) == len(paper) == 16
    assert sum(points for _pk, points in paper) == 22
    assert paper != examrules.draw(parts, POOL, f"{seed}x")


def test_what_a_part_lacks_is_counted_behind_those_that_choose_before_it() -> None:
    few = [examrules.Drawable(n, "refunds", "single" if n < 3 else "multiple", 2) for n in range(5)]
    parts = examrules.parse("refunds | * | * | 3 | 1\nrefunds | single | * | 3 | 1\nlaw | * | * | 2 | 1")
    short = [(part.topic, part.kind, left) for part, left in examrules.lacking(parts, few)]
    assert short == [("refunds", "*", 2), ("law", "*", 0)]
    assert not examrules.lacking(
        examrules.parse("refunds | * | * | 2 | 1\nrefunds | single | * | 3 | 1"), few
    )


@pytest.mark.parametrize(
    "line",
    ["", "refunds", "a | single | 1 | 0 | 1", "a | odd | 1 | 1 | 1", "a | * | 0 | 1 | 1", "a | * | 3-2 | 1 | 1",
     "a | * | * | x | 1", "a | * | * | 1 | NaN", "a | * | * | 1 | -1", " | * | * | 1 | 1", "a | * | * | 1 | Infinity",
     "a | * | * | 1 | 0.001", "a | * | * | 200 | 100"],
)  # fmt: skip
def test_a_blueprint_that_cannot_be_drawn_is_refused(line) -> None:
    with pytest.raises(DomainError) as refused:
        examrules.parse(line)
    assert refused.value.code == "blueprint"


def test_a_bank_that_is_too_small_says_how_many_are_missing() -> None:
    with pytest.raises(DomainError) as refused:
        examrules.draw(examrules.parse("refunds | * | * | 40 | 1"), POOL, "a")
    assert refused.value.code == "bank_too_small"
    assert "40" in str(refused.value)
    assert "15" in str(refused.value)


@pytest.mark.parametrize(
    ("kind", "options", "right", "model", "wrong"),
    [
        ("single", ["a", "b"], [0], "", ""),
        ("single", ["a", "b"], [0, 1], "", "right"),
        ("single", ["a"], [0], "", "options"),
        ("multiple", ["a", "a"], [0], "", "options"),
        ("multiple", ["a", "b"], [], "", "right"),
        ("multiple", ["a", "b"], [2], "", "right"),
        ("order", ["a", "b"], [1, 0], "", ""),
        ("order", ["a", "b"], [1], "", "right"),
        ("short", [], [], " ", "model_answer"),
        ("short", [], [], "x", ""),
        ("short", [], [99998], "x", "right"),
        ("single", ["a", "b" * 401], [0], "", "long_option"),
    ],
)
def test_a_question_that_cannot_be_marked_is_refused(kind, options, right, model, wrong) -> None:
    assert examrules.sound_question(kind, options, right, model) == wrong
