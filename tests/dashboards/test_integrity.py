"""The signs of the integrity page: each finds what it is for, lays it to the right person, and opens its tickets."""

import re
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest
import time_machine

from aftersales.clocks.models import Clock
from aftersales.clocks.rules import Pause, share_used
from aftersales.core.models import Event
from aftersales.customers.models import Contact, Customer
from aftersales.dashboards.selectors import integrity
from aftersales.dashboards.selectors.overview import Scope
from aftersales.standards.selectors import book
from aftersales.standards.worktime import ALWAYS
from aftersales.tickets import services
from aftersales.tickets.models import Ticket
from aftersales.tickets.services.waits import wait_over
from tests.cast import Cast

Opener = Callable[..., Ticket]
HOUR = timedelta(hours=1)


@pytest.fixture
def mine(open_ticket: Opener, customer: Customer, desk: Cast, now: Any) -> Ticket:
    """A ticket in the agent's hands, whose customer has an address."""
    Contact.objects.create(customer=customer, kind="email", value="linfang@example.com")
    ticket = open_ticket(at=now - 5 * HOUR)
    if ticket.assignee_id != desk.agent.pk:
        ticket = services.ticket_assign(ticket=ticket, to=desk.agent, actor=desk.lead, now=now - 5 * HOUR)
    return services.ticket_start(ticket=ticket, actor=desk.agent, now=now - 5 * HOUR)


def found(desk: Cast, now: Any, code: str) -> integrity.Sign:
    signs = integrity.signs(Scope(desk.lead, now, 7))
    return next(sign for sign in signs if sign.measure.code == code)


def test_nothing_happened_and_nothing_is_shown(desk: Cast, now: Any) -> None:
    assert [sign.tickets for sign in integrity.signs(Scope(desk.lead, now, 7))] == [0] * len(
        integrity.MEASURES
    )


def test_a_reply_of_two_characters_is_one_without_content(mine: Ticket, desk: Cast, now: Any) -> None:
    services.ticket_reply(ticket=mine, text="您好", actor=desk.agent, now=now)
    services.ticket_reply(
        ticket=mine, text="您好，退款已提交，预计三个工作日内到账。", actor=desk.agent, now=now
    )

    sign = found(desk, now, "empty_reply")

    assert (sign.tickets, sign.people) == (1, {desk.agent.pk: 1})


def test_waiting_again_and_again_is_parking_and_twice_is_not(mine: Ticket, desk: Cast, now: Any) -> None:
    def wait(at: Any) -> None:
        ticket = Ticket.objects.get(pk=mine.pk)
        services.ticket_wait(
            ticket=ticket, wait_for="carrier", until=at + HOUR, reason="等承运商", actor=desk.agent, now=at
        )
        services.ticket_move(
            ticket=Ticket.objects.get(pk=mine.pk), name="resume", actor=desk.agent, now=at + HOUR / 2
        )

    wait(now - 4 * HOUR)
    wait(now - 3 * HOUR)
    assert found(desk, now, "parked").tickets == 0
    wait(now - 2 * HOUR)

    assert found(desk, now, "parked").people == {desk.agent.pk: 1}


def test_one_wait_of_months_is_parking_too(mine: Ticket, desk: Cast, now: Any) -> None:
    services.ticket_wait(
        ticket=mine, wait_for="carrier", until=now + timedelta(days=80), reason="等承运商", actor=desk.agent,
        now=now - HOUR,
    )  # fmt: skip
    assert found(desk, now, "parked").people == {desk.agent.pk: 1}


def test_cancelled_for_the_customer_and_taken_up_again_is_a_sign(mine: Ticket, desk: Cast, now: Any) -> None:
    gone = services.ticket_cancel(
        ticket=mine, why="withdrawn", reason="客户说不用了", actor=desk.agent, now=now - 2 * HOUR
    )
    assert found(desk, now, "cancelled").tickets == 0
    services.ticket_move(ticket=gone, name="reopen", reason="客户又来电", actor=desk.lead, now=now - HOUR)
    assert found(desk, now, "cancelled").tickets == 1


