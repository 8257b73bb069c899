"""Whose data was erased does not get it back by a file; the row says why."""

from datetime import datetime

import pytest

from aftersales.customers import services
from aftersales.customers.models import Contact, Customer
from tests.cast import Cast
from tests.core.sheets.steps import apply, check, load, rows_as_csv, verdicts

WHY = "客户要求删除"


@pytest.fixture
def erased(cast: Cast, now: datetime) -> Customer:
    row = Customer(code="E1", name="王五")
    row.save()
    services.contact_add(customer=row, kind="phone", value="13800001111", actor=cast.operations, now=now)
    return services.customer_erase(customer=row, actor=cast.privacy_officer, reason=WHY, now=now)


@pytest.mark.parametrize(
    ("column", "value"),
    [
        ("phone", "13800001111"),
        ("email", "wu@example.com"),
        ("address", "文三路 1 号"),
        ("name", "王五"),
        ("gender", "male"),
        ("postcode", "310000"),
    ],
)
def test_a_sheet_does_not_bring_back_what_was_erased(
    column: str, value: str, erased: Customer, cast: Cast, now: datetime
) -> None:
    file = rows_as_csv(["code", column, "city"], ["E1", value, "杭州市"], ["E2", value, "杭州市"])
    upload = check("customers", file, actor=cast.operations, now=now)
    said = dict(verdicts(upload).values())
    assert "erased" in said["r"]
    apply(upload, now=now)

    erased.refresh_from_db()
    assert (erased.name, erased.gender, erased.postcode, erased.city) == ("", "", "", "")
    assert not Contact.objects.filter(customer=erased).exclude(value="").exists()
    assert Customer.objects.filter(code="E2").exists()


def test_other_columns_of_an_erased_person_are_loaded(erased: Customer, cast: Cast, now: datetime) -> None:
    load(
        "customers",
        rows_as_csv(["code", "phone", "city"], ["E1", "", "杭州市"]),
        actor=cast.operations,
        now=now,
    )
    erased.refresh_from_db()
    assert erased.city == "杭州市"
