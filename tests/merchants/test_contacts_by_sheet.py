"""A merchants' sheet says how each of them is reached: whom the questions go to, and where goods go back to."""

from datetime import datetime

import pytest
from django.db.models import Value

from aftersales.merchants.models import MerchantContact, ReturnAddress
from tests.cast import Cast
from tests.core.sheets.steps import load, rows_as_csv

pytestmark = pytest.mark.django_db
HEAD = ["code", "name", "aftersales_email", "aftersales_phone", "returns_address"]


def contacts() -> dict[tuple[str, str], tuple[str, str, str]]:
    rows = [
        *MerchantContact.objects.values_list("merchant__code", "role", "email", "phone", Value("")),
        *ReturnAddress.objects.values_list(
            "merchant__code", Value("returns"), Value(""), "phone", "place"
        ).filter(is_default=True),
    ]
    return {(code, role): told for code, role, *rest in rows if (told := tuple(rest))}  # type: ignore[misc]


def test_a_sheet_says_how_a_merchant_is_reached_and_a_later_one_says_it_anew(
    cast: Cast, now: datetime
) -> None:
    who = {"actor": cast.operations, "now": now}
    load(
        "merchants",
        rows_as_csv(
            HEAD, ["M1", "瓷店", "a@example.com", "0571-1", "文三路 1 号"], ["M2", "灯店", "", "", ""]
        ),
        **who,
    )
    assert contacts() == {
        ("M1", "aftersales"): ("a@example.com", "0571-1", ""), ("M1", "returns"): ("", "", "文三路 1 号"),
    }  # fmt: skip
    load(
        "merchants",
        rows_as_csv(HEAD, ["M1", "瓷店", "b@example.com", "", ""], ["M2", "灯店", "c@example.com", "", ""]),
        **who,
    )
    assert contacts() == {
        ("M1", "aftersales"): ("b@example.com", "0571-1", ""), ("M1", "returns"): ("", "", "文三路 1 号"),
        ("M2", "aftersales"): ("c@example.com", "", ""),
    }  # fmt: skip
    # And the same file again changes nothing
    load("merchants", rows_as_csv(HEAD, ["M2", "灯店", "c@example.com", "", ""]), **who)
    assert (MerchantContact.objects.count(), ReturnAddress.objects.count()) == (2, 1)
    load("merchants", rows_as_csv(HEAD, ["M1", "瓷店", "", "", "文三路 2 号"]), **who)
    assert [one.place for one in ReturnAddress.objects.all()] == ["文三路 2 号"]


def test_an_address_that_is_none_is_refused(cast: Cast, now: datetime) -> None:
    load(
        "merchants",
        rows_as_csv(HEAD, ["M1", "瓷店", "not an address", "", ""]),
        actor=cast.operations,
        now=now,
    )
    assert not MerchantContact.objects.exists()
