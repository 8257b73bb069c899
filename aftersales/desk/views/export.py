"""Out of the house: a queue as a sheet, one ticket as a page for paper and as JSON. All leave a trace."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from django.http import Http404, HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import render
from django.utils import timezone
from django.utils.translation import gettext_lazy as _
from django.views.decorators.http import require_GET

from aftersales.clocks.accounts import accounts
from aftersales.clocks.accounts import document as account_document
from aftersales.core.access import needs
from aftersales.core.sheets.views import exported
from aftersales.desk import columns, queues, record, saved, workbench
from aftersales.desk.sheets import TicketList
from aftersales.desk.views.ticket import the_ticket
from aftersales.tickets.models import Attachment, CustomerLink, Message, Ticket
from aftersales.tickets.services.export import ticket_exported

PLAIN = (
    "number", "public_id", "source", "source_ref", "subject", "state", "wait_for", "wake_at", "kind", "severity",
    "nature", "graded_by", "channel", "historic", "opened_at", "assigned_at", "first_reply_at", "resolved_at",
    "closed_at", "closed_how", "result", "reopened", "version",
)  # fmt: skip


FORMATS = (("csv", "CSV"), ("xlsx", "XLSX"))


def exportable(user: Any) -> list[tuple[str, str]]:
    """Formats in which this person may take a list out, with their names."""
    return list(FORMATS) if user.has_perm(TicketList.export_capability()) else []


@require_GET
@needs("core.export_tickets")
def as_list(request: HttpRequest, fmt: str) -> HttpResponse:
    """A queue as it is filtered: the same rows in the same order, with what the list says of them.

    A list with columns of its own goes out with exactly these; the shipped one with everything the sheet has.
    """
    if fmt not in dict(FORMATS):
        raise Http404
    opened = saved.opened(request.user, request.GET)
    found = queues.listed(request.user, opened.wanted, timezone.now())
    name = f"view={opened.view.name}" if opened.view else request.GET.urlencode()
    shown = columns.on_a_sheet(opened.wanted.columns)
    return exported(request, found, TicketList.sheet, fmt, filtered=name, columns=shown)


@require_GET
@needs("desk.view")
def printed(request: HttpRequest, number: str) -> HttpResponse:
    """The ticket on paper: facts, clocks, conversation, timeline."""
    row = the_ticket(request, number)
    now = timezone.now()
    ticket_exported(ticket=row, form="print", actor=request.user, now=now)
    bench = workbench.read(row, request.user, now, whole=True)
    told = accounts([card.clock for card in bench.clocks], now)
    context = {
        "title": row.number, "now": now, "ticket": row, "bench": bench, "labels": LABELS,
        "told": list(zip(bench.clocks, told, strict=True)),
    }  # fmt: skip
    return render(request, "desk/print.html", context)


LABELS = {"internal": _("staff only"), "merchant": _("with the merchant"), "customer": _("with the customer")}


@require_GET
@needs("tickets.export")
def as_json(request: HttpRequest, number: str) -> HttpResponse:
    """The ticket with its messages, clocks and events, for another system or a reader of files."""
    row = the_ticket(request, number)
    now = timezone.now()
    ticket_exported(ticket=row, form="json", actor=request.user, now=now)
    response = JsonResponse(
        document(row, request.user, now), json_dumps_params={"ensure_ascii": False, "indent": 1}
    )
    response["Content-Disposition"] = f'attachment; filename="{row.number}.json"'
    return response


def document(row: Ticket, user: Any, now: datetime) -> dict[str, Any]:
    """What the file holds. People are named as the desk names them; the customer stays masked."""
    bench = workbench.read(row, user, now, whole=True)
    return {
        "exported_at": now,
        "complete": not bench.cut,
        "ticket": {name: getattr(row, name) for name in PLAIN} | _people(row),
        "graded_because": bench.because,
        "order": bench.order.order.external_no if bench.order else None,
        "answers": [_answer(one) for one in bench.answers],
        "record": record.document(row.record) if hasattr(row, "record") else None,
        "messages": [_message(item.message) for item in bench.stream if item.message],
        "clocks": [
            _clock(card) | {"why": card.why.sentences, "counted": account_document(one)}
            for card, one in zip(bench.clocks, accounts([card.clock for card in bench.clocks], now), strict=True)
        ],
        "events": [
            {
                "at": entry.at, "kind": entry.kind, "sentence": entry.sentence, "actor": entry.actor,
                "source": entry.source, "reason": entry.reason, "rule_version": entry.rule_version,
            }
            for entry in bench.changes
        ],
    }  # fmt: skip


def _people(row: Ticket) -> dict[str, Any]:
    return {
        "level": str(row.level),
        "customer": row.customer.masked_name if row.customer else None,
        "merchant": row.merchant.name if row.merchant else None,
        "team": row.team.name if row.team else None,
        "assignee": str(row.assignee) if row.assignee else None,
        "owner": str(row.owner) if row.owner else None,
    }


def _message(message: Message) -> dict[str, Any]:
    return {
        "at": message.at, "from": message.author_kind, "author": str(message.author) if message.author else None,
        "audience": message.audience, "channel": message.channel, "text": message.text,
        "erased_at": message.erased_at,
        "files": [_file(file) for file in message.attachments.all() if file.erased_at is None],
    }  # fmt: skip


def _answer(link: CustomerLink) -> dict[str, Any]:
    return {
        "at": link.used_at, "answer": link.answer, "rating_handling": link.rating_handling,
        "rating_outcome": link.rating_outcome,
    }  # fmt: skip


def _file(file: Attachment) -> dict[str, Any]:
    return {"name": file.original_name, "size": file.size, "sha256": file.sha256}


def _clock(card: workbench.ClockCard) -> dict[str, Any]:
    clock = card.clock
    return {
        "promise": clock.promise, "state": clock.state, "started_at": clock.started_at,
        "counted_from": clock.counted_from, "due_at": clock.due_at, "warn_at": clock.warn_at, "met_at": clock.met_at,
        "breached_at": clock.breached_at, "ended_at": clock.ended_at, "pauses": clock.pauses, "rule": card.rule,
        "source": card.source,
    }  # fmt: skip
