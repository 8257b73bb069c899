"""Answers about customers for other rooms. Values leave this room only for sending, never for showing."""

from __future__ import annotations

from .models import Contact, Customer
from .states import Channel, ContactKind

CHANNEL_CONTACT = {
    Channel.EMAIL: ContactKind.EMAIL,
    Channel.SMS: ContactKind.PHONE,
    Channel.PHONE: ContactKind.PHONE,
}


def address_for(customer_id: int, channel: str) -> str:
    """Where to send on this channel: preferred first; empty when there is none or the customer refuses it."""
    customer = Customer.objects.filter(pk=customer_id).values("opt_outs", "erased_at").first()
    if customer is None or customer["erased_at"] or channel in customer["opt_outs"]:
        return ""
    contacts = Contact.objects.present().filter(
        customer_id=customer_id, kind=CHANNEL_CONTACT[Channel(channel)]
    )
    return contacts.order_by("-preferred", "pk").values_list("value", flat=True).first() or ""


def language_of(customer_id: int) -> str:
    """The language to write in: the first the customer named, else empty (the market's)."""
    languages = Customer.objects.filter(pk=customer_id).values_list("languages", flat=True).first()
    return languages[0] if languages else ""


def find_by_phone(text: str) -> list[int]:
    """Keys of customers by a whole number or its last four digits; at most 50."""
    return list(
        Contact.objects.present().phone_like(text).values_list("customer_id", flat=True).distinct()[:50]
    )
