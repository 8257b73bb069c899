"""A customer's page of his case: he sees where it stands and does himself what only staff could take down before."""

from datetime import datetime
from decimal import Decimal
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from django.urls import reverse

from accounts import capabilities
from accounts.services import customer_user
from accounts.states import Role
from aftersales.cases import services
from aftersales.cases.disputemachine import DISPUTE_MACHINE
from aftersales.cases.machine import CASE_MACHINE, PARCEL_MACHINE
from aftersales.cases.models import (
    Case,
    CaseNote,
    CaseParcel,
    CasePayment,
    Dispute,
    DisputeEvidence,
    Payee,
    Settlement,
)
from aftersales.cases.repairs.machine import REPAIR_MACHINE
from aftersales.cases.services.automatic import approve_due
from aftersales.core.models import Event
from aftersales.customers.models import Customer
from aftersales.selfservice.cases import acts
from aftersales.tickets.models import Message, Ticket
from tests.cases.bank import paid
from tests.cast import Cast
from tests.records import said
from tests.selfservice.visiting import (
    Open,
    Visit,
    address,
    by_himself,
    certified,
    lines,
    offer,
    only_services_write,
    open_case,
    order,
    photo,
    ticket,
    visit,
)

__all__ = ["address", "certified", "lines", "only_services_write", "open_case", "order", "ticket", "visit"]
D = Decimal


def test_he_accepts_an_offer_after_he_read_what_ends_with_it(
    visit: Visit, open_case: Open, desk: Cast, now: datetime
) -> None:
    offer(open_case({0: 1}, kind="refund_only", ground="quality"), desk, now)
    shown = visit.see(lang="en")
    assert "You are offered ¥20.00" in shown
    assert "留下商品，退 20 元可以吗？" in shown
    assert "I accept ¥20.00" in shown
    assert "I keep the goods." in shown

    # Without his consent nothing happens
    assert visit.send("accept_offer").status_code == 422
    assert Case.objects.get().state == "offered"

    done = visit.send("accept_offer", agree="on")
    assert done.status_code == 302
    agreed = Case.objects.get()
    assert (agreed.state, agreed.agreed, agreed.decided_how) == ("approved", D(20), "agreement")
    assert by_himself("case.approved").acting_as == "customer"
    kept = CaseNote.objects.get(kind="accept")
    assert "20.00" in kept.text
    assert agreed.number in kept.text
    assert "accept_offer" not in visit.acts()
    story = desk.client(desk.agent).get(reverse("desk:case", args=[agreed.number])).content.decode()
    assert " · 客户页面" in story


def test_a_double_click_is_one_act_and_an_old_page_does_nothing(
    visit: Visit, open_case: Open, desk: Cast, now: datetime
) -> None:
    case = offer(open_case({0: 1}, kind="refund_only", ground="quality"), desk, now)
    form = visit.form("counter") | {"amount": "22", "words": "太少了"}
    first, second = visit.post(form), visit.post(form)
    assert (first.status_code, second.status_code) == (302, 302)
    assert by_himself("case.countered").payload["amount"] == "22"
    assert (Case.objects.get().state, Case.objects.get().offered) == ("countered", D(22))

    # When he goes back to the old page and names another amount, he is told, and sees how it stands
    stale = visit.post(form | {"amount": "23"})
    assert stale.status_code == 409
    assert "22.00" in stale.content.decode()
    # And an offer that changed between his look and his click is not accepted in its new form
    services.case_offer(case=Case.objects.get(), amount=D(21), actor=desk.agent, now=now)
    old = visit.form("accept_offer") | {"agree": "on"}
    services.case_counter(case=Case.objects.get(), amount=D(23), actor=desk.agent, now=now)
    services.case_offer(case=Case.objects.get(), amount=D(1), actor=desk.agent, now=now)
    assert visit.post(old).status_code == 409
    assert Case.objects.get(pk=case.pk).state == "offered"


