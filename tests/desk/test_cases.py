"""Cases on the desk: opened, decided, sent, received and inspected by forms; shown beside the conversation."""

from collections.abc import Callable
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from aftersales.cases import services
from aftersales.cases.models import Case, CaseLine, CaseParcel, CasePayment, ParcelItem, UnknownParcel
from aftersales.core.once import FIELD, new_key
from aftersales.desk.acts import acts
from aftersales.orders.models import OrderLine
from aftersales.tickets.models import Ticket
from tests.cases.conftest import lines, open_case, order, ticket
from tests.cast import Cast
from tests.records import taken_down

__all__ = ["lines", "open_case", "order", "ticket"]
pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("at_now")]
Open = Callable[..., Case]
D = Decimal
CONTROL = ("SAVEPOINT", "RELEASE", "BEGIN", "COMMIT")


def url(name: str, *args: Any) -> str:
    return reverse(f"desk:{name}", args=args)


def post(browser: Client, address: str, **data: Any) -> Any:
    return browser.post(address, {FIELD: new_key(), **data})


def approve(browser: Client, case: Case) -> CaseParcel:
    data = {"words": "", "amount": "", "how": "staff", "goods": "back", "version": case.version}
    assert post(browser, url("case_act", case.number, "approve"), **data).status_code == 302
    return CaseParcel.objects.get(case=case)


def judged(item: ParcelItem, **counts: Any) -> dict[str, Any]:
    found = {"now": 0, "accepted": 0, "damaged": 0, "missing": 0, "wrong": 0, "grade": "new", **counts}
    return {f"{name}-{item.pk}": value for name, value in found.items()}


def test_a_return_from_the_dialog_to_the_last_piece(
    ticket: Ticket, lines: list[OrderLine], desk: Cast
) -> None:
    agent, receiver = desk.client("agent"), desk.client("returns_receiver")
    # When the agent opens a case, with the refund shown before
    form = {"kind": "return", "ground": "no_reason", f"n{lines[0].pk}": 2, "words": "不想要了"}
    shown = agent.post(url("request_preview", ticket.number), form)
    assert "46.68" in shown.content.decode()
    assert not Case.objects.exists()
    answer = post(agent, url("case_open", ticket.number), **form)
    assert answer.url == url("ticket", ticket.number)
    case = Case.objects.get()
    # And approves it: the dialog shows the terms, the parcel is awaited
    dialog = agent.get(url("case_act", case.number, "approve"), headers={"HX-Request": "true"})
    assert "46.68" in dialog.content.decode()
    parcel = approve(agent, case)
    sent = {"carrier": "顺丰", "tracking_no": "SF 1000", "version": parcel.version, "back": "case"}
    assert post(agent, url("parcel_act", parcel.public_id, "ship"), **sent).url == url("case", case.number)
    # And the receiver scans it, counts and inspects on one screen
    found = receiver.get(url("receiving"), {"q": "sf1000"})
    assert found.url == url("receive", parcel.public_id)
    assert "杯子" in receiver.get(found.url).content.decode()
    item = ParcelItem.objects.get()
    data = judged(item, now=2, accepted=1, damaged=1, deduction="5.00", why="缺口") | {
        f"deduction-{item.pk}": "5.00"
    }
    preview = receiver.post(url("receive_preview", parcel.public_id), data)
    assert "41.68" in preview.content.decode()
    parcel.refresh_from_db()
    done = post(receiver, found.url, do="inspect", keep="on", version=parcel.version, **data)
    assert done.status_code == 302
    case.refresh_from_db()
    parcel.refresh_from_db()
    assert (parcel.state, case.agreed, case.settled_at is not None) == ("kept", D("41.68"), True)
    # And everything can be read on one page, and on paper
    for page in ("case", "case_print", "case_slip"):
        text = agent.get(url(page, case.number)).content.decode()
        assert case.number in text
    assert "缺口" in agent.get(url("case", case.number)).content.decode()


def test_the_same_form_posted_twice_opens_one_case(
    ticket: Ticket, lines: list[OrderLine], desk: Cast
) -> None:
    form = {"kind": "return", "ground": "no_reason", f"n{lines[0].pk}": 1, FIELD: new_key()}
    for _n in range(2):
        desk.client("agent").post(url("case_open", ticket.number), form)
    assert Case.objects.count() == 1


