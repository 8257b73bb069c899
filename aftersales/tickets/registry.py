"""What this room tells the machinery at start-up: machine, facts, consumers, jobs."""

from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from accounts import qualifications
from aftersales.clocks import services as clocks
from aftersales.core import deliveries, erasure, facts, files, jobs, moves, retention, series, shipped
from aftersales.core.events import blur, declare_reasons, read_reasons
from aftersales.notices import kinds
from aftersales.standards import vocabulary
from aftersales.tickets import consumers, events, selectors, shipping, tasks  # noqa: F401 - importing declares the event kinds
from aftersales.tickets.machine import APPOINTMENT_MACHINE, AUTOMATION_MACHINE, MACHINE, PROMISE_MACHINE
from aftersales.tickets.selectors import appointments, checks, merging, promises, pulling, reading, writing
from aftersales.tickets.selectors.cited import doer
from aftersales.tickets.selectors.dispatching import own_order_facts, worked_before
from aftersales.tickets.selectors.neutral import blurred
from aftersales.tickets.services import (
    appointment_letters,
    erasing,
    merge_letters,
    node_messages,
    rebuild,
    running,
    unsent,
)
from aftersales.tickets.states import Channel, DispatchPart, Kind, LoadFactor, Nature, OwnReason, Severity


def connect() -> None:
    moves.use(MACHINE)
    moves.use(AUTOMATION_MACHINE)
    moves.use(PROMISE_MACHINE)
    moves.use(APPOINTMENT_MACHINE)
    qualifications.tell_experience(worked_before)
    series.declare("ticket", "TK{yy}{mm}-{n:05d}")
    series.declare("archive", "DA{yy}{mm}-{n:05d}")
    clocks.follow(
        "tickets.ticket", "ticket.*", selectors.clock_subjects,
        handovers=[
            *("ticket.assigned", "ticket.transferred", "ticket.unassigned", "ticket.routed"),
            *("ticket.merged", "ticket.absorbed", "ticket.unmerged", "ticket.released", "ticket.split_off"),
        ],
        births=["ticket.opened"], held_after=selectors.held_after, seen_by=selectors.tickets_seen,
        graded=selectors.open_of_severity, lock_rows=rebuild.rows_lock, write_rows=rebuild.rows_write,
    )  # fmt: skip
    for condition, known in (
        ("severities", Severity), ("natures", Nature), ("channels", Channel), ("kinds", Kind),
    ):  # fmt: skip
        vocabulary.offer(condition, known.choices)
    vocabulary.offer("dispatch_parts", [*DispatchPart.choices, *LoadFactor.choices])
    vocabulary.offer("tags", [("urgent", pgettext_lazy("mark of a ticket", "Urgent"))])
    facts.provide("clock_subject_line:tickets.ticket", selectors.clock_subject_lines)
    shipped.register("tickets", shipping.load)
    blur(blurred)
    facts.provide("tickets.own_order", own_order_facts)
    facts.provide("tickets.open_work", merging.open_children)
    facts.provide("tickets.contact_tries", selectors.contact_tries)
    facts.provide("tickets.rules_unread", reading.assignees_unread)
    facts.provide("tickets.certificate", pulling.assignees_lacking)
    facts.provide("tickets.open_work", promises.open_promises)
    facts.provide("tickets.open_work", appointments.open_appointments)
    facts.provide("tickets.unchecked", checks.unchecked)
    facts.provide("tickets.reopen_until", selectors.reopen_until)
    facts.provide("tickets.question", selectors.questions)
    _follow_events()
    _take_work()
    retention.declare("tickets")
    files.declare("tickets.attachment", selectors.stored_files)
    files.declare("tickets.unsentfile", writing.stored_files)
    read_reasons("rule", doer)
    declare_reasons(OwnReason)
    erasure.listen("customers.customer", erasing.customer_forget)


def _follow_events() -> None:
    """Consumers of events, and what their messages ask before they go out."""
    deliveries.subscribe(
        "tickets.node_messages", "ticket.*", consumers.node_message, _("Tell people at each step")
    )
    for name, pattern in (("tickets.waits", "ticket.resumed"), ("tickets.waits_resolved", "ticket.resolved")):
        deliveries.subscribe(name, pattern, consumers.wait_over, _("Hand on what waited"))
    deliveries.subscribe("tickets.questions", "notice.*", consumers.question_fared, _("Follow the question"))
    deliveries.subscribe(
        "tickets.breach_alerts", "clock.breached", consumers.breach_alert, _("Tell of breaches")
    )
    deliveries.subscribe(
        "tickets.escalations", "clock.escalated", consumers.breach_alert, _("Tell whom the ladder names")
    )
    deliveries.subscribe(
        "tickets.warnings", "clock.warned", consumers.breach_alert, _("Warn before time is over")
    )
    kinds.provide_late("confirm_link", node_messages.confirm_link)
    for code in ("clock.warned", "clock.breached", "clock.breached.lead"):
        kinds.provide_check(code, node_messages.promise_still_open)
    kinds.provide_late("appointment_link", appointment_letters.link)
    for code in appointment_letters.STANDING:
        kinds.provide_check(code, appointment_letters.stands)
    kinds.provide_check(merge_letters.MERGED, merge_letters.still_merged)
    for name, pattern in (
        ("tickets.automation", "ticket.*"), ("tickets.automation_warned", "clock.warned"),
        ("tickets.automation_breached", "clock.breached"),
    ):  # fmt: skip
        deliveries.subscribe(name, pattern, consumers.automation, _("Let the rules act"))


def _take_work() -> None:
    """Kinds of work for later."""
    jobs.register("tickets.simulate", tasks.simulate_job, _("Play last week's dispatch again"))
    jobs.register("tickets.intake", tasks.intake_job, _("Open tickets from what was noticed"))
    jobs.register(erasing.REMOVE_FILES, tasks.remove_files_job, _("Remove erased files"))
    jobs.register(running.JOB, running.job, _("Do something with many tickets"))
    jobs.register(unsent.SEND, tasks.send_held_job, _("Send a reply that can be taken back no longer"))
