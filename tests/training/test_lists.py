"""Certificates, results, assessments and hours leave as sheets; each reader gets the rows that his pages show."""

import csv
import io
from datetime import timedelta

import pytest
from django.urls import reverse
from django.utils.translation import override

from accounts.states import Role
from aftersales.core.errors import NotPermitted
from aftersales.core.sheets import exporting
from tests.training.test_exams import an_exam
from tests.training.test_practical import give, opened
from tests.training.test_tiers import passed, taught
from training.models import Assessment, Attempt, Certificate, Seat, Sheet

pytestmark = pytest.mark.django_db
HOURS = timedelta(hours=3)


def taken(sheet, model, actor, now) -> list[dict[str, str]]:
    made = exporting.export(
        queryset=model.objects.visible_to(actor).order_by("pk"), sheet=sheet, fmt="csv", actor=actor, now=now
    )
    text = exporting.path_of(made).read_bytes().decode("utf-8-sig")
    return list(csv.DictReader(io.StringIO(text)))


def test_what_was_learned_and_granted_leaves_as_sheets(cast, now) -> None:
    assert cast.team
    taught(cast, now, hours=6)
    passed(an_exam(cast, now), cast.agent, now)
    row = cast.certify(cast.agent)

    (hours,) = taken("training_hours", Seat, cast.trainer, now + HOURS)
    (result,) = taken("exam_results", Attempt, cast.trainer, now + HOURS)
    (certificate,) = taken("certificates", Certificate, cast.trainer, now + HOURS)
    assert {"agent", "6", "basics"} <= set(hours.values()) or {"agent", "6.00", "basics"} <= set(
        hours.values()
    )
    assert {"agent", "basic", "yes"} <= set(result.values())
    assert {row.number, "agent", "in_post", "no"} <= set(certificate.values())


def test_who_may_not_read_them_takes_nothing_out(cast, now) -> None:
    cast.certify(cast.agent)
    for sheet, model in (("certificates", Certificate), ("exam_results", Attempt), ("training_hours", Seat)):
        with pytest.raises(NotPermitted):
            taken(sheet, model, cast.agent, now)
        assert cast.client(cast.agent).get(reverse("sheets:export", args=[sheet, "csv"])).status_code in {
            403,
            404,
        }
    other = cast.make_team("other", lead=cast.person(Role.VENDOR_LEAD), vendor="外包一")
    taught(cast, now)
    assert taken("training_hours", Seat, other.lead, now) == [], "people of another team"


def test_an_assessment_leaves_as_a_sheet_and_its_points_once_everybody_gave_his(cast, now) -> None:
    """As on its page: how many sheets are given shows at once, what stands in them when it is over."""
    row = opened(cast, now)
    give(row, cast.trainer, now, 8, "7.5")
    with override("en"):
        (before,) = taken("assessments", Assessment, cast.lead, now)
    assert (before["Number"], before["User name"], before["rubric"], before["version"]) == (
        row.number, "agent", "call", "1",
    )  # fmt: skip
    assert before["assessors"] == f"{cast.trainer}; {cast.lead}"
    assert (before["state"], before["sheets given"], before["points by assessor"], before["score"]) == (
        "open", "1", "", "",
    )  # fmt: skip
    assert "15.5" not in before.values()
    give(row, cast.lead, now, 7, 7)
    with override("en"):
        (after,) = taken("assessments", Assessment, cast.trainer, now + HOURS)
    assert (after["state"], after["sheets given"], after["points by assessor"]) == ("done", "2", "15.5; 14")
    assert (float(after["score"]), float(after["points to be had"]), after["passed"]) == (14.75, 20, "yes")


def test_each_reader_takes_out_the_assessments_of_his_page(cast, now) -> None:
    row = opened(cast, now)
    address = reverse("sheets:export", args=["assessments", "csv"])
    assert (
        address.replace("csv", "xlsx")
        in cast.client(cast.lead).get(reverse("training:practicals")).content.decode()
    )
    for person in (cast.agent, cast.payroll_reader):
        assert cast.client(person).get(address).status_code in {403, 404}
        assert (
            address.replace("csv", "")
            not in cast.client(person).get(reverse("training:practicals")).content.decode()
        )
    other = cast.make_team("other", lead=cast.person(Role.VENDOR_LEAD), vendor="外包一").lead
    assert taken("assessments", Assessment, other, now) == [], "people of another team"
    Sheet.objects.create(assessment=row, assessor=other)
    (watched,) = taken("assessments", Assessment, other, now)
    assert {row.number, "open"} <= set(watched.values()), "he watches"
    assert row.number in cast.client(other).get(reverse("training:practicals")).content.decode()
