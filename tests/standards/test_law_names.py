"""Legal grounds are named in the reader's language, or stay as the rule book has them."""

import re
import tomllib
from collections.abc import Iterator
from typing import Any

import pytest
from django.utils.translation import override

from aftersales.standards.lawnames import CHINESE, law_words
from aftersales.standards.shipping import FOLDER


def grounds(found: Any) -> Iterator[str]:
    if isinstance(found, dict):
        for name, value in found.items():
            if name == "legal_ref":
                yield value
            else:
                yield from grounds(value)
    elif isinstance(found, list):
        for one in found:
            yield from grounds(one)


SHIPPED = sorted(
    {one for path in FOLDER.glob("*.toml") for one in grounds(tomllib.loads(path.read_text("utf-8")))}
)


def test_every_shipped_ground_has_an_english_name_and_keeps_its_chinese_one() -> None:
    assert len(SHIPPED) > 20
    for ground in SHIPPED:
        with override("en"):
            assert not CHINESE.search(law_words(ground)), ground
            assert not re.search(r"[；、（）：]", law_words(ground)), ground
        with override("zh-hans"):
            assert law_words(ground) == ground


@pytest.mark.parametrize(
    ("ground", "english"),
    [
        (
            "消费者权益保护法第二十五条第一款；法释〔2022〕8 号第二条",
            "Consumer Protection Law art. 25(1); Judicial Interpretation [2022] No. 8 art. 2",
        ),
        ("七日无理由退货暂行办法第十四条至第十七条", "Seven-Day Return Measures art. 14–17"),
        ("食品安全法第一百四十八条", "Food Safety Law art. 148"),
        ("三包规定（修理期 30 日）", "State warranty rules (repair time 30 days)"),
        ("某地方条例第三条", "某地方条例第三条"),
        ("R4.1 · B1.R8", "R4.1 · B1.R8"),
    ],
)
def test_articles_are_counted_and_what_is_unknown_stays_whole(ground: str, english: str) -> None:
    with override("en"):
        assert law_words(ground) == english
