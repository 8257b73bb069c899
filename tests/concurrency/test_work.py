"""Jobs, numbers and refreshed rows under several threads."""

from typing import Any

import pytest
from django.db import transaction

from aftersales.core import jobs, series
from aftersales.core.models import Job, JobState
from tests.toy.fixtures import at_once, in_thread
from tests.toy.models import Parcel

pytestmark = [
    pytest.mark.django_db(transaction=True),
    pytest.mark.concurrency,
    pytest.mark.usefixtures("own_registries"),
]


def test_each_job_runs_once_however_many_workers_there_are(now) -> None:
    ran: list[str] = []
    jobs.register("toy.work", lambda job, at: ran.append(job.key))
    for number in range(20):
        jobs.enqueue("toy.work", key=f"work:{number}", now=now)
    counts = at_once([lambda: jobs.run_due(now)] * 4)
    assert sum(counts) == 20
    assert len(set(ran)) == len(ran) == 20
    assert set(Job.objects.values_list("state", flat=True)) == {JobState.DONE}


def test_a_job_that_somebody_is_taking_is_passed_by(now) -> None:
    jobs.register("toy.work", lambda job, at: None)
    jobs.enqueue("toy.work", key="held", now=now)
    jobs.enqueue("toy.work", key="free", now=now)
    with transaction.atomic():
        Job.objects.select_for_update().get(key="held")
        assert in_thread(lambda: jobs.run_due(now)) == 1
    assert Job.objects.get(key="free").state == JobState.DONE
    assert Job.objects.get(key="held").state == JobState.WAITING


def test_eight_who_ask_for_the_same_job_make_one(now) -> None:
    jobs.register("toy.work", lambda job, at: None)
    answers = at_once([lambda: jobs.enqueue("toy.work", key="the one", now=now)] * 8)
    assert sorted(answers) == [False] * 7 + [True]
    assert Job.objects.count() == 1


def test_no_number_is_given_out_twice_and_none_is_missing(now, monkeypatch) -> None:
    monkeypatch.setattr(series, "_declared", {"toy": "{n}"})
    answers = at_once([lambda: [series.next_number("toy", now) for _ in range(10)]] * 8)
    assert sorted(int(number) for numbers in answers for number in numbers) == list(range(1, 81))


def test_a_refresh_in_one_thread_does_not_unlock_the_state_in_another(parcel) -> None:
    """The library's own mixin lifts the protection for the whole class while one thread refreshes."""

    def refresh() -> int:
        row = Parcel.objects.get()
        for _ in range(30):
            row.refresh_from_db()
        return 0

    def tamper() -> int:
        row, succeeded = Parcel.objects.get(), 0
        for _ in range(3000):
            try:
                row.state = "lost"
                succeeded += 1
            except AttributeError:
                pass
        return succeeded

    answers: list[Any] = at_once([refresh, tamper, refresh, tamper])
    assert answers == [0, 0, 0, 0]
