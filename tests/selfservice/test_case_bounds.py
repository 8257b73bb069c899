"""What his page never does: twice for one piece, against a ruling, on a closed ticket, with one pair of eyes."""

import re
from datetime import datetime
from decimal import Decimal
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse

from accounts.services import customer_user, system_user
from aftersales.cases import services
from aftersales.cases.models import Case, CaseParcel, CasePayment, Dispute, Exchange, Settlement
from aftersales.cases.services.paying import not_approvers
from aftersales.core.errors import DomainError
from aftersales.core.models import Event
from aftersales.tickets import services as tickets
from aftersales.tickets.models import Ticket
from tests.cast import Cast
from tests.records import said
from tests.selfservice.visiting import (
    Open,
    Visit,
    address,
    certified,
    lines,
    only_services_write,
    open_case,
    order,
    ticket,
    visit,
)

__all__ = ["address", "certified", "lines", "only_services_write", "open_case", "order", "ticket", "visit"]
D = Decimal
WHY: dict[str, Any] = {"clause": "§24", "facts": "f", "reasons": "r"}
FOR_MERCHANT = services.RulingDraft(
    outcome="for_merchant", freight_by="customer", fault={"customer": 100}, **WHY
)
IN_FULL = services.RulingDraft(outcome="full_refund", fault={"merchant": 100}, **WHY)


def refused(code: str, act: Any) -> None:
    with pytest.raises(DomainError) as error:
        act()
    assert error.value.code == code


# Money in place of the kind


@pytest.mark.parametrize("kind", ["exchange", "repair"])
def test_money_that_he_accepts_takes_the_place_of_what_he_asked_for(
    visit: Visit, open_case: Open, desk: Cast, now: datetime, kind: str
) -> None:
    case = open_case({0: 1}, kind=kind, ground="quality")
    services.case_offer(case=case, amount=D("23.34"), actor=desk.agent, now=now, words="退款可以吗？")
    assert f"The money takes the place of the {kind}" in visit.see(lang="en")
    assert visit.send("accept_offer", agree="on").status_code == 302
    case = Case.objects.get()
    assert (case.kind, case.first_kind, case.agreed, case.goods_back) == ("return", kind, D("23.34"), True)
    assert Event.objects.filter(kind="case.approved").get().payload["kind"] == "return"
    assert not Exchange.objects.filter(ended_at=None).exists()
    refused(
        "not_exchange",
        lambda: services.exchange_send(case=case, carrier="SF", tracking_no="SF1", actor=desk.lead, now=now),
    )


def test_so_do_a_counter_offer_a_fixed_amount_and_a_ruling_as_asked(
    visit: Visit, open_case: Open, desk: Cast, now: datetime
) -> None:
    who: dict[str, Any] = {"actor": desk.lead, "now": now}
    one = services.case_offer(case=open_case({0: 1}, kind="exchange", ground="quality"), amount=D(1), **who)
    visit.send("counter", amount="20")
    one = services.case_accept(case=Case.objects.get(), consent=said(now), **who)
    kept = services.case_approve(
        case=open_case({0: 1}, kind="exchange", ground="quality"), amount=D(9), goods_back=False, **who
    )
    third = open_case({0: 1}, kind="exchange", ground="quality", asked=D(20))
    dispute = services.dispute_open(case=third, by="customer", **who, words="w")
    dispute = services.dispute_review(dispute=dispute, actor=desk.adjudicator, now=now)
    as_asked = services.RulingDraft(outcome="as_asked", goods_back=True, fault={"merchant": 100}, **WHY)
    services.dispute_rule(dispute=dispute, draft=as_asked, actor=desk.adjudicator, now=now)
    third = Case.objects.get(pk=third.pk)
    found = [(row.kind, row.agreed, row.goods_back) for row in (one, kept, third)]
    assert found == [("return", D(20), True), ("refund_only", D(9), False), ("return", D(20), True)]
    assert not Exchange.objects.filter(ended_at=None).exists()


# Two pairs of eyes


def test_whoever_proposed_and_looked_at_his_page_does_not_let_the_money_out(
    open_case: Open, desk: Cast, now: datetime
) -> None:
    case = open_case({0: 3}, ground="quality", kind="refund_only")
    services.dispute_open(case=case, by="customer", actor=desk.agent, now=now, words="w")
    services.settlement_propose(
        dispute=Dispute.objects.get(), by="merchant", amount=D(60), actor=desk.lead, now=now
    )
    shown = desk.client(desk.lead).post(reverse("desk:case_link", args=[case.number, "show"]))
    found = re.search(r"/c/case/[\w-]+/", shown.content.decode())
    assert found
    assert Visit(Client(), found.group()).send("accept_settlement", agree="on").status_code == 302
    payment = CasePayment.objects.get()
    assert payment.state == "awaiting_approval"
    why = not_approvers([payment], now)[payment.pk]
    assert set(why[desk.lead.pk]) == {"own_offer", "saw_page"}
    refused("saw_page", lambda: services.payment_approve(payment=payment, actor=desk.lead, now=now))


