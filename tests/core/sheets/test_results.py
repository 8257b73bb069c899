"""What a finished import still says: from what to what, in numbers and words."""

from datetime import datetime
from typing import Any

import pytest

from accounts.states import Role
from aftersales.core.sheets import explaining, services
from tests.core.sheets.steps import apply, check, load, rows_as_csv

pytestmark = pytest.mark.django_db
HEADER = ["code", "name", "city"]


def changed(upload: Any, now: datetime) -> list[tuple[str, str, str]]:
    rows, _more = explaining.page(services.plan_of(upload, now=now), upload, "changed")
    return [(row.key, one.old, one.new) for row in rows for one in row.differences]


def test_the_result_says_from_what_to_what_after_the_rows_were_written(cast: Any, now: datetime) -> None:
    actor = cast.person(Role.OPERATIONS)
    load(
        "merchants", rows_as_csv(HEADER, ["M1", "杭州甲", "杭州"], ["M2", "苏州乙", ""]), actor=actor, now=now
    )
    upload = check(
        "merchants",
        rows_as_csv(HEADER, ["M1", "杭州甲", "宁波"], ["M2", "苏州丙", "苏州"]),
        actor=actor,
        now=now,
    )
    expected = [("M1", "杭州", "宁波"), ("M2", "苏州乙", "苏州丙"), ("M2", "", "苏州")]
    assert sorted(changed(upload, now)) == sorted(expected)
    done = apply(upload, now=now)
    assert (done.state, done.count("changed")) == ("done", 2)
    assert sorted(changed(done, now)) == sorted(expected)
