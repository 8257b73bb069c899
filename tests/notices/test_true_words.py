"""No message promises a way to answer that does not exist: mails cannot be answered yet."""

import re
from typing import Any

import pytest

from aftersales.notices import kinds
from aftersales.notices.models import Notice

ASKS_FOR_A_REPLY = re.compile(r"回复本|直接回复即可|请直接回复|回复“|[Rr]eply to|reply and|reply “")
OUTSIDE = [
    code for code, kind in sorted(kinds.declared().items()) if kind.audience in ("customer", "merchant")
]


@pytest.mark.parametrize("code", OUTSIDE)
def test_no_shipped_text_asks_for_a_reply_to_a_mail(code: str) -> None:
    for text in kinds.kind(code).texts.values():
        assert not ASKS_FOR_A_REPLY.search(text), text


def test_a_message_names_how_to_reach_us_only_where_that_is_set(send: Any, settings: Any) -> None:
    settings.SERVICE_CONTACT = ""
    without = send(template="ticket.closed", values={"number": "TK1", "problem": "耳机"}, key="one")[0]
    settings.SERVICE_CONTACT = "400-123-4567"
    named = send(template="ticket.closed", values={"number": "TK1", "problem": "耳机"}, key="two")[0]

    assert "联系" not in without.body
    assert "请联系 400-123-4567，报工单号即可重新处理。" in named.body
    assert "联系我们：400-123-4567。" in named.body  # the signature


def test_who_orders_a_message_cannot_say_how_we_are_reached(send: Any) -> None:
    with pytest.raises(ValueError, match="contact"):
        send(template="ticket.closed", values={"contact": "x"})
    assert not Notice.objects.exists()
