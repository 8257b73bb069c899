"""Platform intervention: turns, evidence, mediation, suspension, silence; each with one effect."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest

from aftersales.cases import services
from aftersales.cases.models import (
    Case,
    CasePayment,
    Dispute,
    DisputeEvidence,
    LineAccount,
    OrderAccount,
    Settlement,
)
from aftersales.core.errors import DomainError
from aftersales.core.files import StoredFile
from aftersales.core.models import Event
from aftersales.notices.models import Notice
from aftersales.standards.models import ParameterVersion
from tests.cast import Cast
from tests.records import said
from training.models import Limit

D = Decimal
Open = Callable[..., Case]
HOUR = timedelta(hours=1)
FILE = StoredFile("2026/x", "照片.jpg", "image/jpeg", 10, "f" * 64)


def refused(code: str, act: Callable[[], object]) -> None:
    with pytest.raises(DomainError) as error:
        act()
    assert error.value.code == code


@pytest.fixture
def dispute(open_case: Open, desk: Cast, now: datetime) -> Dispute:
    """The agent refused three cups; the customer has the platform decide."""
    case = services.case_reject(
        case=open_case({0: 3}, ground="quality"), actor=desk.agent, now=now, words="不是质量问题"
    )
    return services.dispute_open(case=case, by="customer", actor=desk.agent, now=now, words="就是质量问题")


def test_the_other_side_answers_within_its_time_and_the_window_counts_evidence_hours(
    dispute: Dispute, desk: Cast, now: datetime
) -> None:
    assert (dispute.turn, dispute.turn_until, dispute.case.state) == ("merchant", now + 24 * HOUR, "disputed")
    assert LineAccount.objects.get(claimed=3)  # the pieces are taken again
    # When the customer adds to his own view, nothing is answered yet
    services.evidence_add(dispute=dispute, side="customer", actor=desk.agent, now=now, text="照片如下")
    assert Dispute.objects.get().state == "opened"
    # When the merchant answers on Monday at 10:00 in Shanghai
    monday = datetime(2026, 11, 23, 2, tzinfo=UTC)
    services.evidence_add(dispute=dispute, side="merchant", actor=desk.agent, now=monday, text="检测合格")
    # Then 8 hours of Monday and 9 of Tuesday count, and the eighteenth ends on Wednesday at 10:00
    heard = Dispute.objects.get()
    assert (heard.state, heard.turn) == ("evidence", "customer")
    assert heard.turn_until == datetime(2026, 11, 25, 2, tzinfo=UTC)


def test_the_numbers_are_rows_of_the_rule_book(open_case: Open, desk: Cast, now: datetime) -> None:
    assert ParameterVersion.objects.filter(parameter__code="dispute_answer_hours").update(value=6) == 1
    dispute = services.dispute_open(case=open_case(), by="merchant", actor=desk.agent, now=now)
    assert (dispute.turn, dispute.turn_until) == ("customer", now + 6 * HOUR)
    told = Event.objects.get(kind="dispute.opened")
    assert (told.acting_as, told.payload["by"]) == ("merchant", "merchant")


def test_who_is_silent_is_ruled_upon_without_his_answer(dispute: Dispute, now: datetime) -> None:
    assert services.disputes_sweep(now=now + 24 * HOUR) == 0
    assert services.disputes_sweep(now=now + 24.1 * HOUR) == 1
    assert services.disputes_sweep(now=now + 24.2 * HOUR) == 0
    ready = Dispute.objects.get()
    assert (ready.state, ready.turn, ready.turn_until) == ("under_review", "platform", now + 72.1 * HOUR)
    # And the platform's own lateness decides nothing by itself
    assert services.disputes_sweep(now=now + 999 * HOUR) == 0


def test_a_merchant_who_leaves_a_request_has_the_platform_decide_it(
    open_case: Open, now: datetime, desk: Cast
) -> None:
    case = open_case({0: 1})
    assert services.silence_dispute(now=now + 71 * HOUR) == 0
    assert services.silence_dispute(now=now + 73 * HOUR) == 1
    assert services.silence_dispute(now=now + 74 * HOUR) == 0
    dispute = Dispute.objects.get()
    assert (dispute.opened_side, dispute.turn, dispute.case) == ("platform", "merchant", case)
    # And nobody of the staff opens one in the platform's name
    other = open_case({1: 1})
    refused("side", lambda: services.dispute_open(case=other, by="platform", actor=desk.agent, now=now))


def test_silence_is_not_undone_by_the_silent_side(open_case: Open, now: datetime, desk: Cast) -> None:
    case = open_case({0: 1})
    assert services.silence_dispute(now=now + 73 * HOUR) == 1

    def withdraw(dispute: Dispute, by: str, at: datetime) -> Dispute:
        return services.dispute_withdraw(dispute=dispute, by=by, actor=desk.agent, now=at)

    dispute = Dispute.objects.get()
    for side in ("merchant", "customer"):
        refused("side", lambda side=side: withdraw(dispute, side, now + 75 * HOUR))
    # When the platform withdraws it, the merchant has his time once more, and only once more
    withdraw(dispute, "platform", now + 75 * HOUR)
    assert Case.objects.get().state == "requested"
    assert services.silence_dispute(now=now + 146 * HOUR) == 0
    assert services.silence_dispute(now=now + 148 * HOUR) == 1
    assert Dispute.objects.filter(case=case).count() == 2
    # And what was ruled is not opened for silence again
    services.disputes_sweep(now=now + 200 * HOUR)
    ruled_for_merchant(Dispute.objects.latest("id"), desk, now + 201 * HOUR)
    services.disputes_sweep(now=now + 900 * HOUR)
    late = {"actor": desk.agent, "now": now + 901 * HOUR}
    refused("ruled_already", lambda: services.case_amend(case=Case.objects.get(), ground="quality", **late))
    assert services.silence_dispute(now=now + 1800 * HOUR) == 0


def ruled_for_merchant(dispute: Dispute, desk: Cast, now: datetime) -> None:
    draft = services.RulingDraft(
        outcome="for_merchant", clause="七日办法 §8", facts="商品已使用。", reasons="不符合完好。",
        fault={"customer": 100},
    )  # fmt: skip
    services.dispute_rule(dispute=dispute, draft=draft, actor=desk.adjudicator, now=now)


def test_the_same_is_kept_once_with_its_fingerprint_and_late_evidence_is_marked(
    dispute: Dispute, desk: Cast, now: datetime
) -> None:
    def bring(side: str, **what: Any) -> DisputeEvidence:
        return services.evidence_add(dispute=dispute, side=side, actor=desk.agent, now=now, **what)

    first = bring("customer", file=FILE)
    assert bring("customer", file=FILE) == first
    assert first.sha256 == "f" * 64
    assert bring("customer", text="同一句话") == bring("customer", text=" 同一句话 ")
    services.dispute_review(dispute=dispute, actor=desk.adjudicator, now=now)
    assert [bring("merchant", text="补充").late, first.late] == [True, False]
    refused("empty", lambda: bring("customer"))
    refused("empty", lambda: bring("customer", text=" \x00 "))
    refused("too_long", lambda: bring("customer", text="长" * 4001))
    refused("side", lambda: bring("carrier", text="x"))


def test_evidence_taken_back_stays_readable_and_counts_no_more(
    dispute: Dispute, desk: Cast, now: datetime
) -> None:
    piece = services.evidence_add(dispute=dispute, side="customer", actor=desk.agent, now=now, file=FILE)
    for _twice in range(2):
        services.evidence_withdraw(evidence=piece, actor=desk.agent, now=now + HOUR)
    piece.refresh_from_db()
    assert (piece.withdrawn_at, piece.original_name) == (now + HOUR, "照片.jpg")
    assert Event.objects.filter(kind="dispute.evidence_withdrawn").count() == 1
    # And the same file may be brought again
    assert (
        services.evidence_add(dispute=dispute, side="customer", actor=desk.agent, now=now, file=FILE) != piece
    )


def test_settled_by_the_other_side_once(dispute: Dispute, desk: Cast, now: datetime) -> None:
    def propose(amount: Decimal) -> Settlement:
        return services.settlement_propose(
            dispute=dispute, by="merchant", amount=amount, actor=desk.agent, now=now
        )

    def accept(row: Settlement, by: str = "customer") -> Dispute:
        return services.settlement_accept(settlement=row, by=by, actor=desk.lead, consent=said(now), now=now)

    refused("too_much", lambda: propose(D("77.02")))
    refused("amount", lambda: propose(D(0)))
    old, better = propose(D(20)), propose(D(35))
    refused("gone", lambda: accept(old))
    refused("side", lambda: accept(better, "merchant"))
    accept(better)
    refused("ruled", lambda: accept(better))
    case = Case.objects.get()
    assert (case.state, case.agreed, case.decided_how, case.kind) == (
        "approved", D(35), "agreement", "return",
    )  # fmt: skip
    assert (Dispute.objects.get().state, OrderAccount.objects.get().granted) == ("settled", D(35))
    # And it is paid by itself: nothing comes back
    assert CasePayment.objects.get().amount == D(35)
    # And settled is settled
    refused(
        "ruled_already", lambda: services.dispute_open(case=case, by="customer", actor=desk.agent, now=now)
    )


def test_one_person_does_not_speak_for_both_sides(dispute: Dispute, desk: Cast, now: datetime) -> None:
    row = services.settlement_propose(dispute=dispute, by="merchant", amount=D(35), actor=desk.agent, now=now)
    refused(
        "own_proposal",
        lambda: services.settlement_accept(
            settlement=row, by="customer", actor=desk.agent, consent=said(now), now=now
        ),
    )
    assert (Dispute.objects.get().state, CasePayment.objects.count()) == ("opened", 0)
    services.settlement_accept(settlement=row, by="customer", actor=desk.lead, consent=said(now), now=now)
    assert Dispute.objects.get().state == "settled"


def test_what_is_settled_goes_out_within_the_authority_of_whoever_took_it_down(
    dispute: Dispute, desk: Cast, now: datetime
) -> None:
    assert Limit.objects.filter(kind="refund", tier__code="in_post").update(per_decision=30) == 1
    row = services.settlement_propose(dispute=dispute, by="merchant", amount=D(35), actor=desk.lead, now=now)
    services.settlement_accept(settlement=row, by="customer", actor=desk.agent, consent=said(now), now=now)
    payment = CasePayment.objects.get()
    assert (payment.proposed_by, payment.state, payment.second_why) == (
        desk.agent, "awaiting_approval", "above_decision",
    )  # fmt: skip
    services.payment_approve(payment=payment, actor=desk.supervisor, now=now)


def test_what_is_settled_by_somebody_who_is_gone_waits_for_a_second_person(
    dispute: Dispute, desk: Cast, now: datetime
) -> None:
    row = services.settlement_propose(
        dispute=dispute, by="customer", amount=D(35), actor=desk.agent, now=now, goods_back=True
    )
    services.settlement_accept(settlement=row, by="merchant", actor=desk.lead, consent=said(now), now=now)
    assert not CasePayment.objects.exists()  # the goods come first
    Case.objects.update(settled_at=now)
    type(desk.lead).objects.filter(pk=desk.lead.pk).update(is_active=False)
    services.decisions_carry_out(now=now)
    payment = CasePayment.objects.get()
    assert (payment.state, payment.second_why) == ("awaiting_approval", "settled")


def test_who_may_rule_never_speaks_for_a_side(dispute: Dispute, desk: Cast, now: datetime) -> None:
    row = services.settlement_propose(dispute=dispute, by="merchant", amount=D(9), actor=desk.agent, now=now)
    judge: dict[str, Any] = {"actor": desk.adjudicator, "now": now}
    piece = DisputeEvidence.objects.get()
    for act in (
        lambda: services.settlement_accept(settlement=row, by="customer", consent=said(now), **judge),
        lambda: services.settlement_take_back(settlement=row, **judge),
        lambda: services.evidence_withdraw(evidence=piece, **judge),
        lambda: services.dispute_withdraw(dispute=dispute, by="customer", **judge),
    ):
        refused("not_permitted", act)
    # And who is of no use here may do nothing at all
    for role in ("auditor", "finance", "trainer"):
        who = desk.of(role)
        refused("not_permitted", lambda who=who: services.dispute_review(dispute=dispute, actor=who, now=now))  # type: ignore[misc]
    assert Dispute.objects.get().state == "opened"


def test_a_proposal_taken_back_binds_nobody(dispute: Dispute, desk: Cast, now: datetime) -> None:
    row = services.settlement_propose(
        dispute=dispute, by="customer", amount=D(50), actor=desk.agent, now=now, goods_back=True
    )
    services.settlement_take_back(settlement=row, actor=desk.agent, now=now)
    refused(
        "gone",
        lambda: services.settlement_accept(
            settlement=row, by="merchant", actor=desk.agent, consent=said(now), now=now
        ),
    )


@pytest.mark.parametrize("before", ["rejected", "approved", "requested", "offered", "countered"])
def test_withdrawn_the_case_stands_as_before(open_case: Open, desk: Cast, now: datetime, before: str) -> None:
    who: dict[str, Any] = {"actor": desk.agent, "now": now}
    case = open_case({0: 1})
    if before == "rejected":
        case = services.case_reject(case=case, words="不行", **who)
    elif before == "approved":
        case = services.case_approve(case=case, **who)
    elif before in ("offered", "countered"):
        case = services.case_offer(case=case, amount=D(5), **who)
        case = services.case_counter(case=case, amount=D(9), **who) if before == "countered" else case
    held = OrderAccount.objects.get().granted, LineAccount.objects.filter(claimed=1).count()
    dispute = services.dispute_open(case=case, by="customer", **who)
    refused("side", lambda: services.dispute_withdraw(dispute=dispute, by="merchant", **who))
    services.dispute_withdraw(dispute=dispute, by="customer", **who)
    assert (Case.objects.get().state, Dispute.objects.get().state) == (before, "withdrawn")
    assert (OrderAccount.objects.get().granted, LineAccount.objects.filter(claimed=1).count()) == held
    # And it may be opened again: nothing was ruled
    assert services.dispute_open(case=case, by="customer", **who).number != dispute.number


def test_a_customer_who_withdraws_his_request_ends_its_dispute(
    dispute: Dispute, desk: Cast, now: datetime
) -> None:
    services.case_withdraw(case=dispute.case, actor=desk.agent, now=now)
    assert (Case.objects.get().state, Dispute.objects.get().state) == ("withdrawn", "withdrawn")
    assert OrderAccount.objects.get().granted == 0


def test_suspended_it_has_an_end_and_goes_on_by_itself(dispute: Dispute, desk: Cast, now: datetime) -> None:
    services.evidence_add(dispute=dispute, side="merchant", actor=desk.agent, now=now, text="检测合格")

    def suspend(until: datetime, who: Any = desk.adjudicator) -> Dispute:
        return services.dispute_suspend(dispute=dispute, cause="testing", until=until, actor=who, now=now)

    refused("in_the_past", lambda: suspend(now))
    refused("too_far", lambda: suspend(now + timedelta(days=61)))
    refused("not_permitted", lambda: suspend(now + timedelta(days=5), desk.agent))
    suspend(now + timedelta(days=5))
    # While it waits, evidence is not late
    piece = services.evidence_add(dispute=dispute, side="customer", actor=desk.agent, now=now, text="报告")
    assert not piece.late
    assert services.disputes_sweep(now=now + timedelta(days=4)) == 0
    assert services.disputes_sweep(now=now + timedelta(days=6)) == 1
    assert Dispute.objects.get().state == "under_review"


def test_of_one_case_one_dispute_is_open(dispute: Dispute, desk: Cast, now: datetime) -> None:
    refused(
        "disputed_already",
        lambda: services.dispute_open(case=dispute.case, by="merchant", actor=desk.agent, now=now),
    )


def test_pieces_that_another_case_took_are_not_disputed(open_case: Open, desk: Cast, now: datetime) -> None:
    case = services.case_reject(case=open_case({0: 3}), actor=desk.agent, now=now, words="不行")
    open_case({0: 2})
    refused("too_many", lambda: services.dispute_open(case=case, by="customer", actor=desk.agent, now=now))
    assert not Dispute.objects.exists()


def test_both_sides_are_told_what_they_have_to_do_and_until_when(
    dispute: Dispute, now: datetime, work_off: Callable[[datetime], None]
) -> None:
    work_off(now)
    told = {row.recipient_kind: row for row in Notice.objects.filter(source__startswith="dispute.opened")}
    assert set(told) == {"customer", "merchant"}
    assert dispute.number in told["customer"].subject
    assert "前答复" in told["merchant"].body
    assert "前答复" not in told["customer"].body  # he asked: the other side has something to do
