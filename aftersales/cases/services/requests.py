"""Small requests (R4.0): taken down, passed on to whoever owes them, done, refused, lapsed, turned into a case.

Lock order: order → ticket → case → request.
"""

import logging
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal
from typing import Any

from django.db import IntegrityError, transaction
from django.db.models import F
from django.utils.translation import gettext_lazy as _

from accounts.services import system_user
from accounts.states import MERCHANT_ROLES
from aftersales.cases.models import Case, CasePayment, ServiceRequest
from aftersales.cases.request_states import HOLDS_LINE, OPEN_REQUESTS, UNMET, RequestKind, RequestState
from aftersales.cases.services.disputes import dispute_open
from aftersales.cases.services.invoices import invoice_kept
from aftersales.cases.services.locking import refuse_foreign, require, tell_ticket_of
from aftersales.cases.services.opening import LONGEST, CaseDraft, by_seller, case_open, ref_of
from aftersales.cases.services.request_effects import Subject
from aftersales.cases.services.request_kinds import Kind, kind_of
from aftersales.cases.states import CaseKind, PaymentKind, PaymentState, Side
from aftersales.core import events, moves, series
from aftersales.core.errors import Busy, DomainError
from aftersales.core.models import Audience
from aftersales.merchants.selectors import merchants_of
from aftersales.orders.models import Order, OrderLine
from aftersales.standards.selectors import duration, parameter_version
from aftersales.tickets.models import Ticket
from aftersales.tickets.services.locking import locked_ticket

logger = logging.getLogger(__name__)
SERIES = "service_request"
BATCH = 500
RED_SOURCE = "payment"


@dataclass(frozen=True)
class RequestDraft:
    """What is asked for. ``details``: the fields that the kind declares; what is missing is asked for later."""

    kind: str
    details: Mapping[str, Any] = field(default_factory=dict)
    line_id: int | None = None
    words: str = ""
    asked_at: datetime | None = None
    source: str = ""
    source_ref: str = ""


@dataclass
class HeldRequest:
    """One request under lock with what is above it."""

    request: ServiceRequest
    ticket: Ticket
    order: Order | None
    kind: Kind

    def subject(self, now: datetime, **result: Any) -> Subject:
        row = self.request
        return Subject(self.order, row.line, dict(row.details), row.asked_at, now, result)


def request_open(*, ticket: Ticket, draft: RequestDraft, actor: Any, now: datetime) -> ServiceRequest:
    """Take a request down and pass it on, when nothing is missing. The same (source, source_ref) twice is one.

    Errors: not_permitted, kind, details, ticket_done, no_order, line, words, protected_already, and whatever the kind
    itself refuses (dispatched, window, tax_no …).
    """
    require(actor, "cases.open_request")
    kind = kind_of(draft.kind)
    if not kind.by_hand:
        raise DomainError(_("Choose what is asked for."), "kind")
    details, words = kind.cleaned(draft.details, kind.asks), _words(draft.words)
    number = series.next_number(SERIES, now)
    with transaction.atomic():
        order = moves.locked(Order(pk=ticket.order_id)) if ticket.order_id else None
        ticket = locked_ticket(ticket)
        refuse_foreign(ticket, actor)
        if known := _known(draft.source, draft.source_ref):
            return known
        if not ticket.is_open:
            raise DomainError(
                _("This ticket is solved; reopen it before you ask for something."), "ticket_done"
            )
        line = _line(kind, order, draft.line_id)
        subject = Subject(order, line, details, draft.asked_at or now, now)
        if not kind.missing(details):
            kind.judge(subject)
        _refuse_second(kind, line)
        _refuse_same(kind, ticket, subject)
        row = _made(number, ticket, kind, subject, draft, words, actor, now)
        if not kind.missing(details):
            row = moves.perform(row, "pass_on", actor=actor, now=now, due_at=_due(kind, now))
        _tell(ticket, "ticket.request_opened", row, actor, now)
    return row


def request_complete(
    *,
    request: ServiceRequest,
    details: Mapping[str, Any],
    actor: Any,
    now: datetime,
    version: int | None = None,
) -> ServiceRequest:
    """Fill in what was missing and pass it on. Errors: details, wrong_state, and whatever the kind refuses."""
    require(actor, "cases.open_request")
    with transaction.atomic():
        mine = _held(request, actor, version)
        subject = mine.subject(now)
        subject.details = mine.kind.cleaned(details, mine.kind.asks)
        if lacking := mine.kind.missing(subject.details):
            raise lacking[0].refuse()
        mine.kind.judge(subject)
        passed: ServiceRequest = moves.perform(
            mine.request,
            "pass_on",
            actor=actor,
            now=now,
            due_at=_due(mine.kind, now),
            details=subject.details,
        )
    return passed


