"""Help in place: one line a page that can be put away; five steps for each kind of work."""

from typing import Any

import pytest
from django.urls import reverse

from accounts.models import Taste
from accounts.states import STAFF_ROLES, Role
from aftersales.desk import tour
from tests.cast import Cast

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("at_now")]
QUEUE = "/desk/tickets/"


def test_a_line_of_help_is_put_away_for_one_person_and_one_page(desk: Cast) -> None:
    browser = desk.client(desk.agent)
    line = str(tour.LINES["desk:queue"])
    assert browser.get(QUEUE).context["line"] == line
    browser.post(reverse("accounts:taste"), {"help": "desk:queue", "next": QUEUE})
    assert browser.get(QUEUE).context["line"] == ""
    assert browser.get("/desk/archive/").context["line"]
    assert desk.client(desk.lead).get(QUEUE).context["line"] == line


@pytest.mark.parametrize("page", list(tour.LINES))
def test_every_line_belongs_to_a_page_that_exists(page: str) -> None:
    sample: dict[str, Any] = {"number": "TK1"} if page == "desk:ticket" else {}
    assert reverse(page, kwargs=sample)


@pytest.mark.parametrize("role", sorted(STAFF_ROLES))
def test_every_role_has_steps_whose_pages_it_may_open(desk: Cast, role: Role) -> None:
    person = desk.person(role)
    steps = tour.steps_of(person)
    assert len(steps) == 5 or not person.has_perm("desk.view")
    browser = desk.client(person)
    for step in steps:
        if step.url:
            assert browser.get(step.url).status_code == 200, (role, step.url)


def test_the_tour_is_offered_once_and_can_be_read_again(desk: Cast, now: Any) -> None:
    browser = desk.client(desk.agent)
    assert "data-tour-offer" in browser.get(reverse("desk:day")).content.decode()
    browser.post(reverse("accounts:taste"), {"tour": "seen", "next": reverse("desk:day")})
    assert Taste.objects.get(person=desk.agent).toured_at == now
    page = browser.get(reverse("desk:day")).content.decode()
    assert "data-tour-offer" not in page
    assert reverse("desk:tour") in page
    assert browser.get(reverse("desk:tour")).content.decode().count("tourp") == 5
