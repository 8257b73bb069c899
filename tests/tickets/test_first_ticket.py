"""Nobody gets a first ticket before the onboarding hours, and nobody work that his certificate does not cover."""

from collections.abc import Callable
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from accounts import qualifications
from accounts.models import User
from accounts.qualifications import Qualification
from accounts.states import Role
from aftersales.core.errors import Refused
from aftersales.dashboards.selectors import exceptions
from aftersales.tickets import services
from aftersales.tickets.actions import engine
from aftersales.tickets.actions.kinds import Asked, action
from aftersales.tickets.models import DispatchRecord, Ticket
from aftersales.tickets.selectors.pulling import not_offered
from aftersales.tickets.services.bulk import tickets_take
from tests.cast import Cast
from tests.tickets.test_scored_dispatch import required
from tests.training.school import a_course, a_run
from tests.training.test_compliance import held
from training.models import Number, Tier
from training.selectors import day_of
from training.services import certificate_grant, certificate_move, rule_activate

__all__ = ["required"]

pytestmark = pytest.mark.django_db
Opener = Callable[..., Ticket]
HOUR, NIGHT = timedelta(hours=1), timedelta(hours=12)
Found = tuple[str, str]


def gate(desk: Cast, now: datetime) -> None:
    """Operations bring the shipped draft into force."""
    rule_activate(draft=Number.objects.get(code="onboarding_gate"), actor=desk.operations, now=now)


def raised(act: Callable[[], Any]) -> Found:
    with pytest.raises(Refused) as refused:
        act()
    one = refused.value.refusals[0]
    return one.code, str(one.message)


def left(outcome: Any) -> Found:
    assert outcome.done == []
    ((_pk, (one,)),) = outcome.refused
    return one.code, str(one.message)


def dispatched(ticket: Ticket, who: User, now: datetime) -> Found:
    record = services.ticket_dispatch(ticket=ticket, now=now)
    assert record.chosen is None
    judged = {one["person_id"]: one["verdict"] for one in record.candidates}
    return judged[who.pk], ""


def foreseen(ticket: Ticket, who: User, desk: Cast, now: datetime) -> Found:
    values = {"to": who.pk, "reason": "均衡"}
    found = engine.open_to(action("assign"), [ticket], actor=desk.lead, now=now, values=values)[ticket.pk]
    return found[0].code, str(found[0].message)


def paths(ticket: Ticket, who: User, desk: Cast, now: datetime) -> dict[str, Callable[[], Found]]:
    """Every way in which a ticket comes to somebody."""
    rows = Ticket.objects.filter(pk=ticket.pk)
    given: dict[str, Any] = {"to": who, "actor": desk.lead, "now": now, "reason": "均衡"}

    def reassigned() -> Found:
        (one,) = services.tickets_reassign(tickets=[ticket], **given)
        return one.code, one.words

    return {
        "by rule": lambda: dispatched(ticket, who, now),
        "by hand": lambda: raised(lambda: services.ticket_assign(ticket=ticket, **given)),
        "many by hand": lambda: left(services.tickets_assign(tickets=rows, **given)),
        "many foreseen": lambda: foreseen(ticket, who, desk, now),
        "reassigned": reassigned,
        "taken": lambda: raised(lambda: services.ticket_take(ticket=ticket, actor=who, now=now)),
        "next": lambda: raised(lambda: services.ticket_take_next(actor=who, now=now)),
        "many taken": lambda: left(tickets_take(tickets=rows, actor=who, now=now)),
    }


@pytest.fixture
def waiting(open_ticket: Opener, now: datetime) -> Ticket:
    """A ticket that nobody has: it came at night, when nobody was there."""
    return Ticket.objects.get(pk=open_ticket(at=now - NIGHT).pk)


def all_refuse(ticket: Ticket, who: User, desk: Cast, now: datetime, code: str, *words: str) -> None:
    for name, act in paths(ticket, who, desk, now).items():
        found, said = act()
        assert found == code, name
        assert not said or all(word in said for word in words), (name, said)
    assert Ticket.objects.get(pk=ticket.pk).assignee is None


def test_every_way_asks_for_the_certificate(
    waiting: Ticket, desk: Cast, now: datetime, required: dict[int, Qualification]
) -> None:
    required[desk.agent.pk] = Qualification(valid=False, certificate="售后上岗证")
    all_refuse(waiting, desk.agent, desk, now, "certificate", "售后上岗证")


