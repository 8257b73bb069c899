"""The monthly run: a dry run that everybody can follow, then proposals, each once, whatever happens in between."""

import threading
from datetime import date, datetime, timedelta
from functools import partial
from typing import Any

import pytest
import time_machine
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from aftersales.core import jobs
from aftersales.core.errors import DomainError, NotPermitted
from aftersales.ledger import sections
from aftersales.ledger import services as ledger
from aftersales.ledger.models import IncentiveVersion, Proposal, Raised
from aftersales.ledger.services import incentives as raising
from aftersales.scorecards import services
from aftersales.scorecards.models import MonthOutcome, MonthRun, Rollup, Standing
from aftersales.scorecards.services import months
from tests.scorecards.test_months import DISPATCH, HANDLING, OCTOBER, Rule, rule, shop
from tests.scorecards.test_scores import figure
from tests.toy.fixtures import at_once

pytestmark = pytest.mark.django_db
__all__ = ["rule"]
GOOD = {"quality_return_rate": (1, 100)}
ADDRESS = ["test", "2026-10"]


@pytest.fixture
def version(rule: Rule, now: datetime) -> IncentiveVersion:
    """Three shops: twenty points, ten points, nothing."""
    shop("S1", now, dispatch_in_time=(200, 200), **GOOD)
    shop("S2", now, dispatch_in_time=(100, 100), **GOOD)
    shop("S3", now, dispatch_in_time=(97, 100), **GOOD)
    return rule("metric.merchant.dispatch_in_time", DISPATCH)


def test_a_month_is_judged_when_its_figures_have_settled_once_and_for_all(
    version: IncentiveVersion, cast: Any, now: datetime
) -> None:
    """October's figures settle on November 8th, by the rule's seven days."""
    run = partial(services.month_run, version=version, month=OCTOBER, actor=cast.operations)
    with pytest.raises(DomainError, match="2026-11-08") as refused:
        run(now=datetime(2026, 11, 7, 15, 59, tzinfo=now.tzinfo))
    assert refused.value.code == "month_runs"
    done = run(now=datetime(2026, 11, 7, 16, 0, tzinfo=now.tzinfo))
    assert (done.looked, done.given) == (3, 2)
    Rollup.objects.update(num=0)  # what is corrected later changes nothing of it
    again = run(now=now)
    assert (again.pk, again.given, Proposal.objects.count()) == (done.pk, 2, 2)
    said = dict(MonthOutcome.objects.values_list("party_id", "said"))
    assert sorted(said.values()) == ["chance", "follows", "follows"]
    best = Proposal.objects.get(amount=20)
    assert (best.kind, best.unit, best.state, best.proposed_by_id) == (
        "incentive", "points", "proposed", cast.system.pk,
    )  # fmt: skip
    assert best.citation == version.citation
    assert best.calculation == {
        "month": "2026-10", "limit": "98.00 %", "window": "2026-10-01 – 2026-10-31", "figure": "200 / 200",
        "rate": "100.00 %", "interval": "98.12 % – 100.00 %", "step": "20.00", "counted": "20.00", "cap": "20.00",
    }  # fmt: skip
    assert ledger.incentives_raise(month=OCTOBER, actor=cast.system, now=now) == 0, "events are another run"


def test_only_whole_months_of_a_version_are_judged(
    version: IncentiveVersion, cast: Any, now: datetime
) -> None:
    with pytest.raises(DomainError) as refused:
        services.month_run(version=version, month=date(2026, 8, 1), actor=cast.operations, now=now)
    assert refused.value.code == "not_in_force"


def test_without_anybody_asking_the_sweep_judges_after_the_days_of_looking(
    version: IncentiveVersion, cast: Any, now: datetime
) -> None:
    settles = datetime(2026, 11, 7, 16, 0, tzinfo=now.tzinfo)
    assert services.months_sweep(now=settles) == 1, "September had its days"
    assert services.months_sweep(now=settles + timedelta(days=3, seconds=-1)) == 0
    assert services.months_sweep(now=settles + timedelta(days=3)) == 1
    assert services.months_sweep(now=settles + timedelta(days=4)) == 0
    assert set(MonthRun.objects.values_list("month", "given")) == {(date(2026, 9, 1), 0), (OCTOBER, 2)}


