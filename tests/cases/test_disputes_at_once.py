"""Both sides, two judges and the sweep at once: a dispute has one outcome, and its money goes out once."""

from collections.abc import Callable
from datetime import datetime, timedelta
from decimal import Decimal

import pytest
from django.db import IntegrityError, transaction

from aftersales.cases import services
from aftersales.cases.models import (
    Case,
    CasePayment,
    Dispute,
    DisputeEvidence,
    OrderAccount,
    Ruling,
    Settlement,
)
from tests.cases.test_at_once import outcomes
from tests.cases.test_disputes import FILE, dispute
from tests.cases.test_rulings import FOR_CUSTOMER, FOR_MERCHANT
from tests.cast import Cast
from tests.records import said

__all__ = ["dispute"]
pytestmark = [pytest.mark.concurrency, pytest.mark.django_db(transaction=True)]
Open = Callable[..., Case]
D = Decimal


def test_two_acceptances_of_one_proposal_have_one_effect(dispute: Dispute, desk: Cast, now: datetime) -> None:
    agent = desk.agent
    row = services.settlement_propose(dispute=dispute, by="merchant", amount=D(35), actor=agent, now=now)

    def accept() -> object:
        return services.settlement_accept(
            settlement=row, by="customer", actor=desk.lead, consent=said(now), now=now
        )

    assert outcomes(accept, accept) == ["done", "ruled"]
    assert (OrderAccount.objects.get().granted, CasePayment.objects.get().amount) == (D(35), D(35))


def test_both_sides_accept_each_others_proposal_and_one_of_them_binds(
    dispute: Dispute, desk: Cast, now: datetime
) -> None:
    agent = desk.agent
    ours = services.settlement_propose(dispute=dispute, by="merchant", amount=D(20), actor=agent, now=now)
    theirs = services.settlement_propose(dispute=dispute, by="customer", amount=D(50), actor=agent, now=now)
    done = outcomes(
        lambda: services.settlement_accept(
            settlement=ours, by="customer", actor=desk.lead, consent=said(now), now=now
        ),
        lambda: services.settlement_accept(
            settlement=theirs, by="merchant", actor=desk.lead, consent=said(now), now=now
        ),
    )
    assert done == ["done", "ruled"]
    accepted = Settlement.objects.get(accepted_at__isnull=False)
    assert Case.objects.get().agreed == accepted.amount == CasePayment.objects.get().amount


def test_an_acceptance_and_a_newer_proposal_leave_no_doubt(
    dispute: Dispute, desk: Cast, now: datetime
) -> None:
    agent = desk.agent
    old = services.settlement_propose(dispute=dispute, by="merchant", amount=D(35), actor=agent, now=now)
    done = outcomes(
        lambda: services.settlement_accept(
            settlement=old, by="customer", actor=desk.lead, consent=said(now), now=now
        ),
        lambda: services.settlement_propose(
            dispute=dispute, by="merchant", amount=D(1), actor=agent, now=now
        ),
    )
    assert done in (["done", "gone"], ["done", "ruled"])
    settled = Dispute.objects.get().state == "settled"
    assert Settlement.objects.filter(accepted_at__isnull=False).count() == int(settled)
    assert Case.objects.get().agreed == (D(35) if settled else 0)


def test_of_two_judges_one_rules_and_the_money_is_proposed_once(
    dispute: Dispute, desk: Cast, now: datetime
) -> None:
    first, second = desk.adjudicator, desk.person("adjudicator")
    services.dispute_review(dispute=dispute, actor=first, now=now)
    done = outcomes(
        lambda: services.dispute_rule(dispute=dispute, draft=FOR_CUSTOMER, actor=first, now=now),
        lambda: services.dispute_rule(dispute=dispute, draft=FOR_MERCHANT, actor=second, now=now),
    )
    assert done == ["done", "wrong_state"]
    ruling = Ruling.objects.get()
    assert Case.objects.get().agreed == ruling.amount
    assert CasePayment.objects.count() == (1 if ruling.amount else 0)


def test_a_ruling_and_a_settlement_at_once_decide_once(dispute: Dispute, desk: Cast, now: datetime) -> None:
    judge, agent = desk.adjudicator, desk.agent
    row = services.settlement_propose(dispute=dispute, by="merchant", amount=D(35), actor=agent, now=now)
    services.dispute_review(dispute=dispute, actor=judge, now=now)
    done = outcomes(
        lambda: services.settlement_accept(
            settlement=row, by="customer", actor=desk.lead, consent=said(now), now=now
        ),
        lambda: services.dispute_rule(dispute=dispute, draft=FOR_CUSTOMER, actor=judge, now=now),
    )
    assert done in (["done", "ruled"], ["done", "wrong_state"], ["done", "gone"])
    assert CasePayment.objects.get().amount == Case.objects.get().agreed


def test_an_appeal_in_the_last_second_and_the_sweep(dispute: Dispute, desk: Cast, now: datetime) -> None:
    judge, agent, end = desk.adjudicator, desk.agent, now + timedelta(days=7)
    services.dispute_review(dispute=dispute, actor=judge, now=now)
    services.dispute_rule(dispute=dispute, draft=FOR_MERCHANT, actor=judge, now=now)
    outcomes(
        lambda: services.dispute_appeal(dispute=dispute, by="customer", actor=agent, now=end, words="不服"),
        lambda: services.disputes_sweep(now=end + timedelta(seconds=1)),
    )
    assert Dispute.objects.get().state in ("appealed", "executed")


def test_of_two_disputes_of_one_case_one_is_opened(open_case: Open, desk: Cast, now: datetime) -> None:
    case, agent = open_case(), desk.agent

    def opened(by: str) -> Callable[[], object]:
        return lambda: services.dispute_open(case=case, by=by, actor=agent, now=now)

    assert outcomes(opened("customer"), opened("merchant")) == ["disputed_already", "done"]
    # Without the lock the database refuses a second one
    first = Dispute.objects.get()
    with pytest.raises(IntegrityError), transaction.atomic():
        Dispute.objects.bulk_create([
            Dispute(
                number="JF-2", case=first.case, case_was="requested", opened_side="customer", opened_by=agent,
                opened_at=now, turn="merchant",
            )
        ])  # fmt: skip


def test_one_file_sent_twice_at_once_is_kept_once(dispute: Dispute, desk: Cast, now: datetime) -> None:
    agent = desk.agent

    def bring() -> object:
        return services.evidence_add(dispute=dispute, side="merchant", actor=agent, now=now, file=FILE)

    assert outcomes(bring, bring) == ["done", "done"]
    assert DisputeEvidence.objects.filter(side="merchant").count() == 1
    assert Dispute.objects.get().state == "evidence"
