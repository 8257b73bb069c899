"""Which letters a person may see: those of the tickets he sees."""

from datetime import datetime
from typing import Any, Self

from aftersales.cases.authority.states import OPEN_LETTERS, UNANSWERED
from aftersales.core.querysets import ScopedQuerySet
from aftersales.tickets.models import Ticket


class AuthorityQuerySet(ScopedQuerySet):
    view_capability = "cases.view_authoritycase"

    def visible_to(self, user: Any) -> Self:
        if not (user and user.is_active and user.has_perm(self.view_capability)):
            return self.none()
        if user.has_perm("tickets.view_all"):
            return self
        return self.filter(ticket__in=Ticket.objects.visible_to(user))

    def open(self) -> Self:
        return self.filter(state__in=OPEN_LETTERS)

    def unanswered(self) -> Self:
        return self.filter(state__in=UNANSWERED)

    def late(self, now: datetime) -> Self:
        return self.unanswered().filter(due_at__lt=now)


class ThroughAuthorityQuerySet(ScopedQuerySet):
    view_capability = "cases.view_authoritycase"

    def visible_to(self, user: Any) -> Self:
        from aftersales.cases.models import AuthorityCase

        if not (user and user.is_active and user.has_perm(self.view_capability)):
            return self.none()
        if user.has_perm("tickets.view_all"):
            return self
        return self.filter(letter__in=AuthorityCase.objects.visible_to(user))
