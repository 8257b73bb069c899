"""The one table that says which role may do what, made of one part for each group of rooms.

A line reads: this act, by these roles. Codes are ``<room>.<act>``; the admin's own codes
(``<room>.view_<model>``, ``add_``, ``change_``) stand in the same table through ``register``.
Nothing deletes, so no ``delete_`` code exists. ``user.has_perm(code)`` is answered from here without
a query; an unknown code is refused to everybody.
"""

from collections.abc import Iterable
from functools import cache

from accounts.capabilities.cases import CASES
from accounts.capabilities.figures import DASHBOARDS, IMPROVEMENT
from accounts.capabilities.groups import MERCHANTS, NOBODY, STAFF
from accounts.capabilities.ledger import LEDGER
from accounts.capabilities.registers import (
    ACCOUNTS,
    CUSTOMER_REGISTER,
    DESK_PAGES,
    MERCHANT_REGISTER,
    ORDER_REGISTER,
    PORTAL_PAGES,
)
from accounts.capabilities.rulebook import CHANNELS, MACHINERY, MESSAGES, RULE_BOOK
from accounts.capabilities.sheets import SHEETS
from accounts.capabilities.tickets import TICKETS
from accounts.capabilities.training import TRAINING
from accounts.states import Role

TABLE: dict[str, frozenset[Role]] = {
    **ACCOUNTS,
    **DESK_PAGES,
    **PORTAL_PAGES,
    **MERCHANT_REGISTER,
    **CUSTOMER_REGISTER,
    **ORDER_REGISTER,
    **SHEETS,
    **RULE_BOOK,
    **TRAINING,
    **MESSAGES,
    **TICKETS,
    **MACHINERY,
    **CHANNELS,
    **CASES,
    **LEDGER,
    **DASHBOARDS,
    **IMPROVEMENT,
}

# What machine accounts may do: the system everything declared (its rules are rows, its acts are recorded),
# the customer only what a signed one-purpose page offers.
CUSTOMER: frozenset[str] = frozenset({
    "tickets.confirm", "tickets.reopen", "tickets.hear_customer", "cases.view_case", "cases.answer", "cases.ship",
    "cases.dispute", "cases.speak", "cases.name_payee",
})  # fmt: skip

# Who sees personal data or decides about money and people shows a second factor at sign-in.
SECOND_FACTOR: frozenset[Role] = STAFF | {Role.MERCHANT_OWNER}


def needs_second_factor(held: Iterable[str]) -> bool:
    return any(role in SECOND_FACTOR for role in held)


@cache
def _codes(role: str) -> frozenset[str]:
    if role == Role.SYSTEM:
        return frozenset(TABLE)
    if role == Role.CUSTOMER:
        return CUSTOMER
    return frozenset(code for code, allowed_roles in TABLE.items() if role in allowed_roles)


def allowed(held: Iterable[str], code: str) -> bool:
    return any(code in _codes(role) for role in held)


@cache
def is_outside(code: str) -> bool:
    """Whether nobody but people of merchants holds this one: what opens pages to them."""
    return TABLE.get(code, NOBODY) <= MERCHANTS and code in TABLE


def allowed_in(held: Iterable[str], room: str) -> bool:
    return any(code.startswith(f"{room}.") for role in held for code in _codes(role))


def codes(held: Iterable[str]) -> frozenset[str]:
    """Every capability these roles give together."""
    return frozenset().union(*(_codes(role) for role in held))
