"""Which merchants a person may see."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from typing import Any, Self

from django.db import models
from django.db.models import Q

from aftersales.core.rulebook import RuleVersions

from .states import TRADING, MemberRole

VIEW_AGREEMENTS = "merchants.view_agreements"


class MerchantPartQuerySet(models.QuerySet[Any]):
    """Members and contacts: staff by capability, owners of the merchant their own."""

    view_capability = ""

    def visible_to(self, user: Any) -> Self:
        if not getattr(user, "is_active", False):
            return self.none()
        if user.has_perm(self.view_capability):
            return self
        return self.filter(merchant__members__user=user, merchant__members__active_to=None)


class MemberQuerySet(MerchantPartQuerySet):
    view_capability = "merchants.view_merchantmember"


class InvitationQuerySet(MerchantPartQuerySet):
    view_capability = "merchants.view_merchantmember"

    def open(self) -> Self:
        """Neither accepted nor taken back; it may be too late for it."""
        return self.filter(ended_at=None)


class MerchantContactQuerySet(MerchantPartQuerySet):
    view_capability = "merchants.view_merchantcontact"


class ReturnAddressQuerySet(MerchantPartQuerySet):
    view_capability = "merchants.view_returnaddress"

    def in_use(self) -> Self:
        return self.filter(active_to=None)


class MerchantQuerySet(models.QuerySet[Any]):
    def visible_to(self, user: Any) -> Self:
        """Staff with the capability see all; a merchant's people see their own; everybody else nothing."""
        if not getattr(user, "is_active", False):
            return self.none()
        if user.has_perm("merchants.view_merchant"):
            return self
        return self.of_member(user)

    def of_member(self, user: Any) -> Self:
        """Merchants the person acts for today; an ended membership grants nothing."""
        if user.pk is None:
            return self.none()
        return self.filter(members__user=user, members__active_to=None)

    def owned_by(self, user: Any) -> Self:
        """Merchants that the person answers for today as an owner."""
        if user.pk is None:
            return self.none()
        return self.filter(members__user=user, members__active_to=None, members__role=MemberRole.OWNER)

    def called(self, words: str) -> Self:
        """By the beginning of the code or a part of the name, in either case."""
        return self.filter(Q(code__istartswith=words) | Q(name__icontains=words))

    def trading(self) -> Self:
        return self.filter(state__in=TRADING)


class DepositQuerySet(MerchantPartQuerySet):
    """Changes of deposits and calls for them."""

    view_capability = "merchants.view_deposits"

    def unmet(self) -> Self:
        return self.filter(met_at=None)


class TrainingTermQuerySet(RuleVersions):
    """What agreements ask to be taught."""

    view_capability = "merchants.view_training"


class AgreementQuerySet(models.QuerySet[Any]):
    def visible_to(self, user: Any) -> Self:
        """Staff by capability all; a merchant's people the public ones and their own."""
        if not getattr(user, "is_active", False):
            return self.none()
        if user.is_staff:
            return self if user.has_perm(VIEW_AGREEMENTS) else self.none()
        mine = models.Q(merchant__members__user=user.pk, merchant__members__active_to=None)
        return self.filter(
            pk__in=self.model._default_manager.filter(models.Q(merchant=None) | mine).values("pk")
        )

    def for_merchants(self, merchants: Iterable[Any]) -> Self:
        """What concerns at least one of these merchants, whose rows are given."""
        found = list(merchants)
        categories = {one.main_category for one in found} | {""}
        return self.filter(
            models.Q(merchant=None, category__in=categories)
            | models.Q(merchant__in=[one.pk for one in found])
        )


class AgreementVersionQuerySet(RuleVersions):
    def visible_to(self, user: Any) -> Self:
        """Staff by capability all; others what was announced of the agreements they see."""
        agreements = self.model._meta.get_field("agreement").related_model
        rows = self.filter(agreement__in=agreements._default_manager.visible_to(user))
        return rows if getattr(user, "is_staff", False) else rows.announced()

    def announced(self) -> Self:
        """In force now, earlier or soon."""
        return self.filter(state__in=["active", "retired"])

    def asked(self) -> Self:
        """The newest announced version of each agreement: what owners are asked to accept."""
        return self.filter(state="active")


class AgreementAnswerQuerySet(models.QuerySet[Any]):
    def visible_to(self, user: Any) -> Self:
        """Staff by capability all; a merchant's people those of the merchants they act for."""
        if not getattr(user, "is_active", False):
            return self.none()
        if user.is_staff:
            return self if user.has_perm(VIEW_AGREEMENTS) else self.none()
        return self.filter(merchant__members__user=user, merchant__members__active_to=None)

    def accepted(self) -> Self:
        return self.filter(answer="accepted")


class LessonQuerySet(models.QuerySet[Any]):
    def visible_to(self, user: Any) -> Self:
        """Staff by capability all; an owner those of his merchants' people; everybody his own."""
        if not getattr(user, "is_active", False):
            return self.none()
        if user.is_staff:
            return self if user.has_perm("merchants.view_training") else self.none()
        owned = models.Q(
            merchant__members__user=user,
            merchant__members__active_to=None,
            merchant__members__role=MemberRole.OWNER,
        )
        mine = models.Q(member__user=user, member__active_to=None)
        return self.filter(pk__in=self.model._default_manager.filter(owned | mine).values("pk"))

    def asked(self) -> Self:
        """What is still asked for, done or not."""
        return self.filter(ended_at=None)

    def late(self, at: datetime) -> Self:
        return self.asked().filter(done_at=None, due_at__lt=at)


class TalkQuerySet(models.QuerySet[Any]):
    """The contact log is the platform's own: never a merchant's to read."""

    def visible_to(self, user: Any) -> Self:
        """Staff by capability all, everybody else nothing."""
        if getattr(user, "is_active", False) and user.has_perm("merchants.view_talk"):
            return self
        return self.none()

    def newest(self) -> Self:
        """Of each merchant the last one: it says when to get in touch again."""
        later = self.model._default_manager.filter(
            merchant=models.OuterRef("merchant"), pk__gt=models.OuterRef("pk")
        )
        return self.filter(~models.Exists(later))
