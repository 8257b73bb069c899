"""The set of a minute names files that exist, and its marker falls on what it should."""

import pytest

from tests import quick


def test_every_named_file_exists() -> None:
    assert [name for name in sorted(quick.FILES) if not (quick.TESTS / name).is_file()] == []


@pytest.mark.django_db
def test_a_test_with_the_database_is_left_out_unless_its_file_is_named(
    request: pytest.FixtureRequest,
) -> None:
    assert not quick.is_quick(request.node)
    named = request.node.from_parent(request.node.parent, name="other", callobj=lambda: None)
    assert quick.is_quick(named), "without a database it is in"


def test_a_file_that_uses_the_database_as_a_whole_need_not_be_read() -> None:
    assert quick.holds_none(quick.TESTS / "portal/test_strangers.py")
    assert not quick.holds_none(quick.TESTS / "core/test_moves.py"), "it is named"
    assert not quick.holds_none(quick.TESTS / "core/test_money.py"), "it needs none"


def test_files_with_long_tests_come_first_and_of_them_those_without_a_database(
    request: pytest.FixtureRequest,
) -> None:
    """Whatever else orders the tests: the last of a run are short ones."""
    items = request.session.items
    long = {item.path for item in items if quick.is_long(item)}
    stored = {item.path for item in items if quick.uses_database(item)}
    ranks = [(item.path not in long) * 2 + (item.path in long & stored) for item in items]
    assert ranks == sorted(ranks)
