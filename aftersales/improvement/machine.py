"""Lives of a warning and of a sign. Machines raise and open again; everything else is a person's."""

from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Any

from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from aftersales.core.errors import Refusal
from aftersales.core.machine import Machine, Move, Need
from aftersales.improvement.states import SignState as S
from aftersales.improvement.states import Surged
from aftersales.improvement.states import WarningState as W

HANDLE, DECIDE, MOVE = "improvement.handle", "improvement.decide", "improvement.move"


def another_looks_after_it(
    row: Any, facts: Mapping[str, Any], actor: Any, now: datetime, data: Mapping[str, Any]
) -> Iterable[Refusal]:
    if row.merchant is not None and row.merchant.manager_id == actor.pk:
        yield Refusal(
            "own_merchant", _("You look after this merchant; another person decides what the sign means.")
        )
    if row.person_id == actor.pk:
        yield Refusal("own_sign", _("It is about your own work; another person decides."))


def another_decides(
    row: Any, facts: Mapping[str, Any], actor: Any, now: datetime, data: Mapping[str, Any]
) -> Iterable[Refusal]:
    if row.decided_by_id is not None and row.decided_by_id == actor.pk:
        yield Refusal("own_decision", _("You decided it yourself; another person takes a decision back."))


def has_a_past(
    row: Any, facts: Mapping[str, Any], actor: Any, now: datetime, data: Mapping[str, Any]
) -> Iterable[Refusal]:
    if row.kind == Surged.BATCH:
        yield Refusal(
            "batch", _("A batch is compared with other batches, not with its past: it has no level.")
        )


WARNING_MACHINE = Machine(
    "improvement.warning",
    states=W,
    initial=[W.RAISED],
    terminal=[],
    moves=[
        Move(
            "acknowledge", [W.RAISED], W.ACKNOWLEDGED, HANDLE, pgettext_lazy("warning move", "I look into it"),
            "warning.acknowledged", effect=_("Everybody sees that you have it."),
        ),
        Move(
            "ask", [W.ACKNOWLEDGED, W.ASKED, W.ANSWERED], W.ASKED, HANDLE,
            pgettext_lazy("warning move", "Ask for action"), "warning.asked",
            needs=[Need("of", pgettext_lazy("warning", "Asked of"), kind="hidden"),
                   Need("due", pgettext_lazy("warning", "Answer due"), kind="hidden")],
            effect=_("The answer has a due time; you are told when it passes."),
        ),
        Move(
            "answer", [W.ASKED], W.ANSWERED, HANDLE, pgettext_lazy("warning move", "Take down the answer"),
            "warning.answered", needs=[Need("of", pgettext_lazy("warning", "Asked of"), kind="hidden")],
        ),
        Move(
            "close_true", [W.ACKNOWLEDGED, W.ANSWERED], W.CLOSED, HANDLE,
            pgettext_lazy("warning move", "Close: it was true"), "warning.closed_true",
            needs=[Need("done", pgettext_lazy("warning", "What was done"), kind="long", max_length=1000)],
            effect=_("Closed. A new surge opens it again."),
        ),
        Move(
            "close_false", [W.ACKNOWLEDGED, W.ANSWERED], W.CLOSED, HANDLE,
            pgettext_lazy("warning move", "Close: false alarm"), "warning.closed_false",
            needs=[Need("done", pgettext_lazy("warning", "Why it was none"), kind="long", max_length=1000)],
            effect=_("Counts in the share of false alarms, by which the limits are judged."),
        ),
        Move(
            "close_lasting", [W.ACKNOWLEDGED, W.ANSWERED], W.CLOSED, HANDLE,
            pgettext_lazy("warning move", "Close: it will stay so"), "warning.closed_lasting",
            guards=[has_a_past],
            needs=[Need("since", pgettext_lazy("warning", "First day of the new level"), kind="hidden"),
                   Need("done", pgettext_lazy("warning", "What changed for good"), kind="long", max_length=1000)],
            effect=_("Closed. Days from the change on are the base: only a surge above the new level is warned of."),
        ),
        Move(
            "reopen", [W.CLOSED], W.RAISED, MOVE, pgettext_lazy("warning move", "It surged again"),
            "warning.reopened", by_system=True,
        ),
    ],
)  # fmt: skip

SIGN_MACHINE = Machine(
    "improvement.sign",
    states=S,
    initial=[S.FLAGGED],
    terminal=[S.INNOCENT],
    moves=[
        Move(
            "find_real", [S.FLAGGED], S.REAL, DECIDE, pgettext_lazy("sign move", "It is gaming"), "sign.found_real",
            guards=[another_looks_after_it],
            needs=[Need("words", pgettext_lazy("sign", "What shows it"), kind="long", max_length=1000),
                   Need("rows_out", pgettext_lazy("sign", "Leave these rows out of the score"), kind="flag",
                        required=False)],
            effect=_("Nobody is punished by it. The rows leave the score if you say so."),
        ),
        Move(
            "find_innocent", [S.FLAGGED, S.REAL], S.INNOCENT, DECIDE,
            pgettext_lazy("sign move", "It is innocent"), "sign.found_innocent",
            guards=[another_looks_after_it, another_decides],
            needs=[Need("words", pgettext_lazy("sign", "What explains it"), kind="long", max_length=1000)],
            effect=_("Rows that were left out of the score count again."),
        ),
    ],
)  # fmt: skip
