"""The demonstration shows a proposal in every state that due process has, once however often it is loaded."""

from datetime import timedelta
from types import SimpleNamespace
from typing import Any

import pytest

from aftersales.desk.demo import rewards
from aftersales.ledger import selectors
from aftersales.ledger.models import IncentiveVersion, Proposal
from aftersales.merchants.models import Merchant

pytestmark = pytest.mark.django_db


def test_every_state_is_there_once(cast: Any, now: Any) -> None:
    for name, tier in (("supervisor", "lead"), ("finance", "finance")):
        cast.certify(getattr(cast, name), tier, valid_from=now - timedelta(days=60))
    people = {name: getattr(cast, name) for name in ("operations", "supervisor", "finance", "lead", "agent")}
    merchant = Merchant(code="M-1", name="云帆旗舰店")
    merchant.save()
    label = SimpleNamespace(label_lower="tickets.ticket")
    tickets: Any = [
        SimpleNamespace(pk=key, number=f"GD2611-{key:05}", merchant=merchant, _meta=label)
        for key in range(1, 14)
    ]
    made = rewards.reward(tickets, people, now)
    assert made == len(rewards.COURSES)
    states = set(Proposal.objects.values_list("state", flat=True))
    assert states == {
        "proposed", "notified", "appealed", "upheld", "overturned", "posted", "reversed", "withdrawn",
    }  # fmt: skip
    announced = IncentiveVersion.objects.filter(rule__code="trainer_points").order_by("number")
    assert [one.state for one in announced] == ["active", "draft"]
    assert rewards.reward(tickets, people, now) == 0
    assert list(selectors.faults()) == []
