"""Grading by the shipped rules: what customers write and the kind a lead expects (R3.2, R5.1, R5.2)."""

import tomllib
from collections.abc import Callable
from decimal import Decimal

import pytest

from aftersales.tickets import rules, shipping
from aftersales.tickets.models import GradingRule, Ticket

SAID = [
    ("请开电子发票", "invoice"),
    ("我购买的文具，什么时候开专票过来啊", "invoice"),
    ("三天没有物流更新", "logistics"),
    ("显示已签收，但我本人没收到", "logistics"),
    ("这个件到哪了？能帮忙催一下吗", "logistics"),
    ("投诉客服态度", "service"),
    ("客服直接挂电话，不理人", "service"),
    ("我要退货，衣服不合身", "returns"),
    ("买了M码，想换货换大一号", "returns"),
    ("收到的东西发错了，我买的是黑色", "returns"),
    ("电饭煲坏了，按了没反应", "quality"),
    ("水果打开全发霉了", "quality"),
    ("还在保修期内，想报修", "repair"),
    ("退款什么时候到账", "payment"),
    ("同一个订单重复扣款了", "payment"),
    ("刚买两天就降价，能退差价吗", "payment"),
    ("申请价格保护", "payment"),
    ("地址写错了，帮我改地址", "order"),
    ("我想取消订单", "order"),
    ("包裹里少发了一件", "order"),
    ("这两款笔有什么区别？", "consultation"),
    ("充电器冒烟，还要退货", "safety"),
    ("please send me an invoice", "invoice"),
    ("My parcel has not arrived, tracking shows nothing", "logistics"),
    ("The blender stopped working after two days", "quality"),
    ("I would like to return the shoes", "returns"),
    ("Where is my refund?", "payment"),
    ("The agent was rude to me", "service"),
    ("Is it covered by warranty", "repair"),
    ("Please change the address of my order", "order"),
    ("你好，在吗", "other"),
]


@pytest.fixture(scope="module")
def shipped() -> list[GradingRule]:
    rows = tomllib.loads(shipping.FILE.read_text(encoding="utf-8"))["grading_rule"]
    return [GradingRule(**row) for row in rows]


def grade(book: list[GradingRule], text: str, **known: object) -> rules.Grade:
    facts = {"kind": "", "channel": "chat", **known}
    return rules.grade(rules.GradeFacts(text=text.lower(), **facts), book)  # type: ignore[arg-type]


@pytest.mark.parametrize(("said", "kind"), SAID)
def test_what_a_customer_says_has_a_kind(shipped: list[GradingRule], said: str, kind: str) -> None:
    assert grade(shipped, said).kind == kind


def test_who_asks_does_not_make_a_request_grave(shipped: list[GradingRule]) -> None:
    assert grade(shipped, "请开电子发票", customer_class="key", amount=Decimal(9000)).severity == "minor"
    assert grade(shipped, "电饭煲坏了", customer_class="key").severity == "major"
    assert grade(shipped, "电饭煲坏了", amount=Decimal(9000)).severity == "major"


def test_a_kind_somebody_chose_stays_and_later_rules_see_what_was_found(shipped: list[GradingRule]) -> None:
    chosen = grade(shipped, "请开电子发票", kind="repair")
    assert (chosen.kind, chosen.rules) == ("repair", ())
    rude = grade(shipped, "客服态度很差")
    assert (rude.kind, rude.nature, rude.rules) == (
        "service",
        "complaint",
        ("kind_service v1", "service_attitude v1"),
    )


@pytest.mark.parametrize(
    ("said", "nature"),
    [
        ("我要打12315投诉你们", "complaint"),
        ("订单号 3012315008 什么时候发货", "operation"),
        ("电话 13912345678，请回电", "operation"),
        ("the firewall of my router", "operation"),
        ("想入仓，这个流程怎么操作", "operation"),
        ("反复转接，一直没人管", "process"),
    ],
)
def test_numbers_and_latin_words_count_whole(shipped: list[GradingRule], said: str, nature: str) -> None:
    graded = grade(shipped, said)
    assert (graded.nature, graded.kind == "safety") == (nature, False)


def test_an_invoice_request_goes_to_the_team_that_makes_invoices(open_ticket: Callable[..., Ticket]) -> None:
    ticket = open_ticket(subject="请开电子发票", text="抬头：北京某某公司", kind="")
    assert (ticket.kind, ticket.severity, ticket.graded_by.split(" ")[0]) == (
        "invoice",
        "minor",
        "kind_invoice",
    )
