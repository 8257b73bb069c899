"""The times that people name when they promise something ("今晚8点前", "下周三", "by 5 pm tomorrow").

A sentence is read in marks (a span, a day, a part of the day, an hour); marks that belong together make one moment.
An hour without a part of the day is read as the desk keeps its hours: "5点前" is the afternoon's.
"""

import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime, time, timedelta
from functools import partial

from aftersales.standards.worktime import WorkingTime, end_of_working_day

NOON, EVENING, NIGHT, DAWN = time(12), time(18), time(22), time(6)
DESK_OPENS = 8  # an hour below it, said without a part of the day, is the afternoon's
HALF_A_YEAR = timedelta(days=183)  # a date further back is meant of the year to come
DAY_MINUTES = 24 * 60
LONGEST = 500  # characters of a sentence that are read; nobody promises in more

DIGITS = {word: number for number, word in enumerate("零一二三四五六七八九")} | {"两": 2, "〇": 0}
COUNTED = ("one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten", "eleven", "twelve")
ENGLISH = {word: number + 1 for number, word in enumerate(COUNTED)} | {
    "a": 1,
    "an": 1,
    "the": 1,
    "half": 0.5,
    "a couple of": 2,
}
NUMBER = r"(?:\d{1,3}(?:\.\d)?|[一二两三四五六七八九]?十[一二三四五六七八九]?|[一二两三四五六七八九半])"
WORD = "|".join(sorted(ENGLISH, key=len, reverse=True))

