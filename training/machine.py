"""Life of a rule of this room, and of a certificate."""

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any

from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from aftersales.core.errors import Refusal, Text
from aftersales.core.machine import Guard, Machine, Move, Need
from aftersales.core.rulebook import RuleState as R
from aftersales.core.rulebook import second_person
from training.courserules import (
    before_it_runs,
    code_holds,
    free_place,
    not_in_it,
    not_ones_own_seat,
    ones_own_or_a_leads,
    ones_own_seat,
    taught_by_oneself,
    teaches,
    time_has_come,
    while_it_runs,
)
from training.states import CertificateState as S
from training.states import RunState as N
from training.states import SeatState as P

ACTIVATE = "training.activate"
CERTIFY = "training.certify"
PLAN_RUNS = "training.plan_runs"
MARK = "training.mark"
JOIN = "training.join"


def not_ones_own(
    row: Any, facts: Mapping[str, Any], actor: Any, now: datetime, data: Mapping[str, Any]
) -> Iterable[Refusal]:
    """Nobody decides about his own certificate."""
    if row.person_id == actor.pk:
        yield Refusal("own_certificate", _("This is your own certificate; somebody else decides about it."))


def not_who_proposed(
    row: Any, facts: Mapping[str, Any], actor: Any, now: datetime, data: Mapping[str, Any]
) -> Iterable[Refusal]:
    """An exception takes two persons."""
    if row.granted_by_id == actor.pk:
        yield Refusal("second_person", _("You proposed this exception; somebody else decides about it."))


def not_ended(
    row: Any, facts: Mapping[str, Any], actor: Any, now: datetime, data: Mapping[str, Any]
) -> Iterable[Refusal]:
    """What ended while it waited is proposed anew."""
    if now >= row.valid_to:
        yield Refusal("ended", _("The time of this certificate is over; propose a new one."))


def over(
    row: Any, facts: Mapping[str, Any], actor: Any, now: datetime, data: Mapping[str, Any]
) -> Iterable[Refusal]:
    """The system ends a certificate at its hour and not before."""
    if now < row.valid_to:
        yield Refusal("not_over", _("This certificate has not ended yet."))


JUDGED = _("Decisions from then on are judged by this version.")
NOTHING_LEFT = _("Without a version in force nobody of this tier decides such a thing.")


def rule_machine(
    label: str,
    *,
    begins: Text = JUDGED,
    ends: Text = NOTHING_LEFT,
    facts: Sequence[str] = (),
    guards: Sequence[Guard] = (),
) -> Machine:
    """Drafted by one person, brought into force by another: every rule of this room."""
    return Machine(
        label,
        states=R,
        initial=[R.DRAFT, R.NOTED],
        terminal=[R.RETIRED, R.REJECTED, R.NOTED],
        moves=[
            Move(
                "activate",
                sources=[R.DRAFT],
                target=R.ACTIVE,
                capability=ACTIVATE,
                label=_("Bring into force"),
                event="training_rule.activated",
                facts=facts,
                guards=[second_person, *guards],
                needs=[Need("valid_from", label=_("In force from"), kind="moment", required=False)],
                effect=begins,
            ),
            Move(
                "reject",
                sources=[R.DRAFT],
                target=R.REJECTED,
                capability=ACTIVATE,
                label=_("Return with a reason"),
                event="training_rule.rejected",
                effect=_("The version never comes into force and stays readable."),
            ),
            Move(
                "retire",
                sources=[R.ACTIVE],
                target=R.RETIRED,
                capability=ACTIVATE,
                label=_("Take out of force"),
                event="training_rule.retired",
                needs=[Need("valid_to", label=_("In force until"), kind="moment", required=False)],
                effect=ends,
            ),
        ],
    )


TIER_MACHINE = rule_machine("training.tierversion")
LIMIT_MACHINE = rule_machine("training.limit")
REQUIREMENT_MACHINE = rule_machine("training.requirement")
NUMBER_MACHINE = rule_machine(
    "training.number",
    begins=_("Training works by this number from then on."),
    ends=_("Without a number in force what asks for it is refused."),
)
COURSE_MACHINE = rule_machine(
    "training.courseversion",
    begins=_("Runs planned from then on teach this version."),
    ends=_("Without a version in force no run of the course can be planned."),
)