def running_out(ticket: Ticket, now: Any, left: Any) -> None:
    Clock.objects.filter(subject_id=ticket.pk).update(due_at=now + left, counted_from=now - 5 * HOUR)


def test_a_ticket_given_away_in_the_last_tenth_is_laid_to_who_gave_it_away(
    mine: Ticket, desk: Cast, now: Any
) -> None:
    running_out(mine, now, HOUR / 10)
    services.ticket_hand_over(ticket=mine, actor=desk.agent, now=now, reason="做不完")
    assert found(desk, now, "passed_on").people == {desk.agent.pk: 1}


def test_a_lead_who_takes_a_ticket_away_has_done_so_himself(mine: Ticket, desk: Cast, now: Any) -> None:
    running_out(mine, now, HOUR / 10)
    services.ticket_assign(ticket=mine, to=desk.lead, actor=desk.lead, now=now, reason="我来做")
    assert found(desk, now, "passed_on").people == {desk.lead.pk: 1}


def test_with_a_sheet_it_is_laid_to_who_goes_and_by_a_rule_to_nobody(
    mine: Ticket, desk: Cast, now: Any
) -> None:
    running_out(mine, now, HOUR / 10)
    given = services.ticket_wait(
        ticket=mine, wait_for="bank", until=now + HOUR / 100, reason="等", actor=desk.agent, now=now,
        next_person=desk.lead,
    )  # fmt: skip
    services.wake_sweep(now=now + HOUR / 50)
    wait_over(event=Event.objects.get(kind="ticket.resumed"), now=now + HOUR / 50)
    assert Ticket.objects.get(pk=given.pk).assignee == desk.lead
    assert found(desk, now + HOUR, "passed_on").tickets == 0
    running_out(mine, now, HOUR / 10)
    sheet = services.handover_make(
        taker=desk.agent, notes={}, shift_ends_at=now, actor=desk.lead, now=now + HOUR / 40
    )
    for who in (desk.lead, desk.agent):
        services.handover_sign(sheet=sheet, actor=who, now=now + HOUR / 40)
    assert found(desk, now + HOUR, "passed_on").people == {desk.lead.pk: 1}


def test_a_ticket_given_away_early_is_no_sign(mine: Ticket, desk: Cast, now: Any) -> None:
    running_out(mine, now, 5 * HOUR)
    services.ticket_hand_over(ticket=mine, actor=desk.agent, now=now, reason="不是我的专长")
    assert found(desk, now, "passed_on").tickets == 0


@pytest.mark.parametrize(
    ("begun", "due", "given", "sign"),
    [
        # A working day on Friday and one on Monday; the weekend between them is no time that was used up
        ("11-20 09:00", "11-23 18:00", "11-23 10:00", False),
        ("11-20 09:00", "11-23 18:00", "11-23 17:30", True),
        # By the wall the weekend would make Friday's last minute early: it is the last tenth
        ("11-20 09:00", "11-23 09:30", "11-20 17:50", True),
    ],
)
def test_the_last_tenth_is_of_the_time_that_counts(
    mine: Ticket, desk: Cast, now: Any, begun: str, due: str, given: str, sign: bool
) -> None:
    zone = ZoneInfo("Asia/Shanghai")
    begins, ends, at = (
        datetime.strptime(f"2026-{one}", "%Y-%m-%d %H:%M").replace(tzinfo=zone) for one in (begun, due, given)
    )
    rules = book()
    version = next(one for one in rules.versions if rules.calendar_code(one) == "workdays")
    Clock.objects.filter(subject_id=mine.pk).update(
        standard_version=version, started_at=begins, counted_from=begins, due_at=ends
    )
    services.ticket_hand_over(
        ticket=Ticket.objects.get(pk=mine.pk), actor=desk.agent, now=at, reason="做不完"
    )
    assert found(desk, at + HOUR, "passed_on").tickets == int(sign)


