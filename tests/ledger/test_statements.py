"""A month of an account adds up, any past moment has its balance, and a closed day never changes."""

from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from random import Random
from typing import Any

import pytest
from django.urls import reverse

from aftersales.core.models import Event
from aftersales.ledger import chart, services, statements
from aftersales.ledger.chart import Line
from aftersales.ledger.models import Account, DayBalance

pytestmark = pytest.mark.django_db
DAY = timedelta(days=1)
SEPTEMBER, OCTOBER, NOVEMBER = date(2026, 9, 1), date(2026, 10, 1), date(2026, 11, 1)
LATER = datetime(2026, 11, 29, 4, tzinfo=UTC)


def bonus(person: Any) -> Account:
    return Account.objects.get(kind="staff_bonus", subject_id=person.pk)


@pytest.fixture
def earned(post: Any, cast: Any) -> Any:
    """``earned(amount, at)``: what the agent got, booked at a moment that may be long ago."""

    def book(amount: str, at: datetime, **more: Any) -> None:
        line = Line(chart.COST, chart.bonus(cast.agent), Decimal(amount))
        post(line, kind="incentive", booked_at=at, now=LATER, **more)

    return book


def test_a_month_opens_with_what_the_one_before_left_and_closes_with_its_own_entries(
    earned: Any, cast: Any
) -> None:
    """An entry that is booked late stands in its month, at its time, although its key is the highest."""
    earned("100", datetime(2026, 10, 9, 4, tzinfo=UTC))
    earned("30", datetime(2026, 11, 3, 4, tzinfo=UTC))
    earned("7", datetime(2026, 10, 31, 15, 59, tzinfo=UTC))  # a minute before November begins here
    october, november = (statements.months_of([bonus(cast.agent)], month)[0] for month in (OCTOBER, NOVEMBER))
    assert (october.opening, october.more, october.less, october.closing, october.count) == (
        0,
        107,
        0,
        107,
        2,
    )
    assert [line.balance for line in october.lines] == [100, 107]
    assert (november.opening, november.closing) == (107, 137)
    assert [line.balance for line in november.lines] == [137]


def test_a_busy_account_takes_no_line_from_a_quiet_one(earned: Any, post: Any, cast: Any) -> None:
    for day in range(1, 6):
        earned("1", datetime(2026, 10, day, 4, tzinfo=UTC))
    at = datetime(2026, 10, 30, 4, tzinfo=UTC)
    post(Line(chart.COST, chart.bonus(cast.lead), Decimal(9)), kind="incentive", booked_at=at, now=LATER)
    both = [bonus(cast.agent), bonus(cast.lead)]
    busy, quiet = statements.months_of(both, OCTOBER, lines=2)
    assert ([line.balance for line in busy.lines], busy.count, busy.closing) == ([1, 2], 5, 5)
    assert [line.balance for line in quiet.lines] == [9]


def test_every_past_moment_has_the_same_balance_after_its_month_is_closed(
    earned: Any, cast: Any, post: Any
) -> None:
    """Given entries in any order, then closing changes where the balance is read, never what it is."""
    draw = Random(7)  # noqa: S311 - a fixed order of amounts
    begin = datetime(2026, 9, 1, tzinfo=UTC)
    moments = [begin + timedelta(minutes=draw.randrange(80 * 24 * 60)) for _n in range(60)]
    for number, at in enumerate(moments):
        earned(str(number + 1), at)
    account, asked = bonus(cast.agent), sorted(draw.sample(moments, 20)) + [LATER]
    expected = [sum(n + 1 for n, one in enumerate(moments) if one <= at) for at in asked]
    assert [statements.balance_at(account, at) for at in asked] == expected
    for month in (SEPTEMBER, OCTOBER):
        services.period_close(month=month, actor=cast.finance, now=LATER)
    kept = DayBalance.objects.filter(account=account)
    assert kept.count() == len(
        {
            (at + 8 * timedelta(hours=1)).date()
            for at in moments
            if at < datetime(2026, 10, 31, 16, tzinfo=UTC)
        }
    )
    assert [statements.balance_at(account, at) for at in asked] == expected


def test_a_person_reads_his_own_statement_and_no_others(earned: Any, cast: Any, settings: Any) -> None:
    settings.REQUIRE_SECOND_FACTOR = False
    earned("100", datetime(2026, 11, 3, 4, tzinfo=UTC))
    own, other = (
        reverse("ledger:statement", args=["person", person.pk]) + "?month=2026-11"
        for person in (cast.agent, cast.lead)
    )
    page = cast.client("agent").get(own).content.decode()
    assert "¥100.00" in page
    assert cast.client("agent").get(other).status_code == 404
    assert cast.client("finance").get(own).status_code == 200
    paper = cast.client("agent").get(reverse("ledger:statement_print", args=["person", cast.agent.pk]))
    assert paper.status_code == 200


def test_a_look_at_somebodys_file_is_kept_and_ones_own_is_not(earned: Any, cast: Any, settings: Any) -> None:
    settings.REQUIRE_SECOND_FACTOR = False
    assert cast.team
    address = reverse("ledger:file", args=["person", cast.agent.pk])
    assert cast.client("agent").get(address).status_code == 200
    assert not Event.objects.filter(kind="file.looked").exists()
    assert cast.client("supervisor").get(address).status_code == 200
    assert Event.objects.get(kind="file.looked").subject_id == cast.agent.pk
    assert cast.client("lead").get(address).status_code == 200  # his own team
    assert cast.client("inspector").get(address).status_code == 404
