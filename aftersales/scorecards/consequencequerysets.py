"""Who sees measures against merchants."""

from datetime import datetime
from typing import Any, Self

from django.db import models
from django.db.models import Q

from aftersales.merchants.models import Merchant
from aftersales.scorecards.consequencestates import FALLEN

VIEW, OF_MERCHANT = "scorecards.view_measures", "scorecards.view_measures_of_merchant"


class MeasureQuerySet(models.QuerySet[Any]):
    def visible_to(self, user: Any) -> Self:
        """All for who answers for merchants; an owner sees what his merchant was told."""
        if user is None or not user.is_active:
            return self.none()
        if user.is_staff and user.has_perm(VIEW):
            return self.all()
        if user.is_staff or not user.has_perm(OF_MERCHANT):
            return self.none()
        return self.filter(begins_at__isnull=False, merchant__in=Merchant.objects.owned_by(user).values("pk"))

    def acting(self, now: datetime) -> Self:
        """Those that act, or acted, at that moment; what fell never did."""
        return self.stood(now).exclude(state__in=sorted(FALLEN))

    def stood(self, at: datetime) -> Self:
        """As it was seen at that moment: also what fell later."""
        running = self.filter(begins_at__lte=at)
        return running.filter(Q(ends_at=None) | Q(ends_at__gt=at), Q(ended_at=None) | Q(ended_at__gt=at))


class MeasureParts(models.QuerySet[Any]):
    """Facts, files and neutral figures: with their measure."""

    def visible_to(self, user: Any) -> Self:
        measures = self.model._meta.get_field("measure").related_model
        return self.filter(measure__in=measures._default_manager.visible_to(user))
