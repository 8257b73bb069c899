"""Rules that act by themselves: drafted by one, brought into force by another, done once, and never in a loop."""

import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime, timedelta
from random import Random
from typing import Any

import pytest
from django.core.cache import cache
from django.db import connections, transaction

from accounts.services import system_user
from aftersales.clocks.models import Clock
from aftersales.clocks.services import sweep
from aftersales.core.errors import Busy, DomainError, NotPermitted, Refused
from aftersales.core.events import in_whose_name
from aftersales.core.models import Event
from aftersales.customers.models import Contact, Customer
from aftersales.notices.models import Notice
from aftersales.standards.models import ParameterVersion
from aftersales.tickets import selectors, services, tasks
from aftersales.tickets.actions import Step, conditions
from aftersales.tickets.models import Automation, AutomationRun, AutomationVersion, Message, Ticket
from aftersales.tickets.selectors.rehearsal import rehearse
from aftersales.tickets.services import automation
from aftersales.tickets.services.automation import (
    automation_activate,
    automation_draft,
    automation_hear,
    automation_reject,
    automation_retire,
    automation_sweep,
)
from tests.cast import Cast

Opener = Callable[..., Ticket]
NOTE = Step("note", {"text": "按规则 {number}"})


@pytest.fixture
def customer(customer: Customer) -> Customer:
    Contact(customer=customer, kind="email", value="lin@example.com", preferred=True).save()
    return customer


@pytest.fixture(autouse=True)
def fresh_names() -> None:
    cache.clear()


def change(code: str, value: int) -> None:
    assert ParameterVersion.objects.filter(parameter__code=code).update(value=value) == 1


@pytest.fixture
def rule(desk: Cast, now: datetime) -> Callable[..., AutomationVersion]:
    """A rule in force: drafted by operations, brought into force by the supervisor."""

    def make(
        trigger: str, *steps: Step, given: Any = None, active: bool = True, **terms: Any
    ) -> AutomationVersion:
        draft = automation_draft(
            rule=None, actor=desk.operations, now=now, steps=steps or [NOTE], given=given or {}, trigger=trigger,
            name_zh="规则", name_en="Rule", **terms,
        )  # fmt: skip
        return automation_activate(draft=draft, actor=desk.supervisor, now=now) if active else draft

    return make


Maker = Callable[..., AutomationVersion]


def runs(version: AutomationVersion) -> list[str]:
    return list(
        AutomationRun.objects.filter(version=version).order_by("id").values_list("outcome", flat=True)
    )


def test_an_event_sets_the_rule_off_once_and_the_timeline_cites_it(
    rule: Maker, open_ticket: Opener, work_off: Callable[[datetime], None], now: datetime
) -> None:
    version = rule("opened", given={"kinds": ["returns"]})
    ticket = open_ticket()
    other = open_ticket(kind="invoice")
    work_off(now)
    event = Event.objects.get(kind="ticket.opened", subject_id=ticket.pk)
    assert automation_hear(event=event, now=now) == 0  # delivered twice, done once
    assert runs(version) == ["done"]
    told = Event.objects.get(kind="ticket.noted", subject_id=ticket.pk)
    assert told.rule_version == version.citation
    assert "规则" in in_whose_name(told)
    assert f"v{version.number}" in in_whose_name(told)
    assert version.citation in {entry.rule_version for entry in selectors.timeline(ticket)}
    assert not Message.objects.filter(ticket=other, source="action").exists()


def test_a_rule_asks_again_under_the_lock_what_a_person_changed_meanwhile(
    rule: Maker, open_ticket: Opener, monkeypatch: pytest.MonkeyPatch, now: datetime
) -> None:
    """Between the first look and the lock somebody makes another kind of problem of it: the rule fits no more."""
    version = rule("opened", given={"kinds": ["returns"]})
    ticket = open_ticket()
    real = conditions.holds

    def then_changed(given: Any, row: Any, *, any_of: bool = False) -> bool:
        answer = real(given, row, any_of=any_of)
        Ticket.objects.filter(pk=ticket.pk).update(kind="invoice")
        return answer

    monkeypatch.setattr(conditions, "holds", then_changed)
    event = Event.objects.get(kind="ticket.opened", subject_id=ticket.pk)
    assert automation_hear(event=event, now=now) == 0
    assert runs(version) == []
    assert not Message.objects.filter(ticket=ticket, source="action").exists()


