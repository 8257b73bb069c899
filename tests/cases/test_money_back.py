"""Money that comes back after its case was done."""

from collections.abc import Callable
from datetime import datetime
from typing import Any

import pytest

from aftersales.cases import services
from aftersales.cases.models import Case, CasePayment
from aftersales.cases.services.answers import answer_take
from aftersales.cases.services.paying import PayeeDraft
from aftersales.notices.models import Notice
from aftersales.tickets import services as tickets
from aftersales.tickets.models import Ticket
from tests.cases.test_paying import answer, approved, refused, submit
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


@pytest.mark.parametrize(
    ("holder", "known", "refused_as"),
    [
        ("林强", "林芳", "name_differs"), (" 林 芳 ", "林芳", ""), ("LIN Fang", "lin fang", ""), ("林强", "林*", ""),
        ("林强", "", ""),
    ],
)  # fmt: skip
def test_the_same_name_is_the_one_we_know_the_payer_by(
    approved: Callable[..., Case],
    desk: Cast,
    customer: Any,
    now: datetime,
    holder: str,
    known: str,
    refused_as: str,
) -> None:
    """What somebody ticks is no check where the name is known; where it is not, or masked, his word counts."""
    [payment] = services.payment_propose(case=approved({1: 1}), actor=desk.agent, now=now)
    failed = services.payment_fail(
        payment=submit(payment, now), actor=desk.finance, now=now, failure="户名不符"
    )
    asked = services.payment_ask_payee(payment=failed, actor=desk.agent, now=now)
    customer.name = known
    customer.save()
    draft = PayeeDraft(holder=holder, account="6222000011112222", consent="电话确认", name_check="same")

    def pay() -> CasePayment:
        return services.payment_replace(
            payment=CasePayment.objects.get(pk=asked.pk), draft=draft, actor=desk.agent, now=now
        )

    if refused_as:
        refused(refused_as, pay)
        assert not CasePayment.objects.filter(replaces=asked).exists()
    else:
        assert pay().replaces_id == asked.pk


def test_an_account_that_is_not_approved_leaves_the_customer_to_be_paid(
    approved: Callable[..., Case], desk: Cast, ticket: Ticket, now: datetime
) -> None:
    """The case was done long ago: nothing could be proposed in it any more."""
    [payment] = services.payment_propose(case=approved({1: 1}), actor=desk.agent, now=now)
    payment = services.payment_succeed(payment=submit(payment, now), actor=desk.finance, now=now, paid_at=now)
    payment = services.payment_bounce(payment=payment, actor=desk.finance, now=now, failure="账户已销户")
    payment = services.payment_ask_payee(payment=payment, actor=desk.agent, now=now)

    def named(old: CasePayment, account: str) -> CasePayment:
        draft = PayeeDraft(holder="林芳", account=account, consent="电话同意", name_check="same")
        return services.payment_replace(payment=old, draft=draft, actor=desk.agent, now=now)

    wrong = named(payment, "6222020011112222")
    refused(
        "not_permitted",
        lambda: services.payment_reject(payment=wrong, actor=desk.agent, now=now, reason="账号不对"),
    )
    wrong = services.payment_reject(payment=wrong, actor=desk.supervisor, now=now, reason="账号不对")
    ticket.refresh_from_db()
    assert (wrong.state, wrong.case.state, ticket.cases_open) == ("payee_needed", "closed", 1)
    # The one who named the next account sees his mistake himself, even after it was approved
    typo = services.payment_approve(payment=named(wrong, "6222020011113333"), actor=desk.finance, now=now)
    typo = services.payment_cancel(payment=typo, actor=desk.agent, now=now)
    assert typo.state == "payee_needed"
    right = services.payment_approve(payment=named(typo, "6222020011114444"), actor=desk.finance, now=now)
    services.payment_succeed(payment=submit(right, now), actor=desk.finance, now=now, paid_at=now)
    ticket.refresh_from_db()
    states = CasePayment.objects.order_by("pk").values_list("state", flat=True)
    assert (list(states), ticket.cases_open) == (["replaced", "replaced", "replaced", "succeeded"], 0)
    assert Case.objects.get().paying == right.amount


def test_the_customer_is_asked_again_when_his_account_is_refused(
    approved: Callable[..., Case], desk: Cast, now: datetime, work_off: Callable[[datetime], None]
) -> None:
    [payment] = services.payment_propose(case=approved({1: 1}), actor=desk.agent, now=now)
    payment = services.payment_succeed(payment=submit(payment, now), actor=desk.finance, now=now, paid_at=now)
    payment = services.payment_bounce(payment=payment, actor=desk.finance, now=now, failure="账户已销户")
    payment = services.payment_ask_payee(payment=payment, actor=desk.agent, now=now)
    draft = PayeeDraft(holder="林芳", account="6222020011112222", consent="电话同意", name_check="same")
    anew = services.payment_replace(payment=payment, draft=draft, actor=desk.agent, now=now)
    services.payment_reject(payment=anew, actor=desk.supervisor, now=now, reason="账号不对")
    work_off(now)
    asked = Notice.objects.filter(source="case.payee_asked")
    assert [(str(anew.amount) in row.body, row.recipient_kind) for row in asked] == [(True, "customer")]


def test_what_the_bank_took_and_gave_back_is_never_told_as_paid(
    approved: Callable[..., Case], desk: Cast, now: datetime, work_off: Callable[[datetime], None]
) -> None:
    """Its only answer is *returned*: he hears once that it did not arrive and what we need, when he can answer it."""
    [payment] = services.payment_propose(case=approved({1: 1}), actor=desk.agent, now=now)
    payment = submit(payment, now)
    answer_take(
        payment=payment,
        answer=answer("returned", payment, now, reason="账户已销户"),
        actor=desk.finance,
        now=now,
    )
    work_off(now)
    assert not Notice.objects.filter(source__in=["case.refunded", "case.payee_asked"]).exists()
    # When the agent turns to him his page asks for the account, and the message that leads there goes out
    payment = services.payment_ask_payee(payment=payment, actor=desk.agent, now=now)
    work_off(now)
    told = Notice.objects.get(source="case.payee_asked")
    assert told.skip_reason != "outdated"  # its link leads to a page that takes the account
    assert "/account/" in str(services.account_link(told.subject_kind, told.subject_id, now))
    assert told.recipient_kind == "customer"
    assert all(words in told.body for words in (str(payment.amount), "账户已销户"))
    # Paid to another account he hears that it is paid
    draft = PayeeDraft(holder="林芳", account="6222020011112222", consent="电话同意", name_check="same")
    anew = services.payment_replace(payment=payment, draft=draft, actor=desk.agent, now=now)
    anew = services.payment_approve(payment=anew, actor=desk.finance, now=now)
    services.payment_succeed(payment=submit(anew, now), actor=desk.finance, now=now, paid_at=now)
    work_off(now)
    assert Notice.objects.filter(source="case.refunded").count() == 1
