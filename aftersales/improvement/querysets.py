"""Who sees which warnings and signs."""

from typing import Any, Self

from django.db import models
from django.db.models import Q

from aftersales.core.querysets import ScopedQuerySet
from aftersales.improvement.states import OPEN

VIEW, VIEW_OWN, SIGNS = "improvement.view_warning", "improvement.view_own", "improvement.view_sign"


class WarningQuerySet(ScopedQuerySet):
    def visible_to(self, user: Any) -> Self:
        """All for who answers for them; who looks after merchants sees theirs and those of nobody in particular."""
        if user is None or not user.is_active:
            return self.none()
        if user.has_perm(VIEW):
            return self
        if user.has_perm(VIEW_OWN):
            return self.filter(Q(merchant=None) | Q(merchant__manager=user.pk))
        return self.none()

    def not_below_another(self, user: Any) -> Self:
        """Those that no open warning explains which this person sees too: he finds each, or the one it stands below."""
        above = type(self)(self.model).visible_to(user).filter(state__in=OPEN)
        return self.exclude(within__in=above.values("pk"))

    def open(self) -> Self:
        return self.filter(state__in=OPEN)


class ThroughWarningQuerySet(models.QuerySet[Any]):
    def visible_to(self, user: Any) -> Self:
        from aftersales.improvement.models import Warning as Row

        return self.filter(warning__in=Row.objects.visible_to(user).values("pk"))


class SignQuerySet(ScopedQuerySet):
    """A suspicion is read by who decides and who audits, not by who trades with the merchant."""

    view_capability = SIGNS


class SignRowQuerySet(ScopedQuerySet):
    view_capability = SIGNS


class SurgeCountQuerySet(ScopedQuerySet):
    view_capability = VIEW
