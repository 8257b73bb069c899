"""Naming another account: the one thing a payer who is not the customer of the case does on a page of ours."""

from __future__ import annotations

from typing import Any

from django.db import transaction
from django.utils.translation import gettext as _

from aftersales.cases import services
from aftersales.cases.machine import PAYMENT_MACHINE
from aftersales.cases.models import CasePayment
from aftersales.cases.services import PayeeDraft
from aftersales.cases.states import NameCheck
from aftersales.core import wording
from aftersales.core.errors import DomainError
from aftersales.tickets import services as tickets
from aftersales.tickets.models import CustomerLink

PAYEE = "payee"
SOURCE = "account_page"
PROOF = 300


def may_name(payment: CasePayment) -> bool:
    """Whether the machine takes another account for it now."""
    return payment.state in PAYMENT_MACHINE["replace"].sources


def _his_words(refusal: DomainError) -> DomainError:
    """What staff are told names an option of their own form."""
    if refusal.code != "name_differs":
        return refusal
    words = _(
        "The holder is not the name this order was paid under: choose “Somebody else's”, say how you are related, "
        "and add a proof."
    )
    return DomainError(words, refusal.code)


def name_account(link: CustomerLink, payment: CasePayment, given: Any) -> CasePayment:
    """The account with his consent as he read it; a proof that is a file joins the conversation, with its hash.

    Both or nothing: an account that is refused leaves no file behind.
    """
    data, proven = given.data, given.data["whose"] == NameCheck.PROVEN
    named = ", ".join(f"{one.original_name} ({one.sha256[:12]})" for one in given.files)
    proof = " · ".join(filter(None, (data["proof"].strip(), named))) if proven else ""
    agreed = _("On his own page, %(at)s: %(words)s") % {
        "at": wording.minute(given.now), "words": given.consent,
    }  # fmt: skip
    draft = PayeeDraft(
        holder=data["holder"], account=data["account"], bank=data["bank"], name_check=data["whose"],
        consent=agreed[:PROOF], proof=proof[:PROOF],
    )  # fmt: skip
    with transaction.atomic():
        try:
            anew = services.payment_replace(
                payment=payment, draft=draft, actor=given.actor, now=given.now, version=given.version
            )
        except DomainError as refusal:
            raise _his_words(refusal) from refusal
        if given.files:
            message = _("Proof for the account of payment %(number)s.") % {"number": payment.number}
            tickets.customer_message(
                ticket=link.ticket, text=message, files=given.files, source=SOURCE if given.ref else "",
                source_ref=given.ref, acting_as=f"customer:{payment.payee_id}", actor=given.actor, now=given.now,
            )  # fmt: skip
    return anew
