"""Nothing is left out in silence: a ticket on paper and in a file, a search among many."""

from collections.abc import Callable
from datetime import datetime, timedelta

import pytest
from django.http import QueryDict

from accounts.models import User
from aftersales.desk import queues, workbench
from aftersales.tickets import selectors, services
from aftersales.tickets.models import Ticket
from aftersales.tickets.services.intake import TicketDraft
from tests.cast import Cast

Opener = Callable[..., Ticket]
pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("at_now")]
MINUTE = timedelta(minutes=1)


def test_a_long_ticket_is_whole_in_a_file_and_on_paper_and_the_page_says_what_it_leaves_out(
    open_ticket: Opener, desk: Cast, now: datetime, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(workbench, "STREAM_MESSAGES", 5)
    ticket = open_ticket()
    for n in range(8):
        services.note_add(ticket=ticket, text=f"备注-{n}-", actor=desk.agent, now=now + n * MINUTE)
    browser, address = desk.client("lead"), f"/desk/tickets/{ticket.number}/"

    told = browser.get(f"{address}json/").json()
    assert told["complete"] is True
    assert len(told["messages"]) == ticket.messages.count() == 9
    paper = browser.get(f"{address}print/").content.decode()
    assert all(f"备注-{n}-" in paper for n in range(8))
    page = browser.get(address).content.decode()
    assert "备注-0-" not in page
    assert "备注-7-" in page
    assert f"{address}print/" in page[page.index("data-stream") : page.index("备注-7-")]


def test_more_than_can_be_held_is_said(
    open_ticket: Opener, desk: Cast, now: datetime, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(workbench, "WHOLE", 2)
    ticket = open_ticket()
    for n in range(3):
        services.note_add(ticket=ticket, text=f"备注-{n}-", actor=desk.agent, now=now + n * MINUTE)
    told = desk.client("lead").get(f"/desk/tickets/{ticket.number}/json/").json()
    assert told["complete"] is False
    assert [message["text"] for message in told["messages"]] == ["备注-1-", "备注-2-"]


def many(words: str, number: int, actor: User, now: datetime) -> None:
    services.tickets_open_many(
        drafts=[
            TicketDraft(
                source="x", source_ref=f"{n}", subject=words, text="", channel="web", opened_at=now,
            )
            for n in range(number)
        ],
        actor=actor, now=now,
    )  # fmt: skip


def test_newer_tickets_of_the_same_words_push_nothing_out_of_a_filtered_list(
    open_ticket: Opener, desk: Cast, now: datetime
) -> None:
    old = services.ticket_resolve(
        ticket=open_ticket(subject="物流停在杭州", kind="logistics"), result="explained", text="好。",
        actor=desk.agent, now=now,
    )  # fmt: skip
    old = services.ticket_verify(ticket=old, how="phone", reason="好", actor=desk.agent, now=now)
    services.ticket_archive(ticket=old, summary="核对后解释清楚，客户认可。", actor=desk.lead, now=now)
    mine = open_ticket(subject="物流 我的")
    many("物流", 1001, desk.agent, now)

    def listed(user: User, query: str) -> bool:
        rows = queues.tickets(user, queues.asked(QueryDict(f"{query}&q=物流")), now)
        return rows.filter(pk=mine.pk).exists()

    assert listed(desk.agent, "view=mine")
    assert listed(desk.lead, f"view=all&assignee={desk.agent.pk}&kind=returns")
    found = selectors.archive_found(desk.lead, text="物流", kind="logistics", since=now.date())
    assert [record.ticket_id for record in found] == [old.pk]


@pytest.mark.parametrize(
    "after",
    [
        "9999-12-31T23:59:59-23:59~5", "0001-01-01T00:00:00+23:59~5", "9999-12-31T23:59:59~5",
        "2026-11-25T10:00:00+00:00~99999999999999999999999999", "2026-11-25T10:00:00+00:00~-1", "~", "x~y",
    ],
)  # fmt: skip
@pytest.mark.parametrize("view", ["all", "review"])
def test_a_place_beyond_time_is_no_server_error(
    open_ticket: Opener, desk: Cast, view: str, after: str
) -> None:
    open_ticket()
    browser = desk.client("lead")
    assert browser.get("/desk/tickets/", {"view": view, "after": after}).status_code == 200


def test_the_last_page_goes_on_after_tickets_without_a_running_clock(
    open_ticket: Opener, desk: Cast, now: datetime
) -> None:
    first, second = open_ticket(), open_ticket()
    end = queues.Ticket._meta.get_field("next_due_at").default
    Ticket.objects.update(next_due_at=end)
    after = f"{end.isoformat()}~{first.pk}"
    page = queues.page(desk.lead, queues.Asked("all"), now, after=after)
    assert [row.id for row in page.rows] == [second.pk]


@pytest.mark.parametrize(
    "until", ["9999-12-31T23:59:59-23:59", "0001-01-01T00:00+23:59", "9999-12-31T23:59", ""]
)
def test_a_wake_up_time_beyond_time_is_refused(open_ticket: Opener, desk: Cast, until: str) -> None:
    ticket, browser = open_ticket(), desk.client("agent")
    browser.post(f"/desk/tickets/{ticket.number}/do/start/")
    answer = browser.post(
        f"/desk/tickets/{ticket.number}/do/wait/", {"wait_for": "customer", "until": until, "reason": ""}
    )
    assert answer.status_code in (302, 422)
    assert Ticket.objects.get(pk=ticket.pk).state == "in_progress"
