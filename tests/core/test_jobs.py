"""Work for later: asked once, leased, retried, parked, replayed; a silent broker stops nothing."""

import time
from datetime import timedelta
from typing import Any

import pytest
from django.db import transaction

from aftersales.core import jobs, tasks
from aftersales.core.models import Job, JobState
from aftersales.core.origin import current

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("own_registries")]
SECOND = timedelta(seconds=1)


class Work:
    """A handler that counts, and fails as often as told."""

    def __init__(self) -> None:
        self.runs = 0
        self.failures = 0

    def __call__(self, job: Job, now: Any) -> dict[str, Any]:
        self.runs += 1
        if self.runs <= self.failures:
            raise RuntimeError(f"attempt {self.runs}")
        return {"runs": self.runs, "source": current().source}


@pytest.fixture
def work() -> Work:
    found = Work()
    jobs.register("toy.work", found)
    return found


def ask(now: Any, key: str = "work:1", **rest: Any) -> bool:
    return jobs.enqueue("toy.work", key=key, now=now, **rest)


def test_a_job_runs_once_and_keeps_its_result(work, now) -> None:
    ask(now, payload={"id": 7})
    assert jobs.run_due(now) == 1
    job = Job.objects.get()
    assert (job.state, job.result, job.payload) == (JobState.DONE, {"runs": 1, "source": "task"}, {"id": 7})
    assert (job.attempts, job.finished_at, job.lease_until) == (1, now, None)
    assert jobs.run_due(now) == 0


def test_the_same_key_is_one_job(work, now) -> None:
    assert ask(now) is True
    assert ask(now) is False
    assert ask(now, "work:2") is True
    assert jobs.run_due(now) == 2
    assert ask(now) is False, "also after it was done"


def test_an_unknown_kind_is_refused_when_asked_and_parked_when_found(now) -> None:
    with pytest.raises(LookupError, match="not registered"):
        jobs.enqueue("toy.nothing", key="x", now=now)
    Job.objects.create(kind="toy.gone", key="x", run_after=now, created_at=now)
    for attempt in range(jobs.MAX_ATTEMPTS):
        jobs.run_due(now + timedelta(hours=attempt))
    assert Job.objects.get().state == JobState.PARKED
    with pytest.raises(ValueError, match="registered twice"):
        jobs.register("toy.same", print) or jobs.register("toy.same", len)


def test_a_job_waits_for_its_time(work, now) -> None:
    ask(now, run_after=now + SECOND)
    assert jobs.run_due(now) == 0
    assert jobs.run_due(now + SECOND) == 1


def test_a_failed_job_is_tried_again_later_and_later(work, now) -> None:
    work.failures = 2
    ask(now)
    jobs.run_due(now)
    job = Job.objects.get()
    assert (job.state, job.error, job.run_after) == (
        JobState.WAITING,
        "RuntimeError: attempt 1",
        now + 30 * SECOND,
    )
    assert jobs.run_due(now) == 0
    jobs.run_due(now + 30 * SECOND)
    assert Job.objects.get().run_after == now + 90 * SECOND
    jobs.run_due(now + 90 * SECOND)
    job = Job.objects.get()
    assert (job.state, job.error, job.attempts) == (JobState.DONE, "", 3)


def test_after_the_last_attempt_a_job_is_parked_and_can_be_replayed(work, now) -> None:
    work.failures = jobs.MAX_ATTEMPTS
    ask(now)
    ask(now, "work:2", run_after=now + timedelta(days=2))
    for attempt in range(jobs.MAX_ATTEMPTS + 2):
        jobs.run_due(now + timedelta(hours=attempt))
    parked = Job.objects.get(key="work:1")
    assert (parked.state, work.runs, parked.attempts) == (
        JobState.PARKED,
        jobs.MAX_ATTEMPTS,
        jobs.MAX_ATTEMPTS,
    )

    assert jobs.replay(parked, now=now) is True
    assert jobs.replay(parked, now=now) is False
    jobs.run_due(now)
    assert Job.objects.get(key="work:1").state == JobState.DONE
    assert jobs.run_due(now + timedelta(days=2)) == 1, "others flow"


