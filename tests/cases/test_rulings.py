"""Rulings: coded, carried out by themselves, appealed once to another person, turned back as far as may be."""

from collections.abc import Callable
from dataclasses import replace
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest
from django.db import IntegrityError, transaction

from accounts.models import User
from aftersales.cases import services
from aftersales.cases.disputeselectors import precedents
from aftersales.cases.models import (
    Case,
    CaseParcel,
    CasePayment,
    Dispute,
    LineAccount,
    OrderAccount,
    Recovery,
    Ruling,
)
from aftersales.cases.services import RulingDraft
from aftersales.core.errors import Refused, WrongState
from aftersales.ledger.models import Account, Proposal
from aftersales.merchants.models import Merchant
from aftersales.notices.models import Notice
from tests.cases.bank import pay_all
from tests.cases.test_disputes import dispute, refused
from tests.cast import Cast

__all__ = ["dispute"]
D = Decimal
Open = Callable[..., Case]
DAY = timedelta(days=1)
FOR_CUSTOMER = RulingDraft(
    outcome="full_refund", clause="消保法 §24", facts="开箱视频显示左耳无声。", reasons="质量问题由商家承担。",
    fault={"merchant": 100}, penalty=D(2), penalty_unit="points",
)  # fmt: skip
FOR_MERCHANT = RulingDraft(
    outcome="for_merchant",
    clause="七日办法 §8",
    facts="商品已使用。",
    reasons="不符合完好。",
    fault={"customer": 100},
)


@pytest.fixture
def judge(desk: Cast) -> User:
    return desk.adjudicator


@pytest.fixture
def other(desk: Cast) -> User:
    return desk.person("adjudicator")


def ruled(dispute: Dispute, draft: RulingDraft, judge: User, now: datetime) -> Ruling:
    services.dispute_review(dispute=dispute, actor=judge, now=now)
    return services.dispute_rule(dispute=dispute, draft=draft, actor=judge, now=now)


def test_a_ruling_carries_itself_out(
    dispute: Dispute, judge: User, now: datetime, work_off: Callable[[datetime], None]
) -> None:
    ruling = ruled(dispute, FOR_CUSTOMER, judge, now)
    case = Case.objects.get()
    assert (case.state, case.decided_how, case.agreed, case.kind, case.fault) == (
        "approved", "ruling", D("77.01"), "return", "merchant",
    )  # fmt: skip
    assert (ruling.amount, ruling.appeal_until) == (D("77.01"), now + 7 * DAY)
    # The money is proposed as the system's own: who ruled neither proposes nor approves it
    payment = CasePayment.objects.get()
    assert (payment.amount, payment.proposed_by.roles, payment.borne_by) == (
        D("77.01"),
        ["system"],
        "merchant",
    )
    # The penalty is proposed, with its clause and the evidence
    proposal = Proposal.objects.get()
    assert (proposal.kind, proposal.amount, proposal.unit, proposal.citation) == (
        "penalty", D(2), "points", "消保法 §24",
    )  # fmt: skip
    assert proposal.evidence
    assert proposal.party_id == case.merchant_id
    # Facts, reasons and clause are told to both sides
    work_off(now)
    told = Notice.objects.filter(source__startswith="dispute.ruled")
    assert {row.recipient_kind for row in told} == {"customer", "merchant"}
    assert all(
        words in row.body
        for row in told
        for words in ("开箱视频显示左耳无声", "质量问题由商家承担", "消保法 §24", "申诉一次")
    )
    with pytest.raises(WrongState):
        services.dispute_rule(dispute=dispute, draft=FOR_MERCHANT, actor=judge, now=now)
    assert Ruling.objects.count() == 1


