"""What a customer reads of his case, in messages and on his page, is true at that moment and leads to that case."""

from collections.abc import Callable
from datetime import datetime
from decimal import Decimal
from typing import Any

import pytest
from django.urls import reverse

from aftersales.cases import services
from aftersales.cases.models import Case, CaseParcel, CasePayment, Dispute, Settlement
from aftersales.cases.services import Arrival, Finding
from aftersales.cases.services.automatic import approve_due, pay_due
from aftersales.cases.services.telling import customer_tell
from aftersales.core.errors import DomainError
from aftersales.core.models import Event
from aftersales.desk import boards
from aftersales.notices.models import Notice
from aftersales.orders.models import Order
from tests.cases.bank import paid
from tests.cases.test_automatic import delivered
from tests.cases.workshop import arrive, diagnosed
from tests.cast import Cast
from tests.selfservice.visiting import (
    Open,
    Visit,
    address,
    certified,
    lines,
    offer,
    only_services_write,
    open_case,
    order,
    ticket,
    visit,
)

__all__ = [
    "address",
    "certified",
    "delivered",
    "lines",
    "only_services_write",
    "open_case",
    "order",
    "ticket",
    "visit",
]
D = Decimal
WorkOff = Callable[[datetime], None]
AGAINST: dict[str, Any] = {
    "outcome": "for_merchant", "clause": "c", "facts": "f", "reasons": "r", "freight_by": "customer",
    "fault": {"customer": 100},
}  # fmt: skip


def bodies(template: str) -> list[str]:
    return list(Notice.objects.filter(source=template).order_by("pk").values_list("body", flat=True))


def test_money_that_goes_to_another_account_is_not_called_paid(
    visit: Visit, open_case: Open, desk: Cast, now: datetime
) -> None:
    case = open_case({0: 1}, kind="refund_only", ground="quality")
    paid(services.case_approve(case=case, actor=desk.agent, now=now), desk, now)
    assert "was paid to you" in visit.see(lang="en")
    payment = services.payment_bounce(
        payment=CasePayment.objects.get(), actor=desk.finance, now=now, failure="x"
    )
    services.payment_ask_payee(payment=payment, actor=desk.agent, now=now)
    shown = visit.see(lang="en")
    assert "We need an account to pay you" in shown
    assert "we only need holder, bank and number" in shown
    assert "a refund only returns the way you paid" not in shown
    account = {
        "holder": "林强",
        "bank": "工商银行",
        "account": "6222000011113391",
        "whose": "same",
        "agree": "on",
    }
    visit.lang = "en"
    form = visit.form("payee", shown) | account
    assert "choose “Somebody else&#x27;s”" in visit.post(form).content.decode()
    assert visit.post(form | {"holder": payment.payee.name}).status_code == 302
    shown = visit.see(lang="en")
    assert "was paid to you" not in shown.partition("<ol")[0]
    assert "We check the account and pay" in shown
    assert "It goes back the way you paid" not in shown


def test_a_message_opens_the_case_it_speaks_of(
    visit: Visit, open_case: Open, desk: Cast, now: datetime, work_off: WorkOff
) -> None:
    offered, newer = (
        offer(open_case({0: 1}, kind="refund_only", ground="quality"), desk, now),
        open_case({1: 1}),
    )
    work_off(now)
    [told] = bodies("case.offered")
    assert f"?case={offered.number}" in told
    assert "。。" not in told
    assert "accept_offer" in visit.acts(visit.see(case=offered.number))
    assert newer.number in visit.see().partition("<ol")[0]  # named by nobody: the newest
    assert services.case_link_show(case=offered, actor=desk.agent, now=now).endswith(
        f"?case={offered.number}"
    )


def test_a_ruling_tells_itself_and_no_refusal_is_told_beside_it(
    visit: Visit, open_case: Open, desk: Cast, now: datetime, work_off: WorkOff
) -> None:
    services.case_reject(
        case=open_case({0: 3}, ground="quality"), actor=desk.agent, now=now, words="商家旧话"
    )
    work_off(now)
    visit.send("dispute", words="no")
    dispute = services.dispute_review(dispute=Dispute.objects.get(), actor=desk.adjudicator, now=now)
    draft = services.RulingDraft(**AGAINST)
    services.dispute_rule(dispute=dispute, draft=draft, actor=desk.adjudicator, now=now)
    work_off(now)
    visit.send("appeal", words="look again")
    services.appeal_decide(
        dispute=Dispute.objects.get(), draft=draft, actor=desk.person("adjudicator"), now=now
    )
    work_off(now)
    first, final = bodies("dispute.ruled")
    assert "申诉" in first
    assert "申诉" not in final
    assert len(bodies("case.rejected")) == 1  # the merchant's own refusal, before
    assert "商家旧话" not in visit.see().partition("<ol")[0]


def test_a_compensation_of_ours_is_ours_until_it_is_offered(
    visit: Visit, open_case: Open, desk: Cast, now: datetime, work_off: WorkOff
) -> None:
    gift = open_case({}, kind="compensation", ground="service", compensation="goodwill", asked=D(9))
    work_off(now)
    assert not bodies("case.opened")
    assert visit.browser.get(visit.address, {"case": gift.public_id}).status_code == 404
    with pytest.raises(DomainError, match="|".join(["offer", "补偿"])):
        services.case_link_show(case=gift, actor=desk.agent, now=now)
    services.case_approve(case=gift, actor=desk.lead, now=now)
    work_off(now)
    [approved] = bodies("case.approved")
    assert "9.00" in approved
    assert not any(words in approved for words in ("寄回单", "应退"))
    assert "9.00" in visit.see()


