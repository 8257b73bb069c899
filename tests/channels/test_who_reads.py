"""Who reads a letter: whoever may see its ticket; without one, whoever decides about letters."""

from datetime import datetime
from typing import Any

import pytest
from django.urls import reverse

from accounts.models import User
from accounts.states import Role
from aftersales.channels import selectors, services
from aftersales.channels.models import Letter
from aftersales.core.models import Event
from aftersales.tickets.models import Ticket
from tests.cast import Cast
from tests.channels.conftest import letter, sent

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("at_now")]


@pytest.fixture
def joined(answered: Ticket, post: Any, desk: Cast) -> Letter:
    """The letter of a ticket that only its own team may see."""
    found: Letter = post(letter("只给本组看", to=sent(answered)["Reply-To"]))
    assert found.ticket == answered
    Ticket.objects.filter(pk=answered.pk).update(team=desk.team, assignee=desk.agent, owner=desk.agent)
    return found


@pytest.fixture
def stranger(desk: Cast) -> User:
    """An agent of our own, of another team."""
    found = desk.person(Role.AGENT)
    desk.make_team("elsewhere", members=[found])
    return found


def statuses(desk: Cast, person: User, row: Letter) -> list[int]:
    browser = desk.client(person)
    pages = [
        browser.get(reverse(f"desk:{name}", args=[row.public_id])) for name in ("letter", "letter_quoted")
    ]
    return [page.status_code for page in pages]


def test_agents_of_another_team_do_not_read_the_letter_of_a_ticket_they_may_not_see(
    joined: Letter, stranger: User, desk: Cast
) -> None:
    assert not Ticket.objects.visible_to(stranger).filter(pk=joined.ticket_id).exists()
    assert statuses(desk, stranger, joined) == [404, 404]
    assert statuses(desk, desk.agent, joined) == [200, 200]
    for view in ("taken", "all"):
        listed = desk.client(stranger).get(reverse("desk:letters"), {"view": view}).content.decode()
        assert joined.public_id not in listed
        assert selectors.letters(desk.agent, view)[0] == [joined]


def test_as_it_came_a_letter_is_taken_by_the_lead_and_by_no_stranger(
    joined: Letter, stranger: User, desk: Cast
) -> None:
    url, why = reverse("desk:letter_raw", args=[joined.public_id]), {"reason": "客诉核实"}
    assert desk.client(stranger).post(url, why).status_code in (403, 404)
    assert desk.client(desk.lead).post(url, why).status_code == 200
    assert Event.objects.filter(kind="letter.viewed").count() == 1


@pytest.mark.parametrize("role", ["auditor", "privacy_officer", "operations"])
def test_who_looks_after_all_tickets_reads_all_letters(joined: Letter, desk: Cast, role: str) -> None:
    person = getattr(desk, role)
    may = Ticket.objects.visible_to(person).filter(pk=joined.ticket_id).exists()
    assert Letter.objects.visible_to(person).filter(pk=joined.pk).exists() is may is True


def test_what_waits_or_was_put_aside_is_seen_by_all_who_decide(
    joined: Letter, stranger: User, desk: Cast, post: Any, now: datetime
) -> None:
    held = post(letter("请问", sender="new@example.org"))
    vendor = desk.person(Role.VENDOR_AGENT)
    assert selectors.waiting_count(stranger) == 1
    assert selectors.letters(stranger, "decide")[0] == [held]
    assert selectors.waiting_count(vendor) == 0
    assert statuses(desk, vendor, held) == [404, 404]
    services.letter_drop(letter=held, reason="广告邮件", actor=stranger, now=now)
    assert selectors.letters(stranger, "dropped")[0] == [held]
    assert statuses(desk, stranger, held) == [200, 200]


def test_a_waiting_letter_does_not_tell_of_a_ticket_that_its_reader_may_not_see(
    joined: Letter, stranger: User, desk: Cast, post: Any
) -> None:
    number = joined.ticket.number
    held = post(letter("补充说明", subject=f"关于 {number}"))
    assert held.hint == joined.ticket
    page = reverse("desk:letter", args=[held.public_id])
    hint = reverse("desk:ticket", args=[number])
    assert hint in desk.client(desk.agent).get(page).content.decode()
    assert hint not in desk.client(stranger).get(page).content.decode()
    assert hint not in desk.client(stranger).get(reverse("desk:letters")).content.decode()
    held.refresh_from_db()
    assert held.hint == joined.ticket
