"""The bank file: two people, totals and fingerprint, the result by sheet."""

import csv
import hashlib
import io
from collections.abc import Callable
from datetime import datetime
from decimal import Decimal
from typing import Any

import pytest

from aftersales.cases import services
from aftersales.cases.models import BankAnswer, Case, CasePayment, PaymentRun
from aftersales.cases.services import answers, runs
from aftersales.core import files, moves
from aftersales.core.errors import DomainError
from aftersales.core.sheets import explaining
from aftersales.core.sheets.services import plan_of
from aftersales.orders.models import Order
from tests.cast import Cast
from tests.core.sheets.steps import check, load, rows_as_csv, verdicts

D = Decimal
HEAD = ["payment", "outcome", "bank_ref", "amount", "currency", "happened_at", "reason"]


@pytest.fixture
def approved(open_case: Callable[..., Case], desk: Cast, now: datetime) -> Callable[..., CasePayment]:
    def approver(pieces: dict[int, int]) -> CasePayment:
        case = services.case_approve(
            case=open_case(pieces, kind="refund_only", ground="other"), actor=desk.lead, now=now
        )
        [payment] = services.payment_propose(case=case, actor=desk.agent, now=now)
        return payment

    return approver


@pytest.fixture
def out(
    approved: Callable[..., CasePayment], desk: Cast, now: datetime, work_off: Callable[[datetime], None]
) -> tuple[PaymentRun, list[CasePayment]]:
    """A run of two payments that is with the bank."""
    payments = [approved({1: 1}), approved({0: 1})]
    run = runs.run_make(currency="CNY", actor=desk.finance, now=now)
    runs.run_approve(run=run, actor=desk.supervisor, now=now)
    work_off(now)
    run.refresh_from_db()
    for one in payments:
        one.refresh_from_db()
    return run, payments


def refused(code: str, act: Callable[[], object]) -> None:
    with pytest.raises(DomainError) as error:
        act()
    assert error.value.code == code


def result(*rows: list[Any]) -> bytes:
    return rows_as_csv(HEAD, *rows)


def said(payment: CasePayment, result: str = "paid", /, **more: str) -> list[Any]:
    facts = {
        "payment": payment.key, "outcome": result, "bank_ref": f"B-{payment.pk}", "amount": str(payment.amount),
        "currency": "CNY", "happened_at": "", "reason": "",
    } | more  # fmt: skip
    return [facts[name] for name in HEAD]


def test_a_run_is_collected_released_by_another_and_written_with_totals_and_fingerprint(
    out: tuple[PaymentRun, list[CasePayment]], order: Order
) -> None:
    run, payments = out
    assert (run.state, run.count, run.file_count) == ("exported", 2, 2)
    assert run.total == run.file_total == sum(one.amount for one in payments)
    assert {one.state for one in payments} == {"submitted"}
    content = files.stored_path(run.stored_name).read_bytes()
    assert hashlib.sha256(content).hexdigest() == run.sha256
    rows = list(csv.DictReader(io.StringIO(content.decode("utf-8-sig"))))
    assert [(row["key"], row["amount"], row["order"]) for row in rows[:-1]] == [
        (one.key, str(one.amount), order.external_no) for one in payments
    ]
    assert (rows[-1]["key"], rows[-1]["amount"], rows[-1]["way"]) == ("TOTAL", str(run.total), "2")


def test_whoever_collected_a_run_does_not_release_it(
    approved: Callable[..., CasePayment], desk: Cast, now: datetime
) -> None:
    approved({1: 1})
    run = runs.run_make(currency="CNY", actor=desk.finance, now=now)
    refused("own_run", lambda: runs.run_approve(run=run, actor=desk.finance, now=now))
    refused("not_permitted", lambda: runs.run_approve(run=run, actor=desk.agent, now=now))
    refused("nothing_to_pay", lambda: runs.run_make(currency="CNY", actor=desk.finance, now=now))
    refused("nothing_to_pay", lambda: runs.run_make(currency="USD", actor=desk.finance, now=now))


def test_a_run_whose_payments_were_called_back_is_collected_anew(
    approved: Callable[..., CasePayment], desk: Cast, now: datetime
) -> None:
    first, second = approved({1: 1}), approved({0: 1})
    run = runs.run_make(currency="CNY", actor=desk.finance, now=now)
    services.payment_cancel(payment=first, actor=desk.agent, now=now)
    refused("changed", lambda: runs.run_approve(run=run, actor=desk.supervisor, now=now))
    runs.run_cancel(run=run, actor=desk.finance, now=now)
    anew = runs.run_make(currency="CNY", actor=desk.finance, now=now)
    assert (anew.count, anew.total) == (1, second.amount)


def listed(run: PaymentRun) -> tuple[list[str], str, str]:
    """Keys in the file of a run, and its count and total as the last line tells them."""
    content = files.stored_path(run.stored_name).read_text("utf-8-sig")
    *rows, total = csv.DictReader(io.StringIO(content))
    return [row["key"] for row in rows], total["way"], total["amount"]


