"""Two tickets of one problem go on as one: what goes on, what never goes away, and the way back."""

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

import pytest

from accounts.services import system_user
from aftersales.clocks import services as clocks
from aftersales.clocks.models import Clock
from aftersales.core.errors import Conflict, DomainError, NotPermitted, Refused
from aftersales.core.models import Event
from aftersales.customers.models import Customer
from aftersales.merchants.models import Merchant
from aftersales.tickets import services
from aftersales.tickets.models import Message, Ticket, TicketMerge, TicketParty
from aftersales.tickets.services.intake import AlreadyOpen, TicketDraft
from tests import records
from tests.cast import Cast
from tests.records import order as an_order

Opener = Callable[..., Ticket]
MINUTE = timedelta(minutes=1)
HALF, HOUR, DAY = timedelta(minutes=30), timedelta(hours=1), timedelta(days=1)


def merge(into: Ticket, *others: Ticket, by: Any, at: datetime, **more: Any) -> Ticket:
    told = {"reason": "同一件事报了两次"} | more
    return services.ticket_merge(survivor=into, others=others, actor=by, now=at, **told)


def fresh(ticket: Ticket) -> Ticket:
    return Ticket.objects.get(pk=ticket.pk)


def clock(ticket: Ticket, promise: str = "first_response") -> Clock:
    return Clock.objects.of("tickets.ticket", ticket.pk).filter(promise=promise).order_by("-round")[0]


def breaches() -> list[tuple[int, str, int | None]]:
    """Every broken promise of all tickets, and who is charged with it."""
    rows = Clock.objects.exclude(breached_at=None).order_by("subject_id", "promise", "round")
    return list(rows.values_list("subject_id", "promise", "breach_holder_id"))


def replayed(*tickets: Ticket, at: datetime) -> None:
    """The events alone tell the same clocks."""
    found = clocks.rebuild("tickets.ticket", [ticket.pk for ticket in tickets], at)
    assert found.is_same, found.differences


@pytest.fixture
def pair(open_ticket: Opener, now: datetime) -> tuple[Ticket, Ticket]:
    """The same problem, registered an hour apart."""
    first = open_ticket(at=now - HOUR)
    return first, open_ticket(subject="左耳没声", text="又来问一次，左耳没有声音")


def test_the_merged_ticket_points_to_the_one_that_goes_on(
    pair: tuple[Ticket, Ticket], desk: Cast, now: datetime
) -> None:
    first, second = pair
    goes_on = merge(first, second, by=desk.agent, at=now)

    gone = fresh(second)
    assert (gone.state, gone.closed_how, gone.closed_at) == ("merged", "merged", now)
    assert gone.assignee == desk.agent, "it stays as it stood, so that it can be taken out again"
    row = TicketMerge.objects.get()
    assert (row.ticket, row.survivor, row.root, row.from_state) == (second, first, first, "assigned")
    assert goes_on.state == "assigned"
    told = Event.objects.filter(kind__in=["ticket.merged", "ticket.absorbed"]).order_by("id")
    assert [(event.kind, event.subject_id, event.reason) for event in told] == [
        ("ticket.merged", second.pk, "同一件事报了两次"),
        ("ticket.absorbed", first.pk, "同一件事报了两次"),
    ]


def test_nothing_that_was_said_is_moved(pair: tuple[Ticket, Ticket], desk: Cast, now: datetime) -> None:
    first, second = pair
    before = list(Message.objects.order_by("id").values_list("ticket_id", "text", "at"))
    merge(first, second, by=desk.agent, at=now)
    assert list(Message.objects.order_by("id").values_list("ticket_id", "text", "at")) == before


def test_the_first_contacted_stays_the_owner_and_no_opening_time_is_rewritten(
    open_ticket: Opener, desk: Cast, now: datetime
) -> None:
    other = desk.person("agent")
    old = open_ticket(at=now - 3 * HOUR, owner_id=other.pk)
    young = open_ticket(owner_id=desk.agent.pk)
    goes_on = merge(young, old, by=desk.lead, at=now)
    assert (goes_on.owner, goes_on.opened_at) == (other, now)
    assert fresh(old).opened_at == now - 3 * HOUR


