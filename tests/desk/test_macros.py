"""The pages of macros: the list, the editor whose buttons work without a script, the dialog of the workbench."""

from collections.abc import Callable
from datetime import datetime
from typing import Any

import pytest
from django.contrib.messages import get_messages
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from aftersales.core.once import new_key
from aftersales.customers.models import Contact, Customer
from aftersales.tickets import services
from aftersales.tickets.actions import Step
from aftersales.tickets.models import Macro, Message, Ticket
from aftersales.tickets.services.macros import macro_save
from tests.cast import Cast

Opener = Callable[..., Ticket]
pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("at_now")]
ABOUT = {"name_zh": "先记后等", "name_en": "", "scope": "own", "position": "10", "is_active": "on"}


@pytest.fixture
def customer(customer: Customer) -> Customer:
    Contact(customer=customer, kind="email", value="lin@example.com", preferred=True).save()
    return customer


def said(answer: Any) -> str:
    return "\n".join(str(message) for message in get_messages(answer.wsgi_request))


def test_steps_are_added_moved_and_removed_by_buttons_and_saved_once(desk: Cast) -> None:
    browser, url = desk.client(desk.agent), reverse("desk:macro_new")
    page = browser.post(url, {**ABOUT, "add": "1", "new": "start"}).content.decode()
    assert 'name="do-0" value="start"' in page
    page = browser.post(url, {**ABOUT, "do-0": "start", "add": "1", "new": "note"}).content.decode()
    assert 'name="do-1" value="note"' in page
    form = {**ABOUT, "do-0": "start", "do-1": "note", "1-text": "看过 {number}"}
    page = browser.post(url, {**form, "up": "1"}).content.decode()
    assert page.index('value="note"') < page.index('value="start"')
    assert "看过 {number}" in page
    assert 'name="do-1"' not in browser.post(url, {**form, "remove": "0"}).content.decode()
    assert Macro.objects.filter(scope="own").count() == 0
    answer = browser.post(url, {**form, "save": "1"})
    macro = Macro.objects.get(scope="own")
    assert answer.url == reverse("desk:macro", args=[macro.code])
    assert macro.owner == desk.agent
    assert [one["do"] for one in macro.steps] == ["start", "note"]


def test_a_text_that_buys_a_review_is_refused_with_its_step(desk: Cast) -> None:
    form = {**ABOUT, "do-0": "reply", "0-text": "送优惠券，请改成好评", "save": "1"}
    answer = desk.client(desk.agent).post(reverse("desk:macro_new"), form)
    assert answer.status_code == 422
    assert "评价" in said(answer)
    assert not Macro.objects.filter(scope="own").exists()


def test_who_does_not_keep_a_macro_reads_it_but_does_not_write_it(desk: Cast) -> None:
    url = reverse("desk:macro", args=["ask_photos"])
    browser = desk.client(desk.agent)
    page = browser.get(url).content.decode()
    assert 'name="save"' not in page
    assert browser.post(url, {**ABOUT, "do-0": "start", "save": "1"}).status_code == 404


def test_the_dialog_lists_what_fits_previews_and_applies(
    open_ticket: Opener, desk: Cast, now: datetime
) -> None:
    ticket, browser = open_ticket(), desk.client(desk.agent)
    listed = browser.get(reverse("desk:macros_for", args=[ticket.number])).content.decode()
    assert "ask_photos" in listed
    assert "invoice_sent" not in listed  # another kind of ticket
    args = [ticket.number, "ask_photos"]
    shown = browser.get(
        reverse("desk:macro_preview", args=args), headers={"HX-Request": "true"}
    ).content.decode()
    assert ticket.number in shown
    assert "→" in shown
    form = {"version": ticket.version, "macro_version": 1, "form_key": new_key()}
    for _n in range(2):
        browser.post(reverse("desk:macro_do", args=args), form)
    ticket.refresh_from_db()
    assert (ticket.state, ticket.wait_for) == ("waiting", "customer")
    assert Message.objects.filter(ticket=ticket, source="action").count() == 1


def test_the_list_asks_no_more_for_many_macros_than_for_few(
    open_ticket: Opener, desk: Cast, now: datetime
) -> None:
    ticket, browser = open_ticket(), desk.client(desk.agent)
    url = reverse("desk:macros_for", args=[ticket.number])

    def more(count: int) -> None:
        texts = ("note", {"text": "看过 {order}"}), ("reply", {"text": "您好 {phone}"}), ("start", {})
        for place in range(count):
            do, values = texts[place % 3]
            macro_save(
                macro=None, steps=[Step(do, values), Step("note", {"text": f"{place}"})], actor=desk.agent, now=now,
                name_zh=f"宏{place}", name_en="", scope="own", team=None, position=5, kinds=[], roles=[],
                is_active=True,
            )  # fmt: skip

    def statements() -> int:
        with CaptureQueriesContext(connection) as asked:
            assert browser.get(url).status_code == 200
        return len(asked.captured_queries)

    more(3)
    statements()
    few = statements()
    more(24)
    assert statements() == few <= 45


def test_the_list_says_which_macros_cannot_begin_and_shows_them_last(
    open_ticket: Opener, desk: Cast, now: datetime
) -> None:
    ticket = services.ticket_start(ticket=open_ticket(), actor=desk.agent, now=now)
    for place, step in enumerate([Step("start"), Step("note", {"text": "看过"})]):
        macro_save(
            macro=None, steps=[step], actor=desk.agent, now=now, name_zh=f"宏{place}", name_en="", scope="own",
            team=None, position=place + 1, kinds=[], roles=[], is_active=True,
        )  # fmt: skip
    page = desk.client(desk.agent).get(reverse("desk:macros_for", args=[ticket.number])).content.decode()
    assert page.index("宏1") < page.index("宏0")
    assert 'class="no"' in page.split("宏1")[1]
    assert 'class="no"' in page.split("宏0")[0].rpartition("<button")[2]


def test_a_preview_names_the_step_that_is_not_possible(
    open_ticket: Opener, desk: Cast, now: datetime
) -> None:
    ticket = services.ticket_cancel(
        ticket=open_ticket(), why="mistake", reason="误登记", actor=desk.agent, now=now
    )
    url = reverse("desk:macro_preview", args=[ticket.number, "ask_photos"])
    page = desk.client(desk.agent).get(url).content.decode()
    assert 'class="no"' in page
    assert "disabled" in page.split('class="no"')[1].split("<footer>")[1]


def test_the_workbench_asks_for_macros_only_when_the_dialog_opens(
    open_ticket: Opener, desk: Cast, django_assert_max_num_queries: Any
) -> None:
    ticket, browser = open_ticket(), desk.client(desk.agent)
    url = reverse("desk:ticket", args=[ticket.number])
    page = browser.get(url).content.decode()
    assert 'data-key="m"' in page
    assert "ask_photos" not in page
