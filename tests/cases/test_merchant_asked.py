"""The merchant is asked what becomes of a case, and owes his answer from when he has the question."""

from collections.abc import Callable
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest

from accounts.services import system_user
from aftersales.cases import services
from aftersales.cases.models import Case
from aftersales.clocks.models import Clock
from aftersales.clocks.services import sweep
from aftersales.core.errors import DomainError
from aftersales.core.models import Event
from aftersales.desk.caseforms import ConsentForm
from aftersales.merchants import services as merchants
from aftersales.merchants.models import Merchant
from aftersales.notices.models import Notice
from aftersales.orders.models import Order
from aftersales.tickets import services as tickets
from aftersales.tickets.models import Ticket
from aftersales.tickets.models.alerts import Alert
from tests.cast import Cast
from tests.records import said

pytestmark = pytest.mark.django_db
Open = Callable[..., Case]
WorkOff = Callable[[datetime], None]
D = Decimal
HOUR, DAY = timedelta(hours=1), timedelta(days=1)


@pytest.fixture
def shop(order: Order, now: datetime) -> Merchant:
    """The merchant of the order can be reached."""
    row: Merchant = Merchant.objects.get(pk=order.merchant_id)
    merchants.contact_save(
        merchant=row, role="aftersales", email="shop@example.com", actor=system_user(), now=now
    )
    return row


def asked() -> int:
    return Notice.objects.filter(source="case.asked_merchant", state="sent").count()


def answers(case: Case) -> list[str]:
    rows = Clock.objects.filter(subject_kind="cases.case", subject_id=case.pk, promise="merchant_answer")
    return list(rows.order_by("id").values_list("state", flat=True))


def test_a_fault_is_asked_of_the_merchant_and_his_decision_keeps_his_word(
    shop: Merchant, open_case: Open, desk: Cast, now: datetime, work_off: WorkOff
) -> None:
    case = open_case({0: 1}, ground="quality")
    work_off(now)
    work_off(now)
    assert (asked(), answers(case)) == (1, ["running"])
    services.case_reject(case=case, actor=desk.agent, now=now + HOUR, words="已使用", how="merchant")
    assert answers(case) == ["met"]


def test_what_the_platform_decides_before_his_time_is_over_is_no_answer_of_his(
    shop: Merchant, open_case: Open, desk: Cast, now: datetime, work_off: WorkOff
) -> None:
    case = open_case({0: 1}, ground="quality")
    work_off(now)
    services.case_approve(case=case, actor=desk.agent, now=now + HOUR)
    assert answers(case) == ["cancelled"]


def test_without_an_address_he_owes_nothing_and_the_platforms_time_runs(
    open_case: Open, now: datetime, work_off: WorkOff
) -> None:
    case = open_case({0: 1}, ground="quality")
    work_off(now)
    assert (asked(), answers(case)) == (0, [])
    own = Clock.objects.get(subject_kind="cases.case", subject_id=case.pk, promise="return_handled")
    assert (own.state, own.due_at) == ("running", now + 24 * HOUR)
    assert Case.objects.get().next_due_at == own.due_at


def test_staff_learns_that_a_merchant_was_not_reached_and_asks_by_other_means(
    open_case: Open, desk: Cast, now: datetime, work_off: WorkOff
) -> None:
    case = open_case({0: 1}, ground="quality")
    work_off(now)
    work_off(now)
    # Then whoever works on the ticket is told once, and the case stands on its board
    notice = Notice.objects.get(source="work.merchant_unreached")
    assert (notice.user_id, case.number in notice.body) == (desk.agent.pk, True)
    assert list(Case.objects.unreached()) == [case]
    # When he asked on the phone, the merchant's time runs from then on, and he is not asked twice
    told: dict[str, Any] = {"case": case, "consent": said(now + HOUR), "actor": desk.agent}
    services.merchant_told(now=now + HOUR, **told)
    assert answers(case) == ["running"]
    with pytest.raises(DomainError):
        services.merchant_told(now=now + HOUR, **told)
    assert not Case.objects.unreached().exists()


def test_nobody_was_asked_before_there_was_a_case(
    open_case: Open, desk: Cast, now: datetime, work_off: WorkOff
) -> None:
    case = open_case({0: 1}, ground="quality")
    work_off(now)
    work_off(now)
    with pytest.raises(DomainError) as error:
        services.merchant_told(case=case, consent=said(now - DAY), actor=desk.agent, now=now)
    assert error.value.code == "said_at"
    # And a slip of the keys is said by the form, whatever it is about
    form = {"heard_by": "phone", "words": "问过了"}
    assert "said_at" in ConsentForm(form | {"said_at": "0001-01-01T00:00"}).errors
    assert "said_at" not in ConsentForm(form | {"said_at": f"{now:%Y-%m-%dT%H:%M}"}).errors


