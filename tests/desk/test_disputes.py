"""Disputes on the desk: opened from the case, evidence by form, mediated, ruled, appealed, printed, found again."""

import hashlib
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from django.urls import reverse
from django.utils.timezone import localtime

from aftersales.cases import services
from aftersales.cases.models import Case, Dispute, DisputeEvidence, Ruling, Settlement
from aftersales.cases.services import disputes
from aftersales.core.errors import Busy
from aftersales.core.once import FIELD, new_key
from aftersales.dashboards.selectors import merchant
from aftersales.desk import shops
from aftersales.merchants.models import Merchant
from aftersales.notices.models import Notice
from tests.cases.conftest import lines, open_case, order, ticket
from tests.cases.test_disputes import dispute
from tests.cases.test_rulings import FOR_CUSTOMER
from tests.cast import Cast
from tests.records import taken_down

__all__ = ["dispute", "lines", "open_case", "order", "ticket"]
pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("at_now")]
Open = Callable[..., Case]
RULING = {
    "outcome": "part_refund", "amount": "20.00", "freight_by": "merchant", "fault_customer": 30, "fault_merchant": 70,
    "fault_carrier": 0, "fault_platform": 0, "obligation": "", "penalty": "", "penalty_unit": "CNY",
    "clause": "消保法 §24", "facts": "左耳无声", "reasons": "双方均有过错",
}  # fmt: skip


def url(name: str, *args: Any) -> str:
    return reverse(f"desk:{name}", args=args)


def post(browser: Client, address: str, **data: Any) -> Any:
    return browser.post(address, {FIELD: new_key(), **data})


def words(browser: Client, address: str) -> str:
    answer = browser.get(address)
    assert answer.status_code == 200
    return str(answer.content.decode())


def test_from_the_case_to_the_ruling_by_forms(open_case: Open, desk: Cast) -> None:
    agent, judge = desk.client("agent"), desk.client("adjudicator")
    case = open_case({0: 1}, ground="quality")
    # When the agent has the platform decide from the case's own dialog
    data = {"side": "customer", "words": "商家不认质量问题", "version": case.version}
    assert post(agent, url("case_act", case.number, "dispute"), **data).status_code == 302
    dispute = Dispute.objects.get()
    assert dispute.number in words(agent, url("case", case.number))
    page = words(agent, url("dispute", dispute.number))
    assert "商家不认质量问题" in page
    assert url("dispute_rule", dispute.number) not in page  # an agent does not rule
    # And the merchant's answer comes with a file, whose fingerprint is kept
    content = "检测报告：合格".encode()
    file = SimpleUploadedFile("report.txt", content, content_type="text/plain")
    sent = {"side": "merchant", "text": "已检测", "files": file}
    assert post(agent, url("dispute_act", dispute.number, "evidence"), **sent).status_code == 302
    piece = DisputeEvidence.objects.get(original_name="report.txt")
    assert piece.sha256 == hashlib.sha256(content).hexdigest()
    assert Dispute.objects.get().state == "evidence"
    assert b"".join(agent.get(url("evidence_file", piece.public_id)).streaming_content) == content
    # And the judge ends the time for evidence and rules
    assert post(judge, url("dispute_act", dispute.number, "review")).status_code == 302
    assert "已检测" in words(judge, url("dispute_rule", dispute.number))
    assert post(judge, url("dispute_rule", dispute.number), **RULING).status_code == 302
    case.refresh_from_db()
    assert (case.state, str(case.agreed), Ruling.objects.get().fault_customer) == ("approved", "20.00", 30)
    # And the case says that the platform has spoken, instead of offering to call it in again
    step_in, page = url("case_act", case.number, "dispute"), words(agent, url("case", case.number))
    assert step_in not in page
    assert str(disputes.disputed_already(["ruled"]).message) in page
    assert str(disputes.disputed_already(["ruled"]).message) in words(agent, step_in)
    for text in ("消保法 §24", "左耳无声", "双方均有过错"):
        assert text in words(agent, url("dispute", dispute.number))
        assert text in words(agent, url("dispute_letter", dispute.number, "ruling"))


