"""The archive (R5.5, R5.6): record within 24 hours, reviewed by a lead, addenda until sealed, kept three years."""

from collections.abc import Mapping
from datetime import date, datetime
from typing import Any
from zoneinfo import ZoneInfo

from django.conf import settings
from django.db import transaction
from django.utils.translation import gettext_lazy as _

from accounts.services import system_user
from aftersales.core import events, moves, retention, series
from aftersales.core.errors import DomainError, NotPermitted
from aftersales.core.models import Event
from aftersales.standards.selectors import duration, parameter
from aftersales.tickets import rules
from aftersales.tickets.models import ArchiveAddendum, ArchiveRecord, Attachment, Ticket, TicketText
from aftersales.tickets.querysets import TicketQuerySet
from aftersales.tickets.services import erasing, searching
from aftersales.tickets.services.conversation import clean_text
from aftersales.tickets.states import TicketState

SWEEP_LIMIT = 2000


def ticket_archive(
    *, ticket: Ticket, summary: str, actor: Any, now: datetime, version: int | None = None
) -> Ticket:
    """The lead's review makes the record and gives it its number; the ticket is archived."""
    number = _number_ahead(ticket, summary, actor, now)
    with transaction.atomic():
        ticket = Ticket.objects.select_for_update(of=("self",)).get(pk=ticket.pk)
        until = (ticket.closed_at or now) + duration("seal_days", now)
        moved = moves.perform(
            ticket, "archive", actor=actor, now=now, version=version, summary=summary, wake_at=until
        )
        record = _record(moved, number, summary.strip(), until, actor, now)
        TicketText.objects.update_or_create(
            ticket=moved, part="record", defaults={"text": searching.text_of_record(record).text}
        )
        events.record(
            "ticket.recorded", subject=moved, actor=actor, now=now,
            payload={"number": record.number, "record_id": record.pk},
        )  # fmt: skip
    return moved


def _number_ahead(ticket: Ticket, summary: str, actor: Any, now: datetime) -> str:
    """Numbers are drawn before the transaction (core.series); none for a review that will be refused anyway."""
    refused = moves.judged([ticket], "archive", actor=actor, now=now)[ticket.pk]
    if refused or len(summary.strip()) < rules.MIN_SUMMARY:
        return ""
    return "" if ArchiveRecord.objects.filter(ticket=ticket).exists() else series.next_number("archive", now)


def _record(
    ticket: Ticket, number: str, summary: str, seal_after: datetime, actor: Any, now: datetime
) -> ArchiveRecord:
    """A reopened ticket comes back to its own record: the number stays, the content is renewed."""
    known = ArchiveRecord.objects.filter(ticket=ticket).first()
    record = known or ArchiveRecord(ticket=ticket, number=number or series.next_number("archive", now))
    order = ticket.order
    for name in (
        "kind",
        "severity",
        "nature",
        "channel",
        "result",
        "customer_id",
        "merchant_id",
        "opened_at",
    ):
        setattr(record, name, getattr(ticket, name))
    record.place = " ".join(part for part in (order.ship_province, order.ship_city) if part) if order else ""
    record.completed_at = ticket.closed_at or now
    record.archived_at, record.reviewed_by = now, actor
    record.summary, record.handlers = summary, _handlers(ticket)
    until = keep_until(record.completed_at)
    record.seal_after, record.keep_until = seal_after, max(until, record.keep_until or until)
    record.save()
    return record


def _handlers(ticket: Ticket) -> list[dict[str, Any]]:
    """Who held the ticket from when until when, from its events (R5.6)."""
    given = Event.objects.about("tickets.ticket", ticket.pk).filter(kind__in=HANDED).order_by("id")
    return [
        {"person_id": one.person, "since": one.since.isoformat(), "until": one.until.isoformat()}
        for one in rules.handlings([(e.payload.get("to_id"), e.at) for e in given], ticket.closed_at)
        if one.until
    ]


HANDED = ("ticket.assigned", "ticket.transferred", "ticket.unassigned")


def keep_until(completed_at: datetime) -> date:
    """At least so many years after completion (R5.5), in the market's calendar; 29 February counts as 1 March."""
    local = completed_at.astimezone(ZoneInfo(settings.TIME_ZONE)).date()
    years = int(parameter("retention_years", completed_at))
    try:
        return local.replace(year=local.year + years)
    except ValueError:
        return date(local.year + years, 3, 1)


