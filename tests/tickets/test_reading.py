"""Read and confirmed (R1.2): a changed rule is read by whom it touches, or keeps its kinds of new tickets away."""

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from accounts.models import Shift, User
from aftersales.clocks.rules import ClockSubject
from aftersales.core.errors import DomainError
from aftersales.customers.models import Customer
from aftersales.standards import services as rule_book
from aftersales.standards.models import ServiceStandard, StandardVersion
from aftersales.tickets import services
from aftersales.tickets.models import DispatchRecord, RuleReading, Ticket
from aftersales.tickets.selectors import clock_subjects, dispatching, reading
from tests.cast import Cast
from tests.toy.fixtures import at_once

Opener = Callable[..., Ticket]
HOUR = timedelta(hours=1)
GRACE = timedelta(hours=24)


def changed(desk: Cast, now: datetime, code: str = "first_response_general", **terms: Any) -> StandardVersion:
    """Operations drafts, the supervisor brings it into force."""
    standard = ServiceStandard.objects.get(code=code)
    draft = rule_book.standard_draft(
        standard=standard,
        actor=desk.operations,
        now=now,
        reason="接到集团通知",
        **({"limit_value": 20} | terms),
    )
    return rule_book.rule_activate(draft=draft, actor=desk.supervisor, now=now)


def may_take(person: User, now: datetime, kind: str = "returns", **facts: Any) -> bool:
    mine = reading.blocking([person], now).get(person.pk, [])
    subject = {"severity": "minor", "nature": "operation", "channel": "web"} | facts
    return not reading.refusals(mine, ClockSubject(kind=kind, **subject))


def test_what_comes_with_the_product_is_nobodys_reading_and_costs_no_query(desk: Cast, now: datetime) -> None:
    assert StandardVersion.objects.exists()
    reading.changes(now)
    with CaptureQueriesContext(connection) as asked:
        assert reading.unread([desk.agent, desk.lead], now) == {}
    assert [query["sql"] for query in asked if "standards_edition" not in query["sql"]] == []


def test_an_unread_change_blocks_starting_and_taking_after_its_grace_until_it_is_confirmed(
    open_ticket: Opener, desk: Cast, now: datetime
) -> None:
    assigned = open_ticket()
    version = changed(desk, now)
    services.rule_confirm(version=version, actor=desk.lead, now=now)
    assert may_take(desk.agent, now + GRACE - HOUR)
    late = now + GRACE
    assert not may_take(desk.agent, late)
    free = open_ticket(at=late + 12 * HOUR)  # nobody is on shift then
    assert free.assignee is None
    for act in (
        lambda: services.ticket_start(ticket=assigned, actor=desk.agent, now=late),
        lambda: services.ticket_reply(ticket=assigned, text="您好", actor=desk.agent, now=late),
        lambda: services.ticket_take(ticket=free, actor=desk.agent, now=late + 12 * HOUR),
        lambda: services.ticket_take_next(actor=desk.agent, now=late + 12 * HOUR),
    ):
        with pytest.raises(DomainError, match=version.standard.name):
            act()
    assert services.ticket_take(ticket=free, actor=desk.lead, now=late + 12 * HOUR).assignee == desk.lead

    services.rule_confirm(version=version, actor=desk.agent, now=late)
    assert services.ticket_start(ticket=assigned, actor=desk.agent, now=late).state == "in_progress"
    assert may_take(desk.agent, late)


def test_dispatch_gives_such_a_ticket_to_whoever_has_read_and_says_why_not_to_the_other(
    open_ticket: Opener, desk: Cast, now: datetime
) -> None:
    other = desk.person("agent", name="赵磊")
    desk.join(desk.team, other)
    late = now + GRACE
    for person in (desk.agent, other):
        Shift(person=person, starts_at=late - HOUR, ends_at=late + HOUR).save()
    version = changed(desk, now)
    services.rule_confirm(version=version, actor=other, now=now)
    ticket = open_ticket(at=late)
    assert ticket.assignee == other
    record = DispatchRecord.objects.get(ticket=ticket)
    assert {one["name"]: one["verdict"] for one in record.candidates}[str(desk.agent)] == "unread"


def test_only_the_kinds_of_the_change_are_blocked(desk: Cast, now: datetime) -> None:
    changed(desk, now, code="plan_major", kinds=["returns"], severities=[], limit_value=24)
    late = now + GRACE
    assert not may_take(desk.agent, late, "returns")
    assert may_take(desk.agent, late, "invoice")


@pytest.mark.parametrize(
    ("terms", "touched", "left"),
    [
        ({"severities": ["major"]}, {"severity": "major"}, {"severity": "minor"}),
        ({"natures": ["complaint"]}, {"nature": "complaint"}, {"nature": "operation"}),
        ({"channels": ["phone"]}, {"channel": "phone"}, {"channel": "web"}),
        ({"customer_classes": ["key"]}, {"customer_class": "key"}, {"customer_class": ""}),
        ({"tags": ["urgent"]}, {"tags": frozenset({"urgent"})}, {}),
    ],
)
def test_every_condition_of_the_change_counts(
    desk: Cast, now: datetime, terms: dict[str, Any], touched: dict[str, Any], left: dict[str, Any]
) -> None:
    changed(desk, now, **terms)
    assert not may_take(desk.agent, now + GRACE, **touched)
    assert may_take(desk.agent, now + GRACE, **left)


