"""Promises in the words of a reply: which sentence binds us, and by when ("明天给您回电", "24小时内处理").

Only sentences that say *we do it* and *by then* count; a word too few costs a key, a word too many annoys.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, time, timedelta

from aftersales.standards.worktime import WorkingTime, end_of_working_day

NOON, EVENING, NIGHT = time(12), time(18), time(22)


@dataclass(frozen=True)
class Suggested:
    """A sentence that binds us and the time that it names."""

    what: str
    due_at: datetime


# Sentences end by a mark, or in chats by a blank between Chinese characters.
BLANK = re.compile(r"(?<=[\u4e00-\u9fff，])[ \u3000]+(?=[\u4e00-\u9fff])")
SENTENCES = re.compile(r"[^。！!？?；;\n~～]+[。！!？?；;~～]?")
# Who acts: our side by name, or a deed done *for you*.
OURS = re.compile(
    r"(我(?!国)|我们|咱们|这边|小妹|客服|专员|同事|工作人员|售后|"
    r"[会将](?=.{0,12}(您|亲|你))|[给帮为替](?=您|亲|你|顾客)|与您|和您|\b(i|we|somebody|our team)\b)",
    re.I,
)
DEED = re.compile(
    r"(回电|回访|来电|致电|电联|打电话|联系|回复|答复|反馈|回您|处理|解决|核实|查询|跟进|退款|退还|退回|返还|到账|"
    r"补发|寄出|发出|发货|安排|送达|派送|催|审核|上门|开具|补开|"
    r"\b(call|contact|reply|answer|refund|send|ship|resolve|handle|check|get back|let you know)\b)",
    re.I,
)
# Sentences of somebody else's duty, of what was, of what might be, and general rules: they bind nobody of us.
NOT_OURS = re.compile(
    r"(吗|呢[？?]?$|[？?]|可以在|请您?在|请在|需要您|麻烦您|您(需|要|先|可|自行)|建议您|如果|若您?|假如|的话|如您|"
    r"当前|已经|已为|已在|之前已|一般|通常|正常|预计|大概|可能|左右|超过|自动|支持|享受|无理由|时效|周期|最快|"
    r"提交的|申请时间|确认收货|订单完成|收到商品|到达|拒收|后续|不是|安装|审核.{0,4}后|商家|"
    r"\b(if|you can|please|usually|already|may|might)\b)",
    re.I,
)
NUMBER = r"(\d{1,3}|[一二两三四五六七八九十]|半)"
UNIT = r"(工作日|小时|分钟|天|日|h(?:ours?)?|minutes?|days?)"
SPAN = re.compile(rf"(?:{NUMBER}\s*[-–—~到至]\s*)?{NUMBER}\s*个?\s*{UNIT}\s*(?:之?内|以内)")
WITHIN = re.compile(r"\b(?:within|in)\s+(\d{1,3})\s+(working days?|hours?|minutes?|days?)\b", re.I)
CLOCK = re.compile(r"(上午|下午|晚上|中午)?\s*(\d{1,2})\s*(?:[:：]\s*([0-5]\d)|[点时](半)?)\s*(?:之?前|以前)")
BY = re.compile(r"\bby\s+(\d{1,2})(?::([0-5]\d))?\b", re.I)
DAYS = {"今天": 0, "今日": 0, "今晚": 0, "当天": 0, "明天": 1, "明日": 1, "明早": 1, "后天": 2}
DAYS |= {"today": 0, "tomorrow": 1}
DAY = re.compile("|".join(DAYS), re.I)
PART = {
    "上午": NOON,
    "早": NOON,
    "中午": NOON,
    "下午": EVENING,
    "晚": NIGHT,
    "morning": NOON,
    "evening": NIGHT,
}
UNITS = {
    "小时": "hours",
    "h": "hours",
    "分": "minutes",
    "m": "minutes",
    "天": "days",
    "日": "days",
    "d": "days",
}
DIGITS = {"半": 0.5, "两": 2, **{word: number for number, word in enumerate("一二三四五六七八九十", 1)}}


def suggest(text: str, now: datetime, workdays: WorkingTime) -> Suggested | None:
    """The last sentence of a reply that promises something by a time ahead; None when none does."""
    found = None
    for sentence in sentences(text):
        if OURS.search(sentence) and DEED.search(sentence) and not NOT_OURS.search(sentence):
            due = due_of(sentence, now, workdays)
            if due is not None and due > now:
                found = Suggested(sentence, due)
    return found


def sentences(text: str) -> Iterator[str]:
    """The sentences of a text, each on one line, without the marks at their ends."""
    for part in SENTENCES.findall(BLANK.sub("\n", text)):
        if said := " ".join(part.split()).strip(" 。！!；;~～，,.哦哈呢的"):
            yield said if not part.rstrip().endswith(("?", "？")) else f"{said}？"


def last_sentence(text: str, longest: int) -> str:
    """What a promise says when nobody wrote it a second time."""
    every = list(sentences(text))
    return every[-1].rstrip("？")[:longest] if every else ""


def due_of(sentence: str, now: datetime, workdays: WorkingTime) -> datetime | None:
    """The moment a sentence names: a span (its longer end), a day with or without its hour, an hour of today."""
    if found := SPAN.search(sentence):
        return _after(found[2], found[3], now, workdays)
    if found := WITHIN.search(sentence):
        return _after(found[1], found[2], now, workdays)
    if named := DAY.search(sentence):
        return _on(DAYS[named[0].lower()], _hour(sentence) or _part(sentence), now, workdays)
    at = _hour(sentence)
    return _on(0, at, now, workdays) if at else None


def _after(number: str, unit: str, now: datetime, workdays: WorkingTime) -> datetime | None:
    count = DIGITS.get(number) or float(number)
    if "工作日" in unit or "working" in unit.lower():
        return end_of_working_day(workdays, now, int(count))
    kind = next(name for word, name in UNITS.items() if unit.lower().startswith(word))
    if kind == "days":
        return _on(int(count), EVENING, now, workdays)
    return now + timedelta(**{kind: count})


def _hour(sentence: str) -> time | None:
    found = CLOCK.search(sentence) or BY.search(sentence)
    if found is None:
        return None
    afternoon = found.re is CLOCK and found[1] in ("下午", "晚上")
    hour = int(found[2] if found.re is CLOCK else found[1])
    if afternoon and hour < 12:
        hour += 12
    minute = (found[3] or (30 if found[4] else 0)) if found.re is CLOCK else (found[2] or 0)
    return time(hour, int(minute)) if hour < 24 else None


def _part(sentence: str) -> time:
    return next((at for word, at in PART.items() if word in sentence.lower()), EVENING)


def _on(days: int, at: time, now: datetime, workdays: WorkingTime) -> datetime:
    day = now.astimezone(workdays.tz).date() + timedelta(days=days)
    return workdays.instant(day, at.hour * 60 + at.minute)