def test_goods_that_come_back_hold_the_money(
    dispute: Dispute, judge: User, desk: Cast, now: datetime
) -> None:
    ruled(dispute, replace(FOR_CUSTOMER, goods_back=True), judge, now)
    parcel = CaseParcel.objects.get()
    assert (parcel.state, parcel.freight_by, CasePayment.objects.count()) == ("awaited", "merchant", 0)
    # When they are here and accepted, the next sweep pays
    parcel = services.parcel_ship(
        parcel=parcel, carrier="SF", tracking_no="SF100200", actor=desk.agent, now=now
    )
    counts = {item.pk: item.announced for item in parcel.items.all()}
    parcel = services.parcel_receive(
        parcel=parcel, arrival=services.Arrival(counts), actor=desk.returns_receiver, now=now
    )
    good = {pk: services.Finding(accepted=count, grade="new") for pk, count in counts.items()}
    services.parcel_inspect(parcel=parcel, findings=good, actor=desk.returns_receiver, now=now, keep=True)
    services.decisions_carry_out(now=now)
    assert CasePayment.objects.get().amount == D("77.01")


def test_a_ruling_for_the_merchant_frees_what_was_taken(dispute: Dispute, judge: User, now: datetime) -> None:
    ruled(dispute, FOR_MERCHANT, judge, now)
    assert Case.objects.get().state == "rejected"
    assert (OrderAccount.objects.get().granted, LineAccount.objects.filter(claimed__gt=0).count()) == (0, 0)
    assert not Proposal.objects.exists()


def test_an_exchange_is_ruled_into_a_refund(open_case: Open, desk: Cast, judge: User, now: datetime) -> None:
    case = open_case({1: 1}, kind="exchange", ground="wrong_item")
    dispute = services.dispute_open(case=case, by="customer", actor=desk.agent, now=now)
    ruling = ruled(dispute, replace(FOR_CUSTOMER, outcome="part_refund", amount=D(12)), judge, now)
    case.refresh_from_db()
    assert (ruling.amount, case.kind, case.first_kind, case.agreed) == (
        D(12),
        "refund_only",
        "exchange",
        D(12),
    )


def test_as_asked_keeps_the_kind_and_the_obligation_runs(
    open_case: Open, desk: Cast, judge: User, now: datetime
) -> None:
    case = open_case({1: 1}, kind="exchange", ground="wrong_item")
    dispute = services.dispute_open(case=case, by="customer", actor=desk.agent, now=now)
    draft = replace(
        FOR_CUSTOMER, outcome="as_asked", goods_back=True, obligation="replace", obligation_days=3
    )
    ruled(dispute, draft, judge, now)
    case.refresh_from_db()
    current = Dispute.objects.get()
    assert (case.kind, case.state, current.obligation_until) == ("exchange", "approved", now + 3 * DAY)
    assert services.disputes_sweep(now=now + 4 * DAY) == 1
    assert services.disputes_sweep(now=now + 4 * DAY) == 0
    assert Dispute.objects.get().obligation_missed_at == now + 4 * DAY
    services.obligation_keep(dispute=dispute, actor=desk.agent, now=now + 5 * DAY)
    refused("no_obligation", lambda: services.obligation_keep(dispute=dispute, actor=desk.agent, now=now))


@pytest.mark.parametrize(
    ("code", "changed"),
    [
        ("outcome", {"outcome": "maybe"}),
        ("reasons", {"clause": " "}),
        ("reasons", {"facts": ""}),
        ("too_long", {"reasons": "长" * 2001}),
        ("fault", {"fault": {"merchant": 90}}),
        ("fault", {"fault": {"nobody": 100}}),
        ("fault", {"fault": {"merchant": 150, "customer": -50}}),
        ("fault", {"fault": {}}),
        ("amount", {"outcome": "part_refund"}),
        ("amount", {"outcome": "part_refund", "amount": D(0)}),
        ("too_much", {"outcome": "part_refund", "amount": D("77.02")}),
        ("freight", {"freight_by": "nobody"}),
        ("obligation", {"obligation": "replace"}),
        ("obligation", {"obligation": "dance", "obligation_days": 1}),
        ("penalty", {"penalty": D(-1)}),
        ("give_back", {"give_back": "consent"}),
    ],
)
def test_a_ruling_without_its_reasons_or_its_sums_is_refused_and_changes_nothing(
    dispute: Dispute, judge: User, now: datetime, code: str, changed: dict[str, Any]
) -> None:
    services.dispute_review(dispute=dispute, actor=judge, now=now)
    draft = replace(FOR_CUSTOMER, **changed)
    refused(code, lambda: services.dispute_rule(dispute=dispute, draft=draft, actor=judge, now=now))
    assert (Ruling.objects.count(), Case.objects.get().state) == (0, "disputed")


