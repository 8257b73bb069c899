"""The machine of a dispute: heard, reviewed, ruled, appealed once, carried out (R4.7)."""

from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from aftersales.cases import rules
from aftersales.cases.disputestates import DisputeState as D
from aftersales.cases.disputestates import SuspendedFor
from aftersales.core.machine import Machine, Move, Need

DISPUTE, REVIEW, RULE, SWEEP = "cases.dispute", "cases.review_dispute", "cases.rule", "cases.sweep"
ANSWER = "cases.speak"  # who speaks for a side: never who rules
BY = Need("by", label=pgettext_lazy("case", "Side"), kind="hidden")
UNTIL = Need("until", label=pgettext_lazy("dispute", "Until"), kind="hidden")
RULING = Need("ruling", label=pgettext_lazy("dispute", "Ruling"), kind="hidden")
OPEN = [D.OPENED, D.EVIDENCE, D.UNDER_REVIEW, D.SUSPENDED]

DISPUTE_MACHINE = Machine(
    "cases.dispute",
    states=D,
    initial=[D.OPENED],
    terminal=[D.CLOSED, D.SETTLED, D.WITHDRAWN],
    moves=[
        Move(
            "hear", [D.OPENED], D.EVIDENCE, DISPUTE, pgettext_lazy("dispute move", "Answered"), "dispute.answered",
            needs=[UNTIL], by_system=True,
        ),
        Move(
            "review", [D.OPENED, D.EVIDENCE, D.SUSPENDED], D.UNDER_REVIEW, REVIEW,
            pgettext_lazy("dispute move", "Begin the review"), "dispute.review_begun", needs=[UNTIL],
            effect=_("The time for evidence ends now; the ruling is due."),
        ),
        Move(
            "suspend", [D.EVIDENCE, D.UNDER_REVIEW], D.SUSPENDED, REVIEW, pgettext_lazy("dispute move", "Suspend"),
            "dispute.suspended", needs=[
                Need("cause", label=pgettext_lazy("dispute", "Waits for"), kind="choice",
                     choices=lambda: SuspendedFor.choices),
                UNTIL,
            ],
            effect=_("Both sides are told what it waits for and until when."),
        ),
        Move(
            "rule", [D.UNDER_REVIEW], D.RULED, RULE, pgettext_lazy("dispute move", "Rule"), "dispute.ruled",
            guards=[rules.neutral], facts=["cases.not_neutral"], needs=[RULING],
            effect=_("It carries itself out at once; both sides are told facts, reasons and clause."),
        ),
        Move(
            "appeal", [D.RULED], D.APPEALED, ANSWER, pgettext_lazy("dispute move", "Appeal"), "dispute.appealed",
            guards=[rules.appeal_in_time], needs=[BY, UNTIL],
            effect=_("Another person looks at it anew; there is no second appeal."),
        ),
        Move(
            "decide_appeal", [D.APPEALED], D.REVIEWED, RULE, pgettext_lazy("dispute move", "Decide the appeal"),
            "dispute.reviewed", guards=[rules.neutral, rules.another_person], facts=["cases.not_neutral"],
            needs=[RULING],
            effect=_("It is final. What an overturned ruling did is turned back as far as it can be."),
        ),
        Move(
            "settle", OPEN, D.SETTLED, DISPUTE, pgettext_lazy("dispute move", "Settled"), "dispute.settled",
            needs=[BY], by_system=True,
        ),
        Move(
            "withdraw", OPEN, D.WITHDRAWN, ANSWER, pgettext_lazy("dispute move", "Withdraw the dispute"),
            "dispute.withdrawn", effect=_("The case stands again as it stood before."),
        ),
        Move(
            "execute", [D.RULED, D.REVIEWED], D.EXECUTED, SWEEP, pgettext_lazy("dispute move", "Final"),
            "dispute.executed", guards=[rules.appeal_over], by_system=True,
        ),
        Move(
            "close", [D.EXECUTED], D.CLOSED, SWEEP, pgettext_lazy("dispute move", "Close"), "dispute.closed",
            guards=[rules.obligation_kept], by_system=True,
        ),
    ],
)  # fmt: skip
