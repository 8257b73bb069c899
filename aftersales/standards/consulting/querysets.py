"""Which consultations and comments a person may see."""

from datetime import datetime
from typing import Any, Self

from django.db import models

CONSULT = "standards.consult"
READ = "standards.view_rulebook"


class ConsultationQuerySet(models.QuerySet[Any]):
    def visible_to(self, user: Any) -> Self:
        """Everybody: they stand on a public page. A rule of one merchant alone is never consulted on."""
        return self

    def about(self, rule: Any) -> Self:
        return self.filter(rule_kind=rule._meta.label_lower, rule_id=rule.pk)

    def open(self, now: datetime) -> Self:
        return self.filter(opened_at__lte=now, closes_at__gt=now)


class CommentQuerySet(models.QuerySet[Any]):
    def visible_to(self, user: Any) -> Self:
        """Staff who read the rule book all; everybody else the answered ones and his own."""
        if getattr(user, "is_active", False) and user.is_staff:
            return self if user.has_perm(READ) else self.none()
        return self.filter(models.Q(answered_at__isnull=False) | models.Q(by=getattr(user, "pk", None) or 0))

    def answered(self) -> Self:
        return self.filter(answered_at__isnull=False)
