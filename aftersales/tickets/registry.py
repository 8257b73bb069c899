"""What this room tells the machinery at start-up: machine, facts, consumers, jobs."""

from aftersales.clocks import services as clocks
from aftersales.core import deliveries, facts, jobs, moves, retention, series, shipped
from aftersales.notices import kinds
from aftersales.tickets import consumers, events, selectors, shipping, tasks  # noqa: F401 - importing declares the event kinds
from aftersales.tickets.machine import MACHINE
from aftersales.tickets.services import node_messages


def connect() -> None:
    moves.use(MACHINE)
    series.declare("ticket", "TK{yy}{mm}-{n:05d}")
    series.declare("archive", "DA{yy}{mm}-{n:05d}")
    clocks.follow(
        "tickets.ticket", "ticket.*", selectors.clock_subjects,
        handovers=["ticket.assigned", "ticket.transferred", "ticket.unassigned", "ticket.routed"],
        births=["ticket.opened"],
    )  # fmt: skip
    shipped.register("tickets", shipping.load)
    facts.provide("tickets.contact_tries", selectors.contact_tries)
    facts.provide("tickets.reopen_until", selectors.reopen_until)
    deliveries.subscribe("tickets.node_messages", "ticket.*", consumers.node_message)
    deliveries.subscribe("tickets.breach_alerts", "clock.breached", consumers.breach_alert)
    deliveries.subscribe("tickets.warnings", "clock.warned", consumers.breach_alert)
    kinds.provide_late("confirm_link", node_messages.confirm_link)
    retention.declare("tickets")
    jobs.register("tickets.intake", tasks.intake_job)