def test_whoever_made_the_offer_is_no_second_person(
    visit: Visit, open_case: Open, desk: Cast, now: datetime
) -> None:
    case = open_case({0: 3}, kind="refund_only", ground="quality")
    services.case_offer(case=case, amount=D(70), actor=desk.lead, now=now)
    visit.send("accept_offer", agree="on")
    services.payment_propose(case=Case.objects.get(), actor=system_user(), now=now)
    payment = CasePayment.objects.get()
    assert payment.state == "awaiting_approval"
    refused("own_offer", lambda: services.payment_approve(payment=payment, actor=desk.lead, now=now))


# A ruling, and what follows


def test_what_was_ruled_is_appealed_and_not_asked_for_anew(
    visit: Visit, open_case: Open, desk: Cast, now: datetime
) -> None:
    services.case_reject(
        case=open_case({0: 3}, ground="quality"), actor=desk.agent, now=now, words="不符合条件"
    )
    form = visit.form("amend") | {"kind": "refund_only", "ground": "quality", "words": "再申请一次"}
    visit.send("dispute", words="我不同意")
    dispute = services.dispute_review(dispute=Dispute.objects.get(), actor=desk.adjudicator, now=now)
    services.dispute_rule(dispute=dispute, draft=FOR_MERCHANT, actor=desk.adjudicator, now=now)
    assert "appeal" in visit.acts()
    assert "amend" not in visit.acts()
    assert visit.post(form).status_code != 200
    assert Case.objects.get().state == "rejected"
    visit.send("appeal", words="请再看一次")
    late: dict[str, Any] = {"case": Case.objects.get(), "ground": "other", "actor": desk.lead, "now": now}
    refused("ruled_already", lambda: services.case_amend(**late))
    services.appeal_decide(
        dispute=Dispute.objects.get(), draft=IN_FULL, actor=desk.person("adjudicator"), now=now
    )
    case = Case.objects.get()
    assert (case.state, case.agreed > 0, CasePayment.objects.count()) == ("approved", True, 1)


# A ticket that is closed


@pytest.mark.parametrize("act", ["amend", "dispute"])
def test_what_goes_on_for_him_opens_his_ticket_again(
    visit: Visit, open_case: Open, desk: Cast, now: datetime, at: Any, act: str
) -> None:
    case = services.case_reject(
        case=open_case({0: 1}, ground="quality"), actor=desk.agent, now=now, words="不符合条件"
    )
    closed = tickets.ticket_resolve(
        ticket=Ticket.objects.get(), result="explained", text="已说明", actor=desk.agent, now=now
    )
    tickets.ticket_answer(ticket=closed, satisfied=True, actor=customer_user(), now=now)
    assert Ticket.objects.get().state == "closed"
    refused("ticket_done", lambda: services.case_amend(case=case, ground="other", actor=desk.agent, now=now))
    refused("ticket_done", lambda: services.dispute_open(case=case, by="customer", actor=desk.agent, now=now))
    more = {"words": "还是不对"} | ({"kind": "refund_only", "ground": "quality"} if act == "amend" else {})
    assert visit.send(act, **more).status_code == 302
    ticket = Ticket.objects.get()
    assert (ticket.state, ticket.cases_open, Case.objects.get().is_open) == ("in_progress", 1, True)


# A compensation


def test_a_compensation_has_no_goods_no_other_kind_and_a_bound(
    visit: Visit, open_case: Open, desk: Cast, now: datetime
) -> None:
    gift = open_case({}, kind="compensation", ground="service", compensation="goodwill", asked=D(9))
    services.case_offer(case=gift, amount=D(5), actor=desk.agent, now=now)
    assert "amend" not in visit.acts()
    answer = visit.send("counter", amount="999999999999.99")
    assert answer.status_code == 422
    assert Case.objects.get().state == "offered"
    visit.send("dispute", words="请平台处理")
    assert "goods_back" not in visit.see()
    dispute = Dispute.objects.get()
    mine: dict[str, Any] = {"dispute": dispute, "by": "customer", "actor": desk.agent, "now": now}
    refused("goods_back", lambda: services.settlement_propose(**mine, amount=D(6), goods_back=True))
    refused("goodwill_customer", lambda: services.settlement_propose(**mine, amount=D("999999999999.99")))
    visit.send("propose", amount="6", goods_back="on")
    services.settlement_accept(
        settlement=Settlement.objects.get(), by="merchant", actor=desk.lead, consent=said(now), now=now
    )
    case = Case.objects.get()
    assert (case.state, case.goods_back, CaseParcel.objects.count(), CasePayment.objects.count()) == (
        "approved", False, 0, 1,
    )  # fmt: skip


def test_what_both_sides_accepted_binds(visit: Visit, open_case: Open, desk: Cast, now: datetime) -> None:
    """He accepted and said that he asks for nothing further: neither he nor staff for him turns round afterwards."""
    case = open_case({0: 3}, kind="refund_only")
    services.case_offer(case=case, amount=D(10), actor=desk.agent, now=now)
    visit.send("accept_offer", agree="on")
    assert "dispute" not in visit.acts()
    assert visit.post(
        visit.form("withdraw") | {"act": "dispute", "words": "我反悔了，要全额"}
    ).status_code in (404, 409, 422)
    case.refresh_from_db()
    refused("agreed", lambda: services.dispute_open(case=case, by="customer", actor=desk.agent, now=now))
    assert (case.state, case.agreed, Dispute.objects.count()) == ("approved", D(10), 0)
