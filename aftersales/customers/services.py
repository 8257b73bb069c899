"""Every write about customers. Personal data is masked, revealed with a reason, and erasable (R2.2)."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from django.db import IntegrityError, transaction
from django.utils.translation import gettext_lazy as _

from aftersales.core import erasure, events, registers, retention
from aftersales.core.errors import DomainError, NotPermitted

from . import rules
from .models import Contact, Customer, CustomerAccount, StaffContact
from .states import CustomerClass, OwnKind


def customer_create(*, code: str, actor: Any, now: datetime, **columns: Any) -> Customer:
    """A new person. Errors: not_permitted, customer_exists."""
    _require(actor, "customers.add_customer")
    try:
        with transaction.atomic():
            created: Customer = registers.create(
                Customer(code=code.strip(), **columns), actor=actor, now=now, event="customer.created"
            )
    except IntegrityError as error:
        raise DomainError(_("A customer with this code exists already."), "customer_exists") from error
    return created


def customer_change(
    *, customer: Customer, actor: Any, now: datetime, version: int | None = None, **columns: Any
) -> Customer:
    """Change a customer record. The class has its own service, because it needs a reason."""
    _require(actor, "customers.change_customer")
    if {"customer_class", "class_reason"} & set(columns):
        raise ValueError("the class changes by customer_classify")
    _refuse_erased(customer)
    changed: Customer = registers.save(
        customer, actor=actor, now=now, event="customer.changed", version=version, **columns
    )
    return changed


def staff_contact_add(*, person: Any, kind: str, value: str, actor: Any, now: datetime) -> StaffContact:
    """Note a private contact of an employee, so that nobody handles his own order. Errors: value, unknown_kind."""
    _require(actor, "customers.add_staffcontact")
    if kind not in OwnKind.values:
        raise DomainError(_("Choose one of the kinds."), "unknown_kind")
    key = rules.search_key(kind, value)[:300]
    if not key:
        raise DomainError(_("Please give the contact."), "value")
    known: StaffContact | None = (
        StaffContact.objects.present().filter(person=person, kind=kind, search_key=key).first()
    )
    if known is not None:
        return known
    row = StaffContact(person=person, kind=kind, search_key=key)
    payload = {"kind": kind, "person": person.pk}
    added: StaffContact = registers.create(
        row, actor=actor, now=now, event="staff_contact.added", payload=payload
    )
    return added


def staff_contact_end(*, contact: StaffContact, actor: Any, now: datetime) -> StaffContact:
    """The contact is no longer the employee's; what was decided because of it stays."""
    _require(actor, "customers.add_staffcontact")
    payload = {"kind": contact.kind, "person": contact.person_id}
    ended: StaffContact = registers.save(
        contact, actor=actor, now=now, event="staff_contact.ended", payload=payload, ended_at=now
    )
    return ended


def customer_classify(
    *,
    customer: Customer,
    customer_class: str,
    reason: str,
    actor: Any,
    now: datetime,
    version: int | None = None,
) -> Customer:
    """General, key or special (R2.3), with the reason (else: reason_missing). No legal right reads it."""
    _require(actor, "customers.classify")
    _refuse_erased(customer)
    reason = _reason(reason)
    if customer_class not in CustomerClass.values:
        raise DomainError(_("This class does not exist."), "unknown_class")
    changed: Customer = registers.save(
        customer,
        actor=actor,
        now=now,
        event="customer.reclassified",
        version=version,
        payload={"old_class": customer.customer_class, "new_class": customer_class},
        customer_class=customer_class,
        class_reason=reason,
    )
    return changed


def consent_set(
    *,
    customer: Customer,
    actor: Any,
    now: datetime,
    consent_contact: bool,
    consent_marketing: bool,
    opt_outs: list[str],
) -> Customer:
    """What the customer agrees to and which channels he refuses, with the moment he said so."""
    _require(actor, "customers.change_customer")
    _refuse_erased(customer)
    changed: Customer = registers.save(
        customer,
        actor=actor,
        now=now,
        event="customer.consent_changed",
        consent_contact=consent_contact,
        consent_marketing=consent_marketing,
        opt_outs=sorted(set(opt_outs)),
        consent_at=now,
    )
    return changed


def account_add(
    *, customer: Customer, source: str, external_id: str, actor: Any, now: datetime
) -> CustomerAccount:
    """Another account id of the same person. Errors: account_taken when it belongs to somebody else."""
    _require(actor, "customers.change_customer")
    found: CustomerAccount | None = CustomerAccount.objects.filter(
        source=source, external_id=external_id
    ).first()
    if found is None:
        row = CustomerAccount(customer=customer, source=source, external_id=external_id)
        added: CustomerAccount = registers.create(row, actor=actor, now=now, event="customer.account_added")
        return added
    if found.customer_id != customer.pk:
        raise DomainError(_("This account id belongs to another customer."), "account_taken")
    return found


