"""Promises in the words of a reply: which sentence binds us, and by when ("明天给您回电", "24小时内处理").

Only sentences that say *we do it* and *by then* count; a word too few costs a key, a word too many annoys.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime

from aftersales.standards.worktime import WorkingTime
from aftersales.tickets.given_times import last_named


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
    r"补发|寄出|发出|发货|(?<=给您)发|换货|打款|安排|送达|派送|催|审核|上门|开具|补开|"
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
# What is asked of the customer is no promise of ours, also when its writer says that he promises.
ASKED = re.compile(r"([？?]$|请您|麻烦您|您(需|要|先|可)|\b(if|please|you can|could you)\b)", re.I)


def suggest(text: str, now: datetime, workdays: WorkingTime) -> Suggested | None:
    """The last sentence of a reply that promises something by a time ahead; None when none does."""
    found = None
    for sentence in sentences(text):
        if OURS.search(sentence) and DEED.search(sentence) and not NOT_OURS.search(sentence):
            due = last_named(sentence, now, workdays)
            if due is not None:
                found = Suggested(sentence, due)
    return found


def said_to_promise(text: str, now: datetime, workdays: WorkingTime) -> Suggested | None:
    """What words promise that their writer calls a promise: the time alone is asked, not who acts nor how.

    The sentence that binds by its words goes before one that only names a time. None when no time ahead is named.
    """
    if binding := suggest(text, now, workdays):
        return binding
    found = None
    for sentence in sentences(text):
        if not ASKED.search(sentence) and (due := last_named(sentence, now, workdays)) is not None:
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