def test_a_question_that_reached_nobody_goes_out_by_itself_once_there_is_an_address(
    open_case: Open, desk: Cast, now: datetime, work_off: WorkOff
) -> None:
    case = open_case({0: 1}, ground="quality")
    work_off(now)
    work_off(now)
    assert services.merchants_ask_again(now=now) == 0
    merchants.contact_save(
        merchant=case.merchant, role="aftersales", email="shop@example.com", actor=system_user(), now=now
    )
    assert services.merchants_ask_again(now=now + HOUR) == 1
    work_off(now + HOUR)
    work_off(now + HOUR)
    assert (asked(), answers(case)) == (1, ["running"])
    assert services.merchants_ask_again(now=now + HOUR) == 0


def test_the_platforms_own_sales_and_its_goodwill_ask_nobody(
    shop: Merchant, open_case: Open, now: datetime, work_off: WorkOff
) -> None:
    open_case({}, kind="compensation", ground="service", compensation="goodwill", asked=D(20))
    work_off(now)
    merchants.merchant_change(merchant=shop, self_run=True, actor=system_user(), now=now)
    open_case({0: 1}, ground="quality")
    work_off(now)
    assert asked() == 0


def test_his_words_are_an_answer_and_a_counter_offer_asks_him_anew(
    shop: Merchant, open_case: Open, ticket: Ticket, desk: Cast, now: datetime, work_off: WorkOff
) -> None:
    case = open_case({0: 2}, kind="refund_only", ground="quality")
    work_off(now)
    tickets.merchant_message(ticket=ticket, text="愿意补偿 10 元。", actor=desk.agent, now=now + HOUR)
    work_off(now + HOUR)
    assert answers(case) == ["met"]
    # When his offer is entered and the customer wants more
    case = services.case_offer(case=Case.objects.get(), amount=D(10), actor=desk.agent, now=now + HOUR)
    services.case_counter(case=case, amount=D(20), actor=desk.agent, now=now + 2 * HOUR)
    work_off(now + 2 * HOUR)
    assert (asked(), answers(case)) == (2, ["met", "running"])
    assert "¥20.00" in Notice.objects.filter(source="case.asked_merchant").latest("id").body


def test_a_question_that_is_overtaken_starts_no_clock(
    shop: Merchant, open_case: Open, desk: Cast, now: datetime, work_off: WorkOff
) -> None:
    from aftersales.cases.services.asking import person_decides

    case = open_case({0: 1}, ground="quality")
    person_decides(case_id=case.pk, now=now)  # written, not sent yet
    services.case_withdraw(case=case, actor=desk.agent, now=now)
    work_off(now)
    assert answers(case) == []


def test_a_breach_is_told_to_the_people_of_its_own_ticket(
    shop: Merchant, open_case: Open, ticket: Ticket, desk: Cast, now: datetime, work_off: WorkOff
) -> None:
    """Keys of cases and tickets are counted apart; the alert follows the case to its ticket."""
    case = open_case({0: 1}, ground="quality")
    work_off(now)
    late = now + 49 * HOUR
    sweep(now=late)
    work_off(late)
    clock = Clock.objects.get(subject_kind="cases.case", subject_id=case.pk, promise="merchant_answer")
    assert clock.state == "breached"
    noted = set(Alert.objects.filter(clock_id=clock.pk).values_list("ticket", flat=True))
    keys = Event.objects.filter(kind__in=["clock.breached", "clock.escalated"], subject_kind="cases.case")
    about = [Notice.objects.filter(source_ref__startswith=f"event:{pk}").values_list("subject_id", flat=True)
             for pk in keys.values_list("pk", flat=True)]  # fmt: skip
    assert noted | {pk for found in about for pk in found} == {ticket.pk}


def test_return_freight_is_given_back_once_where_somebody_else_bears_it(
    open_case: Open, desk: Cast, now: datetime
) -> None:
    def add(case: Case, amount: str, words: str = "小票") -> str:
        try:
            services.case_return_freight(
                case=Case.objects.get(pk=case.pk), amount=D(amount), words=words, actor=desk.agent, now=now
            )
        except DomainError as error:
            return error.code
        return "done"

    his, ours = open_case({0: 1}), open_case({0: 1}, ground="quality")
    assert add(ours, "8.00") == "wrong_case_state"
    for case in (his, ours):
        services.case_approve(case=case, actor=desk.agent, now=now)
    assert add(his, "8.00") == "customers_freight"
    assert [add(ours, amount) for amount in ("0", "50.01", "8.005")] == ["amount", "above_bound", "amount"]
    assert [add(ours, "8.00", words=" "), add(ours, "8.00"), add(ours, "8.00")] == [
        "reason",
        "done",
        "freight_twice",
    ]
    row = Case.objects.get(pk=ours.pk)
    assert (row.agreed_extra, row.notes.get(kind="freight").text) == (D("8.00"), "小票")
