"""Two promotions over one rule, brought into force at the same moment: one of them is told to wait."""

import threading
from datetime import datetime, timedelta
from typing import Any

import pytest

from aftersales.core import facts
from aftersales.core.errors import Refused
from aftersales.standards.models import ParameterVersion, Promotion
from aftersales.standards.promoting import selectors, services
from tests.toy.fixtures import at_once

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.concurrency]
DAY = timedelta(days=1)


def two(cast: Any, now: datetime) -> list[Promotion]:
    made = []
    for name in ("双 11", "双 12"):
        row = services.promotion_draft(
            name_zh=name, name_en=name, starts_at=now + DAY, ends_at=now + 3 * DAY, reason="高峰",
            actor=cast.operations, now=now,
        )  # fmt: skip
        made.append(
            services.override_set(
                promotion=row, sort="number", code="due_soon_hours", value=7, actor=cast.operations, now=now
            )
        )
    return made


def together(cast: Any, rows: list[Promotion], now: datetime) -> list[Any]:
    actor = cast.supervisor
    return at_once(
        [lambda row=row: services.promotion_activate(promotion=row, actor=actor, now=now) for row in rows]
    )


def test_two_activations_at_once_leave_one_override(transactional_db: None, cast: Any, now: datetime) -> None:
    answers = together(cast, two(cast, now), now)
    (refused,) = [one for one in answers if isinstance(one, Refused)]
    assert refused.code == "overridden_already"
    assert ParameterVersion.objects.exclude(promotion=None).count() == 1


def test_without_the_lock_both_would_override(
    transactional_db: None, cast: Any, now: datetime, monkeypatch: Any
) -> None:
    both_have_looked = threading.Barrier(2)

    def looked(rows: Any, at: Any) -> Any:
        found = selectors.faults(rows, at)
        both_have_looked.wait(10)
        return found

    rows = two(cast, now)
    monkeypatch.setattr(services, "_lock_rules", lambda _row: None)
    monkeypatch.setitem(facts._providers, "standards.promotion_faults", [looked])
    together(cast, rows, now)
    assert ParameterVersion.objects.exclude(promotion=None).count() == 2


def test_one_promotion_twice_at_once_is_in_force_once(
    transactional_db: None, cast: Any, now: datetime
) -> None:
    row = two(cast, now)[0]
    answers = together(cast, [row, row, row], now)
    assert len([one for one in answers if isinstance(one, Promotion)]) == 1
    assert ParameterVersion.objects.exclude(promotion=None).count() == 1