def test_who_worked_on_the_case_does_not_rule_and_who_ruled_hears_no_appeal(
    open_case: Open, desk: Cast, judge: User, now: datetime
) -> None:
    both = desk.person("adjudicator", "agent")
    desk.join(desk.team, both)
    case = services.case_reject(case=open_case(), actor=both, now=now, words="不行")
    dispute = services.dispute_open(case=case, by="customer", actor=desk.agent, now=now)
    services.dispute_review(dispute=dispute, actor=judge, now=now)

    def rule(who: User) -> object:
        return services.dispute_rule(dispute=dispute, draft=FOR_MERCHANT, actor=who, now=now)

    with pytest.raises(Refused):
        rule(both)
    for role in ("agent", "lead", "supervisor", "finance", "auditor"):
        refused("not_permitted", lambda role=role: rule(desk.of(role)))  # type: ignore[misc]
    rule(judge)
    services.dispute_appeal(dispute=dispute, by="customer", actor=desk.agent, now=now, words="证据没看")

    def decide(who: User) -> object:
        return services.appeal_decide(dispute=dispute, draft=FOR_CUSTOMER, actor=who, now=now)

    refused("own_ruling", lambda: decide(judge))
    refused("not_neutral", lambda: decide(both))
    refused("not_permitted", lambda: decide(desk.agent))


def test_the_platforms_own_sales_are_ruled_by_another_team(
    open_case: Open, desk: Cast, judge: User, other: User, now: datetime
) -> None:
    case = services.case_reject(case=open_case(), actor=desk.agent, now=now, words="不行")
    Merchant.objects.filter(pk=case.merchant_id).update(self_run=True)
    desk.join(case.ticket.team or desk.team, judge)
    type(case.ticket).objects.filter(pk=case.ticket_id).update(team=case.ticket.team or desk.team)
    dispute = services.dispute_open(case=case, by="customer", actor=desk.agent, now=now)
    services.dispute_review(dispute=dispute, actor=other, now=now)
    refused(
        "own_team",
        lambda: services.dispute_rule(dispute=dispute, draft=FOR_MERCHANT, actor=judge, now=now),
    )
    services.dispute_rule(dispute=dispute, draft=FOR_MERCHANT, actor=other, now=now)


def test_an_overturned_ruling_is_turned_round_and_one_appeal_is_all(
    dispute: Dispute, desk: Cast, judge: User, other: User, now: datetime
) -> None:
    ruled(dispute, FOR_MERCHANT, judge, now)

    def appeal(by: str = "customer", at: datetime = now, words: str = "新证据") -> object:
        return services.dispute_appeal(dispute=dispute, by=by, actor=desk.agent, now=at, words=words)

    refused("too_late", lambda: appeal(at=now + 8 * DAY))
    refused("reason", lambda: appeal(words=" "))
    refused("side", lambda: appeal("carrier"))
    appeal()
    final = services.appeal_decide(dispute=dispute, draft=FOR_CUSTOMER, actor=other, now=now)
    case = Case.objects.get()
    assert (final.overturns, final.on_appeal, case.state, case.agreed) == (True, True, "approved", D("77.01"))
    assert (CasePayment.objects.get().amount, Dispute.objects.get().state) == (D("77.01"), "executed")
    with pytest.raises(WrongState):
        appeal("merchant")


