"""Contacts are found by one form, shown masked, revealed with a reason, erased for good."""

import json

import pytest
from django.db import IntegrityError, connection, transaction

from aftersales.core.errors import DomainError, NotPermitted
from aftersales.core.models import Event
from aftersales.customers import rules, services
from aftersales.customers.models import Contact, Customer
from aftersales.customers.selectors import find_by_phone, way_to
from tests.records import person

pytestmark = pytest.mark.django_db


@pytest.fixture
def customer(now):
    operator = person("operations", now)
    return services.customer_create(code="C-1", name="张晓明", actor=operator, now=now)


@pytest.fixture
def phone(customer, now):
    return services.contact_add(
        customer=customer, kind="phone", value="+86 138-0013-8000", actor=person("agent", now), now=now
    )


@pytest.mark.parametrize(
    ("kind", "value"),
    [
        ("phone", "+86 138-0013-8000"),
        ("phone", "0086 13800138000"),
        ("phone", "8613800138000"),
        ("phone", "010-8888 6666"),
        ("phone", "861"),
        ("email", " Some.One@Example.COM "),
        ("address", "上海市 浦东新区 世纪大道 1 号"),
        ("wechat", "Wx_Id-9"),
        ("name", "Ö. Müller"),
    ],
)
def test_python_and_postgresql_make_the_same_search_key(customer, now, kind, value):
    contact = Contact.objects.create(customer=customer, kind=kind, value=value)

    contact.refresh_from_db()

    assert contact.search_key == rules.search_key(kind, value)


def test_a_phone_is_found_by_its_whole_number_and_by_its_last_four_digits(customer, phone):
    assert find_by_phone("138 0013 8000") == [customer.pk]
    assert find_by_phone("8000") == [customer.pk]
    assert find_by_phone("8001") == []


def test_the_same_phone_in_another_spelling_is_not_doubled(customer, phone, now):
    again = services.contact_add(
        customer=customer, kind="phone", value="13800138000", actor=person("agent", now), now=now
    )

    assert again == phone


def test_a_page_shows_no_contact_in_full(phone, customer):
    assert "13800138000" not in phone.masked
    assert "0013" not in phone.masked
    assert phone.masked.endswith("8000")
    assert customer.masked_name != customer.name
    assert "张晓明" not in str(customer)
    assert "0013" not in str(phone)


def test_a_reveal_needs_a_reason_and_is_recorded_without_the_value(phone, now):
    agent = person("agent", now)

    value = services.contact_reveal(contact=phone, actor=agent, reason="call back about parcel", now=now)

    assert value == "+86 138-0013-8000"
    event = Event.objects.get(kind="contact.revealed")
    assert (event.subject_id, event.actor_id, event.reason) == (phone.pk, agent.pk, "call back about parcel")
    assert "8000" not in json.dumps(event.payload)


@pytest.mark.parametrize("reason", ["", "    ", "abc", " abcd "])
def test_a_reveal_without_a_real_reason_is_refused_and_leaves_no_value(phone, now, reason):
    with pytest.raises(DomainError) as refused:
        services.contact_reveal(contact=phone, actor=person("agent", now), reason=reason, now=now)

    assert refused.value.code == "reason_missing"
    assert not Event.objects.filter(kind="contact.revealed").exists()


@pytest.mark.parametrize("role", ["auditor", "trainer", "finance", "merchant_owner"])
def test_people_without_the_capability_cannot_reveal(phone, now, role):
    with pytest.raises(NotPermitted):
        services.contact_reveal(contact=phone, actor=person(role, now), reason="curious about this", now=now)


def test_erasing_a_customer_leaves_tombstones_and_no_personal_data(customer, phone, now):
    officer = person("privacy_officer", now)

    services.customer_erase(customer=customer, actor=officer, reason="request of the customer", now=now)

    customer.refresh_from_db()
    phone.refresh_from_db()
    assert (customer.name, customer.erased_at, phone.value, phone.erased_at) == ("", now, "", now)
    assert find_by_phone("8000") == []
    kinds = set(Event.objects.filter(kind__endswith=".erased").values_list("kind", flat=True))
    assert kinds == {"customer.erased", "contact.erased"}
    with connection.cursor() as cursor:
        cursor.execute("SELECT string_agg(h::text, ' ') FROM customers_historicalcustomer h")
        assert "张晓明" not in (cursor.fetchone()[0] or "")
        cursor.execute("SELECT string_agg(e::text, ' ') FROM core_event e")
        told = cursor.fetchone()[0]
    assert "张晓明" not in told
    assert "13800138000" not in told


def test_an_erased_customer_cannot_be_filled_again(customer, now):
    erased = services.customer_erase(
        customer=customer, actor=person("privacy_officer", now), reason="retention over", now=now
    )

    with pytest.raises(DomainError):
        services.customer_change(customer=erased, actor=person("agent", now), now=now, name="again")
    with pytest.raises(IntegrityError), transaction.atomic():
        Customer.objects.filter(pk=customer.pk).update(name="again")


def test_only_the_privacy_officer_erases(customer, now):
    with pytest.raises(NotPermitted):
        services.customer_erase(
            customer=customer, actor=person("operations", now), reason="cleaning up", now=now
        )


def test_a_class_needs_a_reason_and_its_change_is_an_event(customer, now):
    lead = person("lead", now)
    with pytest.raises(DomainError):
        services.customer_classify(customer=customer, customer_class="key", reason="", actor=lead, now=now)

    changed = services.customer_classify(
        customer=customer, customer_class="key", reason="many orders", actor=lead, now=now
    )

    assert changed.customer_class == "key"
    assert Event.objects.get(kind="customer.reclassified").payload == {
        "old_class": "general",
        "new_class": "key",
    }


def test_an_account_id_belongs_to_one_person(customer, now):
    agent = person("agent", now)
    other = services.customer_create(code="C-2", actor=person("operations", now), now=now)
    first = services.account_add(customer=customer, source="tmall", external_id="a1", actor=agent, now=now)
    second = services.account_add(customer=customer, source="tmall", external_id="a2", actor=agent, now=now)
    assert {first.customer_id, second.customer_id} == {customer.pk}

    with pytest.raises(DomainError) as refused:
        services.account_add(customer=other, source="tmall", external_id="a1", actor=agent, now=now)

    assert refused.value.code == "account_taken"


def test_a_refused_channel_stops_care_but_no_word_about_his_own_problem(customer, phone, now):
    assert way_to(customer.pk, "sms", care=True).contact == phone

    services.consent_set(
        customer=customer,
        actor=person("agent", now),
        now=now,
        consent_contact=True,
        consent_marketing=False,
        opt_outs=["sms"],
    )

    assert way_to(customer.pk, "sms", care=True).why == "opted_out"
    assert way_to(customer.pk, "sms").contact == phone
    assert way_to(customer.pk, "email").why == "no_address"


def test_merchants_and_outsourced_people_see_no_customer_list(customer, phone, now):
    for role in ("merchant_owner", "vendor_agent", "vendor_lead", "trainer"):
        assert not Customer.objects.visible_to(person(role, now)).exists()
        assert not Contact.objects.visible_to(person(role, now)).exists()
    assert Customer.objects.visible_to(person("agent", now)).exists()