@pytest.mark.parametrize(
    "form",
    [
        {}, {"kind": "gift", "ground": "no_reason"}, {"kind": "return", "ground": "no_reason"},
        {"kind": "return", "ground": "no_reason", "pieces": "99"},
        {"kind": "return", "ground": "no_reason", "pieces": "-1"},
        {"kind": "return", "ground": "no_reason", "pieces": "²"}, {"kind": "compensation", "ground": "service"},
        {"kind": "return", "ground": "no_reason", "pieces": "1", "asked": "NaN"},
    ],
)  # fmt: skip
def test_a_form_that_says_nothing_sensible_opens_nothing(
    ticket: Ticket, lines: list[OrderLine], desk: Cast, form: dict[str, Any]
) -> None:
    data = {(f"n{lines[0].pk}" if name == "pieces" else name): value for name, value in form.items()}
    assert post(desk.client("agent"), url("case_open", ticket.number), **data).status_code == 422
    assert not Case.objects.exists()


def test_a_stale_version_is_a_conflict_and_changes_nothing(open_case: Open, desk: Cast) -> None:
    case = open_case()
    answer = post(
        desk.client("agent"),
        url("case_act", case.number, "reject"),
        words="超期",
        how="staff",
        version=case.version + 1,
    )
    assert answer.status_code == 422
    case.refresh_from_db()
    assert case.state == "requested"


def test_offer_counter_and_acceptance_by_dialog(open_case: Open, desk: Cast, now: datetime) -> None:
    browser, case = desk.client("agent"), open_case({0: 3}, kind="refund_only", ground="quality")
    post(browser, url("case_act", case.number, "offer"), amount="10.00", by="merchant", words="补偿")
    post(browser, url("case_act", case.number, "counter"), amount="20.00", words="太少")
    accept = url("case_act", case.number, "accept_counter")
    # Then nobody accepts for somebody else without saying how, when and in which words it was accepted
    assert post(browser, accept, words="").status_code == 422
    early = taken_down(now - timedelta(hours=3))
    assert post(browser, accept, **early).status_code == 422  # before the other amount was named
    assert post(browser, accept, **taken_down(now)).status_code == 302
    assert "同意，就这样办。" in browser.get(url("case", case.number)).content.decode()
    case.refresh_from_db()
    assert (case.state, case.agreed) == ("approved", D("20.00"))
    assert {note.kind for note in case.notes.all()} >= {"offer", "counter"}


def test_refusing_needs_words(open_case: Open, desk: Cast) -> None:
    case = open_case()
    assert (
        post(desk.client("agent"), url("case_act", case.number, "reject"), how="staff", words=" ").status_code
        == 422
    )
    case.refresh_from_db()
    assert case.state == "requested"


def test_a_ticket_without_cases_asks_nothing_of_them(ticket: Ticket, open_case: Open, desk: Cast) -> None:
    browser = desk.client("agent")
    browser.get(url("ticket", ticket.number))

    def page() -> tuple[int, str]:
        with CaptureQueriesContext(connection) as found:
            text = browser.get(url("ticket", ticket.number)).content.decode()
        return sum(not query["sql"].startswith(CONTROL) for query in found.captured_queries), text

    before, text = page()
    assert f'hx-get="{url("ticket_cases", ticket.number)}"' not in text
    open_case()
    after, text = page()
    assert after == before + 1  # why it cannot be resolved yet; the panel is fetched once the page stands
    assert f'hx-get="{url("ticket_cases", ticket.number)}"' in text


def test_the_panel_takes_the_same_statements_for_its_second_parcel(
    open_case: Open, ticket: Ticket, desk: Cast
) -> None:
    browser = desk.client("agent")
    case = open_case({0: 1})
    approve(browser, case)
    text = browser.get(url("ticket_cases", ticket.number)).content.decode()
    assert case.number in text
    assert url("case_act", case.number, "withdraw") in text


def test_boards_show_whose_turn_it_is_and_stay_as_they_were_left(open_case: Open, desk: Cast) -> None:
    browser = desk.client("lead")
    first, second = open_case({0: 1}), open_case({1: 1}, kind="refund_only", ground="quality")
    board = browser.get(url("cases"), {"board": "merchant"}).content.decode()
    assert first.number in board
    assert second.number in board
    board = browser.get(url("cases"), {"board": "merchant", "kind": "return"}).content.decode()
    assert second.number not in board
    assert browser.get(url("cases")).url.endswith("board=merchant&kind=return")
    approve(browser, first)
    assert first.number in browser.get(url("cases"), {"board": "goods"}).content.decode()
    for board in ("customer", "inspect", "dispute", "review", "all", "nonsense"):
        assert browser.get(url("cases"), {"board": board, "after": "²"}).status_code == 200


