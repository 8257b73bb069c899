"""A merchant's week by pages: answered, refused, received, refunded, replaced, repaired, disputed."""

from collections.abc import Callable
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest
from django.urls import reverse
from django.utils.translation import pgettext

from aftersales.cases import services
from aftersales.cases.models import (
    Case,
    CaseParcel,
    CasePayment,
    DisputeEvidence,
    ParcelItem,
    ParcelPhoto,
    Repair,
)
from aftersales.clocks.models import Clock
from aftersales.core.models import Event
from aftersales.core.templatetags.aftersales import full_minute
from aftersales.customers.models import Contact
from aftersales.ledger import services as ledger
from aftersales.merchants.models import Merchant
from aftersales.orders.models import Order
from aftersales.tickets.models import Attachment, Message, RuleReading
from aftersales.tickets.services import ticket_tell_merchant
from tests.cases.workshop import DAY, HOUR, arrive, fresh, parcel_of
from tests.cast import Cast
from tests.flows.counter import clock
from tests.portal.clerk import Clerk, photo
from tests.portal.conftest import person_of
from tests.records import said
from tests.tickets.test_reading import changed

pytestmark = pytest.mark.django_db
Open = Callable[..., Case]
WorkOff = Callable[[datetime], None]


def told(case: Case, kind: str) -> Event:
    return Event.objects.about("cases.case", case.pk).filter(kind=kind).latest("id")


def test_a_request_waits_on_today_and_is_approved_by_the_shop_itself(clerk: Clerk, open_case: Open) -> None:
    case = open_case({0: 1}, words="杯沿有缺口")

    today = clerk.page("today")
    assert case.number in today
    assert '<span class="nw">林*</span>' in today, "a masked name stays in one line"
    assert "林芳" not in today
    assert "杯沿有缺口" in clerk.page("case", case.public_id)

    assert "¥23.34" in clerk.page("act", case.public_id, "approve")  # what it gives, before it is said
    clerk.does(case, "approve", goods="back", words="请寄回")

    done = fresh(case)
    assert (done.state, done.decided_how, done.decided_by_id) == ("approved", "merchant", clerk.person.pk)
    assert told(case, "case.approved").source == "portal"
    assert case.number not in clerk.page("today")  # now the customer's turn
    assert case.number in clerk.page("cases", turn="customer")


def test_the_same_form_sent_twice_approves_once(clerk: Clerk, open_case: Open) -> None:
    case = open_case({0: 1})
    form = clerk.form(case, "approve") | {"goods": "back", "words": ""}

    for _again in range(2):
        assert clerk.post("act", case.public_id, "approve", **form).status_code == 302

    assert Event.objects.about("cases.case", case.pk).filter(kind="case.approved").count() == 1


def test_a_refusal_names_a_clause_and_its_facts_and_brings_evidence(clerk: Clerk, open_case: Open) -> None:
    case = open_case({0: 1})

    empty = clerk.post(
        "act", case.public_id, "reject", **clerk.form(case, "reject"), clause="other", words="x"
    )
    assert empty.status_code == 422
    assert fresh(case).state == "requested"
    clerk.does(
        case, "reject", clause="other", other="七日办法 第七条", words="商品已使用并破损", files=[photo()]
    )

    refused = fresh(case)
    assert (refused.state, refused.decided_how) == ("rejected", "merchant")
    assert case.notes.get(kind="reject").text == "七日办法 第七条\n商品已使用并破损"
    assert Attachment.objects.get(ticket=case.ticket, audience="merchant").original_name == "beschaedigt.png"


def test_another_amount_is_offered_and_a_counter_offer_accepted(
    clerk: Clerk, desk: Cast, open_case: Open, now: datetime
) -> None:
    case = open_case({0: 1})
    clerk.does(case, "offer", amount="10.00", words="补偿十元，杯子留用")
    services.case_counter(case=fresh(case), amount=Decimal(15), actor=desk.agent, now=now + HOUR)

    clerk.at(now + 2 * HOUR)
    assert "¥15.00" in clerk.page("act", case.public_id, "accept_counter")
    clerk.does(case, "accept_counter", agree="on")

    assert (fresh(case).state, fresh(case).agreed) == ("approved", Decimal(15))


