"""What this room tells the machinery at start-up: machines, facts, series, erasure."""

from django.utils.translation import gettext_lazy as _

from aftersales.cases import (  # noqa: F401 - importing declares the event kinds
    consumers,
    disputeselectors,
    events,
    request_events,
    selectors,
    tasks,
)
from aftersales.cases.disputemachine import DISPUTE_MACHINE
from aftersales.cases.machine import (
    CASE_MACHINE,
    DIFFERENCE_MACHINE,
    PARCEL_MACHINE,
    PAYMENT_MACHINE,
    RUN_MACHINE,
)
from aftersales.cases.repairs import connect as repairs
from aftersales.cases.request_machine import REQUEST_MACHINE, SIGNAL_MACHINE
from aftersales.cases.services import erasing, limits, paying, runs
from aftersales.core import authority, deliveries, erasure, facts, files, jobs, moves, series


def connect() -> None:
    moves.use(CASE_MACHINE)
    moves.use(PARCEL_MACHINE)
    moves.use(PAYMENT_MACHINE)
    moves.use(RUN_MACHINE)
    moves.use(DIFFERENCE_MACHINE)
    moves.use(REQUEST_MACHINE)
    moves.use(SIGNAL_MACHINE)
    moves.use(DISPUTE_MACHINE)
    series.declare("case", "AS{yy}{mm}-{n:05d}")
    series.declare("case_payment", "FK{yy}{mm}-{n:05d}")
    series.declare("dispute", "JF{yy}{mm}-{n:05d}")
    series.declare("payment_run", "PR{yy}{mm}-{n:04d}")
    authority.declare(limits.RELEASE, limits.releases)
    series.declare("service_request", "RQ{yy}{mm}-{n:05d}")
    facts.provide("tickets.open_work", selectors.open_work)
    facts.provide("cases.open_parts", selectors.open_parts)
    facts.provide("cases.bound", selectors.bound)
    facts.provide("cases.not_approvers", paying.not_approvers)
    facts.provide("cases.kept", selectors.kept)
    facts.provide("cases.not_neutral", disputeselectors.not_neutral)
    files.declare("cases.disputeevidence", disputeselectors.evidence_files)
    files.declare("cases.parcelphoto", selectors.stored_photos)
    for name, pattern in (
        ("cases.node_messages", "case.*"), ("cases.parcel_messages", "case_parcel.*"),
        ("cases.payment_messages", "payment.succeeded"),
    ):  # fmt: skip
        deliveries.subscribe(
            name, pattern, consumers.node_message, _("Tell customers where their case stands")
        )
    deliveries.subscribe(
        "cases.dispute_messages",
        "dispute.*",
        consumers.dispute_message,
        _("Tell both sides where a dispute stands"),
    )
    erasure.listen("customers.customer", erasing.customer_forget)
    files.declare("cases_paymentrun", runs.known_files)
    jobs.register("cases.pay_http", tasks.pay_over_http, _("Handing a payment to its service"))
    jobs.register("cases.ask_http", tasks.ask_over_http, _("Asking what became of a payment"))
    repairs.connect()
    jobs.register("cases.run_export", tasks.export_run, _("Writing a payment run"))
    deliveries.subscribe("cases.rule", "case.asked", consumers.rule_judges, _("Judge plain returns by rule"))
    for name, pattern, handler in (
        ("cases.parcel_signals", "case_parcel.inspected", consumers.parcel_signals),
        ("cases.picture_signals", "ticket.customer_wrote", consumers.picture_signals),
    ):
        deliveries.subscribe(name, pattern, handler, _("Find signals that a person should look at"))
    deliveries.subscribe(
        "cases.red_letters",
        "payment.succeeded",
        consumers.red_letter,
        _("Ask for red letters of refunded invoices"),
    )
    deliveries.subscribe(
        "cases.request_messages",
        "request.*",
        consumers.request_message,
        _("Tell customers where their request stands"),
    )
