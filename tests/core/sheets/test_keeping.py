"""What is kept no longer than needed: uploads for a week, exports until their link expires."""

import os
from datetime import timedelta

import pytest
from django.db import connection

from accounts.states import Role
from aftersales.celery import app
from aftersales.core.sheets import exporting, keeping, services
from aftersales.core.sheets.models import SheetExport
from aftersales.merchants.models import Merchant
from tests.core.sheets.steps import apply, check, load, rows_as_csv

pytestmark = pytest.mark.django_db
WEEK = timedelta(days=7, minutes=1)
ROWS = rows_as_csv(["code", "name"], ["M77001", "杭州测试"])


def staged(key: int) -> int:
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT (SELECT count(*) FROM core_sheetrow WHERE upload_id = %(key)s)"
            " + (SELECT count(*) FROM core_sheetverdict WHERE upload_id = %(key)s)",
            {"key": key},
        )
        return int(cursor.fetchone()[0])


def test_a_week_old_upload_keeps_its_counts_only(cast, now):
    upload = load("merchants", ROWS, actor=cast.person(Role.OPERATIONS), now=now)
    path = services.folder() / upload.stored_name
    assert keeping.purge(now=now + timedelta(days=6)) == 0
    assert path.exists()
    assert keeping.purge(now=now + WEEK) == 1
    upload.refresh_from_db()
    assert (path.exists(), staged(upload.pk)) == (False, 0)
    assert (upload.state, upload.count("new"), upload.purged_at) == ("done", 1, now + WEEK)
    assert keeping.purge(now=now + WEEK) == 0


def test_a_preview_left_for_a_week_is_cancelled(cast, now):
    upload = check("merchants", ROWS, actor=cast.person(Role.OPERATIONS), now=now)
    keeping.purge(now=now + WEEK)
    upload.refresh_from_db()
    assert (upload.state, staged(upload.pk)) == ("cancelled", 0)


def test_an_upload_that_is_being_written_is_left_alone(cast, now):
    upload = check("merchants", ROWS, actor=cast.person(Role.OPERATIONS), now=now)
    services.confirm(upload=upload, actor=upload.owner, now=now)
    keeping.purge(now=now + WEEK)
    upload.refresh_from_db()
    assert (upload.state, upload.purged_at) == ("applying", None)
    assert services.apply(upload=upload, now=now + WEEK).count("new") == 1


def test_an_export_goes_when_its_link_expires(cast, now):
    row = exporting.export(
        queryset=Merchant.objects.all(),
        sheet="merchants",
        fmt="csv",
        actor=cast.person(Role.OPERATIONS),
        now=now,
    )
    path = exporting.path_of(row)
    keeping.purge(now=now + timedelta(days=1))
    assert path.exists()
    keeping.purge(now=row.expires_at)
    assert not path.exists()
    assert SheetExport.objects.get(pk=row.pk).stored_name == ""


def test_a_file_that_no_row_knows_is_removed(now):
    stray, young = services.folder() / "left.part", services.folder() / "young.part"
    for path, age in ((stray, timedelta(days=9)), (young, timedelta(0))):
        path.write_bytes(b"x")
        os.utime(path, times=((now - age).timestamp(),) * 2)
    keeping.purge(now=now)
    assert (stray.exists(), young.exists()) == (False, True)
    young.unlink()


def test_the_sweep_is_on_the_beat():
    names = {entry["task"] for entry in app.conf.beat_schedule.values()}
    assert "aftersales.core.sheets.tasks.purge" in names
    assert "aftersales.core.sheets.tasks.purge" in app.tasks


def test_a_profile_changed_after_the_preview_does_not_change_what_is_written(cast, now):
    from aftersales.core.sheets import profiles

    profile = profiles.find("olist", "categories")
    assert profile is not None
    content = rows_as_csv(["product_category_name", "product_category_name_english"], ["beleza", "beauty"])
    upload = check("categories", content, actor=cast.person(Role.OPERATIONS), now=now, profile="olist")
    profile.spec = {
        **profile.spec,
        "columns": {"product_category_name": "code", "product_category_name_english": "name"},
    }
    profile.save()
    done = apply(upload, now=now)
    assert (done.state, done.count("new")) == ("done", 1)
    from aftersales.orders.models import Category

    assert Category.objects.get(code="beleza").name_en == "beauty"
