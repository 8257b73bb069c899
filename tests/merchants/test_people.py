"""Owners say who acts for their shop: by invitations that work once, by roles, and by removal that holds at once."""

import re
from collections.abc import Callable, Iterator
from datetime import datetime, timedelta
from typing import Any
from urllib.parse import urlsplit

import pytest
import time_machine
from django.core import mail
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from accounts.models import User
from accounts.services import system_user
from accounts.states import Role
from aftersales.core.errors import DomainError, NotPermitted
from aftersales.core.models import Event
from aftersales.merchants.models import MerchantInvitation, MerchantMember, ReturnAddress
from aftersales.merchants.services import member_remove, people
from aftersales.standards.models import ParameterVersion
from aftersales.tickets.models import Ticket, Unsent
from tests.cast import PASSWORD
from tests.department import work_off
from tests.merchants.shops import Shop, a_shop, join
from tests.tickets.test_locked_first import overtaken

__all__ = ["work_off"]

pytestmark = pytest.mark.django_db
DAY = timedelta(days=1)
PEOPLE = reverse("portal:people")
NEW = {"name": "孙新", "email": "Sun.Xin@shop.example", "role": "clerk"}
STRONG = "Yunfan-2026-shop"
DESK = {"name": "仓库", "contact": "收货组", "phone": "0571-100200", "place": "杭州市滨江路 1 号"}


@pytest.fixture(autouse=True)
def clock(now: datetime, settings: Any) -> Iterator[Any]:
    settings.REQUIRE_SECOND_FACTOR = False
    with time_machine.travel(now, tick=False) as moving:
        yield moving


@pytest.fixture
def shop(cast: Any, now: datetime) -> Shop:
    return a_shop(cast, now, "a")


def said(answer: Any) -> str:
    return answer.content.decode()


def invite(cast: Any, shop: Shop, work: Callable[..., Any], **given: str) -> str:
    """What an owner does on the page; answers the path that the letter leads to."""
    mail.outbox.clear()
    answer = cast.client(shop.owner).post(reverse("portal:invite"), NEW | given, follow=True)
    assert answer.status_code == 200
    work(timezone.now())
    return link()


def link() -> str:
    found = re.search(r"https?://[^/]+(/portal/invitation/\S+)", mail.outbox[-1].body)
    assert found, mail.outbox[-1].body
    return found[1]


def test_an_invited_person_makes_an_account_and_acts_for_the_shop(
    cast: Any, shop: Shop, work_off: Any
) -> None:
    path = invite(cast, shop, work_off)
    assert mail.outbox[-1].to == ["sun.xin@shop.example"]
    assert shop.merchant.name in mail.outbox[-1].body
    listed = said(cast.client(shop.owner).get(PEOPLE))
    assert "sun.xin@shop.example" in listed
    guest = Client()
    assert shop.merchant.name in said(guest.get(path))
    weak = guest.post(path, {"name": "孙新", "password": "12345678", "again": "12345678"})
    assert 'class="notice error"' in said(weak)
    guest.post(path, {"name": "孙新", "password": STRONG, "again": "another"})
    assert not User.objects.filter(username="sun.xin@shop.example").exists()

    guest.post(path, {"name": "孙新", "password": STRONG, "again": STRONG})
    made = User.objects.get(username="sun.xin@shop.example")
    assert (made.roles, made.display_name) == ([Role.MERCHANT_CLERK], "孙新")
    assert (
        guest.post(reverse("account_login"), {"login": made.username, "password": STRONG}).status_code == 302
    )
    assert guest.get(reverse("portal:index")).status_code == 200
    assert guest.get(PEOPLE).status_code == 404, "a clerk does not keep the list"
    row = MerchantInvitation.objects.get()
    assert (row.email, row.name, row.accepted_by_id) == ("", "", made.pk), (
        "name and address are on the account now"
    )
    told = list(
        Event.objects.filter(kind__startswith="merchant.").order_by("pk").values_list("kind", flat=True)
    )
    assert told[-3:] == ["merchant.member_invited", "merchant.member_added", "merchant.invitation_accepted"]

    again = Client().post(path, {"name": "贼", "password": STRONG, "again": STRONG})
    assert again.status_code == 404, "it works once"
    assert shop.merchant.members.filter(active_to=None).count() == 3


