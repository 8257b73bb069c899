"""Two at one exchange or repair: one replacement goes out, one payment counts, one answer binds."""

from collections.abc import Callable
from datetime import datetime
from decimal import Decimal

import pytest
from django.db import IntegrityError, transaction

from aftersales.cases import services
from aftersales.cases.models import Case, CaseParcel, Due, Repair
from aftersales.cases.services import Replacement
from tests.cases.test_at_once import outcomes
from tests.cases.workshop import arrive, diagnosed, fresh
from tests.cast import Cast

pytestmark = [pytest.mark.concurrency, pytest.mark.django_db(transaction=True)]
Open = Callable[..., Case]


def test_of_two_replacements_one_goes_out(open_case: Open, desk: Cast, now: datetime) -> None:
    case = open_case({0: 1}, kind="exchange", ground="wrong_item", goods_back=False)
    case = services.case_approve(case=case, actor=desk.agent, now=now)

    def send(number: str) -> Callable[[], object]:
        return lambda: services.exchange_send(
            case=case, carrier="顺丰", tracking_no=number, actor=desk.agent, now=now
        )

    assert outcomes(send("SF9001"), send("SF9002")) == ["done", "replacement_sent"]
    assert CaseParcel.objects.filter(case=case, direction="outbound").count() == 1


def test_sending_and_turning_at_once_leave_one_of_them(open_case: Open, desk: Cast, now: datetime) -> None:
    case = open_case({0: 1}, kind="exchange", ground="wrong_item", goods_back=False)
    case = services.case_approve(case=case, actor=desk.agent, now=now)
    found = outcomes(
        lambda: services.exchange_send(
            case=case, carrier="顺丰", tracking_no="SF9001", actor=desk.agent, now=now
        ),
        lambda: services.case_turn(case=case, kind="return", actor=desk.agent, now=now),
    )
    out = CaseParcel.objects.filter(case=case, direction="outbound").count()
    assert (found, out, fresh(case).kind) in [
        (["done", "replacement_sent"], 1, "exchange"), (["done", "not_exchange"], 0, "return"),
    ]  # fmt: skip


def test_an_amount_is_paid_once_under_two_references(open_case: Open, desk: Cast, now: datetime) -> None:
    case = open_case({0: 1}, kind="exchange", ground="wrong_item")
    line = case.lines.get()
    dearer = Replacement(line.line_id, 1, "大号杯子", unit_price=Decimal(50))
    services.exchange_choose(case=case, replacements=[dearer], actor=desk.agent, now=now)
    services.case_approve(case=fresh(case), actor=desk.agent, now=now)
    due = Due.objects.select_related("case").get()
    found = outcomes(
        lambda: services.due_paid(due=due, reference="WX-1", actor=desk.agent, now=now),
        lambda: services.due_paid(due=due, reference="WX-2", actor=desk.agent, now=now),
    )
    assert found == ["done", "due_over"]
    # Without the lock the database still refuses a payment that names none
    with pytest.raises(IntegrityError), transaction.atomic():
        Due.objects.update(paid_ref="")


def test_of_two_answers_to_a_quote_one_binds(open_case: Open, desk: Cast, now: datetime) -> None:
    case = open_case({1: 1}, kind="repair", ground="no_reason")
    case = services.case_approve(case=case, actor=desk.agent, now=now)
    arrive(case, desk, now)
    repair = diagnosed(case, desk, now)
    repair = services.repair_quote(repair=repair, labour=Decimal(9), parts=[], actor=desk.agent, now=now)
    found = outcomes(
        lambda: services.repair_answer(repair=repair, accept=True, actor=desk.agent, now=now),
        lambda: services.repair_answer(repair=repair, accept=False, actor=desk.agent, now=now),
    )
    assert found == ["done", "wrong_state"]
    assert Due.objects.count() == int(Repair.objects.get().state == "accepted")
