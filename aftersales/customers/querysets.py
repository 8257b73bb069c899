"""Which customers and contacts a person may see, and how they are found."""

from __future__ import annotations

from typing import Any, Self

from django.db import models

from . import rules
from .states import ContactKind

TAIL_LENGTH = 4


def _allowed(user: Any, capability: str) -> bool:
    return bool(getattr(user, "is_active", False) and user.has_perm(capability))


class CustomerQuerySet(models.QuerySet[Any]):
    def visible_to(self, user: Any) -> Self:
        """Staff with the capability; merchants never read customers directly, only through an order."""
        return self if _allowed(user, "customers.view_customer") else self.none()

    def present(self) -> Self:
        return self.filter(erased_at=None)


class AccountQuerySet(models.QuerySet[Any]):
    def visible_to(self, user: Any) -> Self:
        return self if _allowed(user, "customers.view_customer") else self.none()


class ContactQuerySet(models.QuerySet[Any]):
    def visible_to(self, user: Any) -> Self:
        return self if _allowed(user, "customers.view_customer") else self.none()

    def present(self) -> Self:
        return self.filter(erased_at=None)

    def phone_like(self, text: str) -> Self:
        """Contacts by a whole phone number, or by its last four digits."""
        key = rules.search_key(ContactKind.PHONE, text)
        if len(key) == TAIL_LENGTH:
            return self.filter(kind=ContactKind.PHONE, phone_tail=key)
        return self.filter(kind=ContactKind.PHONE, search_key=key)


class StaffContactQuerySet(models.QuerySet[Any]):
    def visible_to(self, user: Any) -> Self:
        """Whoever keeps the staff's accounts; nobody else learns what is an employee's own."""
        return self if _allowed(user, "customers.view_staffcontact") else self.none()

    def present(self) -> Self:
        return self.filter(ended_at=None)
