"""Whatever is posted, reversed, closed, proposed, appealed and decided, in whatever order: the books stay whole."""

from collections.abc import Callable
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest
from django.db import transaction
from django.db.models import Sum
from hypothesis import HealthCheck, Phase, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    invariant,
    rule,
    run_state_machine_as_test,
)

from aftersales.core.errors import DomainError
from aftersales.ledger import chart, selectors, services
from aftersales.ledger.chart import Line
from aftersales.ledger.models import Account, Journal, Proposal, Transfer
from aftersales.ledger.rules import POINT_ACCOUNTS
from tests.cast import Cast

pytestmark = pytest.mark.django_db
amounts = st.sampled_from([Decimal("0.01"), Decimal("9.99"), Decimal("250.00"), Decimal("3000.00")])
units = st.sampled_from(["CNY", "points"])
which = st.integers(0, 3)
people = st.sampled_from(["supervisor", "finance", "operations", "agent", "lead"])


class AnyCourse(RuleBasedStateMachine):
    """Every act by anybody on whatever row there is; the services say yes, or why not."""

    cast: Cast
    start: datetime
    shop: Any
    done: dict[str, int]

    def __init__(self) -> None:
        super().__init__()
        self.now, self.source = self.start, 0
        self.atomic = transaction.atomic()
        self.atomic.__enter__()

    def teardown(self) -> None:
        transaction.set_rollback(True)
        self.atomic.__exit__(None, None, None)

    def act(self, act: Callable[..., Any], who: str, **given: Any) -> None:
        self.now += timedelta(hours=7)
        name = act.__name__
        try:
            with transaction.atomic():
                act(actor=getattr(self.cast, who), now=self.now, **given)
        except DomainError as error:
            name = f"{name}: {error.code}"
        self.done[name] = self.done.get(name, 0) + 1

    @staticmethod
    def one(model: Any, index: int) -> Any:
        rows = list(model.objects.order_by("-pk")[:4])
        return rows[index % len(rows)] if rows else None

    @initialize()
    def begin(self) -> None:
        """What every course has behind it: an entry and its reversal, a refused one, a penalty posted and turned back,
        one that was appealed and overturned. Chance alone would leave one of them out now and then.
        """
        self.post(Decimal("250.00"), "CNY", mixed=False)
        self.reverse(0)
        self.post(Decimal("9.99"), "points", mixed=True)
        for appealed in (True, False):
            self.propose(Decimal("9.99"), "CNY", "penalty", again=False)
            self.notify(0, "finance")
            if appealed:
                self.appeal(0, "agent")
                self.hear(0, "supervisor", upheld=False)
        self.now += timedelta(days=20)
        self.approve(0, "supervisor")
        self.turn_back(0, "finance")

    @rule(amount=amounts, unit=units, mixed=st.booleans())
    def post(self, amount: Decimal, unit: str, mixed: bool) -> None:
        """``mixed``: points out of a money account, which nobody may post."""
        self.source += 1
        own = chart.points(self.cast.agent) if unit == "points" else chart.payable(self.shop)
        there = chart.CASH if unit == "CNY" or mixed else chart.POINTS_GIVEN
        self.act(
            services.post, "finance", source=("tests.thing", self.source), kind="settlement",
            lines=[Line(there, own, amount, unit)],
        )  # fmt: skip

    @rule(index=which)
    def reverse(self, index: int) -> None:
        if entry := self.one(Journal, index):
            self.act(services.reverse, "finance", journal=entry, reason="x", overdraw=True)

    @rule(
        amount=amounts,
        unit=units,
        kind=st.sampled_from(["penalty", "incentive", "deduction"]),
        again=st.booleans(),
    )
    def propose(self, amount: Decimal, unit: str, kind: str, again: bool) -> None:
        self.source += 0 if again else 1
        party = self.cast.agent if kind == "deduction" else self.shop
        self.act(
            services.propose, "operations", kind=kind, party=party, amount=amount, unit=unit, fact_code="late",
            citation="x v1", source=("tests.thing", self.source),
        )  # fmt: skip

    @rule(index=which, who=people)
    def notify(self, index: int, who: str) -> None:
        if row := self.one(Proposal, index):
            self.act(services.proposal_notify, who, proposal=row)

    @rule(index=which, who=people)
    def appeal(self, index: int, who: str) -> None:
        if row := self.one(Proposal, index):
            self.act(services.proposal_appeal, who, proposal=row, text="x")

    @rule(index=which, who=people, upheld=st.booleans())
    def hear(self, index: int, who: str, upheld: bool) -> None:
        if row := self.one(Proposal, index):
            self.act(services.proposal_hear, who, proposal=row, upheld=upheld, answer="y")

    @rule(index=which, who=people)
    def approve(self, index: int, who: str) -> None:
        if row := self.one(Proposal, index):
            self.act(services.proposal_approve, who, proposal=row)

    @rule(index=which, who=people)
    def turn_back(self, index: int, who: str) -> None:
        if row := self.one(Proposal, index):
            self.act(services.proposal_reverse, who, proposal=row, reason="x")

    @rule(days=st.sampled_from([7, 20]))
    def wait(self, days: int) -> None:
        self.now += timedelta(days=days)
        month = (selectors.month_of(self.now) - timedelta(days=1)).replace(day=1)
        self.act(services.period_close, "finance", month=month)

    @invariant()
    def whole(self) -> None:
        """Σ per unit zero, balances what the transfers say, no mixing, one reversal each, no posting unheard."""
        assert list(selectors.faults()) == []
        for unit in ("CNY", "points"):
            sums = Account.objects.filter(unit=unit).aggregate(debit=Sum("debits"), credit=Sum("credits"))
            assert sums["debit"] == sums["credit"]
        mixed = Transfer.objects.filter(unit="points").exclude(debit__kind__in=POINT_ACCOUNTS)
        assert not mixed.exists()
        turned = list(Journal.objects.exclude(reverses_id=None).values_list("reverses_id", flat=True))
        assert len(turned) == len(set(turned))
        for row in Proposal.objects.filter(state__in=("posted", "reversed")):
            assert row.approved_by_id not in {row.proposed_by_id, None}
            assert row.heard_at or row.approved_at >= row.appeal_until
            assert Journal.objects.filter(source_kind="ledger.proposal", source_id=row.pk).count() == 1
            assert (row.state == "reversed") == (row.journal_id in turned)


