"""A draft of a formula counted over the past quarter: who moves, by how much, who falls; kept, and never sent."""

from datetime import date, datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest
from django.conf import settings
from django.db import DatabaseError, transaction
from django.urls import reverse
from django.utils import timezone

from accounts.services import system_user
from aftersales.core import jobs
from aftersales.core.errors import DomainError, NotPermitted
from aftersales.core.models import Event
from aftersales.orders.models import Category
from aftersales.scorecards import services
from aftersales.scorecards.models import ShadowPart, ShadowRun, ShadowScore
from aftersales.standards import services as rule_book
from aftersales.standards.models import Parameter
from tests.scorecards.test_formula_rules import kept as plain_terms
from tests.scorecards.test_scores import formula, plain, plant

__all__ = ["formula", "plain", "plant"]
pytestmark = pytest.mark.django_db
D = Decimal


@pytest.fixture
def later(now: datetime) -> datetime:
    """The plain version has been in force for a month; figures have settled up to January 2nd."""
    return datetime(2027, 1, 10, 2, tzinfo=now.tzinfo)


@pytest.fixture
def harder(cast: Any, plain: Any, plant: Any, formula: Any, later: datetime) -> Any:
    """Each complaint to an authority is to cost 3 points instead of 2; one of four shops had two of them."""
    for number in range(4):
        had = {"authority_complaint_rate": (2, 200)} if number == 0 else {}
        plant(f"M{number}", day=date(2026, 12, 20), orders=(200, 200), dispute_rate_orders=(3, 200),
              dispatch_in_time=(190, 200), category="图书", **had)  # fmt: skip
    terms = plain_terms()
    terms["deductions"][0]["points"] = "3"
    return services.formula_draft(
        formula=formula, terms=terms, actor=cast.operations, now=later, reason="投诉从严"
    )


def test_one_shop_moves_by_what_one_can_work_out_by_hand(cast, harder, later) -> None:
    run = services.formula_simulate(version=harder, least=None, actor=cast.operations, now=later)
    assert (run.since, run.until, run.least) == (date(2026, 10, 1), date(2027, 1, 2), D("75.0"))
    assert jobs.run_due(later) == 1
    last = ShadowScore.objects.filter(run=run.pk, day=date(2027, 1, 2)).order_by("-size", "subject_id")
    assert [(one.subject_name, one.by) for one in last] == [
        ("Shop M0", D("-2.0")),  # 2 complaints at 3 instead of 2 points
        ("Shop M1", D("0.0")),
        ("Shop M2", D("0.0")),
        ("Shop M3", D("0.0")),
    ]
    before, after = last[0].details_before["extras"], last[0].details_after["extras"]
    assert [one["points"] for one in (*before, *after)] == ["-4.0", "-6.0"]
    assert set(ShadowScore.objects.filter(day=date(2026, 10, 31)).values_list("size", flat=True)) == {D(0)}
    part = ShadowPart.objects.get(run=run.pk, played="scores", place=3)
    assert (part.counts["subjects"], part.counts["up"], part.counts["down"]) == (4, 0, 1)


def test_the_list_calls_categories_as_the_reader_does(cast, harder, formula, later) -> None:
    Category.objects.create(code="books", name_zh="图书", name_en="Books")
    run = services.formula_simulate(version=harder, least=None, actor=cast.operations, now=later)
    jobs.run_due(later)
    browser = cast.client("operations")
    browser.cookies[settings.LANGUAGE_COOKIE_NAME] = "en"
    url = reverse("scorecards:simulation", args=[formula.code, run.public_id])
    for shown in (f"{url}?which=all", f"{url}?which=all&format=csv"):
        page = browser.get(shown).content.decode()
        assert "Books" in page, shown
        assert "图书" not in page, shown


