"""Life of a version of a consequence rule, and of a measure: proposed, in force at once, appealed, heard by another."""

from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Any

from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from aftersales.core.announcing import announced_machine
from aftersales.core.errors import Refusal
from aftersales.core.machine import Machine, Move, Need
from aftersales.scorecards.consequencestates import OF_MONEY, PEOPLE_DECIDE
from aftersales.scorecards.consequencestates import MeasureState as S
from aftersales.standards.consulting.rules import TALK, talked_out

IMPOSE, HEAR, APPEAL = "scorecards.impose", "scorecards.hear_measure", "scorecards.appeal_measure"
END = "scorecards.end_measure"
Facts = Mapping[str, Any]


CONSEQUENCE_MACHINE = announced_machine(
    "scorecards.consequenceversion",
    until="scorecards.consequence_announced_until",
    guards=[talked_out],
    facts=[TALK],
    begins=_("It is announced now; what happens from its beginning on has these consequences."),
    ends=_("Nothing that happens from then on has these consequences; measures taken before stand."),
)


def a_person_decides(
    row: Any, facts: Facts, actor: Any, now: datetime, data: Mapping[str, Any]
) -> Iterable[Refusal]:
    if row.effect in PEOPLE_DECIDE and "system" in actor.roles:
        yield Refusal(
            "a_person_decides", _("A restriction or suspension is decided by a person, never by a machine.")
        )


def not_the_manager(
    row: Any, facts: Facts, actor: Any, now: datetime, data: Mapping[str, Any]
) -> Iterable[Refusal]:
    """Whoever looks after a merchant neither takes a measure against him nor lifts one."""
    if actor.pk in facts["scorecards.managers"]:
        yield Refusal("own_merchant", _("You look after this merchant; another person decides."))


def nobody_of_the_matter(
    row: Any, facts: Facts, actor: Any, now: datetime, data: Mapping[str, Any]
) -> Iterable[Refusal]:
    """An appeal is heard by another person than who proposed, decided or appealed."""
    if actor.pk in {row.proposed_by_id, row.decided_by_id, row.appealed_by_id}:
        yield Refusal("another_person", _("Another person decides about an appeal: you had part in this."))
    yield from not_the_manager(row, facts, actor, now, data)


def by_the_merchant(
    row: Any, facts: Facts, actor: Any, now: datetime, data: Mapping[str, Any]
) -> Iterable[Refusal]:
    """The owner appeals, or somebody of the department takes it down for him who did not decide it."""
    if not actor.is_staff and not any(actor.pk in owners for owners in facts["scorecards.owners"]):
        yield Refusal("not_the_party", _("Only the merchant whom it concerns appeals."))
    if actor.is_staff and actor.pk == row.decided_by_id:
        yield Refusal("own_decision", _("Whoever decided it does not take down the appeal against it."))


def in_time_and_once(
    row: Any, facts: Facts, actor: Any, now: datetime, data: Mapping[str, Any]
) -> Iterable[Refusal]:
    if row.appealed_at is not None:
        yield Refusal("appealed_already", _("This measure was appealed already, and the appeal decided."))
    elif row.appeal_until is not None and now >= row.appeal_until:
        words = _("The time to appeal ended on %(day)s.")
        until = timezone.localtime(row.appeal_until)
        yield Refusal("window_over", words % {"day": f"{until:%Y-%m-%d %H:%M}"})


def not_of_the_ledger(
    row: Any, facts: Facts, actor: Any, now: datetime, data: Mapping[str, Any]
) -> Iterable[Refusal]:
    """Money has its own due process; two appeals about one thing could end differently."""
    if row.effect in OF_MONEY:
        yield Refusal(
            "of_the_ledger", _("This is about money: appeal against the penalty, under its own number.")
        )


def its_time_is_over(
    row: Any, facts: Facts, actor: Any, now: datetime, data: Mapping[str, Any]
) -> Iterable[Refusal]:
    if row.ended_at is None and (row.ends_at is None or now < row.ends_at):
        yield Refusal("still_running", _("Its time is not over yet."))


def it_goes_on(
    row: Any, facts: Facts, actor: Any, now: datetime, data: Mapping[str, Any]
) -> Iterable[Refusal]:
    """Lifted, appealed and upheld, there is nothing left to lift."""
    if row.ended_at is not None:
        yield Refusal("over_already", _("It is over already."))


