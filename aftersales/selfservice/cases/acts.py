"""What a customer may do with his case now: asked of the machines and of the services, never of a list of states."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, pgettext_lazy

from aftersales.cases import services
from aftersales.cases.disputestates import BEFORE_RULING, TAKES_EVIDENCE
from aftersales.cases.services.automatic import case_ask_person, may_ask_person
from aftersales.cases.services.consent import own
from aftersales.cases.services.deciding import ruled_before
from aftersales.cases.services.disputes import disputed_already
from aftersales.cases.states import CaseKind, CaseState, Direction, ParcelState, Side
from aftersales.core import moves
from aftersales.core.files import StoredFile
from aftersales.tickets import services as tickets

from . import consents, forms
from .payees import PAYEE, may_name, name_account
from .reading import Whole

SOURCE = "case_page"
CUSTOMER = Side.CUSTOMER


@dataclass(frozen=True)
class Given:
    """What a form sent. ``consent`` is the text that was agreed to, ``ref`` names the form."""

    data: Mapping[str, Any]
    files: list[StoredFile]
    form: Any
    actor: Any
    now: datetime
    version: int | None
    consent: str
    ref: str

    @property
    def who(self) -> dict[str, Any]:
        return {"actor": self.actor, "now": self.now}

    @property
    def whole(self) -> dict[str, Any]:
        return {**self.who, "version": self.version}

    @property
    def words(self) -> str:
        return str(self.data.get("words", ""))


Run = Callable[[Whole, Any, Given], Any]


@dataclass(frozen=True)
class Act:
    """``place``: where on the page it stands: now (the next thing to do), goods, dispute, more.

    ``tone``: how loud its button is. ``consent``: the text to agree to; ``warns``: what ends, said beside the button.
    """

    name: str
    label: Any
    button: Any
    form: type[forms.ActForm]
    run: Run
    place: str = "more"
    tone: str = ""
    consent: Callable[[Whole, Any], str] | None = None
    warns: Callable[[Whole, Any], str] | None = None


@dataclass
class Offered:
    """One act on one row, with its form."""

    act: Act
    row: Any
    consent: str = ""
    warning: str = ""
    form: Any = None

    @property
    def key(self) -> str:
        return f"{self.act.name}-{self.row.public_id}"

    @property
    def version(self) -> Any:
        return getattr(self.row, "version", "")

    @property
    def fingerprint(self) -> str:
        return consents.fingerprint(self.consent) if self.consent else ""

    def bind(self, *args: Any) -> Any:
        self.form = self.act.form(*args, agrees=bool(self.consent), auto_id=f"{self.key}-%s")
        return self.form


def _accept(found: Whole, row: Any, given: Given) -> Any:
    return services.case_accept(case=row, consent=own(given.consent, given.now), **given.whole)


def _counter(found: Whole, row: Any, given: Given) -> Any:
    return services.case_counter(case=row, amount=given.data["amount"], words=given.words, **given.whole)


def _amend(found: Whole, row: Any, given: Given) -> Any:
    data = given.data
    return services.case_amend(
        case=row, kind=data["kind"], ground=data["ground"], words=given.words, **given.whole
    )


def _dispute(found: Whole, row: Any, given: Given) -> Any:
    return services.dispute_open(case=row, by=CUSTOMER, words=given.words, **given.whole)


def _withdraw(found: Whole, row: Any, given: Given) -> Any:
    return services.case_withdraw(case=row, words=given.words, **given.whole)


def _person(found: Whole, row: Any, given: Given) -> Any:
    return case_ask_person(case=row, words=given.words, **given.whole)


def _ship(found: Whole, row: Any, given: Given) -> Any:
    data = given.data
    return services.parcel_ship(
        parcel=row, carrier=data["carrier"], tracking_no=data["tracking_no"], **given.whole
    )


def _arrived(found: Whole, row: Any, given: Given) -> Any:
    return services.parcel_deliver(parcel=row, **given.whole)


def _evidence(found: Whole, row: Any, given: Given) -> Any:
    """In a dispute words and each file are pieces of evidence; before and after it they join the conversation."""
    dispute = next((one for one in found.disputes if one.state in TAKES_EVIDENCE), None)
    if dispute is None:
        text = given.words.strip() or (
            _("Added to case %(case)s.") % {"case": row.number} if given.files else ""
        )
        return tickets.customer_message(
            ticket=found.link.ticket, text=text, files=given.files, source=SOURCE if given.ref else "",
            source_ref=given.ref, acting_as=f"customer:{row.customer_id}", **given.who,
        )  # fmt: skip
    services.evidence_bring(dispute=dispute, side=CUSTOMER, text=given.words, files=given.files, **given.who)
    return dispute


def _appeal(found: Whole, row: Any, given: Given) -> Any:
    return services.dispute_appeal(dispute=row, by=CUSTOMER, words=given.words, **given.whole)


def _end_dispute(found: Whole, row: Any, given: Given) -> Any:
    return services.dispute_withdraw(dispute=row, by=CUSTOMER, **given.whole)


def _propose(found: Whole, row: Any, given: Given) -> Any:
    data = given.data
    return services.settlement_propose(
        dispute=row, by=CUSTOMER, amount=data["amount"], goods_back=data.get("goods_back", False), **given.who
    )


def _settle(found: Whole, row: Any, given: Given) -> Any:
    return services.settlement_accept(
        settlement=row, by=CUSTOMER, consent=own(given.consent, given.now), **given.who
    )


def _take_back(found: Whole, row: Any, given: Given) -> Any:
    return services.settlement_take_back(settlement=row, **given.who)


def _repair(accept: bool) -> Run:
    return lambda found, row, given: services.repair_answer(
        repair=row, accept=accept, words=given.consent or given.words, **given.whole
    )


def _account(found: Whole, row: Any, given: Given) -> Any:
    return name_account(found.link, row, given)


def _pickup(found: Whole, row: Any, given: Given) -> Any:
    return tickets.appointment_wish(
        link=found.link, public_id=row.public_id, text=given.words, now=given.now, **given.form.window()
    )


ACTS: Mapping[str, Act] = {act.name: act for act in (
    Act("accept_offer", gettext_lazy("Accept the offer"), gettext_lazy("Accept"), forms.ActForm, _accept, "now",
        "primary", consent=consents.offer),
    Act("counter", gettext_lazy("Ask for another amount"), gettext_lazy("Send my amount"), forms.CounterForm,
        _counter, "now"),
    Act(PAYEE, gettext_lazy("Name an account for the refund"), gettext_lazy("Send the account"), forms.PayeeForm,
        _account, "now", "primary", consent=lambda found, row: consents.account(row)),
    Act("ship", gettext_lazy("Enter the waybill"), gettext_lazy("I have sent it"), forms.ShipForm, _ship, "now",
        "primary"),
    Act("correct", gettext_lazy("Correct the waybill"), gettext_lazy("Save the waybill"), forms.ShipForm, _ship,
        "goods"),
    Act("arrived", gettext_lazy("I have received it"), gettext_lazy("I have received it"), forms.ActForm, _arrived,
        "now", "primary"),
    Act("pickup", gettext_lazy("Ask for another pick-up time"), gettext_lazy("Ask for this time"), forms.PickupForm,
        _pickup, "goods"),
    Act("accept_quote", gettext_lazy("Have it repaired"), gettext_lazy("Accept the quote"), forms.ActForm,
        _repair(True), "now", "primary", consent=consents.quote),
    Act("decline_quote", gettext_lazy("Do not repair it"), gettext_lazy("Send it back as it is"), forms.SayForm,
        _repair(False), "now"),
    Act("accept_settlement", gettext_lazy("Accept this proposal"), gettext_lazy("Accept"), forms.ActForm, _settle,
        "now", "primary", consent=consents.settlement),
    Act("propose", gettext_lazy("Propose to settle"), gettext_lazy("Send my proposal"), forms.ProposeForm, _propose,
        "dispute"),
    Act("take_back", gettext_lazy("Take my proposal back"), gettext_lazy("Take my proposal back"), forms.ActForm,
        _take_back, "dispute"),
    Act("appeal", gettext_lazy("Appeal against the ruling"), gettext_lazy("Appeal"), forms.AppealForm, _appeal,
        "dispute"),
    Act("end_dispute", gettext_lazy("Withdraw the dispute"), gettext_lazy("Withdraw the dispute"), forms.ActForm,
        _end_dispute, "dispute"),
    Act("evidence", gettext_lazy("Add photos, files or words"), pgettext_lazy("customer page", "Send"),
        forms.EvidenceForm, _evidence, "evidence"),
    Act("person", gettext_lazy("Have a person look at it"), gettext_lazy("Ask for a person"), forms.SayForm, _person),
    Act("dispute", gettext_lazy("Let the platform decide"), gettext_lazy("Let the platform decide"),
        forms.DisputeForm, _dispute),
    Act("amend", gettext_lazy("Change the request"), gettext_lazy("Change the request"), forms.AmendForm, _amend),
    Act("withdraw", gettext_lazy("Withdraw the request"), gettext_lazy("Withdraw the request"), forms.SayForm,
        _withdraw, warns=consents.withdrawal, tone="danger"),
)}  # fmt: skip

# Which move of which machine is which act of the page.
CASE_MOVES = {name: name for name in ("accept_offer", "counter", "amend", "dispute", "withdraw")}
PARCEL_MOVES = {"ship": "ship", "deliver": "arrived"}
DISPUTE_MOVES = {"appeal": "appeal", "withdraw": "end_dispute"}
REPAIR_MOVES = {"accept": "accept_quote", "decline": "decline_quote"}


def offered(found: Whole, actor: Any, now: datetime) -> list[Offered]:
    """Every act that is possible now, in the order of the table."""
    possible = [
        *_of_case(found, actor, now), *_of_goods(found, actor, now), *_of_dispute(found, actor, now),
        *_of_repairs(found, actor, now), *_beside(found, now),
    ]  # fmt: skip
    order = list(ACTS)
    rows = [Offered(_act(name, found), row) for name, row in possible]
    for one in sorted(rows, key=lambda one: order.index(one.act.name)):
        one.consent = one.act.consent(found, one.row) if one.act.consent else ""
        one.warning = one.act.warns(found, one.row) if one.act.warns else ""
    return sorted(rows, key=lambda one: order.index(one.act.name))


def _act(name: str, found: Whole) -> Act:
    """A compensation has no goods that could go back."""
    if name == "propose" and found.case.kind == CaseKind.COMPENSATION:
        return replace(ACTS[name], form=forms.SumForm)
    return ACTS[name]


Possible = Iterator[tuple[str, Any]]


def _allowed(row: Any, names: Mapping[str, str], actor: Any, now: datetime) -> Possible:
    for option in moves.options(row, actor=actor, now=now, names=names):
        if option.allowed:
            yield names[option.move.name], row


def _of_case(found: Whole, actor: Any, now: datetime) -> Possible:
    shut = _shut(found, actor, now)
    for name, row in _allowed(found.case, CASE_MOVES, actor, now):
        if name not in shut:
            yield name, row
    if may_ask_person(found.case, found.judged):
        yield "person", found.case
    if found.case.is_open or found.case.state == CaseState.REJECTED:
        yield "evidence", found.case


def _shut(found: Whole, actor: Any, now: datetime) -> set[str]:
    """What the services would refuse although the machine of the case allows it."""
    states, ticket, shut = [one.state for one in found.disputes], found.case.ticket, set()
    if disputed_already(states):
        shut.add("dispute")
    if ruled_before(states) or found.case.kind == CaseKind.COMPENSATION:
        shut.add("amend")
    if not ticket.is_open:
        again = moves.options(ticket, actor=actor, now=now, names=["reopen"])
        shut |= set() if any(one.allowed for one in again) else {"amend", "dispute"}
    return shut


def _of_goods(found: Whole, actor: Any, now: datetime) -> Possible:
    for parcel in found.parcels:
        comes_in = parcel.direction == Direction.INBOUND
        for name, row in _allowed(parcel, PARCEL_MOVES, actor, now):
            if name != "ship" or comes_in:
                yield name, row
        if comes_in and parcel.state == ParcelState.IN_TRANSIT:
            yield "correct", parcel


def _of_dispute(found: Whole, actor: Any, now: datetime) -> Possible:
    for dispute in found.disputes:
        for name, row in _allowed(dispute, DISPUTE_MOVES, actor, now):
            if name != "end_dispute" or dispute.opened_side == CUSTOMER:
                yield name, row
        if dispute.state in BEFORE_RULING:
            yield "propose", dispute
            for one in found.settlements:
                if one.dispute_id == dispute.pk and one.gone_at is None and one.accepted_at is None:
                    yield "take_back" if one.by == CUSTOMER else "accept_settlement", one


def _of_repairs(found: Whole, actor: Any, now: datetime) -> Possible:
    for repair in found.repairs:
        yield from _allowed(repair, REPAIR_MOVES, actor, now)


def _beside(found: Whole, now: datetime) -> Possible:
    for payment in found.payments:
        if found.is_his(payment) and may_name(payment):
            yield PAYEE, payment
    for one in found.appointments:
        if one.wish_from is None and one.ends_at > now:
            yield "pickup", one
