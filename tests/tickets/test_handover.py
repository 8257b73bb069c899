"""The hand-over sheet (R1.5): two signatures, each once; with the second everything still held moves."""

import threading
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

import pytest
from django.db import connection, transaction

from accounts.models import User
from aftersales.clocks.models import Clock
from aftersales.core.errors import DomainError, NotPermitted
from aftersales.core.models import Event
from aftersales.tickets import services
from aftersales.tickets.models import Handover, HandoverSignature, Ticket
from aftersales.tickets.selectors import handovers, promises
from aftersales.tickets.services import erasing
from tests.cast import Cast
from tests.toy.fixtures import at_once

Opener = Callable[..., Ticket]
HOUR = timedelta(hours=1)


@pytest.fixture
def comes(desk: Cast) -> User:
    person = desk.person("agent", name="接班人")
    desk.join(desk.team, person)
    return person


def make(desk: Cast, comes: User, now: datetime, **notes: str) -> Handover:
    keyed = {int(name[1:]): text for name, text in notes.items()}
    return services.handover_make(
        taker=comes, notes=keyed, shift_ends_at=now + HOUR, actor=desk.agent, now=now
    )


def sign(sheet: Handover, person: User, now: datetime) -> Handover:
    return services.handover_sign(sheet=sheet, actor=person, now=now)


def test_both_sign_and_everything_moves_with_its_promises(
    open_ticket: Opener, desk: Cast, comes: User, now: datetime
) -> None:
    assigned, begun, waits = (open_ticket() for _n in range(3))
    for ticket in (begun, waits):
        services.ticket_start(ticket=ticket, actor=desk.agent, now=now)
    services.ticket_wait(
        ticket=waits, wait_for="merchant", until=now + 9 * HOUR, actor=desk.agent, now=now, reason="等"
    )
    promise = services.promise_give(ticket=begun, what="回电", due_at=now + HOUR, actor=desk.agent, now=now)
    sheet = make(desk, comes, now, **{f"t{begun.pk}": "客户  只接\n座机"})
    line = sheet.lines.get(ticket=begun)
    assert (line.note, line.promises, line.state) == ("客户 只接 座机", 1, "in_progress")

    assert sign(sheet, desk.agent, now).moved_at is None
    assert Ticket.objects.filter(assignee=desk.agent).count() == 3
    assert sign(sheet, comes, now + HOUR / 2).moved_at == now + HOUR / 2

    assert Ticket.objects.filter(assignee=comes).count() == 3
    assert set(sheet.lines.values_list("result", flat=True)) == {"moved"}
    assert Ticket.objects.get(pk=waits.pk).state == "waiting"
    assert Clock.objects.get(pk=promise.clock_id).holder == comes


def test_what_another_took_meanwhile_stays_with_him(
    open_ticket: Opener, desk: Cast, comes: User, now: datetime
) -> None:
    kept, gone, solved = (open_ticket() for _n in range(3))
    sheet = make(desk, comes, now)
    services.ticket_assign(ticket=gone, to=desk.lead, actor=desk.lead, now=now)
    services.ticket_cancel(ticket=solved, why="withdrawn", reason="客户撤回", actor=desk.agent, now=now)
    for person in (desk.agent, comes):
        sign(sheet, person, now)
    assert dict(sheet.lines.values_list("ticket_id", "result")) == {
        kept.pk: "moved", gone.pk: "gone", solved.pk: "gone",
    }  # fmt: skip
    assert Ticket.objects.get(pk=gone.pk).assignee == desk.lead


