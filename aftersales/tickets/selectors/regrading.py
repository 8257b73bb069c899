"""Tickets graded and routed once more by rules that are only tried: the functions that do it live, in memory.

What was reported beside the rules (a kind chosen in the form, a severity of the sheet) stands nowhere by itself; it is
what the grade of the opening has beyond today's rules. Rules of intake, grading and routes are changed in place, so
"before" is what they say today. Left out: a ticket whose grade was milder than today's rules make it. The customer's
class is the one of today, and erased words grade nothing.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from django.db.models import F

from aftersales.clocks.rules import ClockSubject
from aftersales.customers.models import Customer
from aftersales.orders.models import Order
from aftersales.tickets import rules
from aftersales.tickets.models import DispatchRecord, IntakeItem, Message, Ticket
from aftersales.tickets.selectors import URGENT
from aftersales.tickets.selectors.routing import route
from aftersales.tickets.states import Kind

Grade = tuple[str, str, str]  # kind, severity, nature


@dataclass(frozen=True)
class Judged:
    """A ticket's grade as it opened, by today's rules with what was reported, and by the tried rules; its duties."""

    real: Grade
    base: Grade
    then: Grade
    duty_real: str
    duty_base: str
    duty_then: str
    by: str
    explained: bool


@dataclass(frozen=True)
class Books:
    """The rules of grading and the routes of one world, in their order."""

    grading: Sequence[Any]
    routes: Sequence[Any]


def judged(
    tickets: Sequence[Ticket], opened: Mapping[int, Grade], now: Books, then: Books
) -> dict[int, Judged]:
    """Each ticket by both worlds. ``opened``: the grade that its opening tells. Five statements for any number."""
    known = _facts(tickets)
    duties = _first_duties(tickets)
    return {
        row.pk: _judge(known[row.pk], opened[row.pk], duties.get(row.pk, ""), now, then)
        for row in tickets
        if row.pk in opened
    }


def _judge(facts: rules.GradeFacts, real: Grade, duty: str, now: Books, then: Books) -> Judged:
    reported = _reported(facts, real, now.grading)
    base, tried = _by(facts, reported, now.grading), _by(facts, reported, then.grading)
    grade = _grade(base)
    return Judged(
        real=real, base=grade, then=_grade(tried), duty_real=duty, duty_base=route(base, now.routes),
        duty_then=route(tried, then.routes), by=", ".join(tried.rules)[:200], explained=grade == real,
    )  # fmt: skip


def _grade(one: rules.Grade) -> Grade:
    return one.kind, one.severity, one.nature


def _by(facts: rules.GradeFacts, reported: Grade, book: Sequence[Any]) -> rules.Grade:
    kind, severity, nature = reported
    return rules.graded(replace(facts, kind=kind), severity, nature, book)


def _reported(facts: rules.GradeFacts, real: Grade, book: Sequence[Any]) -> Grade:
    """What was chosen beside the rules: whatever they do not give by themselves."""
    kind, severity, nature = real
    alone = rules.graded(replace(facts, kind=""), "", "", book)
    if alone.kind != kind:
        alone = rules.graded(replace(facts, kind=kind), "", "", book)
    else:
        kind = ""
    return (
        kind,
        severity if alone.severity != severity else "",
        nature if alone.nature != nature else "",
    )


def _facts(tickets: Sequence[Ticket]) -> dict[int, rules.GradeFacts]:
    ids = [row.pk for row in tickets]
    said: dict[int, str] = {}
    first = Message.objects.filter(ticket__in=ids, at=F("ticket__opened_at")).order_by("-id")
    for ticket, text in first.values_list("ticket", "text"):
        said[ticket] = text
    customers = {row.customer_id for row in tickets if row.customer_id}
    classes = dict(Customer.objects.filter(pk__in=customers).values_list("pk", "customer_class"))
    orders = {row.order_id for row in tickets if row.order_id}
    paid = dict(Order.objects.filter(pk__in=orders).values_list("pk", "paid"))
    signals = dict(IntakeItem.objects.filter(ticket__in=ids).order_by("-id").values_list("ticket", "signal"))
    return {
        row.pk: rules.GradeFacts(
            kind="", channel=row.channel, text=f"{row.subject}\n{said.get(row.pk, '')}".lower(),
            customer_class=classes.get(row.customer_id, ""), amount=paid.get(row.order_id),
            signal=signals.get(row.pk, ""),
        )
        for row in tickets
    }  # fmt: skip


def _first_duties(tickets: Sequence[Ticket]) -> dict[int, str]:
    """The duty that each was dispatched by at first."""
    rows = DispatchRecord.objects.filter(ticket__in=[row.pk for row in tickets]).exclude(duty="")
    return dict(rows.order_by("-id").values_list("ticket", "duty"))


def regraded(subject: ClockSubject, grade: Grade) -> ClockSubject:
    """What the clocks know of a ticket, with another grade."""
    kind, severity, nature = grade
    tags = subject.tags - {URGENT} | ({URGENT} if kind == Kind.SAFETY else set())
    return replace(subject, kind=kind, severity=severity, nature=nature, tags=frozenset(tags))