def test_a_ruling_for_the_customer_overturned_before_the_money_went_takes_it_back(
    dispute: Dispute, desk: Cast, judge: User, other: User, now: datetime
) -> None:
    ruled(dispute, FOR_CUSTOMER, judge, now)
    services.dispute_appeal(dispute=dispute, by="merchant", actor=desk.agent, now=now, words="商品被调包")
    final = services.appeal_decide(dispute=dispute, draft=FOR_MERCHANT, actor=other, now=now)
    assert (Case.objects.get().state, OrderAccount.objects.get().granted, final.kept) == ("rejected", 0, 0)
    assert (CasePayment.objects.get().state, Proposal.objects.get().state) == ("cancelled", "cancelled")
    assert not Account.objects.exists()


def test_money_that_the_customer_has_stays_his_and_the_platform_bears_it(
    dispute: Dispute,
    desk: Cast,
    judge: User,
    other: User,
    now: datetime,
    work_off: Callable[[datetime], None],
) -> None:
    # Given the customer has the money by the first ruling
    ruled(dispute, FOR_CUSTOMER, judge, now)
    pay_all(desk, now)
    assert Case.objects.get().state == "approved"  # not closed as long as the appeal is open
    # When the merchant wins the appeal
    services.dispute_appeal(dispute=dispute, by="merchant", actor=desk.agent, now=now, words="商品被调包")
    final = services.appeal_decide(dispute=dispute, draft=FOR_MERCHANT, actor=other, now=now)
    # Then nothing is taken of the customer; merchant's money and penalty are turned back
    case = Case.objects.get()
    assert (final.kept, case.agreed, CasePayment.objects.get().state) == (D("77.01"), D("77.01"), "succeeded")
    assert case.state == "closed"
    assert Proposal.objects.get().state == "cancelled"
    # And nothing was claimed from the merchant yet, so that nothing is credited to him: the advance stays a cost
    assert not Account.objects.filter(kind="merchant_payable").exists()
    work_off(now)
    assert not Recovery.objects.exists()
    assert Account.objects.get(kind="platform_cost").balance == D("77.01")
    # And carried out, the dispute is closed
    assert services.decisions_carry_out(now=now) == 1
    assert Dispute.objects.get().state == "closed"


def test_with_his_consent_the_customer_gives_back_and_the_ground_is_kept(
    dispute: Dispute, desk: Cast, judge: User, other: User, now: datetime
) -> None:
    ruled(dispute, FOR_CUSTOMER, judge, now)
    pay_all(desk, now)
    services.dispute_appeal(dispute=dispute, by="merchant", actor=desk.agent, now=now, words="商品被调包")
    draft = replace(FOR_MERCHANT, give_back="judgment", give_back_ref="(2026)浙0106民初12号")
    final = services.appeal_decide(dispute=dispute, draft=draft, actor=other, now=now)
    assert (final.give_back, final.give_back_ref) == ("judgment", "(2026)浙0106民初12号")
    with pytest.raises(IntegrityError), transaction.atomic():
        Ruling(
            dispute=dispute, outcome="for_merchant", currency="CNY", freight_by="merchant", fault_customer=100,
            clause="x", facts="x", reasons="x", ruled_by=other, at=now, give_back="consent",
        ).save()  # fmt: skip


def test_an_appeal_that_changes_nothing_leaves_everything(
    dispute: Dispute, desk: Cast, judge: User, other: User, now: datetime
) -> None:
    ruled(dispute, FOR_CUSTOMER, judge, now)
    services.dispute_appeal(dispute=dispute, by="merchant", actor=desk.agent, now=now, words="不服")
    final = services.appeal_decide(dispute=dispute, draft=FOR_CUSTOMER, actor=other, now=now)
    assert (final.overturns, Case.objects.get().agreed) == (False, D("77.01"))
    assert (CasePayment.objects.count(), Proposal.objects.count()) == (1, 1)
    assert Proposal.objects.get().state == "proposed"


