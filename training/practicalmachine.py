"""Life of a rubric and of a practical assessment."""

from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from aftersales.core.machine import Machine, Move, Need
from training.exammachine import CERTIFY, MARK_EXAMS
from training.machine import rule_machine
from training.practicalrules import not_of_oneself
from training.states import AssessmentState as A

RUBRIC_MACHINE = rule_machine(
    "training.rubricversion",
    begins=_("Assessments opened from then on use this version."),
    ends=_("Without a version in force nobody is assessed by this rubric."),
)
ASSESSMENT_MACHINE = Machine(
    "training.assessment",
    states=A,
    initial=[A.OPEN],
    terminal=[A.DONE, A.VOID],
    moves=[
        Move(
            "end",
            sources=[A.OPEN, A.DISPUTED],
            target=A.DONE,
            capability=MARK_EXAMS,
            label=_("Give the result"),
            event="assessment.ended",
            guards=[not_of_oneself],
            needs=[
                Need("score", label=_("Score"), kind="amount"),
                Need("passed", label=_("Passed"), kind="flag"),
            ],
            effect=_("The person sees the result and the remarks."),
        ),
        Move(
            "disagree",
            sources=[A.OPEN],
            target=A.DISPUTED,
            capability=MARK_EXAMS,
            label=_("Ask a third assessor"),
            event="assessment.disputed",
            guards=[not_of_oneself],
            effect=_("The two lie too far apart; the middle of three counts."),
        ),
        Move(
            "void",
            sources=[A.OPEN, A.DISPUTED],
            target=A.VOID,
            capability=CERTIFY,
            label=pgettext_lazy("practical", "Declare void"),
            event="assessment.voided",
            guards=[not_of_oneself],
            effect=_("It did not take place or cannot be judged."),
        ),
    ],
)
