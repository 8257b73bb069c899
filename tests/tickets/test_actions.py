"""One engine of actions: what is foreseen is what happens, and of several steps all happen or none."""

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

import pytest
from django.db import connection, transaction
from django.test.utils import CaptureQueriesContext

from accounts.states import Role
from aftersales.core.errors import DomainError
from aftersales.core.models import Event
from aftersales.customers.models import Contact, Customer
from aftersales.merchants.models import MerchantContact
from aftersales.orders.services import line_add
from aftersales.tickets import actions, services
from aftersales.tickets.actions import Step, engine
from aftersales.tickets.models import Message, Ticket
from aftersales.tickets.states import TicketState
from tests.cast import Cast
from tests.records import merchant
from tests.records import order as an_order

Opener = Callable[..., Ticket]


@pytest.fixture
def customer(customer: Customer) -> Customer:
    """One whom our mail reaches."""
    Contact(customer=customer, kind="email", value="lin@example.com", preferred=True).save()
    return customer


STATES = ("triaged", "assigned", "in_progress", "waiting", "resolved", "closed", "cancelled")


def in_state(state: str, open_ticket: Opener, cast: Cast, now: datetime) -> Ticket:
    """A ticket that went the ordinary way to this state, by its agent."""
    ticket = open_ticket()
    by: dict[str, Any] = {"actor": cast.agent, "now": now}
    if state == "triaged":
        return services.ticket_put_back(ticket=ticket, actor=cast.lead, now=now, reason="换人")
    if state == "assigned":
        return ticket
    ticket = services.ticket_start(ticket=ticket, **by)
    if state == "waiting":
        until = now + timedelta(hours=5)
        return services.ticket_wait(ticket=ticket, wait_for="carrier", until=until, reason="查件", **by)
    if state in ("resolved", "closed"):
        ticket = services.ticket_resolve(ticket=ticket, result="explained", text="已说明。", **by)
    if state == "closed":
        ticket = services.ticket_verify(ticket=ticket, how="phone", reason="说好了", **by)
    if state == "cancelled":
        ticket = services.ticket_cancel(ticket=ticket, why="mistake", reason="误登记", **by)
    return Ticket.objects.get(pk=ticket.pk)


def values_of(code: str, cast: Cast) -> dict[str, Any]:
    every: dict[str, Any] = {
        "reason": "按规则", "hours": 24, "wait_for": "customer", "severity": "critical", "to": cast.other.pk,
        "team": cast.elsewhere.pk,
        "text": "工单 {number} 处理中。", "result": "explained", "why": "mistake",
        "summary": "已核实并说明，顾客已认可。",
    }  # fmt: skip
    return {need.name: every[need.name] for need in actions.action(code).needs if need.name in every}


@pytest.fixture
def cast_of(desk: Cast) -> Cast:
    desk.other = desk.person(Role.AGENT)  # type: ignore[attr-defined]
    desk.join(desk.team, desk.other)
    desk.elsewhere = desk.make_team("elsewhere")  # type: ignore[attr-defined]
    return desk


@pytest.mark.slow
@pytest.mark.parametrize("state", STATES)
@pytest.mark.parametrize("role", ["agent", "other", "lead", "operations", "inspector", "system"])
def test_what_is_foreseen_is_what_the_services_do(
    state: str, role: str, open_ticket: Opener, cast_of: Cast, now: datetime
) -> None:
    ticket = in_state(state, open_ticket, cast_of, now)
    actor = getattr(cast_of, role)
    later = now + timedelta(minutes=5)
    wrong = []
    for action in actions.actions():
        step = Step(action.code, values_of(action.code, cast_of))
        row = Ticket.objects.select_related(*engine.RELATED).get(pk=ticket.pk)
        asked = actions.kinds.Asked(actor, later, step.values)
        foreseen = not list(action.judge([row], asked)[row.pk])
        with transaction.atomic():
            try:
                with transaction.atomic():
                    action.carry_out(row, asked)
                done, why = True, ""
            except DomainError as error:
                done, why = False, str(error)
            transaction.set_rollback(True)
        stricter = action.code == "reply" and state in ("closed", "cancelled") and not foreseen
        if foreseen != done and not stricter:  # the page does not send from a finished ticket either
            wrong.append((action.code, foreseen, done, why))
    assert wrong == []


@pytest.mark.parametrize("role", ["lead", "system"])
@pytest.mark.parametrize("state", ["triaged", "assigned", "in_progress", "waiting"])
def test_a_copy_in_memory_goes_where_the_act_leads(
    state: str, role: str, open_ticket: Opener, cast_of: Cast, now: datetime
) -> None:
    """The next step is judged on the copy, so the copy must stand where the ticket will stand."""
    ticket = in_state(state, open_ticket, cast_of, now)
    tried = 0
    for action in actions.actions():
        step = Step(action.code, values_of(action.code, cast_of))
        row = Ticket.objects.select_related(*engine.RELATED).get(pk=ticket.pk)
        asked = actions.kinds.Asked(getattr(cast_of, role), now, step.values)
        if list(action.judge([row], asked)[row.pk]):
            continue
        copy = actions.foreseeing.copied(row)
        action.foresee(copy, asked)
        with transaction.atomic():
            action.carry_out(row, asked)
            real = Ticket.objects.get(pk=ticket.pk)
            transaction.set_rollback(True)
        tried += 1
        facts = [
            (one.state, one.assignee_id, one.wait_for, one.severity, one.nature, one.first_reply_at, one.last_staff_at)
            for one in (copy, real)
        ]  # fmt: skip
        assert facts[0] == facts[1], action.code
    assert tried >= 3


