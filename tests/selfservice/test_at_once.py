"""Two answers to one link in the same moment: one counts, the other meets a dead link or a refusal."""

from datetime import datetime
from decimal import Decimal
from typing import Any

import pytest
from django.test import Client

from aftersales.cases import services
from aftersales.cases.models import Case, OrderAccount
from aftersales.core.models import Event
from aftersales.tickets.models import CustomerLink, Ticket
from tests.cast import Cast
from tests.selfservice.visiting import Open, Visit, address, certified, lines, offer, open_case, order, visit
from tests.toy.fixtures import at_once

__all__ = ["address", "certified", "lines", "open_case", "order", "visit"]

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


class TestCase:
    """The same on the page of a case."""

    @pytest.fixture
    def ticket(self, open_ticket: Any, order: Any) -> Ticket:
        opened: Ticket = open_ticket(order_id=order.pk, merchant_id=order.merchant_id)
        return opened

    def test_the_customer_accepts_on_two_phones_while_staff_approve_another_amount(
        self, visit: Visit, open_case: Open, desk: Cast, now: datetime
    ) -> None:
        case = offer(open_case({0: 1}, kind="refund_only", ground="quality"), desk, now)
        forms = [visit.form("accept_offer") | {"agree": "on"} for _phone in range(2)]
        agent = desk.agent

        def accept(form: dict[str, str]) -> Any:
            return lambda: Client().post(f"{visit.address}?lang=zh", form).status_code

        def refuse() -> int:
            services.case_approve(case=case, amount=Decimal(5), actor=agent, now=now)
            return 0

        codes = at_once([accept(forms[0]), accept(forms[1]), accept(forms[0]), refuse])

        assert Event.objects.filter(kind="case.approved").count() == 1
        agreed = Case.objects.get().agreed
        assert OrderAccount.objects.get().granted == agreed
        assert (302 in codes) == (agreed == Decimal(20))
