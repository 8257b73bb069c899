"""Limits are data: drafted by one person, brought into force by another, for a time."""

from datetime import timedelta
from decimal import Decimal

import pytest
from django.core.management import call_command

from accounts.states import STAFF_ROLES, Role
from aftersales.core import authority
from aftersales.core.authority import Claim
from aftersales.core.errors import DomainError, NotPermitted, Refused
from training import services, shipping
from training.models import Limit, Requirement, Tier, TierVersion

pytestmark = pytest.mark.django_db
CODE = "in_post-goodwill-cny"
DRAFTERS = {Role.TRAINER, Role.SUPERVISOR, Role.OPERATIONS}
ACTIVATORS = {Role.SUPERVISOR, Role.OPERATIONS}


def draft(cast, now, amount="300") -> Limit:
    return services.limit_draft(
        code=CODE, actor=cast.operations, now=now, per_decision=Decimal(amount), reason="旺季"
    )


def test_what_is_shipped_has_a_source_and_is_loaded_once(cast, now) -> None:
    assert not Limit.objects.filter(source_ref="").exists()
    assert not TierVersion.objects.filter(source_zh="").exists()
    before = (Tier.objects.count(), Limit.objects.count(), Requirement.objects.count())
    assert shipping.load(actor=cast.system, now=now) == {
        "tiers": 0,
        "asks": 0,
        "limits": 0,
        "requirements": 0,
        "numbers": 0,
    }
    assert (Tier.objects.count(), Limit.objects.count(), Requirement.objects.count()) == before


def test_what_the_department_limits_under_its_own_code_is_not_shipped_beside_it(cast, now) -> None:
    Limit.objects.filter(code="senior-refund-cny").update(code="own")
    assert shipping.load(actor=cast.system, now=now)["limits"] == 0
    assert not Limit.objects.filter(code="senior-refund-cny").exists()


def test_the_command_loads_them_too(cast, capsys) -> None:
    call_command("load_standards")
    assert '"training": {"tiers": 0' in capsys.readouterr().out


def test_a_draft_keeps_the_terms_that_nobody_changed(cast, now) -> None:
    row = draft(cast, now)
    assert (row.number, row.per_decision, row.per_day, row.kind) == (2, 300, 1000, "goodwill")
    again = services.limit_draft(
        code=CODE, actor=cast.supervisor, now=now, per_day=Decimal(900), reason="更稳"
    )
    assert (again.pk, again.per_decision, again.per_day) == (row.pk, 300, 900)
    assert again.drafted_by_id == cast.supervisor.pk


def test_a_draft_decides_nothing_and_a_version_in_force_does(cast, now) -> None:
    cast.certify(cast.agent)
    claims = {1: [Claim("goodwill", Decimal(250), "CNY")]}
    row = draft(cast, now)
    assert not authority.weigh(actor=cast.agent, claims=claims, now=now)[1].allowed
    later = now + timedelta(days=1)
    services.rule_activate(draft=row, actor=cast.supervisor, now=now, valid_from=later)
    just_before = later - timedelta(microseconds=1)
    assert not authority.weigh(actor=cast.agent, claims=claims, now=just_before)[1].allowed
    assert authority.weigh(actor=cast.agent, claims=claims, now=later)[1].allowed


def test_the_drafter_does_not_bring_it_into_force(cast, now) -> None:
    with pytest.raises(Refused) as refused:
        services.rule_activate(draft=draft(cast, now), actor=cast.operations, now=now)
    assert refused.value.code == "own_draft"


@pytest.mark.parametrize("role", sorted(STAFF_ROLES))
def test_who_drafts_and_who_activates(cast, now, role) -> None:
    actor, drafter = cast.of(role), cast.person(Role.OPERATIONS)
    mine = {"code": CODE, "actor": actor, "now": now, "per_decision": Decimal(300)}
    row = services.limit_draft(code="senior-goodwill-cny", actor=drafter, now=now, per_day=Decimal(9000))
    if role in DRAFTERS:
        services.limit_draft(**mine)
    else:
        with pytest.raises(NotPermitted):
            services.limit_draft(**mine)
    if role in ACTIVATORS:
        services.rule_activate(draft=row, actor=actor, now=now)
    else:
        with pytest.raises(NotPermitted):
            services.rule_activate(draft=row, actor=actor, now=now)


def test_a_limit_is_sound(cast, now) -> None:
    for terms, code in (({"per_decision": Decimal(-1)}, "negative"), ({"per_day": Decimal(100)}, "order")):
        with pytest.raises(DomainError) as refused:
            services.limit_draft(code=CODE, actor=cast.operations, now=now, **terms)
        assert refused.value.code == code


def test_a_returned_draft_stays_readable(cast, now) -> None:
    row = services.rule_reject(draft=draft(cast, now), actor=cast.supervisor, now=now, reason="太高")
    assert row.state == "rejected"
    assert draft(cast, now).number == 3


def test_a_limit_taken_out_of_force_decides_nothing(cast, now) -> None:
    cast.certify(cast.agent)
    services.rule_retire(row=Limit.objects.get(code=CODE), actor=cast.operations, now=now, reason="停用")
    ruling = authority.weigh(actor=cast.agent, claims={1: [Claim("goodwill")]}, now=now)[1]
    assert [one.code for one in ruling.refusals] == ["no_authority"]
