"""Saved views: kept, shared, arranged; open whatever is gone; never show more than the reader may see."""

import csv
import io
import re
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

import pytest
from django.db import connection
from django.http import QueryDict
from django.test.utils import CaptureQueriesContext

from accounts.selectors import taste_of
from accounts.states import Role
from aftersales.core.errors import Conflict, DomainError, NotPermitted
from aftersales.core.models import Event
from aftersales.desk import columns, queues, saved, services
from aftersales.desk.models import SavedView, ViewPin
from aftersales.desk.orders import ORDERS
from aftersales.tickets.models import Ticket
from tests.cast import Cast

Opener = Callable[..., Ticket]
pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("at_now")]
QUEUE = "/desk/tickets/"


@pytest.fixture(autouse=True)
def counted_anew() -> None:
    saved._numbers.clear()


def keep(actor: Any, now: datetime, name: str = "急件", asked: str = "view=all", **more: Any) -> SavedView:
    wanted = queues.asked(QueryDict(asked))
    return services.view_save(actor=actor, now=now, name=name, what=saved.what(wanted), **more)


def page(desk: Cast, person: Any, view: SavedView | str) -> str:
    code = view if isinstance(view, str) else view.code
    return desk.client(person).get(QUEUE, {"view": code}).content.decode()


def test_the_present_list_is_saved_with_filters_words_columns_and_order(
    open_ticket: Opener, desk: Cast, now: datetime
) -> None:
    ticket = open_ticket(subject="扫地机器人不充电", kind="quality")
    open_ticket(subject="别的事", kind="returns")
    browser = desk.client(desk.lead)
    shown = "kind=quality&q=机器&view=all&cols=team,opened&sort=oldest"
    answer = browser.post(f"{QUEUE}views/save/", {"name": "机器人", "list": shown}, follow=True)
    view = SavedView.objects.get()
    assert (view.base, view.query, view.columns, view.sort) == (
        "all", {"kind": "quality", "q": "机器"}, ["team", "opened"], "oldest",
    )  # fmt: skip
    text = answer.content.decode()
    assert f'href="?view={view.code}" class="on"' in text
    assert ticket.number in text
    assert "别的事" not in text
    assert text.count('<th class="c-x"') == 2


@pytest.mark.parametrize("name", ["", "   ", "x" * 41, "\x00"])
def test_a_view_without_a_proper_name_is_not_saved(desk: Cast, now: datetime, name: str) -> None:
    with pytest.raises(DomainError):
        keep(desk.agent, now, name)
    assert not SavedView.objects.exists()


def test_one_person_has_each_name_once_and_another_may_use_it_too(desk: Cast, now: datetime) -> None:
    keep(desk.agent, now)
    with pytest.raises(DomainError) as refused:
        keep(desk.agent, now)
    assert refused.value.code == "name_taken"
    keep(desk.lead, now)


@pytest.mark.parametrize(
    ("role", "ways"),
    [
        (Role.AGENT, ["nobody"]),
        (Role.LEAD, ["nobody", "team", "everybody"]),
        (Role.OPERATIONS, ["nobody", "team", "everybody"]),
        (Role.AUDITOR, ["nobody"]),
        (Role.VENDOR_LEAD, ["nobody", "team"]),
        (Role.VENDOR_AGENT, ["nobody"]),
    ],
)
def test_who_may_share_with_whom(desk: Cast, now: datetime, role: Role, ways: list[str]) -> None:
    person = desk.person(role)
    assert services.may_share(person) == ways
    for way in {"team", "everybody"} - set(ways):
        with pytest.raises(NotPermitted):
            keep(person, now, shared=way, team_id=desk.team.pk)


def test_a_team_view_is_for_the_team_and_a_private_one_for_nobody_else(desk: Cast, now: datetime) -> None:
    team = keep(desk.lead, now, "组内", shared="team", team_id=desk.team.pk)
    own = keep(desk.lead, now, "我的清单")
    everybody = keep(desk.lead, now, "全员", shared="everybody")
    stranger = desk.person(Role.SUPERVISOR)
    assert {view.pk for view in saved.offered(desk.agent)} == {team.pk, everybody.pk}
    assert {view.pk for view in saved.offered(stranger)} == {everybody.pk}
    assert "我的清单" not in page(desk, desk.agent, own)


def test_sharing_with_a_team_one_is_not_in_is_refused(desk: Cast, now: datetime) -> None:
    outsider = desk.person(Role.SUPERVISOR)
    with pytest.raises(DomainError) as refused:
        keep(outsider, now, shared="team", team_id=desk.team.pk)
    assert refused.value.code == "team"


