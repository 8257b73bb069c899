"""What this room tells the machinery at start-up: machines, facts, series, erasure."""

from django.utils.text import format_lazy
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from aftersales.cases import (  # noqa: F401 - importing declares the event kinds
    agreed,
    consumers,
    disputeselectors,
    events,
    outofhand,
    request_events,
    selectors,
    tasks,
    timing,
)
from aftersales.cases.authority import connect as authority_letters
from aftersales.cases.disputemachine import DISPUTE_MACHINE
from aftersales.cases.disputestates import RulingOutcome
from aftersales.cases.machine import (
    CASE_MACHINE,
    DIFFERENCE_MACHINE,
    PARCEL_MACHINE,
    PAYMENT_MACHINE,
    RUN_MACHINE,
)
from aftersales.cases.recovery import connect as recovery
from aftersales.cases.repairs import connect as repairs
from aftersales.cases.request_machine import REQUEST_MACHINE, SIGNAL_MACHINE
from aftersales.cases.services import erasing, limits, pagelinks, paying, runs
from aftersales.cases.states import Side
from aftersales.clocks import services as clocks
from aftersales.core import authority, deliveries, erasure, facts, files, jobs, moves, series, subjects
from aftersales.core.events import read_reasons
from aftersales.ledger import words
from aftersales.merchants import duties
from aftersales.notices import kinds

MACHINES = (
    CASE_MACHINE, PARCEL_MACHINE, PAYMENT_MACHINE, RUN_MACHINE, DIFFERENCE_MACHINE, REQUEST_MACHINE, SIGNAL_MACHINE,
    DISPUTE_MACHINE,
)  # fmt: skip
NUMBERS = {
    "case": "AS{yy}{mm}-{n:05d}",
    "case_payment": "FK{yy}{mm}-{n:05d}",
    "dispute": "JF{yy}{mm}-{n:05d}",
    "payment_run": "PR{yy}{mm}-{n:04d}",
    "service_request": "RQ{yy}{mm}-{n:05d}",
}

NAMED = ("authoritycase", "case", "casepayment", "dispute", "paymentrun", "recovery", "servicerequest")


def connect() -> None:
    duties.declare(agreed.INVOICES)
    for machine in MACHINES:
        moves.use(machine)
    for name, pattern in NUMBERS.items():
        series.declare(name, pattern)
    authority.declare(limits.RELEASE, limits.releases)
    _facts()
    clocks.follow("cases.case", timing.CLOCKED, timing.clock_subjects, seen_by=timing.cases_seen)
    clocks.delivered_to("cases.case", timing.cases_delivered_to)
    erasure.listen("customers.customer", erasing.customer_forget)
    files.declare("cases.disputeevidence", disputeselectors.evidence_files)
    files.declare("cases.parcelphoto", selectors.stored_photos)
    files.declare("cases_paymentrun", runs.known_files)
    jobs.register("cases.pay_http", tasks.pay_over_http, _("Handing a payment to its service"))
    jobs.register("cases.ask_http", tasks.ask_over_http, _("Asking what became of a payment"))
    jobs.register("cases.run_export", tasks.export_run, _("Writing a payment run"))
    for name in NAMED:
        subjects.declare(f"cases.{name}", "number")
    subjects.declare("cases.ruling", "dispute__number")
    _ledger()
    _messages()
    _rules()
    read_reasons(outofhand.REASON, outofhand.reason_words)
    repairs.connect()
    recovery.connect()
    authority_letters.connect()


def _facts() -> None:
    facts.provide("tickets.open_work", selectors.open_work)
    facts.provide("tickets.replacement", selectors.replacements_sent)
    facts.provide("cases.open_parts", selectors.open_parts)
    facts.provide("cases.bound", selectors.bound)
    facts.provide("cases.evidence", selectors.evidence_files)
    facts.provide("cases.not_approvers", paying.not_approvers)
    facts.provide("cases.released", selectors.released)
    facts.provide("cases.kept", selectors.kept)
    facts.provide("clock_subject_line:cases.case", timing.clock_subject_lines)
    facts.provide("clock_ticket:cases.case", timing.clock_tickets)
    facts.provide("cases.not_neutral", disputeselectors.not_neutral)


