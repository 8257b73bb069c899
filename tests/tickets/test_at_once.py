"""Two at once: what somebody changed between the question and the lock is asked again."""

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

import pytest

from accounts.services import system_user
from aftersales.core import moves
from aftersales.core.errors import DomainError, WrongState
from aftersales.tickets import services
from aftersales.tickets.models import Ticket
from tests.cast import Cast

Opener = Callable[..., Ticket]
HOUR = timedelta(hours=1)


def just_before_the_lock(monkeypatch: pytest.MonkeyPatch, act: Callable[[], Any]) -> None:
    """``act`` happens once, after a bulk move has chosen its rows and before it locks them."""
    batch = moves._perform_batch
    acts = [act]

    def late(*args: Any) -> Any:
        if acts:
            acts.pop()()
        return batch(*args)

    monkeypatch.setattr(moves, "_perform_batch", late)


def test_a_sweep_does_not_take_a_ticket_from_whoever_was_faster(
    open_ticket: Opener, desk: Cast, now: datetime, monkeypatch: pytest.MonkeyPatch
) -> None:
    ticket = open_ticket(at=now - 5 * HOUR)
    assert ticket.assignee is None
    faster = desk.person("agent")
    desk.join(desk.team, faster)
    just_before_the_lock(monkeypatch, lambda: services.ticket_take(ticket=ticket, actor=faster, now=now))

    assert services.dispatch_sweep(now=now) == 0

    assert Ticket.objects.get(pk=ticket.pk).assignee == faster


def resolved(open_ticket: Opener, desk: Cast, now: datetime, **columns: Any) -> Ticket:
    ticket = open_ticket(**columns)
    return services.ticket_resolve(
        ticket=ticket, result="explained", text="好了。", actor=desk.agent, now=now
    )


def test_whoever_wrote_after_the_result_is_not_closed_by_silence(
    open_ticket: Opener, desk: Cast, now: datetime
) -> None:
    ticket = resolved(open_ticket, desk, now, kind="consultation")
    assert ticket.wake_at is not None
    services.customer_message(ticket=ticket, text="还是没有声音！", actor=desk.agent, now=now + HOUR)

    assert services.silence_sweep(now=now + timedelta(days=30)) == {"closed": 0, "refused": 0, "busy": 0}

    assert Ticket.objects.get(pk=ticket.pk).state == "resolved"


def test_an_answer_during_the_sweep_wins(
    open_ticket: Opener, desk: Cast, now: datetime, monkeypatch: pytest.MonkeyPatch
) -> None:
    ticket = resolved(open_ticket, desk, now, kind="consultation")
    late = now + timedelta(days=30)
    just_before_the_lock(
        monkeypatch,
        lambda: services.customer_message(ticket=ticket, text="没好", actor=desk.agent, now=late),
    )
    assert services.silence_sweep(now=late)["closed"] == 0


def test_a_ticket_that_waits_anew_is_not_woken_early(
    open_ticket: Opener, desk: Cast, now: datetime, monkeypatch: pytest.MonkeyPatch
) -> None:
    ticket = services.ticket_start(ticket=open_ticket(), actor=desk.agent, now=now)
    who = {"actor": desk.agent, "ticket": ticket}
    services.ticket_wait(**who, wait_for="customer", until=now + HOUR, now=now)

    def wait_longer() -> None:
        services.ticket_move(**who, name="resume", now=now + 2 * HOUR)
        services.ticket_wait(**who, wait_for="merchant", until=now + 9 * HOUR, now=now + 2 * HOUR)

    just_before_the_lock(monkeypatch, wait_longer)
    assert services.wake_sweep(now=now + 2 * HOUR) == 0
    assert Ticket.objects.get(pk=ticket.pk).state == "waiting"