def test_a_shared_view_never_shows_more_than_the_reader_may_see(
    open_ticket: Opener, desk: Cast, now: datetime
) -> None:
    ticket = open_ticket(subject="别组的工单")
    view = keep(desk.lead, now, shared="everybody")
    vendor = desk.person(Role.VENDOR_AGENT)
    assert ticket.number in page(desk, desk.lead, view)
    assert ticket.number not in page(desk, vendor, view)
    counted = saved.numbers(vendor, queues.Asked("all"), now, [view])
    assert counted[view.code] == 0
    assert saved.numbers(desk.lead, queues.Asked("all"), now, [view])[view.code] == 1


def test_mine_in_a_shared_view_means_the_reader(open_ticket: Opener, desk: Cast, now: datetime) -> None:
    ticket = open_ticket()
    assert ticket.assignee == desk.agent
    view = keep(desk.lead, now, asked="view=mine", shared="everybody")
    assert ticket.number in page(desk, desk.agent, view)
    assert ticket.number not in page(desk, desk.lead, view)


def test_a_view_of_what_is_gone_still_opens_and_says_so(
    open_ticket: Opener, desk: Cast, now: datetime
) -> None:
    open_ticket()
    leaver = desk.person(Role.AGENT)
    view = keep(desk.lead, now, asked=f"view=all&assignee={leaver.pk}&team={desk.team.pk}")
    query = {**view.query, "kind": "no_such_kind", "planet": "mars", "merchant": "999999"}
    SavedView.objects.filter(pk=view.pk).update(query=query, columns=["team", "moon"], sort="luck")
    type(leaver).objects.filter(pk=leaver.pk).update(is_active=False)
    type(desk.team).objects.filter(pk=desk.team.pk).update(active_to=now)
    view.refresh_from_db()

    answer = desk.client(desk.lead).get(QUEUE, {"view": view.code})

    assert answer.status_code == 200
    said = " ".join(answer.context["missing"])
    assert str(leaver) in said
    assert len(answer.context["missing"]) == 7, said


def test_a_view_whose_base_the_reader_has_not_opens_his_own_list(desk: Cast, now: datetime) -> None:
    view = keep(desk.lead, now, asked="view=review", shared="everybody")
    answer = desk.client(desk.agent).get(QUEUE, {"view": view.code})
    assert answer.status_code == 200
    assert len(answer.context["missing"]) == 1
    assert answer.context["wanted"].queue == "mine"


def test_a_view_of_someone_who_left_says_so_and_operations_may_end_it(desk: Cast, now: datetime) -> None:
    view = keep(desk.lead, now, shared="everybody")
    type(desk.lead).objects.filter(pk=desk.lead.pk).update(is_active=False)
    answer = desk.client(desk.agent).get(QUEUE, {"view": view.code})
    assert str(desk.lead) in " ".join(answer.context["missing"])
    with pytest.raises(NotPermitted):
        services.view_end(view=view, actor=desk.agent, now=now)
    services.view_end(view=view, actor=desk.person(Role.OPERATIONS), now=now)
    view.refresh_from_db()
    assert view.active_to == now
    assert SavedView.objects.count() == 1  # ended, not deleted


@pytest.mark.parametrize("code", ["s999999", "s0", "s-1", "s²", "s99999999999999999999", "nonsense"])
def test_a_view_that_is_not_there_opens_the_usual_one(desk: Cast, code: str) -> None:
    answer = desk.client(desk.agent).get(QUEUE, {"view": code})
    assert answer.status_code == 200
    assert answer.context["wanted"].queue == "mine"


def test_only_its_owner_changes_a_view_and_a_stale_change_is_refused(desk: Cast, now: datetime) -> None:
    view = keep(desk.lead, now, shared="everybody")
    with pytest.raises(NotPermitted):
        services.view_change(view=view, actor=desk.agent, now=now, version=1, name="劫持")
    services.view_change(view=view, actor=desk.lead, now=now, version=view.version, name="新名字")
    with pytest.raises(Conflict):
        services.view_change(view=view, actor=desk.lead, now=now, version=view.version, name="旧名字")
    view.refresh_from_db()
    assert view.name == "新名字"
    assert [event.kind for event in Event.objects.filter(subject_kind="desk.savedview").order_by("id")] == [
        "view.saved", "view.changed",
    ]  # fmt: skip


