"""Every write about people. Keyword-only; ``now`` comes from the caller."""

from datetime import UTC, datetime

from accounts.models import User
from accounts.states import Kind, Role

SYSTEM_NAME = "system"
CUSTOMER_NAME = "customer"


def system_user(now: datetime | None = None) -> User:
    """The machine account that sweeps, rules and imports act as. Created at first use."""
    return _machine(SYSTEM_NAME, Role.SYSTEM, "系统", now)


def customer_user(now: datetime | None = None) -> User:
    """The machine account behind a customer's signed page; the customer's own key goes into ``acting_as``."""
    return _machine(CUSTOMER_NAME, Role.CUSTOMER, "顾客", now)


def _machine(username: str, role: Role, name: str, now: datetime | None) -> User:
    found = User.objects.filter(username=username).first()
    if found is not None:
        return found
    born = now or datetime.fromtimestamp(0, tz=UTC)
    found, _created = User.objects.get_or_create(
        username=username,
        defaults={
            "display_name": name,
            "roles": [role],
            "kind": Kind.MACHINE,
            "password": "!",
            "created_at": born,
        },
    )
    return found
