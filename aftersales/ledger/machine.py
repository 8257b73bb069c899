"""Life of a month and of a proposal."""

from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Any

from django.utils.translation import gettext_lazy as _

from aftersales.core.errors import Refusal
from aftersales.core.machine import Machine, Move, Need
from aftersales.ledger.states import UNDECIDED, Party
from aftersales.ledger.states import PeriodState as P
from aftersales.ledger.states import ProposalState as S


def month_is_over(
    row: Any, facts: Mapping[str, Any], actor: Any, now: datetime, data: Mapping[str, Any]
) -> Iterable[Refusal]:
    if now < row.ends_at:
        yield Refusal("month_runs", _("A month is closed when it is over."))


def in_order(
    row: Any, facts: Mapping[str, Any], actor: Any, now: datetime, data: Mapping[str, Any]
) -> Iterable[Refusal]:
    """An earlier month that is still open could change what this one begins with."""
    if any(facts["ledger.earlier_open"]):
        yield Refusal("earlier_open", _("An earlier month is still open."))


PERIOD_MACHINE = Machine(
    "ledger.period",
    states=P,
    initial=[P.OPEN],
    terminal=[P.CLOSED],
    moves=[
        Move(
            "close",
            sources=[P.OPEN],
            target=P.CLOSED,
            capability="ledger.close",
            label=_("Close the month"),
            event="period.closed",
            guards=[month_is_over, in_order],
            facts=["ledger.earlier_open"],
            effect=_("Nothing is posted into it any more; what was wrong is corrected in an open month."),
        ),
    ],
)


def heard_in_time(
    row: Any, facts: Mapping[str, Any], actor: Any, now: datetime, data: Mapping[str, Any]
) -> Iterable[Refusal]:
    if row.appeal_until and now >= row.appeal_until:
        yield Refusal("window_over", _("The time in which it could be appealed is over."))


def by_the_party(
    row: Any, facts: Mapping[str, Any], actor: Any, now: datetime, data: Mapping[str, Any]
) -> Iterable[Refusal]:
    """A person appeals for himself, an owner for his merchant; else it is taken down by who did not propose it."""
    if row.party == Party.PERSON and actor.pk != row.party_id:
        yield Refusal("not_the_party", _("Only the person whom it concerns appeals."))
    if (
        row.party == Party.MERCHANT
        and not actor.is_staff
        and not any(actor.pk in owners for owners in facts["ledger.owners"])
    ):
        yield Refusal("not_the_party", _("Only the merchant whom it concerns appeals."))
    if row.party == Party.MERCHANT and actor.pk == row.proposed_by_id:
        yield Refusal("own_proposal", _("Whoever proposed it does not take down the appeal against it."))


def nobody_of_the_matter(
    row: Any, facts: Mapping[str, Any], actor: Any, now: datetime, data: Mapping[str, Any]
) -> Iterable[Refusal]:
    """An appeal is heard by another person than who proposed, told or appealed (R6.8)."""
    if actor.pk in {row.proposed_by_id, row.notified_by_id, row.appealed_by_id}:
        yield Refusal("another_person", _("Another person decides about an appeal: you had part in this."))
    yield from not_about_oneself(row, facts, actor, now, data)


def not_own_proposal(
    row: Any, facts: Mapping[str, Any], actor: Any, now: datetime, data: Mapping[str, Any]
) -> Iterable[Refusal]:
    if actor.pk == row.proposed_by_id:
        yield Refusal("own_proposal", _("Nobody approves what he proposed himself."))
    yield from not_about_oneself(row, facts, actor, now, data)


def not_who_heard(
    row: Any, facts: Mapping[str, Any], actor: Any, now: datetime, data: Mapping[str, Any]
) -> Iterable[Refusal]:
    """Whoever judged the appeal does not dispose of the amount too."""
    if row.heard_by_id is not None and actor.pk == row.heard_by_id:
        yield Refusal(
            "heard_it", _("You decided about the appeal; another person approves what is posted after it.")
        )


def not_about_oneself(
    row: Any, facts: Mapping[str, Any], actor: Any, now: datetime, data: Mapping[str, Any]
) -> Iterable[Refusal]:
    if row.party == Party.PERSON and actor.pk == row.party_id:
        yield Refusal("about_oneself", _("Nobody decides about himself."))


