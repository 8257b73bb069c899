"""What can happen to a case, its parcels and payments, each with the sentence a lead reads aloud."""

from collections.abc import Mapping
from typing import Any

from django.db import models
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext

from aftersales.cases import disputestates, states
from aftersales.core.events import Kind, register
from aftersales.core.models import Audience

CUSTOMER, MERCHANT, INTERNAL = Audience.CUSTOMER, Audience.MERCHANT, Audience.INTERNAL
CASE = {"case_id": "id", "kind": "code", "ground": "code", "currency": "code"}
PARCEL = {"case_id": "id", "direction": "code"}
PAYMENT = {"case_id": "id", "amount": "amount", "currency": "code"}
WORDS: Mapping[str, type[models.TextChoices]] = {
    "kind": states.CaseKind,
    "ground": states.Ground,
    "how": states.DecidedBy,
    "by": states.Side,
    "direction": states.Direction,
    "difference": states.DifferenceKind,
    "review": states.ReviewCause,
    "cause": disputestates.SuspendedFor,
    "outcome": disputestates.RulingOutcome,
}


def _words(payload: Mapping[str, Any]) -> dict[str, Any]:
    """Codes in the reader's language."""
    shown = {}
    for key, choices in WORDS.items():
        if key in payload:
            known: dict[Any, Any] = dict(choices.choices)
            shown[key] = str(known.get(payload[key], payload[key]))
    if "how" in shown:
        shown["how"] = _aside(str(payload["how"]), shown["how"])
    return shown


def _aside(how: str, label: str) -> str:
    """In brackets behind the act; nothing where a person or the merchant decided, whom the sentence names already."""
    named = (states.DecidedBy.STAFF, states.DecidedBy.MERCHANT)
    return "" if how in named else str(pgettext("decided by", " (%(how)s)") % {"how": label})


def case(code: str, sentence: Any, audience: str = CUSTOMER, moneyless: Any = "", **payload: str) -> Kind:
    return Kind(
        f"case.{code}", sentence, {**CASE, **payload}, audience=audience, show=_words, moneyless=moneyless
    )


def parcel(code: str, sentence: Any, audience: str = CUSTOMER, **payload: str) -> Kind:
    return Kind(f"case_parcel.{code}", sentence, {**PARCEL, **payload}, audience=audience, show=_words)


def payment(code: str, sentence: Any, audience: str = INTERNAL, **payload: str) -> Kind:
    return Kind(f"payment.{code}", sentence, {**PAYMENT, **payload}, audience=audience)


def run(code: str, sentence: Any, one: Any = "", **payload: str) -> Kind:
    told = {"count": "number", "total": "amount", "currency": "code", **payload}
    return Kind(f"payment_run.{code}", sentence, told, audience=INTERNAL, one=one)


def difference(code: str, sentence: Any) -> Kind:
    told = {"difference": "code", "source": "code"}
    return Kind(f"difference.{code}", sentence, told, audience=INTERNAL, show=_words)


def service(code: str, sentence: Any) -> Kind:
    return Kind(f"money_gateway.{code}", sentence, audience=INTERNAL)


def on_ticket(code: str, sentence: Any, **payload: str) -> Kind:
    told = {"case_id": "id", "number": "code", **payload}
    return Kind(f"ticket.case_{code}", sentence, told, audience=CUSTOMER, show=_words)


