"""The demo's shops have accepted their agreement, but one."""

from datetime import datetime

import pytest

from accounts import demo
from aftersales.desk.demo import agreed
from aftersales.merchants.models import AgreementAnswer, Merchant

pytestmark = pytest.mark.django_db


def test_every_shop_but_the_youngest_has_accepted(now: datetime) -> None:
    people = demo.create(now)
    for number in (1, 2, 3):
        Merchant(code=f"S{number}", name=f"云帆{number}店", state="active").save()
    agreed.accepted(people, now)
    agreed.accepted(people, now)
    assert [*AgreementAnswer.objects.order_by("pk").values_list("merchant__code", "answer")] == [
        ("S1", "accepted"), ("S2", "accepted"),
    ]  # fmt: skip
