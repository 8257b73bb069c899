"""The demonstration's school has something in every state, once however often it is loaded, nothing from the future."""

from collections import Counter
from datetime import datetime
from typing import Any

import pytest

from accounts import demo
from accounts.models import User
from accounts.services import system_user
from aftersales.core.models import Event
from aftersales.desk.demo import school
from aftersales.merchants import trainingselectors
from aftersales.merchants.models import Merchant
from aftersales.merchants.trainingrules import Share
from training.complianceselectors import standings
from training.models import Assessment, Attempt, Certificate, Order, QuestionVersion, Run, Seat
from training.services import certificates_sweep

pytestmark = pytest.mark.django_db


def states(model: Any) -> set[str]:
    return set(model.objects.values_list("state", flat=True))


def test_every_page_of_training_has_something_to_show(now: datetime) -> None:
    people = demo.create(now)
    for number in (1, 2):
        Merchant(code=f"S{number}", name=f"云帆{number}店", state="active", agreement="2026-A").save()
    assert school.live(people, now) == 6
    assert school.live(people, now) == 0
    asked = Counter(QuestionVersion.objects.values_list("kind", flat=True))
    assert set(asked) == {"single", "multiple", "truth", "order", "short"}
    assert sum(asked.values()) >= 25
    assert states(Run) == {"done", "running", "open"}
    assert states(Seat) == {"enrolled", "present", "absent"}
    assert states(Attempt) == {"submitted", "marked", "appealed", "settled"}
    assert set(Attempt.objects.values_list("passed", flat=True)) == {True, False, None}
    assert states(Assessment) == {"done", "open"}
    assert {"ordered", "completed"} <= states(Order)
    certificates_sweep(actor=system_user(now), now=now)
    assert {"expired", "revoked"} <= states(Certificate)
    lacks = {
        one.person.username: one.lacks for one in standings(User.objects.get(username="operations"), now)
    }
    assert "onboarding" in lacks["vendoragent"]
    assert "onboarding" not in lacks["agent"]
    first, second = Merchant.objects.order_by("pk")
    shares = trainingselectors.shares([first.pk, second.pk], now)
    assert shares == {first.pk: Share(2, 1, 1), second.pk: Share(1, 0, 0)}
    assert not Event.objects.filter(at__gt=now).exists()
