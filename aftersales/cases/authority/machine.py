"""The life of a letter from an authority."""

from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from aftersales.cases.authority import rules
from aftersales.cases.authority.states import UNANSWERED, LetterOutcome, LetterState, SentBy
from aftersales.core.machine import Machine, Move, Need

S = LetterState
HANDLE, APPROVE, ANSWER = "cases.handle_letter", "cases.approve_letter", "cases.answer_letter"
DUE = Need("due_at", label=pgettext_lazy("authority", "New deadline"), kind="hidden")
CLOCK = Need("clock_id", label=pgettext_lazy("authority", "New deadline"), kind="hidden")
OPEN = sorted(UNANSWERED)

LETTER_MACHINE = Machine(
    "cases.authoritycase",
    states=S,
    initial=[S.RECEIVED],
    terminal=[S.CLOSED, S.PASSED_ON, S.WITHDRAWN],
    moves=[
        Move(
            "accept", [S.RECEIVED], S.ACCEPTED, HANDLE, pgettext_lazy("authority move", "Take it in hand"),
            "authority.accepted", effect=_("You handle it until the reply is sent."),
        ),
        Move(
            "ask", [S.ACCEPTED, S.ASKED, S.DRAFTED], S.ASKED, HANDLE,
            pgettext_lazy("authority move", "Ask the merchant"),
            "authority.merchant_asked", needs=[Need("until", label=pgettext_lazy("authority", "Until"), kind="hidden")],
            effect=_("The merchant gets the question and his own time; he is never told who reported."),
        ),
        Move(
            "answer", [S.ASKED], S.ACCEPTED, ANSWER, pgettext_lazy("authority move", "Merchant's answer"),
            "authority.merchant_answered",
            needs=[Need("late", label=pgettext_lazy("authority", "Late"), kind="hidden", required=False)],
            effect=_("His time ends; the reply can be drafted."),
        ),
        Move(
            "draft", [S.ACCEPTED, S.ASKED, S.DRAFTED, S.APPROVED], S.DRAFTED, HANDLE,
            pgettext_lazy("authority move", "Draft the reply"), "authority.drafted",
            effect=_("A new version; earlier ones are kept, an approval counts no more."),
        ),
        Move(
            "approve", [S.DRAFTED], S.APPROVED, APPROVE, pgettext_lazy("authority move", "Approve the reply"),
            "authority.approved", guards=[rules.another_approves], effect=_("It may be sent as it stands."),
        ),
        Move(
            "turn_down", [S.DRAFTED], S.ACCEPTED, APPROVE, pgettext_lazy("authority move", "Send the draft back"),
            "authority.turned_down", guards=[rules.another_approves],
            effect=_("Whoever drafted it writes another version."),
        ),
        Move(
            "reply", [S.APPROVED], S.REPLIED, HANDLE, pgettext_lazy("authority move", "Note it as sent"),
            "authority.replied", needs=[
                Need("sent_by", label=pgettext_lazy("authority", "Sent by"), kind="choice",
                     choices=lambda: SentBy.choices),
                Need("reference", label=pgettext_lazy("authority", "Reference of the sending"), kind="text"),
                Need("sent_at", label=pgettext_lazy("authority", "Sent at"), kind="hidden", required=False),
            ],
            effect=_("The letter's deadline is met, or missed for good; the ticket may be resolved."),
        ),
        Move(
            "ask_more", [S.REPLIED], S.ACCEPTED, HANDLE, pgettext_lazy("authority move", "The office asks for more"),
            "authority.more_asked", needs=[DUE, CLOCK], effect=_("A reply is owed again, by the new deadline."),
        ),
        Move(
            "close", [S.REPLIED], S.CLOSED, HANDLE, pgettext_lazy("authority move", "Close"), "authority.closed",
            needs=[
                Need("outcome", label=pgettext_lazy("authority", "How it ended"), kind="choice",
                     choices=lambda: LetterOutcome.choices),
            ],
            effect=_("Nothing more is owed; the letter, the reply and the evidence stay on record."),
        ),
        Move(
            "pass_on", OPEN, S.PASSED_ON, HANDLE, pgettext_lazy("authority move", "Pass on"), "authority.passed_on",
            effect=_("Another house answers; its deadline is owed here no more."),
        ),
        Move(
            "withdraw", OPEN, S.WITHDRAWN, HANDLE, pgettext_lazy("authority move", "Withdrawn by the office"),
            "authority.withdrawn", effect=_("No reply is owed any more; a missed deadline stays missed."),
        ),
    ],
)  # fmt: skip
