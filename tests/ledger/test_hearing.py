"""A consequence is told, may be appealed against, is heard by another person, and is posted once; or turned back."""

from datetime import timedelta
from decimal import Decimal
from functools import partial
from typing import Any

import pytest
from django.db import IntegrityError, connection, transaction

from accounts.states import STAFF_ROLES, Role
from aftersales.core.errors import DomainError, NotPermitted, Refused, WrongState
from aftersales.core.models import Event
from aftersales.ledger import chart, selectors, services
from aftersales.ledger.chart import Line
from aftersales.ledger.models import Journal, Proposal
from aftersales.notices.models import Notice
from tests.toy.fixtures import at_once

pytestmark = pytest.mark.django_db
WEEK = timedelta(days=7)


@pytest.fixture(autouse=True)
def certified(cast: Any) -> None:
    """Who approves holds the certificate of his post: it says how much of a penalty is his to approve."""
    for person, tier in ((cast.supervisor, "lead"), (cast.finance, "finance")):
        cast.certify(person, tier)


@pytest.fixture
def propose(cast: Any, now: Any, merchant: Any) -> Any:
    def make(**facts: Any) -> Proposal:
        given: dict[str, Any] = {
            "kind": "penalty", "party": merchant, "amount": Decimal(500), "fact_code": "late_answer",
            "citation": "return_rule.no_reason v3", "source": ("cases.dispute", 7), "actor": cast.operations,
            "now": now,
        }  # fmt: skip
        return services.propose(**(given | facts))

    return make


@pytest.fixture
def told(propose: Any, cast: Any, now: Any) -> Any:
    def make(**facts: Any) -> Proposal:
        return services.proposal_notify(proposal=propose(**facts), actor=cast.operations, now=now)

    return make


def test_the_party_is_told_what_and_until_when(told: Any, now: Any) -> None:
    row = told()
    assert (row.state, row.appeal_until) == ("notified", now + WEEK)
    mail = Notice.objects.get()
    assert "¥500.00" in mail.subject
    assert "return_rule.no_reason v3" in mail.body
    told(citation="incentive.merchant_late_points v1", source=("cases.dispute", 8))
    named = Notice.objects.order_by("pk").last()
    assert named is not None
    assert "商家超时履约扣分 v1" in named.body
    assert "merchant_late_points" not in named.body
    assert not Journal.objects.exists()


def test_nothing_is_posted_while_it_can_be_appealed(told: Any, cast: Any, now: Any) -> None:
    row = told()
    with pytest.raises(Refused) as refused:
        services.proposal_approve(proposal=row, actor=cast.supervisor, now=now + WEEK - timedelta(seconds=1))
    assert refused.value.code == "window_open"
    assert not Journal.objects.exists()


def test_after_the_window_it_is_posted_once_to_consumer_protection(
    told: Any, cast: Any, now: Any, merchant: Any, post: Any
) -> None:
    post(Line(chart.COST, chart.payable(merchant), Decimal(120)), kind="settlement")
    post(Line(chart.CASH, chart.deposit(merchant), Decimal(200)), kind="deposit")
    row = services.proposal_approve(proposal=told(), actor=cast.supervisor, now=now + WEEK)
    assert row.state == "posted"
    assert Journal.objects.get(pk=row.journal_id).rule_version == "return_rule.no_reason v3"
    assert selectors.balance(chart.PROTECTION) == 500
    assert selectors.balance(chart.payable(merchant)) == 0
    assert selectors.balance(chart.deposit(merchant)) == 0
    assert selectors.balance(chart.receivable(merchant)) == 180
    with pytest.raises(WrongState):
        services.proposal_approve(proposal=row, actor=cast.supervisor, now=now + WEEK)
    assert Journal.objects.filter(kind="penalty").count() == 1


def test_an_appeal_is_heard_by_another_person_and_stops_the_posting(told: Any, cast: Any, now: Any) -> None:
    row = services.proposal_appeal(proposal=told(), text="物流停运三天。", actor=cast.lead, now=now)
    assert row.state == "appealed"
    with pytest.raises(WrongState):
        services.proposal_approve(proposal=row, actor=cast.supervisor, now=now + WEEK)
    overturned = services.proposal_hear(
        proposal=row, upheld=False, answer="停运属实。", actor=cast.finance, now=now
    )
    assert (overturned.state, overturned.heard_by, overturned.appeal_answer) == (
        "overturned",
        cast.finance,
        "停运属实。",
    )
    assert "停运属实" in Notice.objects.order_by("pk").last().body
    assert not Journal.objects.exists()


def test_a_rejected_appeal_need_not_wait_for_the_window(told: Any, cast: Any, now: Any) -> None:
    row = services.proposal_appeal(proposal=told(), text="不服。", actor=cast.lead, now=now)
    row = services.proposal_hear(proposal=row, upheld=True, answer="证据充分。", actor=cast.finance, now=now)
    assert services.proposal_approve(proposal=row, actor=cast.supervisor, now=now).state == "posted"


def test_a_late_appeal_is_refused_with_words(told: Any, cast: Any, now: Any) -> None:
    with pytest.raises(Refused) as refused:
        services.proposal_appeal(proposal=told(), text="晚了", actor=cast.lead, now=now + WEEK)
    assert refused.value.code == "window_over"


