"""Erased words stand nowhere else: not as the subject of a ticket that went on, not in a run that was busy."""

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

import pytest

from aftersales.core.errors import Busy
from aftersales.customers.models import Customer
from aftersales.customers.services import customer_erase
from aftersales.standards.models import ParameterVersion
from aftersales.tickets import services
from aftersales.tickets.actions import Step, engine
from aftersales.tickets.models import ActionRun, ArchiveRecord, Message, Ticket, TicketPrint, TicketText
from aftersales.tickets.services import running
from aftersales.tickets.services.run_words import words_expire
from aftersales.tickets.services.running import actions_again, actions_begin
from aftersales.tickets.states import NO_SUBJECT
from tests.cast import Cast

Opener = Callable[..., Ticket]
SECRET = "110101199003078888"
WHY = "客户要求删除"
HOUR = timedelta(hours=1)
SAYS = f"身份证 {SECRET} 已核对"


def merged(open_ticket: Opener, desk: Cast, now: datetime, **columns: Any) -> tuple[Ticket, Ticket]:
    """The part's words are the survivor's subject."""
    into = open_ticket(subject="退款", text="什么时候退款？")
    part = open_ticket(subject=f"身份证 {SECRET}", text=f"我的身份证 {SECRET} 请保密", **columns)
    services.ticket_merge(
        survivor=into, others=[part], actor=desk.lead, now=now, reason="同一问题", chosen={"subject": part.pk}
    )
    into.refresh_from_db()
    assert SECRET in into.subject
    return into, part


def gone(ticket: Ticket) -> bool:
    ticket.refresh_from_db()
    return ticket.subject == NO_SUBJECT and not TicketText.objects.filter(text__contains=SECRET).exists()


@pytest.mark.parametrize("apart_again", [False, True])
def test_a_subject_that_went_on_goes_with_the_message_it_was_cut_from(
    open_ticket: Opener, desk: Cast, now: datetime, apart_again: bool
) -> None:
    into, part = merged(open_ticket, desk, now)
    if apart_again:
        services.ticket_unmerge(ticket=part, actor=desk.lead, now=now, reason="两件事")
    services.message_erase(
        message=part.messages.order_by("id").first(), actor=desk.privacy_officer, now=now, reason=WHY
    )
    assert gone(into)
    assert not TicketPrint.objects.filter(ticket=into).exists()


def test_it_went_on_twice(open_ticket: Opener, desk: Cast, now: datetime) -> None:
    into, part = merged(open_ticket, desk, now)
    last = open_ticket(subject="别的", text="别的")
    services.ticket_merge(
        survivor=last, others=[into], actor=desk.lead, now=now, reason="同一问题", chosen={"subject": into.pk}
    )
    services.message_erase(
        message=part.messages.order_by("id").first(), actor=desk.privacy_officer, now=now, reason=WHY
    )
    assert gone(last)


def test_a_subject_that_went_to_somebody_elses_ticket_goes_with_the_person(
    open_ticket: Opener, desk: Cast, now: datetime
) -> None:
    other = Customer.objects.create(code="C-2", name="赵敏")
    into, _part = merged(open_ticket, desk, now, customer_id=other.pk)
    customer_erase(customer=other, actor=desk.privacy_officer, reason=WHY, now=now)
    assert gone(into)
    assert into.messages.exclude(text="").exists(), "the words of the other customer stay"


def test_a_subject_of_its_own_and_one_that_a_hold_keeps_stay(
    open_ticket: Opener, desk: Cast, now: datetime
) -> None:
    into, part = merged(open_ticket, desk, now)
    ArchiveRecord.objects.create(
        ticket=into, number="X", kind="other", severity="minor", nature="operation", channel="web",
        opened_at=now, completed_at=now, archived_at=now, reviewed_by=desk.lead, summary="", seal_after=now,
        keep_until=now.date(), legal_hold="法院调取",
    )  # fmt: skip
    services.message_erase(
        message=part.messages.order_by("id").first(), actor=desk.privacy_officer, now=now, reason=WHY
    )
    into.refresh_from_db()
    assert SECRET in into.subject


# Runs over many tickets


