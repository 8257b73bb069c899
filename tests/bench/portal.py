"""What the database's own scope costs: pages and lists of one merchant with row-level security and without."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any
from unittest.mock import patch

from django.conf import settings
from django.db import connection, transaction
from django.urls import resolve, reverse

from accounts.models import User
from accounts.states import Role
from aftersales.core.merchantscope import as_merchant
from aftersales.core.models import Event
from aftersales.merchants.models import Merchant, MerchantMember
from aftersales.tickets.models import Ticket, TicketParty
from tests.bench import scene
from tests.bench.data import NOW, Sets, use
from tests.bench.measure import Result, at_most, race

BAR = 1.3


def measure(sets: Sets, effort: int) -> Iterator[Result]:
    use(sets.large)
    with _owner() as (owner, merchant):
        address = reverse(settings.MERCHANT_HOME)
        view = resolve(address).func
        page = scene.caller(view, address, owner)
        taken = race(page, _without(page), rounds=25 * effort, inner=8)
        yield at_most("portal home in the merchant's scope / without row-level security", taken, BAR)
        for name, asked in _lists(merchant).items():
            read = _inside(merchant.pk, asked)
            taken = race(read, _without_scope(asked), rounds=25 * effort, inner=4)
            yield at_most(f"{name} of one merchant at 1,000,000 / without row-level security", taken, BAR)


@contextmanager
def _owner() -> Iterator[tuple[User, Merchant]]:
    """Somebody who answers for the merchant with the most tickets; gone afterwards."""
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
        yield owner, merchant
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