def request_finish(
    *,
    request: ServiceRequest,
    answers: Mapping[str, Any],
    actor: Any,
    now: datetime,
    words: str = "",
    version: int | None = None,
) -> ServiceRequest:
    """It is done: what whoever owes it answers, and everything that follows, in one transaction.

    Errors: details, wrong_state, and whatever the kind or its effect refuses (dispatched meanwhile, number …).
    """
    require(actor, "cases.answer_request")
    with transaction.atomic():
        mine = _held(request, actor, version)
        _refuse_state(mine.request, {RequestState.WITH_PARTY})
        kind = mine.kind
        result = kind.cleaned(answers, kind.answers)
        for one in kind.answers:
            if one.required and result[one.name] == "":
                raise one.refuse()
        subject = mine.subject(now, **result)
        if kind.by_hand:
            kind.judge(subject)
        case = kind.effect(mine.request, subject, result, actor, now)
        acting_as = _as(mine.request, actor)
        done: ServiceRequest = moves.perform(
            mine.request, "finish", actor=actor, now=now, acting_as=acting_as, result=result,
            answer=_words(words), case=case, invoice=mine.request.invoice,
        )  # fmt: skip
        _tell(mine.ticket, "ticket.request_ended", done, actor, now)
    return done


def request_look(*, request: ServiceRequest, actor: Any, now: datetime) -> ServiceRequest:
    """A merchant's person sees the whole address that the customer asks for; who looked is kept. Error: gone."""
    require(actor, "cases.answer_request")
    with transaction.atomic():
        mine = _held(request, actor, None).request
        payload, owner = mine.told(), mine.merchant_id
        events.record(
            "request.looked_at", subject=mine, actor=actor, now=now, payload=payload, merchant_id=owner
        )
    return mine


def request_refuse(
    *, request: ServiceRequest, words: str, actor: Any, now: datetime, version: int | None = None
) -> ServiceRequest:
    """Refuse, with the reason the customer is told. A machine never does. Errors: reason, machine, wrong_state."""
    if not words.strip():
        raise DomainError(_("Say why: the customer is told."), "reason")
    with transaction.atomic():
        mine = _held(request, actor, version)
        refused: ServiceRequest = moves.perform(
            mine.request,
            "refuse",
            actor=actor,
            now=now,
            acting_as=_as(mine.request, actor),
            answer=_words(words),
        )
        _tell(mine.ticket, "ticket.request_ended", refused, actor, now)
    return refused


def request_withdraw(
    *, request: ServiceRequest, actor: Any, now: datetime, version: int | None = None
) -> ServiceRequest:
    """The customer does not want it any more. Error: wrong_state."""
    with transaction.atomic():
        mine = _held(request, actor, version)
        gone: ServiceRequest = moves.perform(mine.request, "withdraw", actor=actor, now=now)
        _tell(mine.ticket, "ticket.request_ended", gone, actor, now)
    return gone


def request_ask_again(
    *, request: ServiceRequest, actor: Any, now: datetime, version: int | None = None
) -> ServiceRequest:
    """Ask anew after a refusal or silence. Errors: wrong_state, became_case, ticket_done, protected_already."""
    with transaction.atomic():
        mine = _held(request, actor, version)
        _refuse_case(mine)
        _refuse_second(mine.kind, mine.request.line)
        if lacking := mine.kind.missing(mine.request.details):
            raise lacking[0].refuse()
        mine.kind.judge(mine.subject(now))
        again: ServiceRequest = moves.perform(
            mine.request, "ask_again", actor=actor, now=now, due_at=_due(mine.kind, now)
        )
        _tell(mine.ticket, "ticket.request_opened", again, actor, now)
    return again


def request_to_case(
    *,
    request: ServiceRequest,
    actor: Any,
    now: datetime,
    kind: str = "",
    ground: str = "",
    words: str = "",
    dispute: bool = False,
    version: int | None = None,
) -> Case:
    """What was refused or not answered becomes a case, or at once a dispute (R4.9). Once; the same again is it.

    Articles of several sellers become a case each; the request names the first.

    Errors: wrong_state, and whatever opening a case refuses.
    """
    require(actor, "cases.open")
    with transaction.atomic():
        mine = _held(request, actor, version)
        row = mine.request
        if row.case is not None:
            return row.case
        _refuse_state(row, UNMET)
        becomes = mine.kind.becomes
        wanted, why = kind or becomes.kind, ground or becomes.ground
        pieces = {} if wanted == CaseKind.COMPENSATION else _pieces(row)
        cases = []
        for count, his in enumerate(by_seller(row.order, pieces)):
            draft = CaseDraft(
                wanted, why, his, words=words or row.words,
                compensation=(becomes.compensation or "goodwill") if wanted == CaseKind.COMPENSATION else "",
                asked_at=row.asked_at, source="request_case", source_ref=ref_of(row.pk, count),
            )  # fmt: skip
            case = case_open(ticket=mine.ticket, draft=draft, actor=actor, now=now)
            if dispute:
                said = words or row.words
                case = dispute_open(case=case, by=Side.CUSTOMER, actor=actor, now=now, words=said).case
            cases.append(case)
        case = cases[0]
        moves.change(
            row,
            actor=actor,
            now=now,
            event="request.became_case",
            payload=row.told(case_id=case.pk),
            case_id=case.pk,
        )
    return case


