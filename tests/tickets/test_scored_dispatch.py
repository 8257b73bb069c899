"""Scored dispatch: continuity, load by severity, green channel, certificates, own orders; always with the why."""

import random
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import translation
from hypothesis import given
from hypothesis import strategies as st

from accounts import qualifications
from accounts.models import Away, User
from accounts.states import AwayReason, Role
from aftersales.core.errors import DomainError, Refused
from aftersales.customers import services as customers
from aftersales.customers.models import Contact, Customer
from aftersales.desk import dispatching as dispatching_faces
from aftersales.standards import services as standards
from aftersales.standards.models import Parameter
from aftersales.tickets import dispatch_rules as rules
from aftersales.tickets import services
from aftersales.tickets.models import DispatchRecord, Ticket
from aftersales.tickets.selectors import dispatching
from aftersales.tickets.services.bulk import tickets_take
from aftersales.tickets.services.intake import TicketDraft
from tests.cast import Cast

Opener = Callable[..., Ticket]
HOUR = timedelta(hours=1)
DAY = timedelta(days=1)
PHONE = "13800001111"


@pytest.fixture
def second(desk: Cast) -> User:
    person = desk.person(Role.AGENT, name="第二人")
    desk.join(desk.team, person)
    desk.shift(person)
    return person


def another(number: int, **columns: Any) -> Customer:
    person = Customer(code=f"C-{number + 100}", name=f"客户{number}", languages=["zh-hans"], **columns)
    person.save()
    return person


def told(ticket: Ticket) -> dict[str, Any]:
    record = DispatchRecord.objects.filter(ticket=ticket).latest("pk")
    return {one["name"]: one for one in record.candidates}


def set_number(desk: Cast, code: str, value: Any, now: datetime) -> None:
    row = Parameter.objects.get(code=code)
    draft = standards.parameter_draft(parameter=row, actor=desk.operations, now=now, value=value)
    standards.rule_activate(draft=draft, actor=desk.supervisor, now=now)


# Who knows the customer


def test_the_agent_of_yesterday_gets_the_customer_again_unless_he_is_overloaded(
    open_ticket: Opener, desk: Cast, second: User, now: datetime
) -> None:
    first = open_ticket()
    worker = first.assignee
    assert worker is not None
    other = second if worker == desk.agent else desk.agent
    for _n in range(6):  # customers nobody knows: both carry three more
        open_ticket(customer_id=None)

    again = open_ticket()

    assert again.assignee == worker
    assert told(again)[str(worker)]["known"] == "customer"
    worker.capacity = Ticket.objects.filter(assignee=worker).count()
    worker.save()
    assert open_ticket().assignee == other


def test_an_earlier_ticket_of_long_ago_says_nothing(
    open_ticket: Opener, desk: Cast, second: User, now: datetime
) -> None:
    first = open_ticket()
    Ticket.objects.filter(pk=first.pk).update(opened_at=now - 91 * DAY)

    assert {one.get("known", "") for one in told(open_ticket()).values()} == {""}


# Load


def test_one_critical_ticket_weighs_as_much_as_two_general_ones(
    open_ticket: Opener, desk: Cast, second: User, now: datetime
) -> None:
    weights = dispatching.weights_at(now)
    heavy = open_ticket(customer_id=None, severity="critical").assignee
    assert heavy is not None
    light = open_ticket(customer_id=None).assignee

    loads = dispatching.Loads(weights, now)
    seen = {one.person_id: loads.of(one).weight for one in dispatching.candidates("returns", now)}

    assert light is not None
    assert (seen[heavy.pk], seen[light.pk]) == (200, 100)
    assert open_ticket(customer_id=None).assignee == light  # 200 : 100, so the lighter one


def test_nobody_gets_more_new_tickets_within_the_hour_than_the_rule_allows(
    open_ticket: Opener, desk: Cast, now: datetime
) -> None:
    set_number(desk, "dispatch_new_per_hour", 2, now)
    tickets = [open_ticket() for _n in range(3)]

    assert [one.assignee for one in tickets] == [desk.agent, desk.agent, None]
    assert told(tickets[2])[str(desk.agent)]["verdict"] == "hourly"
    assert services.dispatch_sweep(now=now + timedelta(minutes=59)) == 0
    assert services.dispatch_sweep(now=now + timedelta(minutes=61)) == 1


def test_a_person_on_a_break_is_passed_over_and_the_record_says_until_when(
    open_ticket: Opener, desk: Cast, second: User, now: datetime
) -> None:
    Away(person=second, reason=AwayReason.BREAK, starts_at=now - HOUR / 4, ends_at=now + HOUR / 2).save()

    ticket = open_ticket(customer_id=None)

    assert ticket.assignee == desk.agent
    found = told(ticket)[str(second)]
    assert (found["verdict"], found["until"][:16]) == ("break", (now + HOUR / 2).isoformat()[:16])


