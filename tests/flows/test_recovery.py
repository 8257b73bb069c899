"""A whole story: the merchant is silent, the platform pays first and recovers from an empty deposit."""

from collections.abc import Callable
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any

from accounts.services import system_user
from aftersales.cases import services
from aftersales.cases.models import Case, CasePayment, Recovery, RecoveryStep
from aftersales.cases.services import CaseDraft, RulingDraft
from aftersales.core.models import Event
from aftersales.ledger import chart
from aftersales.ledger import selectors as books
from aftersales.merchants import services as merchants
from aftersales.merchants.models import DepositCall, Merchant, MerchantContact
from aftersales.notices.models import Notice
from aftersales.tickets.models import Ticket
from tests.cast import Cast
from tests.flows.test_dispute import bought, paid_out

D = Decimal
HOUR, DAY = timedelta(hours=1), timedelta(days=1)
RULED = RulingDraft(
    outcome="full_refund", clause="消保法 §24", facts="开箱视频显示无声。", reasons="商家未举证。",
    fault={"merchant": 100},
)  # fmt: skip


def test_advance_and_recovery_from_an_empty_deposit(
    open_ticket: Callable[..., Ticket],
    desk: Cast,
    customer: Any,
    now: datetime,
    work_off: Callable[[datetime], None],
) -> None:
    order = bought(customer, now)
    system: dict[str, Any] = {"actor": system_user(), "now": now}
    shop = merchants.merchant_change(
        merchant=Merchant.objects.get(), deposit_due=D(200), deposit_held=D(0), **system
    )
    merchants.contact_save(merchant=shop, role="aftersales", email="shop@example.com", **system)
    assert MerchantContact.objects.exclude(email="").count() == 1
    desk.certify(desk.supervisor, "lead")
    desk.certify(desk.lead, "lead")
    desk.certify(desk.finance, "finance")
    # Given a ruling against a merchant whose deposit is empty, and the platform pays the customer
    ticket = open_ticket(order_id=order.pk, merchant_id=order.merchant_id)
    draft = CaseDraft("refund_only", "quality", {order.lines.get().pk: 1}, words="左耳没有声音")
    case = services.case_open(ticket=ticket, draft=draft, actor=desk.agent, now=now)
    case = services.case_reject(case=case, actor=desk.agent, now=now, words="不退", how="merchant")
    dispute = services.dispute_open(case=case, by="customer", actor=desk.agent, now=now, words="就是坏的")
    services.evidence_add(dispute=dispute, side="merchant", text="检测报告", actor=desk.agent, now=now)
    services.dispute_review(dispute=dispute, actor=desk.adjudicator, now=now + HOUR)
    services.dispute_rule(dispute=dispute, draft=RULED, actor=desk.adjudicator, now=now + HOUR)
    paid_out(desk, now + DAY)
    work_off(now + DAY)
    # Then the merchant owes it, by a notice with its window
    row = Recovery.objects.get()
    assert (row.state, row.due, row.object_until) == ("notified", D(299), now + 8 * DAY)
    assert "¥299.00" in Notice.objects.get(source="recovery.notice").body
    # When nobody objects, the window ends and there is nothing to take: all of it is his debt
    collected = row.object_until + HOUR
    assert services.recoveries_collect(now=collected) == 1
    row.refresh_from_db()
    assert (row.state, row.receivable, row.taken) == ("collecting", D(299), 0)
    assert books.balance(chart.receivable(shop)) == D(299)
    work_off(collected)
    assert "¥299.00" in Notice.objects.get(source="recovery.collected").body
    # When he tops up his deposit, it is taken of it at the next round, and he is asked for it anew
    services.merchant_top_up(merchant=shop, amount=D(200), reference="B-1", actor=desk.finance, now=collected)
    assert services.recoveries_collect(now=collected + HOUR) == 1
    row.refresh_from_db()
    shop.refresh_from_db()
    assert (row.state, row.taken, row.receivable, shop.deposit_held) == ("partly", D(200), D(99), 0)
    assert DepositCall.objects.unmet().get().amount == D(200)
    work_off(collected + HOUR)
    assert "¥200.00" in Notice.objects.get(source="deposit.asked").body
    # And he pays a part; the rest is written off by two when his shop is closed
    services.recovery_paid(
        recovery=row, amount=D(49), reference="B-2", actor=desk.finance, now=collected + DAY
    )
    off = services.write_off_propose(
        recovery=row, cause="closed", words="店铺已注销", actor=desk.finance, now=collected + 2 * DAY
    )
    services.write_off_approve(write_off=off, actor=desk.lead, now=collected + 3 * DAY)
    row.refresh_from_db()
    assert (row.state, row.taken, row.written_off, row.left) == ("written_off", D(249), D(50), 0)
    # And the books tell the same: what was paid first came back, but for what was written off
    assert (books.balance(chart.COST), books.balance(chart.receivable(shop))) == (0, 0)
    assert (books.balance(chart.WRITTEN_OFF), books.balance(chart.deposit(shop))) == (D(50), 0)
    assert list(books.faults()) == []
    steps = list(RecoveryStep.objects.values_list("source", "amount"))
    assert steps == [
        ("receivable", D(299)), ("deposit", D(200)), ("paid", D(49)), ("write_off", D(50)),
    ]  # fmt: skip
    kinds = Event.objects.filter(subject_kind="cases.recovery").order_by("id").values_list("kind", flat=True)
    assert [kind.split(".")[1] for kind in kinds] == [
        "opened", "begun", "owed", "collected", "collected", "written_off",
    ]  # fmt: skip
    assert (CasePayment.objects.count(), Case.objects.get().agreed) == (1, D(299))