def test_a_ruling_that_does_not_add_up_comes_back_with_what_was_written(
    dispute: Dispute, desk: Cast, now: datetime
) -> None:
    judge = desk.client("adjudicator")
    services.dispute_review(dispute=dispute, actor=desk.adjudicator, now=now)
    for wrong in (
        {"fault_customer": 31},
        {"amount": ""},
        {"facts": " "},
        {"outcome": "x"},
        {"amount": "999999"},
    ):
        answer = post(judge, url("dispute_rule", dispute.number), **(RULING | wrong))
        assert answer.status_code == 422, wrong
        assert "双方均有过错" in answer.content.decode()
    assert not Ruling.objects.exists()


def test_a_proposal_is_accepted_with_what_was_said_and_printed(
    dispute: Dispute, desk: Cast, now: datetime, work_off: Callable[[datetime], None]
) -> None:
    agent = desk.client("agent")
    data = {"side": "merchant", "amount": "30"}
    assert post(agent, url("dispute_act", dispute.number, "propose"), **data).status_code == 302
    offer = Settlement.objects.get()
    assert agent.get(url("dispute_letter", dispute.number, "settlement")).status_code == 404
    # Who took it down for the merchant does not accept it for the customer
    accept = url("settlement_act", offer.public_id, "accept")
    assert accept not in words(agent, url("dispute", dispute.number))
    assert post(agent, accept, **taken_down(now)).status_code == 422
    assert Dispute.objects.get().state == "opened"
    lead = desk.client("lead")
    assert accept in words(lead, url("dispute", dispute.number))
    # And nobody without the words in which it was accepted, and before all that follows was read
    effects = lead.get(accept).context["effects"]
    assert [("¥30.00" in one.words, one.turns) for one in effects][:3] == [
        (False, False),
        (True, False),
        (False, True),
    ]
    assert post(lead, accept).status_code == 422
    assert post(lead, accept, **taken_down(now)).status_code == 302
    assert post(lead, accept, **taken_down(now)).status_code == 422
    assert Dispute.objects.get().state == "settled"
    for page in (url("dispute_letter", dispute.number, "settlement"), url("dispute", dispute.number)):
        assert "30.00" in words(agent, page)
        assert "同意，就这样办。" in words(agent, page)
    # Then the mail names how much, for which goods, and that the customer keeps them
    work_off(now)
    told = Notice.objects.filter(source="dispute.settled").get()
    assert "¥30.00" in told.subject
    assert "杯子 × 3" in told.body
    assert "客户留下" in told.body or "The customer keeps them" in told.body


def test_a_settlement_that_ends_an_exchange_says_so_before_anybody_accepts(
    open_case: Open, desk: Cast, now: datetime
) -> None:
    case = open_case({0: 1}, kind="exchange", ground="quality")
    row = services.dispute_open(case=case, by="customer", actor=desk.agent, now=now, words="换不了")
    propose = url("dispute_act", row.number, "propose")
    assert desk.client("agent").get(propose).context["turned"] is not None
    post(desk.client("agent"), propose, side="merchant", amount="9.00")
    accept = url("settlement_act", Settlement.objects.get().public_id, "accept")
    case_term, _amount, goods = desk.client("lead").get(accept).context["effects"]
    assert (case_term.turns, goods.turns) == (True, True)
    assert case.get_kind_display() in case_term.words
    assert post(desk.client("lead"), accept, **taken_down(now)).status_code == 302
    case.refresh_from_db()
    assert (case.kind, case.goods_back) == ("refund_only", False)


def test_the_desk_and_the_board_count_the_same_disputes_as_open(
    dispute: Dispute, desk: Cast, now: datetime
) -> None:
    def told() -> tuple[int, int]:
        shop = merchant.counted(desk.auditor, Merchant.objects.filter(pk=dispute.merchant_id)).get()
        return shop.open_disputes, shops.open_disputes(desk.auditor, [shop.pk]).count()

    assert told() == (1, 1)
    services.dispute_review(dispute=dispute, actor=desk.adjudicator, now=now)
    services.dispute_rule(dispute=dispute, draft=FOR_CUSTOMER, actor=desk.adjudicator, now=now)
    assert told() == (0, 0), "the platform has spoken"
    services.dispute_appeal(dispute=dispute, by="merchant", words="不服", actor=desk.agent, now=now)
    assert told() == (1, 1), "it has to speak again"


