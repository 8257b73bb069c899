"""Statements against our payments: what agrees leaves nothing behind, each difference is worked off."""

from collections.abc import Callable
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest

from accounts.services import system_user
from aftersales.cases import services
from aftersales.cases.models import Case, CasePayment, Difference, StatementLine
from aftersales.core import moves
from aftersales.core.errors import DomainError
from tests.cast import Cast
from tests.core.sheets.steps import load, rows_as_csv

D = Decimal
HOUR = timedelta(hours=1)
HEAD = ["source", "line_ref", "payment", "side", "amount", "currency", "happened_at", "words"]


@pytest.fixture
def paid(open_case: Callable[..., Case], desk: Cast, now: datetime) -> Callable[..., CasePayment]:
    """A payment that the bank paid an hour ago; ``until`` stops it earlier."""

    def payer(pieces: dict[int, int], until: str = "succeeded") -> CasePayment:
        case = services.case_approve(
            case=open_case(pieces, kind="refund_only", ground="other"), actor=desk.lead, now=now
        )
        [payment] = services.payment_propose(case=case, actor=desk.agent, now=now)
        payment = moves.perform(payment, "submit", actor=system_user(), now=now)
        if until == "submitted":
            return payment
        return services.payment_succeed(payment=payment, actor=desk.finance, now=now, paid_at=now - HOUR)

    return payer


def line(ref: str, key: str, amount: str, at: str = "2026-11-23 09:00", side: str = "out") -> list[str]:
    return ["icbc", ref, key, side, amount, "CNY", at, ""]


def told(desk: Cast, now: datetime, *lines: list[str]) -> list[tuple[str, Any]]:
    upload = load("statements", rows_as_csv(HEAD, *lines), actor=desk.finance, now=now)
    assert upload.state == "done", upload.problem
    services.statement_compare(source="icbc", actor=desk.finance, now=now)
    return sorted(Difference.objects.values_list("kind", "payment_id"))


def test_what_agrees_leaves_nothing_and_every_difference_is_found_once(
    paid: Callable[..., CasePayment], desk: Cast, now: datetime
) -> None:
    right, missing, waiting = paid({1: 1}), paid({0: 1}), paid({0: 1}, "submitted")
    lines = [
        line("1", right.key, "29.99"), line("2", waiting.key, str(waiting.amount)), line("3", "FK-NOBODY", "5.00"),
        line("4", "", "1.00", at="2026-11-23 09:59"), line("5", "", "1.00", at="2026-11-23 08:00"),
    ]  # fmt: skip
    found = told(desk, now, *lines)
    assert [kind for kind, _payment in found] == ["not_booked", "not_told", "unknown", "unknown", "unknown"]
    assert ("not_booked", waiting.pk) in found
    assert ("not_told", missing.pk) in found
    assert told(desk, now, *lines) == found
    assert StatementLine.objects.count() == 5


def test_another_amount_twice_and_a_return_nobody_booked_are_differences(
    paid: Callable[..., CasePayment], desk: Cast, now: datetime
) -> None:
    other, twice = paid({1: 1}), paid({0: 1})
    found = told(
        desk, now, line("1", other.key, "29.98"), line("2", twice.key, str(twice.amount)),
        line("3", twice.key, str(twice.amount)), line("4", other.key, "29.99", side="back"),
    )  # fmt: skip
    assert found == sorted([("amount", other.pk), ("not_returned", other.pk), ("twice", twice.pk)])


def test_a_difference_is_explained_or_put_right_and_opened_again(
    paid: Callable[..., CasePayment], desk: Cast, now: datetime
) -> None:
    told(desk, now, line("1", "FK-NOBODY", "5.00"))
    [row] = Difference.objects.all()

    def explain(**more: Any) -> Difference:
        facts = {"words": "手续费", "corrected": False, "actor": desk.finance} | more
        return services.difference_explain(difference=row, now=now, **facts)

    refusals: list[tuple[dict[str, Any], str]] = [({"words": " "}, "words"), ({"words": "长" * 501}, "words")]
    for wrong, code in [*refusals, ({"actor": desk.lead}, "not_permitted")]:
        with pytest.raises(DomainError) as error:
            explain(**wrong)
        assert error.value.code == code
    done = explain()
    assert (done.state, done.words, done.done_by) == ("explained", "手续费", desk.finance)
    again = services.difference_reopen(difference=done, actor=desk.finance, now=now)
    assert (again.state, again.words) == ("open", "")
    row = again
    assert explain(corrected=True).state == "corrected"


def test_only_finance_compares(desk: Cast, now: datetime) -> None:
    for person in (desk.lead, desk.supervisor, desk.auditor):
        with pytest.raises(DomainError):
            services.statement_compare(source="icbc", actor=person, now=now)


def test_paid_by_the_bank_although_it_was_given_up_and_paid_anew_is_a_difference(
    paid: Callable[..., CasePayment], desk: Cast, now: datetime
) -> None:
    old = services.payment_fail(
        payment=paid({1: 1}, "submitted"), actor=desk.finance, now=now, failure="户名不符"
    )
    services.payment_ask_payee(payment=old, actor=desk.agent, now=now)
    draft = services.PayeeDraft("林芳", "6222000011112222", "电话确认", "same")
    services.payment_replace(payment=old, draft=draft, actor=desk.agent, now=now)
    assert told(desk, now, line("1", old.key, "29.99")) == [("not_booked", old.pk)]