def test_he_reads_all_that_a_settlement_does_before_he_agrees(
    visit: Visit, open_case: Open, desk: Cast, now: datetime
) -> None:
    open_case({0: 1}, kind="exchange", ground="quality")
    visit.send("dispute", words="x")
    services.settlement_propose(
        dispute=Dispute.objects.get(),
        by="merchant",
        amount=D("10"),
        goods_back=True,
        actor=desk.agent,
        now=now,
    )
    effects = services.settlement_effects(case=Case.objects.get(), amount=D(10), goods_back=True)
    shown = visit.see()
    consent = shown.partition('class="consent">')[2].partition("</blockquote>")[0]
    assert effects.turns
    assert effects.turn in consent
    assert visit.send("accept_settlement", agree="on").status_code == 302
    assert Case.objects.get().kind == effects.kind
    assert effects.turn in Settlement.objects.get().accepted_words


def test_what_is_here_is_not_asked_for_again(
    visit: Visit, open_case: Open, desk: Cast, now: datetime, work_off: WorkOff
) -> None:
    services.case_approve(case=open_case({0: 3}), actor=desk.lead, now=now)
    visit.send("ship", carrier="顺丰", tracking_no="SF123456")
    parcel = CaseParcel.objects.get()
    receiver = desk.person("returns_receiver")
    item = parcel.items.get()
    parcel = services.parcel_receive(
        parcel=parcel, arrival=Arrival({item.pk: 1}, rest_follows=True), actor=receiver, now=now
    )
    work_off(now)
    shown = visit.see(lang="en")
    assert "Still to come: 杯子 × 2" in shown
    assert "Here: 杯子 × 1" in shown
    token = visit.address.rstrip("/")
    slip = visit.browser.get(f"{token}/slip/").content.decode()
    assert "杯子 × 2" in slip
    assert "杯子 × 3" not in slip
    assert "还没有收到：杯子 × 2" in bodies("case.received")[0]
    services.parcel_inspect(
        parcel=parcel, findings={item.pk: Finding(accepted=1, grade="new", cause="none")}, actor=receiver, now=now,
        keep=True,
    )  # fmt: skip
    work_off(now)
    [told] = bodies("case.inspected")
    assert "¥23.34" in told
    assert "还要寄来：杯子 × 2" in told


def test_in_the_time_for_evidence_the_place_for_it_is_the_next_thing(
    visit: Visit, open_case: Open, desk: Cast, now: datetime
) -> None:
    services.case_reject(case=open_case({0: 3}, ground="quality"), actor=desk.agent, now=now, words="x")
    services.dispute_open(case=Case.objects.get(), by="merchant", actor=desk.lead, now=now, words="y")
    shown = visit.see(lang="en")
    card = shown.partition('aria-labelledby="h-next"')[2].partition('id="h-goods"')[0]
    assert 'value="evidence"' in card
    assert shown.count('name="act" value="evidence"') == 1


def test_a_wish_for_a_person_stops_the_machine_until_somebody_looked(
    visit: Visit, delivered: Order, open_case: Open, desk: Cast, now: datetime
) -> None:
    open_case({0: 1})
    approve_due(now=now)
    assert visit.send("person", words="请人工看看").status_code == 302
    case = Case.objects.get()
    assert (case.state, case.decided_how, case.review) == ("approved", "rule", "person")
    shown, _more = boards.page(desk.lead, boards.Wanted("review"), now)
    assert [row.case.pk for row in shown] == [case.pk]
    # When the goods are back and good, no machine pays
    parcel, receiver = CaseParcel.objects.get(), desk.person("returns_receiver")
    item = parcel.items.get()
    parcel = services.parcel_receive(parcel=parcel, arrival=Arrival({item.pk: 1}), actor=receiver, now=now)
    good = {item.pk: Finding(accepted=1, grade="new", cause="none")}
    services.parcel_inspect(parcel=parcel, findings=good, actor=receiver, now=now, keep=True)
    assert pay_due(now=now) == 0
    page = desk.client(desk.lead).get(reverse("desk:case", args=[case.number])).content.decode()
    assert reverse("desk:case_reviewed", args=[case.number]) in page
    services.case_reviewed(case=case, actor=desk.lead, now=now)
    assert boards.page(desk.lead, boards.Wanted("review"), now)[0] == []
    assert pay_due(now=now) == 1


def test_what_nobody_can_repair_asks_him_what_he_wants(
    visit: Visit, open_case: Open, desk: Cast, now: datetime, work_off: WorkOff
) -> None:
    case = services.case_approve(
        case=open_case({0: 1}, kind="repair", ground="quality"), actor=desk.lead, now=now
    )
    arrive(case, desk, now)
    repair = diagnosed(case, desk, now)
    services.repair_give_up(repair=repair, found="main_board", words="主板烧毁", actor=desk.agent, now=now)
    customer_tell(event=Event.objects.get(kind="repair.gave_up"), now=now)
    [told] = bodies("repair.gave_up")
    assert f"?case={Case.objects.get().number}" in told
    shown = visit.see(lang="en")
    assert "Your article cannot be repaired" in shown
    assert "we check the goods" not in shown
    assert 'value="evidence"' in shown.partition('aria-labelledby="h-next"')[2].partition('id="h-goods"')[0]