def test_letters_printed_again_say_what_was_and_what_is(dispute: Dispute, desk: Cast, now: datetime) -> None:
    agent, judge = desk.client("agent"), desk.client("adjudicator")
    answer_by = f"{localtime(dispute.turn_until):%Y}"
    notice, ruling = (url("dispute_letter", dispute.number, kind) for kind in ("evidence", "ruling"))
    first = agent.get(notice).context["times"]
    assert [until for _words, until in first] == [dispute.turn_until]
    services.evidence_add(dispute=dispute, side="merchant", actor=desk.agent, now=now, text="检测合格")
    heard = Dispute.objects.get()
    services.dispute_review(dispute=dispute, actor=desk.adjudicator, now=now)
    # The notice of evidence keeps both its times after they are over
    assert [until for _words, until in agent.get(notice).context["times"]] == [
        dispute.turn_until,
        heard.turn_until,
    ]
    assert answer_by in words(agent, notice)
    # The ruling invites to an appeal, then says that one is pending, and never again that one may be made
    assert post(judge, url("dispute_rule", dispute.number), **RULING).status_code == 302
    assert agent.get(ruling).context["appeal"].until is not None
    post(agent, url("dispute_act", dispute.number, "appeal"), side="merchant", words="不服")
    pending = agent.get(ruling).context["appeal"]
    assert (pending.until, bool(pending.pending_by)) == (None, True)


def test_after_its_time_the_ruling_says_that_no_appeal_is_possible(
    dispute: Dispute, desk: Cast, now: datetime, at_now: Any
) -> None:
    services.dispute_review(dispute=dispute, actor=desk.adjudicator, now=now)
    services.dispute_rule(dispute=dispute, draft=FOR_CUSTOMER, actor=desk.adjudicator, now=now)
    at_now.move_to(now + timedelta(days=30))
    said = desk.client("agent").get(url("dispute_letter", dispute.number, "ruling")).context["appeal"]
    assert (said.until, said.over_since) == (None, Ruling.objects.get().appeal_until)


def test_every_act_has_its_dialog_and_does_its_work(dispute: Dispute, desk: Cast, now: datetime) -> None:
    agent, judge = desk.client("agent"), desk.client("adjudicator")
    for name in ("evidence", "propose", "withdraw"):
        address = url("dispute_act", dispute.number, name)
        assert agent.get(address, headers={"HX-Request": "true"}).status_code == 200
        assert agent.get(address).status_code == 200
    assert agent.get(url("dispute_act", dispute.number, "review")).status_code == 404  # the judge's alone
    assert agent.get(url("dispute_act", dispute.number, "dance")).status_code == 404
    # Suspended for a test, then reviewed, ruled and appealed
    post(judge, url("dispute_act", dispute.number, "review"))
    post(judge, url("dispute_act", dispute.number, "suspend"), cause="testing", days=5)
    assert Dispute.objects.get().suspended_for == "testing"
    post(judge, url("dispute_act", dispute.number, "review"))
    ruling = RULING | {"obligation": "apologise", "obligation_days": 3}
    post(judge, url("dispute_rule", dispute.number), **ruling)
    post(agent, url("dispute_act", dispute.number, "appeal"), side="merchant", words="商品被调包")
    page = words(judge, url("dispute", dispute.number))
    assert url("dispute_rule", dispute.number) not in page  # who ruled hears no appeal, and is told why
    assert "商品被调包" in page
    other = desk.client(desk.person("adjudicator"))
    assert "give_back" in words(other, url("dispute_rule", dispute.number))
    assert post(other, url("dispute_rule", dispute.number), **(ruling | {"give_back": ""})).status_code == 302
    assert Dispute.objects.get().state == "executed"
    post(agent, url("dispute_act", dispute.number, "obligation"))
    assert Dispute.objects.get().obligation_kept_at is not None


