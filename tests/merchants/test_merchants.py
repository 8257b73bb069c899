"""A merchant's life goes through the door, and a merchant's people see their own shop only."""

import pytest
from django.db import Error, transaction
from django.urls import reverse

from accounts.services import system_user
from aftersales.core import facts, moves
from aftersales.core.errors import Conflict, DomainError, NotPermitted, Refused, WrongState
from aftersales.core.models import Event
from aftersales.merchants import services
from aftersales.merchants.machine import MACHINE
from aftersales.merchants.models import Merchant, MerchantMember
from aftersales.merchants.states import MerchantState
from tests.records import merchant, person

pytestmark = pytest.mark.django_db

NEEDS = {"restrict": {"cause": "risk"}, "suspend": {"cause": "law"}, "reinstate": {"cause": "cured"}}
ROLES = ("merchant_manager", "operations", "agent", "finance", "auditor", "administrator", "merchant_owner")
MAY_MOVE = {"merchant_manager", "operations"}


def in_state(state, now):
    """A merchant walked to ``state`` by the moves that lead there."""
    walk = {
        "applying": [],
        "active": ["activate"],
        "restricted": ["activate", "restrict"],
        "suspended": ["activate", "suspend"],
        "exiting": ["activate", "begin_exit"],
        "closed": ["close"],
    }[state]
    row = merchant(
        "M-1", now, state="applying", self_run=True
    )  # an own shop signs nothing before it is admitted
    for move in walk:
        row = moves.perform(row, move, actor=system_user(), now=now, **NEEDS.get(move, {}))
    return row


@pytest.mark.parametrize("move", MACHINE.moves, ids=lambda move: move.name)
@pytest.mark.parametrize("state", MerchantState.values)
def test_each_move_starts_only_where_it_is_declared(state, move, now):
    row = in_state(state, now)

    if state in move.sources:
        moved = moves.perform(row, move.name, actor=system_user(), now=now, **NEEDS.get(move.name, {}))
        assert moved.state == move.target
        event = Event.objects.filter(kind=move.event).latest("id")
        assert (event.old, event.new, event.merchant_id) == (state, move.target, row.pk)
    else:
        with pytest.raises(WrongState):
            moves.perform(row, move.name, actor=system_user(), now=now, **NEEDS.get(move.name, {}))


@pytest.mark.parametrize("role", ROLES)
def test_only_the_merchants_keepers_move_merchants(role, now):
    row = in_state("active", now)

    if role in MAY_MOVE:
        assert (
            moves.perform(row, "restrict", actor=person(role, now), now=now, cause="risk").state
            == "restricted"
        )
    else:
        with pytest.raises(NotPermitted):
            moves.perform(row, "restrict", actor=person(role, now), now=now, cause="risk")


def test_a_restriction_names_its_cause(now):
    with pytest.raises(Refused) as refused:
        moves.perform(in_state("active", now), "restrict", actor=system_user(), now=now)

    assert refused.value.code == "missing"


def test_a_merchant_with_a_deposit_or_open_duties_does_not_close(now, monkeypatch):
    row = services.merchant_change(
        merchant=in_state("exiting", now), actor=person("operations", now), now=now, deposit_held=500
    )
    with pytest.raises(Refused) as refused:
        moves.perform(row, "close", actor=system_user(), now=now)
    assert [one.code for one in refused.value.refusals] == ["deposit_held"]

    row = services.merchant_change(merchant=row, actor=person("operations", now), now=now, deposit_held=0)
    monkeypatch.setitem(
        facts._providers, "merchants.open_duties", [lambda rows, now: {row.pk: 3 for row in rows}]
    )
    with pytest.raises(Refused) as refused:
        moves.perform(row, "close", actor=system_user(), now=now)

    assert [one.code for one in refused.value.refusals] == ["open_duties"]


def test_postgresql_refuses_a_state_that_did_not_come_through_the_door(now):
    row = in_state("active", now)

    with pytest.raises(Error), transaction.atomic():
        Merchant.objects.filter(pk=row.pk).update(state="closed")
    with pytest.raises(Error), transaction.atomic():
        Merchant.objects.create(code="M-9", name="Born closed", state="closed")


def test_a_change_leaves_history_an_event_and_a_new_version(now):
    row = merchant("M-1", now)

    changed = services.merchant_change(
        merchant=row, actor=person("merchant_manager", now), now=now, version=1, city="杭州"
    )

    assert (changed.version, changed.city) == (2, "杭州")
    assert [one.city for one in Merchant.history.filter(id=row.pk)] == ["杭州", ""]
    assert Event.objects.filter(kind="merchant.changed", subject_id=row.pk).count() == 1


def test_a_stale_change_shows_both_values_and_saves_nothing(now):
    row = merchant("M-1", now)
    services.merchant_change(merchant=row, actor=system_user(), now=now, version=1, city="杭州")

    with pytest.raises(Conflict) as conflict:
        services.merchant_change(merchant=row, actor=system_user(), now=now, version=1, city="宁波")

    assert conflict.value.fields["city"] == ("宁波", "杭州")
    assert Merchant.objects.get().city == "杭州"


def test_a_code_is_given_once(now):
    merchant("M-1", now)

    with pytest.raises(DomainError) as refused:
        merchant("M-1", now)

    assert refused.value.code == "merchant_exists"


def test_a_merchants_people_see_their_own_shop_and_nothing_after_they_left(now):
    mine, other = merchant("M-1", now), merchant("M-2", now)
    owner, clerk = person("merchant_owner", now), person("merchant_clerk", now)
    membership = services.member_add(merchant=mine, user=owner, actor=system_user(), now=now)
    assert services.member_add(merchant=mine, user=owner, actor=system_user(), now=now) == membership

    assert list(Merchant.objects.visible_to(owner)) == [mine]
    assert not Merchant.objects.visible_to(clerk).exists()
    assert set(Merchant.objects.visible_to(person("agent", now))) == {mine, other}
    assert not MerchantMember.objects.visible_to(clerk).exists()

    services.member_remove(member=membership, actor=system_user(), now=now)
    assert not Merchant.objects.visible_to(owner).exists()


def test_a_vendors_people_see_no_merchant_list(now):
    merchant("M-1", now)

    assert not Merchant.objects.visible_to(person("vendor_lead", now)).exists()


def test_staff_read_in_the_register_where_a_shop_takes_goods_back(now, client):
    shop = merchant("M-1", now, returns="仓前路 1 号")
    client.force_login(person("auditor", now))
    page = client.get(reverse("admin:merchants_merchant_change", args=[shop.pk]))
    assert "仓前路 1 号" in page.content.decode()
