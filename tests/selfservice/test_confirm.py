"""The customer's page: it shows, it acts once, and a dead link tells nobody anything."""

import re
from datetime import datetime, timedelta
from typing import Any

import pytest
from django.core import mail
from django.test import Client
from django.urls import reverse

from accounts.services import system_user
from aftersales.core.models import Event
from aftersales.selfservice import throttle
from aftersales.tickets import services
from aftersales.tickets.models import CustomerLink, Message, Ticket

QUESTION = 'name="solved"'


def address(token: str) -> str:
    return reverse("selfservice:confirm", args=[token])


def state(ticket: Ticket) -> str:
    return Ticket.objects.get(pk=ticket.pk).state


def test_the_page_shows_what_was_done_and_whose_turn_it_is(
    visitor: Client, page: str, ticket: Ticket
) -> None:
    shown = visitor.get(page).content.decode()
    assert ticket.number in shown
    assert "耳机左耳没有声音" in shown
    assert "&lt;b&gt;已寄出" in shown
    assert "周婷" in shown
    assert "checked" not in shown


def test_solved_closes_the_ticket_and_keeps_marks_and_words(
    visitor: Client, page: str, ticket: Ticket
) -> None:
    answer = {"solved": "yes", "handling": "5", "outcome": "4", "comment": "很快", "missing": "不算"}
    response = visitor.post(page, answer)
    assert response.status_code == 302
    assert visitor.get(response["Location"]).status_code == 200
    assert state(ticket) == "closed"
    link = CustomerLink.objects.get()
    assert (link.answer, link.rating_handling, link.rating_outcome) == ("solved", 5, 4)
    assert Message.objects.filter(author_kind="customer").latest("id").text == "很快"


def test_not_solved_reopens_with_the_customers_words_for_the_same_person(
    visitor: Client, page: str, ticket: Ticket, desk: Any
) -> None:
    visitor.post(page, {"solved": "no", "missing": "还是没有声音", "handling": "1", "comment": "不算"})
    again = Ticket.objects.get(pk=ticket.pk)
    assert (again.state, again.reopened, again.assignee) == ("in_progress", 1, desk.agent)
    assert Message.objects.filter(author_kind="customer").latest("id").text == "还是没有声音"
    assert CustomerLink.objects.get().rating_handling is None


def test_the_mailed_link_works_from_the_message_to_the_closed_ticket(
    visitor: Client, ticket: Ticket, customer: Any, work_off: Any, now: datetime, settings: Any
) -> None:
    customer.contacts.create(kind="email", value="fang@example.com")
    work_off(now)
    (letter,) = [one for one in mail.outbox if "/c/" in one.body]
    (link,) = [line for line in letter.body.splitlines() if line.startswith(f"{settings.SITE_URL}/c/")]
    visitor.post(link.removeprefix(settings.SITE_URL), {"solved": "yes"})
    assert state(ticket) == "closed"


def test_c04_a_mail_scanner_that_opens_each_link_changes_nothing(
    visitor: Client, page: str, ticket: Ticket
) -> None:
    before = Event.objects.count()
    for _time in range(3):
        assert visitor.get(page).status_code == 200
        assert visitor.head(page).status_code == 200
    assert Event.objects.count() == before
    assert state(ticket) == "resolved"
    assert CustomerLink.objects.get().used_at is None


@pytest.mark.parametrize("method", ["put", "patch", "delete", "options"])
def test_other_methods_do_nothing(visitor: Client, page: str, method: str) -> None:
    assert getattr(visitor, method)(page).status_code == 405


def test_c01_tokens_are_long_random_and_near_misses_look_like_anything_else(
    visitor: Client, token: str, ticket: Ticket, now: datetime
) -> None:
    tokens = [
        services.customer_link_issue(ticket=ticket, purpose="confirm", actor=system_user(), now=now)
        for _ in range(50)
    ]
    assert len(set(tokens)) == 50
    assert min(len(one) for one in tokens) >= 43  # 256 bits
    assert not any(str(ticket.pk) == one or ticket.number in one for one in tokens)
    assert tokens[-1] not in str(list(CustomerLink.objects.values()))

    live = tokens[-1]
    misses = [
        live[:-1],
        live + "A",
        live.swapcase(),
        "x" * 43,
        str(ticket.pk),
        ticket.number,
        ticket.public_id,
    ]
    answers = {visitor.get(address(miss)).content for miss in misses}
    assert len(answers) == 1


@pytest.mark.parametrize("why", ["used", "expired", "revoked", "reissued", "other purpose"])
def test_c02_a_dead_link_is_dead_everywhere_and_looks_like_an_unknown_one(
    why: str, visitor: Client, token: str, page: str, ticket: Ticket, now: datetime, at: Any
) -> None:
    unknown = visitor.get(address("nothing")).content
    link = CustomerLink.objects.all()
    if why == "used":
        visitor.post(page, {"solved": "yes"})
    elif why == "expired":
        at.shift(timedelta(days=400))
    elif why == "revoked":
        link.update(revoked_at=now)
    elif why == "reissued":
        services.customer_link_issue(ticket=ticket, purpose="confirm", actor=system_user(), now=now)
    else:
        link.update(purpose="upload")
    before = Event.objects.count()

    opened, posted = visitor.get(page), visitor.post(page, {"solved": "no", "missing": "x"})

    assert (opened.status_code, posted.status_code) == (404, 404)
    assert opened.content == posted.content == unknown
    assert QUESTION not in opened.content.decode()
    assert Event.objects.count() == before


