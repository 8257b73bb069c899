"""The ticket's machine, declared once (DESIGN 4). Bodies stand on the model, conditions in rules."""

from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from aftersales.core.errors import Text
from aftersales.core.machine import Machine, Move, Need
from aftersales.standards.machine import second_person
from aftersales.standards.states import RuleState
from aftersales.tickets import rules
from aftersales.tickets.states import (
    ACTIVE_STATES,
    TERMINAL_STATES,
    AppointmentState,
    CancelReason,
    ClosedHow,
    Kind,
    Nature,
    PromiseState,
    Result,
    Severity,
    TicketState,
    WaitFor,
)

S = TicketState


def _verified_ways() -> list[tuple[str, Text]]:
    return [("phone", _("By telephone")), ("chat", _("In chat")), ("email", _("By e-mail"))]


GRADE_NEEDS = (
    Need("kind", _("Kind"), "choice", choices=lambda: Kind.choices),
    Need("severity", _("Severity"), "choice", choices=lambda: Severity.choices),
    Need("nature", _("Nature"), "choice", choices=lambda: Nature.choices),
)
INTO = Need("into", _("The ticket that goes on"), "hidden")
MERGEABLE: tuple[str, ...] = ACTIVE_STATES
LOOK_AGAIN = Need("wake_at", _("Looked at again"), "hidden", required=False)
MARKS = (
    Need("handling", _("Mark for the handling"), "hidden", required=False),
    Need("outcome", _("Mark for the outcome"), "hidden", required=False),
)
TOLD = Need("told", _("The customer has been told"), "hidden", required=False)
TEAM_AND_PERSON = (
    Need("to", _("Person"), "user"),
    Need("team_id", _("Team"), "team", required=False),
)

