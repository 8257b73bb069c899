"""What the machinery forgets at night, and what it never forgets."""

import os
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from axes.models import AccessAttempt, AccessFailureLog, AccessLog
from django.contrib.sessions.models import Session
from django.utils.module_loading import import_string

from accounts import services
from aftersales.celery import app
from aftersales.core import files, jobs
from aftersales.core.models import Job, JobState

pytestmark = pytest.mark.django_db
DAY = timedelta(days=1)


def job(key: str, state: str, finished_at: Any, now: Any) -> None:
    Job.objects.create(
        kind="toy.work", key=key, state=state, finished_at=finished_at, run_after=now, created_at=now
    )


def test_work_done_long_ago_is_forgotten_and_parked_work_waits_for_people(
    now: Any, settings: Any, monkeypatch: Any
) -> None:
    monkeypatch.setattr(jobs, "FORGET_BATCH", 2)
    old = now - settings.JOBS_KEPT - DAY
    for number in range(5):
        job(f"old:{number}", JobState.DONE, old, now)
    job("parked", JobState.PARKED, None, old)
    job("waiting", JobState.WAITING, None, old)
    job("yesterday", JobState.DONE, now - DAY, now)
    assert jobs.forget_done(now=now) == 5
    assert jobs.forget_done(now=now) == 0
    assert set(Job.objects.values_list("key", flat=True)) == {"parked", "waiting", "yesterday"}


def test_sessions_that_are_over_and_old_records_of_access_go(now: Any, settings: Any) -> None:
    for key, until in (("over", now - DAY), ("open", now + DAY)):
        Session.objects.create(session_key=key, session_data="x", expire_date=until)
    old, recent = now - settings.SIGN_IN_RECORDS_KEPT - DAY, now - DAY
    about = {
        "username": "x",
        "ip_address": "192.0.2.1",
        "user_agent": "x",
        "http_accept": "",
        "path_info": "/",
    }
    for moment in (old, recent):
        for model in (AccessFailureLog, AccessLog):
            row = model.objects.create(**about)
            model.objects.filter(pk=row.pk).update(attempt_time=moment)
    locked = AccessAttempt.objects.create(**about, failures_since_start=5, get_data="", post_data="")
    AccessAttempt.objects.filter(pk=locked.pk).update(attempt_time=now - timedelta(minutes=1))
    assert services.sign_ins_forget(now=now) == 3
    assert list(Session.objects.values_list("session_key", flat=True)) == ["open"]
    assert AccessFailureLog.objects.count() == AccessLog.objects.count() == 1
    assert AccessAttempt.objects.exists(), "whoever is locked out stays locked out"
    assert services.sign_ins_forget(now=now + 3 * DAY) == 2
    assert not AccessAttempt.objects.exists()


def stored(folder: Path, name: str, age: timedelta, now: Any) -> Path:
    path = folder / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(b"x")
    os.utime(path, times=((now - age).timestamp(),) * 2)
    return path


def test_a_stored_file_without_a_row_goes_after_a_day(
    now: Any, settings: Any, tmp_path: Path, monkeypatch: Any
) -> None:
    settings.MEDIA_ROOT = tmp_path
    monkeypatch.setattr(files, "_rows", {})
    known = stored(tmp_path, f"2611/{'a' * 32}", 9 * DAY, now)
    refused = stored(tmp_path, f"2611/{'b' * 32}", 2 * DAY, now)
    half = stored(tmp_path, f"2611/{'c' * 32}.part", 2 * DAY, now)
    young = stored(tmp_path, f"2611/{'d' * 32}", timedelta(hours=3), now)
    elsewhere = stored(tmp_path, "tests/2611/x", 9 * DAY, now)
    assert files.forget_strays(now=now) == 0, "as long as no room says what it needs, all stay"

    files.declare("toy.parcel", lambda names: [name for name in names if name.endswith("a" * 32)])
    assert files.forget_strays(now=now) == 2
    assert [path.exists() for path in (known, refused, half, young, elsewhere)] == [
        True,
        False,
        False,
        True,
        True,
    ]


def test_the_sweeps_are_on_the_beat() -> None:
    names = {entry["task"] for entry in app.conf.beat_schedule.values()}
    assert names >= {"aftersales.core.tasks.forget", "aftersales.core.sheets.tasks.go_on"}
    assert "accounts.tasks.forget_sign_ins" in names
    assert all(import_string(name).name == name for name in names)
