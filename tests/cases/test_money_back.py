"""Money that comes back after its case was done."""

from collections.abc import Callable
from datetime import datetime

from aftersales.cases import services
from aftersales.cases.models import Case
from aftersales.cases.services.paying import PayeeDraft
from aftersales.tickets import services as tickets
from aftersales.tickets.models import Ticket
from tests.cases.test_paying import approved, refused, submit
from tests.cast import Cast

__all__ = ["approved"]


def test_a_case_that_was_done_holds_its_ticket_while_its_money_is_back(
    approved: Callable[..., Case], desk: Cast, ticket: Ticket, now: datetime
) -> None:
    [payment] = services.payment_propose(case=approved({1: 1}), actor=desk.agent, now=now)
    payment = services.payment_succeed(payment=submit(payment, now), actor=desk.finance, now=now, paid_at=now)
    ticket.refresh_from_db()
    assert (payment.case.state, ticket.cases_open) == ("closed", 0)
    # When the bank sends it back after all
    payment = services.payment_bounce(payment=payment, actor=desk.finance, now=now, failure="账户已销户")
    ticket.refresh_from_db()
    assert ticket.cases_open == 1
    refused(
        "open_work",
        lambda: tickets.ticket_resolve(
            ticket=ticket, result="explained", text="好", actor=desk.agent, now=now
        ),
    )
    # Then the ticket is free once he is paid to another account
    payment = services.payment_ask_payee(payment=payment, actor=desk.agent, now=now)
    draft = PayeeDraft(holder="林芳", account="6222020011112222", consent="电话同意", name_check="same")
    anew = services.payment_replace(payment=payment, draft=draft, actor=desk.agent, now=now)
    anew = services.payment_approve(payment=anew, actor=desk.finance, now=now)
    services.payment_succeed(payment=submit(anew, now), actor=desk.finance, now=now, paid_at=now)
    ticket.refresh_from_db()
    assert ticket.cases_open == 0