def _ledger() -> None:
    words.declare_facts({"dispute.ruling": pgettext_lazy("fact of a proposal", "Ruling of the platform")})
    share = pgettext_lazy("term of an amount", "Share of the fault, {side} (%)")
    terms = {
        "outcome": pgettext_lazy("term of an amount", "Ruling"),
        "amount": pgettext_lazy("term of an amount", "To the customer"),
    }
    shares = {side.value: format_lazy(share, side=side.label) for side in Side}
    words.declare_terms(terms | shares, values={"outcome": dict(RulingOutcome.choices)})


def _messages() -> None:
    """Who is told what became of it."""
    kinds.provide_late("case_link", pagelinks.case_link)
    kinds.provide_late("account_link", pagelinks.account_link)
    told = _("Tell customers where their case stands")
    deliveries.subscribe("cases.node_messages", "case.*", consumers.node_message, told)
    deliveries.subscribe("cases.parcel_messages", "case_parcel.*", consumers.node_message, told)
    deliveries.subscribe("cases.payment_messages", "payment.succeeded", consumers.node_message, told)
    deliveries.subscribe("cases.payee_messages", "payment.payee_asked", consumers.node_message, told)
    deliveries.subscribe("cases.return_messages", "payment.returned", consumers.node_message, told)
    deliveries.subscribe("cases.account_messages", "payment.account_refused", consumers.node_message, told)
    back = _("Tell staff of refunds that did not arrive")
    deliveries.subscribe("cases.money_wayless", "payment.approved", consumers.money_back, back)
    deliveries.subscribe("cases.money_failed", "payment.failed", consumers.money_back, back)
    deliveries.subscribe("cases.money_returned", "payment.returned", consumers.money_back, back)
    both = _("Tell both sides where a dispute stands")
    deliveries.subscribe("cases.dispute_messages", "dispute.*", consumers.dispute_message, both)
    asked = _("Tell customers where their request stands")
    deliveries.subscribe("cases.request_messages", "request.*", consumers.request_message, asked)


def _rules() -> None:
    """What follows by itself."""
    deliveries.subscribe("cases.rule", "case.asked", consumers.rule_judges, _("Judge plain returns by rule"))
    his = _("Ask merchants what becomes of a case, and follow their answer")
    for name, kind in (
        ("amended", "case.amended"),
        ("countered", "case.countered"),
        ("left", "case.left_to_person"),
    ):
        deliveries.subscribe(f"cases.ask_{name}", kind, consumers.merchants_turn, his)
    deliveries.subscribe("cases.merchant_asked", "notice.sent", consumers.merchant_asked, his)
    deliveries.subscribe("cases.merchant_unreached", "notice.skipped", consumers.merchant_unreached, his)
    deliveries.subscribe("cases.merchant_wrote", "ticket.merchant_wrote", consumers.merchant_wrote, his)
    missed = _("Let a person decide what a merchant did not do in time")
    deliveries.subscribe("cases.obligation_missed", "clock.breached", consumers.obligation_missed, missed)
    whose = _("Leave out late refunds that lay with the platform")
    deliveries.subscribe("cases.refund_late", "clock.breached", consumers.refund_late, whose)
    deliveries.subscribe("cases.refund_paid_late", "clock.met_late", consumers.refund_late, whose)
    looked = _("Find signals that a person should look at")
    deliveries.subscribe("cases.parcel_signals", "case_parcel.inspected", consumers.parcel_signals, looked)
    deliveries.subscribe("cases.expiry_signals", "case_parcel.expired", consumers.expiry_signals, looked)
    deliveries.subscribe("cases.picture_signals", "ticket.customer_wrote", consumers.picture_signals, looked)
    red = _("Ask for red letters of refunded invoices")
    deliveries.subscribe("cases.red_letters", "payment.succeeded", consumers.red_letter, red)
