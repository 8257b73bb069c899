"""Life of a version of an agreement: drafted, talked over, announced by a second person, in force after its notice."""

from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Any

from django.utils.translation import gettext_lazy as _

from aftersales.core.errors import Refusal
from aftersales.core.machine import Machine, Move, Need
from aftersales.core.rulebook import RuleState as R
from aftersales.core.rulebook import second_person

ACTIVATE = "standards.activate"


def announced_in_time(
    row: Any, facts: Mapping[str, Any], actor: Any, now: datetime, data: Mapping[str, Any]
) -> Iterable[Refusal]:
    """Merchants read it before it binds: by law seven days, fifteen where it touches many of them (P2)."""
    begin = (data or {}).get("valid_from")  # the page asks before there is any
    for earliest in facts["merchants.agreement_announced_until"]:
        if begin is not None and begin < earliest:
            yield Refusal(
                "announced_too_late",
                _("It is announced first; it can come into force from %(day)s on.")
                % {"day": f"{earliest:%Y-%m-%d %H:%M}"},
            )


def talked_over(
    row: Any, facts: Mapping[str, Any], actor: Any, now: datetime, data: Mapping[str, Any]
) -> Iterable[Refusal]:
    """A changed rule was open for comments, and every comment has its answer (P2, P11)."""
    for found in facts["merchants.agreement_not_talked_over"]:
        yield from found


def promises_what_the_book_says(
    row: Any, facts: Mapping[str, Any], actor: Any, now: datetime, data: Mapping[str, Any]
) -> Iterable[Refusal]:
    """Clocks count by the rule book: an agreement that says another time would be broken by us."""
    for found in facts["merchants.agreement_beside_the_book"]:
        yield from found


def has_begun(
    row: Any, facts: Mapping[str, Any], actor: Any, now: datetime, data: Mapping[str, Any]
) -> Iterable[Refusal]:
    """What is only announced has replaced nothing yet: another version takes its place."""
    end = (data or {}).get("valid_to") or now
    if row.valid_from is not None and end < row.valid_from:
        yield Refusal(
            "not_begun", _("It is announced and not in force yet; announce another version in its place.")
        )


AGREEMENT_MACHINE = Machine(
    "merchants.agreementversion",
    states=R,
    initial=[R.DRAFT, R.NOTED],
    terminal=[R.RETIRED, R.REJECTED, R.NOTED],
    moves=[
        Move(
            "activate",
            sources=[R.DRAFT],
            target=R.ACTIVE,
            capability=ACTIVATE,
            label=_("Announce and bring into force"),
            event="agreement.announced",
            guards=[second_person, talked_over, announced_in_time, promises_what_the_book_says],
            facts=[
                "merchants.agreement_announced_until",
                "merchants.agreement_not_talked_over",
                "merchants.agreement_beside_the_book",
            ],
            needs=[Need("valid_from", label=_("In force from"), kind="moment", required=True)],
            effect=_("Its text is fixed from now on; every owner whom it concerns is asked to accept it."),
        ),
        Move(
            "reject",
            sources=[R.DRAFT],
            target=R.REJECTED,
            capability=ACTIVATE,
            label=_("Return with a reason"),
            event="rule.rejected",
            effect=_("The version never comes into force and stays readable."),
        ),
        Move(
            "retire",
            sources=[R.ACTIVE],
            target=R.RETIRED,
            capability=ACTIVATE,
            label=_("Take out of force"),
            event="rule.retired",
            guards=[has_begun],
            needs=[Need("valid_to", label=_("In force until"), kind="moment", required=False)],
            effect=_("Nobody is asked to accept it any more; who accepted it stays recorded."),
        ),
    ],
)