def contact_add(
    *,
    customer: Customer,
    kind: str,
    value: str,
    actor: Any,
    now: datetime,
    label: str = "",
    preferred: bool = False,
) -> Contact:
    """A contact of a customer; the same one again (other spelling, same key) is returned, not doubled."""
    _require(actor, "customers.change_contact")
    _refuse_erased(customer)
    value = value.strip()
    if not rules.search_key(kind, value):
        raise DomainError(_("This contact is empty."), "contact_empty")
    known = Contact.objects.present().filter(
        customer=customer, kind=kind, search_key=rules.search_key(kind, value)
    )
    if found := known.first():
        return found  # type: ignore[no-any-return]
    row = Contact(customer=customer, kind=kind, value=value, label=label, preferred=preferred)
    return registers.create(row, actor=actor, now=now, event="contact.created", payload={"kind": kind})  # type: ignore[no-any-return]


def contact_bounced(*, contact_id: int, bounced: bool, actor: Any, now: datetime) -> None:
    """A message to this contact came back, or its owner wrote from it after all. The same again changes nothing."""
    with transaction.atomic():
        contact = (
            Contact.objects.select_for_update(of=("self",)).filter(pk=contact_id, erased_at=None).first()
        )
        if contact is None or bool(contact.bounced_at) == bounced:
            return
        registers.save(
            contact, actor=actor, now=now, event="contact.bounced" if bounced else "contact.reached",
            payload={"kind": contact.kind}, bounced_at=now if bounced else None,
        )  # fmt: skip


def contact_reveal(*, contact: Contact, actor: Any, reason: str, now: datetime, context: str = "") -> str:
    """The full value, shown to one person for one reason, and recorded without the value.

    ``context`` names the page's subject, such as ``tickets.ticket:12``. Errors: reason_missing, erased.
    """
    _require(actor, "customers.reveal")
    return _revealed(contact, actor, _reason(reason), now, context)


def addressee_reveal(*, contact: Contact, actor: Any, reason: str, now: datetime, context: str) -> str:
    """The same for whoever is about to send a parcel there; the room that knows the parcel has asked for which.

    Errors: not_permitted, erased.
    """
    _require(actor, "customers.reveal_addressee")
    return _revealed(contact, actor, reason, now, context)


def _revealed(contact: Contact, actor: Any, reason: str, now: datetime, context: str) -> str:
    if contact.erased_at:
        raise DomainError(_("This contact was erased."), "erased")
    payload = {"kind": contact.kind, "customer": contact.customer_id, "context": context[:60]}
    events.record("contact.revealed", subject=contact, actor=actor, now=now, reason=reason, payload=payload)
    return contact.value


def contact_erase(*, contact: Contact, actor: Any, reason: str, now: datetime) -> Contact:
    """Remove one contact for good; the row and a tombstone event stay."""
    _require(actor, "customers.erase")
    reason = _reason(reason)
    with transaction.atomic():
        return _erase_contact(contact, actor=actor, reason=reason, now=now)


def customer_erase(*, customer: Customer, actor: Any, reason: str, now: datetime) -> Customer:
    """Erase name, needs and all contacts of a person (R2.2), and what rooms above hold of him: words of tickets,
    files, messages. Orders, tickets and archive records stay, without a face.

    What a law keeps longer (invoices, records under a legal hold) stays where that law wants it. Asked again, it
    erases what has come in since.
    """
    _require(actor, "customers.erase")
    reason = _reason(reason)
    with transaction.atomic():
        erasure.spread(customer, actor=actor, reason=reason, now=now, before=True)
        erased = customer if customer.erased_at else _erase_person(customer, actor, reason, now)
        retention.forget("customers", [erased.pk])
        erasure.spread(erased, actor=actor, reason=reason, now=now)
    return erased


def _erase_person(customer: Customer, actor: Any, reason: str, now: datetime) -> Customer:
    erased: Customer = registers.save(
        customer,
        actor=actor,
        now=now,
        event="customer.erased",
        reason=reason,
        name="",
        gender="",
        preferences="",
        service_needs="",
        class_reason="",
        postcode="",
        erased_at=now,
    )
    for contact in Contact.objects.present().filter(customer=customer).order_by("pk"):
        _erase_contact(contact, actor=actor, reason=reason, now=now)
    return erased


def _erase_contact(contact: Contact, *, actor: Any, reason: str, now: datetime) -> Contact:
    erased: Contact = registers.save(
        contact,
        actor=actor,
        now=now,
        event="contact.erased",
        reason=reason,
        payload={"kind": contact.kind},
        value="",
        label="",
        erased_at=now,
    )
    return erased


def _reason(text: str) -> str:
    text = text.strip()
    if len(text) < rules.REASON_LENGTH:
        raise DomainError(_("Give a reason of at least five characters."), "reason_missing")
    return text


def _refuse_erased(customer: Customer) -> None:
    if customer.erased_at:
        raise DomainError(_("This customer's data was erased."), "erased")


def _require(actor: Any, capability: str) -> None:
    if not actor.has_perm(capability):
        raise NotPermitted()
