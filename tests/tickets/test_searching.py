"""Search texts: found while the words are there, gone with them, made anew from what is left."""

import io
import json
from collections.abc import Callable
from datetime import datetime, timedelta

from django.core.management import call_command

from aftersales.tickets import services
from aftersales.tickets.models import ArchiveRecord, Message, Ticket, TicketText
from aftersales.tickets.selectors.words import search_ids
from tests.cast import Cast

Opener = Callable[..., Ticket]


def found(text: str, desk: Cast) -> list[int]:
    return search_ids(text, user=desk.lead)


def test_an_erased_first_message_is_not_found_any_more(
    open_ticket: Opener, desk: Cast, now: datetime
) -> None:
    ticket = open_ticket(subject="耳机坏了", text="我的身份证号写在这里")
    assert found("身份证", desk) == [ticket.pk] == found("耳机", desk)

    services.message_erase(
        message=Message.objects.get(ticket=ticket), actor=desk.privacy_officer, now=now, reason="客户要求"
    )

    assert found("身份证", desk) == []
    assert found("耳机", desk) == [ticket.pk]
    services.rollups_rebuild(now=now)
    assert found("身份证", desk) == []


def test_texts_that_are_gone_are_made_anew_and_only_those(
    open_ticket: Opener, desk: Cast, now: datetime
) -> None:
    ticket = open_ticket(text="左耳没有声音")
    services.note_add(ticket=ticket, text="客户很着急", actor=desk.agent, now=now)
    kept = TicketText.objects.get(ticket=ticket, part="first").pk
    TicketText.objects.exclude(pk=kept).delete()

    told = io.StringIO()
    call_command("rebuild_rollups", stdout=told)

    assert json.loads(told.getvalue()) == {"tickets": 0, "clocks": 0, "texts": 2, "deliveries": 0}
    assert found("着急", desk) == [ticket.pk] == found("左耳", desk)
    assert TicketText.objects.get(ticket=ticket, part="first").pk == kept


def test_what_retention_removed_does_not_come_back(open_ticket: Opener, desk: Cast, now: datetime) -> None:
    past = now - timedelta(days=4 * 365)
    ticket = services.ticket_take(ticket=open_ticket(at=past, text="四年前的话"), actor=desk.agent, now=past)
    ticket = services.ticket_resolve(
        ticket=ticket, result="explained", text="好了。", actor=desk.agent, now=past
    )
    ticket = services.ticket_verify(ticket=ticket, how="phone", reason="好了", actor=desk.agent, now=past)
    services.ticket_archive(ticket=ticket, summary="核对后解释清楚，客户认可。", actor=desk.lead, now=past)
    services.seal_sweep(now=now)
    assert services.retention_run(now=now) == 1

    services.rollups_rebuild(now=now)

    assert not ArchiveRecord.objects.exists()
    assert not TicketText.objects.exists()
