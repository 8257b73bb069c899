"""Sixty days of work, lived through the same services that people use, on a clock of its own."""

from __future__ import annotations

import heapq
import logging
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from functools import partial
from random import Random

from django.conf import settings
from django.db import transaction

from accounts.models import User
from accounts.services import customer_user, system_user
from aftersales.clocks import services as clocks
from aftersales.core import deliveries, jobs, origin
from aftersales.core.errors import DomainError
from aftersales.core.models import Delivery, Event
from aftersales.orders.models import Order
from aftersales.tickets import services
from aftersales.tickets.models import CustomerLink, Ticket
from aftersales.tickets.services.closing import CONFIRM
from aftersales.tickets.services.intake import draft_for
from aftersales.tickets.states import ACTIVE_STATES, TicketState, WaitFor

from . import (
    books,
    cases,
    characters,
    day,
    morning,
    payments,
    problems,
    qualified,
    recoveries,
    requests,
    rules,
    systems,
    windows,
    writing,
)
from .problems import PROBLEMS, Problem
from .trade import DAYS

FORMS = 36
FORMS_LATELY = 16
SWEEP_HOURS = range(24)
# Weeks ago nobody watched the hour: fewer rounds there spare a first start most of its statements.
SWEEP_HOURS_LONG_AGO = (8, 11, 14, 17, 21)
LATELY = timedelta(days=8)
INTAKE_HOURS = (9,)
MESSAGES_KEPT = timedelta(days=2)
QUESTIONS = ("ticket.resolved", "notice.sent", "notice.skipped", "ticket.not_asked")
ARCHIVE_HOUR = 18
CHANNELS = ("app", "chat", "phone", "message", "email", "web")
MARKET_AHEAD = timedelta(hours=8)
THREAD_LENGTH = 60
MARKS, MARK_WEIGHTS = ((5, 5), (5, 4), (4, 4), (4, 3), (3, 2)), (50, 22, 16, 8, 4)

Act = Callable[[datetime], None]


@dataclass(order=True)
class Due:
    at: datetime
    place: int
    act: Act = field(compare=False)


class Days:
    """A clock that jumps from act to act; what falls after ``end`` has not happened yet."""

    def __init__(self, random: Random, end: datetime) -> None:
        self.random = random
        self.end = end
        self.begin = end - timedelta(days=DAYS)
        self.queue: list[Due] = []
        self.skipped = 0

    def at(self, moment: datetime, act: Act) -> None:
        if moment <= self.end:
            heapq.heappush(self.queue, Due(moment, len(self.queue) + self.random.randrange(10**6), act))

    def after(self, moment: datetime, hours: tuple[float, float], act: Act) -> None:
        """Some hours later, in waking hours."""
        later = moment + timedelta(hours=self.random.uniform(*hours))
        local = later + MARKET_AHEAD
        if local.hour < 8:
            later += timedelta(hours=8 - local.hour)
        elif local.hour >= 22:
            later += timedelta(hours=34 - local.hour)
        self.at(later, act)

    def run(self) -> None:
        while self.queue:
            due = heapq.heappop(self.queue)
            try:
                with transaction.atomic():
                    due.act(due.at)
            except DomainError:
                self.skipped += 1  # somebody or some rule was faster; people meet that too

    def chance(self, share: float) -> bool:
        return self.random.random() < share


