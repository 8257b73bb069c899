"""Finance's days in the demo: a run the bank answered, one it has, one to release, and a statement that disagrees."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any

from django.db import transaction

from accounts.models import User
from aftersales.cases import services
from aftersales.cases.models import CasePayment, PaymentRun, StatementLine
from aftersales.cases.services import CaseDraft, answers, reconciling, runs
from aftersales.cases.states import Gateway
from aftersales.core.errors import DomainError
from aftersales.desk.demo import earlier
from aftersales.desk.demo.cases import DAY, HOUR, Desk
from aftersales.tickets.models import Ticket
from aftersales.tickets.states import ACTIVE_STATES

MINUTE = timedelta(minutes=1)
BANK = "icbc"
SMALL = ("compensation", "service", "送装迟到，客户多等了半天，关怀补偿。")
SUBJECT = "送装服务有问题，要求赔付"
LARGE = ("compensation", "service", "上门三次没有装好，客户误工两天，按约定赔付。")


@dataclass
class Finance:
    """Who proposes, approves, collects and releases, on which tickets, and when the demo's present is."""

    people: Mapping[str, User]
    now: datetime
    tickets: list[Ticket]
    paid: list[tuple[CasePayment, str]] = field(default_factory=list)

    def small(self, count: int, ago: timedelta) -> list[CasePayment]:
        """So many small compensations, each of which goes out alone."""
        found: list[CasePayment] = []
        while len(found) < count:
            share = Decimal((3 + len(found)) * 7).quantize(Decimal("0.01"))
            made = self._given(SMALL, share, ago, compensation="goodwill")
            if not made:
                break
            found += made
        return [one for one in found if one.gateway == Gateway.BATCH_FILE]

    def large(self, ago: timedelta) -> list[CasePayment]:
        """One that waits for a second person."""
        return self._given(LARGE, Decimal("600.00"), ago, compensation="statutory")

    def _given(
        self, what: tuple[str, str, str], amount: Decimal, ago: timedelta, **more: Any
    ) -> list[CasePayment]:
        """On the first ticket that was there and can give it, else on one of its own."""
        begins = self.now - ago - 3 * HOUR
        for ticket in [one for one in self.tickets if one.opened_at <= begins]:
            self.tickets.remove(ticket)
            try:
                with transaction.atomic():
                    return self._proposed(ticket, what, amount, ago, **more)
            except DomainError:
                continue  # nothing of this order can be given back, or nobody may open a case on it
        made: list[CasePayment] = []
        desk = Desk(self.people["agent"], self.people["lead"], self.now)

        def story(_desk: Desk, ticket: Ticket) -> None:
            made.extend(self._proposed(ticket, what, amount, ago, **more))

        earlier.told_on(desk, story, SUBJECT, begins)
        return made

    def _proposed(
        self, ticket: Ticket, what: tuple[str, str, str], amount: Decimal, ago: timedelta, **more: Any
    ) -> list[CasePayment]:
        kind, ground, words = what
        at, worker = self.now - ago, ticket.assignee or self.people["lead"]
        draft = CaseDraft(kind, ground, words=words, asked=amount, **more)
        case = services.case_open(ticket=ticket, draft=draft, actor=worker, now=at - 3 * HOUR)
        case = services.case_approve(
            case=case, amount=amount, actor=self.people["supervisor"], now=at - 2 * HOUR
        )
        return services.payment_propose(case=case, actor=worker, now=at)

    def sent(self, ago: timedelta) -> PaymentRun | None:
        """Collected by finance, released by a supervisor, written for the bank; a small department may have nothing."""
        at = self.now - ago
        if not runs.to_collect("CNY").exists():
            return None
        run = runs.run_make(currency="CNY", actor=self.people["finance"], now=at)
        run = runs.run_approve(run=run, actor=self.people["supervisor"], now=at + 10 * MINUTE)
        return runs.run_export(run=run, now=at + 11 * MINUTE)

    def answered(self, run: PaymentRun, ago: timedelta) -> None:
        """The bank paid all but one, and two came back."""
        at, payments = self.now - ago, list(CasePayment.objects.filter(run=run).order_by("pk"))
        for place, payment in enumerate(payments):
            ref = f"ICBC{run.pk:04d}{place:06d}"
            failed = place == 1
            self._say(
                payment,
                "failed" if failed else "paid",
                ref,
                at + place * MINUTE,
                "收款账户状态异常" if failed else "",
            )
            if not failed:
                self.paid.append((payment, ref))
        for place, payment in enumerate(payments[2:4], start=2):
            why = "账户已销户" if place == 2 else "户名与账号不符"
            self._say(payment, "returned", f"ICBC{run.pk:04d}R{place}", at + 5 * HOUR, why)
        for payment in payments[3:4]:
            fresh = CasePayment.objects.get(pk=payment.pk)
            services.payment_ask_payee(payment=fresh, actor=self.people["lead"], now=at + 8 * HOUR)
        runs.run_settle(run=run, actor=self.people["finance"], now=at + 6 * HOUR)

    def _say(self, payment: CasePayment, outcome: str, ref: str, at: datetime, reason: str) -> None:
        fresh = CasePayment.objects.get(pk=payment.pk)
        answer = answers.Answer(outcome, fresh.amount, fresh.currency, at, ref, reason)
        answers.answer_take(payment=fresh, answer=answer, actor=self.people["finance"], now=at)

    def statement(self, ago: timedelta) -> None:
        """The bank's statement agrees but for three lines: another amount, a line nobody knows, one that is missing."""
        at, lines = self.now - ago, list[StatementLine]()
        for place, (payment, ref) in enumerate(self.paid):
            if place == len(self.paid) - 2:
                continue  # the bank does not tell of this one
            amount = payment.amount + (Decimal("0.50") if place == 0 else Decimal(0))
            lines.append(_line(ref, payment.key, amount, at + place * MINUTE, "售后退款"))
        lines.append(
            _line(
                "ICBC990001",
                "FK2501-00017-00aa11bb",
                Decimal("48.80"),
                at + len(self.paid) * MINUTE,
                "退款 手工",
            )
        )
        StatementLine.objects.bulk_create(lines)
        reconciling.statement_compare(source=BANK, actor=self.people["finance"], now=at + 2 * HOUR)


def _line(ref: str, key: str, amount: Decimal, at: datetime, words: str) -> StatementLine:
    return StatementLine(
        source=BANK, line_ref=ref, key=key, side="out", amount=amount, currency="CNY", happened_at=at, words=words
    )  # fmt: skip


def _tickets() -> Iterator[Ticket]:
    """Tickets in work about a paid order, one for each order."""
    rows = Ticket.objects.filter(state__in=ACTIVE_STATES, historic=False, order__paid__gt=40)
    seen: set[int] = set()
    for ticket in rows.exclude(state="resolved").select_related("assignee").order_by("pk")[:300]:
        if ticket.order_id not in seen:
            seen.add(ticket.order_id)
            yield ticket


def live(now: datetime, people: Mapping[str, User]) -> None:
    """A settled run, one with the bank, one to release; what waits for a second person and for the next run."""
    finance = Finance(people, now, list(_tickets()))
    finance.small(7, 3 * DAY)
    if (settled := finance.sent(3 * DAY - HOUR)) is not None:
        finance.answered(settled, 2 * DAY)
        finance.statement(2 * DAY)
    finance.small(4, DAY)
    finance.sent(DAY - HOUR)
    if finance.small(4, 5 * HOUR):
        runs.run_make(currency="CNY", actor=people["finance"], now=now - 2 * HOUR)
    finance.small(3, HOUR)
    for hours in (4, 2):
        finance.large(hours * HOUR)