def test_an_unknown_parcel_is_shelved_and_found_again(open_case: Open, desk: Cast) -> None:
    receiver = desk.client("returns_receiver")
    page = receiver.get(url("receiving"), {"q": "ZT5555"}).content.decode()
    assert 'value="ZT5555"' in page
    post(receiver, url("shelve"), tracking_no="ZT5555", carrier="中通", place="A-3", goods="杯子")
    unknown = UnknownParcel.objects.get()
    case = open_case({0: 1})
    approve(desk.client("agent"), case)
    page = receiver.get(url("unknown", unknown.public_id)).content.decode()
    assert case.number in page  # by its goods
    line = CaseLine.objects.get(case=case)
    answer = post(
        receiver, url("unknown", unknown.public_id), do="match", case=case.number, **{f"n{line.pk}": 1}
    )
    parcel = CaseParcel.objects.get(case=case)
    assert answer.url == url("receive", parcel.public_id)
    assert parcel.state == "received"


def test_who_sees_no_ticket_sees_no_case_of_it(open_case: Open, desk: Cast) -> None:
    case = open_case()
    stranger = desk.client(desk.person("vendor_agent"))
    for address in (
        url("case", case.number),
        url("case_act", case.number, "approve"),
        url("case_slip", case.number),
    ):
        assert stranger.get(address).status_code == 404
    assert case.number not in stranger.get(url("cases"), {"board": "merchant"}).content.decode()


def test_the_receiver_decides_nothing_and_the_agent_receives_nothing(open_case: Open, desk: Cast) -> None:
    case = open_case()
    parcel = approve(desk.client("agent"), case)
    assert desk.client("agent").get(url("receive", parcel.public_id)).status_code == 404
    receiver = desk.client("returns_receiver")
    assert receiver.get(url("case", case.number)).status_code == 200
    assert receiver.get(url("case_act", case.number, "withdraw")).status_code == 404


def test_what_was_agreed_is_paid_from_beside_the_conversation(
    open_case: Open, desk: Cast, ticket: Ticket, now: datetime
) -> None:
    case = open_case({0: 1}, kind="refund_only", ground="not_sent")
    case = services.case_approve(case=case, actor=desk.agent, now=now)
    browser = desk.client(desk.agent)
    page = browser.get(
        f"/desk/tickets/{ticket.number}/cases/", headers={"HX-Request": "true"}
    ).content.decode()
    address = f"/desk/cases/{case.number}/pay/"
    assert address in page
    assert browser.post(address).status_code == 302
    assert CasePayment.objects.filter(case=case).count() == 1
    page = browser.get(
        f"/desk/tickets/{ticket.number}/cases/", headers={"HX-Request": "true"}
    ).content.decode()
    assert address not in page


def test_a_return_says_that_its_money_follows_the_goods(
    open_case: Open, desk: Cast, ticket: Ticket, now: datetime
) -> None:
    case = services.case_approve(case=open_case({0: 2}, kind="return"), actor=desk.agent, now=now)
    page = desk.client(desk.agent).get(f"/desk/tickets/{ticket.number}/cases/").content.decode()
    assert f"/desk/cases/{case.number}/pay/" not in page
    assert "2 件" in page


def test_nothing_is_promised_while_no_article_is_chosen(
    ticket: Ticket, lines: list[OrderLine], desk: Cast
) -> None:
    form = {"kind": "return", "ground": "quality"}
    shown = desk.client("agent").post(url("request_preview", ticket.number), form).content.decode()
    assert "110.00" not in shown
    assert "请至少选择一件商品" in shown


def test_an_assigned_ticket_with_an_open_case_is_not_offered_to_be_resolved(
    ticket: Ticket, open_case: Open, desk: Cast, now: datetime
) -> None:
    assert "resolve" in [act.name for act in acts(ticket, desk.agent, now).allowed]
    case = open_case()
    found = acts(Ticket.objects.get(), desk.agent, now)
    assert "resolve" not in [act.name for act in found.allowed]
    why = next(act.reasons for act in found.refused if act.name == "resolve")
    assert case.number in str(why[0])


