"""The daily exception report: what happened, what waits, told once to the supervisors."""

from datetime import timedelta
from decimal import Decimal
from zoneinfo import ZoneInfo

import pytest
from django.conf import settings
from django.urls import reverse

from aftersales.dashboards.services import exceptions_tell
from aftersales.notices.models import Notice
from training import services
from training.models import Tier

pytestmark = pytest.mark.django_db


def test_an_exception_stands_on_the_days_report_and_is_told_once(cast, now, monkeypatch) -> None:
    monkeypatch.setattr("django.utils.timezone.now", lambda: now)
    draft = services.tier_draft(
        tier=Tier.objects.get(code="in_post"), actor=cast.operations, now=now, handled=20, hours=Decimal(0),
        satisfaction=None, days_below=0, no_suspension=False,
    )  # fmt: skip
    services.rule_activate(draft=draft, actor=cast.supervisor, now=now)
    row = services.certificate_grant(
        person=cast.agent, tier=draft.tier, actor=cast.trainer, now=now, reason="缺人", by_exception=True
    )
    day = now.astimezone(ZoneInfo(settings.TIME_ZONE)).date()
    supervisor, address = cast.client(cast.supervisor), reverse("dashboards:exceptions")

    page = supervisor.get(address).content.decode()
    assert page.count(row.number) >= 2  # waits, and was proposed today
    assert reverse("training:person", args=[cast.agent.pk]) in page
    services.certificate_move(
        certificate=row, name="override", actor=cast.supervisor, now=now, reason="同意一次"
    )
    assert "同意一次" in supervisor.get(address).content.decode()
    assert row.number not in supervisor.get(address, {"day": str(day - timedelta(days=1))}).content.decode()
    for nonsense in ("2999-01-01", "0001-01-01", "x"):
        assert 'role="alert"' in supervisor.get(address, {"day": nonsense}).content.decode()

    later = now + timedelta(days=1)
    assert [exceptions_tell(day=day, now=later) for _twice in range(2)][0] == 1
    assert exceptions_tell(day=day - timedelta(days=1), now=later) == 0
    told = Notice.objects.get(source="exceptions.daily", channel="in_app")
    assert (told.user_id, str(day) in told.subject) == (cast.supervisor.pk, True)