def hidden(name: str, label: Any, *, required: bool = True) -> Need:
    return Need(name, label=label, kind="hidden", required=required)


APPEAL_UNTIL = hidden("appeal_until", _("appeal until"))
WHY = hidden("why", _("why it ended"), required=False)
ANSWER = hidden("answer", _("answer to the appeal"))
ENDED = hidden("ended", _("why it ended"), required=False)
FELL_BY = hidden("fell_by", _("why it fell"))
MANAGERS, OWNERS = "scorecards.managers", "scorecards.owners"
EVERYTHING = [S.PROPOSED, S.IN_FORCE, S.APPEALED, S.UPHELD, S.EXPIRED, S.LIFTED]

MEASURE_MACHINE = Machine(
    "scorecards.merchantmeasure",
    states=S,
    initial=[S.PROPOSED],
    terminal=[S.OVERTURNED, S.WITHDRAWN, S.CANCELLED],
    moves=[
        Move(
            "impose",
            sources=[S.PROPOSED],
            target=S.IN_FORCE,
            capability=IMPOSE,
            label=_("Take the measure"),
            event="measure.imposed",
            guards=[a_person_decides, not_the_manager],
            facts=[MANAGERS],
            needs=[APPEAL_UNTIL, hidden("ends_at", _("ends at"), required=False)],
            effect=_("It acts and is published at once; the merchant is told and can appeal."),
        ),
        Move(
            "withdraw",
            sources=[S.PROPOSED],
            target=S.WITHDRAWN,
            capability=IMPOSE,
            label=_("Do not take it"),
            event="measure.withdrawn",
            needs=[WHY],
            guards=[not_the_manager],
            facts=[MANAGERS],
            effect=_("Nothing follows from this fact; the reason stays readable."),
        ),
        Move(
            "appeal",
            sources=[S.IN_FORCE, S.EXPIRED, S.LIFTED],
            target=S.APPEALED,
            capability=APPEAL,
            label=_("Appeal"),
            event="measure.appealed",
            guards=[by_the_merchant, in_time_and_once, not_of_the_ledger],
            facts=[OWNERS],
            needs=[hidden("words", _("appeal")), hidden("due", _("to be decided by"))],
            effect=_(
                "Another person decides about it; until then the measure goes on, as far as its time is not over."
            ),
        ),
        Move(
            "uphold",
            sources=[S.APPEALED],
            target=S.UPHELD,
            capability=HEAR,
            label=_("Reject the appeal"),
            event="measure.upheld",
            guards=[nobody_of_the_matter],
            facts=[MANAGERS],
            needs=[ANSWER],
            effect=_("The measure stands; the merchant is told why."),
        ),
        Move(
            "overturn",
            sources=[S.APPEALED],
            target=S.OVERTURNED,
            capability=HEAR,
            label=_("Accept the appeal"),
            event="measure.overturned",
            guards=[nobody_of_the_matter],
            facts=[MANAGERS],
            needs=[ANSWER, FELL_BY],
            effect=_(
                "The measure ends: points, money and traffic turn back by themselves; the score with its fact."
            ),
        ),
        Move(
            "lift",
            sources=[S.IN_FORCE, S.UPHELD],
            target=S.LIFTED,
            capability=IMPOSE,
            label=_("Lift it early"),
            event="measure.lifted",
            needs=[WHY],
            guards=[not_the_manager, it_goes_on],
            facts=[MANAGERS],
            effect=_("It ends now; the fact goes on counting."),
        ),
        Move(
            "expire",
            sources=[S.IN_FORCE, S.UPHELD],
            target=S.EXPIRED,
            capability=END,
            label=_("End with its time"),
            event="measure.expired",
            guards=[its_time_is_over],
            effect=_("Its time is over."),
            by_system=True,
        ),
        Move(
            "cancel",
            sources=EVERYTHING,
            target=S.CANCELLED,
            capability=END,
            label=_("Cancel"),
            event="measure.cancelled",
            needs=[WHY, ENDED],
            effect=_("What it rested on was turned back."),
            by_system=True,
        ),
        Move(
            "follow",
            sources=EVERYTHING,
            target=S.OVERTURNED,
            capability=END,
            label=_("Follow the ledger"),
            event="measure.followed",
            needs=[WHY, FELL_BY],
            effect=_("The penalty it led to was turned back."),
            by_system=True,
        ),
    ],
)
