"""Search texts: a copy of what was said, part by part, made from the rows themselves and as good as new each time."""

from collections.abc import Iterator, Sequence

from aftersales.tickets.models import ArchiveAddendum, ArchiveRecord, Message, Ticket, TicketText
from aftersales.tickets.states import TicketState

LONGEST = 4000  # characters of one part that can be searched


def text_of_ticket(ticket: Ticket) -> TicketText:
    return TicketText(ticket_id=ticket.pk, part="first", text=f"{ticket.number}\n{ticket.subject}")


def text_of_message(message: Message) -> TicketText:
    """Apart from the ticket's own, so that it goes when the message is erased."""
    return TicketText(
        ticket_id=message.ticket_id,
        part=f"message:{message.pk}",
        audience=message.audience,
        text=message.text[:LONGEST],
    )


def text_of_record(record: ArchiveRecord) -> TicketText:
    return TicketText(ticket_id=record.ticket_id, part="record", text=record.summary[:LONGEST])


def text_of_addendum(addendum: ArchiveAddendum) -> TicketText:
    return TicketText(
        ticket_id=addendum.record.ticket_id, part=f"addendum:{addendum.pk}", text=addendum.text[:LONGEST]
    )


def texts_restore(tickets: Sequence[Ticket]) -> int:
    """Write the search texts of these tickets that are missing; erased and retained words stay gone."""
    known = set(TicketText.objects.filter(ticket__in=tickets).values_list("ticket_id", "part"))
    missing = [text for text in _texts(tickets) if (text.ticket_id, text.part) not in known]
    TicketText.objects.bulk_create(missing, ignore_conflicts=True, batch_size=500)
    return len(missing)


def _texts(tickets: Sequence[Ticket]) -> Iterator[TicketText]:
    records = {record.ticket_id: record for record in ArchiveRecord.objects.filter(ticket__in=tickets)}
    kept = [row for row in tickets if row.state != TicketState.SEALED or row.pk in records]
    yield from map(text_of_ticket, kept)
    yield from map(text_of_message, Message.objects.filter(ticket__in=kept, erased_at=None))
    yield from map(text_of_record, records.values())
    addenda = ArchiveAddendum.objects.filter(record__in=records.values()).select_related("record")
    yield from map(text_of_addendum, addenda)
