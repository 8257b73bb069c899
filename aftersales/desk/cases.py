"""What pages show of cases: beside the conversation, on a page of their own, on the boards. Nothing here writes."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal
from typing import Any

from django.db.models import Q
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _
from django.utils.translation import pgettext

from aftersales.cases.models import (
    Case,
    CaseLine,
    CaseNote,
    CaseParcel,
    CasePayment,
    Dispute,
    LineAccount,
    ParcelItem,
    ParcelPhoto,
    Repair,
)
from aftersales.cases.refunding import TERM_LABELS, Quote
from aftersales.cases.selectors import pieces_awaited
from aftersales.cases.services import limits, receipt_preview
from aftersales.cases.services.disputes import disputed_already
from aftersales.cases.services.parcels import strangers
from aftersales.cases.states import (
    CASE_COLOURS,
    GOODS_BACK,
    MONEY_BACK,
    PARCEL_COLOURS,
    PAYMENT_COLOURS,
    CaseKind,
    CaseState,
    Direction,
    ParcelState,
    PaymentState,
    ReviewCause,
)
from aftersales.core import events, moves, origin
from aftersales.core.components import Step
from aftersales.core.errors import DomainError
from aftersales.core.models import Event
from aftersales.core.moves import MoveOption
from aftersales.core.wording import minute, when
from aftersales.desk.caseforms import FreeLine
from aftersales.desk.caseturns import replaced, turn_of
from aftersales.desk.statelook import state_badge
from aftersales.orders.models import OrderLine
from aftersales.tickets.models import Ticket

P = ParcelState
Payments = Sequence[tuple[CasePayment, SafeString]]
CASE_ACTS = (
    "accept_offer", "accept_counter", "approve", "offer", "counter", "reject", "amend", "dispute", "withdraw",
    "close",
)  # fmt: skip
PARCEL_ACTS = (
    "ship", "arrive", "deliver", "keep", "send_back", "deliver_back", "unclaim", "lose", "refuse_at_door", "ask_stop",
    "fail_stop", "intercept",
)  # fmt: skip
SHOWN = 5


@dataclass(frozen=True)
class Term:
    """One line of a refund in words."""

    label: str
    what: str
    amount: Decimal
    why: str = ""


@dataclass(frozen=True)
class ParcelCard:
    parcel: CaseParcel
    state: SafeString
    items: Sequence[ParcelItem] = ()
    acts: Sequence[MoveOption] = ()

    @property
    def here(self) -> bool:
        """It lies on the desk and waits for a person."""
        return self.parcel.state in (P.RECEIVED, P.REFUSED_AT_DOOR, P.INTERCEPTED)

    @property
    def strangers(self) -> bool:
        """Another article lies in it and waits to be sent home."""
        return self.parcel.state == P.INSPECTED and bool(strangers(self.items))

    @property
    def may_come(self) -> bool:
        return self.parcel.direction == Direction.INBOUND and self.parcel.state in (
            P.AWAITED, P.IN_TRANSIT, P.LOST, P.EXPIRED,
        )  # fmt: skip


@dataclass(frozen=True)
class CaseCard:
    """A case with everything that hangs on it."""

    case: Case
    state: SafeString
    lines: Sequence[CaseLine] = ()
    parcels: Sequence[ParcelCard] = ()
    payments: Payments = ()
    notes: Sequence[CaseNote] = ()
    acts: Sequence[MoveOption] = ()
    steps: Sequence[Step] = field(default_factory=list)
    turn: str = ""

    @property
    def to_pay(self) -> Decimal:
        """What was agreed and stands in no payment yet."""
        return self.case.left if self.case.state == CaseState.APPROVED else Decimal(0)

    @property
    def shows_agreed(self) -> bool:
        """An exchange or a repair that gives no money has no amount to show."""
        return bool(self.case.agreed) or self.case.kind in MONEY_BACK

    @property
    def awaited(self) -> int:
        return pieces_awaited(self.case, self.lines)

    @property
    def allowed(self) -> list[MoveOption]:
        return [one for one in self.acts if one.allowed]

    @property
    def refused(self) -> list[MoveOption]:
        """What is not possible yet for a reason that may pass; a state that is past says nothing."""
        return [one for one in self.acts if not one.allowed and one.reasons[0].code != "wrong_state"]


def case_badge(case: Case) -> SafeString:
    return state_badge(CaseState(case.state), CASE_COLOURS)


def parcel_badge(parcel: CaseParcel) -> SafeString:
    return state_badge(ParcelState(parcel.state), PARCEL_COLOURS)


def payment_badge(payment: CasePayment) -> SafeString:
    return state_badge(PaymentState(payment.state), PAYMENT_COLOURS)


def of_ticket(ticket: Ticket, user: Any, now: datetime) -> tuple[list[CaseCard], list[Case]]:
    """What keeps the ticket from its end in full, newest first, and the ended ones by number. Nothing without."""
    if not ticket.case_count:
        return [], []
    mine = Case.objects.visible_to(user).filter(ticket=ticket).annotate(holds=Case.objects.holds())
    rows = list(mine.select_related("merchant").order_by("-id")[:50])
    standing = [one for one in rows if one.holds][:SHOWN]
    known = {one.pk for one in standing}
    return cards(standing, user, now), [one for one in rows if one.pk not in known]


def find(user: Any, number: str) -> Case | None:
    rows = Case.objects.visible_to(user).select_related(
        "ticket", "order", "merchant", "customer", "opened_by"
    )
    found: Case | None = rows.filter(number=number).first()
    return found


def cards(cases: Sequence[Case], user: Any, now: datetime, *, notes: bool = False) -> list[CaseCard]:
    """Cases with lines, parcels and payments: one query for each kind, whatever their number."""
    ids = [one.pk for one in cases]
    lines: dict[int, list[CaseLine]] = defaultdict(list)
    for line in CaseLine.objects.filter(case__in=ids).select_related("line").order_by("line__line_no"):
        lines[line.case_id].append(line)
    parcels = _parcels(ids, user, now)
    paid: dict[int, list[tuple[CasePayment, SafeString]]] = defaultdict(list)
    for payment in CasePayment.objects.filter(case__in=ids).order_by("id"):
        paid[payment.case_id].append((payment, payment_badge(payment)))
    acts = case_options(cases, user, now)
    said: dict[int, list[CaseNote]] = defaultdict(list)
    if notes:
        for one in CaseNote.objects.filter(case__in=ids).select_related("by"):
            said[one.case_id].append(one)
    return [
        CaseCard(
            case=case, state=case_badge(case), lines=lines[case.pk], parcels=parcels[case.pk], payments=paid[case.pk],
            notes=said[case.pk], acts=acts[case.pk],
            steps=steps_of(case, parcels[case.pk], paid[case.pk], now),
            turn=turn_of(case, [one.parcel for one in parcels[case.pk]], [one for one, _look in paid[case.pk]]),
        )
        for case in cases
    ]  # fmt: skip


def case_options(
    cases: Sequence[Case], user: Any, now: datetime, names: Sequence[str] = CASE_ACTS
) -> dict[int, list[MoveOption]]:
    """Acts by case, in the order of ``names``. The platform steps in once: that is judged as its service judges it, in
    one query for all, none where nobody is offered it.
    """
    found = {one.pk: _sorted(moves.options(one, actor=user, now=now, names=names), names) for one in cases}
    asked = [pk for pk, acts in found.items() if any(_may_dispute(act) for act in acts)]
    if not asked:
        return found
    states: dict[int, list[str]] = defaultdict(list)
    for pk, state in Dispute.objects.filter(case__in=asked).values_list("case", "state"):
        states[pk].append(state)
    for pk, mine in states.items():
        if why := disputed_already(mine):
            refused = [MoveOption(act.move, False, [why]) if _may_dispute(act) else act for act in found[pk]]
            found[pk] = refused
    return found


def _may_dispute(act: MoveOption) -> bool:
    return act.allowed and act.move.name == "dispute"


def _sorted(options: Iterable[MoveOption], names: Sequence[str]) -> list[MoveOption]:
    return sorted(options, key=lambda one: names.index(one.move.name))


def _parcels(ids: Sequence[int], user: Any, now: datetime) -> dict[int, list[ParcelCard]]:
    """Parcels by case: those announced for it, and those in which its goods lie."""
    mine = Q(case__in=ids) | Q(items__case_line__case__in=ids)
    rows = list(CaseParcel.objects.filter(mine).distinct().order_by("id"))
    items: dict[int, list[ParcelItem]] = defaultdict(list)
    holds: dict[int, set[int]] = {row.pk: {row.case_id} for row in rows}
    found = ParcelItem.objects.filter(parcel__in=rows).select_related("case_line__line").order_by("id")
    for item in found:
        items[item.parcel_id].append(item)
        holds[item.parcel_id].add(item.case_line.case_id)
    by_case: dict[int, list[ParcelCard]] = defaultdict(list)
    for row in rows:
        options = moves.options(row, actor=user, now=now, names=PARCEL_ACTS)
        held_back = {"keep"} if strangers(items[row.pk]) else set()
        acts = [
            one for one in _sorted(options, PARCEL_ACTS) if one.allowed and one.move.name not in held_back
        ]
        for case_id in holds[row.pk] & set(ids):
            own = [item for item in items[row.pk] if item.case_line.case_id == case_id]
            by_case[case_id].append(ParcelCard(row, parcel_badge(row), own, acts))
    return by_case


def steps_of(case: Case, parcels: Sequence[ParcelCard], paid: Payments, now: datetime) -> list[Step]:
    """Asked, decided, sent, received, inspected, refunded: what of it concerns this case."""
    inbound = [one.parcel for one in parcels if one.parcel.direction == Direction.INBOUND]
    live = [one for one in inbound if one.state not in (P.CANCELLED, P.EXPIRED)]
    asked = case.state in (CaseState.REQUESTED, CaseState.OFFERED, CaseState.COUNTERED)
    stages: list[tuple[str, bool, datetime | None]] = [
        (pgettext("step of a case", "Asked"), True, case.opened_at),
        (
            pgettext("step of a case", "Decided"),
            not asked and case.state != CaseState.DISPUTED,
            case.decided_at,
        ),
    ]
    if case.state in (CaseState.WITHDRAWN, CaseState.REJECTED):
        return _ended(case, inbound, now)
    if case.goods_back and case.kind in GOODS_BACK:
        for word, name in (
            (pgettext("step of a case", "Sent"), "shipped_at"), (pgettext("step of a case", "Received"), "received_at"),
            (pgettext("step of a case", "Inspected"), "inspected_at"),
        ):  # fmt: skip
            if case.kind == CaseKind.REPAIR and name == "inspected_at":
                back = [one.state in (P.SENT_BACK, P.DELIVERED_BACK) for one in live]
                stages.append((pgettext("step of a case", "Sent back"), bool(back) and all(back), None))
                continue
            moments = [getattr(one, name) for one in live]
            stages.append((word, bool(live) and all(moments), next((at for at in moments if at), None)))
    if case.kind == CaseKind.EXCHANGE:
        out = replaced([one.parcel for one in parcels])
        stages.append((pgettext("step of a case", "Replaced"), bool(out), out[0].shipped_at if out else None))
    if case.kind in MONEY_BACK or case.agreed:
        done = [one for one, _look in paid if one.state == PaymentState.SUCCEEDED]
        enough = bool(done) and sum((one.amount for one in done), Decimal(0)) >= case.agreed
        refunded = (pgettext("step of a case", "Refunded"), enough, done[-1].paid_at if done else None)
        stages.insert(2 if case.instant else len(stages), refunded)  # paid at once: the goods come after
    return _drawn(stages, now)


def _ended(case: Case, inbound: Sequence[CaseParcel], now: datetime) -> list[Step]:
    """Asked, what happened to the goods, how it ended: no step promises what will not come."""
    stages: list[tuple[str, bool, datetime | None]] = [
        (pgettext("step of a case", "Asked"), True, case.opened_at)
    ]
    for word, name in (
        (pgettext("step of a case", "Sent"), "shipped_at"), (pgettext("step of a case", "Received"), "received_at"),
    ):  # fmt: skip
        if at := next((getattr(one, name) for one in inbound if getattr(one, name)), None):
            stages.append((word, True, at))
    refused_at = case.decided_at if case.state == CaseState.REJECTED else None
    stages.append((str(CaseState(case.state).label), True, refused_at))
    if lying := [one for one in inbound if one.received_at]:
        gone = all(one.state in (P.SENT_BACK, P.DELIVERED_BACK, P.KEPT, P.UNCLAIMED) for one in lying)
        stages.append((pgettext("step of a case", "Sent back"), gone, None))
    return _drawn(stages, now)


def _drawn(stages: Sequence[tuple[str, bool, datetime | None]], now: datetime) -> list[Step]:
    """Later stages count only after the earlier ones; goods that came unannounced were sent all the same."""
    last = max((number for number, (_word, done, _at) in enumerate(stages) if done), default=0)
    found = []
    for number, (word, done, at) in enumerate(stages):
        state = "done" if done or number < last else "now" if number == last + 1 else "next"
        found.append(Step(word, state, when(at, now) if at and state == "done" else ""))
    return found


def terms(quote: Quote, names: Mapping[int, str]) -> list[Term]:
    """A quote in words: what for, of which article, how much."""
    found = []
    for one in quote.terms:
        name = names.get(one.line_id or 0, "")
        what = f"{name} × {one.quantity}" if name and one.quantity else name
        found.append(Term(str(TERM_LABELS[one.code]), what, one.amount, one.why))
    return found


def quoted(compute: Callable[[], Quote], row: Ticket | Case) -> dict[str, Any]:
    """A quote in words, or why there is none."""
    try:
        quote = compute()
    except DomainError as error:
        return {"refused": str(error)}
    return {
        "terms": terms(quote, names_of(row.order_id)), "total": quote.total,
        "currency": getattr(row, "currency", "") or "CNY",
    }  # fmt: skip


def limits_of(case: Case, amount: Decimal | None, user: Any, now: datetime) -> dict[str, Any]:
    """Every limit of a compensation at once, with what is left of it; and, for this amount, why the person needs a
    second one and which tier decides it. Nothing for other cases."""
    if not case.compensation:
        return {}
    wanted = amount or case.offered or case.asked
    ruling = limits.own_limits(case, wanted, user, now) if wanted else None
    paid = case.order.paid if case.order else Decimal(0)
    return {
        "bounds": limits.bounds(case, paid, now),
        "second": ruling.refusals if ruling and not ruling.allowed else (),
    }


def names_of(order_id: int | None) -> dict[int, str]:
    """Articles of an order by line."""
    rows = OrderLine.objects.filter(order=order_id or 0).values_list("pk", "product_name", "sku")
    return {pk: name or sku for pk, name, sku in rows}


def free_lines(order_id: int | None) -> list[FreeLine]:
    """Lines of an order with what is free of each: two queries."""
    if not order_id:
        return []
    taken = {one.line_id: one for one in LineAccount.objects.filter(line__order=order_id)}
    return [
        FreeLine(
            line.pk, line.product_name or line.sku or str(line.line_no), line.paid, line.currency, line.quantity,
            max(line.quantity - (taken[line.pk].claimed if line.pk in taken else 0), 0),
        )
        for line in OrderLine.objects.filter(order=order_id).order_by("line_no")
    ]  # fmt: skip


@dataclass(frozen=True)
class Happening:
    """One line of the story: what happened, or what somebody said with it."""

    at: datetime
    who: str
    sentence: str
    words: str = ""
    side: str = ""


STORY = 400  # events of one case and its parcels and payments; nobody has seen a tenth of it


def as_told(row: Event) -> str:
    """The event; what the customer did himself says so, beside what was taken down for him."""
    said = events.sentence(row)
    return f"{said} · {origin.words(row.source)}" if row.source == "customer" else said


def happened(card: CaseCard) -> list[Happening]:
    """The whole story, oldest first: events of the case, its parcels and payments, and the words of both sides."""
    keys = {
        "cases.case": [card.case.pk], "cases.caseparcel": [one.parcel.pk for one in card.parcels],
        "cases.casepayment": [payment.pk for payment, _look in card.payments],
        "cases.repair": list(Repair.objects.filter(case=card.case).values_list("pk", flat=True)),
    }  # fmt: skip
    wanted = Q()
    for kind, ids in keys.items():
        wanted |= Q(subject_kind=kind, subject_id__in=ids)
    rows = Event.objects.filter(wanted).order_by("at", "id")[:STORY]
    found = [Happening(row.at, row.actor_name, as_told(row)) for row in rows]
    found += [
        Happening(one.at, str(one.by), noted(one), one.text, one.get_side_display()) for one in card.notes
    ]
    return sorted(found, key=lambda one: one.at)


def noted(note: CaseNote) -> str:
    """What words are about; of an acceptance also how and when it was heard."""
    label = str(note.get_kind_display())
    if note.said_at is None:
        return label
    return f"{label} · {note.get_heard_by_display()} {minute(note.said_at)}"


def photos(card: CaseCard) -> list[ParcelPhoto]:
    """Pictures of the receiving desk."""
    return list(
        ParcelPhoto.objects.filter(parcel__in=[one.parcel.pk for one in card.parcels]).order_by("id")[:60]
    )


def settled_terms(case: Case) -> list[Term]:
    """What of the refund stands after the goods were seen, term by term."""
    if (
        case.kind not in MONEY_BACK
        or not case.goods_back
        or case.state not in (CaseState.APPROVED, CaseState.CLOSED)
    ):
        return []
    quote = receipt_preview(case)
    kept = case.agreed - quote.total
    found = terms(quote, names_of(case.order_id))
    return (
        [*found, Term(_("Refunded already and not taken back"), "", kept)]
        if case.review not in ("", ReviewCause.PERSON) and kept > 0
        else found
    )


def parcel_card(parcel: CaseParcel, user: Any, now: datetime) -> ParcelCard:
    """One parcel with what may be done with it."""
    options = moves.options(parcel, actor=user, now=now, names=PARCEL_ACTS)
    held_back = {"ship", "keep"} if strangers(list(parcel.items.all())) else {"ship"}
    acts = [one for one in _sorted(options, PARCEL_ACTS) if one.allowed and one.move.name not in held_back]
    return ParcelCard(parcel, parcel_badge(parcel), list(parcel.items.all()), acts)


def only_strangers(parcel: CaseParcel) -> bool:
    """Whether some of its pieces were another article and others were not: then the former go back alone."""
    items = list(ParcelItem.objects.filter(parcel=parcel))
    return 0 < strangers(items) < sum(item.received for item in items)


def of_parcel(parcel: CaseParcel, user: Any) -> list[tuple[Case, SafeString, str]]:
    """The cases whose goods lie in a parcel, with what the customer said when he asked."""
    mine = Q(pk=parcel.case_id) | Q(lines__parcel_items__parcel=parcel)
    rows = (
        Case.objects.visible_to(user).filter(mine).select_related("ticket", "order").distinct().order_by("id")
    )
    asked = {one.case_id: one.text for one in CaseNote.objects.filter(case__in=rows, kind="ask")}
    return [(row, case_badge(row), asked.get(row.pk, "")) for row in rows]