def party_was_heard(
    row: Any, facts: Mapping[str, Any], actor: Any, now: datetime, data: Mapping[str, Any]
) -> Iterable[Refusal]:
    """After the window, or after an appeal was rejected: never before."""
    if row.state == S.NOTIFIED and (row.appeal_until is None or now < row.appeal_until):
        yield Refusal("window_open", _("The party can still appeal; it is decided when that time is over."))


UNTIL = Need("until", label=_("appeal until"), kind="hidden")
WORDS = Need("words", label=_("appeal"), kind="hidden")
ANSWER = Need("answer", label=_("answer to the appeal"), kind="hidden")
MANAGERS = "ledger.managers"  # for guards of rooms above
FELL_BY = Need("fell_by", label=_("why it fell"), kind="hidden", required=False)
ENTRY = Need("journal_id", label=_("entry"), kind="hidden", required=False)

PROPOSAL_MACHINE = Machine(
    "ledger.proposal",
    states=S,
    initial=[S.PROPOSED],
    terminal=[S.OVERTURNED, S.REVERSED, S.WITHDRAWN, S.CANCELLED],
    moves=[
        Move(
            "notify",
            sources=[S.PROPOSED],
            target=S.NOTIFIED,
            capability="ledger.notify",
            label=_("Tell the party"),
            event="proposal.notified",
            needs=[UNTIL],
            guards=[not_about_oneself],
            effect=_("The party reads fact, clause and calculation, and can appeal from now on."),
        ),
        Move(
            "appeal",
            sources=[S.NOTIFIED],
            target=S.APPEALED,
            capability="ledger.appeal",
            label=_("Appeal"),
            event="proposal.appealed",
            needs=[WORDS],
            guards=[by_the_party, heard_in_time],
            facts=["ledger.owners"],
            effect=_("Another person decides about it; until then nothing is posted."),
        ),
        Move(
            "uphold",
            sources=[S.APPEALED],
            target=S.UPHELD,
            capability="ledger.hear",
            label=_("Reject the appeal"),
            event="proposal.upheld",
            needs=[ANSWER],
            guards=[nobody_of_the_matter],
            effect=_("The proposal stands; the party is told why."),
        ),
        Move(
            "overturn",
            sources=[S.APPEALED],
            target=S.OVERTURNED,
            capability="ledger.hear",
            label=_("Accept the appeal"),
            event="proposal.overturned",
            needs=[ANSWER, FELL_BY],
            guards=[nobody_of_the_matter],
            facts=[MANAGERS],
            effect=_("Nothing is posted; what acted already is turned back; the party is told."),
        ),
        Move(
            "approve",
            sources=[S.NOTIFIED, S.UPHELD],
            target=S.APPROVED,
            capability="ledger.approve",
            label=_("Approve"),
            event="proposal.approved",
            guards=[not_own_proposal, not_who_heard, party_was_heard],
            effect=_("It is posted at once."),
            authority="ledger.approve",
        ),
        Move(
            "post",
            sources=[S.APPROVED],
            target=S.POSTED,
            capability="ledger.post",
            label=_("Post"),
            event="proposal.posted",
            needs=[ENTRY],
            effect=_("It stands in the accounts."),
            by_system=True,
        ),
        Move(
            "reverse",
            sources=[S.POSTED],
            target=S.REVERSED,
            capability="ledger.reverse",
            label=_("Turn back"),
            event="proposal.reversed",
            needs=[FELL_BY],
            guards=[not_about_oneself],
            facts=[MANAGERS],
            effect=_("A new entry turns it back, once; the first one stays readable."),
        ),
        Move(
            "withdraw",
            sources=sorted(UNDECIDED),
            target=S.WITHDRAWN,
            capability="ledger.withdraw",
            label=_("Withdraw"),
            event="proposal.withdrawn",
            needs=[FELL_BY],
            guards=[not_about_oneself],
            facts=[MANAGERS],
            effect=_("Nothing follows from it; it stays readable."),
        ),
        Move(
            "cancel",
            sources=sorted(UNDECIDED | {S.APPROVED}),
            target=S.CANCELLED,
            capability="ledger.cancel",
            label=_("Cancel"),
            event="proposal.cancelled",
            effect=_("What it rested on was turned back."),
            by_system=True,
        ),
    ],
)