def test_evidence_is_taken_back_by_a_button(dispute: Dispute, desk: Cast) -> None:
    piece = DisputeEvidence.objects.get()
    assert post(desk.client("agent"), url("evidence_withdraw", piece.public_id)).status_code == 302
    piece.refresh_from_db()
    assert piece.withdrawn_at is not None
    assert piece.text in words(desk.client("agent"), url("dispute", dispute.number))


def test_who_does_not_see_the_ticket_sees_no_dispute(dispute: Dispute, desk: Cast, now: datetime) -> None:
    stranger = desk.client(desk.person("agent"))
    piece = DisputeEvidence.objects.get()
    offer = services.settlement_propose(
        dispute=dispute, by="merchant", amount=FOR_CUSTOMER.penalty, actor=desk.agent, now=now
    )
    for address in (
        url("dispute", dispute.number), url("dispute_act", dispute.number, "evidence"),
        url("dispute_letter", dispute.number, "evidence"), url("evidence_file", piece.public_id),
    ):  # fmt: skip
        assert stranger.get(address).status_code == 404
    for address in (
        url("settlement_act", offer.public_id, "accept"),
        url("evidence_withdraw", piece.public_id),
    ):
        assert post(stranger, address).status_code == 404
    assert stranger.get(url("dispute_rule", dispute.number)).status_code in (403, 404)
    assert Dispute.objects.get().state == "opened"
    # And the auditor reads, and changes nothing
    auditor = desk.client("auditor")
    assert auditor.get(url("dispute", dispute.number)).status_code == 200
    assert post(auditor, url("dispute_act", dispute.number, "evidence"), side="customer").status_code == 404


def test_the_board_says_whose_turn_it_is(dispute: Dispute, desk: Cast) -> None:
    board = words(desk.client("adjudicator"), f"{url('cases')}?board=dispute")
    assert dispute.number in board
    assert "等待答复" in board or "Waits for an answer" in board


def test_earlier_rulings_are_searched(dispute: Dispute, desk: Cast, now: datetime) -> None:
    judge, other = desk.adjudicator, desk.person("adjudicator")
    services.dispute_review(dispute=dispute, actor=judge, now=now)
    services.dispute_rule(dispute=dispute, draft=FOR_CUSTOMER, actor=judge, now=now)
    services.dispute_appeal(dispute=dispute, by="merchant", actor=desk.agent, now=now, words="不服")
    services.appeal_decide(dispute=dispute, draft=FOR_CUSTOMER, actor=other, now=now)
    browser, page = desk.client("adjudicator"), url("precedents")
    assert dispute.number in words(browser, page)
    assert dispute.number in words(browser, f"{page}?words=左耳&ground=quality&outcome=full_refund")
    assert dispute.number not in words(browser, f"{page}?words=没有这句话")
    for bad in ("kind=x", "after=abc", "after=-1", "words=%00", "outcome=%27", "words=" + "字" * 500):
        assert browser.get(f"{page}?{bad}").status_code == 200
    # A stranger's list is empty: rulings are of the tickets one sees
    assert dispute.number not in words(desk.client(desk.person("agent")), page)


def test_an_appeal_against_a_ruling_without_money_begins_with_no_amount(
    dispute: Dispute, desk: Cast, now: datetime
) -> None:
    """A nought in the field of the part refund would keep the browser from sending the form."""
    judge, other = desk.client("adjudicator"), desk.client(desk.person("adjudicator"))
    services.dispute_review(dispute=dispute, actor=desk.adjudicator, now=now)
    nothing = RULING | {"outcome": "for_merchant", "amount": ""}
    assert post(judge, url("dispute_rule", dispute.number), **nothing).status_code == 302
    post(desk.client("agent"), url("dispute_act", dispute.number, "appeal"), side="customer", words="再看看")
    form = other.get(url("dispute_rule", dispute.number)).context["form"]
    assert (form["amount"].value(), form["penalty"].value()) == (None, None)
    assert form["facts"].value() == RULING["facts"]


