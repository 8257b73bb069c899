"""The kinds of small requests (R4.0), each declared once: what is asked, who owes it, until when, and what follows."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Any

from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from aftersales.cases.models import Case, ServiceRequest
from aftersales.cases.request_states import BuyerKind, Hurried, RequestKind
from aftersales.cases.services import request_effects as effects
from aftersales.cases.states import CaseKind, CompensationKind, Ground, Side
from aftersales.core.errors import DomainError, Text
from aftersales.orders.models import Order, OrderLine
from aftersales.orders.states import InvoiceKind, SalesMode

Details = Mapping[str, Any]
Choices = Sequence[tuple[str, Text]]


@dataclass(frozen=True)
class Field:
    """One thing that is asked. ``kind``: text, long, choice, number, amount, moment or flag."""

    name: str
    label: Text
    kind: str = "text"
    required: bool = True
    choices: Choices = ()
    longest: int = 120
    help: Text = ""

    def clean(self, raw: Any) -> Any:
        """What is kept of it, in a form that JSON holds. Errors: details."""
        if self.kind == "flag":
            return bool(raw)
        if raw in (None, ""):
            return ""
        return _CLEANERS[self.kind](self, raw)

    def refuse(self) -> DomainError:
        return DomainError(
            _("“%(label)s” is not filled in as it should be.") % {"label": self.label}, "details"
        )


def _text(field: Field, raw: Any) -> str:
    text = str(raw).replace("\x00", "").strip()
    if len(text) > field.longest:
        raise field.refuse()
    return text


def _choice(field: Field, raw: Any) -> str:
    if str(raw) not in {str(code) for code, _label in field.choices}:
        raise field.refuse()
    return str(raw)


def _number(field: Field, raw: Any) -> int:
    if not str(raw).isascii() or not str(raw).isdigit() or not 0 < int(raw) < 100_000:
        raise field.refuse()
    return int(raw)


def _amount(field: Field, raw: Any) -> str:
    try:
        found = Decimal(str(raw))
    except ArithmeticError:
        raise field.refuse() from None
    if not found.is_finite() or not 0 <= found < 10**9 or found != round(found, 2):
        raise field.refuse()
    return f"{found:.2f}"


def _moment(field: Field, raw: Any) -> str:
    if not isinstance(raw, datetime):
        raise field.refuse()
    return raw.isoformat()


_CLEANERS: Mapping[str, Callable[[Field, Any], Any]] = {
    "text": _text, "long": _text, "choice": _choice, "number": _number, "amount": _amount, "moment": _moment,
}  # fmt: skip


@dataclass(frozen=True)
class Outcome:
    """What an unmet request turns into by default."""

    kind: str
    ground: str
    compensation: str = ""


Debtor = Callable[[Order | None, OrderLine | None, Details], str]
Judge = Callable[[effects.Subject], None]
Effect = Callable[[ServiceRequest, effects.Subject, Details, Any, datetime], Case | None]


@dataclass(frozen=True)
class Kind:
    """``asks``: data; ``answers``: what whoever owes it tells when it is done; ``clock``: a number of the rule book.

    ``judge`` refuses what cannot be asked (and, before it is done, cannot be done any more), ``effect`` carries it out
    in the same transaction. ``by_hand`` False: only the product opens it. ``lapses`` False: it is owed without end.
    """

    code: RequestKind
    asks: tuple[Field, ...]
    answers: tuple[Field, ...]
    debtor: Debtor
    clock: str
    says: Text
    follows: Text
    becomes: Outcome
    judge: Judge = effects.nothing_against
    effect: Effect = effects.nothing_follows
    of_line: bool = False
    by_hand: bool = True
    lapses: bool = True
    holds_ticket: bool = True

    def cleaned(self, raw: Details, fields: Iterable[Field]) -> dict[str, Any]:
        return {field.name: field.clean(raw.get(field.name)) for field in fields}

    def missing(self, details: Details) -> list[Field]:
        return [one for one in self.asks if one.required and details.get(one.name) in (None, "")]


def seller(order: Order | None, line: OrderLine | None, details: Details) -> str:
    """The merchant, where there is one; the platform owes for what it sells itself."""
    own = line is not None and line.sales_mode == SalesMode.SELF_RUN
    merchant = (line.merchant_id if line else None) or (order.merchant_id if order else None)
    return Side.MERCHANT if merchant and not own else Side.PLATFORM


def who_hurries(order: Order | None, line: OrderLine | None, details: Details) -> str:
    what = details.get("what")
    if what == Hurried.DELIVERY:
        return Side.CARRIER
    return Side.PLATFORM if what == Hurried.REFUND else seller(order, line, details)


INVOICE_KINDS: Choices = [(code, label) for code, label in InvoiceKind.choices if code]
ADDRESS = (
    Field("address", pgettext_lazy("request", "New address"), "long", longest=300),
    Field("name", pgettext_lazy("request", "Recipient"), required=False, longest=60),
    Field("phone", pgettext_lazy("request", "Telephone"), required=False, longest=30),
)
INVOICE = (
    Field("buyer", pgettext_lazy("request", "Made out to"), "choice", choices=BuyerKind.choices),
    Field("title", _("invoice title")),
    Field(
        "tax_no", _("tax number"), required=False, longest=30,
        help=_("Of a company: the unified social credit code, 18 characters."),
    ),
    Field("type", _("invoice kind"), "choice", choices=INVOICE_KINDS),
    Field("reissue", pgettext_lazy("request", "In place of an earlier one"), "flag", required=False),
)  # fmt: skip
NUMBER = Field("number", _("invoice number"), longest=40)
RED_NUMBER = Field(
    "red_number", pgettext_lazy("request", "Number of the red letter"), required=False, longest=40
)
PRICE_NOW = Field("price_now", pgettext_lazy("request", "Price of one now"), "amount")

KINDS: Mapping[str, Kind] = {
    one.code: one
    for one in (
        Kind(
            RequestKind.CANCEL, (), (), seller, "request_cancel_hours",
            says=_("Only before dispatch. What was paid goes back when the seller agrees."),
            follows=_("What was paid is refunded the way it came."),
            becomes=Outcome(CaseKind.RETURN, Ground.NO_REASON),
            judge=effects.not_dispatched, effect=effects.refund_all,
        ),
        Kind(
            RequestKind.ADDRESS, ADDRESS, (), seller, "request_address_hours",
            says=_("Only before dispatch."), follows=_("The seller sends to the new address."),
            becomes=Outcome(CaseKind.REFUND_ONLY, Ground.NOT_RECEIVED), judge=effects.not_dispatched,
        ),
        Kind(
            RequestKind.HURRY,
            (Field("what", pgettext_lazy("request", "What should go faster"), "choice", choices=Hurried.choices),),
            (Field("expected", pgettext_lazy("request", "Expected by"), "moment", required=False),),
            who_hurries, "request_hurry_hours",
            says=_("Whoever owes it says until when."), follows=_("The customer is told until when."),
            becomes=Outcome(CaseKind.REFUND_ONLY, Ground.LATE),
        ),
        Kind(
            RequestKind.INVOICE, INVOICE, (NUMBER, RED_NUMBER), seller, "request_invoice_hours",
            says=_("The tax number of a company is checked."),
            follows=_("The invoice is kept; one in place of an earlier one takes that back by a red letter."),
            becomes=Outcome(CaseKind.COMPENSATION, Ground.SERVICE, CompensationKind.GOODWILL),
            judge=effects.may_be_invoiced, effect=effects.invoice_out,
        ),
        Kind(
            RequestKind.RED_LETTER, (Field("amount", _("amount"), "amount"),), (NUMBER,), seller,
            "request_red_letter_hours",
            says=_("Opened by itself when an invoiced order is refunded."),
            follows=_("The red letter is kept beside the invoice."),
            becomes=Outcome(CaseKind.COMPENSATION, Ground.SERVICE, CompensationKind.GOODWILL),
            effect=effects.red_letter_out, by_hand=False, lapses=False, holds_ticket=False,
        ),
        Kind(
            RequestKind.PRICE, (PRICE_NOW,), (Field("price_found", pgettext_lazy("request", "Price found"), "amount"),),
            seller, "request_price_hours",
            says=_("Within the days of price protection, once for each article, against what was really paid."),
            follows=_("The difference is paid as a promise of whoever sells it."),
            becomes=Outcome(CaseKind.COMPENSATION, Ground.OTHER, CompensationKind.GOODWILL),
            judge=effects.price_protected, effect=effects.difference_paid, of_line=True,
        ),
        Kind(
            RequestKind.RESEND,
            (
                Field("pieces", pgettext_lazy("request", "Pieces"), "number"),
                Field("what", pgettext_lazy("request", "What is missing"), longest=200),
            ),
            (Field("carrier", _("Carrier"), longest=60), Field("tracking_no", _("Waybill"), longest=80)),
            seller, "request_resend_hours",
            says=_("Parts or pieces that were not in the parcel."), follows=_("The customer gets the waybill."),
            becomes=Outcome(CaseKind.REFUND_ONLY, Ground.MISSING),
            judge=effects.pieces_bought, effect=effects.waybill_checked, of_line=True,
        ),
        Kind(
            RequestKind.WARRANTY,
            (Field("serial_no", _("serial number"), required=False, longest=80),),
            (Field("card_no", pgettext_lazy("request", "Number of the card"), longest=60),),
            seller, "request_warranty_hours",
            says=_("The proof of warranty for one article."), follows=_("The customer gets the card."),
            becomes=Outcome(CaseKind.REPAIR, Ground.WARRANTY), of_line=True,
        ),
    )
}  # fmt: skip


def kind_of(code: str) -> Kind:
    """Error: kind."""
    found = KINDS.get(code)
    if found is None:
        raise DomainError(_("Choose what is asked for."), "kind")
    return found