def test_what_is_changed_in_an_open_view_can_be_kept_in_it(
    open_ticket: Opener, desk: Cast, now: datetime
) -> None:
    open_ticket()
    view = keep(desk.lead, now)
    browser = desk.client(desk.lead)
    changed = browser.get(QUEUE, {"view": "all", "kind": "quality", "from": view.code})
    assert changed.context["changing"] == view
    browser.post(f"{QUEUE}views/{view.pk}/", {"version": view.version, "list": changed.context["plain_list"]})
    view.refresh_from_db()
    assert view.query == {"kind": "quality"}


def test_tabs_keep_their_order_and_their_owner_only(desk: Cast, now: datetime) -> None:
    first, second = keep(desk.lead, now, "甲", shared="everybody"), keep(desk.lead, now, "乙")
    services.view_move(view=second, actor=desk.lead, now=now, by=-1)
    assert [view.pk for view in saved.tabs(saved.offered(desk.lead))] == [second.pk, first.pk]
    assert saved.tabs(saved.offered(desk.agent)) == []
    services.view_pin(view=first, actor=desk.agent, now=now)
    services.view_pin(view=first, actor=desk.agent, now=now)
    assert ViewPin.objects.filter(person=desk.agent).count() == 1
    services.view_pin(view=first, actor=desk.agent, now=now, on=False)
    assert saved.tabs(saved.offered(desk.agent)) == []


def test_ones_own_default_opens_and_falls_back_when_it_ends(
    open_ticket: Opener, desk: Cast, now: datetime
) -> None:
    view = keep(desk.lead, now, asked="view=all&kind=quality", opens=True)
    assert taste_of(desk.lead).home_view == view.code
    browser = desk.client(desk.lead)
    assert browser.get(QUEUE).context["opened"] == view
    services.view_end(view=view, actor=desk.lead, now=now)
    assert browser.get(QUEUE).context["opened"] is None
    browser.post(f"{QUEUE}views/home/", {"home": "breached"})
    assert browser.get(QUEUE).context["wanted"].queue == "breached"
    assert browser.post(f"{QUEUE}views/home/", {"home": "s99999"}).status_code == 404


def test_all_numbers_of_the_tabs_come_in_one_statement_and_are_kept_for_seconds(
    open_ticket: Opener, desk: Cast, now: datetime
) -> None:
    open_ticket(subject="扫地机器人不充电")
    views = [keep(desk.lead, now, f"第{n}个", asked="view=all&q=机器") for n in range(3)]

    def statements(at: datetime) -> tuple[int, dict[str, int]]:
        with CaptureQueriesContext(connection) as asked:
            found = saved.numbers(desk.lead, queues.Asked("all"), at, views)
        return sum("count(*)" in query["sql"] for query in asked.captured_queries), found

    number, found = statements(now)
    assert number == 1
    assert [found[view.code] for view in views] == [1, 1, 1]
    open_ticket(subject="又一台机器人")
    assert statements(now + timedelta(seconds=5))[1][views[0].code] == 1
    assert statements(now + timedelta(seconds=11))[1][views[0].code] == 2


def test_a_fixed_day_in_a_saved_view_stays_that_day(open_ticket: Opener, desk: Cast, now: datetime) -> None:
    open_ticket()
    day = now.date().isoformat()
    view = keep(desk.lead, now, asked=f"view=all&opened_from={day}&opened_to={day}")
    for later in (now, now + timedelta(hours=30)):
        assert saved.numbers(desk.lead, queues.Asked("all"), later, [view])[view.code] == 1


@pytest.mark.parametrize("sort", list(ORDERS))
def test_every_order_is_paged_by_its_key_without_loss_or_repetition(
    open_ticket: Opener, desk: Cast, now: datetime, monkeypatch: pytest.MonkeyPatch, sort: str
) -> None:
    monkeypatch.setattr(queues, "PAGE", 2)
    for hours in (0, 5, 5, 2, 9):
        open_ticket(at=now - timedelta(hours=hours), severity="major" if hours == 5 else "")
    Ticket.objects.filter(pk=Ticket.objects.earliest("pk").pk).update(last_customer_at=None)
    wanted = queues.asked(QueryDict(f"view=all&sort={sort}"))
    whole = [row.id for row in queues.listed(desk.lead, wanted, now)]
    seen: list[int] = []
    after = ""
    for _n in range(3):
        got = queues.page(desk.lead, wanted, now, after=after)
        seen += [row.id for row in got.rows]
        after = got.after
    assert after == ""
    assert seen == whole
    assert len(set(seen)) == 5


