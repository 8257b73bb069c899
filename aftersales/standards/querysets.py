"""Filters over the rule book."""

from datetime import datetime
from typing import Self

from django.db.models import Q

from aftersales.core.querysets import ScopedQuerySet
from aftersales.standards.states import RuleState


class RuleBookQuerySet(ScopedQuerySet):
    """Everybody who reads the rule book reads all of it: a promise is no secret from those who owe it."""

    view_capability = "standards.view_rulebook"


class RuleVersionQuerySet(RuleBookQuerySet):
    def in_force(self, at: datetime) -> Self:
        """Versions that applied at ``at``; a replaced version still applied in its own time."""
        return self.filter(
            Q(valid_to=None) | Q(valid_to__gt=at),
            state__in=[RuleState.ACTIVE, RuleState.RETIRED],
            valid_from__lte=at,
        )

    def drafts(self) -> Self:
        return self.filter(state=RuleState.DRAFT)
