"""The register pages of merchants, customers and trade data: scoped, masked, saved through services."""

from datetime import timedelta

import pytest
from django.urls import reverse

from accounts.services import system_user
from aftersales.core.models import Event
from aftersales.customers import services as customers
from aftersales.orders import services
from tests.records import merchant, order, person

pytestmark = pytest.mark.django_db
LISTS = (
    "merchants_merchant",
    "customers_customer",
    "orders_order",
    "orders_product",
    "orders_category",
    "orders_shipment",
    "orders_review",
)


@pytest.fixture
def trade(now):
    actor = system_user()
    shop = merchant("M-1", now)
    buyer = customers.customer_create(code="C-1", name="张晓明", actor=actor, now=now)
    phone = customers.contact_add(customer=buyer, kind="phone", value="13800138000", actor=actor, now=now)
    customers.account_add(customer=buyer, source="mall", external_id="acc-1", actor=actor, now=now)
    row = order("20261123-1", now, merchant=shop, customer=buyer, ship_phone=phone)
    category = services.category_create(code="home", name_zh="家居", name_en="Home", actor=actor, now=now)
    product = services.product_create(
        code="P-1", name="<script>alert(1)</script>", category=category, merchant=shop, actor=actor, now=now
    )
    services.line_add(order=row, line_no=1, product=product, actor=actor, now=now)
    services.payment_add(order=row, sequence=1, method="alipay", amount=100, actor=actor, now=now)
    services.shipment_add(
        order=row, number="1", tracking_no="T-1", promised_at=now - timedelta(days=1), actor=actor, now=now
    )
    services.review_add(order=row, source="mall", external_id="r", score=1, body="坏的", actor=actor, now=now)
    return row


def sign_in(client, role, now):
    user = person(role, now)
    client.force_login(user)
    return user


@pytest.mark.parametrize("name", LISTS)
def test_staff_read_the_lists_and_merchants_do_not(client, trade, now, name):
    url = reverse(f"admin:{name}_changelist")
    sign_in(client, "operations", now)
    page = client.get(url)
    assert page.status_code == 200
    assert "<script>alert(1)" not in page.content.decode()
    assert "张晓明" not in page.content.decode()

    sign_in(client, "merchant_owner", now)
    assert client.get(url).status_code in (302, 403, 404)


@pytest.mark.parametrize("name", LISTS)
def test_each_row_opens_for_reading(client, trade, now, name):
    room, model = name.split("_")
    from django.apps import apps

    row = apps.get_model(room, model)._default_manager.first()
    sign_in(client, "auditor", now)

    page = client.get(reverse(f"admin:{name}_change", args=[row.pk]))

    assert page.status_code == 200
    assert "13800138000" not in page.content.decode()
    assert "张晓明" not in page.content.decode()


@pytest.mark.parametrize("term", ["C-1", "acc-1", "13800138000", "8000", "+86 138 0013 8000"])
def test_a_customer_is_found_by_whole_keys(client, trade, now, term):
    sign_in(client, "agent", now)

    page = client.get(reverse("admin:customers_customer_changelist"), {"q": term}).content.decode()

    assert "C-1" in page


@pytest.mark.parametrize("term", ["张", "1380", "acc"])
def test_a_part_of_a_personal_datum_finds_nobody(client, trade, now, term):
    sign_in(client, "agent", now)

    page = client.get(reverse("admin:customers_customer_changelist"), {"q": term}).content.decode()

    assert "/change/" not in page


@pytest.mark.parametrize("term", ["20261123-1", "C-1", "T-1"])
def test_an_order_is_found_by_whole_keys(client, trade, now, term):
    sign_in(client, "agent", now)

    page = client.get(reverse("admin:orders_order_changelist"), {"q": term}).content.decode()

    assert "20261123-1" in page


def test_late_parcels_are_a_filter(client, trade, now):
    sign_in(client, "agent", now)

    page = client.get(reverse("admin:orders_shipment_changelist"), {"late": "1"}).content.decode()

    assert "T-1" in page


def test_a_merchant_is_corrected_through_the_service(client, trade, now):
    sign_in(client, "operations", now)
    shop = trade.merchant
    url = reverse("admin:merchants_merchant_change", args=[shop.pk])
    form = client.get(url).context["adminform"].form
    values = {name: form.initial.get(name) for name in form.fields}
    values = {name: one for name, one in values.items() if one is not None and one is not False and one != []}
    posted = {
        **values,
        "city": "杭州",
        "_version": shop.version,
        **empty_inlines("contacts", "return_addresses", "members"),
    }

    answer = client.post(url, posted)

    assert answer.status_code == 302, answer.context["adminform"].form.errors
    shop.refresh_from_db()
    assert (shop.city, shop.version, shop.state) == ("杭州", 2, "active")
    assert Event.objects.filter(kind="merchant.changed", subject_id=shop.pk).count() == 1


def empty_inlines(*names):
    found = {}
    for name in names:
        found |= {f"{name}-TOTAL_FORMS": 0, f"{name}-INITIAL_FORMS": 0}
    return found


def test_a_reveal_on_the_page_needs_a_reason_and_shows_the_value_once(client, trade, now):
    sign_in(client, "agent", now)
    contact = trade.ship_phone
    url = reverse("customers:reveal", args=[contact.public_id])

    assert client.get(url).status_code == 405
    refused = client.post(url, {"reason": "x"}).content.decode()
    assert "13800138000" not in refused
    assert not Event.objects.filter(kind="contact.revealed").exists()

    shown = client.post(url, {"reason": "call back about the parcel", "context": "tickets.ticket:1"})
    assert "13800138000" in shown.content.decode()
    assert "no-store" in shown["Cache-Control"]
    assert Event.objects.get(kind="contact.revealed").payload["context"] == "tickets.ticket:1"


@pytest.mark.parametrize(
    ("role", "status"), [("auditor", 403), ("merchant_owner", 404), ("vendor_agent", 404)]
)
def test_a_reveal_is_refused_to_people_who_may_not(client, trade, now, role, status):
    sign_in(client, role, now)

    answer = client.post(
        reverse("customers:reveal", args=[trade.ship_phone.public_id]), {"reason": "just looking"}
    )

    assert answer.status_code == status
    assert not Event.objects.filter(kind="contact.revealed").exists()


def test_nobody_reveals_without_signing_in(client, trade):
    answer = client.post(
        reverse("customers:reveal", args=[trade.ship_phone.public_id]), {"reason": "just looking"}
    )

    assert answer.status_code == 302


def test_each_contact_in_one_form_has_a_reason_of_its_own(client, trade, now):
    sign_in(client, "agent", now)
    contact = trade.ship_phone
    page = client.get(reverse("admin:customers_customer_change", args=[contact.customer_id])).content.decode()
    field = f"reason_{contact.public_id}"
    assert f'name="{field}"' in page

    posted = {field: "call back about the parcel", "reason_another": "", "reason": ""}
    shown = client.post(reverse("customers:reveal", args=[contact.public_id]), posted)

    assert "13800138000" in shown.content.decode()
