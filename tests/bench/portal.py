"""Pages about one merchant: their statements at both sizes, and what the database's own scope costs on them."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from http import HTTPStatus
from typing import Any
from unittest.mock import patch

from django.conf import settings
from django.db import connection, transaction
from django.urls import resolve, reverse

from accounts.models import User
from accounts.states import Role
from aftersales.core.merchantscope import as_merchant
from aftersales.core.models import Event
from aftersales.dashboards.views.merchants import merchant as about_merchant
from aftersales.merchants.models import Merchant, MerchantMember
from aftersales.scorecards.models import FormulaVersion, Standing
from aftersales.tickets.models import Ticket, TicketParty
from tests.bench import boards, scene
from tests.bench.data import NOW, Sets, use
from tests.bench.measure import Result, at_most, count, race, statements

BAR = 1.3
MOST = 12


@dataclass
class Shop:
    """A merchant, somebody who answers for it, and the pages about it."""

    merchant: Merchant
    owner: User

    @property
    def portal(self) -> dict[str, Callable[[], Any]]:
        """In the merchant's scope."""
        return {
            "portal home": scene.caller(*_at(settings.MERCHANT_HOME), self.owner),
            "merchant's own score": scene.caller(*_at("portal:score"), self.owner),
        }

    @property
    def pages(self) -> dict[str, Callable[[], Any]]:
        """The same, and what account managers read of the merchant."""
        key = self.merchant.public_id
        about = scene.caller(
            about_merchant, reverse("dashboards:merchant", args=[key]), scene.person("operations"), key
        )
        return {**self.portal, "merchant's page": about}


def measure(sets: Sets, effort: int) -> Iterator[Result]:
    with _shop(sets.medium) as shop:
        few = {name: len(statements(page)) for name, page in _warm(shop.pages).items()}
    with _shop(sets.large) as shop:
        many = {name: len(statements(page)) for name, page in _warm(shop.pages).items()}
        for name, number in many.items():
            yield count(f"statements of the {name}", max(few[name], number), MOST)
            yield count(f"more of them at 1,000,000 than at 100,000: {name}", number - few[name], 0)
        for name, page in shop.portal.items():
            taken = race(page, _without(page), rounds=25 * effort, inner=4)
            yield at_most(f"{name} in the merchant's scope / without row-level security", taken, BAR)
        for name, asked in _lists(shop.merchant).items():
            read = _inside(shop.merchant.pk, asked)
            taken = race(read, _without_scope(asked), rounds=25 * effort, inner=4)
            yield at_most(f"{name} of one merchant at 1,000,000 / without row-level security", taken, BAR)


def _at(name: str) -> tuple[Callable[..., Any], str]:
    address = reverse(name)
    return resolve(address).func, address


def _warm(pages: dict[str, Callable[[], Any]]) -> dict[str, Callable[[], Any]]:
    for page in pages.values():
        if page().status_code != HTTPStatus.OK:
            raise RuntimeError("a page did not open")
    return pages


@contextmanager
def _shop(source: str) -> Iterator[Shop]:
    """With a score and a party to each of its tickets; all gone afterwards."""
    use(source)
    with transaction.atomic():
        merchant = Merchant.objects.get(pk=1)
        owner = User(
            username="shop",
            display_name="店主",
            roles=[Role.MERCHANT_OWNER.value],
            created_at=NOW,
            password="!",
        )
        owner.save()
        MerchantMember(merchant=merchant, user=owner, role="owner", active_from=NOW).save()
        mine = Ticket.objects.filter(merchant=merchant).exclude(parties__merchant=merchant)
        TicketParty.objects.bulk_create(TicketParty(ticket=one, merchant=merchant) for one in mine)
        rule = FormulaVersion.objects.filter(formula__subject_kind="merchant").order_by("pk").first()
        assert rule is not None, "the set has the shipped rule book"
        Standing(
            formula_id=rule.formula_id, rule=rule, subject_kind="merchant", subject_id=merchant.pk, category="c1",
            subject_name=merchant.name, day=boards.LAST, score=88, low=85, high=91, grade="B", volume=400, below=70,
            peers=249, details=boards.details(rule), at=NOW,
        ).save()  # fmt: skip
        yield Shop(merchant, owner)
        transaction.set_rollback(True)


def _lists(merchant: Merchant) -> dict[str, Callable[[], Any]]:
    tickets = Ticket.objects.filter(parties__merchant=merchant).select_related("customer").order_by("-pk")
    events = Event.objects.filter(subject_kind="tickets.ticket", merchant_id=merchant.pk).exclude(
        audience="internal"
    )
    return {
        "fifty tickets": lambda: list(tickets[:50]),
        "the count of tickets": tickets.count,
        "fifty events of a ticket": lambda: list(
            events.filter(subject_id=tickets.values("pk")[:1]).order_by("-pk")[:50]
        ),
    }


def _inside(merchant: int, asked: Callable[[], Any]) -> Callable[[], Any]:
    def read() -> Any:
        with as_merchant(merchant):
            return asked()

    return read


def _without_scope(asked: Callable[[], Any]) -> Callable[[], Any]:
    def read() -> Any:
        with transaction.atomic(), connection.cursor() as cursor:
            cursor.execute("SELECT 1")
            found = asked()
            cursor.execute("SELECT 1")
        return found

    return read


def _without(page: Callable[[], Any]) -> Callable[[], Any]:
    """The same page in the same transaction, read as the application."""

    @contextmanager
    def only_a_transaction(merchant: int) -> Iterator[None]:
        with transaction.atomic():
            yield

    def call() -> Any:
        with patch("aftersales.portal.scope.as_merchant", only_a_transaction):
            return page()

    return call
