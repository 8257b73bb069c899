"""What the platform had of a refund's time stands in no figure of the merchant."""

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

import pytest
import time_machine
from django.urls import reverse

from aftersales.core.merchantscope import as_merchant
from aftersales.merchants.models import Merchant
from aftersales.scorecards import selectors, services
from aftersales.scorecards.states import SubjectKind
from tests.cases.conftest import certified, lines, open_case, order, ticket
from tests.cases.test_late_refunds import Refund, refund
from tests.cast import Cast
from tests.scorecards.conftest import stored

__all__ = ["certified", "lines", "open_case", "order", "refund", "ticket"]

pytestmark = pytest.mark.django_db
HOUR = timedelta(hours=1)


def figures(counted: Callable[..., Any], refund: Refund, end: datetime) -> tuple[int, int, int]:
    """Hours to the refund; refunds kept in time, and all that count."""
    found = counted(end, "merchant", refund.case.merchant_id)
    kept = found.get("obligations_kept")
    return found["refund_time"].num // 3600, kept.num if kept else 0, kept.den if kept else 0


def test_the_time_of_a_refund_is_the_merchants_own_also_where_it_came_back_to_him(
    refund: Refund, counted: Callable[..., Any]
) -> None:
    refund.propose(40)
    refund.reject(70)
    refund.propose(75)
    refund.pay(let_out=90, paid=91)
    refund.tick(92)
    end = refund.now + 93 * HOUR
    assert figures(counted, refund, end) == (46, 0, 0), "40 hours, five more, and one with the bank"
    team = counted(end, "team", refund.case.ticket.team_id)["refund_time"]
    assert team.num == 91 * 3600, "the customer waited longer"

    first = stored()
    services.recount()
    assert stored() == first
    shop = refund.case.merchant_id
    assert shop is not None
    with as_merchant(shop):
        [row] = selectors.rows_behind(
            code="refund_time", kind=SubjectKind.MERCHANT, subject=shop, since=refund.now.date(),
            until=end.date() + timedelta(days=1),
        )  # fmt: skip
    assert row.num == 46 * 3600, "the shop itself reads the same"


def test_a_refund_that_was_late_before_counts_with_the_part_up_to_the_proposal(
    refund: Refund, counted: Callable[..., Any], desk: Cast, settings: Any
) -> None:
    settings.REQUIRE_SECOND_FACTOR = False
    refund.tick(49)
    refund.propose(60)
    refund.pay(let_out=80, paid=81)
    refund.tick(82)
    end = refund.now + 83 * HOUR
    assert figures(counted, refund, end) == (61, 0, 1)
    shop = Merchant.objects.get()
    with time_machine.travel(end, tick=False):
        for person, url in (
            (desk.supervisor, reverse("desk:obligations", args=[shop.code])),
            (desk.of_a_shop("merchant_owner", shop), reverse("portal:duties")),
        ):
            page = desk.client(person).get(url).content.decode()
            assert "起在平台处理" in page


def test_a_refund_that_was_proposed_again_at_once_is_the_merchants_up_to_the_first_proposal(
    refund: Refund, counted: Callable[..., Any]
) -> None:
    refund.propose(10)
    refund.reject(30)
    refund.propose(30)
    refund.pay(let_out=40, paid=40)
    refund.tick(41)
    assert figures(counted, refund, refund.now + 42 * HOUR) == (10, 1, 1)