def test_who_would_fall_below_the_limit_is_named(cast, harder, later) -> None:
    first = services.formula_simulate(version=harder, least=None, actor=cast.operations, now=later)
    jobs.run_due(later)
    score = ShadowScore.objects.get(run=first.pk, day=date(2027, 1, 2), subject_name="Shop M0").before
    run = services.formula_simulate(version=harder, least=score - 1, actor=cast.operations, now=later)
    jobs.run_due(later)
    fallen = ShadowScore.objects.filter(run=run.pk, falls=True)
    assert {one.subject_name for one in fallen} == {"Shop M0"}
    part = ShadowPart.objects.get(run=run.pk, played="scores", place=3)
    assert (part.counts["falls"], part.counts["rises"]) == (1, 0)


def test_the_same_question_is_asked_once_and_comes_out_the_same_after_the_draft_was_corrected(
    cast, harder, later, formula
) -> None:
    run = services.formula_simulate(version=harder, least=D(75), actor=cast.operations, now=later)
    assert services.formula_simulate(version=harder, least=D(75), actor=cast.supervisor, now=later) == run
    terms = plain_terms()
    terms["deductions"][0]["points"] = "1"
    corrected = services.formula_draft(formula=formula, terms=terms, actor=cast.operations, now=later)
    assert corrected.pk == harder.pk
    jobs.run_due(later)
    moved = ShadowScore.objects.get(run=run.pk, day=date(2027, 1, 2), subject_name="Shop M0")
    assert moved.by == D("-2.0"), "played by the words of the day on which it was asked"
    other = services.formula_simulate(version=corrected, least=D(75), actor=cast.operations, now=later)
    assert other != run
    assert services.shadow_go(run=run, now=later) == {"chunks": 0}, "what stands is not played again"
    with pytest.raises(DatabaseError), transaction.atomic():
        ShadowRun.objects.filter(pk=run.pk).update(least=1)


def test_nothing_to_compare_is_said(cast, plain, later, harder) -> None:
    with pytest.raises(DomainError) as refused:
        services.formula_simulate(version=plain, least=None, actor=cast.operations, now=later)
    assert refused.value.code == "counts_already"
    with pytest.raises(DomainError) as refused:
        services.formula_simulate(version=harder, least=D(101), actor=cast.operations, now=later)
    assert refused.value.code == "least"
    with pytest.raises(NotPermitted):
        services.formula_simulate(version=harder, least=None, actor=cast.auditor, now=later)


def test_scores_of_a_trial_go_after_their_time_and_its_sums_stay(cast, harder, later) -> None:
    """Ninety days by the rule book; the database asks its own clock, so no wrong moment removes too early."""
    jobs.run_due(later)
    today = timezone.now()

    def trial(days: int) -> ShadowRun:
        run = ShadowRun.objects.create(
            kind="formula", formula=harder, since=date(2026, 7, 1), until=date(2026, 7, 31), by=cast.operations,
            asked=f"{days}", at=today - timedelta(days=days), drafts={},
        )  # fmt: skip
        ShadowPart.objects.create(run=run.pk, played="scores", counts={"subjects": 2}, at=run.at)
        for subject in (1, 2):
            ShadowScore.objects.create(
                run=run.pk,
                day=run.until,
                subject_kind="merchant",
                subject_id=subject,
                before=80,
                after=79,
                size=1,
            )
        return run

    old, young = trial(91), trial(89)
    with pytest.raises(DatabaseError), transaction.atomic():
        ShadowScore.objects.filter(run=old.pk).delete()
    assert services.scores_forget(now=today + timedelta(days=400)) == 2
    assert set(ShadowScore.objects.values_list("run", flat=True)) == {young.pk}
    assert ShadowPart.objects.filter(run=old.pk).exists()
    assert ShadowRun.objects.filter(pk=old.pk).exists()
    told = Event.objects.get(kind="trials.retained")
    assert (told.payload["count"], told.actor_id) == (2, system_user(today).pk)
    assert services.scores_forget(now=today) == 0
    assert Event.objects.filter(kind="trials.retained").count() == 1

    draft = rule_book.parameter_draft(
        parameter=Parameter.objects.get(code="shadow_days"), value=30, actor=cast.operations, now=today
    )
    rule_book.rule_activate(draft=draft, actor=cast.supervisor, now=today)
    assert services.scores_forget(now=today + timedelta(seconds=5)) == 2
