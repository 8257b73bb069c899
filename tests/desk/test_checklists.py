"""The pages of checklists: the editor whose buttons work without a script, the card of the workbench."""

from collections.abc import Callable
from datetime import datetime

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from aftersales.customers.models import Customer
from aftersales.tickets.models import ChecklistTemplate, ChecklistTick, Ticket
from tests.cast import Cast
from tests.records import order

Opener = Callable[..., Ticket]
pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("at_now")]
FORM = {
    "name_zh": "退货必做", "name_en": "", "kinds": "returns", "move": "resolve", "position": "10", "is_active": "on",
    "key-0": "", "zh-0": "已核对配件", "en-0": "Parts compared", "req-0": "on",
}  # fmt: skip


@pytest.fixture
def checklist(desk: Cast) -> ChecklistTemplate:
    desk.client(desk.operations).post(reverse("desk:checklist_new"), FORM | {"save": "1"})
    found: ChecklistTemplate = ChecklistTemplate.objects.get(name_zh="退货必做")
    return found


def test_items_are_added_moved_and_removed_by_buttons_and_saved_once(desk: Cast) -> None:
    browser, url = desk.client(desk.operations), reverse("desk:checklist_new")
    before = ChecklistTemplate.objects.count()
    assert 'name="zh-1"' in browser.post(url, FORM | {"add": "1"}).content.decode()
    two = FORM | {"key-1": "", "zh-1": "已登记单号", "en-1": ""}
    page = browser.post(url, two | {"up": "1"}).content.decode()
    assert page.index("已登记单号") < page.index("已核对配件")
    assert 'name="zh-1"' not in browser.post(url, two | {"remove": "0"}).content.decode()
    for nonsense in ("9", "-1", "²", "x"):
        assert browser.post(url, two | {"down": nonsense}).status_code == 200
    assert ChecklistTemplate.objects.count() == before
    answer = browser.post(url, two | {"save": "1"})
    row = ChecklistTemplate.objects.get(name_zh="退货必做")
    assert answer.url == reverse("desk:checklist", args=[row.code])
    assert [(one["zh"], one["en"], one["required"]) for one in row.items] == [
        ("已核对配件", "Parts compared", True), ("已登记单号", "已登记单号", False),
    ]  # fmt: skip
    assert browser.get(answer.url).status_code == browser.get(reverse("desk:checklists")).status_code == 200


def test_a_stale_save_and_one_without_items_keep_what_was_typed(
    desk: Cast, checklist: ChecklistTemplate
) -> None:
    browser, url = desk.client(desk.operations), reverse("desk:checklist", args=[checklist.code])
    key = checklist.items[0]["key"]
    browser.post(url, FORM | {"save": "1", "version": "1", "key-0": key, "position": "20"})
    answer = browser.post(url, FORM | {"save": "1", "version": "1", "key-0": key, "zh-0": "改了的字"})
    assert answer.status_code == 422
    assert "改了的字" in answer.content.decode()
    assert ChecklistTemplate.objects.get(pk=checklist.pk).items[0]["key"] == key
    assert desk.client(desk.agent).post(url, FORM | {"save": "1"}).status_code == 404


def test_an_item_is_ticked_on_the_workbench_and_taken_back(
    open_ticket: Opener, checklist: ChecklistTemplate, desk: Cast
) -> None:
    ticket, key = open_ticket(), checklist.items[0]["key"]
    browser, page = desk.client(desk.agent), reverse("desk:ticket", args=[ticket.number])
    assert (
        'aria-pressed="false"'
        in browser.get(page).content.decode().split('id="checks"')[1].split("</section>")[0]
    )
    url = reverse("desk:check", args=[ticket.number, checklist.code])
    for _twice in range(2):
        assert browser.post(url, {"item": key, "done": "1"}).url == f"{page}#checks"
    card = browser.get(page).content.decode().split('id="checks"')[1].split("</section>")[0]
    assert 'aria-pressed="true"' in card
    assert str(desk.agent) in card
    browser.post(url, {"item": key, "done": "0"})
    assert list(ChecklistTick.objects.values_list("done", flat=True)) == [False]
    assert browser.post(url, {"item": "nonsense", "done": "1"}).status_code == 302
    assert browser.post(reverse("desk:check", args=[ticket.number, "x"]), {}).status_code == 404
    assert ChecklistTick.objects.count() == 1


def test_the_page_keeps_to_eighteen_statements_with_ticked_checklists(
    open_ticket: Opener, checklist: ChecklistTemplate, desk: Cast, customer: Customer, now: datetime
) -> None:
    ticket = open_ticket(order_id=order("SO-1", now, customer=customer).pk)
    browser, page = desk.client(desk.lead), reverse("desk:ticket", args=[ticket.number])
    item = {"item": checklist.items[0]["key"], "done": "1"}
    browser.post(reverse("desk:check", args=[ticket.number, checklist.code]), item)
    browser.get(page)
    with CaptureQueriesContext(connection) as asked:
        assert 'id="checks"' in browser.get(page).content.decode()
    found = [one["sql"] for one in asked.captured_queries]
    found = [sql for sql in found if not sql.startswith(("SAVEPOINT", "RELEASE"))]
    assert len(found) <= 18, "\n".join(found)
