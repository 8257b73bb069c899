"""Life of a question, an exam and an attempt."""

from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from aftersales.core.machine import Machine, Move, Need
from training.examrules import (
    bank_fills_it,
    in_time,
    not_ones_own_paper,
    ones_own_paper,
    second_marker,
    time_is_up,
)
from training.machine import rule_machine
from training.states import AttemptState as A

SIT = "training.sit"
MARK_EXAMS = "training.mark_exams"
CERTIFY = "training.certify"

QUESTION_MACHINE = rule_machine(
    "training.questionversion",
    begins=_("Papers drawn from then on may hold this version."),
    ends=_("It is drawn no more; papers that hold it stay as they are."),
)
EXAM_MACHINE = rule_machine(
    "training.examversion",
    begins=_("Papers are drawn, timed and marked by this version from then on."),
    ends=_("Without a version in force nobody sits this exam."),
    facts=["training.bank"],
    guards=[bank_fills_it],
)
ATTEMPT_MACHINE = Machine(
    "training.attempt",
    states=A,
    initial=[A.STARTED],
    terminal=[A.SETTLED, A.VOID],
    moves=[
        Move(
            "submit",
            sources=[A.STARTED],
            target=A.SUBMITTED,
            capability=SIT,
            label=_("Hand in"),
            event="attempt.submitted",
            guards=[ones_own_paper],
            effect=_("Nothing can be changed any more."),
        ),
        Move(
            "time_out",
            sources=[A.STARTED],
            target=A.SUBMITTED,
            capability="training.run",
            label=_("Time is up"),
            event="attempt.timed_out",
            guards=[time_is_up],
            effect=_("What was saved in time is marked."),
            by_system=True,
        ),
        Move(
            "mark",
            sources=[A.SUBMITTED],
            target=A.MARKED,
            capability=MARK_EXAMS,
            label=_("Mark"),
            event="attempt.marked",
            guards=[not_ones_own_paper],
            needs=[
                Need("score", label=_("Score"), kind="amount"),
                Need("passed", label=_("Passed"), kind="flag"),
                Need("until", label=_("Appeal until"), kind="moment"),
            ],
            effect=_("The person sees the result and may appeal."),
        ),
        Move(
            "appeal",
            sources=[A.MARKED],
            target=A.APPEALED,
            capability=SIT,
            label=pgettext_lazy("exam", "Appeal"),
            event="attempt.appealed",
            guards=[ones_own_paper, in_time],
            effect=_("A second marker looks at the paper."),
        ),
        Move(
            "settle",
            sources=[A.APPEALED],
            target=A.SETTLED,
            capability=MARK_EXAMS,
            label=_("Decide the appeal"),
            event="attempt.settled",
            guards=[not_ones_own_paper, second_marker],
            needs=[
                Need("score", label=_("Score"), kind="amount"),
                Need("passed", label=_("Passed"), kind="flag"),
            ],
            facts=["training.markers"],
            effect=_("This result is final."),
        ),
        Move(
            "void",
            sources=[A.STARTED, A.SUBMITTED, A.MARKED, A.APPEALED],
            target=A.VOID,
            capability=CERTIFY,
            label=_("Declare void"),
            event="attempt.voided",
            guards=[not_ones_own_paper],
            effect=_("It counts neither as passed nor as a try."),
        ),
    ],
)