SPAN = re.compile(
    rf"(?<![\d月.])(?:{NUMBER}\s*[-–—~到至]?\s*)??(?P<count>{NUMBER})\s*(?:个)?(?P<half>半)?\s*(?:个)?"
    r"(?P<unit>工作日|小时|钟头|分钟|星期|礼拜|天|日|周|h(?:ours?)?|minutes?|days?)"
    r"\s*(?:之?内|以内|[之以]?后(?!天))"
)
LATEST = re.compile(
    rf"(?:最晚|最迟|最多|不超过)\s*(?P<count>{NUMBER})\s*个?(?P<half>半)?(?P<unit>工作日|小时|分钟|天)"
)
WITHIN = re.compile(
    rf"\b(?:within|in)\s+(?:the\s+)?(?:next\s+)?(?:\d{{1,3}}\s*(?:-|to)\s*)?(?P<count>half|\d{{1,3}}|{WORD})\s+"
    r"(?:an?\s+)?(?P<unit>(?:working|business)\s+days?|hours?|minutes?|days?|weeks?)\b",
    re.I,
)
NAMED_DAYS = {
    "大后天": 3,
    "the day after tomorrow": 2,
    "day after tomorrow": 2,
    "后天": 2,
    "后日": 2,
    "tomorrow": 1,
}
NAMED_DAYS |= {"今天": 0, "今日": 0, "今儿": 0, "当天": 0, "today": 0, "明天": 1, "明日": 1, "明儿": 1}
NAMED = re.compile("|".join(sorted(NAMED_DAYS, key=len, reverse=True)), re.I)
# "今晚", "明早": the day and its part in one word.
SHORT = re.compile(r"(?P<day>[今明])(?P<part>[晚早])|\b(?P<tonight>tonight)\b", re.I)
WEEK = re.compile(r"(?<!每)(?P<which>下下|下|本|这|上)?\s*个?\s*(?:周|星期|礼拜)(?P<day>[一二三四五六日天])")
WEEKDAYS = ["monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday"]
WEEK_EN = re.compile(rf"\b(?P<which>next|this)?\s*(?P<day>{'|'.join(WEEKDAYS)})\b", re.I)
WEEK_END = re.compile(
    r"(?P<which>下下|下|本|这)\s*个?\s*(?:周|星期|礼拜)末?[之以]?内?|(?<!每)(?P<bare>周末)|"
    r"\b(?:the\s+)?end\s+of\s+(?:the|this)\s+week\b|\b(?P<next>next)\s+week\b|\bthis\s+week\b",
    re.I,
)
MONTH_END = re.compile(r"月底|\bend\s+of\s+(?:the|this)\s+month\b", re.I)
DATE = re.compile(
    r"(?:(?P<year>20\d\d)\s*[年./-]\s*)?(?<!\d)(?P<month>1[0-2]|0?[1-9])\s*"
    r"(?:月\s*(?P<day>[12]\d|3[01]|0?[1-9])\s*[日号]?(?!\d)|[-/](?P<plain>[12]\d|3[01]|0?[1-9])(?![\d年月日天小个点时元折-]))"
)
NUMBERED = re.compile(
    r"(?<![\d月])(?P<day>[12]\d|3[01]|0?[1-9])号(?=\s*(?:[之以]?前|上午|下午|中午|晚|早|\d|[给会将回我]|[，,。]|$))"
)
MONTHS = ["jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec"]
_MONTH = (
    r"(?:jan(?:uary)?|feb(?:ruary)?|mar(?:ch)?|apr(?:il)?|may|june?|july?|aug(?:ust)?|sept?(?:ember)?|"
    r"oct(?:ober)?|nov(?:ember)?|dec(?:ember)?)\.?"
)
DATE_EN = re.compile(
    rf"\b(?:(?P<month>{_MONTH})\s+(?P<day>\d{{1,2}})(?:st|nd|rd|th)?|"
    rf"(?P<first>\d{{1,2}})(?:st|nd|rd|th)?\s+(?:of\s+)?(?P<second>{_MONTH}))(?![\d:])\b",
    re.I,
)
PARTS = {
    "dawn": ("凌晨", "清晨"),
    "morning": ("大清早", "一大早", "早上", "早晨", "上午", "清早", "一早", "morning"),
    "noon": ("中午", "正午", "午前", "noon"),
    "afternoon": ("下午", "午后", "傍晚", "下班前", "下班之前", "下班以前", "afternoon"),
    "night": ("晚上", "晚间", "夜里", "夜间", "evening", "night"),
}
PARTS["afternoon"] += ("end of the day", "end of day", "close of business")
PART_OF = {word: name for name, words in PARTS.items() for word in words} | {
    "eod": "afternoon",
    "cob": "afternoon",
}
# "下午好" greets and names no time.
PART = re.compile(
    "|".join(
        rf"(?<!good )\b{word}\b" if word.isascii() else f"{word}(?!好)"
        for word in sorted(PART_OF, key=len, reverse=True)
    ),
    re.I,
)
ENDS = {"dawn": DAWN, "morning": NOON, "noon": NOON, "afternoon": EVENING, "night": NIGHT}
CLOCK = re.compile(
    r"(?<![\d.])(?:(?:\d{1,2})\s*[-–—~到至]\s*)?(?P<hour>\d{1,2})\s*"
    r"(?:[:：]\s*(?P<minute>[0-5]\d)(?![\d:：])\s*(?P<ap>[ap]\.?m\b\.?)?|"
    r"(?:点钟?|时(?![间候效长段]))\s*(?P<tail>半|[一1]刻|[三3]刻|[0-5]?\d(?=\s*(?:分|[之以]?前))|整)?)",
    re.I,
)
CLOCK_ZH = re.compile(
    r"(?P<hour>十[一二]?|[一二两三四五六七八九])点钟?\s*"
    r"(?P<tail>半|[一三]刻|[二三四五]?十[一二三四五六七八九]?(?=分|[之以]?前)|整)?(?P<sure>分?\s*(?:[之以]?前|左右))?"
)
CLOCK_EN = re.compile(
    r"(?<![\d.:])(?P<hour>\d{1,2})(?::(?P<minute>[0-5]\d))?\s*(?:(?P<ap>[ap]\.?m\b\.?)|o['’]?clock\b)|"
    r"\b(?:by|before|at|until)\s+(?P<bare>\d{1,2})\b(?!\s*(?::|%|-|[年月日号点时元个天小件]|working|business|hour|minute|day|week|o'))",
    re.I,
)
RANGE = re.compile(r"^\s*(?:[-–—~到至]|to|and)\s*$", re.I)
FOLLOWS = re.compile(r"^\s*(?:on|in the|this|at|,)?\s*$", re.I)


