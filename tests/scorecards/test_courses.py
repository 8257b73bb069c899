"""Whatever is done to cases, their money, disputes and letters: counting touched days is counting everything."""

from collections.abc import Callable
from datetime import datetime
from typing import Any

import pytest
from hypothesis import HealthCheck, Phase, settings
from hypothesis.stateful import run_state_machine_as_test

from aftersales.cases.models import Case
from aftersales.orders.models import Order
from aftersales.scorecards import services
from tests.cases.conftest import certified, lines, open_case, order, ticket
from tests.cases.test_any_course import AnyCourse
from tests.cast import Cast
from tests.scorecards.conftest import noted, stored

__all__ = ["certified", "lines", "open_case", "order", "ticket"]
pytestmark = [pytest.mark.django_db, pytest.mark.slow]


class Counted(AnyCourse):
    """Counted before each wait too, so that figures move that stood already; at the end both ways."""

    counted: set[str]

    def act(self, name: str, **given: Any) -> Any:
        if name == "parcels_expire":  # the first sweep of a wait
            noted(self.now)
            services.refresh()
        return super().act(name, **given)

    def teardown(self) -> None:
        try:
            noted(self.now)
            services.refresh()
            self.counted |= {key[0] for key in stored()}
            assert {code: number for code, number in services.recount().items() if number} == {}
        finally:
            super().teardown()


def test_any_course_of_cases_is_counted_by_what_it_touches(
    open_case: Callable[..., Case], order: Order, desk: Cast, now: datetime
) -> None:
    for role in ("returns_receiver", "adjudicator", "lead", "supervisor", "finance"):
        desk.of(role)
    desk.person("adjudicator", username="judge2")
    counted: set[str] = set()
    world: dict[str, Any] = {
        "open_case": staticmethod(open_case), "desk": desk, "order": order, "start": now, "done": {},
        "counted": counted,
    }  # fmt: skip
    run_state_machine_as_test(
        type("Course", (Counted,), world),
        settings=settings(
            max_examples=6, stateful_step_count=25, phases=(Phase.generate,), database=None,
            suppress_health_check=list(HealthCheck),
        ),
    )  # fmt: skip
    assert {"dispute_rate_cases", "return_rate", "obligations_kept", "promises_kept"} & counted
