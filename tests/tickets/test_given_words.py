"""Which sentences of a reply bind us, and by when. Monday 2026-11-23, 10:00 in Shanghai."""

import os
from datetime import datetime
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from aftersales.standards.worktime import WorkingTime
from aftersales.tickets import given_words

DAYS = ((9 * 60, 18 * 60),)
WORKDAYS = WorkingTime(zone="Asia/Shanghai", weekly=(DAYS,) * 5 + ((), ()))
SAID = [
    ("明天给您回电", "11-24 18:00"),
    ("专员明天上午会联系您", "11-24 12:00"),
    ("我们会在24小时内给您答复", "11-24 10:00"),
    ("这边两小时内帮您核实好", "11-23 12:00"),
    ("我今天下午4点前给您打电话", "11-23 16:00"),
    ("24-48小时内会有专员联系您", "11-25 10:00"),
    ("我们3个工作日内给您退款", "11-26 18:00"),
    ("您好。今晚给您回复。祝您生活愉快", "11-23 22:00"),
    ("We will call you within 2 hours", "11-23 12:00"),
    ("I will send it tomorrow", "11-24 18:00"),
]
UNSAID = [
    "请您24小时内确认收货", "您可以在7天内申请退货", "一般3天内到账", "快递明天到吗？", "我们尽快处理",
    "如果24小时内没有回复，请联系我们", "已经为您处理了", "您什么时候方便？我明天给您回电可以吗", "感谢您的来电", "",
    "我昨天联系过您", "我们支持7天内无理由退货", "今天16:00前您可以联系我们吗",
]  # fmt: skip


@pytest.mark.parametrize(("text", "due"), SAID, ids=[text for text, _due in SAID])
def test_a_promise_is_recognised_with_its_time(text: str, due: str, now: datetime) -> None:
    found = given_words.suggest(text, now, WORKDAYS)
    assert found is not None
    assert found.due_at.astimezone(ZoneInfo("Asia/Shanghai")).strftime("%m-%d %H:%M") == due


@pytest.mark.parametrize("text", UNSAID)
def test_what_binds_nobody_of_us_is_left_alone(text: str, now: datetime) -> None:
    assert given_words.suggest(text, now, WORKDAYS) is None


def test_a_time_that_is_over_promises_nothing(now: datetime) -> None:
    assert given_words.suggest("我们今天上午9点前给您回电", now, WORKDAYS) is None


def test_a_very_long_text_is_read_in_a_moment(now: datetime) -> None:
    assert given_words.suggest("我们" * 9999 + "1" * 2, now, WORKDAYS) is None


# Read by eye: of the sentences found in the real chats (masked numbers read as 24), these bind nobody.
WRONG = ("订单确认收", "储蓄卡", "是否需要", "可以送的")


@pytest.mark.slow
def test_of_what_is_found_in_real_chats_eight_of_ten_are_promises(now: datetime) -> None:
    path = Path(os.environ.get("AFTERSALES_SAMPLE_DATA", "/")) / "jddc-sample" / "chat_0.1per.txt"
    if not path.is_file():
        pytest.skip(f"AFTERSALES_SAMPLE_DATA holds no {path.name}: precision was not measured")
    rows = [line.split("\t") for line in path.read_text(encoding="utf-8").splitlines()]
    said = [row[6].replace("[数字x]", "24").replace("[时间x]", "16:00") for row in rows if row[2] == "1"]
    found = [one.what for text in said if (one := given_words.suggest(text, now, WORKDAYS))]
    right = [what for what in found if not any(words in what for words in WRONG)]
    assert len(found) >= 30
    assert len(right) / len(found) >= 0.8