def test_nothing_that_stays_with_own_staff_is_handed_to_people_outside(
    open_ticket: Opener, desk: Cast, comes: User, now: datetime, settings: Any
) -> None:
    settings.REQUIRE_SECOND_FACTOR = False
    outside = desk.vendor_agent
    desk.make_team("outside", members=[outside], vendor="某服务商")
    plain = open_ticket()

    def offered() -> set[int]:
        page = desk.client(desk.agent).get("/desk/day/hand-over/")
        return {pk for pk, _name, _team in page.context["people"]} & {outside.pk, comes.pk}

    assert offered() == {outside.pk, comes.pk}
    sheet = make(desk, outside, now)
    sign(sheet, desk.agent, now)
    # Between the signatures a grave one came
    grave = open_ticket(kind="safety", source_ref="2")
    assert offered() == {comes.pk}
    sign(sheet, outside, now)
    assert dict(sheet.lines.values_list("ticket_id", "result")) == {plain.pk: "moved", grave.pk: "refused"}
    assert Ticket.objects.get(pk=grave.pk).assignee == desk.agent
    with pytest.raises(DomainError) as error:
        make(desk, outside, now)
    assert error.value.code == "scope"
    make(desk, comes, now)


def test_what_is_owed_on_solved_and_finished_tickets_is_on_the_sheet_and_goes_along(
    open_ticket: Opener, desk: Cast, comes: User, now: datetime, work_off: Callable[[datetime], None],
    cancel_unguarded: Callable[[Ticket], None],
) -> None:  # fmt: skip
    """No message reaches this customer: he has to be called. On the other ticket a promise outlived the handling."""
    call, promised = open_ticket(), open_ticket()
    services.ticket_resolve(ticket=call, result="explained", text="好了", actor=desk.agent, now=now)
    work_off(now)
    assert Ticket.objects.get(pk=call.pk).ask_in_person == "no_address"
    promise = services.promise_give(
        ticket=promised, what="寄优惠券", due_at=now + HOUR, actor=desk.agent, now=now
    )
    cancel_unguarded(promised)

    sheet = make(desk, comes, now)
    assert dict(sheet.lines.values_list("ticket_id", "promises")) == {call.pk: 0, promised.pk: 1}
    for person in (desk.agent, comes):
        sign(sheet, person, now)

    assert set(sheet.lines.values_list("result", flat=True)) == {"moved"}
    assert dict(Ticket.objects.filter(assignee=comes).values_list("pk", "state")) == {
        call.pk: "resolved", promised.pk: "cancelled",
    }  # fmt: skip
    assert Clock.objects.get(pk=promise.clock_id).holder == comes
    assert [one.pk for one in promises.due_of(comes, now + 2 * HOUR, 9)] == [promise.pk]
    assert not Ticket.objects.filter(assignee=desk.agent).held().exists()


def test_a_solved_ticket_on_which_nothing_is_owed_is_passed_on_to_nobody(
    open_ticket: Opener, desk: Cast, comes: User, now: datetime
) -> None:
    ticket = open_ticket()
    services.ticket_cancel(ticket=ticket, why="withdrawn", reason="客户撤回", actor=desk.lead, now=now)
    with pytest.raises(DomainError) as refused:
        services.ticket_assign(ticket=ticket, to=comes, actor=desk.lead, now=now)
    assert refused.value.code == "wrong_state"


def test_signing_again_changes_nothing_and_nobody_signs_for_another(
    open_ticket: Opener, desk: Cast, comes: User, now: datetime
) -> None:
    open_ticket()
    sheet = make(desk, comes, now)
    for _time in range(2):
        assert sign(sheet, desk.agent, now).moved_at is None
    with pytest.raises(NotPermitted):
        sign(sheet, desk.lead, now)
    assert HandoverSignature.objects.count() == 1


def test_a_sheet_needs_somebody_else_something_to_hand_over_and_no_other_open_sheet(
    open_ticket: Opener, desk: Cast, comes: User, now: datetime
) -> None:
    for person, code in ((comes, "empty"), (desk.agent, "self"), (desk.auditor, "unfit")):
        with pytest.raises(DomainError) as refused:
            make(desk, person, now)
        assert refused.value.code == code
    open_ticket()
    sheet = make(desk, comes, now)
    with pytest.raises(DomainError) as refused:
        make(desk, comes, now)
    assert refused.value.code == "open_sheet"
    with pytest.raises(NotPermitted):
        services.handover_withdraw(sheet=sheet, actor=comes, now=now)
    services.handover_withdraw(sheet=sheet, actor=desk.agent, now=now)
    with pytest.raises(DomainError):
        sign(sheet, comes, now)
    assert make(desk, comes, now).is_open


