"""What a merchant's person may do with a case now, and why not: asked of the machines, never of a list of states."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from django.db import transaction
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext, pgettext_lazy

from aftersales.cases import services
from aftersales.cases.disputestates import BEFORE_RULING, TAKES_EVIDENCE
from aftersales.cases.repairs.selectors import OUT_OF_REACH
from aftersales.cases.selectors import pieces_awaited
from aftersales.cases.services.consent import own
from aftersales.cases.services.disputes import disputed_already
from aftersales.cases.states import CaseKind, CaseState, DecidedBy, ParcelState, Side
from aftersales.core import moves
from aftersales.core.errors import Refusal
from aftersales.core.files import StoredFile
from aftersales.merchants.models import ReturnAddress
from aftersales.tickets import services as tickets

from . import forms, repairacts
from .reading import Sides, Whole

SOURCE = "portal"
US = Side.MERCHANT


@dataclass(frozen=True)
class Given:
    """What a form sent; ``ref`` names the form, so that it does its work once."""

    form: Any
    files: Sequence[StoredFile]
    actor: Any
    now: datetime
    version: int | None
    ref: str

    @property
    def data(self) -> Mapping[str, Any]:
        found: Mapping[str, Any] = self.form.cleaned_data
        return found

    @property
    def words(self) -> str:
        return str(self.data.get("words", ""))

    @property
    def who(self) -> dict[str, Any]:
        return {"actor": self.actor, "now": self.now}

    @property
    def whole(self) -> dict[str, Any]:
        return {**self.who, "version": self.version}


@dataclass(frozen=True)
class Act:
    """``lead``: the solid button of its turn. ``shows``: what stands above the form (a computed sum, an address)."""

    name: str
    label: Any
    button: Any
    form: type[forms.ActForm]
    run: Callable[[Any, Given], Any]
    effect: Any = ""
    lead: bool = False
    shows: str = ""


@dataclass
class Offered:
    """One act on one row: possible now, or not and why."""

    act: Act
    row: Any
    reasons: Sequence[Refusal] = field(default_factory=list)

    @property
    def allowed(self) -> bool:
        return not self.reasons

    @property
    def why_not(self) -> str:
        return " ".join(str(one.message) for one in self.reasons)


def _approve(case: Any, given: Given) -> Any:
    waived = {"keep": False}.get(given.data.get("goods", ""))
    to = given.data.get("address") if waived is None else ""
    chosen = ReturnAddress.objects.filter(public_id=to, merchant=case.merchant_id).first() if to else None
    return services.case_approve(
        case=case,
        how=DecidedBy.MERCHANT,
        goods_back=waived,
        return_to=chosen,
        words=given.words,
        **given.whole,
    )


def _offer(case: Any, given: Given) -> Any:
    return services.case_offer(
        case=case, amount=given.data["amount"], by=US, words=given.words, **given.whole
    )


def _accept_counter(case: Any, given: Given) -> Any:
    words = _("Accepted in the merchant's portal.")
    return services.case_accept(case=case, consent=own(words, given.now), **given.whole)


def _reject(case: Any, given: Given) -> Any:
    """The refusal, and with it what proves it: it stays in the conversation with the platform."""
    with transaction.atomic():
        done = services.case_reject(case=case, how=DecidedBy.MERCHANT, words=given.form.said, **given.whole)
        if given.files:
            text = _("Evidence for the refusal of case %(case)s.") % {"case": case.number}
            tickets.merchant_message(
                ticket=case.ticket, merchant_id=case.merchant_id, text=text, files=given.files, **given.who
            )
    return done


def _dispute(case: Any, given: Given) -> Any:
    with transaction.atomic():
        opened = services.dispute_open(case=case, by=US, words=given.words, **given.whole)
        if given.files:
            services.evidence_bring(dispute=opened, side=US, text="", files=given.files, **given.who)
    return opened


def _refund(case: Any, given: Given) -> Any:
    return services.payment_propose(case=case, **given.whole)


def _replace(case: Any, given: Given) -> Any:
    data = given.data
    return services.exchange_send(
        case=case, carrier=data["carrier"], tracking_no=data["tracking_no"], **given.whole
    )


def _keep(parcel: Any, given: Given) -> Any:
    return services.parcel_keep(parcel=parcel, **given.whole)


def _send_back(parcel: Any, given: Given) -> Any:
    data = given.data
    return services.parcel_send_back(
        parcel=parcel, carrier=data["carrier"], tracking_no=data["tracking_no"], **given.whole
    )


def _say(case: Any, given: Given) -> Any:
    return tickets.merchant_message(
        ticket=case.ticket, merchant_id=case.merchant_id, text=given.words, files=given.files,
        source=SOURCE if given.ref else "", source_ref=given.ref, **given.who,
    )  # fmt: skip


def _evidence(dispute: Any, given: Given) -> Any:
    services.evidence_bring(dispute=dispute, side=US, text=given.words, files=given.files, **given.who)
    return dispute


def _propose(dispute: Any, given: Given) -> Any:
    data = given.data
    return services.settlement_propose(
        dispute=dispute, by=US, amount=data["amount"], goods_back=data["goods_back"], **given.who
    )


def _settle(settlement: Any, given: Given) -> Any:
    words = _("Accepted in the merchant's portal.")
    return services.settlement_accept(
        settlement=settlement, by=US, consent=own(words, given.now), **given.who
    )


def _take_back(settlement: Any, given: Given) -> Any:
    return services.settlement_take_back(settlement=settlement, **given.who)


def _appeal(dispute: Any, given: Given) -> Any:
    return services.dispute_appeal(dispute=dispute, by=US, words=given.words, **given.whole)


def _end_dispute(dispute: Any, given: Given) -> Any:
    return services.dispute_withdraw(dispute=dispute, by=US, **given.whole)


_CASE = (
    Act("approve", pgettext_lazy("case move", "Approve"), pgettext_lazy("case move", "Approve"), forms.ApproveForm,
        _approve, gettext_lazy("The customer is told what happens next; what is computed here is reserved for him."),
        True, "quote"),
    Act("accept_counter", pgettext_lazy("case move", "Accept the counter-offer"),
        pgettext_lazy("case move", "Accept the counter-offer"), forms.AgreeForm, _accept_counter,
        gettext_lazy("The counter-offer binds both sides from now on."), True, "offer"),
    Act("offer", pgettext_lazy("portal act", "Offer something else"), pgettext_lazy("portal act", "Send the offer"),
        forms.OfferForm, _offer,
        gettext_lazy("The customer may accept it, name another amount, or let the platform decide."), False, "worth"),
    Act("reject", pgettext_lazy("case move", "Refuse"), pgettext_lazy("case move", "Refuse"), forms.RejectForm,
        _reject, gettext_lazy("The customer is told why, and that he may have the platform decide.")),
    Act("replace", pgettext_lazy("exchange act", "Send the replacement"), pgettext_lazy("portal act", "I have sent it"),
        forms.WaybillForm, _replace, gettext_lazy("The customer is told the carrier and the waybill."), True,
        "address"),
    Act("refund", pgettext_lazy("portal act", "Confirm the refund"), pgettext_lazy("portal act", "Confirm the refund"),
        forms.AgreeForm, _refund,
        gettext_lazy("The platform pays the customer and settles it with you; a payment once made is not called back."),
        True, "ways"),
    Act("dispute", pgettext_lazy("case move", "Let the platform decide"),
        pgettext_lazy("case move", "Let the platform decide"), forms.DisputeForm, _dispute,
        gettext_lazy("Both sides are asked for evidence; the platform rules.")),
)  # fmt: skip
_PARCEL = (
    Act("keep", pgettext_lazy("parcel move", "Keep the goods"), pgettext_lazy("parcel move", "Keep the goods"),
        forms.ActForm, _keep, gettext_lazy("The goods stay with you.")),
    Act("send_back", pgettext_lazy("parcel move", "Send back"), pgettext_lazy("portal act", "I have sent it"),
        forms.WaybillForm, _send_back, gettext_lazy("The customer is told the carrier and the waybill."), False,
        "address"),
)  # fmt: skip
_DISPUTE = (
    Act("evidence", pgettext_lazy("portal act", "Bring evidence"), pgettext_lazy("portal act", "Bring evidence"),
        forms.EvidenceForm, _evidence,
        gettext_lazy("The customer and the platform read it; nothing is changed afterwards."), True),
    Act("accept", pgettext_lazy("portal act", "Accept the customer's proposal"),
        pgettext_lazy("portal act", "Accept and settle"), forms.AgreeForm, _settle,
        gettext_lazy("Both sides are bound; the dispute ends."), True, "settlement"),
    Act("propose", pgettext_lazy("portal act", "Propose to settle"), pgettext_lazy("portal act", "Send the proposal"),
        forms.ProposeForm, _propose,
        gettext_lazy("If the customer accepts, it binds both sides. A newer proposal replaces the older."), False,
        "worth"),
    Act("take_back", pgettext_lazy("portal act", "Take our proposal back"),
        pgettext_lazy("portal act", "Take our proposal back"), forms.ActForm, _take_back,
        gettext_lazy("The customer cannot accept it any more.")),
    Act("appeal", pgettext_lazy("dispute move", "Appeal"), pgettext_lazy("dispute move", "Appeal"),
        forms.AppealForm, _appeal, gettext_lazy("Another person looks at it anew; there is no second appeal."), True),
    Act("end_dispute", pgettext_lazy("dispute move", "Withdraw the dispute"),
        pgettext_lazy("dispute move", "Withdraw the dispute"), forms.ActForm, _end_dispute,
        gettext_lazy("The case stands again as it stood before.")),
)  # fmt: skip
SAY = Act(
    "say", pgettext_lazy("portal act", "Write to the platform"), pgettext_lazy("portal act", "Send"), forms.SayForm,
    _say,
)  # fmt: skip
_REPAIR = tuple(
    Act(one.name, one.label, one.label, one.form, one.run, one.effect, one.lead, one.shows)
    for one in repairacts.ACTS
)
ACTS: Mapping[str, Act] = {one.name: one for one in (*_CASE, *_PARCEL, *_REPAIR, *_DISPUTE, SAY)}

DISPUTE_ACTS = frozenset(one.name for one in _DISPUTE)
CASE_MOVES = ("approve", "accept_counter", "offer", "reject", "dispute")
PARCEL_MOVES = ("keep", "send_back")


def offered(found: Whole, actor: Any, now: datetime) -> list[Offered]:
    """Every act on the case, its parcels and its repairs, the likely ones first; refused ones with their reasons."""
    rows = [
        *_moves(found.case, CASE_MOVES, actor, now), *_beside(found), *_of_goods(found, actor, now),
        *_of_repairs(found, actor, now),
    ]  # fmt: skip
    return sorted((_fitted(found, one) for one in rows), key=lambda one: (not one.allowed, not one.act.lead))


def _fitted(found: Whole, one: Offered) -> Offered:
    """Goods are asked about only where some could come back; a dispute is judged as its service judges it."""
    if one.act.name == "dispute" and (why := disputed_already(row.state for row in found.disputes)):
        return Offered(one.act, one.row, [*one.reasons, why])
    if one.act.name == "approve" and (not found.case.goods_back or not found.lines):
        simple = Act(**{**one.act.__dict__, "form": forms.SimpleApproveForm})
        return Offered(simple, one.row, one.reasons)
    if one.act.name == "approve" and found.case.kind == CaseKind.EXCHANGE:
        swap = Act(**{**one.act.__dict__, "form": forms.SwapApproveForm})
        return Offered(swap, one.row, one.reasons)
    return one


def _moves(row: Any, names: Sequence[str], actor: Any, now: datetime, **named: str) -> Iterator[Offered]:
    """Moves from where the row stands; one that belongs to another state is no news."""
    for option in moves.options(row, actor=actor, now=now, names=names):
        if not option.allowed and option.reasons[0].code == "wrong_state":
            continue
        yield Offered(ACTS[named.get(option.move.name, option.move.name)], row, option.reasons)


def _beside(found: Whole) -> Iterator[Offered]:
    """The replacement and the refund: acts of services that are no move of the case itself."""
    case = found.case
    if case.state != CaseState.APPROVED:
        return
    if case.kind == CaseKind.EXCHANGE and any(_still_to_go(one) for one in found.replacements):
        missing = (
            0 if found.turn == "replacement" else sum(one.approved - one.received for one in found.lines)
        )
        yield Offered(ACTS["replace"], case, _goods_first(missing))
    if case.left > 0:
        yield Offered(ACTS["refund"], case, _goods_first(pieces_awaited(case, found.lines)))


def _still_to_go(line: Any) -> bool:
    return line.parcel is None or line.parcel.state in OUT_OF_REACH


def _goods_first(missing: int) -> list[Refusal]:
    if missing <= 0:
        return []
    words = ngettext(
        "%(pieces)d piece is not back or not checked yet; it follows the goods.",
        "%(pieces)d pieces are not back or not checked yet; it follows the goods.",
        missing,
    )
    return [Refusal("goods_awaited", words % {"pieces": missing})]


def _of_goods(found: Whole, actor: Any, now: datetime) -> Iterator[Offered]:
    for parcel in found.parcels:
        if (
            parcel.state in (ParcelState.INSPECTED, ParcelState.UNCLAIMED)
            and found.case.kind != CaseKind.REPAIR
        ):
            yield from _moves(parcel, PARCEL_MOVES, actor, now)


def _of_repairs(found: Whole, actor: Any, now: datetime) -> Iterator[Offered]:
    for repair in found.repairs:
        yield from _moves(repair, tuple(repairacts.MOVES), actor, now, **repairacts.MOVES)


def in_dispute(mine: Sides, actor: Any, now: datetime) -> list[Offered]:
    """What this side may do in its dispute."""
    dispute, found = mine.dispute, []
    if dispute.state in TAKES_EVIDENCE:
        found.append(Offered(ACTS["evidence"], dispute))
    if dispute.state in BEFORE_RULING:
        if mine.theirs is not None:
            found.append(Offered(ACTS["accept"], mine.theirs))
        found.append(Offered(ACTS["propose"], dispute))
        if mine.ours is not None:
            found.append(Offered(ACTS["take_back"], mine.ours))
    for one in _moves(dispute, ("appeal", "withdraw"), actor, now, withdraw="end_dispute"):
        if one.act.name == "appeal" or dispute.opened_side == US:
            found.append(one)
    return found
