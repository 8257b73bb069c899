"""Who gets his money before the goods are back (R4.6): pure checks of history against rows of the rule book.

Never asked for what the law gives: a customer who fails a check returns like everybody, and is paid after his goods.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from django.utils.translation import gettext_lazy as _

from aftersales.core.errors import Text

CODES: Mapping[str, str] = {
    "orders": "instant_completed_orders",
    "share": "instant_return_percent",
    "disputes": "instant_disputes",
    "age": "instant_account_days",
    "risk": "instant_open_risk_yuan",
    "amount": "instant_amount_yuan",
    "category": "instant_not_categories",
}
"""Each check with the number of the rule book that bounds it."""
LABELS: Mapping[str, Text] = {
    "orders": _("Completed orders, at least"),
    "share": _("Share of orders returned, at most (%)"),
    "disputes": _("Disputes, at most"),
    "age": _("Customer for days, at least"),
    "risk": _("Paid and not back yet with this one, at most"),
    "amount": _("Amount, at most"),
    "category": _("Categories left out"),
    "signals": _("Signals that are open or founded"),
    "currency": _("Currency of the market"),
}


@dataclass(frozen=True)
class Standing:
    """What is known of one customer within the period that counts. ``days``: None when nobody knows since when."""

    orders: int = 0
    returns: int = 0
    disputes: int = 0
    days: int | None = None
    risk: Decimal = Decimal(0)
    signals: int = 0

    @property
    def share(self) -> int:
        """Per cent, rounded up: a return without an order counts in full."""
        if not self.returns:
            return 0
        return -(-100 * self.returns // max(self.orders, 1)) if self.orders else 100


@dataclass(frozen=True)
class Check:
    """One question of the rule: what was found, what is allowed, whether it holds, and the row that says so."""

    code: str
    found: str
    limit: str
    holds: bool
    rule: str = ""

    def as_json(self) -> dict[str, Any]:
        return {
            "code": self.code,
            "found": self.found,
            "limit": self.limit,
            "holds": self.holds,
            "rule": self.rule,
        }


@dataclass(frozen=True)
class Bounds:
    """The numbers in force by check, and how each is cited."""

    values: Mapping[str, Any]
    cited: Mapping[str, str]

    def check(self, code: str, found: Any, holds: bool) -> Check:
        limit = self.values[code]
        shown = ", ".join(map(str, limit)) if isinstance(limit, list) else str(limit)
        return Check(code, str(found), shown, holds, self.cited[code])


def checks(
    who: Standing, amount: Decimal, paths: Sequence[Sequence[str]], bounds: Bounds, *, home: bool
) -> list[Check]:
    """Every check, also those after the first that fails: a person wants to see all of them.

    ``paths``: categories of the articles from the root down; an article of no known category is in none left out.
    """
    left_out = set(bounds.values["category"])
    found = sorted({code for path in paths for code in path if code in left_out})
    at_least = bounds.values
    return [
        bounds.check("orders", who.orders, who.orders >= at_least["orders"]),
        bounds.check("share", who.share, who.share <= at_least["share"]),
        bounds.check("disputes", who.disputes, who.disputes <= at_least["disputes"]),
        bounds.check("age", "–" if who.days is None else who.days, (who.days or 0) >= at_least["age"]),
        bounds.check("risk", who.risk + amount, who.risk + amount <= Decimal(str(at_least["risk"]))),
        bounds.check("amount", amount, amount <= Decimal(str(at_least["amount"]))),
        bounds.check("category", ", ".join(found) or "–", not found),
        Check("signals", str(who.signals), "0", who.signals == 0),
        Check("currency", "", "", home),
    ]