def test_goods_are_confirmed_line_by_line_with_photos_and_then_refunded(
    clerk: Clerk, desk: Cast, open_case: Open, now: datetime
) -> None:
    case = open_case({0: 2, 1: 1})
    clerk.does(case, "approve", goods="back", words="")
    parcel = services.parcel_ship(
        parcel=parcel_of(case), carrier="顺丰", tracking_no="SF7000", actor=desk.agent, now=now + HOUR
    )
    services.parcel_at_door(parcel=parcel, actor=desk.agent, now=now + DAY)
    clerk.at(now + DAY + HOUR)
    since = pgettext("portal", "counts as delivered since %(at)s") % {"at": full_minute(now + DAY)}
    for page in (("case", case.public_id), ("receipt", case.public_id, parcel.public_id)):
        shown = clerk.page(*page)
        assert "SF7000" in shown
        assert since in shown, "nobody reads that it is on the way while the time for the receipt runs"
    waits = clerk.get("case", case.public_id).context["refused"]
    assert [(one.act.name, one.reasons[0].code) for one in waits] == [("refund", "goods_awaited")]  # and why

    cup, lamp = ParcelItem.objects.filter(parcel=parcel).order_by("id")
    form = {
        "version": fresh(parcel).version, "keep": "on",
        f"now-{cup.pk}": 2, f"accepted-{cup.pk}": 1, f"damaged-{cup.pk}": 1, f"grade-{cup.pk}": "worn",
        f"cause-{cup.pk}": "use", f"deduction-{cup.pk}": "5.00", f"why-{cup.pk}": "一只杯沿崩口",
        f"now-{lamp.pk}": 1, f"accepted-{lamp.pk}": 1, f"grade-{lamp.pk}": "opened",
    }  # fmt: skip
    computed = clerk.post("receipt", case.public_id, parcel.public_id, do="compute", **form)
    assert "一只杯沿崩口" in computed.content.decode()
    assert fresh(parcel).state == "in_transit"
    photos = {f"photos-{cup.pk}": [photo("崩口.png")], "photos": [photo("开箱.png")]}
    done = clerk.post("receipt", case.public_id, parcel.public_id, do="confirm", **form, **photos)
    assert done.status_code == 302, done.content.decode()[-2000:]

    assert fresh(parcel).state == "kept"
    assert set(ParcelPhoto.objects.values_list("original_name", "by")) == {
        ("崩口.png", clerk.person.pk), ("开箱.png", clerk.person.pk),
    }  # fmt: skip
    agreed = fresh(case).agreed
    clerk.at(now + 2 * DAY)
    assert f"¥{agreed}" in clerk.page("act", case.public_id, "refund")
    clerk.does(case, "refund", agree="on")
    paid = CasePayment.objects.get(case=case)
    assert (paid.amount, paid.state) == (
        agreed,
        "awaiting_approval",
    )  # the platform lets it out, never the shop alone


