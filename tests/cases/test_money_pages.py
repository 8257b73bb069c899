"""Finance's board, a payment's page and the runs, as people use them."""

from collections.abc import Callable, Iterator
from datetime import datetime
from decimal import Decimal
from typing import Any

import pytest
import time_machine
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from accounts.states import Role
from aftersales.cases import services
from aftersales.cases.models import Case, CasePayment, PaymentRun
from tests.cast import Cast

D = Decimal


@pytest.fixture(autouse=True)
def at_now(now: datetime, settings: Any) -> Iterator[Any]:
    settings.REQUIRE_SECOND_FACTOR = False
    with time_machine.travel(now, tick=False) as clock:
        yield clock


@pytest.fixture
def statutory(open_case: Callable[..., Case], desk: Cast, now: datetime) -> CasePayment:
    """Damages by law that the agent proposed and the lead decided: they wait for a second person."""
    case = open_case({}, kind="compensation", ground="service", compensation="statutory", asked=D(500))
    case = services.case_approve(case=case, actor=desk.lead, now=now)
    [payment] = services.payment_propose(case=case, actor=desk.agent, now=now)
    return payment


def page(desk: Cast, role: str, name: str, *args: str, **query: str) -> str:
    response = desk.client(desk.of(role)).get(reverse(f"desk:{name}", args=args), query, follow=True)
    assert response.status_code == 200
    return response.content.decode()


def post(desk: Cast, role: str, name: str, *args: str, **data: str) -> Any:
    return desk.client(desk.of(role)).post(reverse(f"desk:{name}", args=args), data, follow=True)


def test_a_payment_that_waits_is_on_the_board_with_its_terms_and_is_approved_by_another(
    desk: Cast, statutory: CasePayment
) -> None:
    assert statutory.number in page(desk, "finance", "payments", view="approve")
    shown = page(desk, "finance", "payment", statutory.number)
    assert "¥500.00" in shown
    assert statutory.key in shown
    post(desk, "finance", "payment_act", statutory.number, "approve", version=str(statutory.version))
    statutory.refresh_from_db()
    assert (statutory.state, statutory.approved_by) == ("approved", desk.finance)
    assert statutory.number not in page(desk, "finance", "payments", view="approve")
    assert statutory.number in page(desk, "finance", "payments", view="pay")


def test_whoever_decided_sees_why_he_may_not_approve_and_a_posted_form_is_refused(
    desk: Cast, statutory: CasePayment
) -> None:
    """M07: by page and by direct POST."""
    assert 'data-dialog="pay-approve"' not in page(desk, "lead", "payment", statutory.number)
    post(desk, "lead", "payment_act", statutory.number, "approve", version=str(statutory.version))
    post(desk, "agent", "payment_act", statutory.number, "approve", version=str(statutory.version))
    statutory.refresh_from_db()
    assert statutory.state == "awaiting_approval"


def test_a_stale_form_changes_nothing(desk: Cast, statutory: CasePayment, now: datetime) -> None:
    post(desk, "finance", "payment_act", statutory.number, "approve", version=str(statutory.version + 7))
    statutory.refresh_from_db()
    assert statutory.state == "awaiting_approval"


def test_finance_collects_a_supervisor_releases_and_the_file_comes_down(
    desk: Cast, statutory: CasePayment, now: datetime, work_off: Callable[[datetime], None]
) -> None:
    services.payment_approve(payment=statutory, actor=desk.finance, now=now)
    assert "¥500.00" in page(desk, "finance", "payment_runs")
    post(desk, "finance", "run_make", currency="CNY")
    run = PaymentRun.objects.get()
    assert 'data-dialog="release"' not in page(desk, "finance", "payment_run", run.number)
    assert 'data-dialog="release"' in page(desk, "supervisor", "payment_run", run.number)
    post(desk, "supervisor", "run_act", run.number, "approve", version=str(run.version))
    work_off(now)
    run.refresh_from_db()
    assert run.sha256 in page(desk, "auditor", "payment_run", run.number)
    response = post(desk, "finance", "run_file", run.number)
    assert response["Content-Disposition"] == f'attachment; filename="{run.number}-CNY.csv"'
    assert statutory.key.encode() in response.content


@pytest.mark.parametrize("view", ["approve", "pay", "out", "unknown", "returned", "all", "nonsense"])
def test_each_view_opens_with_nothing_in_it(desk: Cast, view: str) -> None:
    assert "empty" in page(desk, "finance", "payments", view=view)


def test_only_a_person_with_the_right_asks_for_money(
    desk: Cast, open_case: Callable[..., Case], now: datetime
) -> None:
    case = services.case_approve(case=open_case({1: 1}, kind="refund_only"), actor=desk.lead, now=now)
    assert post(desk, "auditor", "case_pay", case.number).status_code == 404
    other = desk.person(Role.AGENT)
    assert desk.client(other).post(reverse("desk:case_pay", args=[case.number])).status_code == 404
    post(desk, "agent", "case_pay", case.number)
    post(desk, "agent", "case_pay", case.number)
    assert CasePayment.objects.get().amount == D("29.99")


def test_the_board_asks_no_more_for_many_than_for_few(
    desk: Cast, open_case: Callable[..., Case], statutory: CasePayment, now: datetime
) -> None:
    def statements() -> int:
        with CaptureQueriesContext(
            connection,
        ) as asked:
            page(desk, "finance", "payments", view="all")
        return len(asked)

    statements()
    few = statements()
    for pieces in ({1: 1}, {0: 1}, {0: 1}):
        case = services.case_approve(case=open_case(pieces, kind="refund_only"), actor=desk.lead, now=now)
        services.payment_propose(case=case, actor=desk.agent, now=now)
    assert statements() <= few


def test_what_paying_out_makes_is_seen_before_it_is_done(
    desk: Cast, open_case: Callable[..., Case], now: datetime
) -> None:
    case = services.case_approve(case=open_case({1: 1}, kind="refund_only"), actor=desk.lead, now=now)
    shown = page(desk, "agent", "case_pay", case.number)
    assert shown.count("¥29.99") >= 2  # the payment, and all of them
    assert case.customer is not None
    assert case.customer.masked_name in shown
    case.refresh_from_db()
    assert (CasePayment.objects.count(), case.paying) == (0, 0)  # nothing is kept of a look
    post(desk, "agent", "case_pay", case.number, version=str(case.version + 1))
    assert not CasePayment.objects.exists()  # what was seen is not what would be paid
    assert (
        desk.client(desk.of("auditor")).get(reverse("desk:case_pay", args=[case.number])).status_code == 404
    )
    refused = desk.client(desk.person(Role.AGENT)).get(reverse("desk:case_pay", args=[case.number]))
    assert refused.status_code == 404