def test_a_rule_that_nobody_can_read_does_not_keep_the_others_from_theirs(
    version: IncentiveVersion, rule: Rule, cast: Any, now: datetime, caplog: pytest.LogCaptureFixture
) -> None:
    """By its code it comes first: its terms were kept before they were checked as they are today."""
    broken = rule("metric.merchant.dispatch_in_time", DISPATCH, code="a_broken")
    IncentiveVersion.objects.filter(pk=broken.pk).update(terms=DISPATCH | {"lag": "soon"})
    assert services.months_sweep(now=now) == 2, "September and October of the other one"
    assert set(MonthRun.objects.values_list("rule__code", flat=True)) == {"test"}
    assert "could not be judged" in caplog.text


def test_killed_in_the_middle_it_goes_on_from_what_was_kept(
    version: IncentiveVersion, cast: Any, now: datetime, monkeypatch: pytest.MonkeyPatch
) -> None:
    real, seen = raising.propose, []

    def dies(**facts: Any) -> Any:
        seen.append(facts)
        if len(seen) == 2:
            raise KeyboardInterrupt
        return real(**facts)

    monkeypatch.setattr(raising, "propose", dies)
    with pytest.raises(KeyboardInterrupt):
        services.month_run(version=version, month=OCTOBER, actor=cast.operations, now=now)
    assert (Proposal.objects.count(), Raised.objects.count(), MonthRun.objects.get().done_at) == (1, 1, None)
    Rollup.objects.update(num=0)
    assert services.months_sweep(now=now) == 2, "the stopped one, and September"
    assert sorted(Proposal.objects.values_list("amount", flat=True)) == [10, 20]
    assert MonthRun.objects.get(month=OCTOBER).given == 2


@pytest.mark.django_db(transaction=True)
@pytest.mark.concurrency
@pytest.mark.parametrize("lock", [True, False])
def test_two_judge_the_same_month_at_once(
    version: IncentiveVersion, cast: Any, now: datetime, monkeypatch: pytest.MonkeyPatch, lock: bool
) -> None:
    """With the lock the second waits and reads; without it the database keeps one run and one proposal of each."""
    system, gate = cast.system, threading.Barrier(2)
    keep, kept = months._keep, []

    def slow(*given: Any) -> Any:
        if not lock:
            gate.wait(10)
        kept.append(given)
        return keep(*given)

    monkeypatch.setattr(months, "_keep", slow)
    if not lock:
        monkeypatch.setattr(months, "LOCK", "SELECT %s::text")
    run = partial(services.month_run, version=version, month=OCTOBER, actor=system, now=now)
    done = at_once([run, run])
    assert not [one for one in done if isinstance(one, Exception)]
    assert len(kept) == (1 if lock else 2)
    assert len({one.pk for one in done}) == 1
    assert MonthRun.objects.count() == 1
    assert sorted(Proposal.objects.values_list("amount", flat=True)) == [10, 20]


# ------------------------------------------------------------------------------------------------ pages
@pytest.fixture
def at_now(now: datetime, settings: Any) -> Any:
    settings.REQUIRE_SECOND_FACTOR = False
    with time_machine.travel(now, tick=False):
        yield


def text_of(answer: Any) -> str:
    assert answer.status_code == 200
    return str(answer.content.decode())


def test_the_dry_run_is_looked_at_and_then_asked_for(
    at_now: None, version: IncentiveVersion, cast: Any, now: datetime
) -> None:
    client = cast.client(cast.operations)
    listed = text_of(client.get(reverse("rewards:months"), {"month": "2026-10"}))
    assert reverse("rewards:rule", args=ADDRESS) in listed
    page = text_of(client.get(reverse("rewards:rule", args=ADDRESS), {"which": "all"}))
    for words in ("Shop S1", "Shop S2", "Shop S3", "97 / 100", "91.5%–99.0%"):
        assert words in page
    assert not MonthRun.objects.exists()
    sheet = text_of(client.get(reverse("rewards:rule", args=ADDRESS), {"format": "csv"}))
    assert len(sheet.strip().splitlines()) == 4
    answer = client.post(reverse("rewards:run", args=ADDRESS))
    assert answer.status_code == 302
    assert client.post(reverse("rewards:run", args=ADDRESS)).status_code == 302, "asked twice it is one"
    jobs.run_due(now)
    assert Proposal.objects.count() == 2
    page = text_of(client.get(reverse("rewards:rule", args=ADDRESS)))
    assert all(number in page for number in Proposal.objects.values_list("number", flat=True))
    best = Proposal.objects.get(amount=20)
    assert reverse("rewards:rule", args=ADDRESS) in text_of(
        client.get(reverse("ledger:proposal", args=[best.public_id]))
    )


