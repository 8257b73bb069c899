"""Two answers to one link in the same moment: one counts, the other meets a dead link or a refusal."""

from typing import Any

import pytest
from django.test import Client

from aftersales.core.models import Event
from aftersales.tickets.models import CustomerLink, Ticket
from tests.toy.fixtures import at_once

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.concurrency]


def test_yes_and_no_at_once_have_one_effect(page: str, ticket: Ticket) -> None:
    def answer(solved: str) -> Any:
        return lambda: Client().post(page, {"solved": solved}).status_code

    codes = at_once([answer("yes"), answer("no")] * 4)

    assert codes.count(302) == 1
    assert set(codes) <= {302, 404, 422}
    told = Event.objects.filter(kind__in=["ticket.confirmed", "ticket.reopened"])
    assert told.count() == 1
    answered = CustomerLink.objects.exclude(used_at=None).get().answer
    assert (told.get().kind == "ticket.confirmed") == (answered == "solved")
