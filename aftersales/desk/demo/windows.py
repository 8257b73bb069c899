"""Appointments in the demo: one this morning without an outcome, one this afternoon, one to be moved."""

from __future__ import annotations

from datetime import datetime, timedelta

from django.utils import timezone

from accounts.models import User
from aftersales.core.errors import DomainError
from aftersales.tickets import services
from aftersales.tickets.models import Appointment, CustomerLink, Ticket
from aftersales.tickets.services.closing import customer_link_issue, customer_link_open
from aftersales.tickets.states import AppointmentKind, AppointmentWith, TicketState

HOUR, DAY = timedelta(hours=1), timedelta(days=1)
# What, with whom, what about, begins at this hour so many days from today, how long.
AGREED = (
    (AppointmentKind.CALL_BACK, AppointmentWith.CUSTOMER, "说明换货方案", 0, -1, 1),
    (AppointmentKind.CALL_BACK, AppointmentWith.MERCHANT, "催发票", 0, 2, 1),
    (AppointmentKind.PICK_UP, AppointmentWith.CARRIER, "收货地址，取回问题商品", 1, 0, 3),
    (AppointmentKind.VISIT, AppointmentWith.PARTNER, "客户家中，检查热水器", 2, 0, 2),
)


def live(now: datetime, people: dict[str, User], system: User) -> None:
    agent = people["agent"]
    held = Ticket.objects.filter(
        state__in=(TicketState.ASSIGNED, TicketState.IN_PROGRESS), customer__isnull=False
    ).select_related("assignee")
    rows = sorted(held.order_by("assigned_at", "pk"), key=lambda one: one.assignee_id != agent.pk)
    for ticket, (kind, whom, place, days, hours, length) in zip(rows, AGREED, strict=False):
        starts = _begins(now, days, hours)
        at = min(now - timedelta(minutes=5), starts - HOUR)
        person = ticket.assignee
        if person is None or ticket.assigned_at is None or ticket.assigned_at > at:
            continue
        services.appointment_agree(
            ticket=ticket, kind=kind, with_whom=whom, place=place, starts_at=starts, ends_at=starts + length * HOUR,
            responsible=person, actor=person, now=at, outside=True,
        )  # fmt: skip
    _wish(now, system)


def _begins(now: datetime, days: int, hours: int) -> datetime:
    """Today so many hours from now, on the full hour; on later days at nine."""
    here = timezone.localtime(now).replace(minute=0, second=0, microsecond=0)
    return here + hours * HOUR if not days else here.replace(hour=9) + days * DAY


def _wish(now: datetime, system: User) -> None:
    """The customer of the pick-up asks for the afternoon."""
    one = Appointment.objects.open().filter(kind=AppointmentKind.PICK_UP).order_by("-pk").first()
    if one is None:
        return
    token = customer_link_issue(ticket=one.ticket, purpose="appointment", actor=system, now=one.agreed_at)
    link: CustomerLink | None = customer_link_open(token=token, purpose="appointment", now=now)
    if link is None:
        raise DomainError("the demo's own link is dead", "gone")
    services.appointment_wish(
        link=link, public_id=one.public_id, starts_at=one.starts_at + 5 * HOUR, ends_at=one.ends_at + 5 * HOUR,
        text="上午家里没人，下午 2 点以后可以。", now=now,
    )  # fmt: skip