def test_the_severest_stand_first_under_their_own_headings(
    open_ticket: Opener, desk: Cast, now: datetime
) -> None:
    open_ticket(subject="小事", severity="minor")
    open_ticket(subject="大事", severity="critical")
    open_ticket(subject="要紧事", severity="major")
    text = desk.client(desk.lead).get(QUEUE, {"view": "all", "sort": "severity"}).content.decode()
    assert text.index("大事") < text.index("要紧事") < text.index("小事")
    assert text.count('class="grp"') == 3
    flat = desk.client(desk.lead).get(QUEUE, {"view": "all", "sort": "severity", "flat": "1"})
    assert 'class="grp"' not in flat.content.decode()


@pytest.mark.parametrize("code", list(columns.COLUMNS))
def test_every_column_shows_in_both_languages_and_says_nothing_as_a_dash(
    open_ticket: Opener, desk: Cast, code: str
) -> None:
    open_ticket(customer_id=None)
    browser = desk.client(desk.lead)
    for language in ("zh-hans", "en"):
        browser.post("/language/", {"language": language, "next": "/"})
        answer = browser.get(QUEUE, {"view": "all", "cols": code})
        assert answer.status_code == 200
        assert "None" not in answer.content.decode().split("<tbody>")[1].split("</tbody>")[0]


def test_the_export_has_the_columns_of_the_view_in_its_order(
    open_ticket: Opener, desk: Cast, now: datetime
) -> None:
    ticket = open_ticket()
    view = keep(desk.lead, now, asked="view=all&cols=owner,team,customer")
    answer = desk.client(desk.lead).get(f"{QUEUE}export.csv", {"view": view.code})
    text = b"".join(answer.streaming_content).decode("utf-8-sig")
    head, line = csv.reader(io.StringIO(text))
    assert len(head) == 7
    assert line[:5] == [ticket.number, ticket.subject, str(ticket.owner), str(ticket.team), "林*"]


def test_more_columns_do_not_add_a_statement(open_ticket: Opener, desk: Cast, now: datetime) -> None:
    open_ticket()
    every = queues.asked(QueryDict(f"view=all&cols={','.join(list(columns.COLUMNS)[4:16])}"))
    with CaptureQueriesContext(connection) as asked:
        found = queues.page(desk.lead, every, now)
    assert len(asked.captured_queries) == 1
    assert len(found.more) == len(found.rows) == 1


def test_the_names_of_views_never_become_markup(open_ticket: Opener, desk: Cast, now: datetime) -> None:
    evil = "<img src=x onerror=alert(1)>"
    view = keep(desk.lead, now, evil, shared="everybody")
    for text in (page(desk, desk.lead, view), page(desk, desk.agent, "all"),
                 desk.client(desk.lead).get(f"{QUEUE}views/").content.decode()):  # fmt: skip
        assert evil not in text


def test_the_choice_of_columns_comes_when_it_is_opened_and_keeps_the_list(desk: Cast, now: datetime) -> None:
    browser, asked = (
        desk.client(desk.lead),
        {"view": "all", "kind": "quality", "cols": "team,opened", "sort": "oldest"},
    )

    page = browser.get(QUEUE, asked).content.decode()
    form = browser.get(f"{QUEUE}panel/", {**asked, "panel": "columns"}).content.decode()
    plain = browser.get(QUEUE, {**asked, "panel": "columns"}).content.decode()

    assert '<ul class="cols"' not in page
    assert re.findall(r'name="cols" value="(\w+)" checked', form) == ["team", "opened"]
    assert '<option value="oldest" selected>' in form
    assert '<input type="hidden" name="kind" value="quality">' in form
    assert re.findall(r'name="cols" value="(\w+)" checked', plain) == ["team", "opened"]


def test_many_views_cost_no_more_statements_than_one(desk: Cast, now: datetime) -> None:
    browser = desk.client(desk.lead)

    def statements() -> int:
        with CaptureQueriesContext(
            connection,
        ) as caught:
            assert browser.get(f"{QUEUE}views/").status_code == 200
        return len(caught)

    asked = f"view=all&team={desk.team.pk}&assignee={desk.agent.pk}"
    keep(desk.lead, now, "第一个", asked)
    statements()
    one = statements()
    for number in range(12):
        keep(desk.lead, now, f"视图 {number}", asked)
    assert statements() == one
