"""The customer at his phone, and what the staff did to his case before he looks."""

import io
import re
from collections.abc import Callable
from datetime import datetime
from decimal import Decimal
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from django.urls import reverse
from PIL import Image

from accounts.services import customer_user, system_user
from aftersales.cases import services
from aftersales.cases.models import Case
from aftersales.core import events
from aftersales.core.models import Event
from aftersales.tickets.models import Ticket
from aftersales.tickets.services import customer_link_standing
from tests.cases.conftest import certified, lines, only_services_write, open_case, order
from tests.cast import Cast

D = Decimal
__all__ = ["certified", "lines", "only_services_write", "open_case", "order"]
Open = Callable[..., Case]


@pytest.fixture
def ticket(open_ticket: Callable[..., Ticket], order: Any) -> Ticket:
    return open_ticket(order_id=order.pk, merchant_id=order.merchant_id)


@pytest.fixture
def address(ticket: Ticket, now: datetime) -> str:
    token = customer_link_standing(ticket=ticket, purpose="case", actor=system_user(), now=now)
    return reverse("selfservice:case", args=[token])


class Visit:
    """The customer at his phone: he opens the page, and sends one of the forms that stand on it."""

    def __init__(self, browser: Client, address: str, lang: str = "zh") -> None:
        self.browser, self.address, self.lang = browser, address, lang

    def see(self, **query: str) -> str:
        answer = self.browser.get(self.address, query)
        assert answer.status_code == 200
        return answer.content.decode()

    def form(self, act: str, page: str = "") -> dict[str, str]:
        """What the form of this act carries by itself."""
        shown = page or self.see()
        for form in re.findall(r"<form.*?</form>", shown, re.S):
            fields = dict(re.findall(r'name="(\w+)" value="([^"]*)"', form))
            if fields.get("act") == act:
                return fields
        raise AssertionError(f"{act} is not offered: {self.acts(shown)}")

    def acts(self, page: str = "") -> set[str]:
        return set(re.findall(r'name="act" value="(\w+)"', page or self.see()))

    def send(self, act: str, **more: Any) -> Any:
        return self.post(self.form(act) | more)

    def post(self, fields: dict[str, Any]) -> Any:
        return self.browser.post(f"{self.address}?lang={self.lang}", fields)


@pytest.fixture
def visit(visitor: Client, address: str) -> Visit:
    return Visit(visitor, address)


def offer(case: Case, desk: Cast, now: datetime, amount: str = "20") -> Case:
    return services.case_offer(
        case=case, amount=D(amount), actor=desk.agent, now=now, words="留下商品，退 20 元可以吗？"
    )


def photo(colour: str = "red") -> SimpleUploadedFile:
    content = io.BytesIO()
    Image.new("RGB", (30, 30), colour).save(content, "JPEG")
    return SimpleUploadedFile("左耳.jpg", content.getvalue(), "image/jpeg")


def by_himself(kind: str) -> Event:
    """The one event of this kind, made by the customer himself on his own page."""
    told = Event.objects.get(kind=kind)
    assert (told.actor_role, told.source, told.actor_id) == ("customer", "customer", customer_user().pk)
    assert "周婷" not in events.sentence(told)
    return told
