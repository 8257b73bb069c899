"""Register lists: the part behind the last counted page, headings, and the audit trail by what rows are called."""

import re

import pytest
from django.urls import reverse

from accounts.models import User
from aftersales.core import changelists, events, subjects
from aftersales.core.models import Event
from aftersales.core.templatetags.register_pages import undoubled

pytestmark = pytest.mark.django_db
TRAIL = "/admin/core/event/"


def keys(page):
    return [int(key) for key in re.findall(r"/admin/accounts/user/(\d+)/change/", page)]


@pytest.mark.parametrize("order", ["", "?o=2", "?o=-2", "?o=3.-2"])
def test_a_list_goes_on_behind_its_last_counted_page(cast, monkeypatch, order):
    monkeypatch.setattr(changelists, "COUNT_CAP", 4)
    monkeypatch.setattr("accounts.admin.UserAdmin.list_per_page", 2)
    assert all((cast.agent, cast.lead, cast.supervisor, cast.auditor, cast.operations))
    client, address, seen = cast.client("administrator"), f"/admin/accounts/user/{order}", []
    whole = User.objects.visible_to(cast.administrator).count()
    for _part in range(whole):
        for page in (1, 2):
            sign = "&" if "?" in address else "?"
            text = client.get(f"{address}{sign}p={page}").content.decode()
            seen += [key for key in dict.fromkeys(keys(text)) if key not in seen]
        following = re.search(r'href="(\?[^"]*after=\d+[^"]*)"', text)
        if not following:
            break
        address = "/admin/accounts/user/" + following[1].replace("&amp;", "&")
    assert len(seen) == whole > 4


def test_a_heading_says_no_word_twice():
    parts = [{"title": "people"}, {"title": "People"}, {"title": "agent"}]
    assert [part["title"] for part in undoubled(parts)] == ["People", "agent"]
    assert undoubled([]) == []


def test_show_all_stands_only_where_something_is_left_out(cast):
    client = cast.client("administrator")
    words = re.compile(r"\(<a href=\"\?\"")
    assert not words.search(client.get("/admin/accounts/user/").content.decode())
    assert words.search(client.get("/admin/accounts/user/?q=agent").content.decode())


def test_the_trail_names_its_subjects_and_finds_events_by_number_person_and_kind(cast, now):
    events.record("user.activated", subject=cast.agent, actor=cast.administrator, now=now)
    client = cast.client("administrator")

    page = client.get(TRAIL).content.decode()
    assert cast.agent.username in page
    assert reverse("admin:accounts_user_change", args=[cast.agent.pk]) in page
    about_agent = Event.objects.filter(subject_kind="accounts.user", subject_id=cast.agent.pk).count()
    assert _found(client, cast.agent.username) >= about_agent > 0
    by_actor = Event.objects.filter(actor_id=cast.administrator.pk).count()
    assert _found(client, cast.administrator.username) >= by_actor > 0
    assert _found(client, "user.activated") == Event.objects.filter(kind="user.activated").count()
    assert _found(client, "no such thing") == 0


def test_a_row_outside_ones_scope_is_called_by_its_name_and_opens_nothing(cast):
    agent = cast.agent
    key = ("accounts.user", agent.pk)
    outside = subjects.named([key], cast.merchant_owner)[key]
    assert (agent.username in outside.words, outside.url) == (True, "")
    assert subjects.named([("no.model", 1)], cast.administrator) == {}
    assert subjects.called(agent.username) == [("accounts.user", [agent.pk])]


def _found(client, words):
    return client.get(TRAIL, {"q": words}).context["cl"].result_count
