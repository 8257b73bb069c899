"""Checklists: a safety ticket is not resolved before its items are ticked, each once, by whom is told."""

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

import pytest

from accounts import capabilities
from accounts.states import Role
from aftersales.core.errors import Conflict, DomainError, NotPermitted
from aftersales.core.events import sentence
from aftersales.core.models import Event
from aftersales.customers.models import Contact, Customer
from aftersales.tickets import services
from aftersales.tickets.actions import Step
from aftersales.tickets.models import ActionRun, ChecklistTemplate, ChecklistTick, Ticket
from aftersales.tickets.selectors.checks import read
from aftersales.tickets.services.checks import checklist_save, checklist_tick
from tests.cast import Cast
from tests.toy.fixtures import at_once

Opener = Callable[..., Ticket]
ITEMS = [
    {"zh": "已要求停用并断电", "en": "Asked to unplug", "required": True},
    {"zh": "已通知商家", "en": "Merchant told", "required": True},
    {"zh": "已问清伤情", "en": "Injuries asked", "required": True},
    {"zh": "已收到照片", "en": "Photos received", "required": False},
]
ABOUT = {"name_zh": "安全必做", "name_en": "Safety", "move": "resolve", "is_active": True, "position": 10}


def refused(call: Callable[[], Any]) -> str:
    with pytest.raises(DomainError) as error:
        call()
    return error.value.code


@pytest.fixture
def customer(customer: Customer) -> Customer:
    Contact(customer=customer, kind="email", value="lin@example.com", preferred=True).save()
    return customer


@pytest.fixture
def checklist(desk: Cast, now: datetime) -> ChecklistTemplate:
    return checklist_save(
        template=None, items=ITEMS, actor=desk.operations, now=now, kinds=["returns"], severities=[], **ABOUT
    )


def tick(
    ticket: Ticket, template: ChecklistTemplate, at: int, by: Any, now: datetime, done: bool = True
) -> Any:
    key = ChecklistTemplate.objects.get(pk=template.pk).items[at]["key"]
    return checklist_tick(ticket=ticket, template=template, item=key, done=done, actor=by, now=now)


def resolve(ticket: Ticket, by: Any, now: datetime) -> Ticket:
    return services.ticket_resolve(ticket=ticket, result="explained", text="好", actor=by, now=now)


def test_a_ticket_is_resolved_only_when_all_required_items_are_ticked(
    open_ticket: Opener, checklist: ChecklistTemplate, desk: Cast, now: datetime
) -> None:
    ticket, other = open_ticket(), open_ticket(kind="logistics")
    with pytest.raises(DomainError, match="安全必做.*断电.*商家.*伤情|Safety.*unplug.*Merchant.*Injuries"):
        resolve(ticket, desk.agent, now)
    tick(ticket, checklist, 0, desk.agent, now)
    tick(ticket, checklist, 1, desk.lead, now)
    with pytest.raises(DomainError) as error:
        resolve(ticket, desk.agent, now)
    assert ("伤情" in str(error.value)) or ("Injuries" in str(error.value))
    assert "断电" not in str(error.value)
    assert "unplug" not in str(error.value)
    tick(ticket, checklist, 2, desk.agent, now)
    found = read(Ticket.objects.get(pk=ticket.pk))[0]
    assert [one.by for one in found.items] == [str(desk.agent), str(desk.lead), str(desk.agent), ""]
    assert resolve(ticket, desk.agent, now).state == "resolved"
    assert resolve(other, desk.agent, now).state == "resolved"
    told = [sentence(one) for one in Event.objects.filter(kind="ticket.item_ticked").order_by("id")]
    assert len(told) == 3
    assert str(desk.lead) in told[1]


def test_a_tick_taken_back_holds_the_ticket_again_and_said_twice_is_said_once(
    open_ticket: Opener, checklist: ChecklistTemplate, desk: Cast, now: datetime
) -> None:
    ticket = open_ticket()
    for at in (0, 1, 2):
        tick(ticket, checklist, at, desk.agent, now)
    for _twice in range(2):
        tick(ticket, checklist, 1, desk.lead, now, done=False)
    assert Event.objects.filter(kind="ticket.item_unticked").count() == 1
    assert refused(lambda: resolve(ticket, desk.agent, now)) == "unchecked"
    first = tick(ticket, checklist, 1, desk.lead, now)
    again = tick(ticket, checklist, 1, desk.agent, now + timedelta(minutes=1))
    assert (first.pk, again.by) == (again.pk, desk.lead)
    resolve(ticket, desk.agent, now)
    assert refused(lambda: tick(ticket, checklist, 1, desk.agent, now, done=False)) == "finished"


def test_an_item_worded_anew_is_asked_anew_and_the_old_tick_stays_readable(
    open_ticket: Opener, checklist: ChecklistTemplate, desk: Cast, now: datetime
) -> None:
    ticket = open_ticket()
    tick(ticket, checklist, 0, desk.agent, now)
    tick(ticket, checklist, 1, desk.agent, now)
    old = checklist.items[0]["key"]
    items = [dict(one) for one in checklist.items]
    items[0]["zh"] = "已要求停用、断电并拔掉电池"
    items.reverse()
    later = checklist_save(
        template=checklist, items=items, actor=desk.operations, now=now, version=checklist.version
    )
    assert [one["key"] for one in later.items][:3] == [one["key"] for one in items][:3]
    found = read(Ticket.objects.get(pk=ticket.pk))[0]
    assert [one.zh for one in found.items if one.old] == ["已要求停用并断电"]
    assert {one.zh for one in found.missing} == {"已要求停用、断电并拔掉电池", "已问清伤情"}
    known = ChecklistTick.objects.get(item=old)
    assert (known.text_zh, known.template_version) == ("已要求停用并断电", 1)
    gone = {"ticket": ticket, "template": checklist, "item": old, "actor": desk.agent, "now": now}
    assert refused(lambda: checklist_tick(done=False, **gone)) == "gone"