def test_what_stood_still_is_no_time_that_was_used_up() -> None:
    start = datetime(2026, 11, 23, tzinfo=UTC)
    stood = [Pause(start + 2 * HOUR, start + 12 * HOUR), Pause(start + 30 * HOUR, None)]

    def used(at: float) -> float:
        return round(share_used(ALWAYS, start, start + 20 * HOUR, start + at * HOUR, stood), 3)

    assert [used(one) for one in (1, 2, 12, 19, 20)] == [0.1, 0.2, 0.2, 0.9, 1.0]


def test_silence_is_laid_to_who_has_the_ticket_and_words_of_staff_to_who_said_them(
    mine: Ticket, desk: Cast, now: Any
) -> None:
    ticket = services.ticket_resolve(
        ticket=mine, result="explained", text="已说明。", actor=desk.agent, now=now - HOUR
    )
    services.ticket_verify(ticket=ticket, how="phone", reason="客户说好了", actor=desk.agent, now=now)

    assert found(desk, now, "own_word").people == {desk.agent.pk: 1}
    assert found(desk, now, "silence").tickets == 0


def test_the_limit_is_a_row_of_the_rule_book(mine: Ticket, desk: Cast, now: Any) -> None:
    from aftersales.standards.models import ParameterVersion

    services.ticket_reply(ticket=mine, text="好的，马上处理", actor=desk.agent, now=now)
    assert found(desk, now, "empty_reply").tickets == 0

    ParameterVersion.objects.filter(parameter__code="integrity_reply_characters").update(value=20)
    from aftersales.standards.models import Edition

    Edition.objects.update(token="other")

    assert found(desk, now, "empty_reply").tickets == 1


def test_a_sign_opens_exactly_its_events(mine: Ticket, desk: Cast, now: Any) -> None:
    services.ticket_reply(ticket=mine, text="嗯", actor=desk.agent, now=now)
    with time_machine.travel(now, tick=False):
        page = desk.client(desk.lead).get("/overview/integrity/empty_reply/?days=7").content.decode()
        nobody = desk.client(desk.lead).get(f"/overview/integrity/empty_reply/?days=7&person={desk.lead.pk}")

    assert page.count(mine.number) == 2  # its address and its words
    assert mine.number not in nobody.content.decode()
    assert desk.client(desk.lead).get("/overview/integrity/unheard_of/").status_code == 404


def test_a_figure_says_both_units_and_opens_as_many_rows(mine: Ticket, desk: Cast, now: Any) -> None:
    """ "1" opened three rows: tickets stood against what happened on them."""
    for minute in range(3):
        services.ticket_reply(ticket=mine, text="好", actor=desk.agent, now=now - minute * HOUR / 60)
    with time_machine.travel(now, tick=False):
        browser = desk.client(desk.lead)
        card = browser.get("/overview/integrity/?days=7").content.decode().partition("empty_reply")[2]
        card = card.partition("</p>")[0]
        page = browser.get("/overview/integrity/empty_reply/?days=7")
        table = browser.get("/overview/integrity/?days=7").context["people"]
        of_one = browser.get(f"/overview/integrity/empty_reply/?days=7&person={desk.agent.pk}")
    assert re.findall(r"\d+", re.sub(r"<b[^>]*>|</?[a-z][^>]*>", " ", card.partition(">")[2])) == ["1", "3"]
    assert [cell[:2] for cell in table[0]["cells"] if cell[0]] == [(1, 3)]
    for shown in (page, of_one):
        assert (shown.context["sign"].tickets, shown.context["sign"].times) == (1, 3)
        assert str(shown.context["counted"]) in shown.content.decode()
        assert len(shown.context["traces"]) == 3


def test_an_agent_does_not_see_the_page(desk: Cast) -> None:
    assert desk.client(desk.agent).get("/overview/integrity/").status_code == 404
