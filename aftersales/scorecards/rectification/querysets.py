"""Whose plans a person may see."""

from datetime import datetime
from typing import Any, Self

from aftersales.core.querysets import ScopedQuerySet
from aftersales.merchants.models import Merchant
from aftersales.scorecards.rectification.states import MERCHANTS_TURN, OPEN


class RectificationQuerySet(ScopedQuerySet):
    """Staff by capability all; a merchant's people those of the merchants they act for."""

    view_capability = "scorecards.view_plans"

    def visible_to(self, user: Any) -> Self:
        if (
            user is not None
            and user.is_active
            and not user.is_staff
            and user.has_perm("scorecards.answer_plan")
        ):
            return self.filter(merchant__in=Merchant.objects.of_member(user).order_by().values("pk"))
        return super().visible_to(user)

    def open(self) -> Self:
        return self.filter(state__in=sorted(OPEN))

    def late(self, at: datetime) -> Self:
        return self.filter(state__in=sorted(MERCHANTS_TURN), due_at__lt=at)


class RectificationFileQuerySet(ScopedQuerySet):
    """With their plan."""

    def visible_to(self, user: Any) -> Self:
        plans = self.model._meta.get_field("plan").related_model
        return self.filter(plan__in=plans._default_manager.visible_to(user).order_by().values("pk"))
