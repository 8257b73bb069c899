"""Both READMEs tell the same: commands, variables, paths, addresses and pictures stand in each of them."""

import re
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
ENGLISH, CHINESE = ((ROOT / name).read_text(encoding="utf-8") for name in ("README.md", "README.zh-CN.md"))


def commands(text: str) -> list[str]:
    """Indented lines without what is said about them: behind a # or three blanks and more."""
    lines = [line.strip() for line in text.splitlines() if line.startswith("    ")]
    return [re.split(r"\s+#|\s{3,}", line)[0].strip() for line in lines]


def code(text: str) -> set[str]:
    return set(re.findall(r"`([^`\n]+)`", text))


def links(text: str) -> set[str]:
    return set(re.findall(r"\]\(([^)]+)\)", text)) - {"README.md", "README.zh-CN.md"}


@pytest.mark.parametrize("part", [commands, code, links])
def test_both_name_the_same(part: object) -> None:
    assert callable(part)
    assert part(ENGLISH) == part(CHINESE)
    assert len(part(ENGLISH)) > 1


def test_both_have_the_same_chapters_and_rows() -> None:
    for start in ("## ", "| "):
        counts = [sum(line.startswith(start) for line in text.splitlines()) for text in (ENGLISH, CHINESE)]
        assert counts[0] == counts[1] > 1


def test_each_leads_to_the_other() -> None:
    assert "(README.zh-CN.md)" in ENGLISH
    assert "(README.md)" in CHINESE


def test_every_variable_that_is_named_is_read_somewhere() -> None:
    sources = "".join(path.read_text(encoding="utf-8") for path in (ROOT / "aftersales").rglob("*.py"))
    named = {word for one in code(CHINESE) for word in re.findall(r"\b[A-Z]{2,}(?:_[A-Z]+)+\b", one)}
    assert {word for word in named if word not in sources} == set()
