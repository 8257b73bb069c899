"""A draft of a formula counted over the past quarter: who moves, by how much, who falls; kept, and never sent."""

from datetime import date, datetime
from decimal import Decimal
from typing import Any

import pytest
from django.db import DatabaseError, transaction

from aftersales.core import jobs
from aftersales.core.errors import DomainError, NotPermitted
from aftersales.scorecards import services
from aftersales.scorecards.models import ShadowPart, ShadowRun, ShadowScore
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
              dispatch_in_time=(190, 200), **had)  # fmt: skip
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
