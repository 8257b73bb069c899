"""Which saved views a person may open."""

from typing import Any, Self

from django.db.models import Q

from accounts.models import Team, TeamMember
from aftersales.core.querysets import ScopedQuerySet
from aftersales.desk.states import Shared


class SavedViewQuerySet(ScopedQuerySet):
    view_capability = "desk.view"

    def visible_to(self, user: Any) -> Self:
        """One's own, those of one's teams, those for everybody; what they show is scoped anew for each reader."""
        if not (user and user.is_active and user.has_perm(self.view_capability)):
            return self.none()
        joined = TeamMember.objects.filter(person=user.pk, active_to=None).values("team_id")
        own = Team.objects.filter(Q(pk__in=joined) | Q(lead=user.pk)).values("pk")
        teams = Q(shared=Shared.TEAM, team__in=own)
        return self.filter(Q(owner_id=user.pk) | teams | Q(shared=Shared.EVERYBODY))

    def active(self) -> Self:
        return self.filter(active_to=None)