@pytest.mark.concurrency
@pytest.mark.django_db(transaction=True)
def test_a_rule_waits_for_the_person_who_holds_the_ticket_and_judges_what_he_left(
    rule: Maker, open_ticket: Opener, now: datetime
) -> None:
    version = rule("opened", given={"kinds": ["returns"]})
    ticket = open_ticket()
    event = Event.objects.get(kind="ticket.opened", subject_id=ticket.pk)

    def hear() -> int:
        try:
            return automation_hear(event=event, now=now)
        except Busy:
            return -1
        finally:
            connections.close_all()

    with ThreadPoolExecutor(1) as pool:
        with transaction.atomic():
            Ticket.objects.select_for_update(of=("self",)).get(pk=ticket.pk)
            Ticket.objects.filter(pk=ticket.pk).update(kind="invoice")
            heard = pool.submit(hear)
            time.sleep(0.4)  # it has looked at the old row by now and waits
        assert heard.result() <= 0
    assert runs(version) == []


def test_a_rules_reply_is_no_persons_answer(
    rule: Maker, open_ticket: Opener, work_off: Callable[[datetime], None], desk: Cast, now: datetime
) -> None:
    """The customer gets the words at once, the promise of an answer runs on, and the assignee has begun nothing."""
    version = rule("opened", Step("reply", {"text": "已收到 {number}，我们会尽快答复。"}))
    ticket = open_ticket()
    work_off(now)
    ticket.refresh_from_db()
    assert runs(version) == ["done"]
    assert (ticket.state, ticket.first_reply_at, ticket.last_staff_at) == ("assigned", None, None)
    first = Clock.objects.get(subject_id=ticket.pk, promise="first_response")
    assert (first.ended_at, first.state) == (None, "running")
    said = Message.objects.get(ticket=ticket, source="action")
    told = Event.objects.get(kind="ticket.acknowledged", subject_id=ticket.pk)
    assert (told.payload["message_id"], told.rule_version) == (said.pk, version.citation)
    letter = Notice.objects.get(source="ticket.answered", subject_id=ticket.pk)
    assert ticket.number in letter.body
    services.ticket_reply(ticket=ticket, text="请寄回。", actor=desk.agent, now=now + timedelta(minutes=5))
    ticket.refresh_from_db()
    first.refresh_from_db()
    assert (ticket.state, ticket.first_reply_at) == ("in_progress", now + timedelta(minutes=5))
    assert first.state == "met"


def test_a_draft_does_nothing_and_its_drafter_does_not_bring_it_into_force(
    rule: Maker, open_ticket: Opener, work_off: Callable[[datetime], None], desk: Cast, now: datetime
) -> None:
    draft = rule("opened", active=False)
    open_ticket()
    work_off(now)
    assert runs(draft) == []
    with pytest.raises(Refused) as refused:
        automation_activate(draft=draft, actor=desk.operations, now=now)
    assert refused.value.code == "own_draft"
    with pytest.raises(NotPermitted):
        automation_activate(draft=draft, actor=desk.agent, now=now)
    assert automation_reject(draft=draft, actor=desk.supervisor, now=now, reason="太宽").state == "rejected"


def test_a_new_version_ends_the_one_before_it(
    rule: Maker, open_ticket: Opener, work_off: Callable[[datetime], None], desk: Cast, now: datetime
) -> None:
    first = rule("opened")
    draft = automation_draft(
        rule=first.rule, actor=desk.operations, now=now, steps=[NOTE], given={"word": "耳机"}, trigger="opened",
        reason="收窄",
    )  # fmt: skip
    second = automation_activate(draft=draft, actor=desk.supervisor, now=now)
    open_ticket()
    work_off(now)
    assert (runs(first), runs(second), second.number) == ([], ["done"], 2)
    automation_retire(row=second, actor=desk.operations, now=now)
    open_ticket()
    work_off(now)
    assert runs(second) == ["done"]