def test_a_replacement_goes_out_to_an_address_whose_look_is_recorded(
    clerk: Clerk, desk: Cast, order: Order, customer: Any, open_case: Open, now: datetime, work_off: WorkOff
) -> None:
    home = Contact(customer=customer, kind="address", value="上海市长宁路 5 号 601 室", search_key="x")
    home.save()
    Order.objects.filter(pk=order.pk).update(ship_address=home)
    case = open_case({1: 1}, kind="exchange", ground="quality")
    clerk.does(case, "approve", goods="back", words="")
    parcel = arrive(fresh(case), desk, now + HOUR)
    clerk.at(now + DAY)
    lamp = ParcelItem.objects.get(parcel=parcel)
    facts = {"version": fresh(parcel).version, "keep": "on", f"now-{lamp.pk}": 0, f"accepted-{lamp.pk}": 1}
    clerk.post(
        "receipt", case.public_id, parcel.public_id, do="confirm", **facts, **{f"grade-{lamp.pk}": "opened"}
    )
    assert "replacement" in {one.turn.value for one in clerk.get("today").context["counted"].kinds}

    masked = clerk.page("act", case.public_id, "replace")
    assert "601" not in masked
    whole = clerk.post("act", case.public_id, "replace", show="address", row=case.public_id).content.decode()
    assert "上海市长宁路 5 号 601 室" in whole
    assert Event.objects.get(kind="contact.revealed").actor_id == clerk.person.pk
    clerk.does(case, "replace", carrier="顺丰", tracking_no="SF9000")

    assert CaseParcel.objects.get(case=case, direction="outbound").tracking_no == "SF9000"


def test_a_repair_is_diagnosed_done_and_reported(
    clerk: Clerk, desk: Cast, open_case: Open, now: datetime
) -> None:
    case = open_case({1: 1}, kind="repair", ground="warranty")
    clerk.does(case, "approve", goods="back", words="")
    arrive(fresh(case), desk, now + HOUR)
    clerk.at(now + 2 * HOUR)
    repair = Repair.objects.get(case=case)
    assert case.number in clerk.page("today")

    clerk.does(case, "diagnose", repair.public_id, borne_by="merchant", words="接触不良")
    clerk.does(case, "start", repair.public_id)
    clerk.does(case, "test", repair.public_id, found="other", passed="yes", words="更换插座，通电一小时正常")
    clerk.at(now + 3 * HOUR).does(case, "repair_back", repair.public_id, carrier="顺丰", tracking_no="SF8000")

    assert fresh(repair).state == "sent_back"
    assert fresh(repair).tested_by_id == clerk.person.pk


def test_a_dispute_is_answered_with_evidence_and_settled_by_the_customers_proposal(
    clerk: Clerk, desk: Cast, open_case: Open, now: datetime
) -> None:
    case = open_case({0: 1})
    clerk.does(case, "reject", clause="other", other="七日办法 第七条", words="已使用")
    row = services.dispute_open(
        case=fresh(case), by="customer", actor=desk.agent, now=now + HOUR, words="没有用过"
    )
    clerk.at(now + 2 * HOUR)
    assert "dispute" in {one.turn.value for one in clerk.get("today").context["counted"].kinds}

    page = clerk.does(case, "evidence", words="监控显示已使用", files=[photo("监控.png")])
    assert "监控.png" in page
    assert "没有用过" in page
    assert set(DisputeEvidence.objects.filter(dispute=row, side="merchant").values_list("by", flat=True)) == {
        clerk.person.pk
    }
    clerk.does(case, "propose", amount="8.00")
    services.settlement_propose(
        dispute=row, by="customer", amount=Decimal(12), actor=desk.agent, now=now + 3 * HOUR
    )
    clerk.at(now + 4 * HOUR).does(case, "accept", agree="on")

    assert (fresh(row).state, fresh(case).state, fresh(case).agreed) == ("settled", "approved", Decimal(12))


def test_the_platform_is_written_to_and_no_word_of_the_customer_stands_there(
    clerk: Clerk, open_case: Open
) -> None:
    case = open_case({0: 1})

    clerk.does(case, "say", words="请提供开箱视频", files=[photo("单据.png")])

    message = Message.objects.get(ticket=case.ticket, author_kind="merchant")
    page = clerk.page("talk", case.public_id)
    assert message.text == "请提供开箱视频"
    assert "单据.png" in page
    assert "左耳没有声音" not in page  # what the customer wrote to the platform


