"""Invented people complain about what they bought: no crab runs out of battery, no strawberry is installed."""

import pytest

from aftersales.desk.demo import problems, words

NOUNS = {noun: kind.code for kind in words.KINDS for noun, _styles in kind.goods}


@pytest.mark.parametrize("noun", sorted(NOUNS))
def test_something_can_happen_to_each_thing_beyond_delivery_and_payment(noun: str) -> None:
    about = [one for one in problems.PROBLEMS if one.goods and one.fits(noun)]
    assert about or NOUNS[noun] in {"digital", "pet", "clothing", "sport", "home", "media"}, noun


def test_each_problem_names_things_that_are_sold() -> None:
    for problem in problems.PROBLEMS:
        for word in problem.goods:
            assert any(word in noun for noun in NOUNS), word


@pytest.mark.parametrize("category", ["fresh", "grocery"])
def test_food_is_neither_charged_nor_repaired_nor_installed(category: str) -> None:
    for noun in (noun for noun, code in NOUNS.items() if code == category):
        for problem in (one for one in problems.PROBLEMS if one.fits(noun)):
            said = f"{problem.subject}{problem.text}{problem.solved}"
            assert not any(word in said for word in ("充电", "通电", "维修", "安装", "机洗")), said


def test_each_style_is_one_of_its_thing() -> None:
    for kind in words.KINDS:
        for noun, styles in kind.goods:
            assert len(set(styles.split("、"))) == len(styles.split("、")), noun
