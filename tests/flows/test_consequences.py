"""A month of rewards and penalties: proposed, appealed, overturned, turned back, closed, exported, paid, and proved."""

from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from io import StringIO
from typing import Any

import pytest
import time_machine
from django.core.management import CommandError, call_command
from django.db import connection
from django.urls import reverse

from aftersales.core.errors import DomainError
from aftersales.ledger import chart, selectors, services, statements
from aftersales.ledger.chart import Line
from aftersales.ledger.models import Account, Export, ExportGap, Journal, Proposal
from aftersales.merchants.models import Merchant
from tests.cast import Cast
from tests.core.sheets.steps import load, rows_as_csv
from tests.database import superuser
from tests.records import merchant as a_merchant

pytestmark = pytest.mark.django_db(transaction=True)
D = Decimal
WEEK = timedelta(days=7)
NOVEMBER = date(2026, 11, 1)
PAYDAY = datetime(2026, 12, 3, 2, tzinfo=UTC)
CNY = "CNY"


def proposed(desk: Cast, now: datetime, number: int, party: Any, kind: str, amount: str) -> Proposal:
    """By operations, and told at once."""
    row = services.propose(
        kind=kind, party=party, amount=D(amount), fact_code="late_answer", citation="incentive.answers v1",
        source=("tests.fact", number), actor=desk.operations, now=now, evidence=["TK2611-000001"],
        calculation={"base": amount, "times": 1},
    )  # fmt: skip
    return services.proposal_notify(proposal=row, actor=desk.operations, now=now)


def posted(desk: Cast, row: Proposal, at: datetime) -> Proposal:
    return services.proposal_approve(proposal=row, actor=desk.supervisor, now=at)


def balance(person: Any) -> Decimal:
    return selectors.balance(chart.bonus(person))


def a_month(desk: Cast, now: datetime, shop: Merchant) -> None:
    """Three rewards, a deduction and two penalties; one deduction is appealed in vain, one penalty is overturned."""
    system = desk.system
    deposit = Line(chart.CASH, chart.deposit(shop), D(300))
    services.post(source=("tests.fact", 900), kind="deposit", lines=[deposit], actor=system, now=now)
    good = proposed(desk, now, 1, desk.agent, "incentive", "320.00")
    wrong = proposed(desk, now, 2, desk.lead, "incentive", "80.50")
    right = proposed(desk, now, 3, desk.lead, "incentive", "60.00")
    late = proposed(desk, now, 4, desk.agent, "deduction", "20.00")
    false = proposed(desk, now, 5, shop, "penalty", "200.00")
    slow = proposed(desk, now, 6, shop, "penalty", "500.00")
    # The agent appeals against his deduction and is heard by another person; the merchant is right about one of two
    late = services.proposal_appeal(
        proposal=late, text="当天系统停机，附件为公告。", actor=desk.agent, now=now
    )
    late = services.proposal_hear(
        proposal=late, upheld=True, answer="停机发生在次日。", actor=desk.finance, now=now
    )
    false = services.proposal_appeal(proposal=false, text="包裹确已发出。", actor=desk.lead, now=now)
    false = services.proposal_hear(
        proposal=false, upheld=False, answer="物流记录属实。", actor=desk.finance, now=now
    )
    assert (late.state, false.state) == ("upheld", "overturned")
    assert Journal.objects.count() == 1  # nothing but the deposit: nobody pays while he can be heard
    for row in (good, wrong, right, late, slow):
        posted(desk, row, now + WEEK)
        with pytest.raises(DomainError):
            posted(desk, row, now + WEEK)  # once
    turned = services.proposal_reverse(
        proposal=Proposal.objects.get(pk=wrong.pk), reason="数据算错了", actor=desk.finance, now=now + WEEK
    )
    assert turned.state == "reversed"
    assert (balance(desk.agent), balance(desk.lead)) == (300, 60)
    assert selectors.balance(chart.PROTECTION) == 500


def test_a_month_of_rewards_and_penalties(desk: Cast, now: datetime, settings: Any) -> None:
    settings.REQUIRE_SECOND_FACTOR = False
    for person, tier in ((desk.supervisor, "lead"), (desk.finance, "finance")):
        desk.certify(person, tier)
    shop = a_merchant("M-1", now)
    a_month(desk, now, shop)
    with time_machine.travel(PAYDAY, tick=False):
        _closed(desk)
        payroll = _exported(desk, shop)
        _paid(desk, payroll)
        _read_by_himself(desk)
        _proved(desk)


