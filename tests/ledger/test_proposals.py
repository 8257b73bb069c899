"""Proposals: one per fact, with clause and evidence; they post nothing."""

from decimal import Decimal
from typing import Any

import pytest
from django.db import IntegrityError, connection, transaction
from django.db.utils import InternalError

from accounts.states import STAFF_ROLES, Role
from aftersales.core.errors import DomainError, NotPermitted, WrongState
from aftersales.core.models import Event
from aftersales.ledger import services
from aftersales.ledger.models import Account, Journal, Proposal
from tests.toy.fixtures import at_once

pytestmark = pytest.mark.django_db
PROPOSERS = {Role.ADJUDICATOR, Role.SUPERVISOR, Role.OPERATIONS, Role.MERCHANT_MANAGER, Role.FINANCE}


@pytest.fixture
def propose(cast: Any, now: Any) -> Any:
    def make(**facts: Any) -> Proposal:
        given: dict[str, Any] = {
            "kind": "penalty", "party": ("merchant", 41), "amount": Decimal("500"), "fact_code": "late_answer",
            "citation": "return_rule.no_reason v3", "source": ("cases.dispute", 7), "actor": cast.adjudicator,
            "now": now, "evidence": ["ev-1"], "calculation": {"base": "500.00"},
        }  # fmt: skip
        return services.propose(**(given | facts))

    return make


def test_a_proposal_holds_clause_evidence_and_amount_and_posts_nothing(propose) -> None:
    row = propose()
    assert (row.state, row.merchant_id, row.beneficiary) == ("proposed", 41, "consumer_protection")
    assert row.number == "TY2611-00001"
    assert Event.objects.get(kind="proposal.made").payload["party_id"] == 41
    assert not Journal.objects.exists()
    assert not Account.objects.exists()


def test_the_same_fact_proposes_once(propose) -> None:
    assert propose().pk == propose(amount=Decimal(900)).pk
    assert propose(kind="recovery").pk != propose().pk


@pytest.mark.parametrize(
    ("facts", "code"),
    [
        ({"amount": Decimal(0)}, "amount"),
        ({"amount": Decimal("0.001")}, "amount"),
        ({"citation": " "}, "no_citation"),
    ],
)
def test_what_a_proposal_must_have(propose, facts, code) -> None:
    with pytest.raises(DomainError) as refused:
        propose(**facts)
    assert refused.value.code == code


def test_nobody_proposes_for_himself(propose, cast) -> None:
    with pytest.raises(DomainError) as refused:
        propose(kind="incentive", party=cast.adjudicator)
    assert refused.value.code == "own_proposal"


@pytest.mark.parametrize("role", sorted(STAFF_ROLES))
def test_who_may_propose_and_withdraw(propose, cast, now, role) -> None:
    actor = cast.of(role)
    if role in PROPOSERS:
        propose(actor=actor)
    else:
        with pytest.raises(NotPermitted):
            propose(actor=actor)
    row = propose(actor=cast.system, kind="recovery")
    if role in {Role.FINANCE, Role.SUPERVISOR, Role.OPERATIONS}:
        services.proposal_withdraw(proposal=row, actor=actor, now=now, reason="证据不足")
    else:
        with pytest.raises(NotPermitted):
            services.proposal_withdraw(proposal=row, actor=actor, now=now, reason="证据不足")


def test_a_withdrawn_proposal_stays_and_ends(propose, cast, now) -> None:
    row = services.proposal_withdraw(proposal=propose(), actor=cast.finance, now=now, reason="证据不足")
    assert row.state == "withdrawn"
    with pytest.raises(WrongState):
        services.proposal_cancel(proposal=row, actor=cast.system, now=now)


def test_an_overturned_ruling_cancels_it(propose, cast, now) -> None:
    assert services.proposal_cancel(proposal=propose(), actor=cast.system, now=now).state == "cancelled"
    with pytest.raises(NotPermitted):
        services.proposal_cancel(proposal=propose(kind="recovery"), actor=cast.finance, now=now)


def test_no_path_leads_around_the_door(propose) -> None:
    row = propose()
    for state in ("posted", "approved", "withdrawn"):
        with (
            pytest.raises((IntegrityError, InternalError)),
            transaction.atomic(),
            connection.cursor() as cursor,
        ):
            cursor.execute("UPDATE ledger_proposal SET state = %s WHERE id = %s", [state, row.pk])


@pytest.mark.concurrency
@pytest.mark.django_db(transaction=True)
def test_eight_who_propose_the_same_make_one(propose, cast) -> None:
    assert cast.adjudicator
    answers = at_once([propose] * 8)
    assert len({one.pk for one in answers}) == 1
    assert Proposal.objects.count() == 1
