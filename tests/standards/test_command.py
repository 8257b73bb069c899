"""``manage.py load_standards``."""

import json
from io import StringIO

import pytest
from django.core.management import call_command

from aftersales.standards import shipping
from aftersales.standards.models import ServiceStandard
from tests.database import TestDatabase


@pytest.mark.django_db(transaction=True)
def test_the_command_loads_once_and_says_what_it_did(django_db_setup: TestDatabase) -> None:
    django_db_setup.empty("standards", "tickets", "notices")
    first, second = StringIO(), StringIO()
    call_command("load_standards", stdout=first)
    call_command("load_standards", stdout=second)
    created, again = (json.loads(out.getvalue())["created"] for out in (first, second))
    assert created["standards"] == len(shipping.read("standards")["standard"])
    assert created["parameters"] == len(shipping.read("parameters")["parameter"])
    assert {again[name] for name in ("calendars", "days", "markets", "standards", "parameters")} == {0}
    assert ServiceStandard.objects.count() == created["standards"]
