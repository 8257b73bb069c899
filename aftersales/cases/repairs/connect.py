"""What exchange and repair tell the machinery at start-up."""

from django.utils.translation import gettext_lazy as _

from aftersales.cases import consumers
from aftersales.cases.repairs import events, selectors, shipping  # noqa: F401 - importing declares the event kinds
from aftersales.cases.repairs.machine import REPAIR_MACHINE, TREE_MACHINE
from aftersales.clocks import services as clocks
from aftersales.core import deliveries, facts, moves, shipped


def connect() -> None:
    moves.use(REPAIR_MACHINE)
    moves.use(TREE_MACHINE)
    facts.provide("cases.open_parts", selectors.open_parts)
    facts.provide("cases.repair_owed", selectors.repair_owed)
    facts.provide("clock_subject_line:cases.repair", selectors.clock_subject_lines)
    facts.provide("clock_ticket:cases.repair", selectors.clock_tickets)
    clocks.follow(
        "cases.repair", "repair.*", selectors.clock_subjects, births=["repair.received"],
        seen_by=selectors.repairs_seen,
    )  # fmt: skip
    shipped.register("cases", shipping.load)
    deliveries.subscribe(
        "cases.repair_messages",
        "repair.*",
        consumers.node_message,
        _("Tell customers where their case stands"),
    )
