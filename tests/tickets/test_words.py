"""Words are found in all texts, whether they are rare or common."""

from collections.abc import Callable
from typing import Any

import pytest

from aftersales.tickets.models import Ticket
from aftersales.tickets.selectors import words

pytestmark = pytest.mark.django_db


@pytest.mark.parametrize("common", [0, 2, 2_000])
def test_a_common_word_and_a_rare_one_find_every_ticket_that_holds_them(
    open_ticket: Callable[..., Ticket], monkeypatch: pytest.MonkeyPatch, common: int
) -> None:
    monkeypatch.setattr(words, "COMMON", common)
    late = [open_ticket(subject=f"包裹晚到第{number}件", text="三天没有物流更新。") for number in range(4)]
    other = open_ticket(subject="发票抬头写错了", text="请重开发票。")

    def found(text: str, rows: Any = None) -> set[str]:
        rows = Ticket.objects.all() if rows is None else rows
        return {ticket.number for ticket in words.with_words(rows, text)}

    assert found("物流") == {ticket.number for ticket in late}
    assert found("发票") == {other.number}
    assert found("物流", Ticket.objects.filter(pk=late[0].pk)) == {late[0].number}
    assert found("没有这个词") == set()
    assert found("一") == set()
