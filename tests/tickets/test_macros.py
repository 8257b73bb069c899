"""Macros: kept by who may, applied whole or not at all, once however often they are posted."""

import threading
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

import pytest
from django.db import connection

from accounts.states import Role
from aftersales.core.errors import Conflict, DomainError, NotPermitted
from aftersales.core.models import Event
from aftersales.customers.models import Contact, Customer
from aftersales.tickets import actions, services
from aftersales.tickets.actions import Step, engine
from aftersales.tickets.models import ActionRun, Macro, Message, Ticket
from aftersales.tickets.services.macros import macro_apply, macro_save
from aftersales.tickets.states import TicketState
from tests.cast import Cast

Opener = Callable[..., Ticket]


@pytest.fixture
def customer(customer: Customer) -> Customer:
    Contact(customer=customer, kind="email", value="lin@example.com", preferred=True).save()
    return customer


@pytest.fixture
def three(desk: Cast, now: datetime) -> Macro:
    """Reply, wait for the customer, leave a note."""
    steps = [
        Step("reply", {"text": "工单 {number} 请补照片"}),
        Step("wait", {"wait_for": "customer", "hours": 48, "reason": "等照片"}),
        Step("note", {"text": "已请补照片"}),
    ]
    return macro_save(
        macro=None, steps=steps, actor=desk.operations, now=now, name_zh="补照片", name_en="Photos", scope="all",
        team=None, roles=[], kinds=[], position=10, is_active=True,
    )  # fmt: skip


def test_three_steps_happen_together_and_cite_the_macro(
    three: Macro, open_ticket: Opener, desk: Cast, now: datetime
) -> None:
    ticket = open_ticket()
    done = macro_apply(
        macro=three, ticket=ticket, actor=desk.agent, now=now, key="k1", version=ticket.version
    )
    assert (done.state, done.wait_for) == (TicketState.WAITING, "customer")
    assert f"工单 {ticket.number} 请补照片" in Message.objects.filter(ticket=ticket).values_list(
        "text", flat=True
    )
    told = Event.objects.about("tickets.ticket", ticket.pk).filter(rule_version=three.citation)
    assert {"ticket.replied", "ticket.waiting", "ticket.noted"} <= set(told.values_list("kind", flat=True))


def test_a_macro_whose_second_step_became_illegal_changes_nothing_and_says_what_changed(
    three: Macro, open_ticket: Opener, desk: Cast, now: datetime
) -> None:
    ticket = open_ticket()
    told = actions.foresee(actions.steps_of(three.steps), [ticket], actor=desk.agent, now=now)
    assert not engine.refusals(told[ticket.pk])
    services.ticket_resolve(ticket=ticket, result="explained", text="说明", actor=desk.agent, now=now)
    before = Message.objects.count(), Event.objects.count()
    with pytest.raises(Conflict) as stale:
        macro_apply(macro=three, ticket=ticket, actor=desk.agent, now=now, key="k2", version=ticket.version)
    assert str(TicketState.RESOLVED.label) in str(stale.value)
    with pytest.raises(engine.StepRefused) as refused:
        macro_apply(macro=three, ticket=ticket, actor=desk.agent, now=now, key="k2")
    assert refused.value.number == 2
    assert (Message.objects.count(), Event.objects.count()) == before
    assert not ActionRun.objects.exists()


def test_the_same_form_twice_is_one_act(three: Macro, open_ticket: Opener, desk: Cast, now: datetime) -> None:
    ticket = open_ticket()
    for _n in range(2):
        macro_apply(macro=three, ticket=ticket, actor=desk.agent, now=now, key="k3", version=ticket.version)
    assert (
        Message.objects.filter(ticket=ticket, text__contains="补照片", source="action").count() == 2
    )  # reply, note
    assert ActionRun.objects.get().macro == three


