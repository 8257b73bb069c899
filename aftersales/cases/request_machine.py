"""The machines of a small request and of a signal of abuse."""

from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Any

from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from aftersales.cases.request_states import RequestState as R
from aftersales.cases.request_states import SignalState as F
from aftersales.core.errors import Refusal
from aftersales.core.machine import Machine, Move, Need

ANSWER = "cases.answer_request"
DUE = Need("due_at", label=_("due"), kind="hidden")
DETAILS = Need("details", label=_("details"), kind="hidden", required=False)
RESULT = Need("result", label=_("result"), kind="hidden", required=False)
ANSWERED = Need("answer", label=_("Answer"), kind="hidden", required=False)
INVOICE = Need("invoice", label=_("invoice"), kind="hidden", required=False)
FOUND = Need("words", label=_("What was found"), kind="long", max_length=500)
CASE = Need("case", label=_("case"), kind="hidden", required=False)


def person_refuses(
    row: Any, facts: Mapping[str, Any], actor: Any, now: datetime, data: Mapping[str, Any] | None
) -> Iterable[Refusal]:
    """A customer is refused by a person, never by a machine (R4.6)."""
    if "system" in actor.roles:
        yield Refusal("machine", _("A request is refused by a person, never by a rule or by silence."))


REQUEST_MACHINE = Machine(
    "cases.servicerequest",
    states=R,
    initial=[R.ASKED],
    terminal=[R.DONE, R.WITHDRAWN],
    moves=[
        Move(
            "pass_on", [R.ASKED], R.WITH_PARTY, "cases.open_request", pgettext_lazy("request move", "Pass on"),
            "request.passed_on", needs=[DUE, DETAILS], effect=_("Whoever owes it is asked; his time runs."),
        ),
        Move(
            "finish", [R.WITH_PARTY], R.DONE, ANSWER, pgettext_lazy("request move", "Done"), "request.done",
            needs=[RESULT, ANSWERED, CASE, INVOICE], effect=_("The customer is told what was done."),
        ),
        Move(
            "refuse", [R.ASKED, R.WITH_PARTY], R.REFUSED, ANSWER, pgettext_lazy("request move", "Refuse"),
            "request.refused", guards=[person_refuses], needs=[ANSWERED],
            effect=_("The customer is told why; he may ask for a return, a refund or a ruling instead."),
        ),
        Move(
            "lapse", [R.ASKED, R.WITH_PARTY], R.LAPSED, "cases.sweep", pgettext_lazy("request move", "Not answered"),
            "request.lapsed", by_system=True,
        ),
        Move(
            "withdraw", [R.ASKED, R.WITH_PARTY, R.REFUSED, R.LAPSED], R.WITHDRAWN, "cases.answer",
            pgettext_lazy("request move", "Customer withdraws"), "request.withdrawn",
            effect=_("Nothing of it is done any more."),
        ),
        Move(
            "ask_again", [R.REFUSED, R.LAPSED], R.WITH_PARTY, "cases.open_request",
            pgettext_lazy("request move", "Ask again"), "request.asked_again", needs=[DUE],
            effect=_("Whoever owes it is asked anew, with a new time."),
        ),
    ],
)  # fmt: skip

SIGNAL_MACHINE = Machine(
    "cases.caseflag",
    states=F,
    initial=[F.OPEN],
    terminal=[],
    moves=[
        Move(
            "dismiss", [F.OPEN], F.UNFOUNDED, "cases.settle_flag", pgettext_lazy("signal move", "Unfounded"),
            "case_flag.dismissed", needs=[FOUND], effect=_("The signal counts no more."),
        ),
        Move(
            "uphold", [F.OPEN], F.FOUNDED, "cases.settle_flag", pgettext_lazy("signal move", "Founded"),
            "case_flag.upheld", needs=[FOUND],
            effect=_("Refunds of this customer go out after the goods, as for everybody; his rights stay as they are."),
        ),
        Move(
            "reopen", [F.UNFOUNDED, F.FOUNDED], F.OPEN, "cases.settle_flag", pgettext_lazy("signal move", "Look again"),
            "case_flag.reopened", needs=[FOUND],
        ),
    ],
)  # fmt: skip
