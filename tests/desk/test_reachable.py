"""What the page says about sending is what the sender does: one answer for both."""

from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from django.urls import reverse
from django.utils import timezone

from aftersales.customers.models import Contact, Customer
from aftersales.notices.models import Notice
from aftersales.tickets.models import Ticket
from tests.cast import Cast

Opener = Callable[..., Ticket]


@pytest.mark.parametrize(
    ("columns", "address", "sent"),
    [
        ({}, "a@example.com", True),
        ({"opt_outs": ["email"]}, "a@example.com", True),  # refuses offers, not answers to his question
        ({"consent_contact": False}, "a@example.com", True),
        ({}, "", False),
        ({}, "no-address", False),
    ],
)
def test_the_page_promises_what_the_sender_does(
    columns: dict[str, Any],
    address: str,
    sent: bool,
    open_ticket: Opener,
    desk: Cast,
    customer: Customer,
    work_off: Callable[..., None],
    settings: Any,
    tmp_path: Path,
) -> None:
    settings.OUTBOX_FOLDER, settings.REQUIRE_SECOND_FACTOR = tmp_path, False
    Customer.objects.filter(pk=customer.pk).update(**columns)
    if address:
        Contact(customer=customer, kind="email", value=address).save()
    now = timezone.now()
    ticket = open_ticket(at=now)
    client = desk.client("agent")
    warned = (
        'class="hint lg mute"' in client.get(reverse("desk:ticket", args=[ticket.number])).content.decode()
    )
    said = client.post(
        reverse("desk:say", args=[ticket.number]), {"voice": "customer", "text": "您好"}, follow=True
    )
    for _again in range(2):
        work_off(timezone.now() + timedelta(minutes=1))

    written = Notice.objects.filter(source="ticket.answered", channel="email")
    assert written.filter(state="sent").exists() is sent
    assert warned is not sent
    assert ("data-held" in said.content.decode()) is sent  # on its way, or noted at once
