"""The life of a recovery, and of a proposal to write its rest off (R4.10)."""

from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from aftersales.cases.recovery import rules
from aftersales.cases.recovery.states import DONE_RECOVERIES, Objection
from aftersales.cases.recovery.states import RecoveryState as S
from aftersales.cases.recovery.states import WriteOffState as W
from aftersales.core.machine import Machine, Move, Need

COLLECT, DECIDE, SWEEP = "cases.collect", "cases.decide_recovery", "cases.sweep"
APPROVE = "cases.approve_write_off"
UNTIL = Need("until", label=pgettext_lazy("recovery", "Objection until"), kind="hidden")
AMOUNT = Need("amount", label=pgettext_lazy("recovery", "Amount that stands"), kind="hidden")
WORDS = Need("words", label=pgettext_lazy("recovery", "Reasons"), kind="hidden")
SUMS = Need("sums", label=pgettext_lazy("recovery", "Sums"), kind="hidden")

RECOVERY_MACHINE = Machine(
    "cases.recovery",
    states=S,
    initial=[S.NOTIFIED],
    moves=[
        Move(
            "object", [S.NOTIFIED], S.OBJECTED, "cases.object_recovery", pgettext_lazy("recovery move", "Object"),
            "recovery.objected", guards=[rules.in_window], needs=[
                Need("cause", label=pgettext_lazy("recovery", "Reason"), kind="choice",
                     choices=lambda: Objection.choices),
                WORDS,
            ],
            effect=_("Nothing is taken before another person has decided on it."),
        ),
        Move(
            "uphold", [S.OBJECTED], S.UPHELD, DECIDE, pgettext_lazy("recovery move", "Uphold the claim"),
            "recovery.upheld", guards=[rules.another_person], needs=[AMOUNT, WORDS],
            effect=_("The merchant owes what stands; it is collected at once."),
        ),
        Move(
            "overturn", [S.OBJECTED], S.OVERTURNED, DECIDE, pgettext_lazy("recovery move", "Drop the claim"),
            "recovery.overturned", guards=[rules.another_person], needs=[WORDS],
            effect=_("The merchant owes nothing; the platform bears what it paid."),
        ),
        Move(
            "begin", [S.NOTIFIED, S.UPHELD], S.COLLECTING, COLLECT, pgettext_lazy("recovery move", "Begin to collect"),
            "recovery.begun", guards=[rules.window_over], by_system=True,
        ),
        Move(
            "part", [S.COLLECTING, S.PARTLY], S.PARTLY, COLLECT, pgettext_lazy("recovery move", "Partly recovered"),
            "recovery.collected", needs=[SUMS], by_system=True,
        ),
        Move(
            "finish", [S.UPHELD, S.COLLECTING, S.PARTLY], S.RECOVERED, COLLECT,
            pgettext_lazy("recovery move", "Recovered"), "recovery.recovered", needs=[SUMS], by_system=True,
        ),
        Move(
            "write_off", [S.COLLECTING, S.PARTLY], S.WRITTEN_OFF, APPROVE,
            pgettext_lazy("recovery move", "Write off"), "recovery.written_off", needs=[SUMS], by_system=True,
        ),
        Move(
            "fall", [one for one in S if one != S.OVERTURNED], S.OVERTURNED, SWEEP,
            pgettext_lazy("recovery move", "Claim falls"), "recovery.fell", needs=[SUMS], by_system=True,
        ),
        Move(
            "notify_anew", sorted(DONE_RECOVERIES), S.NOTIFIED, SWEEP,
            pgettext_lazy("recovery move", "New notice"), "recovery.opened", needs=[SUMS, UNTIL], by_system=True,
        ),
    ],
)  # fmt: skip

WRITE_OFF_MACHINE = Machine(
    "cases.writeoff",
    states=W,
    initial=[W.PROPOSED],
    terminal=[W.APPROVED, W.REFUSED, W.WITHDRAWN],
    moves=[
        Move(
            "approve", [W.PROPOSED], W.APPROVED, APPROVE, pgettext_lazy("write-off move", "Write off"),
            "write_off.approved", guards=[rules.another_proposer], authority="cases.write_off",
            effect=_("The platform bears the rest; the claim is closed."),
        ),
        Move(
            "refuse", [W.PROPOSED], W.REFUSED, APPROVE, pgettext_lazy("write-off move", "Do not write off"),
            "write_off.refused", guards=[rules.another_proposer], effect=_("The merchant goes on owing it."),
        ),
        Move(
            "withdraw", [W.PROPOSED], W.WITHDRAWN, "cases.propose_write_off",
            pgettext_lazy("write-off move", "Withdraw"), "write_off.withdrawn",
        ),
    ],
)  # fmt: skip