def test_who_rules_sees_what_is_at_stake(dispute: Dispute, desk: Cast) -> None:
    page = words(desk.client("adjudicator"), url("dispute_rule", dispute.number))
    stake = services.ruling_preview(case=dispute.case)
    assert stake.total > 0
    for term in stake.terms:
        assert f"{term.amount:,.2f}" in page
    assert f"¥{stake.total:,.2f}" in page


def test_the_page_tells_what_silence_brings_and_what_was_said_before(
    open_case: Open, desk: Cast, now: datetime
) -> None:
    case = open_case({0: 1}, ground="quality")
    case = services.case_reject(case=case, actor=desk.lead, now=now, how="merchant", words="商家检测无故障")
    row = services.dispute_open(case=case, by="customer", actor=desk.agent, now=now, words="左耳无声")
    page = words(desk.client("adjudicator"), url("dispute", row.number))
    assert "商家检测无故障" in page
    assert "逾期未答复的一方，按现有材料裁决" in page


def test_who_may_rule_is_told_before_he_speaks_for_a_side_and_hands_the_ruling_on(
    dispute: Dispute, desk: Cast, now: datetime
) -> None:
    first, second = desk.adjudicator, desk.person("adjudicator", name="秦莉")
    judge, page, form = (
        desk.client(first),
        url("dispute", dispute.number),
        url("dispute_act", dispute.number, "evidence"),
    )
    # Given a page that says who may rule: both, and nobody who worked on the case
    assert [one.may for one in judge.get(page).context["bench"].judges] == [True, True]
    # When one of them is about to take evidence down, he is told what it costs and who is left
    assert "秦莉" in words(judge, form)
    assert "gives_up" in words(judge, form)
    sent = {"side": "merchant", "text": "检测合格"}
    assert post(judge, form, **sent).status_code == 422
    assert post(judge, form, **sent, gives_up="on").status_code == 302
    # Then he rules no more, the page says why, and he hands the ruling to whoever may
    shown = judge.get(page).context["bench"]
    assert [(one.person, one.may) for one in shown.judges if not one.may] == [(first, False)]
    assert "gives_up" not in words(judge, form)
    hand_on = url("dispute_act", dispute.number, "hand_on")
    assert [one.person for one in judge.get(hand_on).context["bench"].others] == [second]
    assert post(judge, hand_on, to=first.pk).status_code == 422
    for _twice in range(2):
        assert post(judge, hand_on, to=second.pk).status_code == 302
    told = Notice.objects.get(source="dispute.handed")
    assert (told.user_id, dispute.number in told.subject) == (second.pk, True)
    assert desk.client("agent").get(hand_on).status_code == 404
    # And the colleague ends the evidence and rules
    other = desk.client(second)
    assert post(other, url("dispute_act", dispute.number, "review")).status_code == 302
    assert post(other, url("dispute_rule", dispute.number), **RULING).status_code == 302
    assert "秦莉" in words(judge, page)


def test_a_file_that_is_refused_takes_the_others_with_it(
    dispute: Dispute, desk: Cast, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Words and two files, and the second file meets somebody else's lock: no piece stays whose file is gone."""
    before = set(DisputeEvidence.objects.values_list("pk", flat=True))
    real, brought = disputes.evidence_add, []

    def the_third_is_busy(**given: Any) -> Any:
        brought.append(given)
        if len(brought) == 3:
            raise Busy()
        return real(**given)

    monkeypatch.setattr(disputes, "evidence_add", the_third_is_busy)
    files = [SimpleUploadedFile(f"{name}.txt", name.encode(), "text/plain") for name in ("one", "two")]
    address = url("dispute_act", dispute.number, "evidence")
    post(desk.client("agent"), address, side="customer", text="收到时就坏了", files=files)
    assert len(brought) == 3
    assert set(DisputeEvidence.objects.values_list("pk", flat=True)) == before
