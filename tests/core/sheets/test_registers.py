"""The register of column profiles, and the export links of the register lists."""

import csv
import io
import json
import re
from html import unescape

import pytest
from django.urls import reverse

from accounts.states import Role
from aftersales.core.errors import Conflict, DomainError, NotPermitted
from aftersales.core.models import Event
from aftersales.core.sheets import mapping, profiles, resource
from aftersales.core.sheets.models import ColumnProfile
from aftersales.merchants.models import Merchant
from tests.core.sheets.steps import check, rows_as_csv

pytestmark = pytest.mark.django_db
SPEC = {"columns": {"店铺编号": "code", "店铺名称": "name", "备注": None}}
ADD = "admin:core_columnprofile_add"
CHANGE = "admin:core_columnprofile_change"
LIST = "admin:core_columnprofile_changelist"


def posted(**more: str) -> dict[str, str]:
    return {
        "code": "shop", "sheet": "merchants", "name": "店铺后台", "source": "", "spec": json.dumps(SPEC), **more
    }  # fmt: skip


@pytest.mark.parametrize("shipped", resource.shipped(), ids=lambda one: f"{one.code}-{one.sheet}")
def test_every_shipped_profile_passes_the_check(shipped):
    mapping.check(shipped.sheet, dict(shipped.spec))


@pytest.mark.parametrize(
    ("spec", "word"),
    [
        ({}, "columns"),
        ({"columns": {"A": "name"}}, "code"),
        ({"columns": {"A": "code", "B": "name", "C": "nmae"}}, "nmae"),
        ({"columns": {"A": "code", "B": "name", "C": "name"}}, "name"),
        ({"columns": {"A": "code", "B": "name"}, "zone": "Mars/Olympus"}, "Mars/Olympus"),
        ({"columns": {"A": "code", "B": "name"}, "zones": "UTC"}, "zones"),
        ({"columns": {"A": "code", "B": "name"}, "constants": {"code": "M1"}}, "code"),
        ({"columns": {"A": "code", "B": "name"}, "constants": {"self_run": "perhaps"}}, "perhaps"),
        ({"columns": {"A": "code", "B": "name"}, "grains": {"name": "day"}}, "name"),
        ({"columns": {"A": "code"}, "first_filled": {"name": [["Z", "x"]]}}, "Z"),
        ({"columns": ["A"]}, "columns"),
        ({"columns": {"A": "code", "B": "name"}, "sums": [1]}, ""),
        ({"columns": {"A": 5}}, ""),
        ([], "columns"),
    ],
)
def test_a_mapping_that_does_not_fit_is_refused(spec, word):
    with pytest.raises(DomainError) as refusal:
        mapping.check("merchants", spec)
    assert word in str(refusal.value)


def test_operations_adds_a_profile_that_reads_a_file(cast, now):
    client = cast.client(Role.OPERATIONS)
    answer = client.post(reverse(ADD), posted())
    assert answer.status_code == 302, answer.content.decode()[:2000]
    row = ColumnProfile.objects.get(code="shop")
    assert (row.spec, row.version) == (SPEC, 1)
    event = Event.objects.filter(kind="columnprofile.created").latest("pk")
    assert event.payload == {"code": "shop", "sheet": "merchants"}
    content = rows_as_csv(["店铺编号", "店铺名称", "备注"], ["M77002", "宁波测试", "x"])
    upload = check("merchants", content, actor=cast.person(Role.OPERATIONS), now=now, profile="shop")
    assert (upload.state, upload.count("new")) == ("previewed", 1)


def test_a_wrong_mapping_comes_back_on_the_form(cast):
    answer = cast.client(Role.OPERATIONS).post(
        reverse(ADD), posted(spec='{"columns": {"A": "code", "B": "nmae"}}')
    )
    assert answer.status_code == 200
    assert "nmae" in answer.content.decode()
    assert not ColumnProfile.objects.filter(code="shop").exists()


def test_a_change_asks_for_the_version_that_was_read(cast, now):
    actor = cast.person(Role.OPERATIONS)
    row = profiles.create(code="shop", sheet="merchants", name="店铺", spec=SPEC, actor=actor, now=now)
    row = profiles.change(profile=row, actor=actor, now=now, version=1, name="店铺后台")
    assert row.version == 2
    with pytest.raises(Conflict):
        profiles.change(profile=row, actor=actor, now=now, version=1, name="别的")
    assert Event.objects.get(kind="columnprofile.changed").payload["changed"] == ["name"]