def test_shipped_checklists_ask_for_nothing_until_somebody_puts_them_into_force(
    open_ticket: Opener, desk: Cast, now: datetime
) -> None:
    ticket = open_ticket(kind="safety")
    assert not ChecklistTemplate.objects.filter(is_active=True).exists()
    assert read(ticket) == []
    safety = ChecklistTemplate.objects.get(code="safety_first")
    checklist_save(
        template=safety, items=safety.items, actor=desk.operations, now=now, version=1, is_active=True
    )
    assert len(read(Ticket.objects.get(pk=ticket.pk))[0].missing) == 3


def test_a_severity_that_changes_changes_what_is_asked(
    open_ticket: Opener, checklist: ChecklistTemplate, desk: Cast, now: datetime
) -> None:
    checklist_save(
        template=checklist, items=checklist.items, actor=desk.operations, now=now, severities=["critical"]
    )
    ticket = open_ticket()
    assert read(ticket) == []
    services.ticket_regrade(
        ticket=ticket, kind="returns", severity="critical", nature="operation", reason="x", actor=desk.lead, now=now
    )  # fmt: skip
    assert refused(lambda: resolve(ticket, desk.lead, now)) == "unchecked"


@pytest.mark.parametrize(
    ("items", "columns", "code"),
    [
        ([], {}, "items"),
        ([{"zh": " "}], {}, "items"),
        ([{"zh": "长" * 201}], {}, "items"),
        ([{"zh": "a"}] * 21, {}, "items"),
        ([{"zh": "a"}], {"name_zh": " "}, "name"),
        ([{"zh": "a"}], {"kinds": ["nonsense"]}, "choice"),
        ([{"zh": "a"}], {"move": "cancel"}, "choice"),
    ],
)
def test_a_bad_checklist_is_refused(
    desk: Cast, now: datetime, items: Any, columns: dict[str, Any], code: str
) -> None:
    before = ChecklistTemplate.objects.count()
    assert (
        refused(
            lambda: checklist_save(
                template=None, items=items, actor=desk.operations, now=now, **(ABOUT | columns)
            )
        )
        == code
    )
    assert ChecklistTemplate.objects.count() == before


def test_a_save_from_an_older_version_is_refused(
    checklist: ChecklistTemplate, desk: Cast, now: datetime
) -> None:
    def save() -> ChecklistTemplate:
        return checklist_save(
            template=checklist, items=ITEMS, actor=desk.operations, now=now, version=1, position=20
        )

    save()
    with pytest.raises(Conflict):
        save()


def test_who_lacks_the_right_neither_ticks_nor_writes(
    open_ticket: Opener, checklist: ChecklistTemplate, desk: Cast, now: datetime
) -> None:
    ticket = open_ticket()
    calls: dict[str, Callable[[Any], Any]] = {
        "tickets.check": lambda by: tick(ticket, checklist, 0, by, now),
        "tickets.keep_checklists": lambda by: checklist_save(
            template=checklist, items=checklist.items, actor=by, now=now
        ),
    }
    for capability, call in calls.items():
        for role in Role:
            try:
                call(desk.of(role))
                missing = False
            except NotPermitted:
                missing = True
            assert missing is not capabilities.allowed([role], capability), (capability, role)


def test_many_at_once_are_told_which_items_are_missing(
    open_ticket: Opener, checklist: ChecklistTemplate, desk: Cast, now: datetime
) -> None:
    held, free = open_ticket(), open_ticket(kind="logistics")
    for ticket in (held, free):
        services.ticket_start(ticket=ticket, actor=desk.agent, now=now)
    run = ActionRun.objects.get(pk=_resolve_many([held, free], desk.agent, now).pk)
    row = run.rows.get(ticket=held)
    assert row.outcome == "refused"
    assert all(one["zh"] in row.why_zh and one["en"] in row.why_en for one in ITEMS[:3])
    assert "照片" not in row.why_zh
    done = run.rows.get(ticket=free)
    assert done.outcome == "done", done.why_en


def _resolve_many(tickets: list[Ticket], by: Any, now: datetime) -> ActionRun:
    from aftersales.tickets.services.running import actions_begin

    steps = [Step("resolve", {"result": "explained", "text": "好"})]
    return actions_begin(ticket_ids=[one.pk for one in tickets], steps=steps, actor=by, now=now, key="k")


@pytest.mark.concurrency
@pytest.mark.django_db(transaction=True)
def test_two_who_tick_at_once_make_one_tick(
    open_ticket: Opener, checklist: ChecklistTemplate, desk: Cast, now: datetime
) -> None:
    ticket = open_ticket()
    answers = at_once([
        lambda: tick(ticket, checklist, 0, desk.agent, now), lambda: tick(ticket, checklist, 0, desk.lead, now),
    ])  # fmt: skip
    assert {type(one) for one in answers} == {ChecklistTick}, answers
    assert len({one.pk for one in answers}) == 1
    assert ChecklistTick.objects.count() == 1
    assert Event.objects.filter(kind="ticket.item_ticked").count() == 1
