"""The pages of handing over: the sheet, its signatures, and one click for everything an absent person holds."""

from collections.abc import Callable
from datetime import datetime, timedelta

import pytest

from accounts.models import Away
from aftersales.tickets import services
from aftersales.tickets.models import Handover, Ticket
from tests.cast import Cast

Opener = Callable[..., Ticket]
pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("at_now")]


def test_a_sheet_is_made_signed_by_both_and_seen_by_nobody_else(
    open_ticket: Opener, desk: Cast, now: datetime
) -> None:
    ticket, other, stranger = open_ticket(), desk.person("agent"), desk.person("agent")
    desk.join(desk.team, other)
    goes, comes = desk.client(desk.agent), desk.client(other)
    made = goes.post("/desk/day/hand-over/", {"to": str(other.pk), f"note-{ticket.pk}": "只接座机"})
    sheet = Handover.objects.get()
    url = f"/desk/day/hand-over/{sheet.public_id}/"
    assert made["Location"] == url
    assert url in comes.get("/desk/day/").content.decode()
    assert desk.client(stranger).get(url).status_code == 404
    assert desk.client(stranger).post(f"{url}sign/").status_code == 404
    for browser in (goes, comes):
        assert "只接座机" in browser.get(url).content.decode()
        assert browser.post(f"{url}sign/").status_code == 302
    assert Ticket.objects.get().assignee == other
    assert f"{url}sign/" not in goes.get(url).content.decode()


def test_a_sheet_that_nobody_signed_is_shown_to_the_lead_after_the_shift(
    open_ticket: Opener, desk: Cast, now: datetime
) -> None:
    open_ticket()
    sheet = Handover.objects.create(
        giver=desk.agent, taker=desk.lead, shift_ends_at=now - timedelta(minutes=14), made_at=now
    )
    browser = desk.client(desk.lead)
    assert sheet.public_id not in browser.get("/desk/day/absent/").content.decode()
    Handover.objects.update(shift_ends_at=now - timedelta(minutes=16))
    assert sheet.public_id in browser.get("/desk/day/absent/").content.decode()


def test_one_click_gives_everything_of_an_absent_person_away(
    open_ticket: Opener, desk: Cast, now: datetime
) -> None:
    for _n in range(2):
        open_ticket()
    other = desk.person("agent")
    desk.join(desk.team, other)
    browser, url = desk.client(desk.lead), f"/desk/day/absent/{desk.agent.pk}/"
    assert browser.post(url, {"to": str(other.pk)}).status_code == 404  # he is here
    Away.objects.create(person=desk.agent, starts_at=now, reason="sick")
    assert url in browser.get("/desk/day/absent/").content.decode()
    assert browser.post(url, {"to": str(other.pk)}).status_code == 302
    assert Ticket.objects.filter(assignee=other).count() == 2
    assert url not in browser.get("/desk/day/absent/").content.decode()


@pytest.mark.parametrize("to", ["", "x", "999999", "²"])
def test_a_person_who_is_none_moves_nothing(open_ticket: Opener, desk: Cast, now: datetime, to: str) -> None:
    open_ticket()
    Away.objects.create(person=desk.agent, starts_at=now, reason="sick")
    assert desk.client(desk.lead).post(f"/desk/day/absent/{desk.agent.pk}/", {"to": to}).status_code == 302
    assert desk.client(desk.agent).post("/desk/day/hand-over/", {"to": to}).status_code == 200
    assert Ticket.objects.get().assignee == desk.agent
    assert not Handover.objects.exists()


def test_the_sheet_shows_what_came_later_and_how_things_stand(
    open_ticket: Opener, desk: Cast, now: datetime
) -> None:
    other = desk.person("agent")
    desk.join(desk.team, other)
    browser, first = desk.client(desk.agent), open_ticket()
    browser.post("/desk/day/hand-over/", {"to": str(other.pk)})
    url = f"/desk/day/hand-over/{Handover.objects.get().public_id}/"
    later = open_ticket()
    services.ticket_start(ticket=first, actor=desk.agent, now=now)
    page = browser.get(url).content.decode()
    assert later.number in page
    assert "交接单填写后新增，一并移交" in page
    assert "填写时：已派单" in page
