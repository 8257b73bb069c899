"""Who the customer is never decides what the law gives him (security: statutory eligibility gets no customer score)."""

import ast
import re
from dataclasses import fields

import pytest

from aftersales.standards.returns import facts
from tests.architecture.source import Source, product

PERSONAL = re.compile(
    r"customer_?class|score|credit|complain|complaint|vip|special|loyal|risk|blacklist|grade|history"
)
PURE = ("facts", "rule", "windows", "fitting", "exceptions", "eligibility", "answers", "sentences", "states")
FORBIDDEN_ROOMS = re.compile(
    r"aftersales\.(customers|tickets|quality|scorecards|cases|clocks|notices)|accounts|training"
)


def of_returns() -> list[Source]:
    return [one for one in product() if one.name.startswith("aftersales/standards/returns/")]


def builders() -> list[Source]:
    """Whatever builds the facts: it names the dataclass."""
    return [one for one in product() if re.search(r"\bLineFacts\(", one.text) and one not in of_returns()]


def imported(source: Source) -> set[str]:
    found: set[str] = set()
    for node in source.nodes:
        if isinstance(node, ast.ImportFrom):
            found |= {f"{node.module or ''}.{alias.name}" for alias in node.names}
        elif isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
    return found


@pytest.mark.parametrize(
    "told",
    [facts.LineFacts, facts.ParcelFacts, facts.RepairFacts, facts.PromiseFacts, facts.Moment, facts.Place],
)
def test_the_facts_have_no_field_about_the_person(told: type) -> None:
    assert [one.name for one in fields(told) if PERSONAL.search(one.name)] == []


def test_judging_and_building_the_facts_import_nothing_about_the_person() -> None:
    assert of_returns()
    wrong = [
        f"{source.name}: {name}"
        for source in (*of_returns(), *builders())
        for name in imported(source)
        if (FORBIDDEN_ROOMS.match(name) and source in of_returns())
        or PERSONAL.search(name.rsplit(".", 1)[-1].lower())
    ]
    assert wrong == []


def test_judging_and_building_the_facts_read_no_column_about_the_person() -> None:
    wrong = [
        source.at(node)
        for source in (*of_returns(), *builders())
        for node in source.nodes
        if isinstance(node, ast.Attribute) and PERSONAL.search(node.attr.lower())
    ]
    assert wrong == []


def test_judging_asks_no_database_and_no_clock() -> None:
    files = [one for one in of_returns() if one.path.stem in PURE]
    assert len(files) == len(PURE)
    for source in files:
        assert not any("django.db" in name and source.path.stem != "states" for name in imported(source)), (
            source.name
        )
        assert not any(".models" in name and source.path.stem != "states" for name in imported(source)), (
            source.name
        )
        assert "timezone.now" not in source.text, source.name