CERTIFICATE_MACHINE = Machine(
    "training.certificate",
    states=S,
    initial=[S.CERTIFIED, S.PROPOSED],
    terminal=[S.EXPIRED, S.REVOKED, S.DECLINED],
    moves=[
        Move(
            "override",
            sources=[S.PROPOSED],
            target=S.CERTIFIED,
            capability=CERTIFY,
            label=_("Certify in spite of what is missing"),
            event="certificate.overridden",
            guards=[not_ones_own, not_who_proposed, not_ended],
            effect=_("It counts at once; the exception stands on the certificate and on the day's report."),
        ),
        Move(
            "decline",
            sources=[S.PROPOSED],
            target=S.DECLINED,
            capability=CERTIFY,
            label=pgettext_lazy("certificate", "Decline"),
            event="certificate.declined",
            guards=[not_ones_own],
            effect=_("It never counts; what is missing must be made up first."),
        ),
        Move(
            "near_end",
            sources=[S.CERTIFIED],
            target=S.EXPIRING,
            capability="training.run",
            label=_("Mark as ending soon"),
            event="certificate.ends_soon",
            effect=_("The certificate stays valid until its end."),
            by_system=True,
        ),
        Move(
            "expire",
            sources=[S.CERTIFIED, S.EXPIRING],
            target=S.EXPIRED,
            capability="training.run",
            label=_("End"),
            event="certificate.expired",
            guards=[over],
            effect=_("It gave nothing from its last moment on; now its state says so."),
            by_system=True,
        ),
        Move(
            "suspend",
            sources=[S.CERTIFIED, S.EXPIRING],
            target=S.SUSPENDED,
            capability=CERTIFY,
            label=_("Suspend"),
            event="certificate.suspended",
            guards=[not_ones_own],
            effect=_("From this moment the person decides nothing by it."),
        ),
        Move(
            "reinstate",
            sources=[S.SUSPENDED],
            target=S.CERTIFIED,
            capability=CERTIFY,
            label=_("Reinstate"),
            event="certificate.reinstated",
            guards=[not_ones_own],
            effect=_("It counts again until its end; an ended one stays ended."),
        ),
        Move(
            "revoke",
            sources=[S.CERTIFIED, S.EXPIRING, S.SUSPENDED],
            target=S.REVOKED,
            capability=CERTIFY,
            label=_("Revoke"),
            event="certificate.revoked",
            guards=[not_ones_own],
            effect=_("It never counts again; a new one must be granted."),
        ),
    ],
)

RUN_MACHINE = Machine(
    "training.run",
    states=N,
    initial=[N.PLANNED],
    terminal=[N.DONE, N.CANCELLED],
    moves=[
        Move(
            "open",
            sources=[N.PLANNED],
            target=N.OPEN,
            capability=PLAN_RUNS,
            label=_("Open for enrolment"),
            event="run.opened",
            effect=_("Everybody may take a place by himself."),
        ),
        Move(
            "start",
            sources=[N.PLANNED, N.OPEN],
            target=N.RUNNING,
            capability=MARK,
            label=pgettext_lazy("course run", "Start"),
            event="run.started",
            guards=[teaches, not_in_it, time_has_come],
            facts=["training.seated", "training.start_early"],
            effect=_("From now on people check in with the code, or the trainer ticks them."),
        ),
        Move(
            "finish",
            sources=[N.RUNNING],
            target=N.DONE,
            capability=MARK,
            label=pgettext_lazy("course run", "Finish"),
            event="run.finished",
            guards=[teaches, not_in_it],
            facts=["training.seated"],
            effect=_("Whoever was there gets the hours; whoever is still only enrolled was missing."),
        ),
        Move(
            "cancel",
            sources=[N.PLANNED, N.OPEN, N.RUNNING],
            target=N.CANCELLED,
            capability=PLAN_RUNS,
            label=pgettext_lazy("course run", "Cancel the run"),
            event="run.cancelled",
            guards=[not_in_it],
            facts=["training.seated"],
            effect=_("It does not take place; nobody gets hours for it."),
        ),
    ],
)

SEAT_MACHINE = Machine(
    "training.seat",
    states=P,
    initial=[P.ENROLLED],
    moves=[
        Move(
            "withdraw",
            sources=[P.ENROLLED],
            target=P.WITHDRAWN,
            capability=JOIN,
            label=pgettext_lazy("seat", "Withdraw"),
            event="seat.withdrawn",
            guards=[before_it_runs, ones_own_or_a_leads],
            facts=["training.run_of_seat"],
            effect=_("The place is free again."),
        ),
        Move(
            "rejoin",
            sources=[P.WITHDRAWN],
            target=P.ENROLLED,
            capability=JOIN,
            label=pgettext_lazy("seat", "Enrol again"),
            event="seat.taken",
            guards=[before_it_runs, ones_own_or_a_leads, free_place],
            facts=["training.run_of_seat"],
        ),
        Move(
            "attend",
            sources=[P.ENROLLED, P.ABSENT],
            target=P.PRESENT,
            capability=MARK,
            label=pgettext_lazy("seat", "Was there"),
            event="seat.attended",
            guards=[not_ones_own_seat, taught_by_oneself, while_it_runs],
            needs=[Need("way", label=_("Known by"), required=False)],
            facts=["training.run_of_seat"],
        ),
        Move(
            "check_in",
            sources=[P.ENROLLED],
            target=P.PRESENT,
            capability=JOIN,
            label=pgettext_lazy("seat", "Check in"),
            event="seat.attended",
            guards=[ones_own_seat, while_it_runs, code_holds],
            needs=[Need("code", label=_("Code of the day"))],
            facts=["training.run_of_seat"],
        ),
        Move(
            "miss",
            sources=[P.ENROLLED, P.PRESENT],
            target=P.ABSENT,
            capability=MARK,
            label=pgettext_lazy("seat", "Was missing"),
            event="seat.missed",
            guards=[not_ones_own_seat, taught_by_oneself, while_it_runs],
            needs=[Need("way", label=_("Known by"), required=False)],
            facts=["training.run_of_seat"],
        ),
    ],
)