@pytest.mark.parametrize(
    ("field", "value"), [("subject", "左耳没声"), ("kind", "quality"), ("nature", "feedback")]
)
def test_a_field_is_taken_from_the_chosen_ticket(
    open_ticket: Opener, desk: Cast, now: datetime, field: str, value: str
) -> None:
    first, second = open_ticket(), open_ticket(**{field: value})
    goes_on = merge(first, second, by=desk.agent, at=now, chosen={field: second.pk})
    assert getattr(goes_on, field) == value
    assert getattr(fresh(second), field) == value


def test_the_graver_severity_goes_on_by_itself(open_ticket: Opener, desk: Cast, now: datetime) -> None:
    first, second = open_ticket(severity="critical"), open_ticket(severity="major")
    assert merge(first, second, by=desk.agent, at=now).severity == "critical"


def test_only_a_second_person_lets_the_milder_severity_go_on(
    open_ticket: Opener, desk: Cast, now: datetime
) -> None:
    first, second = open_ticket(severity="major"), open_ticket(severity="critical")
    chosen = {"severity": first.pk}
    with pytest.raises(Refused) as refused:
        merge(first, second, by=desk.agent, at=now, chosen=chosen)
    assert [one.code for one in refused.value.refusals] == ["second_person"]
    assert merge(first, second, by=desk.lead, at=now, chosen=chosen).severity == "major"


def test_the_chosen_person_has_it_and_holds_its_clocks(
    open_ticket: Opener, desk: Cast, now: datetime
) -> None:
    first, second = open_ticket(), open_ticket()
    other = desk.person("agent")
    desk.join(desk.team, other)
    services.ticket_assign(ticket=second, to=other, actor=desk.lead, now=now)
    goes_on = merge(first, second, by=desk.lead, at=now, chosen={"assignee": second.pk})
    assert goes_on.assignee == other
    assert clock(first).holder == other
    replayed(first, second, at=now)


def refused_codes(into: Ticket, *others: Ticket, by: Any, at: datetime, **more: Any) -> list[str]:
    before = list(Event.objects.values_list("id"))
    with pytest.raises(DomainError) as error:
        merge(into, *others, by=by, at=at, **more)
    assert list(Event.objects.values_list("id")) == before, "nothing happened"
    refusals = getattr(error.value, "refusals", None)
    return [one.code for one in refusals] if refusals else [error.value.code]


def test_not_into_itself_not_a_merged_one_not_into_a_merged_one(
    open_ticket: Opener, desk: Cast, now: datetime
) -> None:
    first, second, third = open_ticket(), open_ticket(), open_ticket()
    by = {"by": desk.agent, "at": now}
    assert refused_codes(first, first, **by) == ["itself"]
    merge(first, second, **by)
    assert refused_codes(third, second, **by) == ["wrong_state"]
    assert refused_codes(second, third, **by) == ["merged"]
    assert refused_codes(second, first, **by) == ["merged"]


def test_the_grave_one_goes_on(open_ticket: Opener, desk: Cast, now: datetime) -> None:
    plain, by = open_ticket(), {"by": desk.lead, "at": now}
    for grade in ({"severity": "major"}, {"kind": "safety"}, {"nature": "complaint"}):
        grave = open_ticket(**grade)
        assert refused_codes(plain, grave, **by) == ["graver"]
    complaint, safety = open_ticket(nature="complaint"), open_ticket(kind="safety", severity="critical")
    assert refused_codes(complaint, safety, **by) == ["graver"]
    assert refused_codes(safety, complaint, **by) == ["graver"]
    assert merge(safety, plain, **by).kind == "safety"


def test_two_customers_are_one_person_only_if_a_lead_says_so(
    open_ticket: Opener, desk: Cast, now: datetime
) -> None:
    other = Customer(code="C-2", name="林芳芳")
    other.save()
    first, second = open_ticket(), open_ticket(customer_id=other.pk)
    unknown = open_ticket(customer_id=None)
    assert refused_codes(first, second, by=desk.agent, at=now) == ["other_customer"]
    merge(first, unknown, by=desk.agent, at=now)
    assert merge(first, second, by=desk.lead, at=now).customer == first.customer


