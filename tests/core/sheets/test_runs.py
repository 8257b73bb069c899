"""What happens between preview and result: twice, too late, half-way, by somebody else (cases I01, I05–I09, I11)."""

import csv
import io
import threading
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.utils import timezone

from accounts.services import system_user
from aftersales.core import jobs
from aftersales.core.errors import DomainError, NotPermitted
from aftersales.core.models import Event
from aftersales.core.sheets import errorfile, limits, services
from aftersales.core.sheets.models import SheetUpload
from aftersales.customers.models import Contact, Customer, CustomerAccount
from aftersales.merchants.models import Merchant
from aftersales.orders.models import Order, Product
from tests.core.sheets.steps import apply, check, load, rows_as_csv, verdicts

pytestmark = pytest.mark.django_db


def merchants(count: int, **columns: str) -> bytes:
    rows = [[f"M{n:05d}", columns.get("name", "店") + str(n)] for n in range(count)]
    return rows_as_csv(["code", "name"], *rows)


def test_a_first_load_writes_rows_history_and_one_event(cast: Any, now: Any) -> None:
    upload = load("merchants", merchants(30), actor=cast.operations, now=now)
    assert upload.count("new") == 30
    assert set(Merchant.objects.values_list("state", "version")) == {("active", 1)}  # they trade already
    assert len(set(Merchant.objects.values_list("public_id", flat=True))) == 30
    history = Merchant.history.all()
    assert (history.count(), {row.history_user_id for row in history}) == (30, {cast.operations.pk})
    event = Event.objects.get(kind="sheet.applied")
    assert (event.payload["created"], event.actor_id, event.source) == (30, cast.operations.pk, "import")


def test_changes_are_shown_column_by_column_and_raise_the_version_once(cast: Any, now: Any) -> None:
    load("merchants", merchants(3), actor=cast.operations, now=now)
    content = rows_as_csv(
        ["code", "name", "city"], ["M00000", "店0", ""], ["M00001", "新店", "杭州"], ["M9", "x", ""]
    )
    upload = check("merchants", content, actor=cast.operations, now=now)
    assert verdicts(upload) == {2: ("s", ""), 3: ("c", "name;city;"), 4: ("n", "")}
    upload = apply(upload, now=now)
    assert list(Merchant.objects.order_by("code").values_list("name", "version")) == [
        ("店0", 1),
        ("新店", 2),
        ("店2", 1),
        ("x", 1),
    ]


def test_confirming_twice_writes_once(cast: Any, now: Any, client: Client) -> None:
    upload = check("merchants", merchants(5), actor=cast.operations, now=now)
    client.force_login(cast.operations)
    for _again in range(2):
        assert client.post(f"/sheets/uploads/{upload.public_id}/confirm/").status_code == 302
    jobs.run_due(timezone.now())
    assert client.post(f"/sheets/uploads/{upload.public_id}/confirm/").status_code == 302
    jobs.run_due(timezone.now())
    assert Merchant.objects.count() == 5
    assert Event.objects.filter(kind="sheet.applied").count() == 1


def test_the_same_bytes_are_recognised_and_the_same_rows_in_another_order_change_nothing(
    cast: Any, now: Any
) -> None:
    first = load("merchants", merchants(4), actor=cast.operations, now=now)
    again = check("merchants", merchants(4), actor=cast.operations, now=now)
    assert services.same_bytes(again) == first
    lines = merchants(4).decode().splitlines()
    turned = "\r\n".join([lines[0], *reversed(lines[1:])]).encode()
    assert check("merchants", turned, actor=cast.operations, now=now).count("same") == 4


def test_a_row_changed_after_the_preview_is_a_conflict_and_is_not_overwritten(cast: Any, now: Any) -> None:
    load("merchants", merchants(3), actor=cast.operations, now=now)
    upload = check("merchants", merchants(3, name="新"), actor=cast.operations, now=now)
    Merchant.objects.filter(code="M00001").update(name="别人改的", version=2)
    upload = apply(upload, now=now)
    assert (upload.count("changed"), upload.count("conflict")) == (2, 1)
    assert verdicts(upload)[3] == ("x", "~:conflict;")
    assert Merchant.objects.get(code="M00001").name == "别人改的"


def test_a_row_added_after_the_preview_is_a_conflict(cast: Any, now: Any) -> None:
    upload = check("merchants", merchants(3), actor=cast.operations, now=now)
    Merchant.objects.create(code="M00002", name="先到")
    upload = apply(upload, now=now)
    assert (upload.count("new"), verdicts(upload)[4]) == (2, ("x", "~:taken;"))


@pytest.mark.django_db(transaction=True)
def test_a_reference_that_vanished_after_the_preview_is_told_with_its_row(
    cast: Any, now: Any, django_db_setup: Any
) -> None:
    merchant = Merchant.objects.create(code="M1", name="店")
    content = rows_as_csv(["code", "merchant"], ["P1", "M1"], ["P2", ""])
    upload = check("products", content, actor=cast.operations, now=now)
    django_db_setup.remove_rows(Merchant, merchant.pk)
    upload = apply(upload, now=now)
    assert (upload.count("new"), verdicts(upload)[2]) == (1, ("x", "~:gone;"))
    assert list(Product.objects.values_list("code", flat=True)) == ["P2"]