def test_a_rule_never_reacts_to_its_own_doing(
    rule: Maker, open_ticket: Opener, work_off: Callable[[datetime], None], desk: Cast, now: datetime
) -> None:
    version = rule("raised", Step("regrade", {"severity": "critical", "reason": "再升"}))
    ticket = open_ticket()
    services.ticket_regrade(
        ticket=ticket,
        kind=ticket.kind,
        severity="major",
        nature=ticket.nature,
        actor=desk.lead,
        now=now,
        reason="升级",
    )
    work_off(now)
    assert Ticket.objects.get(pk=ticket.pk).severity == "critical"
    assert runs(version) == ["done", "loop"]


def test_two_rules_that_set_each_other_off_are_stopped_and_the_log_says_so(
    rule: Maker, open_ticket: Opener, work_off: Callable[[datetime], None], desk: Cast, now: datetime
) -> None:
    other = desk.person("agent")
    desk.join(desk.team, other)
    desk.shift(other)
    back = rule("assigned", Step("assign", {"to": other.pk}), given={"kinds": ["returns"]})
    forth = rule("assigned", Step("assign", {"to": desk.agent.pk}), given={"kinds": ["returns"]})
    ticket = open_ticket()
    work_off(now)
    assert "loop" in runs(back) + runs(forth), list(AutomationRun.objects.values_list("why_en", flat=True))
    assert len(runs(back)) + len(runs(forth)) < 20
    assert Event.objects.filter(kind="ticket.assigned", subject_id=ticket.pk).count() <= 5
    stopped = AutomationRun.objects.filter(outcome="loop").first()
    assert stopped is not None
    assert stopped.why_en
    assert stopped.chain


def test_the_depth_of_rules_in_a_row_is_a_row_of_the_rule_book(
    rule: Maker, open_ticket: Opener, work_off: Callable[[datetime], None], now: datetime
) -> None:
    change("rules_in_a_row", 1)
    rule("opened", Step("regrade", {"severity": "major", "reason": "先升"}))
    second = rule("raised")
    open_ticket()
    work_off(now)
    assert runs(second) == ["depth"]


def test_a_rule_acts_on_one_ticket_only_so_often_a_day(
    rule: Maker, open_ticket: Opener, work_off: Callable[[datetime], None], desk: Cast, now: datetime
) -> None:
    change("rule_deeds_a_day", 2)
    version = rule("customer_wrote")
    ticket = open_ticket()
    for number in range(3):
        at = now + timedelta(hours=2 * number)
        services.customer_message(ticket=ticket, text=f"第 {number} 次催", actor=desk.agent, now=at)
        work_off(at)
    assert runs(version) == ["done", "done", "often"]


def test_the_dry_run_counts_what_the_guard_holds_back(
    rule: Maker, open_ticket: Opener, desk: Cast, now: datetime
) -> None:
    change("rule_deeds_a_day", 2)
    ticket = open_ticket(at=now - timedelta(days=3))
    for hours in (40, 37, 34, 2):
        services.customer_message(
            ticket=ticket, text=f"{hours} 小时前催", actor=desk.agent, now=now - timedelta(hours=hours)
        )
    dry = rehearse(rule("customer_wrote", active=False), now)
    assert [bool(row.refused) for row in sorted(dry.rows, key=lambda row: row.at)] == [
        False,
        False,
        True,
        False,
    ]
    assert (dry.done, dry.refused) == (3, 1)


def test_clocks_that_run_out_together_are_one_moment_and_the_same_words_are_said_once(
    rule: Maker, open_ticket: Opener, work_off: Callable[[datetime], None], desk: Cast, now: datetime
) -> None:
    """One event for each clock; note and escalation stand once."""
    version = rule("breached", NOTE, Step("escalate", {"reason": "超时"}))
    ticket = open_ticket()
    late = now + timedelta(days=30)
    sweep(now=late)
    work_off(late)
    breached = Event.objects.filter(kind="clock.breached", subject_id=ticket.pk)
    assert breached.count() > 1, "several clocks run out at one moment"
    assert runs(version).count("done") == 1
    assert set(runs(version)) == {"done", "again"}
    assert Message.objects.filter(ticket=ticket, source="action").count() == 1

    draft = rule("breached", NOTE, active=False)
    assert len([one for one in rehearse(draft, late).rows if one.ticket.pk == ticket.pk]) == 1