MOVES = [
    Move(
        "triage", [S.NEW], S.TRIAGED, "tickets.triage", pgettext_lazy("ticket move", "Grade"), "ticket.triaged",
        needs=[Need(need.name, need.label, need.kind, False, need.choices) for need in GRADE_NEEDS],
        effect=_("The grade decides which promises run and which team takes the ticket."),
    ),
    Move(
        "assign", [S.TRIAGED, S.ASSIGNED, S.IN_PROGRESS], S.ASSIGNED, "tickets.assign",
        pgettext_lazy("ticket move", "Assign"), "ticket.assigned", guards=[rules.fit_to_work, rules.not_own_order],
        facts=["tickets.own_order"], needs=TEAM_AND_PERSON,
        effect=_("The person finds the ticket in the own queue; the first contact stays responsible."),
    ),
    Move(
        "unassign", [S.ASSIGNED], S.TRIAGED, "tickets.assign", pgettext_lazy("ticket move", "Put back"),
        "ticket.unassigned", effect=_("The ticket goes back to the queue and is dispatched again."),
    ),
    Move(
        "start", [S.ASSIGNED], S.IN_PROGRESS, "tickets.work", pgettext_lazy("ticket move", "Start"),
        "ticket.started", guards=[rules.own_work, rules.changes_read, rules.still_certified],
        facts=["tickets.rules_unread", "tickets.certificate"],
        effect=_("You work on it now."),
    ),
    Move(
        "wait", [S.IN_PROGRESS], S.WAITING, "tickets.work", pgettext_lazy("ticket move", "Wait"),
        "ticket.waiting", guards=[rules.own_work],
        needs=[
            Need("wait_for", _("For whom"), "choice", choices=lambda: WaitFor.choices),
            Need("until", _("Until when"), "moment", help=_("Then the ticket wakes up by itself.")),
        ],
        effect=_("Clocks that may pause stop until the answer or the wake-up time."),
    ),
    Move(
        "resume", [S.WAITING], S.IN_PROGRESS, "tickets.work", pgettext_lazy("ticket move", "Go on"),
        "ticket.resumed", guards=[rules.own_work], effect=_("The clocks run again."),
    ),
    Move(
        "resolve", [S.IN_PROGRESS, S.WAITING], S.RESOLVED, "tickets.resolve",
        pgettext_lazy("ticket move", "Resolve"), "ticket.resolved",
        guards=[rules.own_work, rules.nothing_open, rules.checklist_done],
        facts=["tickets.open_work", "tickets.unchecked"],
        needs=[Need("result", _("Result"), "choice", choices=lambda: Result.choices), LOOK_AGAIN, TOLD],
        effect=_("The customer is told the result and asked whether it is solved."),
    ),
    Move(
        "confirm", [S.RESOLVED], S.CLOSED, "tickets.confirm", pgettext_lazy("ticket move", "Confirm"),
        "ticket.confirmed", by_system=True, needs=list(MARKS), effect=_("The customer said that it is solved."),
    ),
    Move(
        "close_verified", [S.RESOLVED], S.CLOSED, "tickets.verify",
        pgettext_lazy("ticket move", "Customer confirmed to me"), "ticket.verified", guards=[rules.own_work],
        needs=[Need("how", _("How"), "choice", choices=_verified_ways)],
        effect=_("Closed; what the customer said joins the conversation."),
    ),
    Move(
        "close_by_silence", [S.RESOLVED], S.CLOSED, "tickets.close_by_silence",
        pgettext_lazy("ticket move", "Close by silence"), "ticket.closed",
        guards=[rules.only_ordinary_by_silence, rules.no_letter_binds, rules.customer_was_asked],
        facts=["tickets.question", "tickets.bound_by_letter"], by_system=True,
        effect=_("Nobody answered in time; the customer may still reopen."),
    ),
    Move(
        "give_up", [S.IN_PROGRESS, S.WAITING, S.RESOLVED], S.UNREACHABLE, "tickets.work",
        pgettext_lazy("ticket move", "Customer not reached"), "ticket.unreachable",
        guards=[rules.own_work, rules.tried_enough, rules.nothing_open],
        facts=["tickets.contact_tries", "tickets.open_work"],
        effect=_("Closed as not reached and counted apart; the customer may reopen."),
    ),
    Move(
        "reopen", [S.RESOLVED, S.CLOSED, S.UNREACHABLE, S.ARCHIVED, S.CANCELLED], S.IN_PROGRESS, "tickets.reopen",
        pgettext_lazy("ticket move", "Reopen"), "ticket.reopened",
        guards=[rules.inside_window, rules.lead_takes_up_cancelled], facts=["tickets.reopen_until"],
        effect=_("Second handling by the same person; the promises start anew."),
    ),
    Move(
        "cancel", [S.NEW, S.TRIAGED, S.ASSIGNED, S.IN_PROGRESS, S.WAITING], S.CANCELLED, "tickets.cancel",
        pgettext_lazy("ticket move", "Cancel"), "ticket.cancelled",
        guards=[rules.own_work, rules.lead_cancels_grave, rules.nothing_open], facts=["tickets.open_work"],
        needs=[Need("why", _("Why"), "choice", choices=lambda: CancelReason.choices)],
        effect=_("Nothing more is done; a lead reviews it. The customer may have it taken up again."),
    ),
    Move(
        "archive", [S.CLOSED, S.UNREACHABLE, S.CANCELLED], S.ARCHIVED, "tickets.archive",
        pgettext_lazy("ticket move", "Archive"), "ticket.archived",
        guards=[rules.reviewer_is_another, rules.has_record, rules.nothing_open], facts=["tickets.open_work"],
        needs=[
            Need("summary", _("Summary for the record"), "long", help=_("What happened, what was done, what follows.")),
            LOOK_AGAIN,
        ],
        effect=_("The record gets its number; addenda are possible until it is sealed."),
    ),
    Move(
        "seal", [S.ARCHIVED], S.SEALED, "tickets.seal", pgettext_lazy("ticket move", "Seal"), "ticket.sealed",
        guards=[rules.windows_over, rules.nothing_open], facts=["tickets.open_work"], by_system=True,
        effect=_("The record cannot change any more."),
    ),
    Move(
        "merge", MERGEABLE, S.MERGED, "tickets.merge", pgettext_lazy("ticket move", "Merge"), "ticket.merged",
        guards=[rules.fit_to_merge, rules.no_letter_binds, rules.nothing_open],
        facts=["tickets.open_work", "tickets.bound_by_letter"], needs=[INTO], by_system=True,
        effect=_("The other ticket goes on with both; what still arrives here arrives there."),
    ),
    *(
        Move(
            f"unmerge_{state}", [S.MERGED], state, "tickets.merge", pgettext_lazy("ticket move", "Take out again"),
            "ticket.unmerged", needs=[INTO], by_system=True, effect=_("The ticket goes on as it stood."),
        )
        for state in MERGEABLE
    ),
]  # fmt: skip