def test_a_person_away_at_noon_gets_nothing_then_and_the_sweep_finds_him_afterwards(
    open_ticket: Opener, desk: Cast, now: datetime
) -> None:
    noon = now + 2 * HOUR
    Away(person=desk.agent, reason=AwayReason.BREAK, starts_at=noon, ends_at=noon + HOUR).save()

    ticket = open_ticket(at=noon + HOUR / 2)

    assert ticket.assignee is None
    assert DispatchRecord.objects.get(ticket=ticket).reason == "nobody_free"
    assert [services.dispatch_sweep(now=noon + HOUR * part) for part in (0.75, 1)] == [0, 1]


# Certificates, vendors, shift end


@pytest.fixture
def required() -> Iterator[dict[int, qualifications.Qualification]]:
    """Whom the certificates' room says something about."""
    held: dict[int, qualifications.Qualification] = {}

    def provider(ids: Any, duties: Any, at: datetime) -> dict[Any, qualifications.Qualification]:
        return {(pk, duty): one for pk, one in held.items() for duty in duties}

    qualifications.provide(provider)
    yield held
    qualifications.withdraw(provider)


def test_a_certificate_that_ended_keeps_the_person_out_and_a_tier_counts(
    open_ticket: Opener, desk: Cast, second: User, required: dict[int, Any]
) -> None:
    required[desk.agent.pk] = qualifications.Qualification(valid=False, certificate="家电售后")
    required[second.pk] = qualifications.Qualification(certificate="家电售后", tier=600)

    ticket = open_ticket(customer_id=None)

    assert ticket.assignee == second
    found = told(ticket)
    assert (found[str(desk.agent)]["verdict"], found[str(desk.agent)]["certificate"]) == (
        "certificate",
        "家电售后",
    )
    assert found[str(second)]["parts"][0] == 180  # 30 points x 600 / 1000, in tenths


def test_a_complaint_and_what_is_critical_never_go_to_a_vendor(
    open_ticket: Opener, cast: Cast, customer: Customer, now: datetime
) -> None:
    vendor = cast.person(Role.VENDOR_AGENT, name="外包")
    cast.make_team(
        "V", duties=["returns", "complaints", "emergency", "orders"], members=[vendor], vendor="云桥"
    )
    cast.shift(vendor)
    Away(person=cast.agent, reason=AwayReason.SICK, starts_at=now - HOUR, ends_at=now + DAY).save()

    tickets = [open_ticket(customer_id=None, **grade) for grade in ({}, {"severity": "critical"})]

    assert [one.assignee for one in tickets] == [vendor, None]
    assert told(tickets[1])["外包"]["verdict"] == "scope"


def test_people_outside_read_no_name_load_or_shift_of_own_staff(
    open_ticket: Opener, desk: Cast, second: User, now: datetime
) -> None:
    outside = desk.person(Role.VENDOR_AGENT, name="外包")
    desk.make_team("V", duties=["returns"], members=[outside], vendor="云桥")
    Away(person=second, reason=AwayReason.SICK, starts_at=now - HOUR, ends_at=now + DAY).save()
    record = DispatchRecord.objects.filter(ticket=open_ticket(customer_id=None)).latest("pk")
    assert record.chosen == desk.agent
    names = {one["name"] for one in record.candidates} - {"外包"}
    assert len(names) == 2  # the one who got it, and one who was ill

    def read(reader: User) -> tuple[str, dispatching_faces.Face]:
        shown = dispatching_faces.face(record, desk.lead, now, reader)
        assert shown is not None
        said = [shown.title, shown.sentence, *shown.notes, *(one.name for one in [*shown.scored, *shown.out])]
        return " ".join(said), shown

    with translation.override("en"):
        (own, full), (theirs, little) = read(desk.lead), read(outside)
    assert names <= {one.name for one in [*full.scored, *full.out]}
    assert not [name for name in {*names, str(desk.lead)} if name in theirs]
    assert "外包" in theirs
    assert little.title == "Why Another team"
    assert little.sentence.startswith("Somebody of another team got it")
    # Nobody is lost: who is not named is counted
    assert len(little.out) + little.more_out == len(full.out) + full.more_out
    assert "other team" in theirs
    assert own != theirs
    # Each reads the own name where he is the one who got it
    record.chosen = outside
    assert read(outside)[1].title.endswith("外包")


