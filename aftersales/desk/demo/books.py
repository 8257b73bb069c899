"""The ledger of the demonstration: deposits, settlements, what rules charge; a shop with a recovery has its own."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, datetime, timedelta
from decimal import Decimal
from typing import Any

from accounts.models import User
from aftersales.desk.demo import rewards
from aftersales.ledger import chart, exportrows, services
from aftersales.ledger.chart import Line
from aftersales.ledger.models import Journal, Period
from aftersales.ledger.selectors import month_end, month_of
from aftersales.merchants.models import Merchant
from aftersales.tickets.models import Ticket

REWARDED = ("agent", "lead", "receiver", "inspector")


def live(now: datetime, people: Mapping[str, User]) -> int:
    """What stood on the accounts before, and what the last weeks did to them. How many entries."""
    finance = people["finance"]
    shops = list(
        Merchant.objects.filter(state="active", self_run=False, recoveries__isnull=True).order_by("pk")
    )
    for number, shop in enumerate(shops):
        begin = now - timedelta(days=55 - number % 9, hours=number % 7)
        if shop.deposit_held:
            _book(shop, "deposit", [Line(chart.CASH, chart.deposit(shop), shop.deposit_held)], finance, begin)
        due = Decimal(3_000 + 1_713 * (number % 11))
        _book(shop, "settlement", [Line(chart.CASH, chart.payable(shop), due)], finance, begin)
    rewards.reward(people, now)
    _month_before(people, now)
    return Journal.objects.count()


def _month_before(people: Mapping[str, User], now: datetime) -> None:
    """Rewards of the month before, closed, exported and mostly paid: for tickets that were there by then."""
    finance = people["finance"]
    last = month_end((now - timedelta(days=now.day + 1)).date()) - timedelta(days=8)
    cases = list(Ticket.objects.filter(opened_at__lt=last).order_by("pk")[: len(REWARDED)])
    for number, (role, ticket) in enumerate(zip(REWARDED, cases, strict=False)):
        amount = Decimal(60 + 45 * number) + Decimal("0.50")
        line = Line(chart.COST, chart.bonus(people[role]), amount)
        _book(ticket, "incentive", [line], finance, last + timedelta(hours=3 * number))
    for period in Period.objects.filter(ends_at__lte=now, state="open").order_by("month"):
        services.period_close(month=period.month, actor=finance, now=now)
    if len(cases) == len(REWARDED):
        _paid(month_of(last), finance, now)
    if exportrows.differences(
        "settlement", month_of(last), "CNY"
    ):  # a department of a few days owes nothing yet
        at = max(now - timedelta(hours=3), month_end(month_of(last)))
        services.export_make(kind="settlement", month=month_of(last), unit="CNY", actor=finance, now=at)


def _paid(month: date, finance: User, now: datetime) -> None:
    """The pay sheet of a month: one person got less than was due, of one nothing was told."""
    at = max(now - timedelta(days=1), month_end(month))
    sheet, _new = services.export_make(kind="payroll", month=month, unit="CNY", actor=finance, now=at)
    *paid, short, _silent = sheet.rows.order_by("key")
    said = [(line, line.amount) for line in paid] + [(short, short.amount - 10)]
    services.paid_take(
        [{"line": line.pk, "outcome": "paid", "ref": f"GZ-{line.key}", "amount": amount} for line, amount in said],
        finance, now,
    )  # fmt: skip


def _book(source: Any, kind: str, lines: list[Line], actor: User, at: datetime) -> Any:
    return services.post(source=source, kind=kind, lines=lines, actor=actor, now=at)