def test_finished_tickets_neither_take_in_nor_go_in(open_ticket: Opener, desk: Cast, now: datetime) -> None:
    done, open_one, by = open_ticket(), open_ticket(), {"by": desk.lead, "at": now}
    done = services.ticket_resolve(ticket=done, result="explained", text="好", actor=desk.agent, now=now)
    assert refused_codes(done, open_one, **by) == ["resolved"]
    done = services.ticket_verify(ticket=done, how="phone", reason="好了", actor=desk.agent, now=now)
    assert refused_codes(done, open_one, **by) == ["finished"]
    assert refused_codes(open_one, done, **by) == ["wrong_state"]
    services.ticket_archive(ticket=done, summary="核对后解释清楚，客户认可。", actor=desk.lead, now=now)
    assert refused_codes(open_one, done, **by) == ["wrong_state"]
    services.seal_sweep(now=now + 60 * DAY)
    assert refused_codes(open_one, done, **by) == ["sealed"]


def test_who_has_neither_of_them_asks_a_colleague(open_ticket: Opener, desk: Cast, now: datetime) -> None:
    stranger = desk.person("agent")
    first, second = open_ticket(), open_ticket()
    assert refused_codes(first, second, by=stranger, at=now) == ["not_yours"]
    with pytest.raises(NotPermitted):
        merge(first, second, by=desk.auditor, at=now)


def test_a_reason_a_choice_and_the_version_one_looked_at_are_asked_for(
    pair: tuple[Ticket, Ticket], open_ticket: Opener, desk: Cast, now: datetime
) -> None:
    first, second = pair
    by = {"by": desk.agent, "at": now}
    assert refused_codes(first, second, **by, reason=" ") == ["reason"]
    assert refused_codes(first, **by) == ["nothing"]
    assert refused_codes(first, second, **by, chosen={"subject": 999}) == ["chosen"]
    assert refused_codes(first, second, **by, chosen={"number": second.pk}) == ["chosen"]
    with pytest.raises(Conflict):
        merge(first, second, **by, versions={second.pk: second.version - 1})
    assert fresh(second).state == "assigned"


def test_the_same_act_twice_is_one_merge(pair: tuple[Ticket, Ticket], desk: Cast, now: datetime) -> None:
    first, second = pair
    for _twice in range(2):
        assert merge(first, second, by=desk.agent, at=now, source_ref="form.1").pk == first.pk
    assert TicketMerge.objects.count() == 1


# Promises -----------------------------------------------------------------------------------------------------


def test_the_stricter_promise_goes_on(open_ticket: Opener, desk: Cast, now: datetime) -> None:
    old, young = open_ticket(at=now - HALF), open_ticket()
    due = clock(old).due_at
    assert clock(young).due_at == due + HALF

    goes_on = merge(young, old, by=desk.agent, at=now)

    assert (clock(young).state, clock(young).due_at) == ("running", due)
    assert goes_on.next_due_at == min(
        one.due_at for one in Clock.objects.of("tickets.ticket", young.pk).open()
    )
    assert (clock(old).state, clock(old).ended_at) == ("cancelled", now)
    assert not Clock.objects.of("tickets.ticket", old.pk).open().exists()
    replayed(old, young, at=now)


def test_a_milder_promise_changes_nothing(pair: tuple[Ticket, Ticket], desk: Cast, now: datetime) -> None:
    first, second = pair
    due = clock(first).due_at
    merge(first, second, by=desk.agent, at=now)
    assert clock(first).due_at == due
    assert not Event.objects.filter(kind="clock.retargeted", subject_id=first.pk).exists()
    replayed(first, second, at=now)


@pytest.mark.parametrize("swept", [True, False], ids=["noticed", "not noticed yet"])
@pytest.mark.parametrize("way", ["late one goes in", "late one goes on"])
def test_no_breach_is_merged_away(
    open_ticket: Opener, desk: Cast, now: datetime, swept: bool, way: str
) -> None:
    """Who held it when time ran out is charged; merging it, giving it away and finishing change nothing of that."""
    late = open_ticket(at=now - DAY)
    services.ticket_take(ticket=late, actor=desk.agent, now=now - DAY)
    young, other = open_ticket(), desk.person("agent")
    desk.join(desk.team, other)
    services.ticket_assign(ticket=young, to=other, actor=desk.lead, now=now)
    if swept:
        clocks.sweep(now)
    run_out = Clock.objects.filter(subject_id=late.pk, due_at__lt=now)
    expected = {(late.pk, one.promise, desk.agent.pk) for one in run_out}
    assert expected
    into, part = (young, late) if way == "late one goes in" else (late, young)

    merge(into, part, by=desk.lead, at=now)
    clocks.sweep(now)
    assert set(breaches()) == expected

    services.ticket_resolve(
        ticket=fresh(into), result="explained", text="好", told_by="phone", actor=desk.lead, now=now + HALF
    )
    clocks.sweep(now + HALF)
    assert set(breaches()) == expected
    replayed(late, young, at=now + HALF)


