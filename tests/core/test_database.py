"""What the fixtures promise to every other test."""

from typing import Any

import pytest
from django.contrib.contenttypes.models import ContentType
from django.contrib.sessions.models import Session
from django.db import connection

from tests.database import TestDatabase, superuser


@pytest.mark.django_db(transaction=True)
def test_a_transactional_test_may_write_and_commit(now) -> None:
    Session.objects.create(session_key="planted", session_data="x", expire_date=now)
    assert connection.in_atomic_block is False


@pytest.mark.django_db
def test_the_flush_after_it_leaves_no_row_behind_but_the_shipped_ones() -> None:
    assert not Session.objects.filter(session_key="planted").exists()
    assert ContentType.objects.exists()


SHIPPED = "standards_calendarday"
SPOILT: dict[str, str] = {
    "changed": f"UPDATE {SHIPPED} SET date = date + 20000 WHERE id = (SELECT min(id) FROM {SHIPPED})",
    "removed": f"DELETE FROM {SHIPPED} WHERE id = (SELECT max(id) FROM {SHIPPED})",
    "added": f"INSERT INTO {SHIPPED} SELECT 900000 + id, {{more}} FROM {SHIPPED} ORDER BY id LIMIT 1",
    "replaced": f"WITH gone AS (DELETE FROM {SHIPPED} WHERE id = (SELECT max(id) FROM {SHIPPED}) RETURNING *) "
    f"INSERT INTO {SHIPPED} SELECT 900000 + id, {{more}} FROM gone",
}


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("how", SPOILT)
def test_the_flush_puts_back_shipped_rows_however_they_were_spoilt(how: str, django_db_setup: Any) -> None:
    database: TestDatabase = django_db_setup
    database.flush()
    whole = rows(database)
    assert len(whole) > 100
    with database.unguarded() as link:
        names = [name for name in database.shipped[SHIPPED][0] if name != "id"]
        more = ", ".join("date + 20000" if name == "date" else name for name in names)
        link.execute(SPOILT[how].format(more=more))
    assert rows(database) != whole

    database.flush()
    assert rows(database) == whole


@pytest.mark.django_db(transaction=True)
def test_the_flush_leaves_shipped_rows_alone_that_nobody_touched(django_db_setup: Any) -> None:
    database: TestDatabase = django_db_setup
    database.flush()
    before = rows(database, "xmin::text, id")
    database.flush()
    assert rows(database, "xmin::text, id") == before


def rows(database: TestDatabase, what: str = "*") -> list[Any]:
    with superuser(database.name) as link:
        return link.execute(f"SELECT {what} FROM {SHIPPED} ORDER BY id").fetchall()
