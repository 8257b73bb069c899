"""Who reads which part of the ledger."""

from datetime import datetime
from typing import Any, Self

from django.db import models
from django.db.models import Q

from aftersales.core.querysets import ScopedQuerySet
from aftersales.core.rulebook import RuleState, RuleVersions
from aftersales.ledger.states import MERCHANT_ACCOUNTS, STAFF_ACCOUNTS, Party

ALL = "ledger.view_all"
PEOPLE = "ledger.view_people"  # wages and bonuses only
MERCHANTS = "ledger.view_merchants"  # what stands between us and merchants
OF_MERCHANT = "ledger.view_of_merchant"  # what concerns the merchant that one owns


def owned(user: Any) -> Any:
    """Keys of the merchants that this person from outside answers for; of everybody else none."""
    from aftersales.merchants.models import Merchant

    rows = Merchant.objects.owned_by(user) if user.has_perm(OF_MERCHANT) else Merchant.objects.none()
    return rows.values("pk")


class AccountQuerySet(models.QuerySet[Any]):
    def visible_to(self, user: Any) -> Self:
        """All for finance and the auditor, people's for payroll, merchants' for who manages them, one's own for all."""
        if not getattr(user, "is_staff", False):
            return self.filter(kind__in=sorted(MERCHANT_ACCOUNTS), subject_id__in=owned(user))
        if user.has_perm(ALL):
            return self.all()
        people = Q(kind__in=sorted(STAFF_ACCOUNTS))
        seen = people if user.has_perm(PEOPLE) else people & Q(subject_id=user.pk)
        if user.has_perm(MERCHANTS):
            seen |= Q(kind__in=sorted(MERCHANT_ACCOUNTS))
        return self.filter(seen)


class JournalQuerySet(models.QuerySet[Any]):
    def visible_to(self, user: Any) -> Self:
        """Entries show both sides: payroll sees those that touch nothing but people and the platform."""
        if not getattr(user, "is_staff", False):
            return self.none()
        if user.has_perm(ALL):
            return self.all()
        return self.filter(about_people=True) if user.has_perm(PEOPLE) else self.none()


class TransferQuerySet(models.QuerySet[Any]):
    def visible_to(self, user: Any) -> Self:
        """With the entry."""
        from aftersales.ledger.models import Journal

        return self.filter(journal_id__in=Journal.objects.visible_to(user).values("pk"))


class PeriodQuerySet(ScopedQuerySet):
    view_capability = "ledger.view"


class SealQuerySet(ScopedQuerySet):
    view_capability = "ledger.view_all"


class ProposalQuerySet(models.QuerySet[Any]):
    def visible_to(self, user: Any) -> Self:
        """One's own and those one made; all for who reads the ledger or decides about merchants.

        A merchant's owner sees what the merchant was told.
        """
        if not getattr(user, "is_staff", False):
            told = self.filter(party=Party.MERCHANT, notified_at__isnull=False)
            return told.filter(party_id__in=owned(user))
        if user.has_perm("ledger.view_proposals"):
            return self.all()
        own = Q(party=Party.PERSON, party_id=user.pk) | Q(proposed_by=user)
        return self.filter(own | Q(party=Party.PERSON) if user.has_perm(PEOPLE) else own)


class IncentiveQuerySet(ScopedQuerySet):
    """Everybody of the department reads by which rules he is rewarded or charged."""

    view_capability = "standards.view_rulebook"


class IncentiveVersions(RuleVersions):
    view_capability = "standards.view_rulebook"

    def announced(self, at: datetime) -> Self:
        """Versions that apply at ``at`` or are to apply later."""
        standing = self.filter(state__in=[RuleState.ACTIVE, RuleState.RETIRED])
        return standing.filter(Q(valid_to=None) | Q(valid_to__gt=at))


class RaisedQuerySet(ScopedQuerySet):
    view_capability = "ledger.view_proposals"


class ProposalFileQuerySet(models.QuerySet[Any]):
    def visible_to(self, user: Any) -> Self:
        """Files of the proposals that this person sees."""
        proposals = self.model._meta.get_field("proposal").related_model
        return self.filter(proposal__in=proposals._default_manager.visible_to(user))


class OfAccountQuerySet(models.QuerySet[Any]):
    def visible_to(self, user: Any) -> Self:
        """With the account."""
        from aftersales.ledger.models import Account

        return self.filter(account__in=Account.objects.visible_to(user))


class ExportQuerySet(models.QuerySet[Any]):
    def visible_to(self, user: Any) -> Self:
        """All sheets for who reads the whole ledger, those of people for payroll."""
        return _of_export(self, user, "kind")


class ExportLineQuerySet(models.QuerySet[Any]):
    def visible_to(self, user: Any) -> Self:
        """With the sheet."""
        path = {"ExportLine": "export__kind"}.get(self.model.__name__, "line__export__kind")
        return _of_export(self, user, path)


def _of_export(rows: Any, user: Any, path: str) -> Any:
    if not getattr(user, "is_staff", False):
        return rows.none()
    if user.has_perm(ALL):
        return rows.all()
    return rows.filter(**{path: "payroll"}) if user.has_perm(PEOPLE) else rows.none()
