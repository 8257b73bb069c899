"""Another shop's person, a clerk who left, and staff find nothing of a case; each page costs the same few queries."""

from collections.abc import Callable, Iterator
from datetime import datetime, timedelta
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from accounts.models import User
from aftersales.cases import services
from aftersales.cases.models import Case
from aftersales.core.errors import DomainError, NotPermitted
from aftersales.core.models import Event
from aftersales.customers.models import Contact
from aftersales.customers.services import contact_reveal
from aftersales.merchants.models import Merchant
from aftersales.merchants.services import member_remove
from aftersales.orders.models import Order
from aftersales.scorecards.services.rectification import plan_open
from tests.cases.workshop import HOUR
from tests.cast import Cast
from tests.portal.clerk import Clerk
from tests.portal.conftest import person_of
from tests.scorecards.test_measure_pages import imposed

pytestmark = pytest.mark.django_db
Open = Callable[..., Case]
CONTROL = ("SAVEPOINT", "RELEASE", "BEGIN", "COMMIT", "SELECT set_config", "SET LOCAL", "RESET")
MOST = 12


def addresses(lived: dict[str, Any]) -> Iterator[str]:
    case, here, parcel = lived["case"], lived["here"], lived["parcel"]
    for name in ("case", "talk", "dispute"):
        yield reverse(f"portal:{name}", args=[case.public_id])
    for act in ("evidence", "propose", "say"):
        yield reverse("portal:act", args=[case.public_id, act])
    yield reverse("portal:receipt", args=[here.public_id, parcel.public_id])
    for row in (*lived["dispute"].evidence.exclude(name=""), *case.ticket.attachments.all()):
        yield reverse("portal:case_file", args=[case.public_id, row.public_id])


def test_the_shops_own_person_opens_everything_and_nobody_else_anything(
    clerk: Clerk, stranger: Clerk, desk: Cast, shop: Merchant, lived: dict[str, Any], now: datetime
) -> None:
    asked = list(addresses(lived))
    assert len(asked) == 9
    assert {url: clerk.browser.get(url).status_code for url in asked} == dict.fromkeys(asked, 200)
    assert {url: stranger.browser.get(url).status_code for url in asked} == dict.fromkeys(asked, 404)
    assert {stranger.browser.post(url).status_code for url in asked} <= {404, 405}
    assert {url: desk.client(desk.lead).get(url).status_code for url in asked} == dict.fromkeys(asked, 404)
    seen = stranger.page("today") + stranger.page("cases") + stranger.page("cases", q=lived["case"].number)
    assert lived["case"].number not in seen.replace(f'value="{lived["case"].number}"', "")
    assert lived["here"].number not in seen

    member_remove(member=shop.members.get(user=clerk.person), actor=desk.operations, now=now)
    assert {url: clerk.browser.get(url).status_code for url in asked} == dict.fromkeys(asked, 302), (
        "signed out"
    )
    returned = desk.client(User.objects.get(pk=clerk.person.pk))
    assert {url: returned.get(url).status_code for url in asked} == dict.fromkeys(asked, 404)


def test_a_file_of_another_case_is_not_served_under_ones_own(
    clerk: Clerk, stranger: Clerk, lived: dict[str, Any]
) -> None:
    evidence = lived["dispute"].evidence.exclude(name="").first()

    assert clerk.get("case_file", lived["here"].public_id, evidence.public_id).status_code == 404


def test_a_service_itself_refuses_who_acts_for_another_shop(
    stranger: Clerk, lived: dict[str, Any], now: datetime
) -> None:
    later = {"actor": stranger.person, "now": now + 5 * HOUR}
    for act in (
        lambda: services.evidence_add(dispute=lived["dispute"], side="merchant", text="x", **later),
        lambda: services.parcel_receive(parcel=lived["parcel"], arrival=services.Arrival({}), **later),
        lambda: services.case_approve(case=lived["case"], how="merchant", **later),
    ):
        with pytest.raises(DomainError) as refused:
            act()
        assert refused.value.code == "gone"
    with pytest.raises(DomainError) as refused:
        services.case_turn(case=lived["here"], kind="exchange", **later)
    assert refused.value.code == "not_permitted"


def test_staff_pages_stay_closed_to_a_shops_person(clerk: Clerk, lived: dict[str, Any]) -> None:
    for name, args in (
        ("desk:case", [lived["case"].number]), ("desk:receiving", []), ("desk:dispute", [lived["dispute"].number]),
        ("desk:ticket", [lived["case"].ticket.number]),
    ):  # fmt: skip
        assert clerk.browser.get(reverse(name, args=args)).status_code == 404


def statements(clerk: Clerk, url: str) -> int:
    clerk.browser.get(url)
    with CaptureQueriesContext(connection) as found:
        assert clerk.browser.get(url).status_code == 200, url
    return sum(not one["sql"].startswith(CONTROL) for one in found.captured_queries)


def test_home_and_case_take_a_dozen_statements_at_most_whatever_the_rows(
    clerk: Clerk, open_case: Open, lived: dict[str, Any], now: datetime
) -> None:
    pages = {
        "today": reverse("portal:today"), "cases": reverse("portal:cases"),
        "disputed": reverse("portal:case", args=[lived["case"].public_id]),
        "goods here": reverse("portal:case", args=[lived["here"].public_id]),
    }  # fmt: skip
    few = {name: statements(clerk, url) for name, url in pages.items()}
    for n in range(2):
        open_case({0: 1}, at=now + timedelta(minutes=n))
    clerk.does(lived["case"], "say", words="还有一件事")
    many = {name: statements(clerk, url) for name, url in pages.items()}

    assert few == many
    assert max(many.values()) <= MOST, many


def test_an_owners_home_with_everything_new_takes_no_more(
    clerk: Clerk, lived: dict[str, Any], desk: Cast, shop: Merchant, now: datetime, at: Any
) -> None:
    """He is told of measures, money, plans, agreements, drafts, rules and courses besides."""
    owner = Clerk(desk, person_of(shop, desk, "店主", "owner"), at)
    few = statements(owner, reverse("portal:today"))
    measures = [imposed(shop, now) for _one in range(2)]
    plan = plan_open(merchant=shop, cause="other", asked="请整改", actor=desk.operations, now=now)
    many = statements(owner, reverse("portal:today"))
    page = owner.page("today")
    assert all(number in page for number in (plan.number, *(one.number for one in measures)))
    assert few == many
    assert many <= MOST


def test_an_address_is_shown_in_full_to_the_shops_own_people_only(
    clerk: Clerk, stranger: Clerk, desk: Cast, shop: Merchant, open_case: Open, now: datetime
) -> None:
    """By the service too, whatever page it is called from; a general right to reveal contacts no merchant has."""
    case = open_case({1: 1}, kind="exchange", ground="quality")
    phone = Contact(customer=case.order.customer, kind="phone", value="13900001111", search_key="13900001111")
    phone.save()
    Order.objects.filter(pk=case.order_id).update(ship_phone=phone)
    case = Case.objects.get(pk=case.pk)
    own = services.addressee_reveal(case=case, actor=clerk.person, now=now)
    assert ("phone", "13900001111") in {(one.kind, value) for one, value in own}
    for other in (stranger.person, desk.agent):
        with pytest.raises(DomainError):
            services.addressee_reveal(case=case, actor=other, now=now)
    for merchants in (clerk.person, stranger.person):
        with pytest.raises(NotPermitted):
            contact_reveal(contact=phone, actor=merchants, reason="wants to call", now=now)
    looked = Event.objects.filter(kind="contact.revealed")
    assert set(looked.values_list("actor_id", flat=True)) == {clerk.person.pk}