def requests_lapse(*, now: datetime) -> int:
    """End requests that nobody answered long after their time; they may become a case. Answers how many."""
    long_ago = now - duration("request_lapse_hours", now)
    due = ServiceRequest.objects.open().filter(due_at__lte=long_ago).exclude(kind=RequestKind.RED_LETTER)
    ended = 0
    for row in due.order_by("due_at", "id")[:BATCH]:
        try:
            ended += _lapse(row, long_ago, now)
        except Busy:
            continue
        except DomainError as error:
            logger.warning("request %s did not lapse: %s", row.pk, error.code)
    return ended


def _lapse(row: ServiceRequest, long_ago: datetime, now: datetime) -> int:
    actor = system_user(now)
    with transaction.atomic():
        ticket = locked_ticket(Ticket(pk=row.ticket_id))
        current = moves.locked(row)
        if not current.is_open or current.due_at > long_ago:
            return 0
        gone: ServiceRequest = moves.perform(current, "lapse", actor=actor, now=now)
        _tell(ticket, "ticket.request_ended", gone, actor, now)
    return 1


def red_letter_open(*, payment_id: int, now: datetime) -> ServiceRequest | None:
    """A refund of an invoiced order went out: its invoice must be taken back that far. Each payment counts once."""
    payment = CasePayment.objects.select_related("case__ticket").get(pk=payment_id)
    case = payment.case
    if payment.kind != PaymentKind.REFUND or payment.state != PaymentState.SUCCEEDED or not case.order_id:
        return None
    number = series.next_number(SERIES, now)
    actor = system_user(now)
    with transaction.atomic():
        order: Order = moves.locked(Order(pk=case.order_id))
        ticket = locked_ticket(Ticket(pk=case.ticket_id))
        mine = ServiceRequest.objects.filter(order=order, kind=RequestKind.RED_LETTER)
        known: ServiceRequest | None = mine.filter(details__payments__contains=[payment.pk]).first()
        if known is not None:
            return known
        invoice = invoice_kept(order, now)
        if invoice is None:
            return None
        standing = mine.filter(state__in=OPEN_REQUESTS, invoice=invoice).first()
        if standing is not None:
            return _added(standing, payment, actor, now)
        kind = kind_of(RequestKind.RED_LETTER)
        details = {"amount": f"{payment.amount:.2f}", "invoice": invoice.number, "payments": [payment.pk]}
        draft = RequestDraft(kind.code, source=RED_SOURCE, source_ref=str(payment.pk))
        row = _made(
            number, ticket, kind, Subject(order, None, details, now, now), draft, "", actor, now, invoice.pk
        )
        return moves.perform(row, "pass_on", actor=actor, now=now, due_at=_due(kind, now))


def _added(row: ServiceRequest, payment: CasePayment, actor: Any, now: datetime) -> ServiceRequest:
    row = moves.locked(row)
    total = Decimal(row.details["amount"]) + payment.amount
    details = row.details | {"amount": f"{total:.2f}", "payments": [*row.details["payments"], payment.pk]}
    return moves.change(
        row, actor=actor, now=now, event="request.changed", payload=row.told(), details=details
    )


# What all of them share


def _held(request: ServiceRequest, actor: Any, version: int | None) -> HeldRequest:
    require(actor, "cases.view_case")
    order = moves.locked(Order(pk=request.order_id)) if request.order_id else None
    ticket = locked_ticket(Ticket(pk=request.ticket_id))
    if not actor.has_role(*MERCHANT_ROLES):
        refuse_foreign(ticket, actor)
    current = moves.locked(request, version=version)
    _refuse_not_his(current, actor)
    return HeldRequest(current, ticket, order, kind_of(current.kind))


def _refuse_not_his(row: ServiceRequest, actor: Any) -> None:
    """A merchant's people answer what their own merchants owe, and find nothing else."""
    if actor.has_role(*MERCHANT_ROLES) and not _is_his(row, actor):
        raise DomainError(_("This no longer exists."), "gone")


def _is_his(row: ServiceRequest, actor: Any) -> bool:
    owed = row.party == Side.MERCHANT and row.audience != Audience.INTERNAL
    return owed and row.merchant_id in merchants_of(actor)