register(
    case("asked", _("%(actor)s opened a case: %(kind)s, %(ground)s."), amount="amount", by="code"),
    case("offered", _("%(actor)s offered %(amount)s."), amount="amount", by="code"),
    case("countered", _("The customer asks for %(amount)s instead."), amount="amount"),
    case(
        "approved", _("%(actor)s approved %(amount)s%(how)s."),
        moneyless=_("%(actor)s approved the request%(how)s."), amount="amount", how="code", goods_back="flag",
        due="code",
    ),
    case("rejected", _("%(actor)s refused the request%(how)s."), how="code"),
    case("amended", _("%(actor)s changed the request: %(kind)s, %(ground)s."), by="code"),
    case("disputed", _("%(by)s asked the platform to decide."), by="code"),
    case("undisputed", _("The dispute was withdrawn.")),
    case("withdrawn", _("The customer withdrew the request.")),
    case("paying", _("%(paying)s of %(agreed)s stand in payments."), INTERNAL, paying="amount", agreed="amount"),
    case(
        "closed", _("The case is done; %(agreed)s in all."), moneyless=_("The case is done; no money was due."),
        agreed="amount",
    ),
    case(
        "settled", _("After the goods were seen %(amount)s are to be refunded."),
        moneyless=_("After the goods were seen nothing is to be refunded."), amount="amount", done="flag",
        due="code",
    ),
    case(
        "flagged", _("A person should look at it again: %(review)s, %(amount)s."), INTERNAL,
        moneyless=_("A person should look at it again: %(review)s."), review="code", amount="amount",
    ),
    case("to_decide", _("No rule decided it: a person does."), INTERNAL),
    case("merchant_told", _("The merchant has the request and owes an answer from now on."), MERCHANT),
    case("merchant_unreached", _("The question did not reach the merchant: no address of his works."), INTERNAL),
    case("merchant_wrote", _("The merchant answered."), MERCHANT),
    case("freight_agreed", _("%(actor)s added the return freight: %(amount)s."), amount="amount"),
    case("link_shown", _("%(actor)s looked at the link to the customer's page."), INTERNAL),
    case("link_replaced", _("%(actor)s ended the links to the customer's page and made a new one."), INTERNAL),
    case("address_asked", _("The merchant owes a return address from now on."), MERCHANT),
    case("address_given", _("The merchant gave the return address; the customer may send the goods.")),
    case("address_changed", _("The merchant corrected the return address; the customer is told.")),
    case("goods_arrived", _("The goods count as delivered; the merchant owes the receipt from now on."), MERCHANT),
    case("goods_confirmed", _("What became of the delivered goods is known."), MERCHANT),
    case("replacement_owed", _("The merchant owes the replacement from now on.")),
    case("goods_in", _("Goods are back; the refund is owed from now on."), MERCHANT),
    case("reviewed", _("%(actor)s looked at it again."), INTERNAL),
    parcel("announced", _("A parcel is awaited (%(direction)s).")),
    parcel("shipped", _("The parcel was sent (%(direction)s).")),
    parcel("arrived", _("The parcel counts as delivered."), presumed="flag"),
    parcel("received", _("%(actor)s received the parcel.")),
    parcel("counted", _("%(actor)s counted what came in."), MERCHANT),
    parcel("delivered", _("The parcel was delivered.")),
    parcel("warned", _("The customer was reminded to send the goods.")),
    parcel("waybill_changed", _("%(actor)s corrected the waybill.")),
    parcel("joined", _("The goods lie in the parcel of another case.")),
    parcel("split", _("Pieces of it go their own way."), MERCHANT),
    parcel("lost", _("The parcel counts as lost.")),
    parcel("refused", _("The parcel was refused at the door.")),
    parcel("stop_asked", _("%(actor)s asked the carrier to stop the parcel.")),
    parcel("stop_failed", _("The carrier did not stop the parcel.")),
    parcel("intercepted", _("The parcel was stopped on its way.")),
    parcel("inspected", _("%(actor)s inspected the goods."), MERCHANT),
    parcel("kept", _("The goods stay with the merchant."), MERCHANT),
    parcel("sent_back", _("The goods were sent back to the customer.")),
    parcel("delivered_back", _("The customer has the goods back.")),
    parcel("unclaimed", _("Nobody took the goods that were sent back.")),
    parcel("expired", _("The goods were never sent; the request ended.")),
    parcel("cancelled", _("No parcel is awaited any more.")),
    payment("proposed", _("%(actor)s proposed to pay %(amount)s."), MERCHANT),
    payment("asked", _("%(actor)s asked a second person to approve %(amount)s.")),
    payment("approved", _("%(actor)s approved %(amount)s."), MERCHANT),
    payment("rejected", _("%(actor)s did not approve %(amount)s: %(reason)s")),
    payment("account_refused", _("%(actor)s did not let it out to the account named; another one is asked for.")),
    payment("cancelled", _("%(actor)s cancelled the payment of %(amount)s.")),
    payment("submitted", _("%(amount)s went to the bank."), attempt="number"),
    payment("succeeded", _("%(amount)s was paid."), CUSTOMER, by="code", paid_at="moment"),
    payment("failed", _("The payment of %(amount)s failed."), by="code"),
    payment("unknown", _("It is not known yet whether %(amount)s was paid.")),
    payment("retried", _("%(actor)s lets the payment of %(amount)s go out again.")),
    payment("returned", _("The bank sent %(amount)s back."), CUSTOMER, by="code"),
    payment("payee_asked", _("%(actor)s asked the customer for another account.")),
    payment("payee_named", _("%(actor)s named another account for %(amount)s."), CUSTOMER),
    payment("replaced", _("%(amount)s is paid anew to another account."), new_id="id"),
    payment("reversed", _("The customer gave %(amount)s back; %(actor)s booked it: %(reason)s")),
    run(
        "made", _("%(actor)s collected %(count)s payments: %(total)s."),
        one=_("%(actor)s collected one payment: %(total)s."),
    ),
    run(
        "approved", _("%(actor)s released the run of %(count)s payments: %(total)s."),
        one=_("%(actor)s released the run of one payment: %(total)s."),
    ),
    run(
        "exported", _("The file of %(count)s payments was written: %(total)s."),
        one=_("The file of one payment was written: %(total)s."), sha256="code",
    ),
    run("fetched", _("%(actor)s downloaded the file.")),
    run(
        "settled", _("The bank answered for all %(count)s payments."), one=_("The bank answered for its one payment.")
    ),
    run("cancelled", _("%(actor)s cancelled the run.")),
    difference("found", _("The statement %(source)s disagrees: %(difference)s.")),
    difference("explained", _("%(actor)s explained it.")),
    difference("corrected", _("%(actor)s put it right.")),
    difference("reopened", _("%(actor)s looks into it again.")),
    service("created", _("%(actor)s added the payment service.")),
    service("switched", _("%(actor)s switched the payment service on or off.")),
    service("rotated", _("%(actor)s made a new secret.")),
    on_ticket("opened", _("%(actor)s opened case %(number)s: %(kind)s."), kind="code"),
    on_ticket("decided", _("Case %(number)s was decided.")),
    on_ticket("ended", _("Case %(number)s is done.")),
    on_ticket("asked_anew", _("Case %(number)s is asked anew.")),
    on_ticket("unpaid", _("Money of case %(number)s came back; the customer is still to be paid.")),
)  # fmt: skip


