"""Enrol whoever lacks a training, as far as the places go."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db import transaction
from django.utils.translation import gettext_lazy as _

from aftersales.core import events, moves
from aftersales.core.errors import DomainError
from training import compliancepages, complianceselectors, courseselectors
from training.models import Run, Seat
from training.services import require
from training.services.courses import ENROL, seats_take
from training.states import Lack

SEE = "training.view_seats"


@dataclass(frozen=True)
class Enrolled:
    """How many got a place and how many did not fit."""

    taken: int
    left: int


def lacking_enrol(*, run: Run, lack: str, actor: Any, now: datetime, team: str | None = None) -> Enrolled:
    """Everybody the actor sees who lacks this and whom this run helps, in the order of the page; never himself.

    Who has a place keeps it, so that asking twice enrols nobody twice. Errors: not_permitted, lack, full, nobody.
    """
    require(actor, ENROL)
    if lack not in Lack.values:
        raise DomainError(_("Choose which training is lacking."), "lack")
    with transaction.atomic():
        row = moves.locked(run)
        rows = complianceselectors.standings(actor, now)
        seated = set(Seat.objects.filter(run=row).taken().values_list("person_id", flat=True))
        wanted = [
            one.person
            for one in complianceselectors.lacking(rows, lack=lack, team=team)
            if complianceselectors.helps(row, lack, one)
            and one.person.pk not in seated | {row.trainer_id, actor.pk}
        ]
        if not wanted:
            text = _("Nobody who lacks this needs a place in this run; choose a run of a fitting course.")
            raise DomainError(text, "nobody")
        free = row.places - courseselectors.taken(row)
        if free < 1:
            raise DomainError(_("Every place of this run is taken."), "full")
        seats_take(run=row, people=wanted[:free], actor=actor, now=now)
    return Enrolled(min(free, len(wanted)), max(0, len(wanted) - free))


def standings_sheet(*, actor: Any, now: datetime, lack: str = "", team: str | None = None) -> str:
    """Who lacks what as CSV, as the page was filtered; who took it out is recorded. Errors: not_permitted."""
    require(actor, SEE)
    rows = complianceselectors.lacking(complianceselectors.standings(actor, now), lack=lack, team=team)
    payload = {"rows": len(rows)}
    events.record("training.sheet_taken", subject=actor, actor=actor, now=now, payload=payload)
    return compliancepages.sheet(rows, now)
