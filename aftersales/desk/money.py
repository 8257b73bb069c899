"""Finance's pages read here: what waits for whom, one payment with its terms and its story, runs for the bank."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Any

from django.db.models import Count, Q, QuerySet, Sum
from django.utils.functional import Promise
from django.utils.safestring import SafeString
from django.utils.translation import gettext, pgettext_lazy
from django.utils.translation import gettext_lazy as _

from aftersales.cases.models import BankAnswer, Case, CasePayment, PaymentRun
from aftersales.cases.refunding import TERM_LABELS
from aftersales.cases.services import payment_preview
from aftersales.cases.states import (
    PAYMENT_COLOURS,
    RUN_COLOURS,
    Gateway,
    PaymentKind,
    PaymentState,
    RunState,
)
from aftersales.core import events, moves
from aftersales.core.errors import DomainError
from aftersales.core.models import Event
from aftersales.core.wording import money as shown
from aftersales.customers.models import Customer
from aftersales.desk.statelook import state_badge
from aftersales.orders.models import OrderLine
from aftersales.orders.states import PaymentMethod

PAGE = 50
MANY = 100  # a tab says 99+ rather than counting on

VIEWS: Mapping[str, tuple[Promise, Q]] = {
    "approve": (pgettext_lazy("payments", "To approve"), Q(state=PaymentState.AWAITING_APPROVAL)),
    "pay": (
        pgettext_lazy("payments", "To pay"),
        Q(state=PaymentState.APPROVED) | Q(state=PaymentState.FAILED),
    ),
    "out": (pgettext_lazy("payments", "With the bank"), Q(state=PaymentState.SUBMITTED)),
    "unknown": (pgettext_lazy("payments", "Outcome unknown"), Q(state=PaymentState.UNKNOWN)),
    "returned": (
        pgettext_lazy("payments", "Returned"),
        Q(state=PaymentState.RETURNED) | Q(state=PaymentState.PAYEE_NEEDED),
    ),
    "all": (pgettext_lazy("payments", "All"), Q()),
}
SECOND_WHY: Mapping[str, Promise] = {
    "no_certificate": _("Whoever proposed it holds no certificate that lets him decide this."),
    "no_authority": _("The tier of whoever proposed it does not decide such a thing."),
    "no_severity": _("The tier of whoever proposed it does not decide this at such a severity."),
    "no_currency": _("In this currency nobody lets money out alone."),
    "above_decision": _("More than whoever proposed it decides alone."),
    "above_day": _("More than whoever proposed it decides in a day."),
    "above_customer": _("More than one customer gets without a second person."),
    "four_eyes": _("Such an amount is always decided by two persons."),
    "own_order": _("Whoever proposed it knows the customer."),
    "payee": _("It is not known who is paid."),
    "minor": _("Bought by a minor: two persons look at the guardian's proof."),
    "merchant": _("The merchant's own person proposed it; somebody of the platform lets it out."),
    "rule_case": _("More than goes out for one case by rule alone."),
    "rule_customer": _("More than goes out to one customer by rule alone."),
    "settled": _("Both sides settled on it; nobody with the authority for it has let it out."),
    "other_account": _("It goes to another account than it came from."),
}
WHY_NOT: Mapping[str, Promise] = {
    "already": _("known already, nothing changed"),
    "contradicts": _("contradicts what is known: look into it"),
}


def look(row: CasePayment) -> SafeString:
    return state_badge(PaymentState(row.state), PAYMENT_COLOURS)


def run_look(row: PaymentRun) -> SafeString:
    return state_badge(RunState(row.state), RUN_COLOURS)


def way_words(row: CasePayment) -> str:
    """By which way it goes: the first payment's, another account, or the bank without a known way."""
    if row.other_payee_id:
        return str(_("Another account"))
    known = dict(PaymentMethod.choices)
    return str(known.get(row.way, Gateway(row.gateway).label)) if row.way else str(Gateway(row.gateway).label)


@dataclass(frozen=True)
class ToPay:
    """One payment to be, before it is proposed."""

    kind: str
    way: str
    payee: str
    amount: Decimal
    closed: bool


def to_be_paid(case: Case) -> dict[str, Any]:
    """What paying out would make, and the sum; or why nothing can be paid."""
    try:
        ways = payment_preview(case=case)
    except DomainError as error:
        return {"refused": str(error)}
    people = Customer.objects.in_bulk({one.payee for one in ways if one.payee})
    known = dict(PaymentMethod.choices)
    rows = [
        ToPay(
            str(PaymentKind(one.kind).label), str(known.get(one.method, "")),
            people[one.payee].masked_name if one.payee in people else "–", one.amount, one.closed,
        )
        for one in ways
    ]  # fmt: skip
    return {"ways": rows, "total": sum((one.amount for one in rows), Decimal(0))}


def said_of(made: Sequence[CasePayment]) -> str:
    """What became of payments that were just proposed."""
    total = shown(sum((one.amount for one in made), Decimal(0)), made[0].currency)
    if any(one.state == PaymentState.AWAITING_APPROVAL for one in made):
        return gettext("%(amount)s waits for a second person's approval.") % {"amount": total}
    return gettext("%(amount)s is approved and on its way out.") % {"amount": total}


def board(user: Any, view: str, *, before: int | None) -> tuple[list[CasePayment], bool]:
    """A page of payments, newest first, and whether there are more."""
    rows = CasePayment.objects.visible_to(user).filter(VIEWS[view][1])
    if before:
        rows = rows.filter(pk__lt=before)
    rows = rows.select_related("case__ticket", "payee", "proposed_by", "run").order_by("-pk")
    found = list(rows[: PAGE + 1])
    return found[:PAGE], len(found) > PAGE