def test_after_the_time_for_an_appeal_it_is_final_and_carried_out_it_closes(
    dispute: Dispute, desk: Cast, judge: User, now: datetime
) -> None:
    ruled(dispute, FOR_CUSTOMER, judge, now)
    pay_all(desk, now)
    assert services.disputes_sweep(now=now + 6 * DAY) == 0
    refused("open_parts", lambda: services.case_close(case=dispute.case, actor=desk.lead, now=now))
    assert services.disputes_sweep(now=now + 7.1 * DAY) == 1
    assert services.decisions_carry_out(now=now + 7.1 * DAY) == 1
    assert (Dispute.objects.get().state, Case.objects.get().state) == ("closed", "closed")


def test_a_ruling_never_takes_money_that_is_out(
    open_case: Open, desk: Cast, judge: User, now: datetime
) -> None:
    # Given a case that was approved and paid, and the merchant disputes it afterwards
    case = services.case_approve(
        case=open_case({0: 1}, kind="refund_only", ground="quality"), actor=desk.agent, now=now
    )
    services.payment_propose(case=case, actor=desk.agent, now=now)
    CasePayment.objects.update(attempts=1)
    payment = CasePayment.objects.get()
    dispute = services.dispute_open(case=case, by="merchant", actor=desk.agent, now=now)
    services.payment_succeed(payment=payment, actor=desk.finance, now=now, paid_at=now)
    ruling = ruled(dispute, FOR_MERCHANT, judge, now)
    case.refresh_from_db()
    assert (ruling.kept, case.state, case.agreed) == (payment.amount, "approved", payment.amount)


@pytest.mark.parametrize("draft", [FOR_CUSTOMER, FOR_MERCHANT])
def test_what_is_ruled_is_appealed_and_not_disputed_a_second_time(
    dispute: Dispute, desk: Cast, judge: User, now: datetime, draft: RulingDraft
) -> None:
    ruled(dispute, draft, judge, now)
    for by in ("customer", "merchant"):
        refused(
            "disputed_already",
            lambda by=by: services.dispute_open(case=dispute.case, by=by, actor=desk.agent, now=now),
        )
    services.dispute_appeal(dispute=dispute, by="customer", actor=desk.agent, now=now, words="不服")
    assert Dispute.objects.count() == 1


def test_earlier_rulings_are_found_by_kind_reason_ruling_and_words(
    dispute: Dispute, desk: Cast, judge: User, other: User, now: datetime
) -> None:
    ruled(dispute, FOR_MERCHANT, judge, now)
    assert not precedents(judge).exists()  # it may still change
    services.dispute_appeal(dispute=dispute, by="customer", actor=desk.agent, now=now, words="不服")
    final = services.appeal_decide(dispute=dispute, draft=FOR_CUSTOMER, actor=other, now=now)
    for asked in (
        {}, {"kind": "return"}, {"ground": "quality"}, {"outcome": "full_refund"}, {"words": "左耳 商家"},
        {"words": "§24"},
    ):  # fmt: skip
        assert list(precedents(judge, **asked)) == [final], asked  # type: ignore[arg-type]
    for asked in (
        {"kind": "repair"},
        {"outcome": "for_merchant"},
        {"words": "左耳 没有的话"},
        {"words": "已使用"},
    ):
        assert not precedents(judge, **asked).exists(), asked
    assert not precedents(desk.trainer).exists()


def test_nobody_rewrites_a_ruling(dispute: Dispute, judge: User, now: datetime) -> None:
    ruled(dispute, FOR_MERCHANT, judge, now)
    with pytest.raises(Exception, match="append|change|UPDATE|permission"), transaction.atomic():
        Ruling.objects.update(amount=5)
