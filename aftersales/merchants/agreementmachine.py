"""Life of a version of an agreement: drafted, talked over, announced by a second person, in force after its notice."""

from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Any

from django.utils.translation import gettext_lazy as _

from aftersales.core.announcing import announced_machine
from aftersales.core.errors import Refusal


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


AGREEMENT_MACHINE = announced_machine(
    "merchants.agreementversion",
    until="merchants.agreement_announced_until",
    event="agreement.announced",
    guards=[talked_over, promises_what_the_book_says],
    facts=["merchants.agreement_not_talked_over", "merchants.agreement_beside_the_book"],
    begins=_("Its text is fixed from now on; every owner whom it concerns is asked to accept it."),
    guards_of_end=[has_begun],
    ends=_("Nobody is asked to accept it any more; who accepted it stays recorded."),
)