def test_the_second_step_is_judged_on_what_the_first_makes(
    open_ticket: Opener, desk: Cast, now: datetime
) -> None:
    ticket = open_ticket()
    steps = [
        Step("start"), Step("wait", {"wait_for": "customer", "hours": 24, "reason": "等照片"}), Step("start"),
    ]  # fmt: skip
    told = actions.foresee(steps, [ticket], actor=desk.agent, now=now, telling=True)[ticket.pk]
    assert [bool(one.reasons) for one in told] == [False, False, True]
    assert "→" in told[0].words
    assert Ticket.objects.get(pk=ticket.pk).state == TicketState.ASSIGNED


def test_of_three_steps_the_second_of_which_is_refused_nothing_happens(
    open_ticket: Opener, desk: Cast, now: datetime
) -> None:
    ticket = open_ticket()
    before = Event.objects.count(), Message.objects.count()
    steps = [Step("note", {"text": "先记一笔"}), Step("resume"), Step("start")]
    with pytest.raises(engine.StepRefused) as refused:
        actions.carry_out(steps, ticket, actor=desk.agent, now=now)
    assert (refused.value.number, refused.value.code) == (2, "wrong_state")
    assert (Event.objects.count(), Message.objects.count()) == before
    assert Ticket.objects.get(pk=ticket.pk).version == ticket.version


def test_judging_many_tickets_takes_no_more_statements_than_judging_two(
    open_ticket: Opener, desk: Cast, now: datetime, django_assert_max_num_queries: Any
) -> None:
    rows = [open_ticket() for _n in range(6)]
    steps = [
        Step("start"),
        Step("wait", {"wait_for": "carrier", "hours": 5, "reason": "查件"}),
        Step("resume"),
    ]
    tickets = list(Ticket.objects.filter(pk__in=[row.pk for row in rows]).select_related(*engine.RELATED))
    with django_assert_max_num_queries(3):
        told = actions.foresee(steps, tickets, actor=desk.agent, now=now)
    assert all(not engine.refusals(one) for one in told.values())


def test_texts_for_many_tickets_read_their_facts_at_once(
    open_ticket: Opener, desk: Cast, customer: Customer, now: datetime
) -> None:
    """Order, telephone and merchant of each are asked for together, and each letter says its own."""
    text = "订单 {order}，商品 {product}，电话 {phone}，{merchant_phone}"
    shop = merchant("M-1", now)
    MerchantContact.objects.create(merchant=shop, role="aftersales", phone="0755-86001122")
    Contact(customer=customer, kind="phone", value="13812345678").save()
    rows = []
    for n in range(6):
        row = an_order(f"A-{n}", now, customer=customer, merchant=shop)
        line_add(order=row, line_no=1, product_name=f"耳机{n}", merchant=shop, actor=desk.system, now=now)
        rows.append(open_ticket(order_id=row.pk, merchant_id=shop.pk))
    steps = [Step("reply", {"text": text}), Step("note", {"text": "{order} {paid}"})]

    def statements(keys: list[int]) -> tuple[int, list[str]]:
        tickets = list(Ticket.objects.filter(pk__in=keys).select_related(*engine.RELATED).order_by("pk"))
        with CaptureQueriesContext(connection) as asked:
            told = actions.foresee(steps, tickets, actor=desk.lead, now=now, telling=True)
        return len(asked.captured_queries), [told[one.pk][0].words for one in tickets]

    keys = [row.pk for row in rows]
    statements(keys[:1])
    (one, _words), (many, words) = statements(keys[:1]), statements(keys)
    assert one == many
    numbers = [row.order.external_no for row in Ticket.objects.filter(pk__in=keys).order_by("pk")]
    assert all(number in said for number, said in zip(numbers, words, strict=True))
    assert len(set(words)) == 6
    assert all("0755-86001122" in said and "5678" in said for said in words)


@pytest.mark.parametrize(
    "text",
    ["给您 10 元补偿，请把差评改成好评。", "A voucher for your five-star review", "红包已发，记得五星"],
)
def test_no_text_ties_compensation_to_a_review(text: str, db: None, now: datetime) -> None:
    with pytest.raises(DomainError) as refused:
        actions.checked([Step("reply", {"text": text})], now)
    assert refused.value.code == "tied_to_review"


def test_a_text_with_a_hole_is_not_sent(open_ticket: Opener, desk: Cast, now: datetime) -> None:
    ticket = open_ticket()
    step = Step("reply", {"text": "订单 {order} 已处理"})
    told = actions.foresee([step], [ticket], actor=desk.agent, now=now)[ticket.pk]
    assert [one.code for one in engine.refusals(told)] == ["hole"]
    with pytest.raises(DomainError, match="nonsense"):
        actions.checked([Step("reply", {"text": "{nonsense}"})], now)


@pytest.mark.parametrize(
    ("step", "code"),
    [
        (Step("wait", {"wait_for": "nobody", "hours": 5, "reason": "x"}), "wait_for"),
        (Step("wait", {"wait_for": "customer", "hours": "9" * 40, "reason": "x"}), "hours"),
        (Step("reply", {"text": "\x00 "}), "text"),
        (Step("drop_tables"), "unknown_act"),
    ],
)
def test_a_step_with_bad_values_is_refused_by_its_field(
    step: Step, code: str, db: None, now: datetime
) -> None:
    with pytest.raises(DomainError) as refused:
        actions.checked([step], now)
    assert refused.value.code == code


def test_english_customers_get_the_english_text(
    open_ticket: Opener, desk: Cast, customer: Customer, now: datetime
) -> None:
    Customer.objects.filter(pk=customer.pk).update(languages=["en"])
    step = Step("reply", {"text": "您好", "text_en": "Hello from {agent}"})
    ticket = actions.carry_out([step], open_ticket(), actor=desk.agent, now=now)
    assert Message.objects.filter(ticket=ticket).latest("id").text == f"Hello from {desk.agent}"