def test_a_link_ends_by_time_by_a_newer_one_and_by_being_taken_back(
    cast: Any, shop: Shop, work_off: Any, clock: Any, now: datetime
) -> None:
    path, owner = invite(cast, shop, work_off), cast.client(shop.owner)
    row = MerchantInvitation.objects.get()
    clock.move_to(now + 7 * DAY)
    assert Client().get(path).status_code == 404, "seven days are over"
    with pytest.raises(DomainError) as gone:
        people.invitation_accept_new(
            invitation=row, name="孙新", password=STRONG, language="", now=now + 7 * DAY
        )
    assert gone.value.code == "gone"
    owner = cast.client(shop.owner)
    owner.post(reverse("portal:invitation_change"), {"invitation": row.public_id, "act": "renew"})
    work_off(timezone.now())
    newer = link()
    assert newer != path
    assert [Client().get(one).status_code for one in (path, newer, newer + "x")] == [404, 200, 404]
    owner.post(reverse("portal:invitation_change"), {"invitation": row.public_id, "act": "revoke"})
    assert Client().get(newer).status_code == 404
    assert "sun.xin" not in said(owner.get(PEOPLE))
    assert MerchantInvitation.objects.get().email == ""


def test_what_nobody_accepts_is_forgotten(cast: Any, shop: Shop, now: datetime) -> None:
    people.invitation_make(merchant=shop.merchant, actor=shop.owner, now=now, **NEW)
    assert people.invitations_forget(actor=cast.system, now=now + 13 * DAY) == 0, "it may be sent again"
    assert people.invitations_forget(actor=cast.system, now=now + 14 * DAY) == 1
    row = MerchantInvitation.objects.get()
    assert (row.email, row.name, row.accepted_by_id) == ("", "", None)


def test_only_the_account_of_that_address_accepts(
    cast: Any, shop: Shop, work_off: Any, now: datetime
) -> None:
    other = a_shop(cast, now, "b")
    path = invite(cast, shop, work_off, email=other.clerk.email, role="owner")
    wrong = cast.client(other.owner)
    assert reverse("account_login") in said(Client().get(path)), "who is not signed in does so first"
    assert 'type="submit">' not in said(wrong.get(path)).split("<main")[1].split("</main>")[0]
    wrong.post(path)
    Client().post(path, {"name": "贼", "password": STRONG, "again": STRONG})
    assert shop.merchant.members.filter(active_to=None).count() == 2
    with pytest.raises(DomainError) as refused:
        people.invitation_accept(invitation=MerchantInvitation.objects.get(), actor=other.owner, now=now)
    assert refused.value.code == "wrong_address"

    browser = cast.client(other.clerk)
    browser.post(path)
    member = shop.member(other.clerk)
    assert member.role == "owner"
    other.clerk.refresh_from_db()
    assert other.clerk.roles == [Role.MERCHANT_OWNER, Role.MERCHANT_CLERK], "owner here, clerk there"


def test_a_clerk_who_accepts_as_owner_is_one(cast: Any, shop: Shop, now: datetime) -> None:
    """The platform let him in as a clerk while the letter was on its way."""
    guest = cast.person(Role.MERCHANT_CLERK, email=NEW["email"].lower())
    asked = people.invitation_make(
        merchant=shop.merchant, actor=shop.owner, now=now, **NEW | {"role": "owner"}
    )
    join(cast, shop.merchant, guest, "clerk", now)
    cast.client(guest).post(urlsplit(people.invitation_link(asked)).path)

    assert shop.member(guest).role == "owner"
    assert User.objects.get(pk=guest.pk).roles == [Role.MERCHANT_OWNER]
    told = Event.objects.get(kind="merchant.member_role_changed")
    assert (told.payload["old"], told.payload["new"]) == ("clerk", "owner")
    assert Event.objects.filter(kind="merchant.member_added", payload__user=guest.pk).count() == 1