def test_a_change_on_the_page_keeps_code_and_sheet(cast, now):
    row = profiles.create(
        code="shop", sheet="merchants", name="店铺", spec=SPEC, actor=cast.person(Role.OPERATIONS), now=now
    )
    client = cast.client(Role.OPERATIONS)
    page = client.get(reverse(CHANGE, args=[row.pk]))
    assert "店铺编号" in page.content.decode()
    wider = {"columns": {**SPEC["columns"], "城市": "city"}}
    data = posted(code="other", sheet="orders", spec=json.dumps(wider), _version="1")
    assert client.post(reverse(CHANGE, args=[row.pk]), data).status_code == 302
    row.refresh_from_db()
    assert (row.code, row.sheet, row.spec, row.version) == ("shop", "merchants", wider, 2)


def test_reading_the_register_and_the_upload_page_writes_nothing(cast):
    client = cast.client(Role.OPERATIONS)
    before = (ColumnProfile.objects.count(), Event.objects.count())
    assert client.get(reverse(LIST)).status_code == 200
    assert client.get(reverse("sheets:choose", args=["orders"])).status_code == 200
    assert (ColumnProfile.objects.count(), Event.objects.count()) == before


def test_shipped_profiles_are_loaded_once_and_stay_as_people_left_them(cast, now):
    actor = cast.person(Role.OPERATIONS)
    shipped = len(list(resource.shipped()))
    assert ColumnProfile.objects.count() == shipped
    row = profiles.find("olist", "orders")
    profiles.change(profile=row, actor=actor, now=now, name="别的", active_to=now)
    assert profiles.load(actor=actor, now=now) == {"column_profiles": 0}
    row.refresh_from_db()
    assert (row.name, row.active_to) == ("别的", now)


def test_the_register_shows_shipped_profiles_and_retires_them(cast):
    client = cast.client(Role.OPERATIONS)
    assert "olist" in client.get(reverse(LIST)).content.decode()
    row = ColumnProfile.objects.get(code="olist", sheet="orders")
    client.post(reverse(LIST), {"action": "retire", "_selected_action": [row.pk]})
    assert profiles.find("olist", "orders") is None
    client.post(reverse(LIST), {"action": "use_again", "_selected_action": [row.pk]})
    assert profiles.find("olist", "orders") == row


def test_others_read_or_see_nothing(cast, now):
    assert cast.client(Role.PLANNER).get(reverse(LIST)).status_code == 200
    assert cast.client(Role.PLANNER).post(reverse(ADD), posted()).status_code == 403
    assert cast.client(Role.AGENT).get(reverse(LIST)).status_code == 403
    with pytest.raises(NotPermitted):
        profiles.create(
            code="x", sheet="merchants", name="x", spec=SPEC, actor=cast.person(Role.PLANNER), now=now
        )


def links(page: str) -> list[str]:
    return [unescape(link) for link in re.findall(r'href="(/sheets/[a-z_]+/export\.[^"]+)"', page)]


def test_a_list_offers_itself_as_filtered(cast):
    Merchant.objects.create(code="M70001", name="杭州甲")
    Merchant.objects.create(code="M70002", name="苏州乙")
    client = cast.client(Role.OPERATIONS)
    found = links(
        client.get(reverse("admin:merchants_merchant_changelist"), {"q": "M70002", "p": "1"}).content.decode()
    )
    assert found == ["/sheets/merchants/export.csv?q=M70002", "/sheets/merchants/export.xlsx?q=M70002"]
    answer = client.get(found[0])
    content = b"".join(answer.streaming_content).decode("utf-8-sig")
    assert [row[0] for row in csv.reader(io.StringIO(content))][1:] == ["M70002"]


@pytest.mark.parametrize("found", resource.registered(), ids=lambda found: found.sheet)
def test_every_register_list_with_a_sheet_has_the_links(found, cast):
    from django.contrib import admin

    if found.model() not in admin.site._registry:
        pytest.skip("no register list")
    if found.home:
        pytest.skip("it goes out from a page of its own")
    meta = found.model()._meta
    page = cast.client(Role.OPERATIONS).get(reverse(f"admin:{meta.app_label}_{meta.model_name}_changelist"))
    assert len(links(page.content.decode())) == 2


def test_people_without_the_right_see_no_link(cast):
    page = cast.client(Role.MERCHANT_MANAGER).get(reverse("admin:merchants_merchant_changelist"))
    assert page.status_code == 200
    assert links(page.content.decode()) == []