def test_a_finished_ticket_keeps_its_grade_and_a_sealed_one_its_words(
    open_ticket: Opener, desk: Cast, now: datetime
) -> None:
    ticket = resolved(open_ticket, desk, now)
    ticket = services.ticket_verify(ticket=ticket, how="phone", reason="好了", actor=desk.agent, now=now)
    grade = {"kind": "safety", "severity": "critical", "nature": "complaint", "reason": "改一下"}
    with pytest.raises(DomainError, match=r".") as refused:
        services.ticket_regrade(ticket=ticket, **grade, actor=desk.lead, now=now)
    assert refused.value.code == "wrong_state"

    services.ticket_archive(ticket=ticket, summary="核对后解释清楚，客户认可。", actor=desk.lead, now=now)
    assert services.seal_sweep(now=now + timedelta(days=60)) == 1
    sealed = Ticket.objects.get(pk=ticket.pk)
    for write in (services.ticket_reply, services.note_add, services.customer_message):
        with pytest.raises(DomainError) as refused:
            write(ticket=sealed, text="再说一句", actor=desk.agent, now=now + timedelta(days=61))
        assert refused.value.code == "sealed"


def test_two_tries_of_one_morning_are_one_day(open_ticket: Opener, desk: Cast, now: datetime) -> None:
    """07:30 and 08:30 in Shanghai stand on two days of UTC."""
    ticket = open_ticket(kind="consultation")
    for hours, channel in ((-2.5, "phone"), (-1.5, "chat"), (-1, "email")):
        services.contact_attempt_record(
            ticket=ticket, channel=channel, reached=False, actor=desk.agent, now=now + hours * HOUR
        )
    ticket = services.ticket_start(ticket=ticket, actor=desk.agent, now=now)
    with pytest.raises(DomainError) as refused:
        services.ticket_give_up(ticket=ticket, reason="打不通", actor=desk.agent, now=now)
    assert refused.value.code == "tried_too_little"


def test_the_search_looks_among_the_tickets_one_may_see(
    open_ticket: Opener, desk: Cast, now: datetime
) -> None:
    from aftersales.tickets.selectors.words import search_ids

    own = open_ticket(text="Charger 过热")
    for _n in range(3):
        other = open_ticket(text="charger 过热")
        Ticket.objects.filter(pk=other.pk).update(assignee=desk.lead, team=None, owner=None)
    assert search_ids("过热", user=desk.agent, limit=2) == [own.pk]
    assert len(search_ids("CHARGER", user=desk.lead, limit=9)) == 4


def test_an_old_link_confirms_nothing_while_the_work_goes_on_again(
    open_ticket: Opener, desk: Cast, now: datetime
) -> None:
    from aftersales.tickets.models import CustomerLink

    ticket = resolved(open_ticket, desk, now)
    token = services.customer_link_issue(ticket=ticket, purpose="confirm", actor=system_user(), now=now)
    services.ticket_move(ticket=ticket, name="reopen", actor=desk.agent, now=now, reason="客户来电说没好")
    link = services.customer_link_open(token=token, purpose="confirm", now=now + HOUR)
    assert link is not None
    with pytest.raises(DomainError) as refused:
        services.ticket_confirm(link=link, satisfied=True, now=now + HOUR)
    assert refused.value.code == "in_work"
    assert CustomerLink.objects.get(pk=link.pk).used_at is None


def test_many_at_once_go_to_nobody_who_cannot_work(open_ticket: Opener, desk: Cast) -> None:
    ticket = open_ticket()
    outcome = moves.perform_many(
        Ticket.objects.filter(pk=ticket.pk), "assign", actor=desk.lead, now=desk.now,
        data={"to": desk.inspector, "team_id": None},
    )  # fmt: skip
    assert [reason.code for _pk, reasons in outcome.refused for reason in reasons] == ["unfit"]


def test_a_ticket_that_ended_meanwhile_is_not_passed_on(
    open_ticket: Opener, desk: Cast, now: datetime
) -> None:
    ticket = services.ticket_start(ticket=open_ticket(), actor=desk.agent, now=now)
    stale = services.ticket_wait(
        ticket=ticket, wait_for="customer", until=now + HOUR, actor=desk.agent, now=now
    )
    services.ticket_cancel(ticket=stale, why="duplicate", reason="重复", actor=desk.agent, now=now)
    with pytest.raises(WrongState):
        services.ticket_assign(ticket=stale, to=desk.lead, actor=desk.lead, now=now, reason="接手")
