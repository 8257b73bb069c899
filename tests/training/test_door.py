"""The door asks for authority at every move that decides something."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest

from aftersales.core import authority, moves
from aftersales.core.authority import Claim
from aftersales.core.errors import Refused
from aftersales.core.models import Event
from tests.toy.machine import PARCEL
from tests.toy.models import Parcel
from training.models import AuthorityUse

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("own_registries")]


@pytest.fixture(autouse=True)
def sending_decides(monkeypatch: pytest.MonkeyPatch) -> None:
    """To send a parcel is a compensation of ¥100 for the customer 7."""

    def claims(rows: Sequence[Any], actor: Any, data: Mapping[str, Any], now: Any) -> dict[int, list[Claim]]:
        return {row.pk: [Claim("goodwill", Decimal(100), "CNY", customer_id=row.asked or 7)] for row in rows}

    monkeypatch.setattr(authority, "_readers", {"toy.send": claims})
    decides = replace(PARCEL["send"], authority="toy.send")
    monkeypatch.setitem(PARCEL._by_name, "send", decides)


def test_without_a_certificate_the_move_is_refused(parcel, cast, now) -> None:
    with pytest.raises(Refused) as refused:
        moves.perform(parcel, "send", actor=cast.agent, now=now, carrier="sf")
    assert refused.value.code == "no_certificate"
    assert Parcel.objects.get().state == "packed"


def test_within_the_limit_it_is_done_counted_and_cites_the_version(parcel, cast, now) -> None:
    cast.certify(cast.agent)
    moves.perform(parcel, "send", actor=cast.agent, now=now, carrier="sf")
    assert {row.amount for row in AuthorityUse.objects.all()} == {100}
    assert Event.objects.get(kind="parcel.sent").rule_version == "limit.in_post-goodwill-cny v1"


def test_many_rows_are_done_as_far_as_the_limit_goes(make_parcels, cast, now) -> None:
    """¥300 for one customer: three of five go, the others say why; asking beforehand says the same."""
    cast.certify(cast.agent)
    rows = make_parcels(5)
    said = moves.judged(rows, "send", actor=cast.agent, now=now, data={"carrier": "sf"})
    outcome = moves.perform_many(
        Parcel.objects.all(), "send", actor=cast.agent, now=now, data={"carrier": "sf"}
    )
    assert len(outcome.done) == 3
    assert [reasons[0].code for _pk, reasons in outcome.refused] == ["above_customer"] * 2
    assert [pk for pk, reasons in said.items() if reasons] == [pk for pk, _reasons in outcome.refused]


def test_what_a_guard_refuses_is_not_counted(parcel, cast, now) -> None:
    cast.certify(cast.agent)
    moves.perform(parcel, "send", actor=cast.agent, now=now, carrier="sf")
    with pytest.raises(Refused):
        moves.perform(parcel, "send", actor=cast.agent, now=now, carrier="sf")
    assert {row.decisions for row in AuthorityUse.objects.all()} == {1}


def test_a_certificate_that_ends_between_the_page_and_the_click_decides_nothing(parcel, cast, now) -> None:
    row = cast.certify(cast.agent, valid_to=now + timedelta(minutes=5))
    on_page = {one.move.name: one.allowed for one in moves.options(parcel, actor=cast.agent, now=now)}
    assert on_page["send"]
    with pytest.raises(Refused) as refused:
        moves.perform(parcel, "send", actor=cast.agent, now=row.valid_to, carrier="sf")
    assert refused.value.code == "no_certificate"
    assert row.number in str(refused.value)
    assert Parcel.objects.get().state == "packed"
    assert not AuthorityUse.objects.exists()
