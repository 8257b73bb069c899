"""Certificates: granted by somebody else, ended by the hour, asked by dispatch."""

from datetime import UTC, datetime, timedelta

import pytest
from django.db import IntegrityError, connection, transaction
from django.db.utils import InternalError

from accounts import qualifications
from accounts.states import STAFF_ROLES, Role
from aftersales.core.errors import DomainError, NotPermitted, Refused
from aftersales.core.models import Event
from aftersales.core.rulebook import RuleState
from training import selectors, services
from training.models import Certificate, Requirement, Tier

pytestmark = pytest.mark.django_db
CERTIFIERS = {Role.TRAINER, Role.SUPERVISOR, Role.OPERATIONS}


def tier(code: str = "in_post") -> Tier:
    return Tier.objects.get(code=code)


def test_a_certificate_lasts_through_the_day_that_its_tier_says(cast, now) -> None:
    row = services.certificate_grant(person=cast.agent, tier=tier(), actor=cast.supervisor, now=now)
    assert row.valid_from == now
    assert row.valid_to == datetime(2027, 11, 23, 16, 0, tzinfo=UTC)  # midnight in Shanghai
    assert row.rule_version == "tier.in_post v1"
    assert row.number.startswith("ZS2611-")
    event = Event.objects.get(kind="certificate.granted")
    assert (event.actor_id, event.payload["person"]) == (cast.supervisor.pk, cast.agent.pk)


@pytest.mark.parametrize(
    ("begin", "months", "end"),
    [
        (datetime(2026, 1, 31, 4, tzinfo=UTC), 1, datetime(2026, 2, 28, 16, tzinfo=UTC)),
        (datetime(2027, 11, 30, 4, tzinfo=UTC), 3, datetime(2028, 2, 29, 16, tzinfo=UTC)),
        (datetime(2026, 12, 31, 17, tzinfo=UTC), 12, datetime(2028, 1, 1, 16, tzinfo=UTC)),
    ],
)
def test_months_end_where_the_month_ends(begin, months, end) -> None:
    assert selectors.end_of(begin, months) == end


@pytest.mark.parametrize("role", sorted(STAFF_ROLES))
def test_who_may_certify_suspend_and_revoke(cast, now, role) -> None:
    actor, holder = cast.of(role), cast.person(Role.AGENT)
    row = cast.certify(holder)

    def acts() -> None:
        services.certificate_grant(person=holder, tier=tier("senior"), actor=actor, now=now)
        for name in ("suspend", "reinstate", "revoke"):
            services.certificate_move(certificate=row, name=name, actor=actor, now=now, reason="x")

    if role in CERTIFIERS:
        acts()
        row.refresh_from_db()
        assert row.state == "revoked"
    else:
        with pytest.raises(NotPermitted):
            acts()
        with pytest.raises(NotPermitted):
            services.certificate_move(certificate=row, name="suspend", actor=actor, now=now, reason="x")


def test_nobody_certifies_himself_by_any_path(cast, now) -> None:
    with pytest.raises(DomainError) as refused:
        services.certificate_grant(person=cast.supervisor, tier=tier(), actor=cast.supervisor, now=now)
    assert refused.value.code == "own_certificate"
    row = cast.certify(cast.supervisor)
    for name in ("suspend", "revoke"):
        with pytest.raises(Refused) as own:
            services.certificate_move(certificate=row, name=name, actor=cast.supervisor, now=now, reason="x")
        assert own.value.code == "own_certificate"
    with pytest.raises(IntegrityError), transaction.atomic():
        Certificate.objects.filter(pk=row.pk).update(granted_by=cast.supervisor)


def test_the_database_knows_the_door(cast, now) -> None:
    row = cast.certify(cast.agent)
    with pytest.raises((IntegrityError, InternalError)), transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("UPDATE training_certificate SET state = 'revoked' WHERE id = %s", [row.pk])


def test_a_reason_is_asked_for(cast, now) -> None:
    with pytest.raises(DomainError) as refused:
        services.certificate_move(
            certificate=cast.certify(cast.agent), name="revoke", actor=cast.operations, now=now, reason=" "
        )
    assert refused.value.code == "reason_missing"