@dataclass(frozen=True)
class Clock:
    """An hour as it was said: ``exact`` when it needs no part of the day to be understood."""

    hour: int
    minute: int
    half: str = ""  # "a" or "p", when am or pm was said
    exact: bool = False


@dataclass(frozen=True)
class Mark:
    """One word of time in a sentence."""

    start: int
    end: int
    span: datetime | None = None
    day: date | None = None
    part: str = ""
    clock: Clock | None = None


@dataclass(frozen=True)
class Named:
    """What belongs to one moment: a day, a part of it, an hour; the last place where it was said."""

    end: int = 0
    day: date | None = None
    part: str = ""
    clock: Clock | None = None


def last_named(sentence: str, now: datetime, workdays: WorkingTime) -> datetime | None:
    """The last moment ahead that a sentence names; None when it names none."""
    ahead = [at for at in moments(sentence[-LONGEST:], now, workdays) if at > now]
    return ahead[-1] if ahead else None


def moments(sentence: str, now: datetime, workdays: WorkingTime) -> Iterator[datetime]:
    """Every moment that a sentence names, in its order."""
    named: Named | None = None
    for mark in _marks(sentence, now, workdays):
        if mark.span is not None:
            yield mark.span
            continue
        joined = _joined(named, mark, sentence[named.end : mark.start] if named else "")
        if named is not None and joined is None:
            yield _moment(named, now, workdays)
        named = joined or _begun(named, mark)
    if named is not None:
        yield _moment(named, now, workdays)


def _joined(named: Named | None, mark: Mark, between: str) -> Named | None:
    """The same moment with one more word; None when the word begins another."""
    if named is None:
        return None
    if mark.day is not None:
        free = named.day is None and FOLLOWS.match(between)
        return replace(named, end=mark.end, day=mark.day, part=mark.part or named.part) if free else None
    if mark.clock is not None:
        if named.clock is not None and not RANGE.match(between):
            return None
        return replace(named, end=mark.end, clock=mark.clock)
    if named.clock is not None:
        return replace(named, end=mark.end, part=mark.part) if FOLLOWS.match(between) else None
    return replace(named, end=mark.end, part=mark.part) if not named.part else None


def _begun(named: Named | None, mark: Mark) -> Named:
    """Another moment; an hour or a part alone is one of the day named before."""
    day = mark.day if mark.day is not None else named.day if named else None
    return Named(mark.end, day, mark.part, mark.clock)


def _moment(named: Named, now: datetime, workdays: WorkingTime) -> datetime:
    today = workdays.local_day(now)
    day = named.day or today
    if named.clock is None:
        at = ENDS[named.part] if named.part else EVENING
        return _instant(day, at.hour * 60 + at.minute, workdays)
    hour = _hour(named.clock, named.part)
    found = _instant(day, hour * 60 + named.clock.minute, workdays)
    said = named.part or named.clock.half or named.clock.exact
    if day == today and found <= now and not said and hour < 12:
        return _instant(day, (hour + 12) * 60 + named.clock.minute, workdays)
    return found


def _hour(clock: Clock, part: str) -> int:
    """The hour of 24 (more: of the next day)."""
    hour = clock.hour
    if clock.half:
        return hour % 12 + (12 if clock.half == "p" else 0)
    if hour > 12 or clock.exact and not part:
        return hour
    if part == "night":
        return 24 + hour % 12 if hour == 12 or hour < 5 else hour + 12
    if part == "afternoon" or (part == "noon" and hour < 4) or (not part and hour < DESK_OPENS):
        return hour + 12 if hour < 12 else hour
    return hour


