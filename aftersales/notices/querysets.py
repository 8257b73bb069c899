"""Which messages a person may see, and which still wait."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any, Self

from django.db.models import Q

from aftersales.core.querysets import ScopedQuerySet

from . import kinds, rules
from .states import NoticeChannel, NoticeState, RecipientKind, TextState

# A sender that died holds its message this long. Shorter than a job's lease, so that the job's next run may
# take it.
CLAIM = timedelta(minutes=4)


class TemplateQuerySet(ScopedQuerySet):
    view_capability = "notices.view_noticetemplate"


class TextQuerySet(ScopedQuerySet):
    view_capability = "notices.view_noticetext"

    def in_force(self) -> Self:
        return self.filter(state=TextState.ACTIVE)


class GatewayQuerySet(ScopedQuerySet):
    view_capability = "notices.view_gateway"

    def serving(self, recipient: str) -> Self:
        return self.filter(is_active=True, recipients__contains=[recipient]).order_by("pk")


class NoticeQuerySet(ScopedQuerySet):
    view_capability = "notices.view_notice"

    def visible_to(self, user: Any) -> Self:
        """All with the capability; everybody else the messages addressed to himself in the system."""
        if getattr(user, "is_active", False) and user.has_perm(self.view_capability):
            return self
        return self.in_inbox_of(user)

    def in_inbox_of(self, user: Any) -> Self:
        if not getattr(user, "is_active", False) or user.pk is None:
            return self.none()
        return self.filter(user_id=user.pk, channel=NoticeChannel.IN_APP)

    def unread(self) -> Self:
        return self.filter(read_at=None)

    def about(self, subject_kind: str, *subject_ids: int) -> Self:
        return self.filter(subject_kind=subject_kind, subject_id__in=subject_ids)

    def to_customer(self, customer_id: int) -> Self:
        return self.filter(recipient_kind=RecipientKind.CUSTOMER, customer_id=customer_id)

    def repeating(self, text: str) -> Self:
        """Messages that carry what somebody wrote, word for word."""
        carriers = [code for code, kind in kinds.declared().items() if "message" in kind.variables]
        return self.filter(source__in=carriers, body__contains=rules.clean_text(text))

    def free_at(self, now: datetime) -> Self:
        """Messages nobody is sending right now and that still want to go out."""
        return self.filter(
            Q(state__in=[NoticeState.QUEUED, NoticeState.FAILED])
            | Q(state=NoticeState.SENDING, claimed_at__lt=now - CLAIM)
        )
