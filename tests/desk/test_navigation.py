"""The side bar shows what exists and what the person may open, without asking the database."""

from typing import Any

import pytest
from django.test import Client
from django.urls import reverse

from aftersales.desk import navigation
from tests.cast import Cast

pytestmark = pytest.mark.django_db


def test_an_item_without_a_page_is_left_out(monkeypatch: pytest.MonkeyPatch, cast: Cast) -> None:
    ghost = navigation.Group("x", (navigation.Item("Ghost", "ghost:page", "box"),))
    monkeypatch.setattr(navigation, "GROUPS", (ghost,))
    assert navigation.menu(cast.administrator, "/") == []


def test_no_page_stands_twice_and_no_two_items_are_called_the_same() -> None:
    items = [item for group in navigation.GROUPS for item in group.items]
    assert len({item.page for item in items}) == len(items)
    assert len({str(item.label) for item in items}) == len(items)
    starts = [start for item in items for start in {navigation.address(item.page), *item.more} if start]
    assert len(set(starts)) == len(starts), "an address leads to one item"


def test_whose_day_has_tickets_and_shops_goes_from_one_to_the_other(
    client: Client, cast: Cast, settings: Any
) -> None:
    settings.REQUIRE_SECOND_FACTOR = False
    client.force_login(cast.operations, backend=settings.AUTHENTICATION_BACKENDS[-1])
    day = client.get(reverse("desk:day")).content.decode()
    assert f'class="btn" href="{reverse("desk:shops")}"' in day


def test_an_item_needs_its_capability(cast: Cast) -> None:
    page = reverse("desk:styleguide")

    def urls(user: Any) -> list[str]:
        return [link.url for _label, links in navigation.menu(user, "/") for link in links]

    assert page in urls(cast.operations)
    assert page not in urls(cast.agent)


def test_the_present_page_is_marked_and_the_index_marks_only_itself(cast: Cast) -> None:
    page = reverse("desk:styleguide")
    active = [
        link.url for _label, links in navigation.menu(cast.operations, page) for link in links if link.active
    ]
    assert active == [page]


def test_reading_the_side_bar_asks_the_database_nothing(cast: Cast, django_assert_num_queries: Any) -> None:
    user = cast.operations
    with django_assert_num_queries(0):
        navigation.menu(user, "/")


def test_every_icon_of_the_side_bar_is_drawn(settings: Any) -> None:
    sprite = (settings.BASE_DIR / "aftersales" / "static" / "icons.svg").read_text()
    named = {item.icon for group in navigation.GROUPS for item in group.items}
    assert [name for name in named if f'id="{name}"' not in sprite] == []


def test_the_style_guide_is_for_those_who_keep_the_looks(client: Client, cast: Cast, settings: Any) -> None:
    settings.REQUIRE_SECOND_FACTOR = False
    page = reverse("desk:styleguide")
    assert client.get(page).status_code == 302
    client.force_login(cast.agent, backend=settings.AUTHENTICATION_BACKENDS[-1])
    assert client.get(page).status_code == 404
    client.force_login(cast.operations, backend=settings.AUTHENTICATION_BACKENDS[-1])
    answer = client.get(page)
    assert answer.status_code == 200
    assert " style=" not in answer.content.decode()
    assert "<script>" not in answer.content.decode()


def test_of_nested_pages_the_inner_one_is_marked(cast: Cast) -> None:
    numbers = reverse("standards:numbers")
    marked = [
        link.url
        for _label, links in navigation.menu(cast.operations, numbers)
        for link in links
        if link.active
    ]
    assert numbers.startswith(reverse("standards:rules"))
    assert marked == [numbers]


def test_the_numbers_of_the_side_bar_come_after_the_page(cast: Cast, client: Client, settings: Any) -> None:
    settings.REQUIRE_SECOND_FACTOR = False
    client.force_login(cast.agent, backend=settings.AUTHENTICATION_BACKENDS[-1])
    assert client.get(reverse("desk:numbers")).json() == {"in_hand": "", "unread": "", "letters": ""}