def test_an_owner_who_accepts_as_clerk_stays_owner(cast: Any, shop: Shop, now: datetime) -> None:
    guest = cast.person(Role.MERCHANT_OWNER, email=NEW["email"].lower())
    asked = people.invitation_make(merchant=shop.merchant, actor=shop.owner, now=now, **NEW)
    join(cast, shop.merchant, guest, "owner", now)
    people.invitation_accept(invitation=asked, actor=guest, now=now)
    assert shop.member(guest).role == "owner"


def test_people_of_the_platform_never_act_for_a_shop(
    cast: Any, shop: Shop, work_off: Any, now: datetime
) -> None:
    agent = cast.person(Role.AGENT, email="agent@platform.example")
    path = invite(cast, shop, work_off, email=agent.email)
    cast.client(agent).post(path)
    assert shop.merchant.members.filter(active_to=None).count() == 2
    assert MerchantInvitation.objects.get().ended_at is None


def test_a_removed_clerk_is_out_at_once_and_what_was_begun_stays(
    cast: Any, shop: Shop, now: datetime
) -> None:
    browser, owner = Client(), cast.client(shop.owner)
    browser.post(reverse("account_login"), {"login": shop.clerk.username, "password": PASSWORD})
    assert browser.get(reverse("portal:index")).status_code == 200
    invited = cast.client(shop.owner)
    invited.post(reverse("portal:invite"), NEW)
    drafts = MerchantInvitation.objects.count(), Ticket.objects.count(), Unsent.objects.count()
    page = said(owner.get(PEOPLE))
    assert shop.clerk.email in page
    owner.post(reverse("portal:remove"), {"member": shop.member(shop.clerk).pk})
    assert reverse("account_login") in browser.get(reverse("portal:index")).headers["Location"]
    shop.clerk.refresh_from_db()
    assert shop.clerk.roles == []
    browser.post(reverse("account_login"), {"login": shop.clerk.username, "password": PASSWORD})
    assert browser.get(reverse("portal:index")).status_code == 404, "the account is there, the shop is not"
    assert (MerchantInvitation.objects.count(), Ticket.objects.count(), Unsent.objects.count()) == drafts
    assert Event.objects.filter(kind="merchant.member_removed", actor_id=shop.owner.pk).count() == 1


@pytest.mark.parametrize("how", ["removed by an owner", "removed by the platform", "made a clerk"])
def test_an_invitation_ends_with_the_owner_who_sent_it(
    cast: Any, shop: Shop, work_off: Any, now: datetime, how: str
) -> None:
    path, leaving = invite(cast, shop, work_off, role="owner"), shop.member(shop.owner)
    second = people.member_role_set(
        member=shop.member(shop.clerk), role="owner", actor=shop.owner, now=now
    ).user
    kept = people.invitation_make(
        merchant=shop.merchant, actor=second, now=now, name="甲", email="jia@x.example", role="clerk"
    )
    if how == "removed by an owner":
        people.member_dismiss(member=leaving, actor=second, now=now)
    elif how == "removed by the platform":
        member_remove(member=leaving, actor=cast.operations, now=now)
    else:
        people.member_role_set(member=leaving, role="clerk", actor=second, now=now)

    assert Client().get(path).status_code == 404
    Client().post(path, {"name": "孙新", "password": STRONG, "again": STRONG})
    assert not User.objects.filter(username="sun.xin@shop.example").exists()
    assert list(MerchantInvitation.objects.open()) == [kept], "what others asked stands"
    assert Event.objects.filter(kind="merchant.invitation_revoked", merchant_id=shop.merchant.pk).count() == 1


def test_who_was_removed_already_is_not_removed_again(cast: Any, shop: Shop, now: datetime) -> None:
    member = shop.member(shop.clerk)
    member_remove(member=member, actor=cast.operations, now=now)
    with pytest.raises(DomainError) as refused:
        member_remove(member=member, actor=cast.operations, now=now + DAY)
    assert refused.value.code == "gone"
    member.refresh_from_db()
    assert member.active_to == now