MACHINE = Machine(
    "tickets.ticket", states=TicketState, moves=MOVES, initial=[S.NEW], terminal=list(TERMINAL_STATES)
)

PROMISE_MACHINE = Machine(
    "tickets.givenpromise",
    states=PromiseState,
    initial=[PromiseState.OPEN],
    terminal=[PromiseState.KEPT, PromiseState.WITHDRAWN],
    moves=[
        Move(
            "keep", [PromiseState.OPEN], PromiseState.KEPT, "tickets.promise",
            pgettext_lazy("promise move", "Kept"), "promise.kept",
            effect=_("Its clock stops now; when that is late, it stays late."),
        ),
        Move(
            "withdraw", [PromiseState.OPEN], PromiseState.WITHDRAWN, "tickets.promise",
            pgettext_lazy("promise move", "Withdraw"), "promise.withdrawn", needs=[Need("why", _("Reason"), "long")],
            effect=_("The promise falls away; a breach that happened stays one."),
        ),
    ],
)  # fmt: skip

_WHY = Need("why", _("Reason"), "long", max_length=500)


def _appointment_ends(name: str, target: str, label: Text, event: str, effect: Text, *more: Need) -> Move:
    guards = [rules.appointment_has_begun] if name in ("keep", "miss_them", "miss_us") else []
    return Move(
        name, [AppointmentState.AGREED], target, "tickets.appoint", label, event, guards=guards, needs=more,
        effect=effect,
    )  # fmt: skip


APPOINTMENT_MACHINE = Machine(
    "tickets.appointment",
    states=AppointmentState,
    initial=[AppointmentState.AGREED],
    terminal=[state for state in AppointmentState if state != AppointmentState.AGREED],
    moves=[
        _appointment_ends(
            "keep", AppointmentState.KEPT, pgettext_lazy("appointment move", "Kept"), "appointment.kept",
            _("Both sides were there; the ticket goes on."),
        ),
        _appointment_ends(
            "miss_them", AppointmentState.MISSED_THEM, pgettext_lazy("appointment move", "Missed by them"),
            "appointment.missed", _("Counted as theirs; agree another one."), _WHY,
        ),
        _appointment_ends(
            "miss_us", AppointmentState.MISSED_US, pgettext_lazy("appointment move", "Missed by us"),
            "appointment.missed", _("Counted as ours; the customer hears from us."), _WHY,
        ),
        _appointment_ends(
            "move", AppointmentState.MOVED, pgettext_lazy("appointment move", "Move"), "appointment.moved",
            _("The next one takes its place; both stay on the record."), _WHY,
        ),
        _appointment_ends(
            "cancel", AppointmentState.CANCELLED, pgettext_lazy("appointment move", "Cancel"),
            "appointment.cancelled", _("Nobody comes or calls; the customer is told."), _WHY,
        ),
    ],
)  # fmt: skip

CLOSED_HOW = {
    "confirm": ClosedHow.CONFIRMED,
    "close_verified": ClosedHow.VERIFIED,
    "close_by_silence": ClosedHow.SILENCE,
    "give_up": ClosedHow.UNREACHABLE,
    "cancel": ClosedHow.CANCELLED,
    "merge": ClosedHow.MERGED,
}

AUTOMATION_MACHINE = Machine(
    "tickets.automationversion", states=RuleState, initial=[RuleState.DRAFT, RuleState.NOTED],
    terminal=[RuleState.RETIRED, RuleState.REJECTED, RuleState.NOTED],
    moves=[
        Move(
            "activate", [RuleState.DRAFT], RuleState.ACTIVE, "standards.activate", _("Bring into force"),
            "automation.activated", guards=[second_person],
            needs=[Need("valid_from", _("In force from"), "moment", required=False)],
            effect=_("From now on the rule acts by itself, as the system, citing this version."),
        ),
        Move(
            "reject", [RuleState.DRAFT], RuleState.REJECTED, "standards.activate", _("Return with a reason"),
            "automation.rejected", effect=_("The version never comes into force and stays readable."),
        ),
        Move(
            "retire", [RuleState.ACTIVE], RuleState.RETIRED, "standards.activate", _("Take out of force"),
            "automation.retired", needs=[Need("valid_to", _("In force until"), "moment", required=False)],
            effect=_("The rule acts no more."),
        ),
    ],
)  # fmt: skip
