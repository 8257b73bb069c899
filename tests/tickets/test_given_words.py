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
    ("我今晚8点前给您答复", "11-23 20:00"),
    ("明早9点我给您打电话", "11-24 09:00"),
    ("仓库明天下午5点前给您发新杯子", "11-24 17:00"),
    ("We will call you tomorrow by 5 pm", "11-24 17:00"),
]
UNSAID = [
    "请您24小时内确认收货", "您可以在7天内申请退货", "一般3天内到账", "快递明天到吗？", "我们尽快处理",
    "如果24小时内没有回复，请联系我们", "已经为您处理了", "您什么时候方便？我明天给您回电可以吗", "感谢您的来电", "",
    "我昨天联系过您", "我们支持7天内无理由退货", "今天16:00前您可以联系我们吗",
]  # fmt: skip
# What people write and then call a promise; who acts and how is not asked any more, the time must be the one they said.
CALLED = [
    ("今晚8点前给您答复", "11-23 20:00"),
    ("明早9点", "11-24 09:00"),
    ("明早9点给您打电话", "11-24 09:00"),
    ("下午五点半前", "11-23 17:30"),
    ("下午五点半之前搞定", "11-23 17:30"),
    ("tomorrow by 5 pm", "11-24 17:00"),
    ("We'll sort it out by 5pm tomorrow", "11-24 17:00"),
    ("下周三前", "12-02 18:00"),
    ("12月3日前", "12-03 18:00"),
    ("12月3号下午3点前给您结果", "12-03 15:00"),
    ("仓库明天下午5点前给您发新杯子", "11-24 17:00"),
    ("今天5点前", "11-23 17:00"),
    ("5点前搞定", "11-23 17:00"),
    ("今天8点前", "11-23 20:00"),
    ("明天8点前", "11-24 08:00"),
    ("明天上午十点半", "11-24 10:30"),
    ("明晚八点", "11-24 20:00"),
    ("今天晚上9点之前", "11-23 21:00"),
    ("今晚十二点前", "11-24 00:00"),
    ("今晚给结果", "11-23 22:00"),
    ("明天中午1点", "11-24 13:00"),
    ("中午12点前", "11-23 12:00"),
    ("后天下午两点到四点之间上门", "11-25 16:00"),
    ("明天下午3-5点上门", "11-24 17:00"),
    ("大后天上午", "11-26 12:00"),
    ("周五下班前", "11-27 18:00"),
    ("这周五上午11点", "11-27 11:00"),
    ("星期四给您准信", "11-26 18:00"),
    ("礼拜天之前", "11-29 18:00"),
    ("下周一早上九点", "11-30 09:00"),
    ("下周内", "12-04 18:00"),
    ("本周内", "11-27 18:00"),
    ("月底前", "11-30 18:00"),
    ("26号前给您", "11-26 18:00"),
    ("3号前给您", "12-03 18:00"),
    ("2026年12月1日10:30前", "12-01 10:30"),
    ("1月5日之前", "01-05 18:00"),
    ("17:30前", "11-23 17:30"),
    ("16：00之前", "11-23 16:00"),
    ("下午三点一刻", "11-23 15:15"),
    ("下午4点20分", "11-23 16:20"),
    ("今天我们会在下午4点前给您回电", "11-23 16:00"),
    ("您上周三的退货，仓库明天上午10点前收", "11-24 10:00"),
    ("一个半小时内", "11-23 11:30"),
    ("半个小时内", "11-23 10:30"),
    ("两小时后给您回复", "11-23 12:00"),
    ("四十分钟内", "11-23 10:40"),
    ("一周内", "11-30 18:00"),
    ("两三天内", "11-26 18:00"),
    ("最晚两个小时", "11-23 12:00"),
    ("24-48小时内", "11-25 10:00"),
    ("两个工作日内", "11-25 18:00"),
    ("大概3天内到账", "11-26 18:00"),
    ("上午好，下午3点前给您结果", "11-23 15:00"),
    ("by 5 tomorrow", "11-24 17:00"),
    ("by noon", "11-23 12:00"),
    ("tonight", "11-23 22:00"),
    ("tomorrow morning at 9", "11-24 09:00"),
    ("at 9 in the morning tomorrow", "11-24 09:00"),
    ("by 5:30 p.m. on Friday", "11-27 17:30"),
    ("next Wednesday", "12-02 18:00"),
    ("by Dec 3", "12-03 18:00"),
    ("before 3 December, 11 am", "12-03 11:00"),
    ("by December 3rd at 2pm", "12-03 14:00"),
    ("by the end of the day", "11-23 18:00"),
    ("EOD tomorrow", "11-24 18:00"),
    ("the day after tomorrow in the afternoon", "11-25 18:00"),
    ("within 2 hours", "11-23 12:00"),
    ("within two business days", "11-25 18:00"),
    ("in half an hour", "11-23 10:30"),
    ("within the next 24 hours", "11-24 10:00"),
    ("by the end of the week", "11-27 18:00"),
    ("17:00 today", "11-23 17:00"),
]
# Words in which no time ahead is named: nothing is chosen then.
TIMELESS = [
    "我们尽快处理", "给您三点建议", "早一点给您", "有两点说明", "今天上午9点前", "上周三", "11月20日的订单我们会核实",
    "晚上好，有什么可以帮您", "Good afternoon, we check it",
    "订单尾号8812", "请您明天把照片发给我", "您明天方便吗？", "退款99.5元", "as soon as possible", "快点",
    "if it is not there by 5 pm, write to us",
]  # fmt: skip


@pytest.mark.parametrize(("text", "due"), CALLED, ids=[text for text, _due in CALLED])
def test_what_is_called_a_promise_has_the_time_that_its_words_name(
    text: str, due: str, now: datetime
) -> None:
    found = given_words.said_to_promise(text, now, WORKDAYS)
    assert found is not None
    assert found.due_at.astimezone(ZoneInfo("Asia/Shanghai")).strftime("%m-%d %H:%M") == due


@pytest.mark.parametrize("text", TIMELESS)
def test_where_no_time_is_named_none_is_chosen(text: str, now: datetime) -> None:
    assert given_words.said_to_promise(text, now, WORKDAYS) is None


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