class Department:
    """The daily round and the life of each ticket."""

    def __init__(self, days: Days, people: dict[str, User]) -> None:
        self.days = days
        self.people = people
        self.seen: set[int] = set()
        self.problem: dict[int, Problem] = {}
        self.orders = list(
            Order.objects.filter(paid__gt=0)
            .select_related("customer")
            .prefetch_related("lines")
            .order_by("placed_at")
        )

    def plan(self) -> None:
        first = (self.days.begin + MARKET_AHEAD).replace(
            hour=0, minute=10, second=0, microsecond=0
        ) - MARKET_AHEAD
        for number in range(DAYS + 1):
            day = first + timedelta(days=number)
            lately = day > self.days.end - LATELY
            for hour in SWEEP_HOURS if lately else SWEEP_HOURS_LONG_AGO:
                self.days.at(day + timedelta(hours=hour), self.sweep)
            for hour in INTAKE_HOURS:
                self.days.at(day + timedelta(hours=hour), self.intake)
            self.days.at(day + timedelta(hours=ARCHIVE_HOUR), self.archive)
        for _form in range(FORMS):
            # More of them lately, so that today's queues are full.
            ago = timedelta(days=DAYS * self.days.random.random() ** 1.6)
            self.days.after(self.days.end - ago, (0, 1), self.form)
        for _form in range(FORMS_LATELY):
            self.days.at(self.days.end - timedelta(hours=30 * self.days.random.random()), self.form)
        self.days.at(self.days.end - timedelta(days=6), self.thread)
        self.days.at(self.days.end, self.sweep)

    # -- the daily round ----------------------------------------------------------------------------------------

    def sweep(self, now: datetime) -> None:
        clocks.sweep(now)
        services.wake_sweep(now=now)
        if now <= self.days.end - MESSAGES_KEPT:
            # Nobody reads the mails of weeks ago, except that silence counts from the question that went out.
            waiting = list(Delivery.objects.values_list("event_id", flat=True))
            asked = Event.objects.filter(pk__in=waiting, kind__in=QUESTIONS).values_list("pk", flat=True)
            Delivery.objects.exclude(event_id__in=list(asked)).delete()
        while deliveries.run(now) + jobs.run_due(now):
            continue
        services.silence_sweep(now=now)
        services.dispatch_sweep(now=now)
        services.digest_sweep(now=now)

    def intake(self, now: datetime) -> None:
        services.intake_run(now=now)
        for ticket in Ticket.objects.exclude(pk__in=self.seen).order_by("pk"):
            self.begin(ticket, now)

    def archive(self, now: datetime) -> None:
        """The lead reviews what was closed since yesterday; at the end of the day some are left for tomorrow."""
        services.seal_sweep(now=now)
        lead = self.people["lead"]
        closed = Ticket.objects.filter(state__in=[TicketState.CLOSED, TicketState.UNREACHABLE])
        for ticket in closed.order_by("closed_at"):
            reviewer = self.people["supervisor"] if ticket.assignee_id == lead.pk else lead
            if self.days.chance(0.9):
                fitting = problems.SUMMARIES_OF.get(ticket.kind, problems.SUMMARIES)
                summary = self.days.random.choice(fitting)
                services.ticket_archive(ticket=ticket, summary=summary, actor=reviewer, now=now)

    def form(self, now: datetime) -> None:
        """A customer calls or writes about an order of his."""
        random = self.days.random
        recent = [
            one for one in self.orders if now - timedelta(days=25) < one.placed_at < now - timedelta(hours=6)
        ]
        if not recent:
            return
        order = random.choice(recent)
        fitting = [one for one in PROBLEMS if one.fits(self.words(order)["goods"])]
        problem = random.choices(fitting, weights=[one.weight for one in fitting])[0]
        ticket = self.open(order, problem, random.choice(CHANNELS), now)
        self.problem[ticket.pk] = problem
        self.begin(ticket, now)

    def open(self, order: Order, problem: Problem, channel: str, now: datetime, subject: str = "") -> Ticket:
        words = self.words(order)
        draft = draft_for(
            order,
            source="form",
            source_ref=f"demo-{order.pk}-{now:%y%m%d%H%M%S}",
            subject=(subject or problem.subject).format(**words),
            text=problem.text.format(**words),
            channel=channel,
            opened_at=now,
            kind=problem.kind,
            beside=True,
        )
        return services.ticket_open(draft=draft, actor=self.people["agent"], now=now)

    def newest_of(self, goods: tuple[str, ...], now: datetime) -> Order:
        """The newest order of such a thing, or of anything where nobody bought one."""
        placed = [one for one in reversed(self.orders) if one.placed_at < now]
        return next(
            (one for one in placed if any(word in self.words(one)["goods"] for word in goods)), placed[0]
        )

    def words(self, order: Order | None) -> dict[str, str]:
        lines = list(order.lines.all()) if order else []
        return {
            "goods": lines[0].product_name if lines else "商品",
            "order": order.external_no if order else "",
        }

    # -- the life of a ticket -----------------------------------------------------------------------------------

    def begin(self, ticket: Ticket, now: datetime) -> None:
        self.seen.add(ticket.pk)
        late = self.days.chance(0.08)
        self.days.after(now, (5, 30) if late else (0.1, 1.6), lambda at: self.first(ticket.pk, at))

    def row(self, pk: int) -> Ticket:
        return Ticket.objects.select_related("assignee", "order", "customer", "merchant").get(pk=pk)

    def said(self, ticket: Ticket, name: str) -> str:
        problem = self.problem.get(ticket.pk)
        text = getattr(problem, name, "") if problem else ""
        return text.format(**self.words(ticket.order)) if text else ""

    def first(self, pk: int, now: datetime) -> None:
        """The first answer, then one of the ways a case goes."""
        ticket = self.row(pk)
        if ticket.assignee is None:
            self.days.after(now, (2, 5), lambda at: self.first(pk, at))
            return
        text = self.said(ticket, "first") or problems.RULE_FIRST.get(
            ticket.kind, problems.RULE_FIRST["quality"]
        )
        services.ticket_reply(ticket=ticket, text=text, actor=ticket.assignee, now=now)
        if self.days.chance(0.25):
            note = self.days.random.choice(problems.CALL_NOTES)
            services.note_add(
                ticket=ticket, text=note, actor=ticket.assignee, now=now + timedelta(seconds=40)
            )
        way = self.days.random.choices(
            (
                self.solve,
                self.ask_customer,
                self.ask_merchant,
                self.wait_for_carrier,
                self.cancel,
                self.try_to_reach,
            ),
            weights=(41, 12, 80 if self.shop_of(ticket, now).is_troubled else 30, 7, 3, 5),
        )[0]
        self.days.after(now, (0.5, 14), lambda at: way(pk, at))

    def solve(self, pk: int, now: datetime) -> None:
        ticket = self.row(pk)
        text, result = self.solution(ticket)
        ticket = services.ticket_resolve(
            ticket=ticket, result=result, text=text, actor=ticket.assignee, now=now
        )
        fate = self.days.random.random()
        if fate < 0.55:
            self.days.after(now, (0.5, 20), lambda at: self.answer(pk, True, at))
        elif fate < 0.64:
            self.days.after(now, (0.5, 20), lambda at: self.answer(pk, False, at))
        elif ticket.wake_at is None:
            self.days.after(now, (4, 30), lambda at: self.verify(pk, at))
        else:
            self.days.after(now, (6, 30), lambda at: self.call(pk, at))

    def call(self, pk: int, now: datetime) -> None:
        """Whom no message could reach is called; not everybody answers the first time."""
        ticket = self.row(pk)
        if ticket.state != TicketState.RESOLVED or not ticket.ask_in_person:
            return
        if self.days.chance(0.7):
            self.verify(pk, now)
        else:
            self.one_try(pk, "phone", now)
            self.days.after(now, (18, 30), lambda at: self.call(pk, at))

    def solution(self, ticket: Ticket) -> tuple[str, str]:
        problem = self.problem.get(ticket.pk)
        if problem:
            return self.said(ticket, "solved"), problem.result
        return problems.RULE_SOLVED.get(ticket.kind, problems.RULE_SOLVED["quality"])

    def answer(self, pk: int, satisfied: bool, now: datetime) -> None:
        comment = self.days.random.choice(problems.THANKS if satisfied else problems.NOT_SOLVED)
        link = CustomerLink.objects.filter(ticket=pk, purpose=CONFIRM, used_at=None, revoked_at=None).first()
        if satisfied and link is not None:  # on the page one gives marks too
            handling, outcome = self.days.random.choices(MARKS, weights=MARK_WEIGHTS)[0]
            services.ticket_confirm(
                link=link,
                satisfied=True,
                comment=comment,
                now=now,
                rating_handling=handling,
                rating_outcome=outcome,
            )
        else:
            services.ticket_answer(
                ticket=self.row(pk), satisfied=satisfied, comment=comment, actor=customer_user(), now=now
            )
        if not satisfied:
            self.days.after(now, (1, 10), lambda at: self.solve(pk, at))

    def verify(self, pk: int, now: datetime) -> None:
        ticket = self.row(pk)
        services.ticket_verify(
            ticket=ticket, how="phone", reason="电话回访，客户表示已解决。", actor=ticket.assignee, now=now
        )

    def ask_customer(self, pk: int, now: datetime) -> None:
        ticket = self.row(pk)
        text = self.said(ticket, "ask_customer") or "为了尽快处理，请补充一下订单照片或视频。"
        services.ticket_reply(ticket=ticket, text=text, actor=ticket.assignee, now=now)
        self.wait(ticket, WaitFor.CUSTOMER, 48, now)
        if self.days.chance(0.8):
            self.days.after(now, (1, 20), lambda at: self.customer_writes(pk, at))
        else:
            self.days.after(now, (50, 60), lambda at: self.solve(pk, at))

    def wait(self, ticket: Ticket, whom: str, hours: int, now: datetime) -> None:
        services.ticket_wait(
            ticket=self.row(ticket.pk),
            wait_for=whom,
            until=now + timedelta(hours=hours),
            actor=ticket.assignee,
            now=now + timedelta(seconds=30),
        )

    def customer_writes(self, pk: int, now: datetime) -> None:
        ticket = self.row(pk)
        text = self.said(ticket, "customer_answer") or "已经补充了，请尽快处理。"
        services.customer_message(ticket=ticket, text=text, actor=customer_user(), now=now, channel="app")
        self.days.after(now, (1, 8), lambda at: self.solve(pk, at))

    def ask_merchant(self, pk: int, now: datetime) -> None:
        ticket = self.row(pk)
        text = self.said(ticket, "ask_merchant") or "请核实该订单的情况，并在 24 小时内答复。"
        services.ticket_tell_merchant(
            ticket=ticket, text=text, channel="phone", actor=ticket.assignee, now=now
        )
        self.wait(ticket, WaitFor.MERCHANT, 48, now)
        if self.days.chance(self.shop_of(ticket, now).answers):
            self.days.after(now, (2, 30), lambda at: self.merchant_writes(pk, at))
        elif self.days.chance(0.6):
            self.days.after(now, (50, 70), lambda at: self.merchant_writes(pk, at))
        else:
            self.days.after(now, (52, 64), lambda at: self.solve(pk, at))

    def shop_of(self, ticket: Ticket, now: datetime) -> characters.Character:
        """How the shop of a ticket trades; where there is none, like most."""
        if ticket.merchant is None:
            return characters.GOOD
        return characters.character(ticket.merchant.code, now, self.days.end)

    def merchant_writes(self, pk: int, now: datetime) -> None:
        ticket = self.row(pk)
        text = self.said(ticket, "merchant_answer") or "已核实，同意按平台方案处理。"
        services.merchant_message(ticket=ticket, text=text, actor=ticket.assignee, now=now)
        self.days.after(now, (0.5, 6), lambda at: self.solve(pk, at))

    def wait_for_carrier(self, pk: int, now: datetime) -> None:
        self.wait(self.row(pk), WaitFor.CARRIER, 30, now)
        self.days.after(now, (32, 44), lambda at: self.solve(pk, at))

    def cancel(self, pk: int, now: datetime) -> None:
        reason, why = self.days.random.choice(
            (("客户来电表示不需要处理了。", "withdrawn"), ("与已有工单重复。", "duplicate"))
        )
        services.ticket_cancel(
            ticket=self.row(pk), why=why, reason=reason, actor=self.people["lead"], now=now
        )

    def try_to_reach(self, pk: int, now: datetime) -> None:
        """Three tries on two channels over more than two days; then the ticket is closed as not reached."""
        for number, channel in enumerate(("phone", "message", "phone", "email")):
            moment = now + timedelta(hours=18 * number)
            self.days.at(moment, partial(self.one_try, pk, channel))
        self.days.at(now + timedelta(hours=60), lambda at: self.give_up(pk, at))

    def one_try(self, pk: int, channel: str, now: datetime) -> None:
        ticket = self.row(pk)
        services.contact_attempt_record(
            ticket=ticket, channel=channel, reached=False, actor=ticket.assignee, now=now
        )

    def give_up(self, pk: int, now: datetime) -> None:
        ticket = self.row(pk)
        try:
            with transaction.atomic():
                services.ticket_give_up(
                    ticket=ticket, reason="多次联系未果，已留言说明处理结果。", actor=ticket.assignee, now=now
                )
        except DomainError:
            self.solve(pk, now)

    def thread(self, now: datetime) -> None:
        """One conversation of sixty messages, still open."""
        order = self.newest_of(problems.THREAD_GOODS, now)
        problem = next(one for one in PROBLEMS if one.kind == "repair")
        ticket = self.open(order, problem, "chat", now, subject=problems.THREAD_SUBJECT)
        self.seen.add(ticket.pk)
        step = (self.days.end - now - timedelta(hours=2)) / THREAD_LENGTH
        for number in range(1, THREAD_LENGTH):
            self.days.at(now + step * number, partial(self.thread_message, ticket.pk, number))

    def thread_message(self, pk: int, place: int, now: datetime) -> None:
        ticket = self.row(pk)
        if place % 2 == 0:
            text = problems.THREAD_CUSTOMER[place // 2 % len(problems.THREAD_CUSTOMER)]
            services.customer_message(
                ticket=ticket, text=text, actor=customer_user(), now=now, channel="chat"
            )
        else:
            text = problems.THREAD_STAFF[place // 2 % len(problems.THREAD_STAFF)]
            worker = ticket.assignee or self.people["lead"]
            services.ticket_reply(ticket=ticket, text=text, actor=worker, now=now)


def old_news_drop(now: datetime) -> None:
    """Messages about what happened days ago went out then: the worker would send them today, after their own dates."""
    told = [one for one in deliveries.consumers() if one.endswith("_messages") or one.startswith("notices.")]
    waiting = Delivery.objects.filter(consumer__in=told)
    keys = list(waiting.values_list("event_id", flat=True))
    old = Event.objects.filter(pk__in=keys, at__lt=now - MESSAGES_KEPT).values_list("pk", flat=True)
    waiting.filter(event_id__in=list(old)).delete()


def lived() -> bool:
    return Ticket.objects.filter(source="form", source_ref__startswith="demo-").exists()


def live(now: datetime, people: dict[str, User], *, seed: int) -> dict[str, int]:
    """Live through the days up to ``now``; all of it is written at once or not at all."""
    with _without_nudges(), origin.coming_from("command"), transaction.atomic():
        days = Days(Random(seed), now)  # noqa: S311  an invented world, the same for the same seed
        department = Department(days, people)
        department.plan()
        days.run()
        morning.live(department, now)
        day.live(now, people)
        rules.live(now, people)
        writing.live(now, people)
        systems.live(now, people)
        windows.live(now, people, system_user(now))
        qualified.certify(people, now)
        cases.live(now, people)
        requests.live(now, people)
        recoveries.live(now, people)
        payments.live(now, people)
        books.live(now, people)
    return {
        "tickets": Ticket.objects.count(),
        "open": Ticket.objects.filter(state__in=ACTIVE_STATES).count(),
        "skipped": days.skipped,
    }


@contextmanager
def _without_nudges() -> Iterator[None]:
    """No message to the broker for each of thousands of acts, no traceback of the job that is meant to fail."""
    before = settings.JOBS_NUDGE
    settings.JOBS_NUDGE = False
    logging.disable(logging.ERROR)
    try:
        yield
    finally:
        settings.JOBS_NUDGE = before
        logging.disable(logging.NOTSET)
