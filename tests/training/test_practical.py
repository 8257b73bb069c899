"""Practical assessments: two assessors apart from each other, a third where they disagree, never of oneself."""

from decimal import Decimal

import pytest
from django.urls import reverse

from aftersales.core.errors import DomainError
from training import practicalrules, services
from training.models import Assessment, Rubric, Sheet
from training.services import practical

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("at_now")]


@pytest.fixture
def at_now(now, monkeypatch) -> None:
    from django.utils import timezone

    monkeypatch.setattr(timezone, "now", lambda: now)


def a_rubric(cast, now, **terms) -> Rubric:
    facts = {"criteria": "语气 | 10\n规则 | 10", "pass_percent": 60, "gap_percent": 15} | terms
    draft = practical.rubric_create(
        code="call", name_zh="通话评分", name_en="A call", actor=cast.trainer, now=now, **facts
    )
    return services.rule_activate(draft=draft, actor=cast.operations, now=now).rubric


def opened(cast, now, person=None, **more) -> Assessment:
    return practical.assessment_open(
        rubric=a_rubric(cast, now), person=person or cast.agent, assessors=[cast.trainer, cast.lead],
        task="接听退款来电", actor=cast.operations, now=now, **more,
    )  # fmt: skip


def give(row, actor, now, *scores) -> Assessment:
    marks = [Decimal(score) for score in scores]
    return practical.sheet_give(assessment=row, scores=marks, remark=f"from {actor}", actor=actor, now=now)


def refused(code, act) -> None:
    with pytest.raises(DomainError) as error:
        act()
    assert error.value.code == code


def test_two_who_agree_give_the_mean_and_see_each_other_only_then(cast, now) -> None:
    row = opened(cast, now)
    first, second = cast.client(cast.trainer), cast.client(cast.lead)
    url, page = (
        reverse("training:sheet_give", args=[row.number]),
        reverse("training:practical", args=[row.number]),
    )
    assert row.number in second.get(reverse("training:practicals")).content.decode()
    first.post(url, {"score": ["8", "7.5"], "remark": "SECRET-REMARK"})
    for browser in (second, cast.client(cast.agent), first):
        text = browser.get(page).content.decode()
        assert "SECRET-REMARK" not in text
        assert "7.5" not in text
    second.post(url, {"score": ["7", "7"], "remark": ""})
    row.refresh_from_db()
    assert (row.state, row.score, row.passed) == ("done", Decimal("14.75"), True)
    assert "SECRET-REMARK" in cast.client(cast.agent).get(page).content.decode()


def test_two_who_disagree_ask_a_third_and_the_middle_counts(cast, now) -> None:
    row = opened(cast, now)
    give(row, cast.trainer, now, 9, 9)
    assert give(row, cast.lead, now, 5, 5).state == "disputed"
    name = {"assessment": row, "actor": cast.operations, "now": now}
    refused("assessors", lambda: practical.third_name(assessor=cast.lead, **name))
    refused("own_assessment", lambda: practical.third_name(assessor=cast.agent, **name))
    cast.client(cast.operations).post(
        reverse("training:third", args=[row.number]), {"third-assessor": cast.supervisor.pk}
    )
    refused("not_disputed", lambda: practical.third_name(assessor=cast.operations, **name))
    row = give(row, cast.supervisor, now, 6, 5)
    assert (row.state, row.score, row.passed) == ("done", Decimal(11), False)


@pytest.mark.parametrize(
    ("first", "second", "apart"),
    [("10", "13", False), ("10", "13.01", True), ("13", "10", False), ("0", "20", True)],
)
def test_how_far_apart_is_a_number(first, second, apart) -> None:
    assert practicalrules.disagree(Decimal(first), Decimal(second), Decimal(20), 15) is apart


@pytest.mark.parametrize("scores", [["8"], ["8", "11"], ["8", "-1"], ["8", "NaN"], ["8", "8", "8"]])
def test_a_sheet_has_a_number_for_each_criterion(cast, now, scores) -> None:
    refused("scores", lambda: give(opened(cast, now), cast.trainer, now, *scores))


def test_a_sheet_is_given_once_and_by_an_assessor(cast, now) -> None:
    row = opened(cast, now)
    give(row, cast.trainer, now, 8, 8)
    refused("given", lambda: give(row, cast.trainer, now, 9, 9))
    refused("not_assessor", lambda: give(row, cast.supervisor, now, 9, 9))


@pytest.mark.parametrize("path", ["assessor", "order", "twice the same", "sheet of another", "void", "third"])
def test_nobody_decides_about_his_own_assessment_by_any_path(cast, now, path) -> None:
    me = cast.supervisor
    if path in {"assessor", "order", "twice the same"}:
        rubric = a_rubric(cast, now)
        people = {
            "assessor": (me, cast.lead),
            "order": (cast.trainer, cast.lead),
            "twice the same": (me, me),
        }[path]
        person = cast.agent if path == "twice the same" else me
        actor = me if path == "order" else cast.operations
        cast.client(actor).post(reverse("training:assessment_new"), {
            "new-rubric": rubric.pk, "new-person": person.pk, "new-task": "x", "new-first": people[0].pk,
            "new-second": people[1].pk,
        })  # fmt: skip
        assert not Assessment.objects.exists()
        return
    row, browser = opened(cast, now, me), cast.client(me)
    if path == "sheet of another":
        browser.post(reverse("training:sheet_give", args=[row.number]), {"score": ["10", "10"]})
    elif path == "void":
        browser.post(reverse("training:assessment_void", args=[row.number]), {"reason": "x"})
    else:
        give(row, cast.trainer, now, 9, 9)
        give(row, cast.lead, now, 1, 1)
        browser.post(reverse("training:third", args=[row.number]), {"third-assessor": cast.operations.pk})
    row.refresh_from_db()
    assert row.state == ("disputed" if path == "third" else "open")
    assert Sheet.objects.filter(assessment=row).count() == 2