def test_who_may_not_ask_is_refused(version: IncentiveVersion, cast: Any, now: datetime) -> None:
    for person in (cast.agent, cast.auditor, cast.merchant_manager, cast.supervisor):  # he answers for people
        with pytest.raises(NotPermitted):
            services.month_ask(version=version, month=OCTOBER, actor=person, now=now)


def test_a_person_sees_his_own_outcome_a_lead_those_of_his_team_and_nobody_elses(
    at_now: None, rule: Rule, cast: Any, now: datetime
) -> None:
    lead = cast.team.lead
    other = cast.person("agent", name="别组的人")
    for person in (cast.agent, other):
        figure(
            person, day=date(2026, 10, 20), kind="person", satisfied_handling=(40, 40), promises_kept=(20, 20)
        )
    version = rule("metric.person.satisfied_handling", HANDLING)
    address = reverse("rewards:rule", args=ADDRESS)
    assert cast.agent.display_name not in text_of(cast.client(lead).get(address)), (
        "no trial before it is proposed"
    )
    services.month_run(version=version, month=OCTOBER, actor=cast.operations, now=now)
    rows = reverse("rewards:rows", args=[*ADDRESS, cast.agent.pk, "satisfied_handling"])
    for person, sees in ((cast.agent, True), (lead, True), (other, False), (cast.inspector, False)):
        page = text_of(cast.client(person).get(address))
        assert (
            cast.agent.display_name in page.split("<h1>", 1)[1].split("sc-tbl", 1)[-1] and rows in page
        ) is sees
        assert cast.client(person).get(rows).status_code == (200 if sees else 404)
    both = text_of(cast.client(cast.supervisor).get(address))
    assert cast.agent.display_name in both
    assert "别组的人" in both


def test_the_rows_behind_a_figure_are_the_very_rows(
    at_now: None, rule: Rule, cast: Any, now: datetime
) -> None:
    """No row stands behind planted roll-ups; the page says so instead of inventing any."""
    row = shop("S1", now, dispatch_in_time=(200, 200), **GOOD)
    rule("metric.merchant.dispatch_in_time", DISPATCH)
    client = cast.client(cast.merchant_manager)
    for code in ("dispatch_in_time", "quality_return_rate"):
        page = text_of(client.get(reverse("rewards:rows", args=[*ADDRESS, row.pk, code])))
        assert "2026-10-01 – 2026-10-31" in page
        assert "Shop S1" in page
    assert client.get(reverse("rewards:rows", args=[*ADDRESS, row.pk, "orders"])).status_code == 404
    assert client.get(reverse("rewards:rows", args=[*ADDRESS, 10**9, "dispatch_in_time"])).status_code == 404


def test_the_page_takes_the_same_statements_for_any_number(
    at_now: None, rule: Rule, cast: Any, now: datetime
) -> None:
    shop("S1", now, dispatch_in_time=(200, 200), **GOOD)
    rule("metric.merchant.dispatch_in_time", DISPATCH)
    client = cast.client(cast.operations)

    def asked() -> int:
        with CaptureQueriesContext(connection) as found:
            text_of(client.get(reverse("rewards:rule", args=ADDRESS), {"which": "all"}))
        return len(found)

    asked()  # what a process reads once
    first = asked()
    for number in range(2, 30):
        shop(f"S{number}", now, dispatch_in_time=(200, 200), **GOOD)
    assert asked() == first
    assert first <= 24


# ------------------------------------------------------------------------------------------------ scores of people
def test_people_are_scored_by_the_shipped_formula_and_seen_by_themselves_and_their_lead(
    cast: Any, now: datetime
) -> None:
    lead = cast.team.lead
    outsider = cast.make_team("second", lead=cast.person("lead")).lead
    figure(
        cast.agent, day=date(2026, 11, 10), kind="person", tickets=(40, 40), satisfied_handling=(39, 40),
        response_in_time=(40, 40), promises_kept=(40, 40), resolution=(39, 40), reopened=(0, 40),
    )  # fmt: skip
    assert services.standings_count(now=now) == 1, "who answers no ticket is not scored by tickets"
    row = Standing.objects.get()
    assert (row.subject_id, row.subject_name, row.formula.code) == (cast.agent.pk, "", "people")
    for person, sees in ((cast.agent, True), (lead, True), (cast.supervisor, True), (outsider, False),
                         (cast.inspector, False), (cast.merchant_manager, False)):  # fmt: skip
        assert Standing.objects.visible_to(person).exists() is sees
        parts = [str(one.title) for one in sections.of("person", cast.agent, person, now)]
        assert ("Service score" in parts or "服务分" in parts) is sees, (
            "nor does the file show it to anybody else"
        )
