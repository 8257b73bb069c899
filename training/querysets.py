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


class CourseQuerySet(ScopedQuerySet):
    view_capability = "training.view_courses"


class RunQuerySet(ScopedQuerySet):
    """Everybody of the department reads which runs there are; who sits in them is another question."""

    view_capability = "training.view_courses"

    def led_by(self, user: Any) -> Self:
        """Runs that this person leads: his own, or all for who plans runs."""
        return self.all() if user.has_perm("training.plan_runs") else self.filter(trainer=user)


class SeatQuerySet(models.QuerySet[Any]):
    def visible_to(self, user: Any) -> Self:
        """One's own always, and those of the runs one teaches; others as far as one sees these people."""
        if not getattr(user, "is_staff", False):
            return self.none()
        mine = models.Q(person=user) | models.Q(run__trainer=user)
        if user.has_perm("training.view_seats"):
            from accounts.models import User

            mine |= models.Q(person__in=User.objects.visible_to(user).values("pk"))
        return self.filter(mine)

    def taken(self) -> Self:
        """Places that are not free."""
        return self.exclude(state="withdrawn")

    def counted(self) -> Self:
        """Seats that give hours: the person was there and the run is over."""
        return self.filter(state="present", run__state="done")


class SheetLineQuerySet(ScopedQuerySet):
    view_capability = "training.view_seats"


class BankQuerySet(RuleVersions):
    """The question bank: only who keeps it or audits it, since the right answers stand in it."""

    view_capability = "training.view_bank"


class ExamQuerySet(ScopedQuerySet):
    view_capability = "training.view_courses"


class AttemptQuerySet(models.QuerySet[Any]):
    def visible_to(self, user: Any) -> Self:
        """One's own always; others as far as one sees these people."""
        if not getattr(user, "is_staff", False):
            return self.none()
        if user.has_perm("training.view_attempts"):
            from accounts.models import User

            people = User.objects.visible_to(user).values("pk")
            return self.filter(models.Q(person=user) | models.Q(person__in=people))
        return self.filter(person=user)


class AssessmentQuerySet(AttemptQuerySet):
    def visible_to(self, user: Any) -> Self:
        """Those of people one sees, one's own, and those one assesses."""
        if not getattr(user, "is_staff", False):
            return self.none()
        seen = super().visible_to(user).values("pk")
        assessed = self.model._default_manager.filter(sheets__assessor=user).values("pk")
        return self.filter(models.Q(pk__in=seen) | models.Q(pk__in=assessed))


class FactQuerySet(models.QuerySet[Any]):
    def visible_to(self, user: Any) -> Self:
        """One's own always; those of people one sees for who reads how they are taught."""
        if not getattr(user, "is_staff", False):
            return self.none()
        if not user.has_perm("training.view_seats"):
            return self.filter(person=user)
        from accounts.models import User

        return self.filter(
            models.Q(person=user) | models.Q(person__in=User.objects.visible_to(user).values("pk"))
        )


class OrderQuerySet(models.QuerySet[Any]):
    def visible_to(self, user: Any) -> Self:
        """One's own always; those of people one sees for who reads how they are taught."""
        if not getattr(user, "is_staff", False):
            return self.none()
        if not user.has_perm("training.view_orders"):
            return self.filter(person=user)
        from accounts.models import User

        people = User.objects.visible_to(user).values("pk")
        return self.filter(models.Q(person=user) | models.Q(person__in=people))