def test_within_the_pause_of_the_rule_book_the_same_words_are_said_once(
    rule: Maker, open_ticket: Opener, work_off: Callable[[datetime], None], desk: Cast, now: datetime
) -> None:
    version = rule("merchant_wrote")
    ticket = open_ticket()

    def answers(at: datetime) -> None:
        services.merchant_message(ticket=ticket, text="已寄出", actor=desk.agent, now=at)
        work_off(at)

    for minutes in (0, 59, 61):
        answers(now + timedelta(minutes=minutes))
    assert runs(version) == ["done", "again", "done"]
    change("rule_again_minutes", 10)
    answers(now + timedelta(minutes=75))
    assert runs(version)[-1] == "done"


def test_hours_after_a_moment_a_rule_about_time_acts_once_for_that_moment(
    rule: Maker, open_ticket: Opener, desk: Cast, now: datetime
) -> None:
    version = rule("last_customer_at", hours=8, given={"unread": "yes"})
    ticket = open_ticket()
    services.customer_message(ticket=ticket, text="有消息吗", actor=desk.agent, now=now)
    for hours in (7, 8.1, 9, 10):
        automation_sweep(now=now + timedelta(hours=hours))
    assert runs(version) == ["done"]
    services.customer_message(ticket=ticket, text="还在吗", actor=desk.agent, now=now + timedelta(hours=11))
    automation_sweep(now=now + timedelta(hours=20))
    assert runs(version) == ["done", "done"]


def test_what_is_refused_is_logged_with_its_reason_and_changes_nothing(
    rule: Maker, open_ticket: Opener, work_off: Callable[[datetime], None], now: datetime
) -> None:
    version = rule("opened", NOTE, Step("resume"))
    ticket = open_ticket()
    work_off(now)
    run = AutomationRun.objects.get(version=version)
    assert (run.outcome, run.step) == ("refused", 2)
    assert run.why_en
    assert not Message.objects.filter(ticket=ticket, source="action").exists()


def test_a_persons_own_acts_are_no_rules(rule: Maker, db: None) -> None:
    with pytest.raises(DomainError) as refused:
        rule("opened", Step("resolve", {"result": "explained", "text": "好"}))
    assert refused.value.code == "not_by_rule"


@pytest.mark.parametrize("seed", [1, 2, 3])
def test_the_dry_run_is_what_the_real_run_then_does(
    seed: int, rule: Maker, open_ticket: Opener, desk: Cast, now: datetime
) -> None:
    """Tickets in random states; the same events, first looked at, then heard."""
    random = Random(seed)  # noqa: S311
    start = now - timedelta(minutes=90)
    for number in range(6):
        kind = random.choice(["returns", "invoice", "quality"])
        ticket = open_ticket(at=start + timedelta(minutes=number), kind=kind)
        if random.random() < 0.6:
            services.ticket_start(ticket=ticket, actor=desk.agent, now=start + timedelta(minutes=30))
        services.customer_message(
            ticket=ticket, text="催", actor=desk.agent, now=start + timedelta(minutes=60)
        )
    steps = [NOTE, random.choice([Step("start"), Step("escalate", {"reason": "催促"}), Step("resume")])]
    draft = rule("customer_wrote", *steps, given={"kinds": ["returns", "quality"]}, active=False)
    dry = rehearse(draft, now)
    version = automation_activate(draft=draft, actor=desk.supervisor, now=now)
    for event in Event.objects.filter(kind="ticket.customer_wrote").order_by("id"):
        automation_hear(event=event, now=now)
    real = AutomationRun.objects.filter(version=version)
    assert {(row.ticket.pk, bool(row.refused), row.step) for row in dry.rows} == {
        (run.ticket_id, run.outcome == "refused", run.step) for run in real
    }
    assert dry.looked_at == 6


def test_the_dry_run_of_a_time_rule_is_what_the_sweep_then_does(
    rule: Maker, open_ticket: Opener, now: datetime
) -> None:
    for hours in (1, 5, 9, 30):
        open_ticket(at=now - timedelta(hours=hours))
    draft = rule("opened_at", hours=5, active=False)
    before = {row.ticket.pk for row in rehearse(draft, now).rows}
    version = automation_activate(draft=draft, actor=system_user(), now=now)
    automation_sweep(now=now)
    assert before == set(AutomationRun.objects.filter(version=version).values_list("ticket_id", flat=True))
    assert len(before) == 3