def test_what_the_return_rules_say_stands_beside_the_request_and_stays_with_its_case(
    open_case: Open, desk: Cast, ticket: Ticket, lines: list[Any]
) -> None:
    """Issue of the law: yes, no or a person, with every reason, window and clause; kept as it was said."""
    agent = desk.client("agent")
    asked = {"kind": "return", "ground": "quality", f"n{lines[0].pk}": "1"}
    shown = agent.post(url("request_preview", ticket.number), asked).content.decode()
    case = open_case({0: 1}, ground="quality")
    [kept] = case.verdict["lines"].values()
    page = agent.get(url("case", case.number)).content.decode()
    for html in (shown, page):
        assert "杯子" in html
        for reason in kept["reasons"]:
            assert reason["zh"].split("（")[0][:12] in html
    english = desk.client("agent")
    english.post("/language/", {"language": "en"})
    assert "What the return rules said" in english.get(url("case", case.number)).content.decode()


def test_what_the_platform_itself_decides_is_no_merchants_turn(open_case: Open, desk: Cast) -> None:
    asked = open_case({0: 1})
    ours = open_case({}, kind="compensation", ground="service", compensation="goodwill", asked=Decimal(20))
    browser = desk.client("lead")
    merchants = browser.get(url("cases"), {"board": "merchant"}).content.decode()
    platforms = browser.get(url("cases"), {"board": "platform"}).content.decode()
    assert (asked.number in merchants, ours.number in merchants) == (True, False)
    assert (asked.number in platforms, ours.number in platforms) == (False, True)


def test_the_receiver_of_an_ended_case_is_offered_only_to_send_the_goods_back(
    open_case: Open, desk: Cast, now: datetime
) -> None:
    """No money nobody owes, no button that is always refused; and the steps end where the case ended."""
    case = services.case_approve(case=open_case({0: 1}), actor=desk.lead, now=now)
    parcel, receiver = CaseParcel.objects.get(case=case), desk.client("returns_receiver")
    parcel = services.parcel_ship(
        parcel=parcel, carrier="顺丰", tracking_no="SF90011", actor=desk.agent, now=now
    )
    item = ParcelItem.objects.get(parcel=parcel)
    parcel = services.parcel_receive(
        parcel=parcel, arrival=services.Arrival({item.pk: 1}), actor=desk.returns_receiver, now=now
    )
    assert 'value="inspect"' in receiver.get(url("receive", parcel.public_id)).content.decode()
    services.case_withdraw(case=case, actor=desk.agent, now=now, words="不退了")
    page = receiver.get(url("receive", parcel.public_id)).content.decode()
    for gone in ('value="inspect"', 'id="preview"', 'name="keep"'):
        assert gone not in page
    assert f'class="btn pri" href="{url("parcel_act", parcel.public_id, "send_back")}' in page
    steps = desk.client("agent").get(url("case", case.number)).content.decode()
    assert "已撤销" in steps
    assert "退款</b>" not in steps


def test_a_refused_dialog_stands_open_over_its_page_with_what_was_written(
    open_case: Open, ticket: Ticket, lines: list[OrderLine], desk: Cast, now: datetime
) -> None:
    agent = desk.client("agent")
    case = open_case({0: 1})

    def reopened(answer: Any, *typed: str) -> str:
        html: str = answer.content.decode()
        assert answer.status_code == 422
        dialog = html[html.index('id="case-dialog" data-open') :]
        assert 'role="alert"' in dialog
        for word in typed:
            assert word in dialog
        return html

    # Approving too much, from the ticket and from the case
    data = {"amount": "9999.00", "words": "按客户说法", "how": "staff", "goods": "back", "dialog": "1"}
    address = url("case_act", case.number, "approve")
    page = reopened(post(agent, address, back="ticket", **data), "9999.00", "按客户说法")
    assert ticket.subject in page
    page = reopened(post(agent, address, back="case", **data), "9999.00", "按客户说法")
    assert case.number in page
    # Opening more than is free, and sending with a waybill that is none
    opening = {"kind": "refund_only", "ground": "quality", "words": "少发了", "dialog": "1"}
    reopened(post(agent, url("case_open", ticket.number), **opening), "少发了")
    parcel = approve(agent, case)
    sent = {"carrier": "顺丰", "tracking_no": "??", "back": "ticket", "dialog": "1"}
    reopened(post(agent, url("parcel_act", parcel.public_id, "ship"), **sent), "顺丰", "??")
