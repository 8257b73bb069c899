"""Groups of roles, and how a line of the table is made of them."""

from collections.abc import Iterable

from accounts.states import MERCHANT_ROLES, STAFF_ROLES, Role

R = Role
NOBODY: frozenset[Role] = frozenset()
STAFF = STAFF_ROLES
VENDORS = frozenset({R.VENDOR_LEAD, R.VENDOR_AGENT})
OWN_STAFF = STAFF - VENDORS
MERCHANTS = MERCHANT_ROLES
DESK = frozenset({R.AGENT, R.LEAD, R.SUPERVISOR, R.AUTHORITY_DESK, R.OPERATIONS, *VENDORS})
LEADS = frozenset({R.LEAD, R.SUPERVISOR, R.OPERATIONS, R.VENDOR_LEAD})
OPERATIONS = frozenset({R.OPERATIONS})
ADMINISTRATORS = frozenset({R.ADMINISTRATOR})
READERS = DESK | {R.INSPECTOR, R.AUDITOR, R.RISK, R.PRIVACY_OFFICER, R.ADJUDICATOR, R.MERCHANT_MANAGER}


def roles(*names: Iterable[Role] | Role) -> frozenset[Role]:
    """Union of single roles and groups of roles."""
    found: set[Role] = set()
    for name in names:
        found |= {name} if isinstance(name, Role) else set(name)
    return frozenset(found)


def register(
    model: str,
    *,
    view: Iterable[Role],
    change: Iterable[Role] = NOBODY,
    add: Iterable[Role] = NOBODY,
) -> dict[str, frozenset[Role]]:
    """The admin codes of one model, ``register("accounts.team", view=…, change=…, add=…)``."""
    room, name = model.split(".")
    return {
        f"{room}.view_{name}": frozenset({*view, *change, *add}),
        f"{room}.change_{name}": frozenset(change),
        f"{room}.add_{name}": frozenset(add),
    }