def test_two_answers_to_one_link_have_one_effect(visitor: Client, page: str, ticket: Ticket) -> None:
    visitor.post(page, {"solved": "yes"})
    visitor.post(page, {"solved": "no"})
    assert state(ticket) == "closed"
    assert CustomerLink.objects.get().answer == "solved"


def test_c06_what_the_form_says_about_other_tickets_is_ignored(
    visitor: Client, page: str, ticket: Ticket, resolve: Any
) -> None:
    other = resolve(subject="另一张")
    fields = {
        "solved": "yes",
        "ticket": other.pk,
        "ticket_id": other.pk,
        "link": 1,
        "token": "x",
        "amount": "99",
    }
    visitor.post(page + f"?ticket={other.pk}", fields)
    assert (state(ticket), state(other)) == ("closed", "resolved")


def test_c07_guessing_is_slowed_down_and_honest_customers_are_still_served(
    visitor: Client, page: str
) -> None:
    codes = [
        visitor.get(address(f"guess{n}"), HTTP_X_FORWARDED_FOR=f"10.0.{n // 250}.{n % 250}").status_code
        for n in range(throttle.LIMIT + 20)
    ]
    assert codes == [404] * throttle.LIMIT + [429] * 20
    assert visitor.post(address("guess"), {"solved": "yes"}).status_code == 429
    assert visitor.get(page).status_code == 200
    assert visitor.get(address("guess"), REMOTE_ADDR="10.9.9.9").status_code == 404


def test_the_count_ends_by_itself(visitor: Client, db: None, at: Any) -> None:
    for number in range(throttle.LIMIT + 1):
        last = visitor.get(address(f"g{number}"))
    assert last.status_code == 429
    assert last["Retry-After"] == "600"
    at.shift(timedelta(minutes=11))
    assert visitor.get(address("g")).status_code == 404


@pytest.mark.parametrize("where", ["live", "dead", "thanks"])
def test_c09_nothing_is_stored_indexed_or_named_elsewhere(visitor: Client, page: str, where: str) -> None:
    places = {"live": page, "dead": address("no"), "thanks": reverse("selfservice:thanks", args=["solved"])}
    response = visitor.get(places[where])
    assert "no-store" in response["Cache-Control"]
    assert "noindex" in response["X-Robots-Tag"]
    assert response["Referrer-Policy"] == "no-referrer"
    assert response.cookies == {}
    policy = response["Content-Security-Policy"]
    assert "unsafe-inline" not in policy
    assert "frame-ancestors 'none'" in policy
    assert "<script" not in response.content.decode()
    assert "style=" not in response.content.decode()


def test_an_answer_without_a_choice_comes_back_with_the_words_typed(
    visitor: Client, page: str, ticket: Ticket
) -> None:
    response = visitor.post(page, {"comment": "已经写了很多", "handling": "4"})
    shown = response.content.decode()
    assert response.status_code == 422
    assert "已经写了很多" in shown
    assert 'role="alert"' in shown
    assert state(ticket) == "resolved"


@pytest.mark.parametrize(
    "field", [{"handling": "6"}, {"handling": "x"}, {"outcome": "-1"}, {"comment": "长" * 2001}]
)
def test_marks_and_words_outside_the_page_are_refused(
    visitor: Client, page: str, ticket: Ticket, field: dict[str, str]
) -> None:
    assert visitor.post(page, {"solved": "yes", **field}).status_code == 422
    assert state(ticket) == "resolved"


def test_a_nul_byte_is_no_error_of_ours(visitor: Client, page: str, ticket: Ticket) -> None:
    assert visitor.post(page, {"solved": "no", "missing": "a\x00b"}).status_code == 422
    assert visitor.get("/c/a%00b/").status_code == 404


def test_the_page_speaks_the_customers_language_and_the_other_on_request(
    visitor: Client, resolve: Any, customer: Any, now: datetime
) -> None:
    customer.languages = ["en"]
    customer.save()
    english = address(
        services.customer_link_issue(ticket=resolve(), purpose="confirm", actor=system_user(), now=now)
    )
    assert "Is it solved?" in visitor.get(english).content.decode()
    assert 'lang="en"' in visitor.get(english).content.decode()
    assert 'lang="zh-Hans"' in visitor.get(english + "?lang=zh").content.decode()
    assert 'lang="zh-Hans"' in visitor.get(english + "?lang=zh", HTTP_ACCEPT_LANGUAGE="en").content.decode()
    assert "lang=en" in visitor.post(english, {"solved": "yes"})["Location"]


def test_a_ticket_closed_by_silence_can_still_be_answered_through_its_link(
    visitor: Client, ticket: Ticket, customer: Any, now: datetime, at: Any, work_off: Any
) -> None:
    customer.contacts.create(kind="email", value="linfang@example.com")
    work_off(now)
    mailed = re.search(r"/c/[\w-]+/", str(mail.outbox[-1].body))
    assert mailed
    at.shift(timedelta(days=5))
    services.silence_sweep(now=now + timedelta(days=5))
    assert state(ticket) == "closed"
    visitor.post(mailed.group(), {"solved": "no"})
    assert state(ticket) == "in_progress"
