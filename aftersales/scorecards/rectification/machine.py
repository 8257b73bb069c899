"""Life of a rectification plan: asked, answered, accepted or sent back, proven, looked at again, closed."""

from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Any

from django.utils.translation import gettext_lazy as _

from aftersales.core import wording
from aftersales.core.errors import Refusal
from aftersales.core.machine import Machine, Move, Need
from aftersales.scorecards.rectification.states import MERCHANTS_TURN, OPEN, TERMINAL
from aftersales.scorecards.rectification.states import PlanState as S

RECTIFY, ANY, ANSWER = "scorecards.rectify", "scorecards.rectify_any", "scorecards.answer_plan"
PARTIES = "scorecards.plan_parties"
Data = Mapping[str, Any]


def looks_after(row: Any, facts: Data, actor: Any, now: datetime, data: Data) -> Iterable[Refusal]:
    """Who looks after the shop, or who stands above the managers."""
    if not actor.has_perm(ANY) and not any(actor.pk == one.manager for one in facts[PARTIES]):
        yield Refusal("not_my_shop", _("Another manager looks after this shop."))


def acts_for_it(row: Any, facts: Data, actor: Any, now: datetime, data: Data) -> Iterable[Refusal]:
    """People of this merchant alone."""
    if not any(actor.pk in one.people for one in facts[PARTIES]):
        yield Refusal("not_the_merchant", _("Only people of this shop can answer."))


def day_has_come(row: Any, facts: Data, actor: Any, now: datetime, data: Data) -> Iterable[Refusal]:
    """A metric shows only after some days whether the measures helped."""
    if row.state == S.PROVEN and row.metric and row.recheck_at is not None and now < row.recheck_at:
        words = _("Its figure is looked at again from %(day)s on; before, the days are too few.")
        yield Refusal("too_early", words % {"day": wording.minute(row.recheck_at)})


def merchant_is_late(row: Any, facts: Data, actor: Any, now: datetime, data: Data) -> Iterable[Refusal]:
    """While the merchant still has time it cannot have failed."""
    if row.state in MERCHANTS_TURN and now <= row.due_at:
        yield Refusal("still_time", _("The merchant still has time; it cannot have failed yet."))


def words(label: Any) -> Need:
    return Need("words", label=label, kind="long")


MACHINE = Machine(
    "scorecards.plan",
    states=S,
    initial=[S.OPENED],
    terminal=sorted(TERMINAL),
    moves=[
        Move(
            "answer",
            sources=[S.OPENED],
            target=S.ANSWERED,
            capability=ANSWER,
            label=_("Answer with cause and measures"),
            event="plan.answered",
            guards=[acts_for_it],
            facts=[PARTIES],
            needs=[
                Need("cause_words", label=_("Cause"), kind="long"),
                Need("measures", label=_("Measures"), kind="long"),
                Need("measures_due", label=_("Done by"), kind="moment"),
            ],
            effect=_("The merchant manager accepts it or sends it back with a reason."),
        ),
        Move(
            "accept",
            sources=[S.ANSWERED],
            target=S.ACCEPTED,
            capability=RECTIFY,
            label=_("Accept the measures"),
            event="plan.accepted",
            guards=[looks_after],
            facts=[PARTIES],
            needs=[Need("due_at", label=_("due"), kind="hidden")],
            effect=_(
                "The merchant carries them out by the day he named and hands in proof; accepted late, "
                "he has a few days from now."
            ),
        ),
        Move(
            "send_back",
            sources=[S.ANSWERED],
            target=S.OPENED,
            capability=RECTIFY,
            label=_("Send the answer back"),
            event="plan.sent_back",
            guards=[looks_after],
            facts=[PARTIES],
            needs=[words(_("What is missing")), Need("due_at", label=_("due"), kind="hidden")],
            effect=_("The merchant answers again; the time to answer begins anew."),
        ),
        Move(
            "prove",
            sources=[S.ACCEPTED],
            target=S.PROVEN,
            capability=ANSWER,
            label=_("Hand in proof"),
            event="plan.proven",
            guards=[acts_for_it],
            facts=[PARTIES],
            needs=[words(_("What was done")), Need("recheck_at", label=_("looked at again"), kind="hidden")],
            effect=_("After some days its figure is looked at again."),
        ),
        Move(
            "ask_again",
            sources=[S.PROVEN],
            target=S.ACCEPTED,
            capability=RECTIFY,
            label=_("Ask for better proof"),
            event="plan.asked_again",
            guards=[looks_after],
            facts=[PARTIES],
            needs=[words(_("What is missing")), Need("due_at", label=_("due"), kind="hidden")],
            effect=_("The merchant hands in proof again."),
        ),
        Move(
            "fulfil",
            sources=[S.PROVEN],
            target=S.FULFILLED,
            capability=RECTIFY,
            label=_("Close as fulfilled"),
            event="plan.fulfilled",
            guards=[looks_after, day_has_come],
            facts=[PARTIES],
            needs=[
                words(_("What was seen")),
                Need("checked", label=_("figure"), kind="hidden", required=False),
            ],
            effect=_("It is closed; the merchant reads what was seen."),
        ),
        Move(
            "fail",
            sources=[S.OPENED, S.ACCEPTED, S.PROVEN],
            target=S.FAILED,
            capability=RECTIFY,
            label=_("Close as failed"),
            event="plan.failed",
            guards=[looks_after, merchant_is_late, day_has_come],
            facts=[PARTIES],
            needs=[
                words(_("What was seen")),
                Need("checked", label=_("figure"), kind="hidden", required=False),
            ],
            effect=_("It is closed; a consequence may be proposed, which has its own appeal."),
        ),
        Move(
            "withdraw",
            sources=sorted(OPEN),
            target=S.WITHDRAWN,
            capability=RECTIFY,
            label=_("Withdraw"),
            event="plan.withdrawn",
            guards=[looks_after],
            facts=[PARTIES],
            needs=[words(_("Why it is withdrawn"))],
            effect=_("Nothing is asked of the merchant any more; it counts as nothing."),
        ),
    ],
)