def unknown(code: str, sentence: Any, **payload: str) -> Kind:
    return Kind(f"unknown_parcel.{code}", sentence, payload, audience=INTERNAL)


register(
    unknown("shelved", _("%(actor)s put a parcel on the unknown shelf.")),
    unknown("matched", _("%(actor)s found where the parcel belongs."), case_id="id", parcel_id="id"),
    unknown("given_back", _("%(actor)s gave the parcel back to the carrier.")),
)


def dispute(code: str, sentence: Any, audience: str = CUSTOMER, moneyless: Any = "", **payload: str) -> Kind:
    told = {"case_id": "id", "dispute_id": "id", "currency": "code", **payload}
    return Kind(f"dispute.{code}", sentence, told, audience=audience, show=_words, moneyless=moneyless)


register(
    dispute("opened", _("The platform is to decide; asked for by: %(by)s."), by="code", until="moment"),
    dispute("answered", _("The other side answered; both may bring evidence."), until="moment"),
    dispute("evidence_added", _("%(by)s brought evidence."), by="code"),
    dispute("evidence_withdrawn", _("%(by)s took evidence back."), by="code"),
    dispute("review_begun", _("The time for evidence is over; the ruling is due.")),
    dispute("suspended", _("The dispute waits for: %(cause)s."), cause="code", until="moment"),
    dispute("handed", _("%(actor)s asked a colleague to rule."), INTERNAL, to="id"),
    dispute("settlement_made", _("%(by)s proposed to settle on %(amount)s."), by="code", amount="amount"),
    dispute("settlement_gone", _("%(by)s took the proposal back."), by="code"),
    dispute("settled", _("Both sides settled.")),
    dispute(
        "ruled", _("%(actor)s ruled: %(outcome)s, %(amount)s."), moneyless=_("%(actor)s ruled: %(outcome)s."),
        outcome="code", amount="amount",
    ),
    dispute("appealed", _("%(by)s appealed against the ruling."), by="code"),
    dispute(
        "reviewed", _("%(actor)s decided the appeal: %(outcome)s, %(amount)s."),
        moneyless=_("%(actor)s decided the appeal: %(outcome)s."), outcome="code", amount="amount",
    ),
    dispute("executed", _("The ruling is final.")),
    dispute("obligation_kept", _("The merchant did what the ruling asks of him."), MERCHANT),
    dispute("obligation_missed", _("The merchant did not do in time what the ruling asks of him."), MERCHANT),
    dispute("withdrawn", _("The dispute was withdrawn.")),
    dispute("closed", _("The dispute is closed.")),
)  # fmt: skip