def test_the_dry_run_judges_a_ticket_as_it_stood_then(
    rule: Maker, open_ticket: Opener, desk: Cast, now: datetime
) -> None:
    ticket = open_ticket(at=now - timedelta(hours=1))
    services.ticket_cancel(ticket=ticket, why="mistake", reason="误登记", actor=desk.agent, now=now)
    draft = rule("opened", given={"states": ["new", "triaged", "assigned"]}, active=False)
    assert [row.ticket.pk for row in rehearse(draft, now).rows] == [ticket.pk]
    assert Ticket.objects.get(pk=ticket.pk).state == "cancelled"


@pytest.mark.parametrize("any_of", [True, False])
def test_a_condition_is_judged_of_a_row_as_postgresql_answers_it(
    any_of: bool, open_ticket: Opener, desk: Cast, now: datetime
) -> None:
    services.ticket_start(ticket=open_ticket(), actor=desk.agent, now=now)
    services.ticket_put_back(ticket=open_ticket(kind="invoice"), actor=desk.lead, now=now, reason="换人")
    services.customer_message(ticket=open_ticket(subject="电视起火"), text="急", actor=desk.agent, now=now)
    every = [
        {"states": ["assigned", "triaged"]}, {"kinds": ["invoice"]}, {"held": "no"}, {"held": "yes"}, {"unread": "yes"},
        {"unread": "no"}, {"word": "起火"}, {"reopened": 1}, {"kinds": ["returns"], "word": "起火"},
        {"held": "no", "unread": "yes"}, {},
    ]  # fmt: skip
    for given in every:
        asked = set(
            Ticket.objects.filter(conditions.asked(given, any_of=any_of)).values_list("pk", flat=True)
        )
        held = {row.pk for row in Ticket.objects.all() if conditions.holds(given, row, any_of=any_of)}
        assert asked == held, given


def test_the_shipped_rules_are_drafts_that_wait_for_a_person(db: None) -> None:
    drafts = AutomationVersion.objects.filter(rule__in=Automation.objects.exclude(code__startswith="rule-"))
    assert drafts.count() >= 5
    assert set(drafts.values_list("state", flat=True)) == {"draft"}


def test_an_edited_rule_does_not_act_again_on_what_it_handled(
    rule: Maker, open_ticket: Opener, desk: Cast, now: datetime
) -> None:
    open_ticket()
    first = rule("opened_at", hours=5)
    later = now + timedelta(hours=6)
    automation_sweep(now=later)
    draft = automation_draft(
        rule=first.rule, actor=desk.operations, now=later, steps=[NOTE], given={}, trigger="opened_at", hours=5,
        name_zh="规则改名", name_en="Rule",
    )  # fmt: skip
    second = automation_activate(draft=draft, actor=desk.supervisor, now=later)
    automation_sweep(now=later + timedelta(minutes=1))
    assert (runs(first), runs(second)) == (["done"], [])
    assert Message.objects.filter(source="action").count() == 1


def test_a_rule_that_ends_with_an_error_is_logged_and_keeps_nobody_from_work(
    rule: Maker, open_ticket: Opener, now: datetime, monkeypatch: pytest.MonkeyPatch
) -> None:
    open_ticket(at=now - timedelta(hours=9))
    version = rule("opened_at", hours=5)

    def broken(*_args: Any, **_terms: Any) -> None:
        raise KeyError("step")

    monkeypatch.setattr(automation.engine, "tried", broken)
    done = automation_sweep(now=now)
    assert (done["failed"], runs(version)) == (1, ["failed"])
    assert automation_sweep(now=now + timedelta(minutes=1))["failed"] == 0


def test_one_sweep_that_ends_with_an_error_does_not_end_the_minute(
    db: None, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    ran = []

    def broken(**_terms: Any) -> None:
        raise KeyError("wake")

    monkeypatch.setattr(services, "wake_sweep", broken)
    monkeypatch.setattr(services, "digest_sweep", lambda **_terms: ran.append("digest"))
    tasks.sweep()
    assert ran == ["digest"]
    assert "broken ended with an error" in caplog.text
