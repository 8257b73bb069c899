"""What a row of the matrix of permissions says, and the sets of roles that rows share."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from io import StringIO
from typing import Any

from django.core.management import call_command

from accounts.states import MERCHANT_ROLES, STAFF_ROLES, Role
from aftersales.standards.models import ParameterVersion

R = Role
ANYBODY = "anybody"
SIGNED_IN = "signed in"
STAFF = STAFF_ROLES
MERCHANTS = MERCHANT_ROLES
VENDORS = frozenset({R.VENDOR_LEAD, R.VENDOR_AGENT})
OWN_STAFF = STAFF - VENDORS
LEADS = frozenset({R.LEAD, R.SUPERVISOR, R.OPERATIONS})
ADMINISTRATORS = frozenset({R.ADMINISTRATOR})
NOBODY: frozenset[Role] = frozenset()


@dataclass(frozen=True)
class Page:
    """``args`` makes a real row's key from the cast, so that *not found* cannot pass for *allowed*.

    Without ``args`` the address takes none. ``sample`` are stand-ins for keys of rows that no test makes here: the
    page may then answer *not found* to those who may, and must answer *not found* or *not allowed* to the others.
    """

    who: str | frozenset[Role]
    method: str = "GET"
    args: Callable[[Any], dict[str, Any]] | None = None
    sample: dict[str, Any] = field(default_factory=dict)
    guests: bool = False  # also for people who are not signed in


@dataclass(frozen=True)
class Register:
    view: Iterable[Role]
    change: Iterable[Role] = NOBODY
    add: Iterable[Role] = NOBODY


DESK = frozenset({R.AGENT, R.LEAD, R.SUPERVISOR, R.AUTHORITY_DESK, R.OPERATIONS}) | VENDORS
READERS = DESK | {R.INSPECTOR, R.AUDITOR, R.RISK, R.PRIVACY_OFFICER, R.ADJUDICATOR, R.MERCHANT_MANAGER}
NOTERS = DESK | {R.INSPECTOR, R.MERCHANT_MANAGER, R.RISK}
TRADE_READERS = (READERS - VENDORS) | {R.FINANCE, R.RETURNS_RECEIVER}
REVEALERS = DESK | {R.PRIVACY_OFFICER, R.RISK, R.RETURNS_RECEIVER}
ASSIGNERS = LEADS | {R.VENDOR_LEAD}
MESSAGE_READERS = LEADS | {R.AUDITOR, R.PRIVACY_OFFICER, R.ADMINISTRATOR}
EXPORTERS = LEADS | {R.AUDITOR, R.AUTHORITY_DESK}
LETTER_READERS = (DESK - VENDORS) | {R.AUDITOR, R.PRIVACY_OFFICER}
RUN_READERS = frozenset({R.FINANCE, R.SUPERVISOR, R.AUDITOR})
MONEY_READERS = RUN_READERS | {R.LEAD}
PAYMENT_PROPOSERS = frozenset({R.AGENT, R.LEAD, R.SUPERVISOR, R.AUTHORITY_DESK, R.FINANCE}) | VENDORS
PAYMENT_READERS = DESK | {
    *(R.INSPECTOR, R.AUDITOR, R.RISK, R.PRIVACY_OFFICER, R.ADJUDICATOR, R.MERCHANT_MANAGER, R.FINANCE),
    R.RETURNS_RECEIVER,
}
NUMBER = {"number": "TK0000-00000"}


def a_person(cast: Any) -> dict[str, Any]:
    return {"pk": cast.person(Role.AGENT).pk}


def rule_book(cast: Any) -> dict[str, Any]:
    """Pages whose limits are rows of the rule book need the shipped ones."""
    if not ParameterVersion.objects.exists():
        call_command("load_standards", stdout=StringIO())
    return {}