def test_refused_rows_come_back_as_a_file_that_loads_once_corrected(cast: Any, now: Any) -> None:
    rows = [["code", "name", "deposit_due"], *([f"M{n}", "店", "10.00"] for n in range(200))]
    for bad in (20, 90, 150):
        rows[bad][2] = "1,000"
    upload = load("merchants", rows_as_csv(*rows), actor=cast.operations, now=now)
    assert (upload.count("new"), upload.count("refused")) == (197, 3)
    stream = io.StringIO()
    errorfile.write(services.plan_of(upload, now=now), upload, stream)
    lines = list(csv.reader(io.StringIO(stream.getvalue().lstrip("\ufeff"), newline="")))
    assert [line[0] for line in lines[1:]] == ["21", "91", "151"]
    corrected = rows_as_csv(*([cell.replace("1,000", "1000") for cell in line] for line in lines))
    again = load("merchants", corrected, actor=cast.operations, now=now)
    assert (again.count("new"), again.count("read")) == (3, 3)


def test_a_repeated_key_is_refused_and_names_the_first_row(cast: Any, now: Any) -> None:
    content = rows_as_csv(["code", "name"], ["A", "1"], ["B", "2"], ["A", "3"])
    upload = load("merchants", content, actor=cast.operations, now=now)
    assert verdicts(upload)[4] == ("r", "~:twice:2;")
    assert Merchant.objects.get(code="A").name == "1"


def test_a_run_that_dies_goes_on_where_it_stopped(
    cast: Any, now: Any, settings: Any, monkeypatch: Any
) -> None:
    settings.SHEETS_CHUNK_ROWS = 10
    upload = check("merchants", merchants(55), actor=cast.operations, now=now)
    upload = services.confirm(upload=upload, actor=cast.operations, now=now)

    def die(done: int, _total: int) -> None:
        if done >= 30:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        services.apply(upload=upload, now=now, progress=die)
    kept = Merchant.objects.count()
    assert 0 < kept < 55
    services.apply(upload=SheetUpload.objects.get(pk=upload.pk), now=now)
    assert Merchant.objects.count() == 55
    assert Merchant.history.count() == 55
    assert SheetUpload.objects.get(pk=upload.pk).count("new") == 55


def test_nobody_else_sees_confirms_or_cancels_an_upload(cast: Any, now: Any, client: Client) -> None:
    upload = check("merchants", merchants(2), actor=cast.operations, now=now)
    for person in (cast.supervisor, cast.agent, cast.merchant_owner, cast.person("operations")):
        client.force_login(person)
        for method, tail in (
            ("get", ""),
            ("get", "progress/"),
            ("get", "errors.csv"),
            ("post", "confirm/"),
            ("post", "cancel/"),
        ):
            assert getattr(client, method)(f"/sheets/uploads/{upload.public_id}/{tail}").status_code == 404
        with pytest.raises(NotPermitted):
            services.confirm(upload=upload, actor=person, now=now)
    assert Merchant.objects.count() == 0


def test_without_the_right_a_sheet_is_neither_shown_nor_taken(cast: Any, now: Any, client: Client) -> None:
    client.force_login(cast.agent)
    for sheet in ("merchants", "orders", "staff"):
        assert client.get(f"/sheets/{sheet}/").status_code == 403
        assert client.post(f"/sheets/{sheet}/", {"file": io.BytesIO(b"code\nA\n")}).status_code == 403
        assert client.get(f"/sheets/{sheet}/export.csv").status_code == 403
    with pytest.raises(NotPermitted):
        check("merchants", merchants(1), actor=cast.agent, now=now)


def test_a_cancelled_upload_leaves_nothing_behind(cast: Any, now: Any) -> None:
    upload = check("merchants", merchants(2), actor=cast.operations, now=now)
    services.cancel(upload=upload, actor=cast.operations, now=now)
    assert not (services.folder() / upload.stored_name).exists()
    assert verdicts(upload) == {}
    with pytest.raises(DomainError):
        services.confirm(upload=upload, actor=cast.operations, now=now)


def test_a_person_may_have_several_accounts_and_contacts_are_added_once(cast: Any, now: Any) -> None:
    content = rows_as_csv(
        ["code", "source", "account_id", "name", "phone"],
        ["C1", "tmall", "a1", "王小明", "139 0000 1234"],
        ["C1", "tmall", "a2", "王小明", "13900001234"],
        ["C2", "tmall", "a3", "李", ""],
        ["C9", "tmall", "a1", "", ""],
    )
    upload = load("customers", content, actor=cast.operations, now=now)
    assert (upload.count("new"), upload.count("refused")) == (3, 1)
    assert (Customer.objects.count(), CustomerAccount.objects.count(), Contact.objects.count()) == (2, 3, 1)
    again = check("customers", content, actor=cast.operations, now=now)
    assert (again.count("same"), again.count("refused")) == (3, 1)


