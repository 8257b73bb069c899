"""Merging at the desk: the comparison, the lines on the workbench, the way back, and who may."""

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from aftersales.tickets import services
from aftersales.tickets.models import DuplicatePair, Message, Ticket, TicketMerge
from tests.cast import Cast

Opener = Callable[..., Ticket]
HOUR = timedelta(hours=1)
pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("at_now")]


def merge_url(ticket: Ticket, *others: Ticket) -> str:
    return f"{reverse('desk:merge', args=[ticket.number])}?" + "&".join(
        f"with={one.number}" for one in others
    )


@pytest.fixture
def pair(open_ticket: Opener, now: datetime) -> tuple[Ticket, Ticket]:
    first = open_ticket(at=now - HOUR)
    return first, open_ticket(subject="左耳没声", text="又来问一次", kind="quality")


def posted(ticket: Ticket, *others: Ticket, **more: Any) -> dict[str, Any]:
    return {"with": [one.number for one in others], "reason": "同一件事"} | more


def test_two_tickets_stand_side_by_side_and_one_goes_on(
    pair: tuple[Ticket, Ticket], desk: Cast, now: datetime
) -> None:
    first, second = pair
    client = desk.client(desk.agent)
    page = client.get(merge_url(first, second)).content.decode()
    assert f'name="subject" value="{first.number}" checked' in page
    assert 'name="kind"' in page
    assert 'name="severity"' not in page, "both are the same: nothing to choose"

    answer = client.post(
        reverse("desk:merge", args=[first.number]), posted(first, second, subject=second.number)
    )

    assert answer.url == reverse("desk:ticket", args=[first.number])
    goes_on = Ticket.objects.get(pk=first.pk)
    assert (goes_on.subject, goes_on.kind) == ("左耳没声", "returns")
    assert Ticket.objects.get(pk=second.pk).state == "merged"


def test_the_workbench_reads_both_as_one_conversation_and_says_where_each_word_was_said(
    pair: tuple[Ticket, Ticket], desk: Cast, now: datetime
) -> None:
    first, second = pair
    services.ticket_merge(survivor=first, others=[second], actor=desk.agent, now=now, reason="一样")
    client = desk.client(desk.agent)
    page = client.get(reverse("desk:ticket", args=[first.number])).content.decode()
    assert "又来问一次" in page
    assert page.count(second.number) >= 2
    gone = client.get(reverse("desk:ticket", args=[second.number])).content.decode()
    assert first.number in gone
    assert 'data-dialog="unmerge"' in gone


def test_a_page_that_was_overtaken_merges_nothing_and_keeps_the_words(
    pair: tuple[Ticket, Ticket], desk: Cast, now: datetime
) -> None:
    first, second = pair
    stale = second.version
    services.note_add(ticket=second, text="x", actor=desk.agent, now=now)
    services.ticket_start(ticket=second, actor=desk.agent, now=now)
    answer = desk.client(desk.agent).post(
        reverse("desk:merge", args=[first.number]), posted(first, second, **{f"v{second.pk}": stale})
    )
    assert answer.status_code == 422
    assert "同一件事" in answer.content.decode()
    assert not TicketMerge.objects.exists()


def test_what_stands_in_the_way_is_said_before_the_click(
    open_ticket: Opener, desk: Cast, now: datetime
) -> None:
    plain, grave = open_ticket(), open_ticket(severity="major", nature="complaint")
    page = desk.client(desk.agent).get(merge_url(plain, grave)).content.decode()
    assert "disabled" in page
    assert reverse("desk:merge", args=[grave.number]) in page


def test_the_chosen_rows_of_a_queue_are_compared_the_oldest_goes_on(
    pair: tuple[Ticket, Ticket], desk: Cast
) -> None:
    first, second = pair
    answer = desk.client(desk.agent).post(reverse("desk:merge_chosen"), {"ids": [second.pk, first.pk]})
    assert answer.url == merge_url(first, second)
    alone = desk.client(desk.agent).post(reverse("desk:merge_chosen"), {"ids": [first.pk]})
    assert alone.url == reverse("desk:queue")


def test_taken_out_again_at_the_desk(pair: tuple[Ticket, Ticket], desk: Cast, now: datetime) -> None:
    first, second = pair
    services.ticket_merge(survivor=first, others=[second], actor=desk.agent, now=now, reason="一样")
    desk.client(desk.agent).post(reverse("desk:unmerge", args=[second.number]), {"reason": "两件事"})
    assert Ticket.objects.get(pk=second.pk).state == "assigned"


def test_what_may_be_the_same_is_shown_until_somebody_says_no(
    pair: tuple[Ticket, Ticket], desk: Cast, now: datetime
) -> None:
    first, second = pair
    row, _made = DuplicatePair.objects.update_or_create(
        ticket=first,
        other=second,
        defaults={"score": 90, "reasons": [["order", 0], ["words", 83]], "found_at": now},
    )
    client = desk.client(desk.agent)
    page = client.get(reverse("desk:ticket", args=[second.number])).content.decode()
    assert f"{reverse('desk:merge', args=[second.number])}?with={first.number}" in page
    assert "83 %" in page
    client.post(reverse("desk:apart", args=[second.number, row.public_id]))
    page = client.get(reverse("desk:ticket", args=[first.number])).content.decode()
    assert "83 %" not in page


def test_numbers_that_are_not_there_and_foreign_ones_look_the_same(
    pair: tuple[Ticket, Ticket], desk: Cast
) -> None:
    first, second = pair
    Ticket.objects.filter(pk=second.pk).update(assignee=desk.lead, team=None, owner=None)
    client = desk.client(desk.agent)
    for number in (second.number, "TK9999-00001", "x" * 500):
        page = client.get(reverse("desk:merge", args=[first.number]), {"with": number})
        assert page.status_code == 200
        assert "左耳没声" not in page.content.decode()


def statements(client: Any, ticket: Ticket) -> int:
    with CaptureQueriesContext(
        connection,
    ) as seen:
        assert client.get(reverse("desk:ticket", args=[ticket.number])).status_code == 200
    return len([one for one in seen.captured_queries if not one["sql"].startswith(("SAVEPOINT", "RELEASE"))])


@pytest.mark.slow
def test_a_merged_ticket_with_five_hundred_messages_costs_the_workbench_nothing(
    open_ticket: Opener, desk: Cast, now: datetime
) -> None:
    first, others = open_ticket(), [open_ticket() for _n in range(5)]
    client = desk.client(desk.agent)
    client.get(reverse("desk:ticket", args=[first.number]))
    before = statements(client, first)
    Message.objects.bulk_create(
        Message(
            ticket=others[n % 5], author_kind="customer", audience="customer", channel="web", text=f"第 {n} 句",
            at=now + timedelta(seconds=n),
        )
        for n in range(500)
    )  # fmt: skip
    services.ticket_merge(survivor=first, others=others, actor=desk.agent, now=now, reason="一样")
    assert statements(client, first) <= max(before, 18)
    assert before <= 18