@pytest.mark.concurrency
@pytest.mark.django_db(transaction=True)
def test_two_posts_at_once_are_one_act(three: Macro, open_ticket: Opener, desk: Cast, now: datetime) -> None:
    ticket = open_ticket()
    start, found = threading.Barrier(2), []

    def post() -> None:
        start.wait()
        try:
            macro_apply(
                macro=three, ticket=ticket, actor=desk.agent, now=now, key="k4", version=ticket.version
            )
            found.append("done")
        except DomainError as error:
            found.append(error.code)
        finally:
            connection.close()

    threads = [threading.Thread(target=post) for _n in range(2)]
    for one in threads:
        one.start()
    for one in threads:
        one.join()
    assert found == ["done", "done"]
    assert Message.objects.filter(ticket=ticket, source="action").count() == 2
    assert ActionRun.objects.count() == 1


def test_a_macro_that_was_changed_after_the_preview_is_not_applied(
    three: Macro, open_ticket: Opener, desk: Cast, now: datetime
) -> None:
    seen = three.version
    saved = macro_save(
        macro=three, steps=[Step("note", {"text": "别的"})], actor=desk.operations, now=now, version=seen, scope="all",
    )  # fmt: skip
    assert saved.version == seen + 1
    with pytest.raises(DomainError) as refused:
        macro_apply(
            macro=three, ticket=open_ticket(), actor=desk.agent, now=now, key="k5", macro_version=seen
        )
    assert refused.value.code == "macro_changed"
    with pytest.raises(Conflict):
        macro_save(
            macro=three, steps=[Step("start")], actor=desk.operations, now=now, version=seen, scope="all"
        )


@pytest.mark.parametrize(
    ("role", "scope", "may"),
    [
        ("agent", "own", True), ("agent", "team", False), ("agent", "all", False), ("lead", "team", True),
        ("lead", "all", False), ("operations", "all", True), ("supervisor", "all", True), ("inspector", "own", False),
    ],
)  # fmt: skip
def test_who_keeps_which_macros(role: str, scope: str, may: bool, desk: Cast, now: datetime) -> None:
    team = desk.team if scope == "team" else None

    def save() -> Macro:
        return macro_save(
            macro=None, steps=[Step("start")], actor=desk.of(role), now=now, name_zh="开始", name_en="Start",
            scope=scope, team=team,
        )  # fmt: skip

    if may:
        assert Macro.objects.visible_to(desk.of(role)).contains(save())
    else:
        with pytest.raises(NotPermitted):
            save()


def test_ones_own_macros_are_nobody_elses(desk: Cast, now: datetime) -> None:
    own = macro_save(
        macro=None, steps=[Step("start")], actor=desk.agent, now=now, name_zh="我的", name_en="Mine", scope="own",
        team=None,
    )  # fmt: skip
    other = desk.person(Role.AGENT)
    assert Macro.objects.visible_to(desk.agent).contains(own)
    for person in (other, desk.lead, desk.operations):
        assert not Macro.objects.visible_to(person).contains(own)
    with pytest.raises(NotPermitted):
        macro_save(macro=own, steps=[Step("start")], actor=desk.operations, now=now, scope="all")


def test_every_shipped_macro_stands_and_says_nothing_forbidden(db: None, now: datetime) -> None:
    shipped = list(Macro.objects.filter(scope="all"))
    assert len(shipped) >= 12
    for macro in shipped:
        assert actions.checked(actions.steps_of(macro.steps), now + timedelta(days=1))


def test_a_macro_for_leads_is_not_offered_to_agents(three: Macro, desk: Cast, now: datetime) -> None:
    macro_save(
        macro=three, steps=actions.steps_of(three.steps), actor=desk.operations, now=now, scope="all",
        roles=[Role.LEAD.value],
    )  # fmt: skip
    offered: Any = Macro.objects.usable_by(desk.agent)
    assert not offered.filter(pk=three.pk).exists()
    assert Macro.objects.usable_by(desk.lead).filter(pk=three.pk).exists()