def test_what_is_late_stands_first_and_says_so(
    clerk: Clerk, desk: Cast, open_case: Open, now: datetime, work_off: WorkOff
) -> None:
    early, later = open_case({0: 1}), open_case({1: 1})
    Case.objects.filter(pk=early.pk).update(next_due_at=now - timedelta(hours=1))
    Case.objects.filter(pk=later.pk).update(next_due_at=now + 3 * DAY)

    counted = clerk.get("today").context["counted"]

    assert [(group.tone, [one.case.pk for one in group.tasks]) for group in counted.groups] == [
        ("bad", [early.pk]), ("", [later.pk]),
    ]  # fmt: skip
    assert (counted.mine, counted.late) == (2, 1)


def test_a_changed_rule_is_told_old_beside_new_and_confirmed_with_ones_name(
    clerk: Clerk, desk: Cast, now: datetime
) -> None:
    version = changed(desk, now, code="merchant_decides", limit_value=24)

    assert clerk.page("today").count(reverse("portal:rules")) == 2  # in the bar, and among the news
    page = clerk.page("rules")
    assert "48" in page
    assert "24" in page
    clerk.post("rule_read", version.pk)

    assert RuleReading.objects.get(version=version).person_id == clerk.person.pk
    assert clerk.page("today").count(reverse("portal:rules")) == 1
    assert clerk.post("rule_read", 999_999).status_code == 404


def test_a_word_to_the_platform_is_no_answer_to_the_request(
    clerk: Clerk, desk: Cast, open_case: Open, now: datetime, work_off: WorkOff
) -> None:
    case = open_case({0: 1})
    work_off(now)  # nobody reaches the shop by mail
    services.merchant_told(case=fresh(case), consent=said(now), actor=desk.agent, now=now + HOUR)
    clerk.at(now + 2 * HOUR).does(case, "say", words="收到，稍后处理")
    work_off(now + 2 * HOUR)
    assert clock(case, "merchant_answer").is_open

    clerk.does(case, "approve", goods="back", words="")
    work_off(now + 2 * HOUR)
    assert clock(case, "merchant_answer").state == "met"


def test_a_question_of_the_platform_is_answered_by_a_word_in_the_portal(
    clerk: Clerk, desk: Cast, open_case: Open, now: datetime, work_off: WorkOff
) -> None:
    """Words answer what was asked in words; what the shop makes of the request itself still waits for an act."""
    case = open_case({0: 1})
    work_off(now)
    services.merchant_told(case=fresh(case), consent=said(now), actor=desk.agent, now=now + HOUR)
    ticket_tell_merchant(
        ticket=case.ticket, text="库存还有吗", channel="phone", actor=desk.agent, now=now + HOUR
    )
    question = Clock.objects.get(
        subject_kind="tickets.ticket", subject_id=case.ticket_id, promise="merchant_answer"
    )
    assert question.is_open

    clerk.at(now + 2 * HOUR).does(case, "say", words="有货")
    work_off(now + 2 * HOUR)

    question.refresh_from_db()
    assert (question.state, clock(case, "merchant_answer").is_open) == ("met", True)


def test_an_owner_reads_the_tickets_that_a_rules_penalty_rests_on(
    desk: Cast, shop: Merchant, at: Any, open_case: Open, now: datetime
) -> None:
    case, owner = open_case({0: 1}), Clerk(desk, person_of(shop, desk, "店主", role="owner"), at)
    fact = Event.objects.filter(subject_kind="tickets.ticket", subject_id=case.ticket_id, audience="internal")
    row = ledger.propose(
        kind="penalty", party=shop, amount=Decimal(6), unit="points", fact_code="obligation_broken", now=now,
        citation="incentive.merchant_late_points v1", source=("ledger.raised", 1), actor=desk.system,
        evidence=[f"event:{one.pk}" for one in fact[:1]],
    )  # fmt: skip
    ledger.proposal_notify(proposal=row, actor=desk.operations, now=now)
    page = owner.page("consequence", row.public_id)
    assert fact.exists()
    assert case.ticket.number in page
    assert "纠纷中的" not in page
