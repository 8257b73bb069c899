"""A rule about rewards and penalties is drafted, agreed, announced, tried on the past, and then acts once a month."""

import threading
from datetime import UTC, date, datetime
from decimal import Decimal
from functools import partial
from typing import Any

import pytest

from accounts.models import TeamMember
from aftersales.clocks.models import Clock
from aftersales.core import events, registers
from aftersales.core.errors import DomainError, Refused
from aftersales.core.events import Draft
from aftersales.core.files import StoredFile
from aftersales.core.models import Event
from aftersales.ledger import incentives, raisers, services
from aftersales.ledger.models import IncentiveRule, IncentiveVersion, Proposal, Raised
from aftersales.ledger.raisers import Fact, Raiser
from aftersales.ledger.services import incentives as writing
from aftersales.standards.models import StandardVersion
from tests.toy.fixtures import at_once
from tests.training.school import a_run
from training.services import courses

pytestmark = pytest.mark.django_db
NOVEMBER = date(2026, 11, 1)
DECEMBER = datetime(2026, 11, 30, 16, 0, tzinfo=UTC)
"""The first moment of December in Shanghai."""
POINTS = {"trigger": "good_turn", "unit": "points", "amount": Decimal(10), "cap": Decimal(25)}
SIGNED = StoredFile("2611/" + "a" * 32, "签收表.pdf", "application/pdf", 9, "f" * 64)


@pytest.fixture
def happened(monkeypatch: pytest.MonkeyPatch, cast: Any) -> list[Fact]:
    """What the raisers ``good_turn`` and ``bad_turn`` tell; filled by the test."""
    facts: list[Fact] = []
    monkeypatch.setattr(raisers, "_raisers", dict(raisers._raisers))

    def found(start: datetime, end: datetime) -> list[Fact]:
        return [one for one in facts if start <= one.at < end]

    for code, party in (("good_turn", "person"), ("bad_turn", "merchant")):
        raisers.declare(Raiser(code, code, party, found))
    return facts


@pytest.fixture
def rule(cast: Any, now: Any, happened: Any) -> IncentiveRule:
    return services.incentive_create(
        code="good", name_zh="好人好事", name_en="Good turns", party="person", consequence="reward",
        actor=cast.operations, now=now,
    )  # fmt: skip


def scheme(cast: Any, now: Any) -> Any:
    return services.scheme_register(
        title="客服部绩效方案", adopted_on=date(2026, 10, 8), record_number="职代会2026-3", file=SIGNED,
        actor=cast.operations, now=now,
    )  # fmt: skip


def in_force(rule: Any, cast: Any, now: Any, begin: datetime, **terms: Any) -> IncentiveVersion:
    draft = services.incentive_draft(
        rule=rule, actor=cast.operations, now=now, scheme_id=scheme(cast, now).pk, **(POINTS | terms)
    )
    done = services.incentive_activate(draft=draft, actor=cast.supervisor, now=now)
    IncentiveVersion.objects.filter(pk=done.pk).update(valid_from=begin)  # as if announced long ago
    done.refresh_from_db()
    return done


def day(number: int, month: int = 11) -> datetime:
    return datetime(2026, month, number, 4, 0, tzinfo=UTC)