def test_notes_go_with_the_words_of_an_erased_customer(
    open_ticket: Opener, desk: Cast, comes: User, now: datetime
) -> None:
    ticket = open_ticket()
    sheet = make(desk, comes, now, **{f"t{ticket.pk}": "林女士只接座机"})
    erasing.customer_forget(ticket.customer, actor=desk.privacy_officer, reason="要求删除", now=now)
    assert sheet.lines.get().note == ""


@pytest.mark.django_db(transaction=True)
@pytest.mark.concurrency
def test_two_signatures_at_once_move_the_tickets_once(
    open_ticket: Opener, desk: Cast, comes: User, now: datetime
) -> None:
    ticket = open_ticket()
    sheet = make(desk, comes, now)
    at_once([lambda: sign(sheet, desk.agent, now), lambda: sign(sheet, comes, now)])
    assert Ticket.objects.get(pk=ticket.pk).assignee == comes
    assert Event.objects.filter(kind="handover.moved").count() == 1
    assert HandoverSignature.objects.filter(sheet=sheet).count() == 2


def test_what_was_given_after_the_sheet_was_made_goes_along(
    open_ticket: Opener, desk: Cast, comes: User, now: datetime
) -> None:
    open_ticket()
    sheet = make(desk, comes, now)
    sign(sheet, desk.agent, now)
    later = open_ticket()
    Ticket.objects.filter(pk=later.pk).update(assignee=desk.agent)
    sign(sheet, comes, now)
    assert sheet.lines.get(ticket=later).result == "moved"
    assert not Ticket.objects.filter(assignee=desk.agent).exists()


@pytest.mark.concurrency
@pytest.mark.slow
@pytest.mark.django_db(transaction=True)
def test_one_ticket_in_somebodys_hands_is_busy_and_holds_nobody_up(
    open_ticket: Opener, desk: Cast, comes: User, now: datetime
) -> None:
    held, free = open_ticket(), open_ticket()
    sheet = make(desk, comes, now)
    sign(sheet, desk.agent, now)
    answers: list[object] = []

    def signing() -> None:
        try:
            answers.append(sign(sheet, comes, now).moved_at)
        finally:
            connection.close()

    with transaction.atomic():
        Ticket.objects.select_for_update().get(pk=held.pk)
        other = threading.Thread(target=signing)
        other.start()
        other.join(15)
    assert answers == [now]
    assert dict(sheet.lines.values_list("ticket_id", "result")) == {held.pk: "busy", free.pk: "moved"}


def test_a_signature_is_for_its_shift(open_ticket: Opener, desk: Cast, comes: User, now: datetime) -> None:
    """Signed by one side only, the sheet ends a day after the shift; the next one takes its place."""
    ticket = open_ticket()
    sheet = make(desk, comes, now)
    sign(sheet, desk.agent, now)
    late = now + 26 * HOUR
    with pytest.raises(DomainError) as refused:
        sign(sheet, comes, late)
    assert refused.value.code == "expired"
    assert Ticket.objects.get(pk=ticket.pk).assignee == desk.agent
    anew = make(desk, comes, late)
    sheet.refresh_from_db()
    assert sheet.withdrawn_at == late
    for person in (desk.agent, comes):
        sign(anew, person, late)
    assert Ticket.objects.get(pk=ticket.pk).assignee == comes


def test_nobody_signs_for_tickets_that_he_was_not_shown(
    open_ticket: Opener, desk: Cast, comes: User, now: datetime
) -> None:
    open_ticket()
    sheet = make(desk, comes, now)
    seen = handovers.stamp(handovers.held(desk.agent))
    open_ticket()
    with pytest.raises(DomainError) as refused:
        services.handover_sign(sheet=sheet, actor=comes, now=now, seen=seen)
    assert refused.value.code == "changed"
    assert not HandoverSignature.objects.exists()
    again = handovers.stamp(handovers.held(desk.agent))
    services.handover_sign(sheet=sheet, actor=comes, now=now, seen=again)
    assert HandoverSignature.objects.count() == 1