def test_a_masked_value_never_overwrites_the_real_one(cast: Any, now: Any) -> None:
    load(
        "customers",
        rows_as_csv(["code", "name", "city"], ["C1", "王小明", "杭州"]),
        actor=cast.operations,
        now=now,
    )
    upload = load(
        "customers",
        rows_as_csv(["code", "name", "city"], ["C1", "王*明", "宁波"]),
        actor=cast.operations,
        now=now,
    )
    assert upload.count("changed") == 1
    assert list(Customer.objects.values_list("name", "city")) == [("王小明", "宁波")]
    upload = check(
        "customers",
        rows_as_csv(["code", "name"], ["C1", "李*四"], ["C2", "赵*"]),
        actor=cast.operations,
        now=now,
    )
    assert upload.count("refused") == 2


def test_an_order_refuses_more_back_than_paid_and_another_merchants_claim(cast: Any, now: Any) -> None:
    for code in ("M1", "M2"):
        Merchant.objects.create(code=code, name=code)
    head = ["source", "order_no", "placed_at", "merchant", "paid", "refunded"]
    first = rows_as_csv(
        head,
        ["s", "1", "2026-01-02 03:04", "M1", "10", "11"],
        ["s", "2", "2026-01-02 03:04", "M1", "10", "10"],
    )
    upload = load("orders", first, actor=cast.operations, now=now)
    assert verdicts(upload)[2] == ("r", "refunded:rule_refund_over_paid;")
    upload = check(
        "orders",
        rows_as_csv(head, ["s", "2", "2026-01-02 03:04", "M2", "10", "10"]),
        actor=cast.operations,
        now=now,
    )
    assert verdicts(upload)[2] == ("r", "merchant:rule_other_merchant;")


def test_a_coarser_time_never_overwrites_an_equal_finer_one(cast: Any, now: Any) -> None:
    def placed(text: str) -> tuple[str, str, str]:
        upload = load(
            "orders",
            rows_as_csv(["source", "order_no", "placed_at"], ["s", "1", text]),
            actor=cast.operations,
            now=now,
        )
        row = Order.objects.get()
        return (
            verdicts(upload)[2][0],
            timezone.localtime(row.placed_at).strftime("%d %H:%M:%S"),
            row.placed_grain,
        )

    assert placed("2026-01-02 03:04") == ("n", "02 03:04:00", "minute")
    assert placed("2026-01-02 03:04:59") == ("c", "02 03:04:59", "exact")
    assert placed("2026/1/2 3:04") == ("s", "02 03:04:59", "exact")
    assert placed("2026-01-02") == ("s", "02 03:04:59", "exact")
    assert placed("2026-01-02 03:05") == ("c", "02 03:05:00", "minute")


def test_staff_and_shifts_are_loaded_without_rights_or_overlaps(cast: Any, now: Any) -> None:
    people = rows_as_csv(
        ["username", "display_name"], ["s1", "甲"], [cast.agent.username, cast.agent.display_name]
    )
    assert load("staff", people, actor=cast.administrator, now=now).count("new") == 1
    with_roles = rows_as_csv(["username", "roles"], ["s1", "administrator"])
    for actor in (cast.operations, cast.administrator):
        assert check("staff", with_roles, actor=actor, now=now).count("refused") == 1
    system_user(now)
    assert (
        check("staff", rows_as_csv(["username"], ["system"]), actor=cast.operations, now=now).count("refused")
        == 1
    )
    head = ["person", "starts_at", "ends_at"]
    shifts = rows_as_csv(
        head, ["s1", "2026-12-01 09:00", "2026-12-01 18:00"], ["s1", "2026-12-02 09:00", "2026-12-02 08:00"]
    )
    assert load("shifts", shifts, actor=cast.operations, now=now).counts["new"] == 1
    overlapping = rows_as_csv(head, ["s1", "2026-12-01 17:00", "2026-12-01 20:00"])
    assert check("shifts", overlapping, actor=cast.operations, now=now).count("refused") == 1


@pytest.mark.django_db(transaction=True)
def test_two_imports_over_the_same_rows_in_opposite_order_both_finish(cast: Any, now: Any) -> None:
    load("merchants", merchants(400), actor=cast.operations, now=now)
    lines = merchants(400, name="乙").decode().splitlines()
    turned = "\r\n".join([lines[0], *reversed(lines[1:])]).encode()
    uploads = [
        check("merchants", content, actor=cast.operations, now=now)
        for content in (merchants(400, name="甲"), turned)
    ]
    failed: list[BaseException] = []

    def run(upload: SheetUpload) -> None:
        try:
            apply(upload, now=now)
        except BaseException as error:  # noqa: BLE001
            failed.append(error)
        finally:
            connection.close()

    threads = [threading.Thread(target=run, args=[upload]) for upload in uploads]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    assert not failed
    done = [SheetUpload.objects.get(pk=upload.pk) for upload in uploads]
    assert [row.state for row in done] == ["done", "done"]
    assert sum(row.count("changed") for row in done) == 400
    assert len({row.name[0] for row in Merchant.objects.all()}) >= 1


def test_limits_can_be_changed_by_settings(settings: Any) -> None:
    settings.SHEETS_MAX_ROWS = 7
    assert limits.current().max_rows == 7
