"""Legal grounds as the reader calls them. The rule book cites Chinese law by its Chinese titles; here they are named in
English, with their articles, for who reads English."""

from __future__ import annotations

import re
from collections.abc import Mapping

from django.utils.translation import get_language

LAWS: Mapping[str, str] = {
    "消费者权益保护法实施条例": "Regulation on the Consumer Protection Law",
    "消费者权益保护法": "Consumer Protection Law",
    "电子商务法": "E-commerce Law",
    "食品安全法": "Food Safety Law",
    "七日无理由退货暂行办法": "Seven-Day Return Measures",
    "七日无理由退货办法": "Seven-Day Return Measures",
    "处罚办法": "Penalty Measures",
    "法释": "Judicial Interpretation",
    "三包目录": "Warranty catalogue",
    "三包规定": "State warranty rules",
}
PHRASES: Mapping[str, str] = {
    "平台公示": "published by the platform",
    "二手来源，正式文本待核": "second-hand; official text to be checked",
    "修理期": "repair time",
    "售出之日起七日内性能故障": "fails within 7 days of sale",
    "售出之日起十五日内性能故障": "fails within 15 days of sale",
    "修理者原因超过三十日、待件超过九十日": "over 30 days by the repairer's fault, over 90 for parts",
    "修理后正常使用三十日": "30 days of normal use after a repair",
    "修理两次仍不能正常使用": "still unusable after two repairs",
}
SIGNS: Mapping[str, str] = {
    "；": "; ",
    "、": ", ",
    "：": ": ",
    "（": " (",
    "）": ")",
    "〔": " [",
    "〕": "] No. ",
}
DIGITS = "〇一二三四五六七八九"
ARTICLES = re.compile(
    r"第([一二三四五六七八九十百]+)条(?:第([一二三四五六七八九十]+)款)?(?:至第([一二三四五六七八九十百]+)条)?"
)
CHINESE = re.compile("[\u4e00-\u9fff]")


def law_words(ground: str) -> str:
    """A legal ground in the reader's language; what cannot be named whole stays as the rule book has it."""
    if not (get_language() or "").startswith("en") or not CHINESE.search(ground):
        return ground
    words = ARTICLES.sub(_article, ground)
    for said, named in sorted({**LAWS, **PHRASES}.items(), key=lambda one: -len(one[0])):
        words = words.replace(said, named)
    words = re.sub(r"(\d+) 号", r"\1", re.sub(r"(\d+) 日", r"\1 days", words))
    for sign, mark in SIGNS.items():
        words = words.replace(sign, mark)
    words = re.sub(r"  +", " ", words).replace("( ", "(").strip()
    return ground if CHINESE.search(words) else words


def _article(found: re.Match[str]) -> str:
    first, paragraph, last = found.groups()
    words = f" art. {number(first)}"
    if paragraph:
        words += f"({number(paragraph)})"
    return f"{words}–{number(last)}" if last else words


def number(said: str) -> int:
    """A Chinese numeral below a thousand."""
    hundreds, _mark, rest = said.rpartition("百")
    tens, ten, ones = rest.rpartition("十")
    value = 100 * (DIGITS.index(hundreds) if hundreds else 0)
    value += 10 * (DIGITS.index(tens) if tens else 1 if ten else 0)
    return value + (DIGITS.index(ones) if ones else 0)