def test_photos_and_words_are_kept_with_their_hash_and_go_into_the_dispute_when_there_is_one(
    visit: Visit, open_case: Open, desk: Cast, now: datetime
) -> None:
    open_case({0: 3}, ground="quality")
    assert visit.send("evidence", words="收到时就坏了", files=photo()).status_code == 302
    message = Message.objects.filter(author_kind="customer").latest("id")
    kept = message.attachments.get()
    assert (message.text, kept.original_name, len(kept.sha256)) == ("收到时就坏了", "左耳.jpg", 64)
    told = Event.objects.filter(kind="ticket.customer_wrote").latest("id")
    assert (told.actor_role, told.source) == ("customer", "customer")
    assert "左耳.jpg" in visit.see()
    # A file of a kind that nobody takes is refused in words, and nothing of it is kept
    program = SimpleUploadedFile("a.exe", b"MZ", "application/x-msdownload")
    refused = visit.send("evidence", words="再补充", files=program)
    assert refused.status_code == 422
    assert "再补充" in refused.content.decode()

    visit.send("dispute", words="不是人为损坏")
    assert by_himself("dispute.opened").payload["by"] == "customer"
    assert visit.send("evidence", words="", files=photo("blue")).status_code == 302
    brought = DisputeEvidence.objects.filter(kind="evidence").get()
    assert (brought.side, brought.original_name, len(brought.sha256)) == ("customer", "左耳.jpg", 64)
    token = visit.address.rstrip("/").rpartition("/")[2]
    file = visit.browser.get(reverse("selfservice:file", args=[token, brought.public_id]))
    assert file["Content-Disposition"].startswith("attachment")
    assert "sandbox" in file["Content-Security-Policy"]


def test_he_sends_the_goods_and_withdraws_while_they_are_on_their_way(
    visit: Visit, open_case: Open, desk: Cast, now: datetime
) -> None:
    case = services.case_approve(case=open_case({0: 1}), actor=desk.agent, now=now)
    shown = visit.see(lang="en")
    assert "please send the goods back" in shown
    token = visit.address.rstrip("/").rpartition("/")[2]
    slip = visit.browser.get(reverse("selfservice:slip", args=[token])).content.decode()
    assert f'aria-label="{case.number}"' in slip
    assert visit.send("ship", carrier="顺丰", tracking_no="?").status_code == 422
    visit.send("ship", carrier="顺丰", tracking_no="sf 123456")
    assert CaseParcel.objects.get().tracking_no == "SF123456"
    by_himself("case_parcel.shipped")
    visit.send("correct", carrier="顺丰", tracking_no="SF1234567")
    assert CaseParcel.objects.get().tracking_no == "SF1234567"

    assert "What is on its way to us goes back to you." in visit.see(lang="en")
    visit.send("withdraw", words="不退了")
    assert Case.objects.get().state == "withdrawn"
    by_himself("case.withdrawn")
    assert visit.acts() <= {"correct"}


def test_after_the_rule_decided_he_asks_for_a_person(
    visit: Visit, open_case: Open, desk: Cast, now: datetime
) -> None:
    open_case({0: 1})
    approve_due(now=now)
    assert Case.objects.get().decided_how in ("rule", "")
    visit.send("person", words="请人工看一下")
    by_himself("case.person_asked")
    assert CaseNote.objects.get(kind="ask", text="请人工看一下").side == "customer"
    assert "person" not in visit.acts()


@pytest.fixture
def bounced(open_case: Open, desk: Cast, now: datetime) -> CasePayment:
    """The refund was paid, came back, and the customer is asked for an account."""
    paid(services.case_approve(case=open_case({0: 1}, kind="refund_only", ground="quality"), actor=desk.agent, now=now),
         desk, now)  # fmt: skip
    payment = CasePayment.objects.get()
    services.payment_bounce(payment=payment, actor=desk.finance, now=now, failure="户名不符")
    return services.payment_ask_payee(payment=CasePayment.objects.get(), actor=desk.agent, now=now)


ACCOUNT = {
    "holder": "林芳",
    "bank": "工商银行",
    "account": "6222 0000 1111 3391",
    "whose": "same",
    "agree": "on",
}


