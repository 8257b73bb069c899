"""The simulator's page: the week as it was and as it would be, a draft kept for a second person, bad addresses."""

from datetime import timedelta
from typing import Any

import pytest
from django.urls import reverse

from accounts.states import Role
from aftersales.core.models import Job
from aftersales.desk.views import simulator
from aftersales.standards.models import ParameterVersion
from aftersales.tickets.models import DispatchRecord
from tests.cast import Cast

URL = "desk:simulator"


@pytest.fixture
def lived(open_ticket: Any, desk: Cast, now: Any) -> None:
    """A few dispatches of yesterday."""
    desk.shift(desk.agent, hours_before=30, hours_after=-20)
    for n in range(4):
        open_ticket(at=now - timedelta(hours=26) + timedelta(minutes=n), customer_id=None)


def test_the_page_plays_the_week_and_writes_nothing(lived: None, desk: Cast, at_now: Any) -> None:
    before = DispatchRecord.objects.count(), Job.objects.count(), ParameterVersion.objects.count()
    page = desk.client(Role.LEAD).get(reverse(URL), {"load": "0", "without": desk.agent.pk})
    assert page.status_code == 200
    result = page.context["result"]
    assert (result["tickets"], result["unserved"]) == (4, 4)
    assert (DispatchRecord.objects.count(), Job.objects.count(), ParameterVersion.objects.count()) == before


def test_a_long_week_is_played_by_a_job_with_the_same_figures(
    lived: None, desk: Cast, at_now: Any, now: Any, work_off: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    at_once = desk.client(Role.LEAD).get(reverse(URL)).context["result"]
    monkeypatch.setattr(simulator, "AT_ONCE", 0)
    waits = desk.client(Role.LEAD).get(reverse(URL))
    assert waits.context["job"] is not None
    work_off(now)
    later = desk.client(Role.LEAD).get(reverse(URL))
    assert (later.context["job"], later.context["result"]) == (None, at_once)
    assert Job.objects.filter(kind="tickets.simulate").count() == 1


def test_a_draft_is_kept_corrected_and_changes_nothing_yet(desk: Cast, at_now: Any) -> None:
    operations = desk.client(Role.OPERATIONS)
    rows = ParameterVersion.objects.filter(parameter__code="dispatch_weights")
    for load in ("40", "45"):
        operations.post(reverse("desk:simulator_draft"), {"load": load, "reason": "负荷更重要"})
    draft = rows.get(state="draft")
    assert "load=45" in draft.value
    assert "known=15" in draft.value
    assert rows.get(state="active").number == 1
    assert operations.get(reverse(URL), {"draft": ""}).context["changed"]
    everything = dict.fromkeys(("duty", "load", "known", "shift", "green", "language", "idle"), "0")
    for bad in ({"load": "50"}, {"reason": "x"}, {"reason": "x", **everything}):
        operations.post(reverse("desk:simulator_draft"), bad)
    assert "load=45" in rows.get(state="draft").value


@pytest.mark.parametrize(
    "query", ["load=-1", "load=x", "load=99999999999999999999", "without=x&without=-3", "known=²", "draft=1&duty=%00"]
)  # fmt: skip
def test_an_address_that_makes_no_sense_shows_the_page(desk: Cast, at_now: Any, query: str) -> None:
    assert desk.client(Role.LEAD).get(f"{reverse(URL)}?{query}").status_code == 200
