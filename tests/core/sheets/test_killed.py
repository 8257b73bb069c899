"""Workers die in the middle, run twice or come too late: no import is lost, none is written twice (cases I05, I09)."""

from datetime import timedelta
from typing import Any

import pytest
from django.db import connection
from django.utils import timezone

from aftersales.core import jobs
from aftersales.core.errors import DomainError, NotPermitted
from aftersales.core.models import Event, Job, JobState
from aftersales.core.sheets import checking, keeping, services
from aftersales.core.sheets.models import SheetUpload
from aftersales.merchants.models import Merchant
from aftersales.orders.models import Product
from tests.core.sheets.steps import apply, check, rows_as_csv, verdicts
from tests.toy.fixtures import in_thread

pytestmark = pytest.mark.django_db
HOUR = timedelta(hours=1)
WEEK = timedelta(days=7, minutes=1)
ROWS = rows_as_csv(["code", "name"], ["M1", "a"], ["M2", "b"])


class Killed(BaseException):
    """The process is gone; nothing of ours catches it."""


def received(cast: Any, now: Any, content: bytes = ROWS) -> SheetUpload:
    return services.receive(
        sheet="merchants", name="rows.csv", chunks=[content], actor=cast.operations, now=now
    )


def again(upload: SheetUpload) -> SheetUpload:
    """The row as another process reads it."""
    return SheetUpload.objects.select_related("owner").get(pk=upload.pk)


def staged(upload: SheetUpload) -> tuple[int, int]:
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT (SELECT count(*) FROM core_sheetrow WHERE upload_id = %(key)s),"
            " (SELECT count(*) FROM core_sheetverdict WHERE upload_id = %(key)s)",
            {"key": upload.pk},
        )
        found: tuple[int, int] = cursor.fetchone()
    return found


def test_a_check_that_runs_again_takes_nothing_back(cast: Any, now: Any) -> None:
    """Its worker died between the check and the end of its job; meanwhile the owner confirmed."""
    upload = check("merchants", ROWS, actor=cast.operations, now=now)
    services.confirm(upload=upload, actor=cast.operations, now=now)
    assert services.check(upload=again(upload), now=now + HOUR).state == "applying"
    jobs.run_due(now + 2 * HOUR)
    assert again(upload).state == "done"
    assert services.check(upload=again(upload), now=now + HOUR).state == "done"
    assert Merchant.objects.count() == 2


def test_what_is_cancelled_while_it_is_read_stays_cancelled(cast: Any, now: Any, monkeypatch: Any) -> None:
    upload = received(cast, now)
    compare = checking.compare

    def late(*args: Any, **more: Any) -> None:
        services.cancel(upload=upload, actor=cast.operations, now=now)
        compare(*args, **more)

    monkeypatch.setattr(checking, "compare", late)
    services.check(upload=again(upload), now=now)
    assert (again(upload).state, staged(upload)) == ("cancelled", (0, 0))


def test_a_check_that_died_is_begun_anew(cast: Any, now: Any, monkeypatch: Any) -> None:
    upload = received(cast, now)
    with monkeypatch.context() as patched:
        patched.setattr(checking, "verdict_counts", lambda _key: (_ for _ in ()).throw(Killed()))
        with pytest.raises(Killed):
            services.check(upload=again(upload), now=now)
    assert (again(upload).state, staged(upload)) == ("uploaded", (2, 2))
    assert services.check(upload=again(upload), now=now).counts["new"] == 2
    assert staged(upload) == (2, 2)


def test_of_two_checks_the_later_one_counts(cast: Any, now: Any, monkeypatch: Any) -> None:
    """A worker was silent for so long that another one took its job."""
    upload = received(cast, now)
    compare, seen = checking.compare, []

    def overtaken(*args: Any, **more: Any) -> None:
        if not seen:
            seen.append(1)
            services.check(upload=again(upload), now=now + HOUR)
        compare(*args, **more)

    monkeypatch.setattr(checking, "compare", overtaken)
    services.check(upload=again(upload), now=now)
    row = again(upload)
    assert (row.state, row.checked_at, staged(upload)) == ("previewed", now + HOUR, (2, 2))
    assert apply(row, now=now).count("new") == 2


def test_a_file_that_vanished_is_told(cast: Any, now: Any) -> None:
    upload = received(cast, now)
    (services.folder() / upload.stored_name).unlink()
    assert services.check(upload=upload, now=now).problem["code"] == "file_lost"


def stuck(cast: Any, now: Any) -> SheetUpload:
    """Confirmed, but its job ended without writing."""
    upload = check("merchants", ROWS, actor=cast.operations, now=now)
    services.confirm(upload=upload, actor=cast.operations, now=now)
    Job.objects.filter(key=upload.job_key or f"sheets.apply:{upload.pk}").update(state=JobState.DONE)
    return again(upload)


def test_the_beat_goes_on_with_what_nobody_works_on(cast: Any, now: Any) -> None:
    upload = stuck(cast, now)
    jobs.run_due(now + HOUR)
    assert again(upload).state == "applying"
    assert keeping.go_on(now=now + HOUR) == 1
    assert keeping.go_on(now=now + HOUR) == 0, "it was asked for already"
    jobs.run_due(now + HOUR)
    assert (again(upload).state, Merchant.objects.count()) == ("done", 2)