def test_a_change_for_one_class_of_customers_keeps_only_their_tickets_away(
    open_ticket: Opener, desk: Cast, customer: Customer, now: datetime
) -> None:
    """The same answer on every way to a ticket: started, taken, pulled next, dispatched."""
    assigned = open_ticket()
    changed(desk, now, customer_classes=["key"])
    late = now + GRACE
    night = late + 12 * HOUR
    free = open_ticket(at=night)
    assert free.assignee is None
    key = Customer.objects.get(pk=customer.pk)
    key.customer_class = "key"
    key.save()
    with pytest.raises(DomainError):
        services.ticket_start(ticket=assigned, actor=desk.agent, now=late)
    for act in (
        lambda: services.ticket_take(ticket=free, actor=desk.agent, now=night),
        lambda: services.ticket_take_next(actor=desk.agent, now=night),
    ):
        with pytest.raises(DomainError) as refused:
            act()
        assert refused.value.code == "rules_unread"
    assert dispatching.asked_of([free], night)[free.pk].changed

    key.customer_class = ""
    key.save()
    assert not dispatching.asked_of([free], night)[free.pk].changed
    fresh = Ticket.objects.get(pk=assigned.pk)
    assert services.ticket_start(ticket=fresh, actor=desk.agent, now=late).state == "in_progress"
    assert services.ticket_take_next(actor=desk.agent, now=night) == free


def test_the_table_and_the_rule_book_agree_on_what_a_change_touches(
    open_ticket: Opener, desk: Cast, customer: Customer, now: datetime
) -> None:
    rows = [open_ticket(kind=kind) for kind in ("returns", "safety", "invoice")]
    pool = [
        {}, {"kinds": ["returns", "safety"]}, {"severities": [rows[0].severity]}, {"natures": ["complaint"]},
        {"channels": [rows[0].channel]}, {"customer_classes": ["key"]}, {"tags": ["urgent"]},
        {"tags": ["unknown"]}, {"markets": ["cn"]}, {"kinds": ["safety"], "tags": ["urgent"]},
    ]  # fmt: skip
    subjects = clock_subjects(rows, now)
    for terms in pool:
        change = reading.Change(StandardVersion(**terms), None, now, now)
        found = set(Ticket.objects.filter(change.where()).values_list("pk", flat=True))
        assert found == {row.pk for row in rows if change.touches(subjects[row.pk])}, terms


def test_who_came_later_or_does_not_work_on_tickets_reads_nothing(desk: Cast, now: datetime) -> None:
    changed(desk, now)
    newcomer = desk.person("agent")
    newcomer.created_at = now + HOUR
    found = reading.unread([newcomer, desk.auditor, desk.agent], now + 2 * HOUR)
    assert [bool(found[one.pk]) for one in (newcomer, desk.auditor, desk.agent)] == [False, False, True]


def test_a_version_that_was_replaced_needs_no_confirmation_any_more(desk: Cast, now: datetime) -> None:
    first = changed(desk, now)
    second = changed(desk, now + HOUR, limit_value=18)
    mine = reading.unread([desk.agent], now + 2 * HOUR)[desk.agent.pk]
    assert [one.version for one in mine] == [second]
    assert mine[0].before == first
    with pytest.raises(DomainError) as refused:
        services.rule_confirm(version=first, actor=desk.agent, now=now + 2 * HOUR)
    assert refused.value.code == "nothing_to_read"


def test_the_grace_is_a_number_of_the_rule_book(desk: Cast, now: datetime) -> None:
    from aftersales.standards.models import Parameter

    draft = rule_book.parameter_draft(
        parameter=Parameter.objects.get(code="must_read_grace_hours"), value=1, actor=desk.operations, now=now
    )
    rule_book.rule_activate(draft=draft, actor=desk.supervisor, now=now)
    changed(desk, now)
    assert not may_take(desk.agent, now + HOUR)


def test_the_lead_sees_who_has_not_read(desk: Cast, now: datetime) -> None:
    version = changed(desk, now)
    services.rule_confirm(version=version, actor=desk.agent, now=now)
    (found,) = reading.readings(desk.lead, now)
    assert (desk.agent in found.missing, desk.lead in found.missing, found.read) == (False, True, 1)


@pytest.mark.django_db(transaction=True)
@pytest.mark.concurrency
def test_two_clicks_confirm_once(desk: Cast, now: datetime) -> None:
    version = changed(desk, now)

    def confirm() -> int:
        return services.rule_confirm(version=version, actor=desk.agent, now=now).pk

    first, second = at_once([confirm, confirm])
    assert first == second
    assert RuleReading.objects.count() == 1
