"""Who reads which part of the ledger."""

from typing import Any, Self

from django.db import models
from django.db.models import Q

from aftersales.core.querysets import ScopedQuerySet
from aftersales.core.rulebook import RuleVersions
from aftersales.ledger.states import STAFF_ACCOUNTS, Party

ALL = "ledger.view_all"
PEOPLE = "ledger.view_people"  # wages and bonuses only


class AccountQuerySet(models.QuerySet[Any]):
    def visible_to(self, user: Any) -> Self:
        """All for finance and the auditor, people's for payroll, one's own for everybody of the department."""
        if not getattr(user, "is_staff", False):
            return self.none()
        if user.has_perm(ALL):
            return self.all()
        people = Q(kind__in=sorted(STAFF_ACCOUNTS))
        return self.filter(people if user.has_perm(PEOPLE) else people & Q(subject_id=user.pk))


class JournalQuerySet(models.QuerySet[Any]):
    def visible_to(self, user: Any) -> Self:
        """Entries show both sides: payroll sees those that touch nothing but people and the platform."""
        if not getattr(user, "is_staff", False):
            return self.none()
        if user.has_perm(ALL):
            return self.all()
        return self.filter(about_people=True) if user.has_perm(PEOPLE) else self.none()


class PeriodQuerySet(ScopedQuerySet):
    view_capability = "ledger.view"


class SealQuerySet(ScopedQuerySet):
    view_capability = "ledger.view_all"


class ProposalQuerySet(models.QuerySet[Any]):
    def visible_to(self, user: Any) -> Self:
        """One's own and those one made; all for who reads the ledger or decides about merchants."""
        if not getattr(user, "is_staff", False):
            return self.none()
        if user.has_perm("ledger.view_proposals"):
            return self.all()
        own = Q(party=Party.PERSON, party_id=user.pk) | Q(proposed_by=user)
        return self.filter(own | Q(party=Party.PERSON) if user.has_perm(PEOPLE) else own)


class IncentiveQuerySet(ScopedQuerySet):
    """Everybody of the department reads by which rules he is rewarded or charged."""

    view_capability = "standards.view_rulebook"


class IncentiveVersions(RuleVersions):
    view_capability = "standards.view_rulebook"


class RaisedQuerySet(ScopedQuerySet):
    view_capability = "ledger.view_proposals"


class ProposalFileQuerySet(models.QuerySet[Any]):
    def visible_to(self, user: Any) -> Self:
        """Files of the proposals that this person sees."""
        proposals = self.model._meta.get_field("proposal").related_model
        return self.filter(proposal__in=proposals._default_manager.visible_to(user))
