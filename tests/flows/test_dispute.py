"""A whole story: a fault the merchant denies, a ruling for him, an appeal that overturns it, the money, the end."""

from collections.abc import Callable
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any

from accounts.services import system_user
from aftersales.cases import services
from aftersales.cases.disputeselectors import precedents
from aftersales.cases.models import Case, CasePayment, Dispute
from aftersales.cases.services import CaseDraft, RulingDraft
from aftersales.cases.services.runs import run_approve, run_export, run_make
from aftersales.core.models import Event
from aftersales.customers.models import Contact, Customer
from aftersales.ledger.models import Account, Proposal
from aftersales.merchants.models import Merchant
from aftersales.notices.models import Notice
from aftersales.orders import services as orders
from aftersales.tickets.models import Ticket
from tests.cast import Cast
from tests.records import merchant as a_merchant
from tests.records import order as an_order

D = Decimal
HOUR, DAY = timedelta(hours=1), timedelta(days=1)
Opener = Callable[..., Ticket]
AGAINST = RulingDraft(
    outcome="for_merchant", clause="三包规定 §12", facts="商家检测报告合格。", reasons="没有证据证明故障。",
    fault={"customer": 100},
)  # fmt: skip
FOR_HIM = RulingDraft(
    outcome="full_refund", clause="消保法 §24", facts="第三方检测：左耳单元断路。", reasons="商家检测未通电测试。",
    fault={"merchant": 100}, penalty=D(4), penalty_unit="points",
)  # fmt: skip


def bought(customer: Customer, now: datetime) -> Any:
    """Earphones for ¥299, paid."""
    shop: Merchant = a_merchant("M1", now)
    row = an_order("A-1", now, merchant=shop, customer=customer, total=D(299), paid=D(299))
    orders.line_add(
        order=row, line_no=1, actor=system_user(), now=now, product_name="A3 耳机", quantity=1, unit_price=D(299),
        paid=D(299), merchant=shop,
    )  # fmt: skip
    return row


def paid_out(desk: Cast, now: datetime) -> CasePayment:
    """A second person lets the payment out where it needs one, finance collects a run, and the bank pays it."""
    payment = CasePayment.objects.get()
    if payment.state == "awaiting_approval":
        payment = services.payment_approve(payment=payment, actor=desk.supervisor, now=now)
    run = run_make(currency="CNY", actor=desk.finance, now=now)
    run_export(run=run_approve(run=run, actor=desk.supervisor, now=now), now=now)
    return services.payment_succeed(payment=payment, actor=desk.finance, now=now, paid_at=now)


def test_a_dispute_whose_appeal_overturns_the_ruling(
    open_ticket: Opener, desk: Cast, customer: Customer, now: datetime, work_off: Callable[[datetime], None]
) -> None:
    Contact.objects.create(customer=customer, kind="email", value="linfang@example.com")
    order = bought(customer, now)
    agent, judge, other = desk.agent, desk.adjudicator, desk.person("adjudicator")
    # Given the merchant refuses a return for a fault, and the customer has the platform decide
    ticket = open_ticket(order_id=order.pk, merchant_id=order.merchant_id)
    line = order.lines.get()
    draft = CaseDraft("refund_only", "quality", {line.pk: 1}, words="左耳没有声音")
    case = services.case_open(ticket=ticket, draft=draft, actor=agent, now=now)
    case = services.case_reject(case=case, actor=agent, now=now + HOUR, words="检测合格", how="merchant")
    dispute = services.dispute_open(
        case=case, by="customer", actor=agent, now=now + 2 * HOUR, words="就是坏的"
    )
    # When both bring evidence, nobody settles, and the window closes by itself
    bring: dict[str, Any] = {"dispute": dispute, "actor": agent}
    services.evidence_add(side="merchant", text="检测报告", now=now + 3 * HOUR, **bring)
    offer = services.settlement_propose(by="merchant", amount=D(30), now=now + 4 * HOUR, **bring)
    work_off(now + 4 * HOUR)
    window: Any = Dispute.objects.get().turn_until
    services.disputes_sweep(now=window + HOUR)
    late = services.evidence_add(side="customer", text="补充照片", now=window + 2 * HOUR, **bring)
    assert late.late
    # And the first ruling is for the merchant: the case is refused, nothing goes out
    ruled_at = window + DAY
    services.dispute_rule(dispute=dispute, draft=AGAINST, actor=judge, now=ruled_at)
    offer.refresh_from_db()
    assert (Case.objects.get().state, CasePayment.objects.count(), offer.gone_at) == ("rejected", 0, ruled_at)
    # When the customer appeals with a test report, and another person overturns it
    services.dispute_appeal(by="customer", words="第三方检测报告附上", now=ruled_at + DAY, **bring)
    final_at = ruled_at + 2 * DAY
    final = services.appeal_decide(dispute=dispute, draft=FOR_HIM, actor=other, now=final_at)
    # Then the refund is on its way, decided by none of those who approve it, and the penalty is proposed
    case.refresh_from_db()
    assert (final.overturns, case.state, case.agreed, case.decided_by) == (True, "approved", D(299), other)
    payment = CasePayment.objects.get()
    assert (payment.amount, payment.proposed_by) == (D(299), system_user())
    assert (Proposal.objects.get().amount, Proposal.objects.get().state) == (D(4), "proposed")
    # And paid, case and dispute end, and the ticket can be resolved
    paid_out(desk, final_at + DAY)
    services.decisions_carry_out(now=final_at + DAY)
    case.refresh_from_db()
    ticket.refresh_from_db()
    assert (case.state, Dispute.objects.get().state, ticket.cases_open) == ("closed", "closed", 0)
    assert not Account.objects.filter(kind="merchant_payable").exists()  # the merchant bears his own fault
    # And both were told at each node, in order
    work_off(final_at + 2 * DAY)
    told = list(
        Notice.objects.filter(source__startswith="dispute.").order_by("pk").values_list("source", flat=True)
    )
    for node in ("opened", "evidence", "ruled", "news"):
        assert {f"dispute.{node}", f"dispute.{node}_merchant"} <= set(told)
    assert told.count("dispute.ruled") == 2
    assert told.count("dispute.offer") == 1  # the side that proposed is not told its own proposal
    # And the whole of it is one line of events, and one precedent
    kinds = Event.objects.filter(subject_kind="cases.dispute").order_by("id").values_list("kind", flat=True)
    assert [kind.split(".")[1] for kind in kinds] == [
        "opened", "evidence_added", "evidence_added", "answered", "settlement_made", "review_begun", "evidence_added",
        "ruled", "appealed", "evidence_added", "reviewed", "executed", "closed",
    ]  # fmt: skip
    assert list(precedents(judge, words="左耳 断路")) == [final]