@pytest.mark.slow
def test_any_course_of_the_ledger_keeps_it_whole(cast: Any, now: datetime, merchant: Any) -> None:
    for name, tier in (("supervisor", "lead"), ("finance", "finance")):
        cast.certify(getattr(cast, name), tier)
    assert [
        cast.operations,
        cast.agent,
        cast.lead,
    ]  # made before the first example, not in one that is taken back
    done: dict[str, int] = {}
    machine = type("Course", (AnyCourse,), {"cast": cast, "start": now, "shop": merchant, "done": done})
    run_state_machine_as_test(
        machine,
        settings=settings(
            max_examples=8, stateful_step_count=30, phases=(Phase.generate,), report_multiple_bugs=False,
            suppress_health_check=list(HealthCheck), deadline=None,
        ),
    )  # fmt: skip
    assert set(done) >= {
        "post", "post: unit", "reverse", "propose", "proposal_notify", "proposal_appeal", "proposal_hear",
        "proposal_approve", "proposal_reverse",
    }  # fmt: skip


@pytest.mark.parametrize(
    ("moment", "month"),
    [("2026-11-30T15:59:59.999999+00:00", "2026-11"), ("2026-11-30T16:00:00+00:00", "2026-12")],
)
def test_a_month_ends_at_midnight_of_the_installation(post: Any, moment: str, month: str) -> None:
    """Shanghai is eight hours ahead of UTC."""
    entry = post(Line(chart.CASH, chart.COST, Decimal(1)), now=datetime.fromisoformat(moment)).journal
    assert f"{entry.month:%Y-%m}" == month