def test_who_acts_for_another_shop_too_keeps_that_and_is_signed_out(
    cast: Any, shop: Shop, now: datetime
) -> None:
    other = a_shop(cast, now, "b")
    join(cast, other.merchant, shop.clerk, "clerk", now)
    browser = cast.client(shop.clerk)
    assert reverse("portal:choose") in browser.get(reverse("portal:index")).headers["Location"]
    cast.client(shop.owner).post(reverse("portal:remove"), {"member": shop.member(shop.clerk).pk})
    assert reverse("account_login") in browser.get(reverse("portal:index")).headers["Location"]
    assert cast.client(User.objects.get(pk=shop.clerk.pk)).get(reverse("portal:index")).status_code == 200


def test_a_form_of_one_shop_does_nothing_for_the_shop_chosen_in_another_window(
    cast: Any, shop: Shop, now: datetime
) -> None:
    other, forms = a_shop(cast, now, "b"), {"invite": NEW, "address_add": DESK}
    join(cast, other.merchant, shop.owner, "owner", now)
    browser, before = cast.client(shop.owner, shop.merchant), addresses()
    for page in ("people", "address_add"):
        field = f'name="shop" value="{shop.merchant.public_id}"'
        assert field in said(browser.get(reverse(f"portal:{page}")))
    browser.post(reverse("portal:chosen"), {"merchant": other.merchant.public_id})
    for name, given in forms.items():
        sent = browser.post(reverse(f"portal:{name}"), given | {"shop": shop.merchant.public_id}, follow=True)
        assert sent.redirect_chain[-1][0] == reverse("portal:choose")
        assert 'class="po-msg error"' in said(sent)
    member_remove(member=shop.member(shop.owner), actor=cast.operations, now=now)
    browser = cast.client(User.objects.get(pk=shop.owner.pk))  # one shop is left: nothing is to be chosen
    for name, given in forms.items():
        sent = browser.post(reverse(f"portal:{name}"), given | {"shop": shop.merchant.public_id}, follow=True)
        assert 'class="po-msg error"' in said(sent)
    assert (MerchantInvitation.objects.count(), addresses()) == (0, before)

    for name, given in forms.items():
        browser.post(reverse(f"portal:{name}"), given | {"shop": other.merchant.public_id})
    assert MerchantInvitation.objects.get().merchant == other.merchant
    assert addresses() == before | {(other.merchant.pk, DESK["place"])}


def addresses() -> set[tuple[int, str]]:
    return set(ReturnAddress.objects.values_list("merchant_id", "place"))


def test_the_last_owner_stays_until_somebody_else_is_one(cast: Any, shop: Shop, now: datetime) -> None:
    owner = cast.client(shop.owner)
    for name, more in (("remove", {}), ("role", {"role": "clerk"})):
        owner.post(reverse(f"portal:{name}"), {"member": shop.member(shop.owner).pk} | more)
        assert shop.member(shop.owner).role == "owner"
    owner.post(reverse("portal:role"), {"member": shop.member(shop.clerk).pk, "role": "owner"})
    shop.clerk.refresh_from_db()
    assert shop.clerk.roles == [Role.MERCHANT_OWNER]
    assert Event.objects.get(kind="merchant.member_role_changed").payload["new"] == "owner"
    owner.post(reverse("portal:remove"), {"member": shop.member(shop.owner).pk})
    assert not shop.merchant.members.filter(user=shop.owner, active_to=None).exists()


def test_an_owner_needs_a_second_factor_from_the_moment_he_is_one(
    cast: Any, shop: Shop, settings: Any
) -> None:
    owner, browser, first = cast.client(shop.owner), cast.client(shop.clerk), reverse("portal:index")
    settings.REQUIRE_SECOND_FACTOR = True
    assert browser.get(first).status_code == 200, "a clerk does not"
    settings.REQUIRE_SECOND_FACTOR = False
    owner.post(reverse("portal:role"), {"member": shop.member(shop.clerk).pk, "role": "owner"})
    settings.REQUIRE_SECOND_FACTOR = True
    assert reverse("account_login") in browser.get(first).headers["Location"], "he signs in as what he is now"
    again = cast.client(User.objects.get(pk=shop.clerk.pk))
    assert reverse("mfa_activate_totp") in again.get(first).headers["Location"]