def test_a_payment_of_a_released_run_is_not_called_back(
    approved: Callable[..., CasePayment], desk: Cast, now: datetime, work_off: Callable[[datetime], None]
) -> None:
    first, second = approved({1: 1}), approved({0: 1})
    run = runs.run_make(currency="CNY", actor=desk.finance, now=now)
    runs.run_approve(run=run, actor=desk.supervisor, now=now)
    refused("released", lambda: services.payment_cancel(payment=first, actor=desk.agent, now=now))
    first.refresh_from_db()
    [cancel] = moves.options(first, actor=desk.agent, now=now, names=["cancel"])
    assert [one.code for one in cancel.reasons] == ["released"]
    # Nor by what ends its case
    refused("paid", lambda: services.case_withdraw(case=first.case, actor=desk.agent, now=now))
    work_off(now)
    run.refresh_from_db()
    assert listed(run) == ([first.key, second.key], "2", str(run.total))


def test_what_a_late_answer_settled_is_not_written_again(
    approved: Callable[..., CasePayment], desk: Cast, now: datetime, work_off: Callable[[datetime], None]
) -> None:
    late, other = approved({1: 1}), approved({0: 1})
    run = runs.run_make(currency="CNY", actor=desk.finance, now=now)
    runs.run_approve(run=run, actor=desk.supervisor, now=now)
    work_off(now)
    load("payment_results", result(said(late, "failed", reason="x")), actor=desk.finance, now=now)
    services.payment_retry(payment=late, actor=desk.finance, now=now)
    third = approved({0: 1})
    anew = runs.run_make(currency="CNY", actor=desk.finance, now=now)
    runs.run_approve(run=anew, actor=desk.supervisor, now=now)
    # The bank paid it at the first time after all
    load("payment_results", result(said(late, bank_ref="B-LATE")), actor=desk.finance, now=now)
    work_off(now)
    anew.refresh_from_db()
    assert (anew.count, anew.file_count, anew.file_total) == (2, 1, third.amount)
    assert listed(anew) == ([third.key], "1", str(third.amount))
    assert other.key not in listed(anew)[0]


def test_a_run_whose_payments_were_all_paid_meanwhile_is_done(
    approved: Callable[..., CasePayment], desk: Cast, now: datetime, work_off: Callable[[datetime], None]
) -> None:
    late = approved({1: 1})
    run = runs.run_make(currency="CNY", actor=desk.finance, now=now)
    runs.run_approve(run=run, actor=desk.supervisor, now=now)
    work_off(now)
    load("payment_results", result(said(late, "failed", reason="x")), actor=desk.finance, now=now)
    services.payment_retry(payment=late, actor=desk.finance, now=now)
    anew = runs.run_make(currency="CNY", actor=desk.finance, now=now)
    runs.run_approve(run=anew, actor=desk.supervisor, now=now)
    load("payment_results", result(said(late, bank_ref="B-LATE")), actor=desk.finance, now=now)
    work_off(now)
    anew.refresh_from_db()
    assert (anew.state, listed(anew)) == ("settled", ([], "0", "0.00"))


def test_a_fall_between_handing_over_and_the_file_loses_and_doubles_nothing(
    approved: Callable[..., CasePayment], desk: Cast, now: datetime, monkeypatch: pytest.MonkeyPatch
) -> None:
    payment = approved({1: 1})
    run = runs.run_make(currency="CNY", actor=desk.finance, now=now)
    run = runs.run_approve(run=run, actor=desk.supervisor, now=now)

    def fall(**_more: Any) -> None:
        raise OSError("disk full")

    with monkeypatch.context() as patched:
        patched.setattr(runs, "run_write", fall)
        with pytest.raises(OSError, match="disk full"):
            runs.run_export(run=run, now=now)
    run.refresh_from_db()
    done = runs.run_export(run=run, now=now)
    again = runs.run_export(run=done, now=now)
    payment.refresh_from_db()
    assert (done.state, again.sha256, payment.attempts) == ("exported", done.sha256, 1)


def test_a_damaged_file_is_not_given_out(
    out: tuple[PaymentRun, list[CasePayment]], desk: Cast, now: datetime
) -> None:
    run, _payments = out
    runs.run_fetch(run=run, actor=desk.finance, now=now)
    path = files.stored_path(run.stored_name)
    path.write_bytes(path.read_bytes().replace(b"29.99", b"92.99"))
    refused("damaged", lambda: runs.run_fetch(run=run, actor=desk.finance, now=now))