def test_the_owner_goes_on_by_a_button(cast: Any, now: Any, client: Any) -> None:
    upload = stuck(cast, now)
    client.force_login(cast.operations)
    page = f"/sheets/uploads/{upload.public_id}/"
    go_on = f"{page}go-on/"
    assert go_on in client.get(page).content.decode()
    assert go_on in client.get(f"{page}progress/").content.decode()
    assert client.post(go_on).status_code == 302
    assert go_on not in client.get(page).content.decode()
    jobs.run_due(timezone.now())
    assert (again(upload).state, Merchant.objects.count()) == ("done", 2)
    client.post(go_on)
    assert again(upload).state == "done", "there is nothing left to do"


def test_nobody_else_goes_on_with_it(cast: Any, now: Any) -> None:
    upload = stuck(cast, now)
    with pytest.raises(NotPermitted):
        services.resume(upload=upload, actor=cast.person("operations"), now=now)
    done = apply(check("merchants", ROWS, actor=cast.operations, now=now), now=now)
    with pytest.raises(DomainError):
        services.resume(upload=done, actor=cast.operations, now=now)


def test_a_file_whose_request_died_is_checked_by_a_worker(cast: Any, now: Any) -> None:
    upload = received(cast, now)
    assert keeping.go_on(now=now) == 0, "the request that brought it may still be reading it"
    assert keeping.go_on(now=now + HOUR) == 1
    jobs.run_due(now + HOUR)
    assert again(upload).state == "previewed"


def test_a_parked_import_waits_for_people_and_is_given_up_in_the_end(cast: Any, now: Any) -> None:
    upload = stuck(cast, now)
    Job.objects.update(state=JobState.PARKED, attempts=jobs.MAX_ATTEMPTS)
    assert keeping.go_on(now=now + HOUR) == 0
    assert keeping.stopped(upload, now)
    services.resume(upload=upload, actor=cast.operations, now=now)
    assert Job.objects.get().state == JobState.WAITING

    Job.objects.update(state=JobState.PARKED)
    assert keeping.purge(now=now + WEEK) == 1
    row = again(upload)
    assert (row.state, row.problem["code"], row.purged_at) == ("refused", "given_up", now + WEEK)
    event = Event.objects.get(kind="sheet.stopped")
    assert (event.actor_id, event.payload["row"]) == (cast.operations.pk, 0)


def test_two_workers_with_chunks_of_different_size_write_each_row_once(
    cast: Any, now: Any, settings: Any, monkeypatch: Any
) -> None:
    """One took over from another that was only slow: both go on."""
    content = rows_as_csv(["code", "name"], *[[f"M{n:03d}", "店"] for n in range(40)])
    upload = check("merchants", content, actor=cast.operations, now=now)
    upload = services.confirm(upload=upload, actor=cast.operations, now=now)
    write, seen = services._write_chunk, []

    def overtaken(*where: Any) -> None:
        if not seen:
            seen.append(1)
            settings.SHEETS_CHUNK_ROWS = 7

            def die(done: int, _total: int) -> None:
                if done > 20:
                    raise Killed

            with pytest.raises(Killed):
                services.apply(upload=again(upload), now=now, progress=die)
        write(*where)

    monkeypatch.setattr(services, "_write_chunk", overtaken)
    settings.SHEETS_CHUNK_ROWS = 16
    done = services.apply(upload=again(upload), now=now)
    assert (done.state, done.count("new"), done.count("conflict")) == ("done", 40, 0)
    assert Merchant.objects.count() == Merchant.history.count() == 40


@pytest.mark.django_db(transaction=True)
def test_a_reference_that_vanishes_while_the_chunk_is_written_costs_its_own_row_only(
    cast: Any, now: Any, django_db_setup: Any, monkeypatch: Any
) -> None:
    """The foreign key is judged at the end of the transaction, when all rows of the chunk are in it."""
    merchant = Merchant.objects.create(code="M1", name="店")
    rows = [[f"P{n}", "M1" if n == 3 else ""] for n in range(6)]
    upload = check("products", rows_as_csv(["code", "merchant"], *rows), actor=cast.operations, now=now)
    attach = services.Plan.attach

    def late(self: Any, low: int, high: int) -> list[str]:
        if Merchant.objects.exists():
            in_thread(lambda: django_db_setup.remove_rows(Merchant, merchant.pk))
        return attach(self, low, high)

    monkeypatch.setattr(services.Plan, "attach", late)
    done = apply(upload, now=now)
    assert (done.state, done.count("new"), done.count("conflict")) == ("done", 5, 1)
    assert verdicts(done)[5] == ("x", "~:gone;")
    assert Product.objects.count() == 5


@pytest.mark.parametrize("after", ["9" * 5000, "9" * 30, "²", "-1", "٣", "x"])
def test_a_page_after_nonsense_is_the_first_page(cast: Any, now: Any, client: Any, after: str) -> None:
    upload = check("merchants", ROWS, actor=cast.operations, now=now)
    client.force_login(cast.operations)
    page = f"/sheets/uploads/{upload.public_id}/"
    assert client.get(page, {"tab": "new", "after": after, "part": "%\x00"}).status_code == 200
    assert client.get(page, {"tab": "refused", "after": after, "part": "%\x00"}).status_code == 200
