"""Small requests on the desk: taken down, done and refused by forms; the board; what the rule and signals show."""

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse

from aftersales.cases.models import Case, CaseFlag, CaseJudgment, ServiceRequest
from aftersales.cases.services.automatic import approve_due
from aftersales.cases.services.request_effects import price_until
from aftersales.core.once import FIELD, new_key
from aftersales.core.wording import minute
from aftersales.orders.models import Order, OrderLine
from aftersales.tickets.models import Ticket
from tests.cases.conftest import lines, open_case, order, ticket
from tests.cases.test_automatic import delivered, regular
from tests.cases.test_requests import INVOICE, ask, finish, two_sellers, unsent
from tests.cast import Cast

__all__ = ["ask", "delivered", "lines", "open_case", "order", "regular", "ticket", "two_sellers", "unsent"]
pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("at_now")]
DAY = timedelta(days=1)
HTMX = {"HX-Request": "true"}


def url(name: str, *args: Any) -> str:
    return reverse(f"desk:{name}", args=args)


def post(browser: Client, page: str, /, **data: Any) -> Any:
    return browser.post(page, {FIELD: new_key(), **data})


def text(answer: Any) -> str:
    return str(answer.content.decode())


def test_an_invoice_from_the_dialog_to_its_number(unsent: Order, ticket: Ticket, desk: Cast) -> None:
    agent = desk.client("agent")
    kinds = text(agent.get(url("request_take", ticket.number), headers=HTMX))
    assert all(f"kind={code}" in kinds for code in ("cancel", "invoice", "price", "warranty"))
    assert "kind=red_letter" not in kinds
    # A wrong tax number is refused with its reason, and nothing is taken down
    wrong = INVOICE | {"tax_no": "91350100M000100Y44", "words": ""}
    answer = post(agent, url("request_take", ticket.number), kind="invoice", **wrong)
    assert answer.status_code == 422
    assert not ServiceRequest.objects.exists()
    # The right one is, once for two clicks
    sent = {FIELD: new_key(), "kind": "invoice", "words": "报销用", **INVOICE}
    for _click in range(2):
        assert agent.post(url("request_take", ticket.number), sent).url == url("ticket", ticket.number)
    row = ServiceRequest.objects.get()
    assert row.state == "with_party"
    # It stands beside the conversation, with what may be done
    panel = text(agent.get(url("ticket_cases", ticket.number)))
    assert row.number in panel
    assert url("request_act", row.number, "finish") in panel
    # And is done from there
    dialog = text(agent.get(url("request_act", row.number, "finish") + "?back=ticket", headers=HTMX))
    assert "声悦科技有限公司" in dialog
    data = {
        "number": "25260001",
        "red_number": "",
        "words": "已发邮箱",
        "version": row.version,
        "back": "ticket",
    }
    assert post(agent, url("request_act", row.number, "finish"), **data).url == url("ticket", ticket.number)
    row.refresh_from_db()
    assert (row.state, row.invoice.amount) == ("done", 110)
    page = text(agent.get(url("request", row.number)))
    assert "25260001" in page
    assert "报销用" in page


def test_details_that_are_missing_are_filled_in_later(unsent: Order, ticket: Ticket, desk: Cast) -> None:
    agent = desk.client("agent")
    post(agent, url("request_take", ticket.number), kind="address", words="晚点给")
    row = ServiceRequest.objects.get()
    assert row.state == "asked"
    again = post(agent, url("request_act", row.number, "pass_on"), address="", version=row.version)
    assert again.status_code == 422
    post(agent, url("request_act", row.number, "pass_on"), address="<b>某路</b> 2 号", version=row.version)
    row.refresh_from_db()
    assert row.state == "with_party"
    assert "<b>某路</b>" not in text(agent.get(url("request", row.number)))


def test_the_card_names_every_case_that_came_of_it(
    two_sellers: Order, ask: Any, desk: Cast, now: datetime
) -> None:
    """An order of two sellers is cancelled by two cases; both stand beside the conversation and on the page."""
    done = finish(ask("cancel"), desk, now)
    numbers = list(Case.objects.order_by("pk").values_list("number", flat=True))
    agent = desk.client("agent")
    panel = text(agent.get(url("ticket_cases", done.ticket.number)))
    beside = panel[panel.index('id="h-requests"') :]
    page = text(agent.get(url("request", done.number)))
    assert len(numbers) == 2
    assert all(url("case", number) in page for number in numbers)
    assert done.number in beside


def test_price_protection_says_what_was_paid_and_until_when(
    unsent: Order, open_case: Any, lines: list[OrderLine], ticket: Ticket, desk: Cast, now: datetime
) -> None:
    agent = desk.client("agent")
    take = url("request_take", ticket.number)
    form = text(agent.get(take + "?kind=price", headers=HTMX))
    assert "¥23.33" in form
    assert "¥29.99" in form
    assert minute(price_until(unsent, now), now) in form
    # An open exchange has the lamp: no word of a price that is not lower
    case = open_case({1: 1}, kind="exchange", ground="quality")
    sent = {"kind": "price", "line": lines[1].pk, "price_now": "9.99", "words": ""}
    refused = text(post(agent, take, **sent))
    assert case.number in refused
    assert not ServiceRequest.objects.exists()
    # Of the cups it is taken down, and its card shows both
    assert post(agent, take, **(sent | {"line": lines[0].pk})).status_code == 302
    card = text(agent.get(url("ticket_cases", ticket.number)))
    assert "¥23.33" in card