@pytest.fixture
def busy(open_ticket: Opener, desk: Cast, now: datetime, monkeypatch: pytest.MonkeyPatch) -> ActionRun:
    """A note on two tickets of two customers; somebody held the second one."""
    other = Customer.objects.create(code="C-2", name="赵敏")
    mine, held = open_ticket(), open_ticket(customer_id=other.pk)
    real = engine.tried

    def tried(steps: Any, ticket: Ticket, **known: Any) -> Any:
        if ticket.pk == held.pk:
            return engine.Result(
                ticket.pk, engine.BUSY, 0, Busy().refusals if hasattr(Busy(), "refusals") else []
            )
        return real(steps, ticket, **known)

    monkeypatch.setattr(running.engine, "tried", tried)
    run = actions_begin(
        steps=[Step("note", {"text": SAYS})],
        ticket_ids=[mine.pk, held.pk],
        actor=desk.agent,
        now=now,
        key="k",
    )
    monkeypatch.undo()
    assert sorted(run.rows.values_list("outcome", flat=True)) == ["busy", "done"]
    assert SECRET in str(ActionRun.objects.get().steps)
    return run


def states(run: ActionRun) -> dict[int, str]:
    return dict(run.rows.values_list("ticket_id", "outcome"))


def wordless() -> bool:
    return SECRET not in str(ActionRun.objects.get().steps)


def test_words_of_a_run_go_with_the_person_on_whose_ticket_they_were_said(
    busy: ActionRun, customer: Customer, desk: Cast, now: datetime
) -> None:
    customer_erase(customer=customer, actor=desk.privacy_officer, reason=WHY, now=now)
    assert wordless()
    assert set(states(busy).values()) == {"done", "refused"}
    actions_again(run=busy, actor=desk.agent, now=now)
    assert set(states(busy).values()) == {"done", "refused"}, "nothing empty is said later"


def test_one_erased_message_takes_its_words_out_of_the_run_that_said_them(
    busy: ActionRun, desk: Cast, now: datetime
) -> None:
    said = Message.objects.get(source_ref__startswith=f"run{busy.pk}.")
    services.message_erase(message=said, actor=desk.privacy_officer, reason=WHY, now=now)
    assert wordless()
    assert set(states(busy).values()) == {"done", "refused"}
    actions_again(run=busy, actor=desk.agent, now=now)
    assert not Message.objects.filter(text__contains=SECRET).exists()


def test_the_same_words_typed_by_hand_and_erased_go_out_of_the_run_too_but_no_others_do(
    busy: ActionRun, desk: Cast, now: datetime
) -> None:
    ticket = busy.rows.get(outcome="done").ticket
    for text, gone in (("别的话，与它无关", False), (SAYS, True)):
        said = services.note_add(
            ticket=Ticket.objects.get(pk=ticket.pk), text=text, actor=desk.agent, now=now
        )
        services.message_erase(message=said, actor=desk.privacy_officer, reason=WHY, now=now)
        assert wordless() is gone


def test_nothing_is_said_later_on_an_erased_ticket(busy: ActionRun, desk: Cast, now: datetime) -> None:
    other = Customer.objects.get(code="C-2")
    customer_erase(customer=other, actor=desk.privacy_officer, reason=WHY, now=now)
    assert wordless()
    row = busy.rows.get(ticket__customer=other)
    assert (row.outcome, row.why_en) == (
        "refused",
        "What was typed for it is no longer kept; ask for it anew.",
    )


def test_a_run_that_somebody_tries_again_in_time_still_has_its_words(
    busy: ActionRun, desk: Cast, now: datetime
) -> None:
    assert words_expire(now=now + 23 * HOUR) == 0
    actions_again(run=busy, actor=desk.agent, now=now + 23 * HOUR)
    assert set(states(busy).values()) == {"done"}
    assert wordless()


def test_words_that_nobody_asks_for_again_go_after_the_time_of_the_rule_book(
    busy: ActionRun, desk: Cast, now: datetime
) -> None:
    assert ParameterVersion.objects.filter(parameter__code="bulk_again_hours").update(value=2) == 1
    assert [words_expire(now=now + 3 * HOUR) for _twice in range(2)] == [1, 0]
    assert wordless()
    assert set(states(busy).values()) == {"done", "refused"}


def test_a_run_whose_job_never_came_to_its_end_keeps_nothing_either(
    open_ticket: Opener, desk: Cast, now: datetime
) -> None:
    ParameterVersion.objects.filter(parameter__code="bulk_at_once").update(value=1)
    ids = [open_ticket().pk for _n in range(2)]
    run = actions_begin(
        steps=[Step("note", {"text": SAYS})], ticket_ids=ids, actor=desk.agent, now=now, key="large"
    )
    assert words_expire(now=now + 25 * HOUR) == 1
    assert wordless()
    assert set(states(run).values()) == {"refused"}
    running.actions_go_on(run=ActionRun.objects.get(), now=now + 26 * HOUR)
    assert not Ticket.objects.get(pk=ids[0]).messages.filter(text__contains=SECRET).exists()
