"""What only the team reads, and what a person's file says of his work."""

from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone

from aftersales.ledger import chart, filesections, resultsections, services
from aftersales.ledger.chart import Line
from aftersales.ledger.models import Proposal
from tests.training.test_tiers import asks, taught
from training.services import fact_record

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def plain(settings: Any, cast: Any) -> None:
    settings.REQUIRE_SECOND_FACTOR = False
    assert cast.team


def noted(cast: Any, party: Any, measure: str, number: int) -> Proposal:
    now = timezone.now() - timedelta(hours=1)
    row = services.propose(
        kind="measure", party=party, amount=None, measure=measure, fact_code="late_answer",
        citation="incentive.late v1", source=("tests.fact", number), actor=cast.operations, now=now,
    )  # fmt: skip
    return services.proposal_notify(proposal=row, actor=cast.operations, now=now)


def page(cast: Any, person: Any) -> str:
    answer = cast.client(person).get(reverse("ledger:team_notices"))
    assert answer.status_code == 200
    return str(answer.content.decode())


def test_a_criticism_is_read_by_the_team_alone_and_taken_away_when_it_is_overturned(
    cast: Any, merchant: Any
) -> None:
    row = noted(cast, cast.agent, "criticism", 1)
    noted(cast, cast.lead, "honour", 2)
    noted(cast, cast.agent, "talk", 3)
    noted(cast, merchant, "honour", 4)
    for reader in (cast.agent, cast.lead, cast.supervisor):
        found = page(cast, reader)
        assert "批评" in found
        assert "荣誉" in found
        assert merchant.name not in found
        assert "谈话" not in found
    assert "incentive.late v1" not in page(cast, cast.inspector)  # of no team
    now = timezone.now()
    row = services.proposal_appeal(proposal=row, text="当天停机", actor=cast.agent, now=now)
    services.proposal_hear(proposal=row, upheld=False, answer="属实", actor=cast.finance, now=now)
    assert "批评" not in page(cast, cast.lead).split("<tbody>")[1]
    assert "批评" in page(cast, cast.agent).split("<tbody>")[1]  # he alone sees that it was taken away


def test_a_file_says_what_the_work_came_to_each_with_its_sample(cast: Any) -> None:
    today = timezone.localdate()
    for metric, value, n in (
        ("tickets_handled", 40, 1), ("reopened", 4, 1), ("satisfaction", Decimal("4.5"), 20),
        ("inspection_score", 90, 3),
    ):  # fmt: skip
        fact_record(person=cast.agent, metric=metric, day=today, value=value, n=n)
    address = reverse("ledger:file", args=["person", cast.agent.pk])
    for reader, status in (
        (cast.agent, 200),
        (cast.lead, 200),
        (cast.administrator, 200),
        (cast.inspector, 404),
    ):
        answer = cast.client(reader).get(address)
        assert answer.status_code == status
        if status == 200:
            found = answer.content.decode()
            for words in (f"{today:%Y-%m}", "40", "4.5", "20", "90", "10%", "<svg"):
                assert words in found


def test_a_file_says_what_of_the_next_tier_is_met(cast: Any, now: Any) -> None:
    asks(cast, now, hours=Decimal(4), courses=[], handled=20)
    fact_record(person=cast.agent, metric="tickets_handled", day=now.date(), value=25)
    found = resultsections.promotion_of(cast.agent, cast.lead, now)
    assert found is not None
    assert [one.value for one in found.figures][-1] in ("1 of 2", "2 项中达到 1 项")
    assert [row[1:3] for row in found.rows] == [["0", "4"], ["25", "20"]]


def test_the_hours_of_a_year_begin_at_midnight_here(cast: Any, now: Any) -> None:
    taught(cast, now)
    eve, new_year = (datetime(2026, 12, 31, hour, 30, tzinfo=UTC) for hour in (15, 16))
    for at, hours in ((eve, 4), (new_year, 0)):
        found = filesections.training_of(cast.agent, cast.lead, at)
        assert found is not None
        assert [Decimal(one.value) for one in found.figures] == [hours, 4]


LISTS = {
    "journal": 0, "accounts": 0, "proposals": 0, "team_notices": 0, "statements": 0, "exports": 0, "months": 0,
    "rules": 0, "measures": 0,
}  # fmt: skip
OCTOBER = date(2026, 10, 1)


def test_the_lists_of_the_ledger_take_the_same_statements_whatever_the_rows(
    cast: Any, post: Any, merchant: Any
) -> None:
    def rows(number: int) -> None:
        for one in (cast.agent, cast.lead, cast.supervisor)[:number]:
            post(Line(chart.COST, chart.bonus(one), Decimal(5)), kind="incentive", now=timezone.now())
            noted(cast, one, "honour", number * 1000 + one.pk)
            noted(cast, merchant, "warning", number * 10**6 + one.pk)

    def asked() -> dict[str, int]:
        browser, found = cast.client(cast.auditor), {}
        for name in LISTS:
            browser.get(reverse(f"ledger:{name}"))
            with CaptureQueriesContext(connection) as captured:
                assert browser.get(reverse(f"ledger:{name}")).status_code == 200
            found[name] = len(captured)
        return found

    rows(2)
    few = asked()
    rows(3)
    assert asked() == few
    assert max(few.values()) <= 25
