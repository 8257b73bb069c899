"""Which people, teams and shifts a user may see, and who is on duty at a moment."""

from __future__ import annotations

from datetime import datetime
from typing import Any, Self

from django.db import models
from django.db.models import F, Q

from accounts.states import Kind, Role

VENDOR_ROLES = (Role.VENDOR_LEAD, Role.VENDOR_AGENT)


def sees_everybody(user: Any) -> bool:
    """Own staff see all colleagues; people of a vendor see their own teams only."""
    return bool(getattr(user, "is_staff", False)) and not set(user.roles) <= set(VENDOR_ROLES)


class UserQuerySet(models.QuerySet[Any]):
    def get_by_natural_key(self, username: str) -> Any:
        return self.get(username=username)

    async def aget_by_natural_key(self, username: str) -> Any:
        return await self.aget(username=username)

    def people(self) -> Self:
        """Persons, without machine accounts."""
        return self.exclude(kind=Kind.MACHINE)

    def active(self) -> Self:
        return self.people().filter(is_active=True)

    def with_role(self, *roles: str) -> Self:
        return self.filter(roles__overlap=list(roles))

    def visible_to(self, user: Any) -> Self:
        if sees_everybody(user):
            return self.all()
        if not getattr(user, "is_staff", False):
            return self.filter(pk=user.pk) if user.pk else self.none()
        teams = Q(memberships__active_to=None, memberships__team__in=_own_teams(user))
        return self.filter(pk__in=self.model._default_manager.filter(teams | Q(pk=user.pk)).values("pk"))


def _own_teams(user: Any) -> Any:
    from accounts.models import TeamMember

    return TeamMember.objects.filter(person=user, active_to=None).values("team_id")


class TeamQuerySet(models.QuerySet[Any]):
    def active(self) -> Self:
        return self.filter(active_to=None)

    def with_duty(self, duty: str) -> Self:
        return self.filter(duties__contains=[duty])

    def visible_to(self, user: Any) -> Self:
        if sees_everybody(user):
            return self.all()
        if not getattr(user, "is_staff", False):
            return self.none()
        return self.filter(Q(pk__in=_own_teams(user)) | Q(lead=user))


class _OfPeopleQuerySet(models.QuerySet[Any]):
    """Rows that belong to one person are seen by whoever sees that person."""

    def visible_to(self, user: Any) -> Self:
        from accounts.models import User

        return (
            self.all()
            if sees_everybody(user)
            else self.filter(person__in=User.objects.visible_to(user).values("pk"))
        )


class TeamMemberQuerySet(_OfPeopleQuerySet):
    def at(self, moment: datetime) -> Self:
        return self.filter(active_from__lte=moment).filter(Q(active_to=None) | Q(active_to__gt=moment))

    def current(self) -> Self:
        return self.filter(active_to=None)


class AwayQuerySet(_OfPeopleQuerySet):
    def at(self, moment: datetime) -> Self:
        return self.filter(starts_at__lte=moment).filter(Q(ends_at=None) | Q(ends_at__gt=moment))

    def lasting(self) -> Self:
        """Without those that were taken back before they began: they are kept as empty periods."""
        return self.filter(Q(ends_at=None) | Q(ends_at__gt=F("starts_at")))


class ShiftQuerySet(_OfPeopleQuerySet):
    def planned(self) -> Self:
        return self.filter(cancelled_at=None)

    def at(self, moment: datetime) -> Self:
        return self.planned().filter(starts_at__lte=moment, ends_at__gt=moment)
