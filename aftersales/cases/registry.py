"""What this room tells the machinery at start-up: machines, facts, series, erasure."""

from aftersales.cases import events, selectors  # noqa: F401 - importing declares the event kinds
from aftersales.cases.machine import CASE_MACHINE, PARCEL_MACHINE, PAYMENT_MACHINE
from aftersales.cases.services import erasing
from aftersales.core import erasure, facts, moves, series


def connect() -> None:
    moves.use(CASE_MACHINE)
    moves.use(PARCEL_MACHINE)
    moves.use(PAYMENT_MACHINE)
    series.declare("case", "AS{yy}{mm}-{n:05d}")
    series.declare("case_payment", "FK{yy}{mm}-{n:05d}")
    facts.provide("tickets.open_work", selectors.open_cases)
    facts.provide("cases.open_parts", selectors.open_parts)
    facts.provide("cases.bound", selectors.bound)
    erasure.listen("customers.customer", erasing.customer_forget)