def test_a_refund_that_came_back_gets_a_new_account_from_himself(
    visit: Visit, bounced: CasePayment, desk: Cast, now: datetime
) -> None:
    shown = visit.see(lang="en")
    assert "We need an account to pay you" in shown
    assert (
        '<li class="now" aria-current="step"><span class="dot" aria-hidden="true"></span><b>Refunded' in shown
    )
    # Not his own name, and he says it is
    wrong = visit.send("payee", **(ACCOUNT | {"holder": "林强"}), files=photo())
    assert wrong.status_code == 422
    assert "左耳.jpg" not in visit.see()  # nothing of a refused account stays
    assert visit.send("payee", **(ACCOUNT | {"whose": "proven", "holder": "林强"})).status_code == 422
    form = visit.form("payee") | ACCOUNT
    assert [visit.post(form).status_code for _time in range(2)] == [302, 302]
    old, new = CasePayment.objects.order_by("id")
    assert (old.state, new.state, new.replaces) == ("replaced", "awaiting_approval", old)
    named = Payee.objects.get()
    assert (named.account, named.taken_by, named.name_check) == ("6222000011113391", customer_user(), "same")
    assert old.number in named.consent
    by_himself("payment.payee_named")
    shown = visit.see()
    assert "6222000011113391" not in shown
    assert "**** 3391" in shown
    # A second person still lets it out
    assert services.payment_approve(payment=new, actor=desk.lead, now=now).state == "approved"


def test_who_paid_a_gift_names_his_account_and_sees_nothing_of_the_case(
    visit: Visit, open_case: Open, order: Any, desk: Cast, visitor: Client, now: datetime, ticket: Ticket
) -> None:
    giver = Customer(code="C-2", name="王明", languages=["en"])
    giver.save()
    order.payer_id = giver.pk
    order.save(update_fields=["payer_id"])
    case = services.case_approve(
        case=open_case({0: 1}, kind="refund_only", ground="quality"), actor=desk.agent, now=now
    )
    paid(case, desk, now)
    services.payment_bounce(
        payment=CasePayment.objects.get(), actor=desk.finance, now=now, failure="账户已注销"
    )
    payment = services.payment_ask_payee(payment=CasePayment.objects.get(), actor=desk.agent, now=now)
    # The one who got the gift is not asked, and cannot lead the money to himself
    assert "payee" not in visit.acts()
    link = services.account_link("tickets.ticket", ticket.pk, now)
    assert link
    page = Visit(visitor, "/" + link.split("/", 3)[3], "en")
    shown = page.see()
    assert "An account for your refund" in shown
    assert "账户已注销" in shown
    assert case.number not in shown
    assert "杯子" not in shown
    form = page.form("payee") | ACCOUNT | {"holder": "王明"}
    assert [page.post(form).status_code for _time in range(2)] == [302, 302]
    assert CasePayment.objects.get(replaces=payment).other_payee.holder == "王明"
    assert by_himself("payment.payee_named").payload["amount"] == str(payment.amount)
    assert "3391" in page.see()


def test_he_settles_a_dispute_and_two_who_accept_at_once_have_one_effect(
    visit: Visit, open_case: Open, desk: Cast, now: datetime
) -> None:
    case = services.case_reject(
        case=open_case({0: 3}, ground="quality"), actor=desk.agent, now=now, words="人为损坏"
    )
    assert "人为损坏" in visit.see()
    visit.send("dispute", words="不是")
    visit.send("propose", amount="40")
    assert by_himself("dispute.settlement_made").payload["amount"] == "40"
    dispute = Dispute.objects.get()
    services.settlement_propose(dispute=dispute, by="merchant", amount=D(30), actor=desk.agent, now=now)
    form = visit.form("accept_settlement") | {"agree": "on"}
    # The merchant accepts the customer's own proposal a moment before
    his = Settlement.objects.get(by="customer")
    services.settlement_accept(settlement=his, by="merchant", actor=desk.agent, consent=said(now), now=now)
    assert visit.post(form).status_code == 409
    assert (Case.objects.get(pk=case.pk).agreed, Settlement.objects.filter(accepted_at=None).count()) == (
        D(40),
        1,
    )


