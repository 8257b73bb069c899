"""Lists of registers grow for years: nothing on them reads a whole table, and no address brings them down."""

import re
from contextlib import suppress
from typing import Any

import pytest
from django.contrib import admin
from django.contrib.admin.exceptions import DisallowedModelAdminLookup
from django.contrib.admin.options import IncorrectLookupParameters
from django.db import connection, transaction
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from accounts import capabilities
from accounts.states import Role
from aftersales.core import filters
from aftersales.core.models import Event, Job
from aftersales.merchants.models import Merchant
from aftersales.orders.models import Order

pytestmark = pytest.mark.django_db

LISTS = sorted(admin.site._registry, key=lambda model: str(model._meta.label))
# Registers of a handful of rows, kept by hand.
SMALL = {"accounts_team", "standards_calendarday", "standards_calendaryear", "core_columnprofile"}
WHOLE = re.compile(r"\bDISTINCT\b|\bGROUP BY\b|\b(?:COUNT|MIN|MAX|SUM|AVG)\s*\(", re.IGNORECASE)
CAPPED = re.compile(r"^SELECT COUNT\(\*\) FROM \(SELECT .* LIMIT \d+\) subquery$")
TABLE = re.compile(r'FROM "?([a-z_]+)"?')
each_list = pytest.mark.parametrize("model", LISTS, ids=lambda model: model._meta.label)


def reader(model: Any) -> Role:
    """Somebody who may see the list."""
    meta = model._meta
    return min(capabilities.TABLE[f"{meta.app_label}.view_{meta.model_name}"] - {Role.VENDOR_LEAD})


def address(model: Any) -> str:
    return reverse(f"admin:{model._meta.app_label}_{model._meta.model_name}_changelist")


@each_list
def test_a_list_reads_no_whole_table_for_its_filters_or_its_count(model: Any, cast: Any) -> None:
    client = cast.client(reader(model))
    with CaptureQueriesContext(connection) as queries:
        assert client.get(address(model)).status_code == 200
    whole = [
        query["sql"]
        for query in queries
        if WHOLE.search(query["sql"])
        and not CAPPED.match(query["sql"])
        and not set(TABLE.findall(query["sql"])) <= SMALL
    ]
    assert whole == []


@each_list
def test_a_list_answers_whatever_its_filters_are_asked(model: Any, cast: Any, rf: Any) -> None:
    """The two exceptions are what the page turns into a refusal and a redirect."""
    page = admin.site._registry[model]
    names = {"p", "o", "q", "after"}
    for one in page.list_filter:
        name = one.parameter_name if isinstance(one, type) else one[0] if isinstance(one, tuple) else one
        names |= {name, f"{name}__exact", f"{name}__id__exact", f"{name}__gte", f"{name}__isnull"}
    for name in names:
        for value in ("9" * 5000, "9" * 30, "²", "-1", "x"):
            request = rf.get(address(model), {name: value})
            request.user = cast.of(reader(model))
            request._messages = []
            with suppress(IncorrectLookupParameters, DisallowedModelAdminLookup), transaction.atomic():
                list(page.get_changelist_instance(request).result_list)


def test_the_choices_of_a_walked_filter_come_along_its_index(cast: Any) -> None:
    Merchant.objects.bulk_create(
        Merchant(code=f"W{n:04d}", name="店", province=("浙江省", "广东省", "")[n % 3]) for n in range(90)
    )
    assert sorted(filters.walk(Merchant, "province")) == ["广东省", "浙江省"]
    page = cast.client("operations").get(address(Merchant), {"province": "浙江省"}).content.decode()
    assert "W0000" in page
    assert "W0001" not in page
    for model, column in ((Merchant, "province"), (Order, "source")):
        assert "Index" in one_step(model, column), "one look-up for each value"


def one_step(model: Any, column: str) -> str:
    """How PostgreSQL takes one step of the walk once the table is worth an index."""
    with connection.cursor() as cursor:
        cursor.execute("SET LOCAL enable_seqscan = off; SET LOCAL enable_bitmapscan = off")
        cursor.execute(
            f"EXPLAIN SELECT {column} FROM {model._meta.db_table} WHERE {column} > 'a' ORDER BY {column} LIMIT 1"
        )
        return "\n".join(line for (line,) in cursor.fetchall() if "Sort" not in line)


def test_lists_offer_what_is_declared_before_anything_happened(cast: Any, now: Any) -> None:
    client = cast.client("administrator")
    page = client.get(address(Event)).content.decode()
    assert "?kind=user.created" in page
    assert "?source=import" in page
    Job.objects.create(kind="sheets.check", key="1", run_after=now, created_at=now)
    for kind, found in (("sheets.check", 1), ("sheets.apply", 0), ("unknown", 0)):
        assert client.get(address(Job), {"kind": kind}).context["cl"].result_count == found