def _made(
    number: str, ticket: Ticket, kind: Kind, subject: Subject, draft: RequestDraft, words: str, actor: Any,
    now: datetime, invoice_id: int | None = None,
) -> ServiceRequest:  # fmt: skip
    order, line = subject.order, subject.line
    merchant = (
        (line.merchant_id if line else None) or (order.merchant_id if order else None) or ticket.merchant_id
    )
    row = ServiceRequest(
        number=number, ticket=ticket, order=order, line=line, merchant_id=merchant, customer_id=ticket.customer_id,
        kind=kind.code, party=kind.debtor(order, line, subject.details), holds_ticket=kind.holds_ticket,
        details=subject.details, words=words, rule=parameter_version(kind.clock, now).citation,
        asked_at=subject.asked_at, opened_by=actor, opened_at=now, due_at=_due(kind, now), invoice_id=invoice_id,
        source=draft.source, source_ref=draft.source_ref,
    )  # fmt: skip
    try:
        with transaction.atomic():
            made: ServiceRequest = moves.create(
                row,
                actor=actor,
                now=now,
                event="request.asked",
                payload={"kind": row.kind, "party": row.party},
            )
    except IntegrityError as error:
        if "request_price_once" in str(error):
            raise _protected() from None
        raise
    return made


def _known(source: str, ref: str) -> ServiceRequest | None:
    if not ref:
        return None
    found: ServiceRequest | None = ServiceRequest.objects.filter(source=source, source_ref=ref).first()
    return found


def _line(kind: Kind, order: Order | None, line_id: int | None) -> OrderLine | None:
    if not kind.of_line:
        return None
    found: OrderLine | None = (
        OrderLine.objects.filter(order=order, pk=line_id or 0).first() if order else None
    )
    if found is None:
        raise DomainError(_("Choose the article."), "line")
    return found


def _protected() -> DomainError:
    return DomainError(_("The price of this article was protected once already."), "protected_already")


def _refuse_second(kind: Kind, line: OrderLine | None) -> None:
    """Price protection once for each line; the database holds it without this question too."""
    mine = ServiceRequest.objects.filter(kind=RequestKind.PRICE, line=line, state__in=HOLDS_LINE)
    if kind.code == RequestKind.PRICE and mine.exists():
        raise _protected()


def _refuse_same(kind: Kind, ticket: Ticket, subject: Subject) -> None:
    """Asking again for what is still open makes no second request: whoever asks is shown the first."""
    rows = ServiceRequest.objects.filter(kind=kind.code, state__in=OPEN_REQUESTS, line=subject.line)
    rows = rows.filter(order=subject.order) if subject.order is not None else rows.filter(ticket=ticket)
    of_details = kind.code in (RequestKind.HURRY, RequestKind.RESEND)  # another thing may be hurried besides
    for row in rows.order_by("id"):
        if not of_details or dict(row.details) == subject.details:
            raise DomainError(
                _("%(number)s asks for the same and is not answered yet; complete or withdraw it first.")
                % {"number": row.number},
                "asked_already",
            )


def _refuse_state(row: ServiceRequest, wanted: Any) -> None:
    if row.state not in wanted:
        raise DomainError(
            _("Not possible while the state is “%(state)s”.") % {"state": row.get_state_display()},
            "wrong_state",
        )


def _refuse_case(mine: HeldRequest) -> None:
    if mine.request.case_id:
        raise DomainError(_("A case was made of this request; go on there."), "became_case")
    if not mine.ticket.is_open:
        raise DomainError(_("This ticket is solved; reopen it before you ask for something."), "ticket_done")


def _pieces(row: ServiceRequest) -> dict[int, int]:
    """The article of the request, else every article of the order, with what no case has taken."""
    lines = (
        OrderLine.objects.filter(pk=row.line_id) if row.line_id else OrderLine.objects.filter(order=row.order)
    )
    free = lines.annotate(taken=F("account_of_cases__claimed")).values_list("pk", "quantity", "taken")
    return {pk: quantity - (taken or 0) for pk, quantity, taken in free if quantity > (taken or 0)}


def _due(kind: Kind, now: datetime) -> datetime:
    return now + duration(kind.clock, now)


def _as(row: ServiceRequest, actor: Any) -> str:
    """Staff answering for whoever owes it is recorded as such."""
    if actor.has_role("system", *MERCHANT_ROLES):
        return ""
    return str(row.party) if row.party in (Side.MERCHANT, Side.CARRIER) else ""


def _words(text: str) -> str:
    words = text.replace("\x00", "").strip()
    if len(words) > LONGEST:
        raise DomainError(_("At most 2,000 characters, please."), "words")
    return words


def _tell(ticket: Ticket, event: str, row: ServiceRequest, actor: Any, now: datetime) -> None:
    payload = {"request_id": row.pk, "number": row.number, "kind": row.kind}
    tell_ticket_of(ticket, event, payload, actor=actor, now=now)