def test_two_certificates_never_say_the_same(cast, now) -> None:
    """A renewal begins where the old one ends."""
    row = cast.certify(cast.agent)
    with pytest.raises(DomainError) as refused:
        services.certificate_grant(person=cast.agent, tier=tier(), actor=cast.operations, now=now)
    assert refused.value.code == "held_already"
    renewed = services.certificate_grant(
        person=cast.agent, tier=tier(), actor=cast.operations, now=now, valid_from=row.valid_to
    )
    assert renewed.valid_from == row.valid_to


@pytest.mark.parametrize("days", [0, -1])
def test_a_certificate_has_a_future(cast, now, days) -> None:
    with pytest.raises(DomainError) as refused:
        services.certificate_grant(
            person=cast.agent,
            tier=tier(),
            actor=cast.operations,
            now=now,
            valid_to=now + timedelta(days=days),
        )
    assert refused.value.code == "period"


def test_only_people_of_the_department_are_certified(cast, now) -> None:
    with pytest.raises(DomainError) as refused:
        services.certificate_grant(person=cast.merchant_owner, tier=tier(), actor=cast.operations, now=now)
    assert refused.value.code == "not_staff"


def test_the_sweep_lets_states_follow_the_time(cast, now) -> None:
    over = cast.certify(cast.agent, valid_to=now + timedelta(hours=1))
    soon = cast.certify(cast.lead, valid_to=now + timedelta(days=20))
    long = cast.certify(cast.supervisor)
    assert services.certificates_sweep(actor=cast.system, now=now + timedelta(hours=1)) == 2
    assert services.certificates_sweep(actor=cast.system, now=now + timedelta(hours=1)) == 0
    states = dict(Certificate.objects.values_list("pk", "state"))
    assert [states[row.pk] for row in (over, soon, long)] == ["expired", "expiring", "certified"]
    assert soon.is_live(now + timedelta(hours=1))


# ------------------------------------------------------------------------------------------------- dispatch
def in_force(cast, now, duty="returns") -> None:
    services.rule_activate(
        draft=Requirement.objects.get(duty=duty), actor=cast.operations, now=now, reason="人员已认证"
    )


def test_no_duty_asks_for_a_certificate_until_somebody_says_so(cast, now) -> None:
    assert set(Requirement.objects.values_list("state", flat=True)) == {RuleState.DRAFT}
    assert qualifications.of([cast.agent.pk], "returns", now)[cast.agent.pk].valid


@pytest.mark.parametrize(
    ("held", "valid"), [(None, False), ("basic", False), ("in_post", True), ("senior", True)]
)
def test_a_duty_takes_whoever_holds_its_tier_or_a_higher_one(cast, now, held, valid) -> None:
    in_force(cast, now)
    if held:
        cast.certify(cast.agent, held)
    answer = qualifications.of([cast.agent.pk, cast.lead.pk], "returns", now)
    assert answer[cast.agent.pk].valid is valid
    assert answer[cast.lead.pk].valid is False
    assert answer[cast.lead.pk].certificate == tier().name


def test_a_certificate_for_other_duties_does_not_help(cast, now) -> None:
    in_force(cast, now)
    cast.certify(cast.agent, "senior", duties=["repair"])
    assert not qualifications.of([cast.agent.pk], "returns", now)[cast.agent.pk].valid
    assert qualifications.of([cast.agent.pk], "repair", now)[cast.agent.pk].tier == 600


def test_dispatch_hears_the_end_at_its_instant(cast, now) -> None:
    in_force(cast, now)
    end = now + timedelta(hours=1)
    cast.certify(cast.agent, "senior", valid_to=end)
    before = qualifications.of([cast.agent.pk], "returns", end - timedelta(microseconds=1))[cast.agent.pk]
    assert (before.valid, before.until, before.tier, before.senior) == (True, end, 600, True)
    assert not qualifications.of([cast.agent.pk], "returns", end)[cast.agent.pk].valid


def test_the_standing_of_many_is_one_query(cast, now, django_assert_num_queries) -> None:
    people = [cast.person(Role.AGENT).pk for _ in range(5)]
    with django_assert_num_queries(1):
        qualifications.of(people, "returns", now)