@pytest.mark.parametrize(
    ("who", "act", "code"),
    [
        ("operations", "hear", "another_person"),  # proposed and told
        ("lead", "hear", None),  # has no right to hear at all
        ("operations", "approve", None),
        ("agent", "appeal_other", "not_the_party"),
    ],
)
def test_who_had_part_in_it_does_not_decide(
    told: Any, cast: Any, now: Any, who: str, act: str, code: str | None
) -> None:
    actor = getattr(cast, who)
    row = told(party=cast.inspector, amount=Decimal(10), unit="points", kind="deduction")
    acts = {
        "hear": lambda: services.proposal_hear(
            proposal=services.proposal_appeal(proposal=row, text="x", actor=cast.inspector, now=now),
            upheld=True, answer="y", actor=actor, now=now,
        ),
        "approve": lambda: services.proposal_approve(proposal=row, actor=actor, now=now + WEEK),
        "appeal_other": lambda: services.proposal_appeal(proposal=row, text="x", actor=actor, now=now),
    }  # fmt: skip
    with pytest.raises((Refused, NotPermitted)) as refused:
        acts[act]()
    if code and isinstance(refused.value, Refused):
        assert refused.value.code == code
    assert not Journal.objects.exists()


def test_nobody_decides_about_himself(told: Any, cast: Any, now: Any) -> None:
    row = told(party=cast.supervisor, amount=Decimal(10), unit="points", kind="incentive")
    with pytest.raises(Refused) as refused:
        services.proposal_approve(proposal=row, actor=cast.supervisor, now=now + WEEK)
    assert refused.value.code == "about_oneself"
    with connection.cursor() as cursor, pytest.raises(IntegrityError), transaction.atomic():
        cursor.execute("UPDATE ledger_proposal SET approved_by_id = proposed_by_id WHERE id = %s", [row.pk])


def test_a_reward_lands_on_the_persons_account_and_is_turned_back_once(
    told: Any, cast: Any, now: Any
) -> None:
    row = told(party=cast.agent, kind="incentive", amount=Decimal("80.50"))
    row = services.proposal_approve(proposal=row, actor=cast.supervisor, now=now + WEEK)
    assert selectors.balance(chart.bonus(cast.agent)) == Decimal("80.50")
    row = services.proposal_reverse(proposal=row, reason="数据有误", actor=cast.finance, now=now + WEEK)
    assert row.state == "reversed"
    assert selectors.balance(chart.bonus(cast.agent)) == 0
    with pytest.raises(WrongState):
        services.proposal_reverse(proposal=row, reason="又一次", actor=cast.finance, now=now + WEEK)
    assert Journal.objects.filter(kind="reversal").count() == 1
    assert list(selectors.faults()) == []


def test_a_measure_has_no_entry_and_points_never_touch_money(told: Any, cast: Any, now: Any) -> None:
    talk = told(kind="measure", measure="talk", amount=None, party=cast.agent)
    assert services.proposal_approve(proposal=talk, actor=cast.supervisor, now=now + WEEK).state == "posted"
    assert not Journal.objects.exists()
    points = told(kind="deduction", unit="points", amount=Decimal(6), party=cast.agent, source=("x.y", 2))
    services.proposal_approve(proposal=points, actor=cast.supervisor, now=now + WEEK)
    assert selectors.balance(chart.points(cast.agent), "points") == -6
    assert Journal.objects.get().unit == "points"


def test_what_it_rested_on_fell_after_it_was_posted(told: Any, cast: Any, now: Any) -> None:
    row = services.proposal_approve(proposal=told(), actor=cast.supervisor, now=now + WEEK)
    row = services.proposal_cancel(
        proposal=row, actor=cast.system, now=now + WEEK, reason="ruling overturned"
    )
    assert row.state == "reversed"
    assert selectors.balance(chart.PROTECTION) == 0


@pytest.mark.parametrize("words", ["", "   ", "字" * 4001])
def test_an_appeal_says_why_in_words(told: Any, cast: Any, now: Any, words: str) -> None:
    with pytest.raises(DomainError) as refused:
        services.proposal_appeal(proposal=told(), text=words, actor=cast.lead, now=now)
    assert refused.value.code in ("words_missing", "too_long")


def test_above_his_authority_a_person_does_not_approve(told: Any, cast: Any, now: Any) -> None:
    row = told(amount=Decimal("20000.01"))
    with pytest.raises(Refused):
        services.proposal_approve(proposal=row, actor=cast.supervisor, now=now + WEEK)
    assert Proposal.objects.get().state == "notified"


ACTS = {
    "notify": {Role.FINANCE, Role.SUPERVISOR, Role.OPERATIONS, Role.ADJUDICATOR, Role.MERCHANT_MANAGER},
    "appeal": STAFF_ROLES,
    "hear": {Role.SUPERVISOR, Role.ADJUDICATOR, Role.FINANCE},
    "approve": {Role.SUPERVISOR, Role.FINANCE},
    "reverse": {Role.FINANCE},
    "cancel": set(),
    "post": set(),
}


@pytest.mark.parametrize("act", sorted(ACTS))
def test_who_may_do_what(cast: Any, act: str) -> None:
    assert {role for role in STAFF_ROLES if cast.of(role).has_perm(f"ledger.{act}")} == set(ACTS[act])


@pytest.mark.django_db(transaction=True)
@pytest.mark.concurrency
def test_two_approve_at_the_same_moment(told: Any, cast: Any, now: Any) -> None:
    for number in range(5):
        row = told(source=("cases.dispute", 100 + number))
        who = (cast.supervisor, cast.finance)
        done = at_once(
            [partial(services.proposal_approve, proposal=row, actor=one, now=now + WEEK) for one in who]
        )
        assert sum(isinstance(one, Proposal) for one in done) == 1
    assert Journal.objects.filter(kind="penalty").count() == 5
    assert Event.objects.filter(kind="proposal.posted").count() == 5
    assert list(selectors.faults()) == []