def test_a_lead_without_the_certificate_gets_nothing_handed_and_it_goes_back_to_the_queue(
    open_ticket: Opener, desk: Cast, now: datetime, required: dict[int, Qualification]
) -> None:
    """Not begun, it waits for somebody who may; begun, it stays with who talks to the customer."""
    required[desk.lead.pk] = Qualification(valid=False, certificate="售后上岗证")
    begun, ticket = open_ticket(), open_ticket(subject="另一件事", text="另一件事")
    services.ticket_start(ticket=begun, actor=desk.agent, now=now)
    hand = {"actor": desk.agent, "now": now, "reason": "需要授权"}
    found = raised(lambda: services.ticket_hand_over(ticket=begun, **hand))
    assert (found[0], Ticket.objects.get(pk=begun.pk).assignee) == ("certificate", desk.agent)

    act, values = action("escalate"), {"reason": "需要授权"}
    rows = [Ticket.objects.get(pk=one.pk) for one in (begun, ticket)]
    open_to = engine.open_to(act, rows, actor=desk.agent, now=now, values=values)
    assert [[why.code for why in open_to[row.pk]] for row in rows] == [["certificate"], []]
    assert str(desk.lead) not in act.tell(rows[1], Asked(desk.agent, now, values))
    moved = services.ticket_hand_over(ticket=ticket, **hand)
    assert (moved.state, moved.assignee) == ("triaged", None)
    assert Ticket.objects.unassigned().filter(pk=ticket.pk).exists()
    assert DispatchRecord.objects.filter(ticket=ticket).latest("pk").chosen == desk.agent
    assert services.ticket_take_next(actor=desk.agent, now=now) == moved


def test_a_merge_gives_nobody_what_he_lacks_the_certificate_for(
    open_ticket: Opener, desk: Cast, now: datetime, required: dict[int, Qualification]
) -> None:
    mine = open_ticket()
    other = open_ticket(subject="左耳没声", text="又来问一次")
    services.ticket_assign(ticket=other, to=desk.lead, actor=desk.supervisor, now=now, reason="均衡")
    required[desk.lead.pk] = Qualification(valid=False, certificate="售后上岗证")
    again = {"others": [other], "actor": desk.supervisor, "now": now, "reason": "同一件事"}
    found = raised(lambda: services.ticket_merge(survivor=mine, chosen={"assignee": other.pk}, **again))
    assert found[0] == "certificate"
    assert "售后上岗证" in found[1]
    assert services.ticket_merge(survivor=mine, **again).assignee == desk.agent


def test_every_way_asks_a_newcomer_for_his_onboarding(waiting: Ticket, desk: Cast, now: datetime) -> None:
    held(desk, now - NIGHT, a_course(desk, now - NIGHT, hours=Decimal(12)), desk.agent)
    run = a_run(desk, now, a_course(desk, now, "two"), starts_at=now + 24 * HOUR, ends_at=now + 30 * HOUR)
    gate(desk, now)

    all_refuse(waiting, desk.agent, desk, now, "onboarding", "12", "30", run.number, "11-24 10:00")
    assert not_offered([waiting.pk], desk.agent, now) == {waiting.pk}

    later = now + HOUR
    held(desk, later, a_course(desk, now, "rest", hours=Decimal(18)), desk.agent)
    assert services.dispatch_sweep(now=later + 3 * HOUR) == 1
    assert Ticket.objects.get(pk=waiting.pk).assignee == desk.agent


def test_who_works_already_is_not_locked_out_and_nothing_is_asked_before_the_rule_holds(
    open_ticket: Opener, desk: Cast, now: datetime
) -> None:
    assert open_ticket().assignee == desk.agent
    gate(desk, now)
    assert open_ticket().assignee == desk.agent
    fresh = desk.person(Role.AGENT, name="新人")
    desk.join(desk.team, fresh)
    desk.shift(fresh)
    assert open_ticket().assignee == desk.agent
    newest = DispatchRecord.objects.latest("pk").candidates
    assert {one["person_id"]: one.get("onboarding") for one in newest}[fresh.pk] == "0/30"


def test_an_exception_of_two_persons_opens_the_gate_and_stands_on_the_report_of_the_day(
    waiting: Ticket, desk: Cast, now: datetime
) -> None:
    gate(desk, now)
    row = certificate_grant(
        person=desk.agent, tier=Tier.objects.get(code="trainee"), actor=desk.trainer, now=now, by_exception=True,
        reason="曾在同类平台任客服三年",
    )  # fmt: skip
    assert (row.state, row.missing) == ("proposed", ["onboarding||0|30"])
    assert raised(lambda: services.ticket_take(ticket=waiting, actor=desk.agent, now=now))[0] == "onboarding"

    certificate_move(
        certificate=row, name="override", actor=desk.supervisor, now=now, reason="已核实履历，由组长带教"
    )
    assert services.ticket_take(ticket=waiting, actor=desk.agent, now=now).assignee == desk.agent
    told = {group.code: lines for group, lines in exceptions.of_day(day_of(now), desk.supervisor)}
    assert len(told["overrides"]) == 2


def test_a_batch_asks_no_more_for_it_than_one_question(desk: Cast, now: datetime) -> None:
    """Where nobody is new, the certificates' own question answers it; for newcomers one more."""
    people = [desk.person(Role.AGENT).pk for _n in range(4)]
    counts = []
    for _before_and_after in range(2):
        with CaptureQueriesContext(connection) as asked:
            qualifications.lacking_of(people, ["returns", "repair"], now)
        counts.append(len(asked))
        gate(desk, now) if len(counts) == 1 else None
    assert counts == [1, 2]
