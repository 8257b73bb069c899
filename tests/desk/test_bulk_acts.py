"""Any act and any macro over chosen tickets: planned, looked at, done once, with a page of results."""

from collections.abc import Callable
from datetime import datetime
from typing import Any

import pytest
from django.http import QueryDict
from django.urls import reverse

from aftersales.core.once import new_key
from aftersales.customers.models import Contact, Customer
from aftersales.desk import queues, saved
from aftersales.desk.services import view_end, view_save
from aftersales.tickets import services
from aftersales.tickets.actions import Step
from aftersales.tickets.models import ActionRun, Macro, Message, Ticket
from aftersales.tickets.services.macros import macro_save
from tests.cast import Cast

Opener = Callable[..., Ticket]
pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("at_now")]


@pytest.fixture
def customer(customer: Customer) -> Customer:
    Contact(customer=customer, kind="email", value="lin@example.com", preferred=True).save()
    return customer


@pytest.fixture
def pair(open_ticket: Opener, desk: Cast, now: datetime) -> tuple[Ticket, Ticket]:
    """One that can be answered, one that is over."""
    fine, ended = open_ticket(), open_ticket()
    services.ticket_cancel(ticket=ended, why="mistake", reason="误登记", actor=desk.agent, now=now)
    return fine, ended


def test_the_plan_says_before_the_click_which_ticket_refuses_and_why(
    pair: tuple[Ticket, Ticket], desk: Cast
) -> None:
    data = {"ids": [one.pk for one in pair], "what": "action:reply", "text": "您好", "check": "1"}
    page = desk.client(desk.agent).post(reverse("desk:bulk_plan"), data).content.decode()
    rows = page.split("<tbody>")[1].split("</tr>")
    assert 'class="bad"' in next(row for row in rows if pair[1].number in row)
    assert 'class="will"' in next(row for row in rows if pair[0].number in row)
    assert not Message.objects.filter(source="action").exists()


def test_the_same_form_twice_has_one_effect_and_one_result_page(
    pair: tuple[Ticket, Ticket], desk: Cast
) -> None:
    browser, key = desk.client(desk.agent), new_key()
    data = {"ids": [one.pk for one in pair], "what": "action:reply", "text": "您好 {number}", "form_key": key}
    answers = [browser.post(reverse("desk:bulk_run"), data) for _n in range(2)]
    run = ActionRun.objects.get()
    assert {one.url for one in answers} == {reverse("desk:bulk_result", args=[run.public_id])}
    assert Message.objects.filter(source="action").count() == 1
    page = browser.get(answers[0].url).content.decode()
    assert pair[0].number in page
    assert run.rows.get(ticket=pair[1]).why in page


def test_a_macro_runs_over_many_and_cites_itself(pair: tuple[Ticket, Ticket], desk: Cast) -> None:
    browser, data = desk.client(desk.agent), looked_at(pair, desk.client(desk.agent))
    browser.post(reverse("desk:bulk_run"), data)
    run = ActionRun.objects.get()
    assert run.cited == "calm_down v1"
    assert sorted(run.rows.values_list("outcome", flat=True)) == ["done", "refused"]


def looked_at(pair: tuple[Ticket, Ticket], browser: Any) -> dict[str, Any]:
    """The form of a macro as the page shows it after a look."""
    data = {"ids": [one.pk for one in pair], "what": "macro:calm_down", "form_key": new_key()}
    page = browser.post(reverse("desk:bulk_plan"), data).content.decode()
    seen = page.partition('name="macro_seen" value="')[2].partition('"')[0]
    assert seen
    return data | {"macro_seen": seen}


def test_a_macro_that_became_another_since_the_look_does_nothing_before_it_is_looked_at_again(
    pair: tuple[Ticket, Ticket], desk: Cast, now: datetime
) -> None:
    browser, before = desk.client(desk.agent), Message.objects.count()
    data, macro = looked_at(pair, browser), Macro.objects.get(code="calm_down")
    macro_save(macro=macro, steps=[Step("note", {"text": "改过的步骤"})], actor=desk.operations, now=now)
    assert browser.post(reverse("desk:bulk_run"), data).status_code == 422
    # Another macro than the one of the page, as by a list that was turned without its script
    assert browser.post(reverse("desk:bulk_run"), data | {"macro_seen": "other v2"}).status_code == 422
    assert not ActionRun.objects.exists()
    assert Message.objects.count() == before
    # The page that came back shows the new steps and carries their version
    again = looked_at(pair, browser)
    assert browser.post(reverse("desk:bulk_run"), again).status_code == 302
    assert Message.objects.filter(text="改过的步骤").exists()


def test_all_tickets_of_the_view_can_be_chosen(pair: tuple[Ticket, Ticket], desk: Cast) -> None:
    data = {"all": "1", "query": "view=mine", "what": "action:note", "text": "统一备注"}
    page = desk.client(desk.agent).post(reverse("desk:bulk_plan"), data).content.decode()
    assert f'name="ids" value="{pair[0].pk}"' in page
    assert f'value="{pair[1].pk}"' not in page  # over: not in the view


def test_all_tickets_of_a_saved_view_are_those_of_the_view(
    pair: tuple[Ticket, Ticket], desk: Cast, now: datetime
) -> None:
    wanted = queues.asked(QueryDict("view=all&q=别的事"))
    view = view_save(actor=desk.agent, now=now, name="一件", what=saved.what(wanted))
    data = {"all": "1", "query": f"view={view.code}", "what": "action:note", "text": "统一备注"}
    page = desk.client(desk.agent).post(reverse("desk:bulk_plan"), data).content.decode()
    assert f'name="ids" value="{pair[0].pk}"' not in page
    view_end(view=view, actor=desk.agent, now=now)
    page = desk.client(desk.agent).post(reverse("desk:bulk_plan"), data).content.decode()
    assert 'name="ids"' not in page


def test_an_act_that_is_not_of_the_persons_rights_is_not_there(
    pair: tuple[Ticket, Ticket], desk: Cast
) -> None:
    browser = desk.client(desk.inspector)
    data = {"ids": [pair[0].pk], "what": "action:reply", "text": "您好", "form_key": new_key()}
    page = browser.post(reverse("desk:bulk_plan"), data).content.decode()
    assert 'value="action:reply"' not in page
    assert 'value="action:note"' in page
    assert browser.post(reverse("desk:bulk_run"), data).status_code == 422
    assert not ActionRun.objects.exists()


def test_the_result_of_another_person_is_not_there(pair: tuple[Ticket, Ticket], desk: Cast) -> None:
    data = {"ids": [pair[0].pk], "what": "action:note", "text": "记", "form_key": new_key()}
    url = desk.client(desk.agent).post(reverse("desk:bulk_run"), data).url
    assert desk.client(desk.lead).get(url).status_code == 404
    assert desk.client(desk.agent).get(url).status_code == 200


@pytest.mark.parametrize("what", ["", "action:", "action:drop", "macro:nothing", "x" * 500])
def test_a_wish_that_makes_no_sense_does_nothing(what: str, pair: tuple[Ticket, Ticket], desk: Cast) -> None:
    data = {"ids": [pair[0].pk, "²", "9" * 50], "what": what, "form_key": new_key()}
    assert desk.client(desk.agent).post(reverse("desk:bulk_run"), data).status_code == 422
    assert not ActionRun.objects.exists()