def test_a_refused_request_becomes_a_case_from_its_page(
    unsent: Order, ask: Any, desk: Cast, now: datetime
) -> None:
    agent, row = desk.client("agent"), ask("cancel")
    empty = post(agent, url("request_act", row.number, "refuse"), words=" ", version=row.version)
    assert empty.status_code == 422
    post(agent, url("request_act", row.number, "refuse"), words="已出库", version=row.version)
    row.refresh_from_db()
    assert url("request_act", row.number, "to_case") in text(agent.get(url("request", row.number)))
    sent = {"kind": "return", "ground": "no_reason", "words": "", "version": row.version}
    post(agent, url("request_act", row.number, "to_case"), **sent)
    row.refresh_from_db()
    assert Case.objects.get().pk == row.case_id
    assert url("request_act", row.number, "ask_again") not in text(agent.get(url("request", row.number)))


def test_a_stale_dialog_changes_nothing(unsent: Order, ask: Any, desk: Cast) -> None:
    agent, row = desk.client("agent"), ask("hurry", what="dispatch")
    answer = post(agent, url("request_act", row.number, "refuse"), words="晚", version=row.version - 1)
    assert answer.status_code in (302, 409, 422)
    row.refresh_from_db()
    assert row.state == "with_party"


@pytest.mark.parametrize("name", ["finish", "refuse", "nothing", "lapse"])
def test_a_request_nobody_may_see_is_none(unsent: Order, ask: Any, desk: Cast, name: str) -> None:
    row, stranger = ask("cancel"), desk.client("vendor_agent")
    assert stranger.get(url("request", row.number)).status_code == 404
    assert post(stranger, url("request_act", row.number, name), words="x").status_code == 404
    row.refresh_from_db()
    assert row.state == "with_party"


def test_an_auditor_reads_and_changes_nothing(unsent: Order, ask: Any, desk: Cast) -> None:
    row, auditor = ask("cancel"), desk.client("auditor")
    page = text(auditor.get(url("request", row.number)))
    assert row.number in page
    assert url("request_act", row.number, "finish") not in page
    post(auditor, url("request_act", row.number, "finish"), version=row.version)
    row.refresh_from_db()
    assert row.state == "with_party"


def test_the_board_shows_whose_turn_it_is(
    unsent: Order, ask: Any, desk: Cast, lines: list[OrderLine], now: datetime
) -> None:
    merchant, carrier, missing = ask("cancel"), ask("hurry", what="delivery"), ask("address")
    agent = desk.client("agent")

    def shown(**query: str) -> set[str]:
        page = text(agent.get(url("requests"), query))
        return {one.number for one in (merchant, carrier, missing) if one.number in page}

    assert shown() == {merchant.number}
    assert shown(board="carrier") == {carrier.number}
    assert shown(board="missing") == {missing.number}
    assert shown(board="all") == {merchant.number, carrier.number, missing.number}
    assert shown(board="all", kind="hurry") == {carrier.number}
    assert shown(board="late") == set()
    assert shown(board="nonsense", kind="<x>", after="x") == {merchant.number}
    assert shown(board="all", after=str(missing.pk)) == {merchant.number, carrier.number}


def test_the_case_shows_what_the_rule_checked(
    regular: Any, open_case: Callable[..., Case], desk: Cast, now: datetime
) -> None:
    case = open_case({0: 1})
    approve_due(now=now)
    page = text(desk.client("agent").get(url("case", case.number)))
    assert "极速退款所需完成订单数 v1" in page
    assert "instant_completed_orders" not in page
    assert CaseJudgment.objects.get().instant


def test_the_customer_asks_for_a_person_from_the_page(
    delivered: Order, open_case: Callable[..., Case], desk: Cast, now: datetime
) -> None:
    case, agent = open_case({0: 1}), desk.client("agent")
    assert url("case_person", case.number) in text(agent.get(url("case", case.number)))
    assert post(agent, url("case_person", case.number)).status_code == 302
    assert url("case_person", case.number) not in text(agent.get(url("case", case.number)))
    assert approve_due(now=now).approved == []
    assert case.number in text(agent.get(url("cases"), {"board": "review"}))


def test_a_lead_settles_a_signal_and_an_agent_only_reads_it(
    open_case: Callable[..., Case], desk: Cast, now: datetime
) -> None:
    case = open_case({0: 1})
    told = {"returned": 9, "orders": 10, "share": 90, "days": 90}
    flag = CaseFlag(case=case, signal="serial", reasons=told, raised_at=now)
    flag.save()
    agent, lead = desk.client("agent"), desk.client("lead")
    address = url("flag_act", flag.public_id, "dismiss")
    page = text(agent.get(url("case", case.number)))
    assert "90%" in page
    assert address not in page
    assert post(agent, address, words="x", version=flag.version).status_code in (403, 404)
    assert address in text(lead.get(url("case", case.number)))
    assert case.number in text(lead.get(url("cases"), {"board": "review"}))
    post(lead, address, words=" ", version=flag.version)
    flag.refresh_from_db()
    assert flag.state == "open"
    post(lead, address, words="尺码问题，都有照片", version=flag.version)
    flag.refresh_from_db()
    assert (flag.state, flag.words) == ("unfounded", "尺码问题，都有照片")
    assert post(lead, url("flag_act", flag.public_id, "delete"), words="x").status_code == 404
    assert case.number not in text(lead.get(url("cases"), {"board": "review"}))


def test_the_first_page_of_the_board_asks_a_fixed_number_of_questions(
    unsent: Order, ask: Any, desk: Cast, django_assert_max_num_queries: Any
) -> None:
    agent = desk.client("agent")
    agent.get(url("requests"))
    for what in ("dispatch", "delivery", "refund", "repair"):
        ask("hurry", what=what)
    ask("cancel")
    ask("invoice", buyer="person", title="林芳", type="electronic")
    with django_assert_max_num_queries(30):
        agent.get(url("requests"))