def test_a_lease_that_ran_out_frees_the_job_and_the_late_runner_changes_nothing(work, now) -> None:
    ask(now)
    first = jobs._claim(now)
    assert jobs._claim(now + jobs.LEASE) is None, "until its end the lease holds"
    second = jobs._claim(now + jobs.LEASE + SECOND)
    assert (first.attempts, second.attempts) == (1, 2)

    jobs._run(first, now + jobs.LEASE)
    assert Job.objects.get().state == JobState.RUNNING
    jobs._fail(first, RuntimeError("late"), now)
    jobs.progress(first, 1, 2, now)
    unchanged = Job.objects.get()
    assert (unchanged.state, unchanged.error, unchanged.progress_done) == (JobState.RUNNING, "", 0)

    jobs._run(second, now + jobs.LEASE + 2 * SECOND)
    job = Job.objects.get()
    assert (job.state, job.attempts, job.result["runs"]) == (JobState.DONE, 2, 2)


def test_a_job_that_kills_every_worker_is_parked(work, now) -> None:
    ask(now)
    moment = now
    for _attempt in range(jobs.MAX_ATTEMPTS):
        assert jobs._claim(moment) is not None
        moment += jobs.LEASE + SECOND
    assert jobs.run_due(moment) == 0
    job = Job.objects.get()
    assert (job.state, job.error, work.runs) == (JobState.PARKED, "the worker did not come back", 0)


def test_progress_is_shown_and_keeps_the_lease_although_now_stands_still(now, monkeypatch) -> None:
    watch = [1000.0]
    monkeypatch.setattr(time, "monotonic", lambda: watch[0])

    def slow(job: Job, at: Any) -> None:
        watch[0] += 600
        jobs.progress(job, 3, 10, at)
        seen.append(Job.objects.get())

    seen: list[Job] = []
    jobs.register("toy.slow", slow)
    jobs.enqueue("toy.slow", key="slow", now=now)
    jobs.run_due(now)
    assert (seen[0].progress_done, seen[0].progress_total) == (3, 10)
    assert seen[0].lease_until == now + timedelta(seconds=600) + jobs.LEASE


def test_the_limit_ends_a_run(work, now) -> None:
    for number in range(3):
        ask(now, f"work:{number}")
    assert jobs.run_due(now, limit=2) == 2


class Broker:
    def __init__(self, monkeypatch: pytest.MonkeyPatch, settings: Any) -> None:
        self.calls = 0
        self.dead = False
        settings.JOBS_NUDGE = True
        monkeypatch.setattr(jobs, "_quiet_until", 0.0)
        monkeypatch.setattr(tasks.run_due_work, "apply_async", self.apply_async)

    def apply_async(self, **options: Any) -> None:
        assert options["retry"] is False
        self.calls += 1
        if self.dead:
            raise ConnectionError("nobody listens")


@pytest.fixture
def broker(monkeypatch: pytest.MonkeyPatch, settings: Any) -> Broker:
    return Broker(monkeypatch, settings)


@pytest.mark.django_db(transaction=True)
def test_a_nudge_goes_out_after_the_commit_and_not_after_a_rollback(broker, work, now) -> None:
    with transaction.atomic():
        ask(now)
        assert broker.calls == 0
    assert broker.calls == 1
    with transaction.atomic():
        ask(now, "work:2")
        transaction.set_rollback(True)
    assert broker.calls == 1


@pytest.mark.django_db(transaction=True)
def test_one_transaction_wakes_one_worker_however_much_work_it_leaves(broker, work, now) -> None:
    with transaction.atomic():
        for number in range(50):
            ask(now, f"work:{number}")
    assert broker.calls == 1


@pytest.mark.django_db(transaction=True)
def test_a_nudge_that_a_savepoint_took_back_does_not_silence_the_next(broker, work, now) -> None:
    with transaction.atomic():
        with transaction.atomic():
            ask(now, "work:1")
            transaction.set_rollback(True)
        ask(now, "work:2")
    with transaction.atomic():
        ask(now, "work:3")
        with transaction.atomic():
            ask(now, "work:4")
    assert broker.calls == 2


@pytest.mark.django_db(transaction=True)
def test_a_dead_broker_is_asked_once_and_then_left_alone_for_a_while(broker, work, now, monkeypatch) -> None:
    watch = [5000.0]
    monkeypatch.setattr(time, "monotonic", lambda: watch[0])
    broker.dead = True
    for number in range(5):
        ask(now, f"work:{number}")
    assert broker.calls == 1
    assert jobs.run_due(now) == 5, "nothing is lost: the sweep finds it"

    watch[0] += jobs.NUDGE_PAUSE + 1
    broker.dead = False
    ask(now, "work:later")
    assert broker.calls == 2


@pytest.mark.django_db(transaction=True)
def test_the_celery_task_delivers_and_works_until_nothing_is_left(work) -> None:
    from django.utils import timezone

    for number in range(3):
        ask(timezone.now(), f"work:{number}")
    tasks.run_due_work()
    assert work.runs == 3
