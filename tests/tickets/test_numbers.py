"""Numbers of the rule book that the work on tickets reads: changed in the database, they change what happens."""

from collections.abc import Callable
from datetime import datetime, timedelta

import pytest

from aftersales.clocks.services import word_give
from aftersales.core.errors import DomainError
from aftersales.standards.models import ParameterVersion
from aftersales.tickets import services
from aftersales.tickets.models import Ticket
from tests.cast import Cast

Opener = Callable[..., Ticket]


def change(code: str, value: int) -> None:
    assert ParameterVersion.objects.filter(parameter__code=code).update(value=value) == 1


def test_a_ticket_waits_no_longer_than_the_rule_book_allows(
    open_ticket: Opener, desk: Cast, now: datetime
) -> None:
    ticket = services.ticket_start(ticket=open_ticket(), actor=desk.agent, now=now)

    def wait(days: float) -> Ticket:
        until = now + timedelta(days=days)
        return services.ticket_wait(
            ticket=ticket, wait_for="repair", until=until, actor=desk.agent, now=now, reason="等配件"
        )

    with pytest.raises(DomainError, match="90"):
        wait(90.1)
    change("longest_wait_days", 10)
    with pytest.raises(DomainError, match="10") as refused:
        wait(10.1)
    assert refused.value.code == "until"
    assert wait(9.9).state == "waiting"


@pytest.mark.parametrize("percent", [75, 50])
def test_a_given_word_is_warned_at_the_share_the_rule_book_names(
    open_ticket: Opener, desk: Cast, now: datetime, percent: int
) -> None:
    change("word_warning_percent", percent)
    due = now + timedelta(hours=10)
    clock = word_give(subject=open_ticket(), due_at=due, holder_id=desk.agent.pk, actor=desk.agent, now=now)
    assert clock.warn_at == now + timedelta(hours=10 * percent / 100)
