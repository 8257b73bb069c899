"""The promise drawn over the ages of open tickets is the one in force."""

from datetime import datetime, timedelta

import pytest
from django.utils import translation

from aftersales.dashboards.selectors import overview as selectors
from aftersales.dashboards.selectors.overview import Scope
from aftersales.dashboards.views import overview as views
from aftersales.standards.models import StandardVersion
from aftersales.standards.states import RuleState
from tests.cast import Cast


def in_force() -> StandardVersion:
    return StandardVersion.objects.get(standard__code="solution_agreed", state=RuleState.ACTIVE)


@pytest.mark.parametrize(
    ("hours", "place", "warned"),
    [(48, 2, {"to_3d", "to_7d"}), (24, 1, {"to_2d", "to_3d", "to_7d"}), (36, 1.5, {"to_3d", "to_7d"})],
)
def test_it_stands_where_the_standard_says_and_colours_what_is_older(
    desk: Cast, now: datetime, hours: int, place: float, warned: set[str]
) -> None:
    StandardVersion.objects.filter(pk=in_force().pk).update(limit_value=hours)
    with translation.override("en"):
        board = selectors.board(Scope(desk.lead, now))
        assert f"{hours} hours" in views.age_chart(board)
    assert board.promised is not None
    assert views._limit_place(board.promised.span) == place
    assert {name for name in board.now.ages if views._age_tone(board, name) == "warn"} == warned


def test_no_promise_draws_no_line(desk: Cast, now: datetime) -> None:
    StandardVersion.objects.filter(standard__promise="solution_agreed").update(valid_to=now - timedelta(1))
    board = selectors.board(Scope(desk.lead, now))
    assert board.promised is None
    assert "lim" not in views.age_chart(board)
