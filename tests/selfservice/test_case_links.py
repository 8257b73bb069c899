"""The link of a case: the same in every message, dead for everybody else, slowed down, never stored or cached."""

import re
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from aftersales.cases import services
from aftersales.cases.models import Case
from aftersales.cases.services import CaseDraft
from aftersales.core.errors import DomainError
from aftersales.core.models import Event
from aftersales.customers import services as customers
from aftersales.customers.models import Customer
from aftersales.orders.models import OrderLine
from aftersales.selfservice import throttle
from aftersales.tickets.models import CustomerLink, Ticket
from tests.cast import Cast
from tests.selfservice.visiting import (
    Open,
    Visit,
    address,
    certified,
    lines,
    offer,
    only_services_write,
    open_case,
    order,
    ticket,
    visit,
)

__all__ = ["address", "certified", "lines", "only_services_write", "open_case", "order", "ticket", "visit"]
D = Decimal


@pytest.mark.parametrize(
    "why", ["unknown", "expired", "revoked", "other purpose", "other case", "staff's number"]
)
def test_a_forged_expired_or_foreign_link_is_refused_and_looks_like_any_dead_one(
    why: str, visit: Visit, open_case: Open, open_ticket: Any, order: Any, lines: list[OrderLine], desk: Cast,
    now: datetime, at: Any,
) -> None:  # fmt: skip
    open_case({0: 1})
    form = visit.form("withdraw")
    unknown = visit.browser.get(reverse("selfservice:case", args=["nothing"])).content
    link = CustomerLink.objects.filter(purpose="case")
    more: dict[str, str] = {}
    if why == "unknown":
        visit.address = visit.address[:-2] + "x/"
    elif why == "expired":
        at.shift(timedelta(days=31))
    elif why == "revoked":
        link.update(revoked_at=now)
    elif why == "other purpose":
        link.update(purpose="payee:1")
    else:
        elsewhere = open_ticket(subject="另一件事")
        draft = CaseDraft(
            kind="compensation", ground="service", compensation="goodwill", asked=D(20), pieces={}
        )
        foreign = services.case_open(ticket=elsewhere, draft=draft, actor=desk.agent, now=now)
        more = {"case": foreign.public_id if why == "other case" else foreign.number}
    before = Event.objects.count()
    opened, posted = visit.browser.get(visit.address, more), visit.post(form | more)
    assert (opened.status_code, posted.status_code) == (404, 404)
    assert opened.content == posted.content == unknown
    assert Event.objects.count() == before


def test_the_link_is_one_and_the_same_lives_on_with_use_and_never_comes_back(
    ticket: Ticket, open_case: Open, desk: Cast, now: datetime
) -> None:
    case = open_case({0: 1})
    first = services.case_link("tickets.ticket", ticket.pk, now)
    with CaptureQueriesContext(connection) as asked:
        assert services.case_link("tickets.ticket", ticket.pk, now) == first
    assert not [one for one in asked.captured_queries if one["sql"].startswith(("INSERT", "UPDATE"))]
    later = now + timedelta(days=20)
    assert services.case_link("tickets.ticket", ticket.pk, later) == first
    assert CustomerLink.objects.get().expires_at == later + timedelta(days=30)
    assert first
    assert first.rstrip("/").rpartition("/")[2] not in str(list(CustomerLink.objects.values()))
    # Staff may look at it, and end it when somebody else got hold of it; both are recorded
    named = f"?case={case.number}"  # staff read out the address of the case they speak of
    assert services.case_link_show(case=case, actor=desk.agent, now=later) == first + named
    assert Event.objects.get(kind="case.link_shown").actor_id == desk.agent.pk
    anew = services.case_link_replace(case=case, actor=desk.agent, now=later)
    assert anew != first + named
    assert services.case_link("tickets.ticket", ticket.pk, later) == anew.removesuffix(named)
    assert CustomerLink.objects.filter(revoked_at=None).count() == 1


def test_headers_throttle_and_queries(
    visit: Visit, open_case: Open, desk: Cast, now: datetime, monkeypatch: pytest.MonkeyPatch
) -> None:
    services.case_approve(case=open_case({0: 1}), actor=desk.agent, now=now)
    answer = visit.browser.get(visit.address)
    assert "no-store" in answer["Cache-Control"]
    assert "noindex" in answer["X-Robots-Tag"]
    assert answer["Referrer-Policy"] == "no-referrer"
    assert answer.cookies == {}
    shown = answer.content.decode()
    assert "unsafe-inline" not in answer["Content-Security-Policy"]
    assert "<script" not in shown
    assert "style=" not in shown
    before = Event.objects.count()
    for _time in range(2):
        visit.browser.get(visit.address)
    assert Event.objects.count() == before

    with CaptureQueriesContext(connection) as asked:
        visit.browser.get(visit.address)
    few = len(asked)
    services.case_open(
        ticket=Ticket.objects.get(pk=visit_ticket()), actor=desk.agent, now=now,
        draft=CaseDraft(kind="return", ground="no_reason", pieces={OrderLine.objects.order_by("line_no").last().pk: 1}),
    )  # fmt: skip
    first = Case.objects.order_by("id")[0].public_id
    with CaptureQueriesContext(connection) as asked:
        visit.browser.get(visit.address, {"case": first})
    assert (few, len(asked)) == (18, 18)

    monkeypatch.setattr(throttle, "ACTS", 2)
    codes = [visit.send("evidence", words="").status_code for _time in range(4)]
    assert codes == [422, 422, 429, 429]


def visit_ticket() -> int:
    return CustomerLink.objects.values_list("ticket_id", flat=True).get()


def test_messages_carry_the_link_and_it_opens_the_page(
    visitor: Client, open_case: Open, customer: Customer, desk: Cast, now: datetime, work_off: Any, mailoutbox: Any,
    settings: Any,
) -> None:  # fmt: skip
    customer.contacts.create(kind="email", value="fang@example.com")
    offer(open_case({0: 1}, kind="refund_only", ground="quality"), desk, now)
    work_off(now)
    (letter,) = [one for one in mailoutbox if "20.00" in one.subject]
    found = re.search(rf"{re.escape(settings.SITE_URL)}(/c/case/[\w-]+/)", str(letter.body))
    assert found
    assert "accept_offer" in Visit(visitor, found.group(1)).acts()


def test_an_erased_customers_link_is_dead_and_no_other_is_made(
    visit: Visit, open_case: Open, customer: Customer, desk: Cast, now: datetime
) -> None:
    case = open_case({0: 1})
    assert visit.browser.get(visit.address).status_code == 200
    customers.customer_erase(
        customer=customer, actor=desk.privacy_officer, reason="asked by himself", now=now
    )
    dead = Client().get(reverse("selfservice:case", args=["x" * 43]))
    assert visit.browser.get(visit.address).status_code == dead.status_code != 200
    with pytest.raises(DomainError) as error:
        services.case_link_show(case=Case.objects.get(pk=case.pk), actor=desk.lead, now=now)
    assert error.value.code == "erased"
    assert services.case_link("tickets.ticket", case.ticket_id, now) is None
