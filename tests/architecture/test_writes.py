"""The watchman of the flows catches what he should and lets pass what he should."""

import pytest
from django.contrib.sessions.models import Session
from django.db import transaction
from django.http import HttpRequest

from accounts.models import Team
from aftersales.core import access, events, jobs, moves
from tests.architecture.writes import WriteOutsideServices, watched, written_tables
from tests.toy.models import Parcel

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("own_registries")]


def test_a_write_without_a_service_is_caught(parcel, agent, now) -> None:
    with watched():
        for write in (
            lambda: Parcel.objects.update(asked=1),
            lambda: Parcel.objects.all().delete(),
            lambda: Parcel.objects.create(),
            lambda: Parcel.objects.bulk_create([Parcel()]),
            lambda: Team(code="x", name_zh="x", name_en="x", created_at=now).save(),
            lambda: parcel.save(),
        ):
            with pytest.raises(WriteOutsideServices), transaction.atomic():
                write()


def test_the_door_events_and_jobs_may_write(parcel, agent, now) -> None:
    jobs.register("toy.work", lambda job, now: None)
    with watched():
        moves.perform(parcel, "send", actor=agent, now=now, carrier="sf")
        events.record("parcel.echoed", subject=parcel, actor=agent, now=now)
        jobs.enqueue("toy.work", key="1", now=now)
        assert jobs.run_due(now) == 1


def test_a_service_may_write(cast, now) -> None:
    from accounts import services

    agent = cast.agent
    with watched():
        services.password_set(user=agent, password="another-horse-battery", actor=agent, now=now)


def test_sessions_and_reading_are_nobodys_business(parcel, now) -> None:
    with watched():
        Session.objects.create(session_key="k", session_data="x", expire_date=now)
        list(Parcel.objects.select_related(None))


def test_writes_are_recognised_in_any_shape() -> None:
    assert written_tables('UPDATE "toy_parcel" AS t SET x = 1') == {"toy_parcel"}
    assert written_tables("WITH a AS (INSERT INTO toy_lamp (x) VALUES (1) RETURNING 1) SELECT 1") == {
        "toy_lamp"
    }
    assert written_tables('DELETE FROM "toy_stamp"') == {"toy_stamp"}
    assert written_tables('SELECT * FROM toy_parcel FOR UPDATE OF "toy_parcel" SKIP LOCKED') == set()


def test_a_test_may_plant_rows_but_a_page_may_not_write_them(parcel) -> None:
    with watched(planting=True):
        Parcel.objects.update(asked=1)
        with pytest.raises(WriteOutsideServices), transaction.atomic():
            access.answered(lambda: Parcel.objects.update(asked=2), HttpRequest())
