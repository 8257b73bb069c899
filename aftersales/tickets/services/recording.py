"""The record of a dispatch: who, who not and why, as it was judged. How it is kept: ``recorded``."""

from datetime import datetime
from typing import Any

from aftersales.tickets.dispatch_rules import Candidate, Choice
from aftersales.tickets.models import DispatchRecord
from aftersales.tickets.recorded import told_asked, told_of


def as_candidate(person: Any, team_id: int | None) -> Candidate:
    """Somebody who got it by hand: nobody was compared."""
    return Candidate(
        person_id=person.pk, name=str(person), team_id=team_id, load=0, capacity=person.capacity, on_shift=True,
        away=False,
    )  # fmt: skip


def record(ticket_id: int, duty: str, choice: Choice, now: datetime) -> DispatchRecord:
    row = build(ticket_id, duty, choice, now)
    row.save(force_insert=True)
    return row


def build(ticket_id: int, duty: str, choice: Choice, now: datetime) -> DispatchRecord:
    return DispatchRecord(
        ticket_id=ticket_id, duty=duty, chosen_id=choice.chosen.person_id if choice.chosen else None,
        reason=choice.reason, candidates=[told_of(one) for one in choice.candidates],
        asked=told_asked(choice.asked) if choice.asked else {}, weights_version=choice.weights, at=now,
    )  # fmt: skip