def test_a_broken_promise_is_still_owed_where_the_problem_goes_on(
    open_ticket: Opener, desk: Cast, now: datetime
) -> None:
    """The survivor had kept its own before the other one came in: the customer still waits for an answer."""
    first = open_ticket(at=now - 3 * DAY)
    services.contact_attempt_record(
        ticket=first, channel="phone", reached=True, said="已答复", actor=desk.agent, now=now - 3 * DAY + HOUR
    )
    late = open_ticket(at=now - 2 * DAY)
    merge(first, late, by=desk.lead, at=now)
    owed = clock(first)
    assert (owed.round, owed.state, owed.counted_from) == (2, "running", now)
    replayed(first, late, at=now)


def test_what_was_kept_since_is_not_owed_again(open_ticket: Opener, desk: Cast, now: datetime) -> None:
    first, second = open_ticket(at=now - 3 * HOUR), open_ticket(at=now - 2 * HOUR)
    services.contact_attempt_record(
        ticket=first, channel="phone", reached=True, said="已答复", actor=desk.lead, now=now - HOUR
    )
    merge(first, second, by=desk.lead, at=now)
    assert (clock(first).round, clock(first).state) == (1, "met")
    replayed(first, second, at=now)


def test_a_given_word_goes_with_the_problem(pair: tuple[Ticket, Ticket], desk: Cast, now: datetime) -> None:
    first, second = pair
    until = now + 5 * HOUR
    clocks.word_give(subject=second, due_at=until, holder_id=desk.agent.pk, actor=desk.agent, now=now)
    merge(first, second, by=desk.agent, at=now + HOUR)
    word = clock(first, "kept_word")
    assert (word.due_at, word.holder, word.state) == (until, desk.agent, "running")
    assert clock(second, "kept_word").state == "cancelled"
    replayed(first, second, at=now + HOUR)


def test_what_the_customer_said_in_the_other_ticket_ends_the_wait(
    open_ticket: Opener, desk: Cast, now: datetime
) -> None:
    first = services.ticket_start(ticket=open_ticket(), actor=desk.agent, now=now)
    services.ticket_wait(ticket=first, wait_for="customer", until=now + DAY, actor=desk.agent, now=now)
    second = open_ticket(at=now + HOUR)
    goes_on = merge(first, second, by=desk.lead, at=now + HOUR)
    assert goes_on.state == "in_progress"
    assert goes_on.unread
    replayed(first, second, at=now + HOUR)


# What arrives later -------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "name", ["customer_message", "merchant_message", "note_add", "ticket_reply", "ticket_ask_merchant"]
)
def test_what_arrives_late_arrives_where_the_problem_goes_on(
    open_ticket: Opener, desk: Cast, now: datetime, name: str
) -> None:
    shop = Merchant(code="M-1", name="声悦数码")
    shop.save()
    first, second, third = (open_ticket(merchant_id=shop.pk) for _n in range(3))
    merge(second, third, by=desk.agent, at=now)
    merge(first, second, by=desk.agent, at=now)
    for stale in (third, fresh(third)):  # who still has the page open, and who comes from the merged one
        said = getattr(services, name)(ticket=stale, text="迟到的话", actor=desk.agent, now=now + HOUR)
        assert said.ticket == first
    told = Event.objects.filter(kind="ticket.passed_on", subject_id=third.pk)
    assert [event.payload["into_id"] for event in told] == [first.pk, first.pk]
    assert not third.messages.filter(text="迟到的话").exists()


def test_the_customers_link_of_the_merged_ticket_leads_to_the_other(
    open_ticket: Opener, desk: Cast, now: datetime
) -> None:
    first, second = open_ticket(), open_ticket()
    for ticket in (first, second):
        services.ticket_resolve(ticket=ticket, result="explained", text="好", actor=desk.agent, now=now)
    token = services.customer_link_issue(ticket=second, purpose="confirm", actor=system_user(), now=now)
    merge(first, second, by=desk.agent, at=now)
    link = services.customer_link_open(token=token, purpose="confirm", now=now + HOUR)
    assert link is not None
    services.ticket_confirm(link=link, satisfied=True, comment="谢谢", now=now + HOUR)
    assert (fresh(first).state, fresh(second).state) == ("closed", "merged")
    assert first.messages.filter(text="谢谢").exists()