def test_the_banks_result_settles_the_run_and_read_twice_changes_nothing(
    out: tuple[PaymentRun, list[CasePayment]], desk: Cast, order: Order, now: datetime
) -> None:
    run, (first, second) = out
    content = result(said(first), said(second, "failed", reason="账号不存在"))
    for _time in range(2):
        upload = load("payment_results", content, actor=desk.finance, now=now)
        assert upload.state == "done", upload.problem
    first.refresh_from_db()
    second.refresh_from_db()
    run.refresh_from_db()
    order.refresh_from_db()
    assert (first.state, second.state, second.failure) == ("succeeded", "failed", "账号不存在")
    assert (run.state, order.refunded, BankAnswer.objects.count()) == ("settled", first.amount, 2)
    # And a payment that goes out again has its next answer, later returned by the bank
    services.payment_retry(payment=second, actor=desk.finance, now=now)
    anew = runs.run_make(currency="CNY", actor=desk.finance, now=now)
    anew = runs.run_approve(run=anew, actor=desk.supervisor, now=now)
    runs.run_export(run=anew, now=now)
    rows = result(said(second, bank_ref="B-X"), said(first, "returned", bank_ref="B-Y", reason="退汇"))
    load("payment_results", rows, actor=desk.finance, now=now)
    first.refresh_from_db()
    second.refresh_from_db()
    order.refresh_from_db()
    assert (first.state, second.state, order.refunded) == ("returned_by_bank", "succeeded", second.amount)


@pytest.mark.parametrize(
    ("wrong", "code"),
    [
        ({"amount": "30.00"}, "amount_differs"), ({"currency": "USD"}, "amount_differs"),
        ({"payment": "FK9999-1"}, "unknown"), ({"outcome": "maybe"}, "invalid"), ({"amount": "-1"}, "invalid"),
        ({"amount": "1e3"}, "invalid"), ({"amount": "1,000.00"}, "invalid"), ({"amount": "0.001"}, "invalid"),
        ({"amount": "٢٩.٩٩"}, "invalid"), ({"bank_ref": ""}, "required"),
    ],
)  # fmt: skip
def test_a_row_that_does_not_fit_is_refused_with_its_reason_and_books_nothing(
    out: tuple[PaymentRun, list[CasePayment]], desk: Cast, now: datetime, wrong: dict[str, str], code: str
) -> None:
    _run, (first, second) = out
    upload = check("payment_results", result(said(first, **wrong), said(second)), actor=desk.finance, now=now)
    assert upload.state == "previewed"
    verdict, problems = verdicts(upload)[2]
    assert verdict == "r"
    assert code in problems
    load("payment_results", result(said(first, **wrong), said(second)), actor=desk.finance, now=now)
    first.refresh_from_db()
    second.refresh_from_db()
    assert (first.state, second.state) == ("submitted", "succeeded")


def test_a_row_that_the_service_refuses_does_not_stop_the_file(
    approved: Callable[..., CasePayment], desk: Cast, now: datetime, work_off: Callable[[datetime], None],
    monkeypatch: pytest.MonkeyPatch,
) -> None:  # fmt: skip
    payments = [approved({1: 1}), approved({0: 1}), approved({0: 1})]
    run = runs.run_make(currency="CNY", actor=desk.finance, now=now)
    runs.run_approve(run=run, actor=desk.supervisor, now=now)
    work_off(now)
    take = answers.answer_take

    def refuse_second(**asked: Any) -> BankAnswer:
        if asked["payment"].pk == payments[1].pk:
            raise DomainError("no room; none at all", "full")
        return take(**asked)

    monkeypatch.setattr(answers, "answer_take", refuse_second)
    upload = load("payment_results", result(*map(said, payments)), actor=desk.finance, now=now)
    # Then it is said of that row, in the service's words, and the others are booked once
    assert upload.state == "done"
    [row], _more = explaining.page(plan_of(upload, now=now), upload, "refused")
    assert (row.number, "no room； none at all" in row.problems[0].reason) == (3, True)
    states = CasePayment.objects.order_by("pk").values_list("state", flat=True)
    assert list(states) == ["succeeded", "submitted", "succeeded"]
    assert BankAnswer.objects.count() == 2


def test_a_payment_that_never_went_out_has_no_result(
    approved: Callable[..., CasePayment], desk: Cast, now: datetime
) -> None:
    payment = approved({1: 1})
    upload = check("payment_results", result(said(payment)), actor=desk.finance, now=now)
    assert "never_sent" in verdicts(upload)[2][1]


def test_a_run_whose_payments_nobody_can_hand_over_ends_its_work_and_is_tried_again(
    open_case: Callable[..., Case], desk: Cast, now: datetime, monkeypatch: pytest.MonkeyPatch
) -> None:
    case = services.case_approve(
        case=open_case({1: 1}, kind="refund_only", ground="other"), actor=desk.lead, now=now
    )
    services.payment_propose(case=case, actor=desk.agent, now=now)
    run = runs.run_approve(
        run=runs.run_make(currency="CNY", actor=desk.finance, now=now), actor=desk.person("finance"), now=now
    )
    monkeypatch.setattr(moves, "perform_many", lambda *_args, **_more: moves.Outcome(refused=[(1, [])]))
    with pytest.raises(DomainError):
        runs.run_export(run=run, now=now)
