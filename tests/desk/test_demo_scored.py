"""The demonstration is scored by a formula in force since months, so that a month before can be kept."""

from datetime import datetime, timedelta

import pytest

from accounts import demo
from aftersales.desk.demo import scored
from aftersales.scorecards.models import Snapshot
from aftersales.scorecards.scores import selectors
from tests.records import merchant as a_merchant

pytestmark = pytest.mark.django_db
DAY = timedelta(days=1)


def test_a_demonstration_some_months_on_keeps_the_month_before(now: datetime) -> None:
    people = demo.create(now)
    assert scored.formula(people, now) is None, "the rule book is younger than the demonstration's past"
    later = now + 140 * DAY
    version = scored.formula(people, later)
    assert version is not None
    terms = selectors.terms_of(version)
    assert sum(terms.weight(one, "") for one in terms.items) == 100
    month = (later.replace(day=1) - DAY).replace(day=1).date()
    assert selectors.in_force(version.formula, month) == version
    a_merchant("M-1", now, returns="")
    for _again in range(2):
        scored._keep(month, later)
    kept = Snapshot.objects.get(subject_kind="merchant", month=month)
    assert (kept.rule, kept.grade) == (version, ""), "of a shop without orders too little is known"
