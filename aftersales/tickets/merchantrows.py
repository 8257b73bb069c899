"""What of this room merchants read: the tickets that concern them, and of these what is not for staff alone.

A ticket about several merchants has a party for each of them, which is the grant; words that were said to one of them
bear his key and stay with him.
"""

from aftersales.core.rowpolicies import show, through

show(
    "tickets.Ticket",
    "tickets_ticket.merchant_id = %(me)s OR EXISTS (SELECT FROM tickets_ticketparty party "
    "WHERE party.ticket_id = tickets_ticket.id AND party.merchant_id = %(me)s)",
)
show("tickets.TicketParty", "tickets_ticketparty.merchant_id = %(me)s")
for name in ("Message", "Attachment"):
    table = f"tickets_{name.lower()}"
    show(
        f"tickets.{name}",
        f"{table}.audience <> 'internal' AND ({table}.merchant_id = %(me)s OR {table}.audience = 'customer') "
        f"AND {through(table, 'ticket_id', 'tickets_ticket')}",
    )
for name in ("Appointment", "GivenPromise"):
    show(f"tickets.{name}", f"tickets_{name.lower()}.merchant_id = %(me)s")
show("tickets.TicketWait", through("tickets_ticketwait", "ticket_id", "tickets_ticket"))
show(
    "tickets.RuleReading",
    "EXISTS (SELECT FROM merchants_merchantmember own WHERE own.user_id = tickets_rulereading.person_id "
    "AND own.merchant_id = %(me)s AND own.active_to IS NULL)",
)
