"""The tickets of an order, a customer or a merchant, on the page of that record in its register."""

from __future__ import annotations

from typing import Any

from django.http import HttpRequest
from django.template.loader import render_to_string
from django.urls import reverse

from aftersales.core import panels
from aftersales.tickets.looks import state_badge
from aftersales.tickets.selectors import TICKETS_SHOWN, tickets_about


def connect() -> None:
    """Offer the panels to the registers below."""
    for label in ("orders.order", "customers.customer", "merchants.merchant"):
        panels.offer(label, tickets_of)


def tickets_of(row: Any, request: HttpRequest) -> str:
    """Number, subject, state, opened, assignee, newest first, of those this reader may see."""
    user: Any = request.user
    if not user.has_perm("tickets.view_ticket"):
        return ""
    about = row._meta.model_name
    found = tickets_about(user, **{about: row.pk})
    context = {
        "tickets": [(ticket, state_badge(ticket.state, ticket.wait_for)) for ticket in found[:TICKETS_SHOWN]],
        "all": f"{reverse('admin:tickets_ticket_changelist')}?{about}={row.pk}",
        "more": len(found) > TICKETS_SHOWN,
        "may_open": user.has_perm("desk.view"),
    }
    return render_to_string("desk/_tickets_of.html", context, request)