def addendum_add(*, record: ArchiveRecord, text: str, actor: Any, now: datetime) -> ArchiveAddendum:
    """Something learnt later is appended, until the record is sealed."""
    if not actor.has_perm("tickets.addendum"):
        raise NotPermitted()
    with transaction.atomic():
        locked = _locked(record)
        if locked.sealed_at:
            raise DomainError(_("The record is sealed; nothing can be added."), "sealed")
        addendum = ArchiveAddendum.objects.create(record=locked, author=actor, text=clean_text(text), at=now)
        searching.text_of_addendum(addendum).save(force_insert=True)
        events.record(
            "ticket.addendum",
            subject=locked.ticket,
            actor=actor,
            now=now,
            payload={"addendum_id": addendum.pk},
        )
    return addendum


def _locked(record: ArchiveRecord) -> ArchiveRecord:
    """The ticket before its record, as sealing locks them: the other order would be a deadlock."""
    Ticket.objects.select_for_update(of=("self",)).get(pk=record.ticket_id)
    rows = ArchiveRecord.objects.select_for_update(of=("self",)).select_related("ticket")
    locked: ArchiveRecord = rows.get(pk=record.pk)
    return locked


def archive_hold_set(*, record: ArchiveRecord, reason: str, actor: Any, now: datetime) -> ArchiveRecord:
    """A legal hold keeps the record beyond its time."""
    return _hold(record, reason, "archive.hold_set", reason, actor, now)


def archive_hold_lift(*, record: ArchiveRecord, reason: str, actor: Any, now: datetime) -> ArchiveRecord:
    return _hold(record, "", "archive.hold_lifted", reason, actor, now)


def _hold(
    record: ArchiveRecord, value: str, event: str, reason: str, actor: Any, now: datetime
) -> ArchiveRecord:
    if not actor.has_perm("tickets.hold"):
        raise NotPermitted()
    if not reason.strip():
        raise DomainError(_("A legal hold needs its reason."), "reason")
    with transaction.atomic():
        locked = _locked(record)
        locked.legal_hold = value[:200]
        locked.save(update_fields=["legal_hold"])
        events.record(
            event,
            subject=locked.ticket,
            actor=actor,
            now=now,
            reason=reason,
            payload={"record_id": locked.pk},
        )
    return locked


def archive_searched(*, actor: Any, filters: Mapping[str, Any], found: int, now: datetime) -> None:
    """A look-up in the archive leaves a trace (R5.5): which filters were used and how many hits, never the words."""
    if not actor.has_perm("tickets.view_archive"):
        raise NotPermitted()
    events.record(
        "archive.searched", subject=actor, actor=actor, now=now,
        payload={"filters": ",".join(sorted(key for key, value in filters.items() if value)), "found": found},
    )  # fmt: skip


def archive_opened(*, record: ArchiveRecord, actor: Any, now: datetime) -> None:
    """Somebody read a record: that leaves a trace too (R5.5)."""
    if not actor.has_perm("tickets.view_archive"):
        raise NotPermitted()
    events.record(
        "archive.opened", subject=record.ticket, actor=actor, now=now, payload={"record_id": record.pk}
    )


def seal_sweep(*, now: datetime, limit: int = SWEEP_LIMIT) -> int:
    """Seal records whose windows are over; one whose money came back waits until it is paid."""
    rows = Ticket.objects.to_wake(now, TicketState.ARCHIVED).filter(cases_open=0)
    ids = list(rows.values_list("pk", flat=True)[:limit])
    with transaction.atomic():
        due: TicketQuerySet = Ticket.objects.filter(pk__in=ids)
        done = moves.perform_many(due, "seal", actor=system_user(), now=now).done
        ArchiveRecord.objects.filter(ticket__in=[row.pk for row in done]).update(sealed_at=now)
    return len(done)


def retention_run(*, now: datetime) -> int:
    """Remove records past their time with every word that was said: subject, messages, files, notices, reasons.

    PostgreSQL re-checks age and hold itself: the function belongs to the owner and refuses anything younger (R5.5,
    DESIGN 3). Files go by a job, asked for as long as one is left. The bare ticket stays: dates, codes, amounts.
    """
    removed = retention.run("tickets", now)
    if Attachment.objects.filter(erased_at__isnull=False, file_gone_at=None).exists():
        erasing.ask_for_removal(now)
    if removed:
        system = system_user()
        events.record("tickets.retained", subject=system, actor=system, now=now, payload={"count": removed})
    return removed