def test_whose_shift_is_nearly_over_is_chosen_only_when_nobody_else_is_there(
    open_ticket: Opener, desk: Cast, now: datetime
) -> None:
    late = desk.person(Role.AGENT, name="快下班")
    desk.join(desk.team, late)
    desk.shift(late, hours_after=0.2)

    ticket = open_ticket(customer_id=None)

    assert ticket.assignee == desk.agent
    assert told(ticket)["快下班"]["verdict"] == "ending"
    desk.agent.capacity = 0
    desk.agent.save()
    assert open_ticket(customer_id=None).assignee == late


# Green channel


def test_a_key_customer_is_served_first_but_never_before_what_presses(
    open_ticket: Opener, desk: Cast, now: datetime
) -> None:
    night = now + 12 * HOUR
    general = open_ticket(at=night, customer_id=another(1).pk)
    green = open_ticket(at=night, customer_id=another(2, customer_class="key").pk)
    vip = open_ticket(at=night, customer_id=another(3, service_level=3).pk)
    critical = open_ticket(at=night, severity="critical", customer_id=another(4).pk)
    order = [critical, green, vip, general]
    late = desk.person(Role.AGENT, name="夜班")
    desk.join(desk.team, late)
    desk.shift(late, hours_before=-11, hours_after=20)
    served = []
    for room in (2, 3, 4, 5):  # a critical ticket takes two places
        late.capacity = room
        late.save()
        services.dispatch_sweep(now=night)
        fresh = Ticket.objects.filter(assignee=late).exclude(pk__in=[one.pk for one in served])
        served += list(fresh.order_by("pk"))
    assert [one.pk for one in served] == [one.pk for one in order]


@given(st.booleans(), st.sampled_from(["key", "special", "vip"]), st.integers(0, 99), st.integers(1, 99))
def test_a_class_only_ever_speeds_up(pressing: bool, green: str, due: int, key: int) -> None:
    moment = datetime(2026, 11, 23, tzinfo=UTC) + timedelta(minutes=due)
    same = {"pressing": pressing, "due": moment, "key": key}
    assert rules.place_in_queue(green=green, **same) <= rules.place_in_queue(green="", **same)


def test_senior_people_serve_the_green_channel(
    open_ticket: Opener, desk: Cast, second: User, now: datetime
) -> None:
    second.memberships.update(active_from=now - 400 * DAY)
    customer = another(1, customer_class="special")

    ticket = open_ticket(customer_id=customer.pk)

    assert ticket.assignee == second
    place = rules.PARTS.index("green")
    found = told(ticket)
    assert (found[str(second)]["parts"][place], found[str(desk.agent)]["parts"][place]) == (100, 50)


# Nobody handles an order of himself


@pytest.fixture
def own(open_ticket: Opener, desk: Cast, customer: Customer, now: datetime) -> Callable[..., Ticket]:
    """A ticket about the agent's own order: the customer's telephone is his."""
    Contact(customer=customer, kind="phone", value="+86 138-0000-1111").save()
    customers.staff_contact_add(
        person=desk.agent, kind="phone", value=PHONE, actor=desk.administrator, now=now
    )
    return open_ticket


def test_an_employees_own_order_is_never_his(own: Callable[..., Ticket], desk: Cast, now: datetime) -> None:
    ticket = own()

    assert ticket.assignee is None
    record = DispatchRecord.objects.get(ticket=ticket)
    assert (record.reason, record.candidates[0]["verdict"]) == ("nobody_fit", "not_this")
    with pytest.raises(Refused) as taken:
        services.ticket_take(ticket=ticket, actor=desk.agent, now=now)
    with pytest.raises(Refused):
        services.ticket_assign(ticket=ticket, to=desk.agent, actor=desk.lead, now=now, reason="急")
    assert services.ticket_take_next(actor=desk.agent, now=now) is None
    rows = Ticket.objects.filter(pk=ticket.pk)
    for outcome in (
        services.tickets_assign(tickets=rows, to=desk.agent, actor=desk.lead, now=now, reason="急"),
        tickets_take(tickets=rows, actor=desk.agent, now=now),
    ):
        assert (outcome.done, [pk for pk, _why in outcome.refused]) == ([], [ticket.pk])
    assert services.dispatch_sweep(now=now) == 0
    words = str(taken.value)
    assert not any(word in words.lower() for word in ("own", "phone", "address", "本人", "电话", "自己"))


def test_next_for_me_steps_over_the_own_order(own: Callable[..., Ticket], desk: Cast, now: datetime) -> None:
    night = now + 12 * HOUR
    own(at=night, subject="充电器冒烟")
    next_one = own(at=night, customer_id=None)

    taken = services.ticket_take_next(actor=desk.agent, now=night)

    assert taken is not None
    assert taken.pk == next_one.pk


