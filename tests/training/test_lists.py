"""Certificates, results and hours leave as sheets; each reader gets the rows that his pages show."""

import csv
import io
from datetime import timedelta

import pytest
from django.urls import reverse

from accounts.states import Role
from aftersales.core.errors import NotPermitted
from aftersales.core.sheets import exporting
from tests.training.test_exams import an_exam
from tests.training.test_tiers import passed, taught
from training.models import Attempt, Certificate, Seat

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