def _closed(desk: Cast) -> None:
    """Finance closes the month; nothing is posted into it any more."""
    services.period_close(month=NOVEMBER, actor=desk.finance, now=PAYDAY)
    late = Line(chart.COST, chart.bonus(desk.agent), D(1))
    with pytest.raises(DomainError) as refused:
        services.post(
            source=("tests.fact", 901), kind="incentive", lines=[late], actor=desk.system, now=PAYDAY,
            booked_at=PAYDAY - WEEK,
        )  # fmt: skip
    assert refused.value.code == "month_closed"


def _exported(desk: Cast, shop: Merchant) -> Export:
    """Payroll gets what everybody is due, the settlement what the shop owes and its deposit lacks; twice, the same."""
    made = [
        services.export_make(kind=kind, month=NOVEMBER, unit=CNY, actor=desk.finance, now=PAYDAY)
        for kind in ("payroll", "settlement", "payroll")
    ]
    assert [new for _row, new in made] == [True, True, False]
    payroll, settlement = made[0][0], made[1][0]
    assert dict(payroll.rows.values_list("code", "amount")) == {
        desk.agent.username: D("300.00"), desk.lead.username: D("60.00"),
    }  # fmt: skip
    assert dict(settlement.rows.values_list("account__kind", "amount")) == {
        "merchant_deposit": D("300.00"), "merchant_receivable": D("200.00"),
    }  # fmt: skip
    assert shop.name in services.export_fetch(export=settlement, actor=desk.finance, now=PAYDAY).decode()
    return payroll


def _paid(desk: Cast, payroll: Export) -> None:
    """Payroll's answer, read in twice, posts once; a line that was paid short is found and explained."""
    keys = dict(payroll.rows.values_list("code", "key"))
    rows = [
        ["line", "outcome", "ref", "amount"],
        [keys[desk.agent.username], "paid", "G-1", "300"],
        [keys[desk.lead.username], "paid", "G-2", "50"],
    ]
    for _twice in range(2):
        assert load("paid_lines", rows_as_csv(*rows), actor=desk.finance, now=PAYDAY).state == "done"
    assert (balance(desk.agent), balance(desk.lead)) == (0, 10)
    gap = ExportGap.objects.get()
    page = desk.client(desk.finance)
    page.post(reverse("ledger:gap_explain", args=[gap.public_id]), {"words": "代扣十元，下月补发"})
    gap.refresh_from_db()
    assert (gap.kind, gap.state, gap.done_by) == ("less", "explained", desk.finance)


def _read_by_himself(desk: Cast) -> None:
    """The agent reads his month, and it adds up: what he got, what was deducted, what was left when it closed."""
    account = Account.objects.get(kind="staff_bonus", subject_id=desk.agent.pk)
    [november] = statements.months_of([account], NOVEMBER)
    assert (november.opening, november.more, november.less, november.closing) == (0, 320, 20, 300)
    assert statements.balance_at(account, PAYDAY - timedelta(days=2)) == 300
    browser = desk.client(desk.agent)
    address = reverse("ledger:statement", args=["person", desk.agent.pk])
    assert "¥300.00" in browser.get(f"{address}?month=2026-11").content.decode()
    assert "¥320.00" in browser.get(reverse("ledger:file", args=["person", desk.agent.pk])).content.decode()


def _proved(desk: Cast) -> None:
    """The books are whole until the database's owner forges one row: then the first faulty one is named."""
    services.journal_seal(actor=desk.system, now=PAYDAY)
    call_command("verify_ledger", stdout=StringIO())
    with superuser(connection.settings_dict["NAME"]) as admin:
        admin.execute("SET session_replication_role = replica")
        admin.execute(
            "UPDATE ledger_journal SET actor_name = '别人' WHERE id = (SELECT min(id) FROM ledger_journal)"
        )
    said = StringIO()
    with pytest.raises(CommandError):
        call_command("verify_ledger", stdout=StringIO(), stderr=said)
    assert "was changed or added after seal" in said.getvalue()
