"""Tells people and their leads what happens to certificates: the end is near, an exam was replaced, it is over."""

from __future__ import annotations

from datetime import datetime

from django.urls import reverse

from accounts.selectors import lead_of
from accounts.services import system_user
from aftersales.core.models import Event
from training.models import Certificate

from .services import Order, notices_send

KINDS = {
    "certificate.ends_soon": "certificate.ends_soon",
    "certificate.called_up": "certificate.called_up",
    "certificate.expired": "certificate.ended",
    "certificate.suspended": "certificate.ended",
    "certificate.revoked": "certificate.ended",
}


def page_of(pk: int) -> str:
    """Where such a message leads."""
    row = Certificate.objects.filter(pk=pk).only("public_id").first()
    return reverse("training:certificate", args=[row.public_id]) if row else ""


def certificate_tell(event: Event, now: datetime) -> None:
    """The holder, and who leads him, once for each event."""
    template = KINDS.get(event.kind)
    if template is None:
        return
    row = Certificate.objects.select_related("person", "tier").get(pk=event.subject_id)
    values = {"certificate": row.number, "holder": str(row.person)}
    if template != "certificate.ended":
        values["until"] = row.valid_to
    people = [one for one in (row.person, lead_of(row.person_id)) if one is not None and one.is_active]
    notices_send(
        [Order(template, one, row, values, f"event:{event.pk}") for one in people],
        actor=system_user(), now=now,
    )  # fmt: skip
