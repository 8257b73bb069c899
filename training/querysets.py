"""Filters over certificates and limits."""

from datetime import datetime
from typing import Any, Self

from django.db import models

from aftersales.core.querysets import ScopedQuerySet
from aftersales.core.rulebook import RuleVersions
from training.states import LIVE


class TierQuerySet(ScopedQuerySet):
    view_capability = "training.view_rules"


class TrainingRuleQuerySet(RuleVersions):
    """Everybody who may be limited reads the limits."""

    view_capability = "training.view_rules"


class CertificateQuerySet(models.QuerySet[Any]):
    def live(self, at: datetime) -> Self:
        """Certificates that give something at that very moment."""
        return self.filter(state__in=LIVE, valid_from__lte=at, valid_to__gt=at)

    def visible_to(self, user: Any) -> Self:
        """One's own always; those of colleagues for who keeps or reads certificates."""
        if not getattr(user, "is_staff", False):
            return self.none()
        if user.has_perm("training.view_certificate"):
            return self.all()
        return self.filter(person=user)
