"""What went beyond the ordinary on one day: exceptions, decisions of two persons, decisions above a limit (R1.3)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from django.conf import settings
from django.db.models import Q
from django.utils.translation import pgettext_lazy

from aftersales.core import events, subjects
from aftersales.core.models import Event

MOST = 500
WAITED = "awaiting_approval"


@dataclass(frozen=True)
class Group:
    """One kind of exception; ``found`` says which events are of it."""

    code: str
    label: Any
    found: Q


GROUPS: Sequence[Group] = (
    Group(
        "overrides", pgettext_lazy("exceptions", "Certified by exception"),
        Q(kind__in=["certificate.proposed", "certificate.overridden", "certificate.declined"]),
    ),
    Group(
        "above", pgettext_lazy("exceptions", "Above the limit, sent to a second person"), Q(kind="payment.asked"),
    ),
    Group(
        "two", pgettext_lazy("exceptions", "Decided by two persons"),
        Q(kind__in=["payment.approved", "payment.rejected"], old=WAITED)
        | Q(kind__in=["write_off.proposed", "write_off.approved"]),
    ),
    Group(
        "certificates", pgettext_lazy("exceptions", "Certificates suspended or revoked"),
        Q(kind__in=["certificate.suspended", "certificate.revoked"]),
    ),
)  # fmt: skip


@dataclass(frozen=True)
class Line:
    """One event of the day, its sentence, and what it is about."""

    at: datetime
    sentence: str
    reason: str
    about: subjects.Subject | None


def span(day: date) -> tuple[datetime, datetime]:
    """The day in the installation's zone."""
    zone = ZoneInfo(settings.TIME_ZONE)
    return datetime.combine(day, time.min, zone), datetime.combine(day + timedelta(days=1), time.min, zone)


def of_day(day: date, reader: Any) -> list[tuple[Group, list[Line]]]:
    """Every group with its events, oldest first, at most ``MOST`` each. One statement a group, two a kind of row."""
    begin, end = span(day)
    rows = Event.objects.filter(at__gte=begin, at__lt=end)
    found = [(group, list(rows.filter(group.found).order_by("at", "id")[:MOST])) for group in GROUPS]
    keys = {(event.subject_kind, event.subject_id) for _group, events_ in found for event in events_}
    named = subjects.named(sorted(keys), reader)
    return [(group, [_line(event, named) for event in events_]) for group, events_ in found]


def counts(day: date) -> list[tuple[Group, int]]:
    """How many of each group: for the message. One statement a group."""
    begin, end = span(day)
    rows = Event.objects.filter(at__gte=begin, at__lt=end)
    return [(group, rows.filter(group.found).count()) for group in GROUPS]


def _line(event: Event, named: Mapping[tuple[str, int], subjects.Subject]) -> Line:
    sentence = events.sentence(event)
    shown = event.reason if event.reason and event.reason not in sentence else ""
    return Line(event.at, sentence, shown, named.get((event.subject_kind, event.subject_id)))
