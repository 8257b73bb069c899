"""Criticism notices and honour titles inside a team: who of it reads which, and what became of the appeal (R6.5)."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from django.db.models import Exists, OuterRef, Q

from accounts.models import Team, TeamMember
from aftersales.ledger import clauses, pages, selectors, words
from aftersales.ledger.models import Proposal
from aftersales.ledger.states import DEAD, Measure, Party, ProposalKind, ProposalState

PUBLIC = (Measure.HONOUR, Measure.CRITICISM)
"""Measures that the team reads; talks and training orders stay between the person and the lead."""
EVERY = "ledger.view_every_file"
SHOWN_FOR = timedelta(days=365)


@dataclass(frozen=True)
class TeamNotice:
    """One notice; ``taken``: it was overturned or turned back, and only the person still sees that it was there."""

    row: Proposal
    person: str
    fact: str
    clause: str
    badge: tuple[str, str, str]
    is_honour: bool
    is_own: bool
    is_open: bool
    taken: bool


def of_teams(user: Any, now: datetime, *, before: int | None = None) -> tuple[list[TeamNotice], int | None]:
    """A page of notices about people of one's teams as they were then, newest first.

    Of oneself also what was taken away. Who may read every file reads those of every team. Of merchants there are none.
    """
    rows = Proposal.objects.filter(
        kind=ProposalKind.MEASURE, party=Party.PERSON, measure__in=PUBLIC, notified_at__gte=now - SHOWN_FOR
    )
    rows = rows.filter(_seen(user))
    if before:
        rows = rows.filter(pk__lt=before)
    found = list(rows.order_by("-pk")[: selectors.PAGE + 1])
    shown = found[: selectors.PAGE]
    names, rules = selectors.party_names(shown), clauses.named(row.citation for row in shown)
    more = shown[-1].pk if len(found) > len(shown) else None
    return [_notice(row, names[row.pk], rules[row.citation], user) for row in shown], more


def _seen(user: Any) -> Q:
    """What stands, in one's teams; of oneself also what was taken away."""
    own = Q(party_id=user.pk)
    if user.has_perm(EVERY):
        return own | ~Q(state__in=sorted(DEAD))
    theirs = TeamMember.objects.filter(
        person=OuterRef("party_id"), team__in=_teams(user), active_from__lte=OuterRef("notified_at")
    ).filter(Q(active_to=None) | Q(active_to__gt=OuterRef("notified_at")))
    return own | (~Q(state__in=sorted(DEAD)) & Q(Exists(theirs)))


def _teams(user: Any) -> Any:
    """The teams a person is in now or leads."""
    return Team.objects.active().filter(Q(lead=user) | Q(members__person=user, members__active_to=None))


def _notice(row: Proposal, name: str, clause: str, user: Any) -> TeamNotice:
    return TeamNotice(
        row, name, words.fact(row.fact_code), clause, pages.badge_of(row), row.measure == Measure.HONOUR,
        row.party_id == user.pk, row.state == ProposalState.NOTIFIED, row.state in DEAD,
    )  # fmt: skip