def test_not_solved_on_the_merged_tickets_link_is_heard_while_the_work_goes_on(
    open_ticket: Opener, desk: Cast, now: datetime
) -> None:
    first, second = open_ticket(), open_ticket()
    services.ticket_resolve(ticket=second, result="explained", text="好", actor=desk.agent, now=now)
    token = services.customer_link_issue(ticket=second, purpose="confirm", actor=system_user(), now=now)
    merge(first, second, by=desk.agent, at=now)
    link = services.customer_link_open(token=token, purpose="confirm", now=now + HOUR)
    assert link is not None
    services.ticket_confirm(link=link, satisfied=False, now=now + HOUR)
    assert fresh(first).unread
    assert fresh(first).state == "assigned"


def test_the_order_of_a_merged_ticket_still_has_its_open_ticket(
    open_ticket: Opener, desk: Cast, now: datetime, customer: Customer
) -> None:
    order = an_order("A-1", now, customer=customer)
    first, second = open_ticket(), open_ticket(order_id=order.pk)
    merge(first, second, by=desk.agent, at=now)
    draft = TicketDraft(
        source="form",
        source_ref="",
        subject="又坏了",
        text="坏",
        channel="web",
        opened_at=now,
        order_id=order.pk,
    )
    with pytest.raises(AlreadyOpen) as found:
        services.ticket_open(draft=draft, actor=desk.agent, now=now)
    assert found.value.tickets == [first]


def test_the_merchants_of_both_are_concerned_and_not_any_longer_afterwards(
    open_ticket: Opener, desk: Cast, now: datetime
) -> None:
    shops = [Merchant(code=code, name=code) for code in ("M-1", "M-2")]
    for shop in shops:
        shop.save()
    first, second = (open_ticket(merchant_id=shop.pk) for shop in shops)
    merge(first, second, by=desk.agent, at=now)
    assert set(first.parties.values_list("merchant_id", flat=True)) == {shop.pk for shop in shops}
    services.ticket_unmerge(ticket=second, actor=desk.agent, now=now, reason="两件事")
    assert list(TicketParty.objects.filter(ticket=first).values_list("merchant_id", flat=True)) == [
        shops[0].pk
    ]


# The way back -------------------------------------------------------------------------------------------------


def unmerge(ticket: Ticket, by: Any, at: datetime) -> Ticket:
    return services.ticket_unmerge(ticket=ticket, actor=by, now=at, reason="原来是两件事")


def test_taken_out_again_it_stands_as_it_stood(open_ticket: Opener, desk: Cast, now: datetime) -> None:
    young, old = open_ticket(), open_ticket(at=now - HALF, subject="退款没到")
    old = services.ticket_start(ticket=old, actor=desk.agent, now=now)
    old = services.ticket_wait(ticket=old, wait_for="merchant", until=now + DAY, actor=desk.agent, now=now)
    own, theirs = clock(young).due_at, clock(old).due_at
    merge(young, old, by=desk.agent, at=now + HALF / 2)
    assert clock(young).due_at == theirs

    back = unmerge(old, desk.agent, now + HALF / 2)

    assert (back.state, back.wait_for, back.wake_at, back.assignee) == (
        "waiting",
        "merchant",
        now + DAY,
        desk.agent,
    )
    assert (back.closed_at, back.closed_how) == (None, "")
    assert (clock(old).round, clock(old).state, clock(old).due_at) == (2, "running", theirs)
    assert clock(young).due_at == own
    assert back.next_due_at == theirs
    assert TicketMerge.objects.get().undone_by == desk.agent
    replayed(young, old, at=now + HALF)


def test_merging_and_taking_out_wins_no_time(open_ticket: Opener, desk: Cast, now: datetime) -> None:
    old, young = open_ticket(at=now - HALF), open_ticket()
    due, own = clock(old).due_at, clock(young).due_at
    for turn in range(3):
        merge(young, old, by=desk.lead, at=now + turn * MINUTE)
        unmerge(old, desk.lead, now + turn * MINUTE + MINUTE / 2)
    assert (clock(old).due_at, clock(young).due_at) == (due, own)
    replayed(old, young, at=now + HALF)