def test_he_reads_the_ruling_and_appeals(
    visit: Visit, open_case: Open, desk: Cast, now: datetime, at: Any
) -> None:
    services.case_reject(
        case=open_case({0: 3}, ground="quality"), actor=desk.agent, now=now, words="人为损坏"
    )
    visit.send("dispute", words="不是")
    dispute = services.dispute_review(dispute=Dispute.objects.get(), actor=desk.adjudicator, now=now)
    draft = services.RulingDraft(
        outcome="for_merchant", clause="平台规则 3.2", facts="照片显示划痕", reasons="划痕在签收之后",
        freight_by="customer", fault={"customer": 100},
    )  # fmt: skip
    services.dispute_rule(dispute=dispute, draft=draft, actor=desk.adjudicator, now=now)
    shown = visit.see(lang="en")
    assert "照片显示划痕" in shown
    assert "平台规则 3.2" in shown
    assert str(desk.adjudicator) not in shown
    assert visit.send("appeal", words=" ").status_code == 422
    visit.send("appeal", words="划痕是运输造成的")
    assert by_himself("dispute.appealed").payload["by"] == "customer"
    assert "appeal" not in visit.acts()


def test_nothing_internal_stands_on_the_page(
    visit: Visit, open_case: Open, desk: Cast, now: datetime
) -> None:
    case = open_case({0: 1}, ground="quality", words="坏了")
    services.case_approve(case=case, actor=desk.agent, now=now, words="内部：老客户，先同意")
    shown = visit.see() + visit.see(lang="en")
    gift = open_case(
        {}, kind="compensation", ground="service", compensation="goodwill", asked=D(9), words="安抚他"
    )
    services.case_approve(case=gift, actor=desk.lead, now=now)
    shown += visit.see(case=gift.public_id)
    assert gift.number in shown
    for secret in ("周婷", "内部", "老客户", str(desk.lead), "agent", "安抚"):
        assert secret not in shown


def test_each_state_offers_exactly_what_the_machines_permit_the_customer(
    visit: Visit, open_case: Open, desk: Cast, now: datetime
) -> None:
    his = capabilities._codes(Role.CUSTOMER)
    tables = (
        (CASE_MACHINE, acts.CASE_MOVES, set()), (PARCEL_MACHINE, acts.PARCEL_MOVES, {"cancel"}),
        (DISPUTE_MACHINE, acts.DISPUTE_MOVES, set()), (REPAIR_MACHINE, acts.REPAIR_MOVES, set()),
    )  # fmt: skip
    for machine, table, left_out in tables:  # no act cancels an awaited parcel: withdrawing does
        permitted = {one.name for one in machine.moves if one.capability in his and not one.by_system}
        assert set(table) == permitted - left_out, machine.label

    case = open_case({0: 1}, ground="quality")

    def offered() -> set[str]:
        return visit.acts() & set(acts.CASE_MOVES.values())

    def permitted() -> set[str]:
        state = Case.objects.get().state
        return {
            one.name for one in CASE_MACHINE.moves if one.name in acts.CASE_MOVES and state in one.sources
        }

    assert offered() == permitted()
    case = offer(case, desk, now)
    assert offered() == permitted()
    case = services.case_counter(case=case, amount=D(22), actor=desk.agent, now=now)
    assert offered() == permitted()
    case = services.case_reject(case=case, actor=desk.agent, now=now, words="不同意")
    assert offered() == permitted()
    case = services.case_approve(case=case, actor=desk.agent, now=now)
    assert offered() == permitted()
    services.dispute_open(case=case, by="customer", actor=desk.agent, now=now)
    assert offered() == permitted()
    services.case_withdraw(case=Case.objects.get(), actor=desk.agent, now=now)
    assert offered() == permitted() == set()