def test_nobody_keeps_the_people_of_another_shop(cast: Any, shop: Shop, now: datetime) -> None:
    other = a_shop(cast, now, "b")
    intruder = cast.client(other.owner)
    row = people.invitation_make(merchant=shop.merchant, actor=shop.owner, now=now, **NEW)
    tries = {
        "remove": {"member": shop.member(shop.clerk).pk},
        "role": {"member": shop.member(shop.clerk).pk, "role": "owner"},
        "invitation_change": {"invitation": row.public_id, "act": "revoke"},
    }
    for name, posted in tries.items():
        assert intruder.post(reverse(f"portal:{name}"), posted).status_code == 404
        assert cast.client(shop.clerk).post(reverse(f"portal:{name}"), posted).status_code == 404
    acts: list[Callable[..., Any]] = [
        lambda who: people.member_dismiss(member=shop.member(shop.clerk), actor=who, now=now),
        lambda who: people.member_role_set(member=shop.member(shop.clerk), role="owner", actor=who, now=now),
        lambda who: people.invitation_revoke(invitation=row, actor=who, now=now),
        lambda who: people.invitation_make(merchant=shop.merchant, actor=who, now=now, **NEW),
    ]
    for act in acts:
        for who in (other.owner, shop.clerk, cast.administrator):
            with pytest.raises(NotPermitted):
                act(who)
    assert shop.member(shop.clerk).role == "clerk"


def test_a_shop_sends_so_many_invitations_a_day_and_not_more(cast: Any, shop: Shop, now: datetime) -> None:
    ParameterVersion.objects.filter(parameter__code="merchant_invitations_a_day").update(value=2)
    for number in range(2):
        people.invitation_make(
            merchant=shop.merchant,
            actor=shop.owner,
            now=now,
            name="甲",
            email=f"n{number}@x.example",
            role="clerk",
        )
    with pytest.raises(DomainError) as refused:
        people.invitation_make(merchant=shop.merchant, actor=shop.owner, now=now, **NEW)
    assert refused.value.code == "too_many"
    with pytest.raises(DomainError) as refused:
        people.invitation_renew(invitation=MerchantInvitation.objects.all()[0], actor=shop.owner, now=now)
    assert refused.value.code == "too_many"
    later = now + DAY + timedelta(minutes=1)
    with pytest.raises(DomainError) as refused:
        people.invitation_make(
            merchant=shop.merchant, actor=shop.owner, now=later, name="甲", email="N1@x.example", role="clerk"
        )
    assert refused.value.code == "invited"


def test_sending_again_counts_as_one_more_of_the_day(cast: Any, shop: Shop, now: datetime) -> None:
    """Whoever gets letters of this shop: so many a day, and not more."""
    ParameterVersion.objects.filter(parameter__code="merchant_invitations_a_day").update(value=3)
    asked = people.invitation_make(merchant=shop.merchant, actor=shop.owner, now=now, **NEW)
    for hour in (1, 2):
        asked = people.invitation_renew(invitation=asked, actor=shop.owner, now=now + timedelta(hours=hour))
    for act in (
        lambda at: people.invitation_renew(invitation=asked, actor=shop.owner, now=at),
        lambda at: people.invitation_make(
            merchant=shop.merchant, actor=shop.owner, now=at, **NEW | {"email": "b@x.example"}
        ),
    ):
        with pytest.raises(DomainError) as refused:
            act(now + timedelta(hours=3))
        assert refused.value.code == "too_many"
    people.invitation_renew(invitation=asked, actor=shop.owner, now=now + DAY + timedelta(minutes=1))


@pytest.mark.concurrency
@pytest.mark.django_db(transaction=True)
def test_who_leaves_two_shops_at_once_keeps_no_role(cast: Any, shop: Shop, now: datetime) -> None:
    """Each shop's owner saw the other shop still there: the role would stay with an account of nobody."""
    other = a_shop(cast, now, "b")
    join(cast, other.merchant, shop.clerk, "clerk", now)
    here, there = shop.member(shop.clerk), other.member(shop.clerk)
    system_user(now)
    overtaken(
        lambda: people.member_dismiss(member=here, actor=shop.owner, now=now),
        lambda: people.member_dismiss(member=there, actor=other.owner, now=now),
    )
    assert not MerchantMember.objects.filter(user=shop.clerk, active_to=None).exists()
    assert User.objects.get(pk=shop.clerk.pk).roles == []
