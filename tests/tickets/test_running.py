"""Actions over many tickets: asked for once, a result for each row, and no row done twice whatever dies."""

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

import pytest

from accounts.states import Role
from aftersales.core import jobs
from aftersales.core.errors import DomainError
from aftersales.core.models import Job
from aftersales.customers.models import Contact, Customer
from aftersales.standards.models import ParameterVersion
from aftersales.tickets import services
from aftersales.tickets.actions import Step, engine
from aftersales.tickets.models import ActionRun, Message, Ticket
from aftersales.tickets.services import running
from aftersales.tickets.services.running import actions_again, actions_begin
from tests.cast import Cast

Opener = Callable[..., Ticket]
REPLY = Step("reply", {"text": "工单 {number} 正在处理。"})


@pytest.fixture
def customer(customer: Customer) -> Customer:
    Contact(customer=customer, kind="email", value="lin@example.com", preferred=True).save()
    return customer


def change(code: str, value: int) -> None:
    assert ParameterVersion.objects.filter(parameter__code=code).update(value=value) == 1


def outcomes(run: ActionRun) -> dict[str, int]:
    found = list(run.rows.values_list("outcome", flat=True))
    return {outcome: found.count(outcome) for outcome in set(found)}


def replies() -> int:
    return Message.objects.filter(source="action").count()


@pytest.mark.slow
def test_of_forty_replies_those_that_are_not_mine_to_touch_are_named_and_the_others_sent(
    open_ticket: Opener, desk: Cast, now: datetime
) -> None:
    change("bulk_at_once", 100)
    mine = [open_ticket() for _n in range(35)]
    foreign = [open_ticket() for _n in range(5)]
    other = desk.person(Role.VENDOR_AGENT)
    team = desk.make_team("vendor", members=[other], vendor="外包")
    for ticket in mine:
        services.ticket_assign(ticket=ticket, to=other, actor=desk.supervisor, now=now, team_id=team.pk)
    ids = [ticket.pk for ticket in (*foreign, *mine)]
    run = actions_begin(steps=[REPLY], ticket_ids=ids, actor=other, now=now, key="forty")
    assert (run.total, run.left_out) == (35, 5)  # what one may not see is not even named
    assert outcomes(run) == {"done": 35}
    assert replies() == 35
    assert not Message.objects.filter(ticket__in=[one.pk for one in foreign], source="action").exists()


def test_a_row_is_refused_by_itself_with_its_reason_in_both_languages(
    open_ticket: Opener, desk: Cast, now: datetime
) -> None:
    fine, ended = open_ticket(), open_ticket()
    services.ticket_cancel(ticket=ended, why="mistake", reason="误登记", actor=desk.agent, now=now)
    run = actions_begin(steps=[REPLY], ticket_ids=[fine.pk, ended.pk], actor=desk.agent, now=now, key="two")
    assert outcomes(run) == {"done": 1, "refused": 1}
    row = run.rows.get(ticket=ended)
    assert row.step == 1
    assert "finished" in row.why_en


def test_the_same_form_twice_is_one_run(open_ticket: Opener, desk: Cast, now: datetime) -> None:
    ticket = open_ticket()
    runs = [
        actions_begin(steps=[REPLY], ticket_ids=[ticket.pk], actor=desk.agent, now=now, key="same")
        for _n in "ab"
    ]
    assert runs[0].pk == runs[1].pk
    assert replies() == 1


def test_a_large_run_is_a_job_and_a_kill_in_the_middle_sends_nothing_twice(
    open_ticket: Opener, desk: Cast, now: datetime, monkeypatch: pytest.MonkeyPatch
) -> None:
    change("bulk_at_once", 2)
    tickets = [open_ticket() for _n in range(6)]
    run = actions_begin(
        steps=[REPLY], ticket_ids=[one.pk for one in tickets], actor=desk.agent, now=now, key="large"
    )
    assert outcomes(run) == {"waiting": 6}
    real, seen = engine.tried, []

    class Killed(BaseException):
        """As when the worker's process dies: nobody cleans up."""

    def dying(*args: Any, **known: Any) -> Any:
        seen.append(real(*args, **known))
        if len(seen) == 4:  # after the fourth reply was written, before its row could say so
            raise Killed
        return seen[-1]

    monkeypatch.setattr(running.engine, "tried", dying)
    with pytest.raises(Killed):
        jobs.run_due(now)
    assert outcomes(run) == {"done": 3, "waiting": 3}
    assert replies() == 3
    jobs.run_due(now + jobs.LEASE + timedelta(seconds=1))
    assert outcomes(run) == {"done": 6}
    assert replies() == 6
    job = Job.objects.get(kind=running.JOB)
    assert (job.progress_done, job.progress_total) == (6, 6)


def test_one_step_that_knows_many_rows_goes_through_the_door_in_batches(
    open_ticket: Opener, desk: Cast, now: datetime, monkeypatch: pytest.MonkeyPatch
) -> None:
    change("bulk_at_once", 100)
    tickets = [open_ticket() for _n in range(5)]
    services.ticket_start(ticket=tickets[0], actor=desk.agent, now=now)
    monkeypatch.setattr(running, "BATCH", 2)
    run = actions_begin(
        steps=[Step("start")], ticket_ids=[one.pk for one in tickets], actor=desk.agent, now=now, key="batch"
    )
    assert outcomes(run) == {"done": 4, "refused": 1}
    assert Ticket.objects.filter(state="in_progress").count() == 5


def test_more_tickets_than_the_rule_book_allows_are_left_out_and_counted(
    open_ticket: Opener, desk: Cast, now: datetime
) -> None:
    change("bulk_rows", 2)
    ids = [open_ticket().pk for _n in range(3)]
    run = actions_begin(steps=[REPLY], ticket_ids=ids, actor=desk.agent, now=now, key="many")
    assert (run.total, run.left_out) == (2, 1)


def test_typed_words_do_not_stay_with_the_run(open_ticket: Opener, desk: Cast, now: datetime) -> None:
    run = actions_begin(steps=[REPLY], ticket_ids=[open_ticket().pk], actor=desk.agent, now=now, key="words")
    run.refresh_from_db()
    assert run.finished_at is not None
    assert run.steps == [{"do": "reply", "with": {}}]


def test_busy_rows_are_tried_again_by_who_asked_and_by_nobody_else(
    open_ticket: Opener, desk: Cast, now: datetime, monkeypatch: pytest.MonkeyPatch
) -> None:
    ticket = open_ticket()
    with monkeypatch.context() as patched:
        busy = engine.Result(ticket.pk, engine.BUSY)
        patched.setattr(running.engine, "tried", lambda *args, **known: busy)
        run = actions_begin(steps=[REPLY], ticket_ids=[ticket.pk], actor=desk.agent, now=now, key="busy")
    assert outcomes(run) == {"busy": 1}
    with pytest.raises(DomainError):
        actions_again(run=run, actor=desk.lead, now=now)
    assert outcomes(actions_again(run=run, actor=desk.agent, now=now)) == {"done": 1}
    assert replies() == 1
