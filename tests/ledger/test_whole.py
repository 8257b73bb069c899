"""Any sequence of entries keeps the books whole; a forged, lost or moved row is found."""

from decimal import Decimal
from io import StringIO

import pytest
from django.core.management import CommandError, call_command
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from aftersales.core.errors import DomainError
from aftersales.ledger import chart, selectors, services
from aftersales.ledger.chart import Line
from aftersales.ledger.models import Account, Journal
from aftersales.ledger.states import Shortage

pytestmark = pytest.mark.django_db

MONEY = [
    chart.CASH, chart.COST, chart.PROTECTION, chart.deposit(1), chart.payable(1), chart.receivable(1),
    chart.deposit(2), chart.customer(5),
]  # fmt: skip
POINTS = [chart.POINTS_GIVEN, chart.points(3), chart.merchant_points(1)]
cents = st.integers(1, 50_000).map(lambda number: Decimal(number).scaleb(-2))


@st.composite
def lines(draw) -> Line:
    unit = draw(st.sampled_from(["CNY", "EUR", "points"]))
    accounts = POINTS if unit == "points" else MONEY
    chosen = draw(st.lists(st.sampled_from(accounts), min_size=2, max_size=4, unique=True))
    return Line(chosen[1:], chosen[0], draw(cents), unit, draw(st.sampled_from(list(Shortage))))


acts = st.lists(
    st.one_of(
        st.tuples(st.just("post"), st.integers(1, 6), st.lists(lines(), min_size=1, max_size=3)),
        st.tuples(st.just("reverse"), st.integers(0, 20), st.booleans()),
    ),
    max_size=12,
)


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=40)
@given(acts=acts)
def test_any_sequence_keeps_debits_and_credits_equal(cast, now, acts) -> None:
    for verb, number, what in acts:
        try:
            if verb == "post":
                services.post(
                    source=("tests.thing", number), kind="ruling", lines=what, actor=cast.finance, now=now
                )
            elif journal := Journal.objects.order_by("pk")[number : number + 1].first():
                services.reverse(journal=journal, actor=cast.finance, now=now, reason="x", overdraw=what)
        except DomainError:
            pass
        assert all(debits == credits for _unit, debits, credits in selectors.totals())
    assert list(selectors.faults()) == []
    assert (
        not Account.objects.filter(kind="merchant_deposit", overdraft=0, debits__gt=0)
        .exclude(credits__gte=0)
        .exists()
    )
    assert all(row.balance >= -row.overdraft for row in Account.objects.filter(kind__in=["merchant_deposit"]))


@pytest.fixture
def books(post, funded) -> None:
    for number in range(1, 4):
        post(Line(chart.deposit(funded), chart.PROTECTION, Decimal(number)), kind="penalty")


def verify(**options) -> str:
    out, err = StringIO(), StringIO()
    try:
        call_command("verify_ledger", stdout=out, stderr=err, **options)
    except CommandError:
        return err.getvalue()
    return out.getvalue()


def test_whole_books_are_proved(books) -> None:
    assert "CNY: debits 106.00 = credits 106.00" in verify()
    assert "4 entries, 4 transfers: whole" in verify()


def test_a_forged_sum_is_found_and_counted_anew(books, cast, now) -> None:
    Account.objects.filter(kind="consumer_protection").update(credits=7, debits=1)
    assert "account does not hold what its transfers say" in verify()
    assert services.balances_rebuild(actor=cast.system, now=now) == 1
    assert selectors.balance(chart.PROTECTION) == 6
    assert "whole" in verify()


def test_balances_are_rebuilt_from_nothing(books, cast, now) -> None:
    before = {row.pk: (row.debits, row.credits, row.transfers) for row in Account.objects.all()}
    Account.objects.update(debits=0, credits=0, transfers=0)
    call_command("rebuild_ledger", stdout=StringIO())
    assert {row.pk: (row.debits, row.credits, row.transfers) for row in Account.objects.all()} == before
    assert "whole" in verify()


def test_a_statement_shows_every_balance_on_the_way(books, funded) -> None:
    account = Account.objects.get(kind="merchant_deposit")
    found = selectors.statement(account)
    assert [(row.amount, row.balance) for row in found] == [(-3, 94), (-2, 97), (-1, 99), (100, 100)]
    page = selectors.statement(account, before=found[1].transfer.pk)
    assert [row.balance for row in page] == [99, 100]