def test_a_lead_is_not_handed_his_own_order_and_a_waiting_one_is_not_passed_on(
    open_ticket: Opener, desk: Cast, customer: Customer, now: datetime
) -> None:
    ticket = open_ticket()
    desk.lead.email = "chen@example.com"
    desk.lead.save()
    Contact(customer=customer, kind="email", value="Chen@Example.com").save()
    services.ticket_start(ticket=ticket, actor=desk.agent, now=now)

    with pytest.raises(Refused):
        services.ticket_hand_over(ticket=ticket, actor=desk.agent, now=now, reason="授权")

    ticket.refresh_from_db()
    services.ticket_wait(ticket=ticket, wait_for="customer", until=now + HOUR, actor=desk.agent, now=now)
    with pytest.raises(Refused):
        services.ticket_assign(ticket=ticket, to=desk.lead, actor=desk.supervisor, now=now, reason="授权")


def test_a_contact_that_ended_or_was_erased_says_nothing(
    own: Callable[..., Ticket], desk: Cast, customer: Customer, now: datetime
) -> None:
    contact = customers.StaffContact.objects.get()
    customers.staff_contact_end(contact=contact, actor=desk.administrator, now=now)

    assert own().assignee == desk.agent
    with pytest.raises(DomainError):
        customers.staff_contact_add(person=desk.agent, kind="phone", value=PHONE, actor=desk.agent, now=now)


# Many at once


@pytest.mark.slow
def test_five_hundred_tickets_go_to_twenty_people_fairly_in_few_statements(
    cast: Cast, book: None, now: datetime
) -> None:
    people = [cast.person(Role.AGENT, name=f"座席{n:02d}", capacity=40) for n in range(20)]
    cast.make_team("R", lead=cast.lead, duties=["returns"], members=people)
    dice = random.Random(7)
    drafts = [
        TicketDraft(
            source="x", source_ref=f"r{n}", subject="坏", text="坏", channel="web", opened_at=now, kind="returns",
            severity=dice.choice(["minor", "minor", "major"]),
        )
        for n in range(500)
    ]  # fmt: skip
    services.tickets_open_many(drafts=drafts, actor=cast.lead, now=now)
    assert Ticket.objects.filter(assignee=None).count() == 500
    for person in people:
        cast.shift(person)

    with CaptureQueriesContext(connection) as asked:
        given = services.dispatch_sweep(now=now)

    assert given == 500
    loads = Counter(Ticket.objects.values_list("assignee_id", flat=True))
    weights = dispatching.Loads(dispatching.weights_at(now), now)
    heavy = [weights.of(one).weight or 0 for one in dispatching.candidates("returns", now)]
    assert len(loads) == 20
    assert max(heavy) - min(heavy) <= 150  # no further apart than one major ticket
    assert len(asked) < 20 * 16 + 40  # a bulk move per person, nothing per ticket
    assert DispatchRecord.objects.filter(chosen__isnull=False).count() == 500


def test_the_choice_does_not_depend_on_the_order_in_which_people_come(now: datetime) -> None:
    terms = rules.Terms(30, 20, 60, {"minor": 20}, frozenset({"minor"}))
    weights = rules.weights_of(["duty=30", "load=25", "known=15", "shift=10", "idle=5"], 1)
    people = [
        rules.Candidate(
            n, str(n), 1, load=n % 3, capacity=10, on_shift=True, away=False, left=120, idle=n % 2
        )
        for n in range(1, 12)
    ]
    asked = rules.Asked(known={4: ("customer", "TK1")})
    people = [replace(one, known="customer") if one.person_id == 4 else one for one in people]
    seen = set()
    for seed in range(20):
        shuffled = random.Random(seed).sample(people, len(people))
        chosen = rules.choose(shuffled, asked, weights, terms).chosen
        assert chosen is not None
        seen.add(chosen.person_id)
    assert len(seen) == 1


@pytest.mark.parametrize(
    "value", [[], ["load"], ["load=x", "=3", "load=-4"], ["unknown=9"], ["load=99999999"]]
)
def test_weights_that_cannot_be_read_count_nothing_and_break_nothing(value: list[str]) -> None:
    weights = rules.weights_of(value, 3)
    crowd = [rules.Candidate(n, str(n), 1, load=n, capacity=9, on_shift=True, away=False) for n in (2, 1)]
    terms = rules.Terms(0, 0, 0, {}, frozenset())
    chosen = rules.choose(crowd, rules.Asked(), weights, terms).chosen
    assert chosen is not None
    assert chosen.person_id == 1
