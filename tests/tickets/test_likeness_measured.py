"""How far word likeness tells an edited copy from another complaint: measured on real texts at the shipped threshold.

The same: a text and a copy of it as a person writes it a second time. Different: every two of the other texts, unless
one person wrote both. Found means what it means on intake: a band in common, and the likeness of the rule book.
"""

import random
import re
import tomllib
from collections import defaultdict
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

import openpyxl
import pytest

from aftersales import standards
from aftersales.tickets import sameness
from tests.flows.sheet_steps import sample

pytestmark = [pytest.mark.sample, pytest.mark.slow]
SHIPPED = Path(standards.__file__).parent / "shipped" / "parameters.toml"
SENTENCE = re.compile(r"[^。！？!?；;，,\n]+[。！？!?；;，,\n]*")
TEXTS = 1500
OPENED = "您好，我之前反映过一次，"
CLOSED = "请尽快处理，谢谢！"
Edit = Callable[[str, random.Random], str]


@dataclass(frozen=True)
class Text:
    author: str
    words: str


@dataclass(frozen=True)
class Measured:
    """Of ``same`` pairs ``right`` were found, and ``wrong`` of all other pairs."""

    same: int
    right: int
    wrong: int

    @property
    def precision(self) -> float:
        return self.right / (self.right + self.wrong)

    @property
    def recall(self) -> float:
        return self.right / self.same


def threshold() -> int:
    rows = tomllib.loads(SHIPPED.read_text(encoding="utf-8"))["parameter"]
    return int(next(row["value"] for row in rows if row["code"] == "duplicate_likeness_percent"))


def complaints() -> list[Text]:
    sheet = openpyxl.load_workbook(sample("zh-complaints", "complaints.xlsx"), read_only=True).worksheets[0]
    rows = list(sheet.iter_rows(min_row=2, values_only=True))
    return [Text(str(row[1]), f"{row[2]}\n{str(row[4]).strip()}") for row in rows if row[4]][:TEXTS]


def chats() -> list[Text]:
    """What one customer said in one chat, together: shop words, many of them the same for everybody."""
    said: dict[tuple[str, str], list[str]] = defaultdict(list)
    for line in sample("jddc-sample", "chat_0.1per.txt").read_text(encoding="utf-8").splitlines():
        row = line.split("\t")
        if row[2] == "0":
            said[row[0], row[1]].append(row[6])
    return [Text(user, "。".join(words)) for (_chat, user), words in said.items()][:TEXTS]


def lightly(text: str, dice: random.Random) -> str:
    """Sent a second time: the marks differ, words stand before and behind."""
    return OPENED + re.sub(r"[，,。]", " ", text) + CLOSED


def edited(text: str, dice: random.Random) -> str:
    """Written up again: every fifth part of a sentence left out, two neighbours exchanged."""
    parts = SENTENCE.findall(text)
    kept = [part for part in parts if dice.random() >= 0.2] or parts
    if len(kept) > 2:
        at = dice.randrange(len(kept) - 1)
        kept[at], kept[at + 1] = kept[at + 1], kept[at]
    return OPENED + "".join(kept)


def measure(texts: Sequence[Text], edit: Edit, alike: int) -> Measured:
    dice = random.Random(20261125)  # noqa: S311 - the same every time
    told = [(text, made) for text in texts if (made := sameness.sketch(text.words))]
    copies = [sameness.sketch(edit(text.words, dice)) for text, _made in told]
    shelf: dict[tuple[int, int], list[int]] = defaultdict(list)
    for number, (_text, made) in enumerate(told):
        for place, key in enumerate(sameness.bands(made)):
            shelf[place, key].append(number)
    right = wrong = 0
    for number, copy in enumerate(copies):
        near = {one for place, key in enumerate(sameness.bands(copy)) for one in shelf[place, key]}
        found = {one for one in near if sameness.likeness(told[one][1], copy) >= alike}
        right += number in found
        wrong += sum(told[one][0].author != told[number][0].author for one in found if one != number)
    return Measured(len(copies), right, wrong)


# Measured at 50 %: precision 0.963, 0.964, 0.991, 0.991; recall 1.000, 0.963, 0.972, 0.773.
@pytest.mark.parametrize(
    ("texts", "edit", "precision", "recall"),
    [
        (complaints, lightly, 0.95, 0.99),
        (complaints, edited, 0.95, 0.95),
        (chats, lightly, 0.98, 0.96),
        (chats, edited, 0.98, 0.75),
    ],
    ids=["complaints sent again", "complaints written again", "chats sent again", "chats written again"],
)
def test_at_the_shipped_threshold_copies_are_found_and_other_complaints_are_not(
    texts: Callable[[], list[Text]], edit: Edit, precision: float, recall: float
) -> None:
    found = measure(texts(), edit, threshold())
    assert found.same >= 900
    assert found.precision >= precision, found
    assert found.recall >= recall, found