def test_a_record_number_stands_for_one_scheme_also_for_two_who_register_at_once(
    cast: Any, now: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    create, first = registers.create, []

    def beside(*given: Any, **named: Any) -> Any:
        monkeypatch.setattr(registers, "create", create)
        first.append(scheme(cast, now))
        return create(*given, **named)

    monkeypatch.setattr(registers, "create", beside)
    assert [scheme(cast, now)] == first
    other = {
        "title": "另一方案",
        "adopted_on": date(2026, 10, 9),
        "record_number": " 职代会2026-3 ",
        "file": SIGNED,
    }
    with pytest.raises(DomainError, match="客服部绩效方案") as refused:
        services.scheme_register(actor=cast.operations, now=now, **other)
    assert refused.value.code == "scheme_taken"
    assert Event.objects.filter(kind="incentive_scheme.registered").count() == 1


@pytest.mark.parametrize(
    "target", ["penalty_count", "penalty_amount", "recovery", "proposal.posted", "overturn_rate"]
)
def test_nobody_is_paid_for_penalties_or_recoveries(rule: Any, cast: Any, now: Any, target: str) -> None:
    with pytest.raises(DomainError, match="fines are not income|罚款不是收入") as refused:
        services.incentive_draft(rule=rule, actor=cast.operations, now=now, **(POINTS | {"trigger": target}))
    assert refused.value.code == "forbidden_target"
    assert not IncentiveVersion.objects.filter(rule=rule).exists()
    with pytest.raises(ValueError, match="no incentive"):
        raisers.declare(Raiser(target, "", "person", lambda start, end: []))


@pytest.mark.parametrize(
    ("terms", "code"),
    [
        ({"amount": Decimal(0)}, "amount"),
        ({"amount": Decimal("1.005")}, "amount"),
        ({"cap": Decimal(9)}, "cap"),
        ({"cap": None}, "cap"),
        ({"measure": "dismissal"}, "amount"),
        ({"trigger": "bad_turn"}, "no_raiser"),
        ({"from_count": 0}, "times"),
    ],
)
def test_terms_that_nobody_could_follow_are_refused(
    rule: Any, cast: Any, now: Any, terms: Any, code: str
) -> None:
    with pytest.raises(DomainError) as refused:
        services.incentive_draft(rule=rule, actor=cast.operations, now=now, **(POINTS | terms))
    assert refused.value.code == code


def test_a_rule_for_staff_waits_for_the_scheme_a_second_person_and_its_notice(
    rule: Any, cast: Any, now: Any
) -> None:
    draft = services.incentive_draft(rule=rule, actor=cast.operations, now=now, **POINTS)
    with pytest.raises(Refused) as refused:
        services.incentive_activate(draft=draft, actor=cast.supervisor, now=now)
    assert refused.value.code == "no_scheme"
    agreed = scheme(cast, now)
    draft = services.incentive_draft(rule=rule, actor=cast.operations, now=now, scheme_id=agreed.pk)
    with pytest.raises(Refused) as refused:
        services.incentive_activate(draft=draft, actor=cast.operations, now=now)
    assert refused.value.code == "own_draft"
    with pytest.raises(Refused) as refused:
        services.incentive_activate(draft=draft, actor=cast.supervisor, now=day(28), valid_from=DECEMBER)
    assert refused.value.code == "announced_too_late"
    with pytest.raises(DomainError) as said:
        services.incentive_activate(draft=draft, actor=cast.supervisor, now=now, valid_from=day(1, 12))
    assert said.value.code == "not_a_month"
    done = services.incentive_activate(draft=draft, actor=cast.supervisor, now=day(23))
    assert done.valid_from == DECEMBER  # seven days later, with the month in Shanghai
    assert services.incentive_draft(rule=rule, actor=cast.operations, now=now).number == 2


def test_the_dry_run_says_who_would_get_what_and_writes_nothing(
    rule: Any, cast: Any, now: Any, happened: list[Fact]
) -> None:
    happened += [Fact(cast.agent.pk, key, day(key)) for key in (2, 3, 4)]
    happened += [
        Fact(cast.lead.pk, 9, day(9)),
        Fact(cast.agent.pk, 4, day(4)),
        Fact(cast.agent.pk, 20, day(20, 10)),
    ]
    happened.append(Fact(cast.agent.pk, 30, DECEMBER))  # the first moment of the next month
    draft = services.incentive_draft(rule=rule, actor=cast.operations, now=now, **POINTS)
    before = Event.objects.count()
    found = {one.party_id: one for one in incentives.judged(draft, NOVEMBER, dry=True)}
    assert (found[cast.agent.pk].times, found[cast.agent.pk].counted, found[cast.agent.pk].amount) == (
        3,
        30,
        25,
    )
    assert found[cast.agent.pk].is_capped
    assert found[cast.lead.pk].amount == 10
    assert (Event.objects.count(), Proposal.objects.count(), Raised.objects.count()) == (before, 0, 0)


def test_who_left_the_team_before_the_month_is_not_judged_by_its_rules(
    rule: Any, cast: Any, now: Any, happened: list[Fact]
) -> None:
    """Who leaves within the month is; who left on the last day of the month before is not."""
    for person, left in ((cast.agent, day(31, 10)), (cast.lead, day(20))):
        TeamMember.objects.filter(person=person, team=cast.team).update(active_from=day(1, 9), active_to=left)
        happened.append(Fact(person.pk, person.pk, day(9)))
    draft = services.incentive_draft(
        rule=rule, actor=cast.operations, now=now, duties=list(cast.team.duties)[:1], **POINTS
    )
    assert [one.party_id for one in incentives.judged(draft, NOVEMBER, dry=True)] == [cast.lead.pk]


def test_a_month_is_raised_once_and_never_before_it_is_over(
    rule: Any, cast: Any, now: Any, happened: list[Fact]
) -> None:
    happened += [Fact(cast.agent.pk, key, day(key)) for key in (2, 3, 4)] + [Fact(cast.lead.pk, 9, day(9))]
    version = in_force(rule, cast, now, day(3))
    with pytest.raises(DomainError) as refused:
        services.incentives_raise(month=NOVEMBER, actor=cast.system, now=now)
    assert refused.value.code == "month_runs"
    assert services.incentives_raise(month=NOVEMBER, actor=cast.system, now=DECEMBER) == 2
    assert services.incentives_raise(month=NOVEMBER, actor=cast.system, now=DECEMBER) == 0
    agent = Proposal.objects.get(party_id=cast.agent.pk)
    assert (agent.kind, agent.amount, agent.unit, agent.state) == ("incentive", 20, "points", "proposed")
    assert (agent.citation, agent.fact_code) == (
        version.citation,
        "good_turn",
    )  # what was before its day is not judged
    assert agent.calculation == {
        "month": "2026-11",
        "times": 2,
        "base": "10.00",
        "counted": "20.00",
        "cap": "25.00",
    }


def test_killed_halfway_the_next_run_goes_on(
    rule: Any, cast: Any, now: Any, happened: list[Fact], monkeypatch: pytest.MonkeyPatch
) -> None:
    happened += [Fact(who.pk, key, day(9)) for key, who in enumerate((cast.agent, cast.lead, cast.inspector))]
    in_force(rule, cast, now, day(1))
    real, seen = writing.propose, []

    def dies(**facts: Any) -> Any:
        seen.append(facts)
        if len(seen) == 2:
            raise KeyboardInterrupt
        return real(**facts)

    monkeypatch.setattr(writing, "propose", dies)
    with pytest.raises(KeyboardInterrupt):
        services.incentives_raise(month=NOVEMBER, actor=cast.system, now=DECEMBER)
    assert (Proposal.objects.count(), Raised.objects.count()) == (1, 1)
    assert services.incentives_raise(month=NOVEMBER, actor=cast.system, now=DECEMBER) == 2
    assert {row.party_id for row in Proposal.objects.all()} == {
        cast.agent.pk,
        cast.lead.pk,
        cast.inspector.pk,
    }


@pytest.mark.django_db(transaction=True)
@pytest.mark.concurrency
@pytest.mark.parametrize("looks", [True, False])
def test_two_workers_raise_the_same_month(
    rule: Any, cast: Any, now: Any, happened: list[Fact], monkeypatch: pytest.MonkeyPatch, looks: bool
) -> None:
    """Even when neither sees the other's row first: the database keeps (party, month, rule) single."""
    happened += [Fact(cast.agent.pk, 5, day(5)), Fact(cast.lead.pk, 6, day(6))]
    in_force(rule, cast, now, day(1))
    if not looks:
        real = Raised.objects.filter
        asked: set[Any] = set()

        def blind(**key: Any) -> Any:
            """The first look of each worker at each party finds nothing."""
            mine = (threading.get_ident(), key["party_id"])
            seen = mine in asked
            asked.add(mine)
            return real(**key) if seen else Raised.objects.none()

        monkeypatch.setattr(writing.Raised.objects, "filter", blind)
    run = partial(services.incentives_raise, month=NOVEMBER, actor=cast.system, now=DECEMBER)
    done = at_once([run, run])
    assert not [one for one in done if isinstance(one, Exception)]
    assert sum(done) == 2
    assert sorted(Proposal.objects.values_list("party_id", flat=True)) == sorted(
        [cast.agent.pk, cast.lead.pk]
    )


def test_an_event_of_the_product_raises_a_rule(cast: Any, now: Any, merchant: Any) -> None:
    """A merchant's broken obligation, as the clocks tell it, three times in a month."""
    version = IncentiveVersion.objects.get(rule__code="merchant_late_points")
    assert version.state == "active"
    for number, owed_by in enumerate(("merchant", "merchant", "team", "merchant"), 1):
        clock = Clock(
            subject_kind="tickets.ticket", subject_id=number, promise="merchant_answer", owed_by=owed_by,
            merchant_id=merchant.pk, standard_version=StandardVersion.objects.first(), started_at=day(2),
            counted_from=day(2), due_at=day(4), warn_at=day(3),
        )  # fmt: skip
        clock.save()
        events.record_many([breached(clock, cast)], now=day(5))
    (found,) = incentives.judged(version, NOVEMBER, dry=True)
    assert (found.party_id, found.times, found.amount) == (merchant.pk, 3, 6)
    held = raisers.asked("promise_broken", "person").found(day(1), DECEMBER)
    assert [one.party_id for one in held] == [cast.agent.pk], "a merchant's delay is charged to no person"


def breached(clock: Clock, cast: Any) -> Draft:
    """As the sweep tells it: to the staff, whoever owes it."""
    payload = {"promise": clock.promise, "round": 1, "clock": clock.pk, "holder": cast.agent.pk}
    return Draft(
        kind="clock.breached", row=None, actor=cast.system, at=day(5), merchant_id=clock.merchant_id,
        subject_kind=clock.subject_kind, subject_id=clock.subject_id, payload=payload,
    )  # fmt: skip


def test_a_run_is_taught_by_its_trainer_whoever_finishes_it(cast: Any, now: Any) -> None:
    run = a_run(cast, now, state="running")
    courses.run_move(run=run, name="finish", actor=cast.operations, now=now)
    taught = raisers.asked("run_taught", "person").found(day(1), DECEMBER)
    assert [one.party_id for one in taught] == [cast.trainer.pk]


def test_an_absence_counts_once_and_a_corrected_one_not_at_all(cast: Any, now: Any) -> None:
    run = a_run(cast, now, state="running")
    people = [cast.agent, cast.lead]
    there, away = courses.seats_take(run=run, people=people, actor=cast.trainer, now=now)
    for seat, names in ((there, ("miss", "attend")), (away, ("miss", "attend", "miss"))):
        for name in names:
            courses.seats_mark(run=run, seats=[seat.pk], name=name, actor=cast.trainer, now=now)
    courses.run_move(run=run, name="finish", actor=cast.trainer, now=now)
    missed = raisers.asked("seat_missed", "person").found(day(1), DECEMBER)
    assert [one.party_id for one in missed] == [away.person_id]


def test_what_is_shipped_for_staff_waits_as_a_draft(cast: Any) -> None:
    rows = IncentiveVersion.objects.select_related("rule")
    assert {(one.rule.party, one.state) for one in rows if not one.terms} == {
        ("person", "draft"), ("merchant", "active"),
    }  # fmt: skip
    assert {one.state for one in rows if one.terms} == {"draft"}, (
        "what hangs on figures is for people to choose"
    )
    merchant = IncentiveVersion.objects.get(rule__code="merchant_late_points")
    assert (merchant.valid_from - merchant.activated_at).days >= 15


@pytest.mark.parametrize(
    ("loss", "pay", "amount"),
    [
        ("5000", "10000", "2000.00"),
        ("300", "10000", "300.00"),
        ("5000", "3000", "260.00"),
        ("5000", "2740", None),
    ],
)
def test_a_loss_takes_a_fifth_of_the_month_and_leaves_the_minimum_wage(
    cast: Any, now: Any, loss: str, pay: str, amount: str | None
) -> None:
    claim = partial(
        services.loss_propose, person=cast.agent, month=NOVEMBER, loss=Decimal(loss), pay=Decimal(pay),
        actor=cast.finance, now=now,
    )  # fmt: skip
    with pytest.raises(DomainError) as refused:
        claim(files=[])
    assert refused.value.code == "no_proof"
    if amount is None:
        with pytest.raises(DomainError) as refused:
            claim(files=[SIGNED])
        assert refused.value.code == "nothing_left"
        return
    row = claim(files=[SIGNED])
    assert (row.amount, row.kind, row.files.get().sha256) == (Decimal(amount), "loss", SIGNED.sha256)
    assert claim(files=[SIGNED]).pk == row.pk
    with pytest.raises(DomainError) as refused:
        services.loss_propose(
            person=cast.agent, month=NOVEMBER, loss=Decimal(1), pay=Decimal(pay), files=[SIGNED],
            actor=cast.finance, now=now,
        )  # fmt: skip
    assert refused.value.code == "month_taken"
