"""Every service asks for the right itself, whatever page calls it: services × roles (DESIGN 5)."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

import pytest
from django.db import transaction

from accounts import capabilities
from accounts.models import User
from accounts.services import system_user
from accounts.states import Role
from aftersales.clocks.models import Clock
from aftersales.clocks.services import word_drop, word_give, word_keep
from aftersales.core.errors import DomainError, NotPermitted
from aftersales.notices.services import Order, notices_send
from aftersales.standards.models import StandardVersion
from aftersales.tickets import services
from aftersales.tickets.models import (
    Appointment,
    ArchiveRecord,
    DuplicatePair,
    GivenPromise,
    GradingRule,
    Handover,
    IntakeItem,
    IntakeRule,
    Message,
    Ticket,
    TicketLink,
)
from aftersales.tickets.services.export import ticket_exported
from aftersales.tickets.services.intake import TicketDraft
from aftersales.tickets.services.settling import Report
from tests.cast import Cast

NOBODY_ELSE = ""  # only whoever holds the ticket


@dataclass
class World:
    """One ticket held by somebody, with a message and a record, and one person who wants something."""

    ticket: Ticket
    record: ArchiveRecord
    person: User
    now: datetime
    actor: Any = None

    @property
    def by(self) -> dict[str, Any]:
        return {"actor": self.actor, "now": self.now}

    @property
    def on(self) -> dict[str, Any]:
        return {"ticket": self.ticket, **self.by}

    @property
    def until(self) -> datetime:
        return self.now + timedelta(hours=5)

    def draft(self) -> TicketDraft:
        return TicketDraft(
            source="form", source_ref="", subject="包裹没到", text="没到", channel="app", opened_at=self.now
        )

    def report(self) -> Report:
        return Report("hotline", "H1", "包裹没到", "没到", "phone", self.now)

    def signal(self) -> IntakeItem:
        return IntakeItem.objects.create(
            source="rule:paid_cancelled", source_ref="1", signal="paid_cancelled", outcome="refused",
            happened_at=self.now, noticed_at=self.now, rule=IntakeRule.objects.all()[0],
        )  # fmt: skip

    def link(self) -> TicketLink:
        other = services.ticket_open(draft=self.draft(), actor=system_user(), now=self.now)
        return TicketLink.objects.create(
            ticket=self.ticket, other=other, kind="related", at=self.now, by=self.person
        )

    def pair(self) -> DuplicatePair:
        return DuplicatePair(ticket=self.ticket, other=self.ticket, score=90, found_at=self.now)

    def word(self) -> Clock:
        return Clock.objects.create(
            subject_kind="tickets.ticket", subject_id=self.ticket.pk, promise="kept_word", started_at=self.now,
            counted_from=self.now, due_at=self.until, warn_at=self.now, kind="obligation", owed_by="person",
        )  # fmt: skip

    def sheet(self) -> Handover:
        other = User.objects.create(username="other", roles=["agent"], created_at=self.now)
        return Handover.objects.create(
            giver=self.person, taker=other, shift_ends_at=self.until, made_at=self.now
        )

    def appointment(self) -> Appointment:
        return Appointment.objects.create(
            ticket=self.ticket, kind="call_back", with_whom="customer", starts_at=self.until,
            ends_at=self.until + timedelta(hours=1), responsible=self.person, agreed_by=self.person, agreed_at=self.now,
        )  # fmt: skip

    def promise(self) -> GivenPromise:
        return GivenPromise.objects.create(
            ticket=self.ticket, clock=self.word(), what="回电", given_by=self.person, given_at=self.now,
            first_due_at=self.until, due_at=self.until,
        )  # fmt: skip


Call = Callable[[World], Any]
GRADE = {"kind": "returns", "severity": "major", "nature": "operation"}
MATRIX: dict[str, tuple[str, Call]] = {
    "appointment_agree": (
        "tickets.appoint",
        lambda w: services.appointment_agree(
            kind="call_back", with_whom="customer", starts_at=w.until, ends_at=w.until + timedelta(hours=1),
            responsible=w.person, **w.on,
        ),
    ),
    "appointment_end": (
        "tickets.appoint",
        lambda w: services.appointment_end(appointment=w.appointment(), outcome="kept", **w.by),
    ),
    "appointment_cancel": (
        "tickets.appoint",
        lambda w: services.appointment_cancel(appointment=w.appointment(), why="客户改了主意", **w.by),
    ),
    "appointment_move": (
        "tickets.appoint",
        lambda w: services.appointment_move(
            appointment=w.appointment(), starts_at=w.until + timedelta(hours=2), ends_at=w.until + timedelta(hours=3),
            why="客户没空", **w.by,
        ),
    ),
    "addendum_add": ("tickets.addendum", lambda w: services.addendum_add(record=w.record, text="补充", **w.by)),
    "archive_hold_lift": ("tickets.hold", lambda w: services.archive_hold_lift(record=w.record, reason="x", **w.by)),
    "archive_hold_set": ("tickets.hold", lambda w: services.archive_hold_set(record=w.record, reason="x", **w.by)),
    "archive_opened": ("tickets.view_archive", lambda w: services.archive_opened(record=w.record, **w.by)),
    "archive_searched": (
        "tickets.view_archive", lambda w: services.archive_searched(filters={}, found=0, **w.by),
    ),
    "contact_attempt_record": (
        "tickets.reply", lambda w: services.contact_attempt_record(channel="phone", reached=False, **w.on),
    ),
    "customer_link_issue": ("tickets.issue_link", lambda w: services.customer_link_issue(purpose="confirm", **w.on)),
    "customer_link_standing": (
        "tickets.issue_link", lambda w: services.customer_link_standing(purpose="case", **w.on)
    ),
    "customer_link_replace": ("tickets.issue_link", lambda w: services.customer_link_replace(purpose="case", **w.on)),
    "customer_message": ("tickets.hear_customer", lambda w: services.customer_message(text="好", **w.on)),
    "merchant_message": ("tickets.hear_merchant", lambda w: services.merchant_message(text="好", **w.on)),
    "message_erase": (
        "tickets.erase", lambda w: services.message_erase(message=Message.objects.all()[0], reason="x", **w.by),
    ),
    "note_add": ("tickets.note", lambda w: services.note_add(text="好", **w.on)),
    "problem_join": ("tickets.open_ticket", lambda w: services.problem_join(draft=w.draft(), **w.on)),
    "ticket_split": (
        "tickets.open_ticket",
        lambda w: services.ticket_split(lines=[], messages=[], subject="另一件", reason="两件事", **w.on),
    ),
    "promise_give": ("tickets.promise", lambda w: services.promise_give(what="回电", due_at=w.until, **w.on)),
    "promise_keep": ("tickets.promise", lambda w: services.promise_keep(promise=w.promise(), **w.by)),
    "promise_postpone": (
        "tickets.promise",
        lambda w: services.promise_postpone(
            promise=w.promise(), due_at=w.until + timedelta(hours=1), text="晚一点", **w.by
        ),
    ),
    "promise_withdraw": (
        "tickets.promise", lambda w: services.promise_withdraw(promise=w.promise(), why="不用了", text="好", **w.by),
    ),
    "ticket_reply_promising": (
        "tickets.promise",
        lambda w: services.ticket_reply_promising(text="好", what="回电", due_at=w.until, **w.on),
    ),
    "handover_go_on": (NOBODY_ELSE, lambda w: services.handover_go_on(sheet=w.sheet(), **w.by)),
    "handover_make": (
        "tickets.work",
        lambda w: services.handover_make(taker=w.person, notes={}, shift_ends_at=w.until, **w.by),
    ),
    "handover_sign": (NOBODY_ELSE, lambda w: services.handover_sign(sheet=w.sheet(), **w.by)),
    "handover_withdraw": (NOBODY_ELSE, lambda w: services.handover_withdraw(sheet=w.sheet(), **w.by)),
    "tickets_reassign": (
        "tickets.assign",
        lambda w: services.tickets_reassign(tickets=[w.ticket], to=w.person, reason="请假", **w.by),
    ),
    "merchant_rule_confirm": (
        "tickets.confirm_merchant_rule",
        lambda w: services.merchant_rule_confirm(version=StandardVersion.objects.all()[0], **w.by),
    ),
    "rule_confirm": (
        "tickets.work", lambda w: services.rule_confirm(version=StandardVersion.objects.all()[0], **w.by),
    ),
    "rule_save": (
        "tickets.change_gradingrule",
        lambda w: services.rule_save(row=GradingRule.objects.all()[0], reason="x", position=7, **w.by),
    ),
    "signal_retry": ("tickets.retry_signal", lambda w: services.signal_retry(item=w.signal(), **w.by)),
    "signals_take_in": ("tickets.open_ticket", lambda w: services.signals_take_in(reports=[w.report()], **w.by)),
    "ticket_agree_solution": ("tickets.reply", lambda w: services.ticket_agree_solution(text="好", **w.on)),
    "ticket_answer": ("tickets.confirm", lambda w: services.ticket_answer(satisfied=False, **w.on)),
    "ticket_archive": ("tickets.archive", lambda w: services.ticket_archive(summary="都处理好了，没有后续。", **w.on)),
    "ticket_ask_merchant": ("tickets.reply", lambda w: services.ticket_ask_merchant(text="请答复", **w.on)),
    "ticket_assign": ("tickets.assign", lambda w: services.ticket_assign(to=w.person, **w.on)),
    "ticket_cancel": ("tickets.cancel", lambda w: services.ticket_cancel(why="mistake", reason="x", **w.on)),
    "ticket_exported": ("tickets.export", lambda w: ticket_exported(form="json", **w.on)),
    "ticket_give_up": ("tickets.work", lambda w: services.ticket_give_up(reason="x", **w.on)),
    "ticket_hand_over": (NOBODY_ELSE, lambda w: services.ticket_hand_over(reason="x", **w.on)),
    "ticket_merge": (
        "tickets.merge", lambda w: services.ticket_merge(survivor=w.ticket, others=[w.ticket], reason="x", **w.by),
    ),
    "ticket_unmerge": ("tickets.merge", lambda w: services.ticket_unmerge(reason="x", **w.on)),
    "tickets_link": ("tickets.link", lambda w: services.tickets_link(other=w.ticket, kind="related", **w.on)),
    "ticket_unlink": ("tickets.link", lambda w: services.ticket_unlink(link=w.link(), **w.by)),
    "tickets_tell_apart": ("tickets.merge", lambda w: services.tickets_tell_apart(pair=w.pair(), **w.by)),
    "ticket_move": ("tickets.reopen", lambda w: services.ticket_move(name="reopen", reason="x", **w.on)),
    "ticket_open": ("tickets.open_ticket", lambda w: services.ticket_open(draft=w.draft(), **w.by)),
    "ticket_put_back": ("tickets.assign", lambda w: services.ticket_put_back(reason="x", **w.on)),
    "ticket_regrade": ("tickets.regrade", lambda w: services.ticket_regrade(reason="x", **GRADE, **w.on)),
    "ticket_reply": ("tickets.reply", lambda w: services.ticket_reply(text="好", **w.on)),
    "ticket_resolve": ("tickets.resolve", lambda w: services.ticket_resolve(result="explained", text="好", **w.on)),
    "ticket_start": ("tickets.work", lambda w: services.ticket_start(**w.on)),
    "ticket_take": ("tickets.take", lambda w: services.ticket_take(**w.on)),
    "ticket_take_next": ("tickets.take", lambda w: services.ticket_take_next(**w.by)),
    "ticket_triage": ("tickets.triage", lambda w: services.ticket_triage(**w.on)),
    "ticket_verify": ("tickets.verify", lambda w: services.ticket_verify(how="phone", reason="x", **w.on)),
    "ticket_tell_merchant": (
        "tickets.reply", lambda w: services.ticket_tell_merchant(text="电话问了", channel="phone", **w.on),
    ),
    "contact_abusive": (NOBODY_ELSE, lambda w: services.contact_abusive(reason="骂人", **w.on)),
    "ticket_wait": ("tickets.work", lambda w: services.ticket_wait(wait_for="merchant", until=w.until, **w.on)),
    "tickets_assign": (
        "tickets.assign", lambda w: services.tickets_assign(tickets=Ticket.objects.all(), to=w.person, **w.by),
    ),
    "tickets_open_many": ("tickets.open_ticket", lambda w: services.tickets_open_many(drafts=[w.draft()], **w.by)),
    "notices_send": (
        "notices.send",
        lambda w: notices_send([Order("ticket.closed", w.ticket.customer, w.ticket, {}, "x")], **w.by),
    ),
    "word_give": (
        "clocks.give_word", lambda w: word_give(subject=w.ticket, due_at=w.until, holder_id=None, **w.by),
    ),
    "word_keep": ("clocks.give_word", lambda w: word_keep(clock=w.word(), subject=w.ticket, **w.by)),
    "word_drop": ("clocks.give_word", lambda w: word_drop(clock=w.word(), subject=w.ticket, **w.by)),
}  # fmt: skip
# The system's own rounds take no actor: nobody can act through them. The last two act by a signed link.
ROUNDS = {
    *(
        "lapsed_sweep",
        "dispatch_sweep",
        "intake_run",
        "intake_signals",
        "retention_run",
        "rollups_rebuild",
        "seal_sweep",
    ),
    *("absence_sweep", "digest_sweep", "silence_sweep", "take_back_sweep", "wake_sweep", "ticket_dispatch"),
    *("customer_link_open", "ticket_confirm"),
    *("appointment_wish", "appointments_sweep"),
}


@pytest.fixture
def world(open_ticket: Callable[..., Ticket], desk: Cast, now: datetime) -> World:
    """The ticket is held by somebody who is none of the cast; its record is made by hand."""
    holder = desk.person("agent", username="holder")
    ticket = services.ticket_assign(ticket=open_ticket(), to=holder, actor=desk.lead, now=now)
    record = ArchiveRecord.objects.create(
        ticket=ticket, number="DA-X", kind="other", severity="minor", nature="operation", channel="web",
        opened_at=now, completed_at=now, archived_at=now, reviewed_by=desk.lead, summary="记录", seal_after=now,
        keep_until=now.date().replace(year=now.year + 3),
    )  # fmt: skip
    return World(ticket, record, holder, now)


def test_every_service_is_in_the_matrix_or_takes_no_actor() -> None:
    assert set(services.__all__) - set(MATRIX) == ROUNDS
    for name in ROUNDS:
        assert "actor" not in getattr(services, name).__annotations__


@pytest.mark.parametrize("name", MATRIX)
def test_a_service_asks_for_the_right_itself(name: str, world: World, desk: Cast) -> None:
    """Who lacks it is refused before anything is written; who has it gets another answer, whatever it is."""
    capability, call = MATRIX[name]
    for role in Role:
        world.actor = desk.of(role)
        assert refused(call, world) is not capabilities.allowed([role], capability), role


def refused(call: Call, world: World) -> bool:
    """Whether the right was missing; nothing of the call stays."""
    try:
        with transaction.atomic():
            call(world)
            transaction.set_rollback(True)
    except NotPermitted:
        return True
    except DomainError:
        return False
    return False


@pytest.mark.parametrize("name", MATRIX)
def test_nobody_without_a_role_and_nobody_who_left_may_anything(name: str, world: World, desk: Cast) -> None:
    for actor in (desk.person(), desk.person(Role.LEAD, Role.OPERATIONS, is_active=False)):
        world.actor = actor
        assert refused(MATRIX[name][1], world)