def _instant(day: date, minute: int, workdays: WorkingTime) -> datetime:
    return workdays.instant(day + timedelta(days=minute // DAY_MINUTES), minute % DAY_MINUTES)


def _marks(sentence: str, now: datetime, workdays: WorkingTime) -> list[Mark]:
    """The words of time in their order; what one word has taken no other one reads again."""
    today, taken = workdays.local_day(now), [False] * len(sentence)
    found: list[Mark] = []
    readers: list[tuple[re.Pattern[str], Callable[[re.Match[str]], Mark | None]]] = [
        *((pattern, partial(_span, now=now, workdays=workdays)) for pattern in (SPAN, LATEST, WITHIN)),
        *((pattern, partial(read, today=today, workdays=workdays)) for pattern, read in DAYS),
        (PART, _part),
        *((pattern, _clock) for pattern in (CLOCK_EN, CLOCK, CLOCK_ZH)),
    ]
    for pattern, read in readers:
        for match in _free(pattern, sentence, taken):
            if (mark := read(match)) is not None:
                found.append(mark)
                taken[match.start() : match.end()] = [True] * (match.end() - match.start())
    return sorted((one for one in found if _is_sure(one, found, sentence)), key=lambda one: one.start)


def _free(pattern: re.Pattern[str], sentence: str, taken: Sequence[bool]) -> Iterator[re.Match[str]]:
    """The matches that no other word has taken; after a taken one it is looked on from its second character."""
    match = pattern.search(sentence)
    while match:
        used = any(taken[match.start() : match.end()])
        if not used:
            yield match
        match = pattern.search(sentence, match.start() + 1 if used else match.end())


def _is_sure(mark: Mark, found: list[Mark], sentence: str) -> bool:
    """Whether "两点" is an hour: a day or a part stands before it, or a word after it says so ("三点建议" is none)."""
    said = CLOCK_ZH.match(sentence, mark.start) if mark.clock else None
    if said is None or said["sure"] or said["tail"] or "点钟" in said[0]:
        return True
    before = [one for one in found if one.end <= mark.start and (one.day or one.part or one.clock)]
    return any(not sentence[one.end : mark.start].strip(" 的在大概约到至-~—") for one in before)


def _span(match: re.Match[str], now: datetime, workdays: WorkingTime) -> Mark | None:
    count = _number(match["count"]) + (0.5 if match.groupdict().get("half") else 0)
    unit, at = match["unit"].lower(), None
    if "工作日" in unit or "ing" in unit or "business" in unit:
        at = end_of_working_day(workdays, now, int(count))
    elif unit.startswith(("小时", "钟头", "h")):
        at = now + timedelta(hours=count)
    elif unit.startswith(("分", "m")):
        at = now + timedelta(minutes=count)
    else:
        days = int(count * 7) if unit.startswith(("周", "星期", "礼拜", "w")) else int(count)
        at = _instant(workdays.local_day(now) + timedelta(days=days), EVENING.hour * 60, workdays)
    return Mark(*match.span(), span=at)


def _number(word: str) -> float:
    word = word.lower()
    if word in ENGLISH:
        return ENGLISH[word]
    if word == "半":
        return 0.5
    if "十" in word:
        tens, ones = word.split("十")
        return (DIGITS[tens] if tens else 1) * 10 + (DIGITS[ones] if ones else 0)
    return DIGITS[word] if word in DIGITS else float(word)


def _part(match: re.Match[str]) -> Mark:
    return Mark(*match.span(), part=PART_OF[match[0].lower()])


def _named_day(match: re.Match[str], today: date, workdays: WorkingTime) -> Mark:
    return Mark(*match.span(), day=today + timedelta(days=NAMED_DAYS[match[0].lower()]))


def _short_day(match: re.Match[str], today: date, workdays: WorkingTime) -> Mark:
    days = 1 if match["day"] == "明" else 0
    part = "morning" if match["part"] == "早" else "night"
    return Mark(*match.span(), day=today + timedelta(days=days), part=part)


WEEKS = {"下下": 2, "下": 1, "next": 1, "上": -1, "本": 0, "这": 0, "this": 0}


def _weekday(match: re.Match[str], today: date, workdays: WorkingTime) -> Mark:
    """A day of this week or another; without a word it is the next one to come."""
    name, which = match["day"].lower(), (match["which"] or "").lower()
    number = WEEKDAYS.index(name) if name in WEEKDAYS else "一二三四五六日".index(name.replace("天", "日"))
    if which:
        return Mark(*match.span(), day=_monday(today) + timedelta(days=number + 7 * WEEKS[which]))
    return Mark(*match.span(), day=today + timedelta(days=(number - today.weekday()) % 7))


def _week_end(match: re.Match[str], today: date, workdays: WorkingTime) -> Mark:
    """The last working day of a week, "周末" its Sunday."""
    weeks = WEEKS[match["which"]] if match["which"] else int(bool(match["next"]))
    monday = _monday(today) + timedelta(weeks=weeks)
    if "周末" in match[0]:
        return Mark(*match.span(), day=monday + timedelta(days=6))
    week = [monday + timedelta(days=number) for number in range(7)]
    return Mark(
        *match.span(), day=next((day for day in reversed(week) if workdays.is_open_day(day)), week[4])
    )


def _monday(day: date) -> date:
    return day - timedelta(days=day.weekday())


def _month_end(match: re.Match[str], today: date, workdays: WorkingTime) -> Mark:
    return Mark(
        *match.span(), day=(today.replace(day=28) + timedelta(days=4)).replace(day=1) - timedelta(days=1)
    )


def _dated(match: re.Match[str], today: date, workdays: WorkingTime) -> Mark | None:
    day = _date(int(match["month"]), int(match["day"] or match["plain"]), today, match["year"])
    return Mark(*match.span(), day=day) if day else None


def _dated_en(match: re.Match[str], today: date, workdays: WorkingTime) -> Mark | None:
    month = MONTHS.index((match["month"] or match["second"])[:3].lower()) + 1
    day = _date(month, int(match["day"] or match["first"]), today)
    return Mark(*match.span(), day=day) if day else None


def _numbered(match: re.Match[str], today: date, workdays: WorkingTime) -> Mark | None:
    """ "3号": of this month, or of the next when it is over."""
    number, month = int(match["day"]), today.month
    if number < today.day:
        month = month % 12 + 1
    day = _date(month, number, today)
    return Mark(*match.span(), day=day) if day else None


def _date(month: int, number: int, today: date, year: str | None = None) -> date | None:
    try:
        found = date(int(year) if year else today.year, month, number)
        return found if year or today - found < HALF_A_YEAR else found.replace(year=today.year + 1)
    except ValueError:
        return None


def _clock(match: re.Match[str]) -> Mark | None:
    said = match.groupdict()
    word = said["hour"] or said["bare"]
    hour, minute = int(_number(word)), _minutes(said)
    if hour > 24 or minute > 59:
        return None
    exact = bool(said.get("minute")) and len(word) == 2 and word.startswith("0")
    return Mark(*match.span(), clock=Clock(hour, minute, (said.get("ap") or "")[:1].lower(), exact))


def _minutes(said: dict[str, str]) -> int:
    tail = said.get("tail") or ""
    if tail.endswith("刻"):
        return 45 if tail[0] in "三3" else 15
    if tail in ("", "整"):
        return int(said.get("minute") or 0)
    return 30 if tail == "半" else int(_number(tail))


DAYS: tuple[tuple[re.Pattern[str], Callable[..., Mark | None]], ...] = (
    (SHORT, _short_day), (NAMED, _named_day), (WEEK, _weekday), (WEEK_EN, _weekday), (WEEK_END, _week_end),
    (DATE_EN, _dated_en), (DATE, _dated), (NUMBERED, _numbered), (MONTH_END, _month_end),
)  # fmt: skip