def waiting(user: Any) -> dict[str, int]:
    """How many stand on each tab that somebody works off, never more than a hundred each."""
    seen = CasePayment.objects.visible_to(user)
    return {
        code: len(seen.filter(asked).order_by().values_list("pk")[:MANY])
        for code, (_label, asked) in VIEWS.items()
        if code not in {"all", "out"}
    }


@dataclass(frozen=True)
class ToCollect:
    """What the next run of one currency would hold."""

    currency: str
    count: int
    total: Decimal


def collectable(rows: QuerySet[CasePayment]) -> list[ToCollect]:
    sums = rows.order_by().values("currency").annotate(count=Count("pk"), total=Sum("amount"))
    return [ToCollect(**one) for one in sums.order_by("currency")]


@dataclass(frozen=True)
class TermLine:
    """One line of how an amount was computed."""

    label: str
    detail: str
    amount: Decimal
    is_part: bool = True


@dataclass(frozen=True)
class Entry:
    at: datetime
    sentence: str
    who: str
    reason: str


@dataclass
class PaymentPage:
    """Everything about one payment."""

    payment: CasePayment
    terms: list[TermLine]
    ways: list[tuple[str, str, Decimal]]
    options: list[moves.MoveOption]
    answers: list[BankAnswer]
    course: list[Entry]
    why_second: str
    replaced_by: CasePayment | None


def payment_page(payment: CasePayment, actor: Any, now: datetime) -> PaymentPage:
    parts = list(payment.parts.select_related("tender"))
    ways: dict[tuple[str, str], Decimal] = {}
    for part in parts:
        key = (
            (str(part.tender.get_method_display()), part.tender.external_ref)
            if part.tender is not None
            else (way_words(payment), "")
        )
        ways[key] = ways.get(key, Decimal(0)) + part.amount
    return PaymentPage(
        payment=payment,
        terms=terms(payment),
        ways=[(label, ref, amount) for (label, ref), amount in ways.items()],
        options=moves.options(payment, actor=actor, now=now, names=ACTS),
        answers=list(payment.answers.select_related("taken_by").order_by("pk")),
        course=story(payment),
        why_second=str(SECOND_WHY.get(payment.second_why, "")),
        replaced_by=CasePayment.objects.filter(replaces=payment).first(),
    )


ACTS = ("approve", "reject", "cancel", "retry", "ask_payee", "reverse")


def terms(payment: CasePayment) -> list[TermLine]:
    """How it was computed, with the names of the articles as the order knows them."""
    kept: Sequence[Mapping[str, Any]] = payment.explained or []
    names = {
        line.pk: line.product_name or line.sku
        for line in OrderLine.objects.filter(pk__in=[one["line_id"] for one in kept if one.get("line_id")])
    }
    found = []
    for one in kept:
        amount = Decimal(str(one["amount"]))
        detail = ""
        if one["code"] == "goods":
            value, agreed = Decimal(one["value"]), Decimal(one["agreed"])
            label = f"{names.get(one['line_id'], one['line_id'])} × {one['quantity']}"
            protected = Decimal(one.get("protected", 0))
            found.append(TermLine(label, str(TERM_LABELS["goods"]), value + protected, is_part=False))
            if protected:
                found.append(TermLine("", str(TERM_LABELS["protected"]), -protected, is_part=False))
            if agreed != value:
                found.append(
                    TermLine("", str(_("Taken off, or agreed otherwise")), agreed - value, is_part=False)
                )
            detail = str(_("Goes back this way")) if amount != agreed else str(_("Agreed"))
            found.append(TermLine("", detail, amount))
            continue
        code = {"freight": "freight", "rest": "rest", "compensation": "compensation"}.get(
            one["code"], "offer"
        )
        found.append(TermLine(str(TERM_LABELS[code]), detail, amount))
    return found


def story(subject: Any) -> list[Entry]:
    """What happened to it, oldest first."""
    rows = Event.objects.filter(subject_kind=events.subject_kind(subject), subject_id=subject.pk)
    return [
        Entry(row.at, events.sentence(row), events.in_whose_name(row), events.reason_of(row))
        for row in rows.order_by("pk")[:200]
    ]


def runs(before: int | None) -> tuple[list[PaymentRun], bool]:
    rows = PaymentRun.objects.select_related("made_by", "approved_by").order_by("-pk")
    if before:
        rows = rows.filter(pk__lt=before)
    found = list(rows[: PAGE + 1])
    return found[:PAGE], len(found) > PAGE


def payments_of(run: PaymentRun, user: Any, after: int | None) -> tuple[list[CasePayment], bool]:
    """The payments of a run in the order of its file."""
    rows = CasePayment.objects.visible_to(user).filter(run=run)
    if after:
        rows = rows.filter(pk__gt=after)
    found = list(rows.select_related("case", "payee").order_by("pk")[: PAGE + 1])
    return found[:PAGE], len(found) > PAGE


def answered_of(run: PaymentRun) -> list[tuple[str, int, Decimal]]:
    """How the payments of a run stand: state, how many, how much; and what of its file goes out again with another."""
    rows = CasePayment.objects.filter(run=run).order_by().values("state")
    sums = list(rows.annotate(count=Count("pk"), total=Sum("amount")).order_by("state"))
    stand = [(str(PaymentState(one["state"]).label), one["count"], one["total"]) for one in sums]
    gone = run.file_count - sum(one["count"] for one in sums) if run.sha256 else 0
    if gone > 0:
        total = run.file_total - sum((one["total"] for one in sums), Decimal(0))
        stand.append((str(_("Let out again, with another run")), gone, total))
    return stand