def test_a_promise_that_ran_out_while_it_was_merged_is_broken(
    open_ticket: Opener, desk: Cast, now: datetime
) -> None:
    young, old = open_ticket(), open_ticket(at=now - HALF)
    merge(young, old, by=desk.lead, at=now)
    late = clock(young).due_at + HOUR
    unmerge(old, desk.lead, late)
    clocks.sweep(late)
    assert clock(old).breached_at == clock(old).due_at
    assert clock(young).breached_at is not None
    replayed(young, old, at=late)


def test_an_old_breach_is_owed_again_and_counted_once(open_ticket: Opener, desk: Cast, now: datetime) -> None:
    late, young = open_ticket(at=now - DAY), open_ticket()
    clocks.sweep(now)
    before = breaches()
    merge(young, late, by=desk.lead, at=now)
    back = unmerge(late, desk.lead, now + HOUR)
    assert [one for one in breaches() if one[0] == late.pk] == before
    assert clock(late).ended_at is None
    assert back.next_due_at < now
    replayed(late, young, at=now + HOUR)


def test_what_was_kept_meanwhile_is_kept(open_ticket: Opener, desk: Cast, now: datetime) -> None:
    first, second = open_ticket(), open_ticket(at=now - HOUR)
    merge(first, second, by=desk.lead, at=now)
    services.contact_attempt_record(
        ticket=first, channel="phone", reached=True, said="两件都说了", actor=desk.lead, now=now + HOUR
    )
    unmerge(second, desk.lead, now + 2 * HOUR)
    assert clock(second).state == "cancelled"
    replayed(first, second, at=now + 2 * HOUR)


def test_what_arrived_meanwhile_stays_and_what_comes_then_arrives_here(
    pair: tuple[Ticket, Ticket], desk: Cast, now: datetime
) -> None:
    first, second = pair
    merge(first, second, by=desk.agent, at=now)
    stale = fresh(second)
    meanwhile = services.customer_message(ticket=second, text="在吗", actor=desk.agent, now=now)
    unmerge(second, desk.agent, now + HOUR)
    assert Message.objects.get(pk=meanwhile.pk).ticket == first
    later = services.customer_message(ticket=stale, text="还在吗", actor=desk.agent, now=now + HOUR)
    assert later.ticket == second


def test_a_merge_is_undone_by_who_made_it_or_a_lead_and_in_time(
    pair: tuple[Ticket, Ticket], desk: Cast, now: datetime
) -> None:
    first, second = pair
    merge(first, second, by=desk.agent, at=now)
    for who, at, code in ((desk.person("agent"), now, "not_yours"), (desk.agent, now + 8 * DAY, "too_late")):
        with pytest.raises(DomainError) as refused:
            unmerge(second, who, at)
        assert refused.value.code == code
    with pytest.raises(DomainError) as refused:
        unmerge(first, desk.agent, now)
    assert refused.value.code == "not_merged"
    assert unmerge(second, desk.lead, now + 6 * DAY).state == "assigned"


def test_from_the_middle_of_a_chain_each_goes_back_to_its_own(
    open_ticket: Opener, desk: Cast, now: datetime
) -> None:
    a, b, c = (open_ticket() for _n in range(3))
    merge(b, a, by=desk.agent, at=now)
    merge(c, b, by=desk.agent, at=now)
    assert set(TicketMerge.objects.values_list("ticket", "root")) == {(a.pk, c.pk), (b.pk, c.pk)}
    unmerge(b, desk.agent, now + HOUR)
    assert TicketMerge.objects.get(ticket=a).root == b
    assert services.customer_message(ticket=a, text="在吗", actor=desk.agent, now=now + HOUR).ticket == b


def test_a_merchant_whom_another_merged_ticket_concerns_stays_until_that_one_goes(
    open_ticket: Opener, desk: Cast, now: datetime
) -> None:
    first, second, third = open_ticket(), open_ticket(), open_ticket()
    merchant = Merchant.objects.exclude(pk=first.merchant_id).first() or records.merchant("M-OTHER", now)
    for ticket in (second, third):
        TicketParty.objects.get_or_create(ticket=ticket, merchant=merchant)
    merge(first, second, by=desk.lead, at=now)
    merge(fresh(first), third, by=desk.lead, at=now)
    stays = TicketParty.objects.filter(ticket=first, merchant=merchant)
    services.ticket_unmerge(ticket=fresh(second), actor=desk.lead, now=now + MINUTE, reason="不是一件")
    assert stays.exists()
    services.ticket_unmerge(ticket=fresh(third), actor=desk.lead, now=now + MINUTE, reason="也不是")
    assert not stays.exists()
