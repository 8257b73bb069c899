"""A merchant from the warning to the limit of orders, heard on appeal by another person; everything turns back."""

from collections.abc import Callable
from datetime import date, datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.utils.translation import override

from accounts.services import system_user
from aftersales.clocks.models import BreachExclusion, Clock
from aftersales.clocks.services import breach_exclude, sweep
from aftersales.core import files
from aftersales.core.errors import DomainError
from aftersales.core.models import Event
from aftersales.ledger import services as ledger
from aftersales.ledger.models import Proposal
from aftersales.merchants.models import DepositCall, Lesson, Merchant
from aftersales.merchants.services import merchant_change
from aftersales.merchants.services.training import lessons_sweep
from aftersales.notices.models import Notice
from aftersales.scorecards import (
    consequenceeffects,
    consequencepages,
    consequencetrial,
    consequencewords,
    services,
)
from aftersales.scorecards.consequencestates import Effect
from aftersales.scorecards.models import (
    ConsequenceRule,
    ConsequenceVersion,
    Formula,
    FormulaVersion,
    MeasureFact,
    MerchantMeasure,
    Neutral,
    Rollup,
    Snapshot,
)
from aftersales.scorecards.scores import selectors
from aftersales.scorecards.states import SubjectKind
from aftersales.tickets import services as tickets
from tests.cast import Cast
from tests.merchants.shops import Shop, a_shop
from tests.records import merchant as a_merchant
from tests.scorecards.conftest import noted
from training.services import courses

pytestmark = pytest.mark.django_db
DAY, HOUR = timedelta(days=1), timedelta(hours=1)
WARNING: dict[str, Any] = {"effect": "warning", "days": 30}
Open = Callable[..., Any]


def raised(now: datetime) -> list[MerchantMeasure]:
    """What the morning's run makes, the oldest first."""
    known = set(MerchantMeasure.objects.values_list("pk", flat=True))
    services.measures_raise(actor=system_user(now), now=now)
    return list(MerchantMeasure.objects.exclude(pk__in=known).order_by("pk"))


def swept(now: datetime) -> int:
    return services.measures_sweep(actor=system_user(now), now=now)


def only_rule(cast: Cast, now: datetime, code: str, begin: datetime, **terms: Any) -> ConsequenceVersion:
    """The one rule in force, as if announced long ago."""
    ConsequenceVersion.objects.filter(state="active").update(
        valid_to=now - 900 * DAY, valid_from=now - 901 * DAY
    )
    return a_rule(cast, now, code, begin, **terms)


def a_rule(cast: Cast, now: datetime, code: str, begin: datetime, **terms: Any) -> ConsequenceVersion:
    rule = ConsequenceRule.objects.filter(code=code).first() or services.consequence_create(
        code=code, name_zh=f"规则{code}", name_en=f"Rule {code}", actor=cast.operations, now=now
    )
    told = {"source_ref": "R6.5", "source_zh": "测试", "source_en": "test"}
    draft = services.consequence_draft(rule=rule, actor=cast.operations, now=now, terms=terms, **told)
    done = services.consequence_activate(draft=draft, actor=cast.supervisor, now=now)
    ConsequenceVersion.objects.filter(pk=done.pk).update(valid_from=begin)
    done.refresh_from_db()
    return done


def refused(code: str, act: Callable[[], Any]) -> str:
    with pytest.raises(DomainError) as why:
        act()
    assert why.value.code == code, why.value
    return str(why.value)


@pytest.fixture
def broken(desk: Cast, open_ticket: Open) -> Callable[..., list[Clock]]:
    """``broken(merchant, at, number)``: so many questions of the platform that he did not answer in time."""

    def run_out(merchant: Merchant, at: datetime, number: int = 1) -> list[Clock]:
        found = []
        for one in range(number):
            ticket = open_ticket(at=at, merchant_id=merchant.pk, subject=f"{merchant.code} {at:%d%H} {one}")
            tickets.ticket_tell_merchant(
                ticket=ticket, text="请说明。", channel="phone", actor=desk.agent, now=at + HOUR
            )
            found.append(Clock.objects.get(subject_id=ticket.pk, promise="merchant_answer"))
        sweep(now=found[-1].due_at + HOUR)
        return found

    return run_out


LADDER = {
    "trigger": "breaches", "days": 30, "count": 2, "remember": 180,
    "steps": [
        WARNING,
        {"effect": "points", "points": 6, "days": 90},
        {"effect": "cap", "cap": 50, "days": 7},
    ],
}  # fmt: skip
TIERS = {"trigger": "points", "steps": [{"reached": 6, "effect": "weight", "weight": "0.8", "days": 28}]}


def twice_broken(shop: Shop, broken: Any, now: datetime) -> tuple[MerchantMeasure, datetime]:
    """Two broken promises and what follows, then two more: what the second step of the ladder made, and when."""
    broken(shop.merchant, now, 2)
    raised(now + 4 * DAY)
    broken(shop.merchant, now + 5 * DAY, 2)
    (made,) = raised(now + 9 * DAY)
    return made, now + 9 * DAY


def test_from_the_warning_to_the_limit_of_orders_and_all_turned_back_on_appeal(
    desk: Cast, shop: Shop, broken: Any, counted: Any, now: datetime
) -> None:
    merchant = shop.merchant
    only_rule(desk, now, "ladder", now - DAY, **LADDER)
    a_rule(desk, now, "tiers", now - DAY, **TIERS)
    broken(merchant, now)
    at = now + 4 * DAY
    assert raised(at) == [], "one is no pattern"

    broken(merchant, at)
    at += 4 * DAY
    (warning,) = raised(at)
    assert (warning.effect, warning.step, warning.state) == (Effect.WARNING, 1, "in_force")
    assert raised(at + HOUR) == [], "the same facts have one consequence"
    told = Notice.objects.get(source="scorecards.measure", merchant_id=merchant.pk)
    assert warning.number in told.subject
    with override("en"):
        said_first = consequencewords.fact(warning)
    assert said_first == "2 further breaches within 30 days, not counted by an earlier measure"
    for said in ("2", "规则ladder v1", f"{(at + 7 * DAY).astimezone(selectors.zone()):%-d日}"):
        assert said in told.body, said

    broken(merchant, at + HOUR, 2)
    at += 4 * DAY
    (points,) = raised(at)
    assert (points.effect, points.points, points.rests_on) == (Effect.POINTS, 6, warning)
    (weight,) = raised(at + DAY)
    assert (weight.effect, weight.weight) == (Effect.WEIGHT, Decimal("0.8"))
    held = consequenceeffects.effects(merchant, at + DAY)
    assert (held.points, held.weight, held.cap, held.campaigns) == (6, Decimal("0.8"), None, True)

    late = broken(merchant, at + 2 * DAY, 2)
    at += 6 * DAY
    (cap,) = raised(at)
    assert (cap.effect, cap.cap, cap.step) == (Effect.CAP, 50, 3)
    assert consequenceeffects.effects(merchant, at + HOUR).cap == 50
    before = counted(at + HOUR, "merchant", merchant.pk)["obligations_kept"]
    assert (before.num, before.den) == (0, 6)

    said = services.measure_appeal(measure=points, text="当日平台接口故障", actor=shop.owner, now=at + HOUR)
    assert said.state == "appealed"
    assert said.hear_due > at + 4 * DAY
    assert consequenceeffects.effects(merchant, at + 2 * HOUR).points == 6, (
        "it acts while the appeal is heard"
    )
    heard = services.measure_hear(
        measure=said, upheld=False, answer="接口日志属实", actor=desk.supervisor, now=at + DAY
    )
    assert heard.state == "overturned"
    for row in (warning, weight, cap):
        row.refresh_from_db()
    assert (warning.state, weight.state, cap.state) == ("in_force", "cancelled", "cancelled")
    held = consequenceeffects.effects(merchant, at + DAY)
    assert (held.points, held.weight, held.cap) == (0, Decimal(1), None)
    assert BreachExclusion.objects.standing().filter(cause="appeal").count() == 2
    after = counted(at + DAY, "merchant", merchant.pk)["obligations_kept"]
    assert (after.num, after.den) == (0, 4), "what was overturned counts in no figure"
    assert Notice.objects.filter(source="scorecards.measure_heard").count() == 1
    assert Notice.objects.filter(source="scorecards.measure_ended").count() == 2

    (again,) = raised(at + 2 * DAY)
    assert (again.effect, again.step) == (Effect.POINTS, 2), "the last facts are judged anew, one step lower"
    assert set(again.facts.values_list("key", flat=True)) == {str(one.pk) for one in late}


def test_a_breach_left_out_later_turns_the_measure_back_that_rested_on_it(
    desk: Cast, shop: Shop, broken: Any, now: datetime
) -> None:
    only_rule(desk, now, "ladder", now - DAY, **LADDER)
    clocks = broken(shop.merchant, now, 3)
    at = now + 4 * DAY
    (row,) = raised(at)
    told: dict[str, Any] = {"cause": "platform", "reason": "接口故障", "actor": desk.supervisor}
    for clock, state in ((clocks[0], "in_force"), (clocks[1], "cancelled")):
        breach_exclude(clock=clock, now=at + HOUR, **told)
        noted(at + HOUR)
        row.refresh_from_db()
        assert row.state == state, "two of three still carry it, one does not"
    assert Notice.objects.filter(source="scorecards.measure_ended", merchant_id=shop.merchant.pk).exists()
    assert raised(at + DAY) == []
    broken(shop.merchant, at + DAY)
    (again,) = raised(at + 5 * DAY)
    assert (again.step, again.facts.count()) == (1, 2), "what remains may be judged anew"


def test_an_appeal_comes_in_time_once_and_is_heard_by_another_person(
    desk: Cast, shop: Shop, broken: Any, now: datetime
) -> None:
    only_rule(desk, now, "ladder", now - DAY, **LADDER)
    broken(shop.merchant, now, 2)
    at = now + 4 * DAY
    (row,) = raised(at)
    merchant_change(merchant=shop.merchant, manager=desk.operations, actor=desk.operations, now=at)

    other = a_shop(desk, now, "乙")
    who: dict[str, Any] = {"measure": row, "text": "不属实", "now": at + HOUR}
    refused("not_the_party", lambda: services.measure_appeal(actor=other.owner, **who))
    with pytest.raises(DomainError):
        services.measure_appeal(actor=shop.clerk, **who)
    late = at + 7 * DAY + HOUR
    words = refused("window_over", lambda: services.measure_appeal(actor=shop.owner, **who | {"now": late}))
    assert f"{(at + 7 * DAY).astimezone(selectors.zone()):%Y-%m-%d}" in words, "the day stands in the refusal"

    proof = SimpleUploadedFile("log.txt", "接口日志".encode(), "text/plain")
    with files.stored_for([proof], now=at) as stored:
        services.measure_appeal(actor=shop.owner, files=stored, **who)
    assert row.files.count() == 1
    hear: dict[str, Any] = {"measure": row, "upheld": True, "answer": "记录属实", "now": at + DAY}
    refused("own_merchant", lambda: services.measure_hear(actor=desk.operations, **hear))
    for role in ("agent", "lead", "merchant_manager", "finance", "auditor"):
        with pytest.raises(DomainError):
            services.measure_hear(actor=desk.of(role), **hear)
    with pytest.raises(DomainError):
        services.measure_hear(actor=system_user(now), **hear)
    done = services.measure_hear(actor=desk.adjudicator, **hear)
    assert (done.state, done.heard_by) == ("upheld", desk.adjudicator)
    refused("wrong_state", lambda: services.measure_appeal(actor=shop.owner, **who))

    assert swept(at + 29 * DAY) == 0
    assert swept(at + 31 * DAY) == 1
    assert swept(at + 31 * DAY) == 0, "twice is as once"
    row.refresh_from_db()
    assert (row.state, row.ended_at) == ("expired", row.ends_at)


def test_a_machine_only_proposes_what_shuts_a_shop_and_people_who_do_not_know_it_decide(
    desk: Cast, shop: Shop, broken: Any, now: datetime
) -> None:
    steps = [WARNING, {"effect": "suspension", "days": 0}]
    only_rule(desk, now, "hard", now - DAY, **LADDER | {"steps": steps})
    row, at = twice_broken(shop, broken, now)
    assert (row.effect, row.state, row.begins_at) == (Effect.SUSPENSION, "proposed", None)
    assert raised(at + DAY) == []
    shop.merchant.refresh_from_db()
    assert shop.merchant.state == "active"
    refused("a_person_decides", lambda: services.measure_impose(measure=row, actor=system_user(now), now=at))
    merchant_change(merchant=shop.merchant, manager=desk.supervisor, actor=desk.operations, now=at)
    refused("own_merchant", lambda: services.measure_impose(measure=row, actor=desk.supervisor, now=at))
    services.measure_impose(measure=row, actor=desk.operations, now=at)
    shop.merchant.refresh_from_db()
    assert shop.merchant.state == "suspended"

    services.measure_appeal(measure=row, text="已整改", actor=shop.owner, now=at + HOUR)
    hear: dict[str, Any] = {"measure": row, "upheld": False, "answer": "证据充分", "now": at + DAY}
    refused("another_person", lambda: services.measure_hear(actor=desk.operations, **hear))
    services.measure_hear(actor=desk.adjudicator, **hear)
    shop.merchant.refresh_from_db()
    assert shop.merchant.state == "active"


def test_money_is_posted_by_the_ledger_alone_and_the_measure_follows_it(
    desk: Cast, shop: Shop, broken: Any, now: datetime
) -> None:
    steps = [
        WARNING,
        {"effect": "penalty", "amount": "100", "most": "150", "days": 30},
        {"effect": "deposit", "amount": "5000", "days": 60},
    ]
    only_rule(desk, now, "money", now - DAY, **LADDER | {"steps": steps})
    fine, at = twice_broken(shop, broken, now)
    proposal = Proposal.objects.get(source_kind="scorecards.merchantmeasure", source_id=fine.pk)
    assert (fine.amount, proposal.amount, proposal.state) == (150, 150, "notified"), "capped, and told"
    assert proposal.journal_id is None
    refused(
        "of_the_ledger",
        lambda: services.measure_appeal(measure=fine, text="不属实", actor=shop.owner, now=at + HOUR),
    )
    broken(shop.merchant, at + HOUR, 2)
    at += 4 * DAY
    (deposit,) = raised(at)
    shop.merchant.refresh_from_db()
    assert shop.merchant.deposit_due == 5000
    assert DepositCall.objects.unmet().get(merchant=shop.merchant).amount == 5000

    proposal = ledger.proposal_appeal(proposal=proposal, text="不属实", actor=shop.owner, now=at)
    ledger.proposal_hear(
        proposal=proposal, upheld=False, answer="证据不足", actor=desk.supervisor, now=at + HOUR
    )
    noted(at + HOUR)
    noted(at + HOUR)
    fine.refresh_from_db()
    deposit.refresh_from_db()
    assert (fine.state, deposit.state) == ("overturned", "cancelled")
    shop.merchant.refresh_from_db()
    assert shop.merchant.deposit_due == 0
    assert not DepositCall.objects.unmet().exists()
    assert BreachExclusion.objects.standing().filter(reason="证据不足").count() == 2


def figures(merchant: Merchant, month: date, num: int, den: int, code: str = "dispute_rate_orders") -> None:
    Rollup.objects.create(
        metric=code,
        subject_kind="merchant",
        subject_id=merchant.pk,
        day=month.replace(day=10),
        num=num,
        den=den,
    )


METRIC = {
    "trigger": "metric", "metric": "dispute_rate_orders", "limit": "0.02", "count": 5, "days": 30, "remember": 90,
    "lag": 3, "steps": [WARNING, {"effect": "weight", "weight": "0.7", "days": 28}],
}  # fmt: skip
OCTOBER = date(2026, 10, 1)


def test_a_figure_is_held_against_a_shop_only_when_chance_does_not_explain_it(
    desk: Cast, shop: Shop, now: datetime
) -> None:
    rule = only_rule(desk, now, "unlucky", now - 200 * DAY, **METRIC)
    lucky, few = a_merchant("M-luck", now), a_merchant("M-few", now)
    figures(shop.merchant, OCTOBER, 20, 300)
    figures(lucky, OCTOBER, 8, 300)  # 2.7 per cent, but chance alone explains it
    figures(few, OCTOBER, 4, 10)  # surely bad, but four are too few
    (row,) = raised(now)
    assert (row.merchant_id, row.effect) == (shop.merchant.pk, Effect.WARNING)
    assert Decimal(row.figures["low"]) > Decimal("0.02")
    trial = consequencetrial.tried(rule, rule, now)
    assert [one.name for one in trial.rows] == [shop.merchant.name]
    assert trial.counts == [(Effect.WARNING, 1, 1)]
    assert not trial.rows[0].is_changed
    (told,) = consequencepages.tried(rule, [rule], now).rows[0][4]
    assert "10-31" in told, "when it happened"
    assert "11-04" in told, "and when it was judged, the figures having settled"

    version = (
        FormulaVersion.objects.select_related("formula").filter(formula__subject_kind="merchant").first()
    )
    code, until = "dispute_rate_orders", date(2026, 10, 31)
    terms = selectors.terms_of(version)
    was = selectors.sums(terms, SubjectKind.MERCHANT, until)[shop.merchant.pk][code][0]
    assert (was.num, was.den) == (20, 300)
    services.measure_appeal(measure=row, text="介入单系恶意", actor=shop.owner, now=now + HOUR)
    services.measure_hear(measure=row, upheld=False, answer="属实", actor=desk.supervisor, now=now + DAY)
    found = selectors.sums(terms, SubjectKind.MERCHANT, until)
    assert shop.merchant.pk not in found, "a replayed score counts without it"
    assert Neutral.objects.get().metric == code
    assert raised(now + 2 * DAY) == [], "an overturned fact leads to nothing again"


def test_a_grade_and_a_figure_that_made_it_are_one_fact_and_the_harder_consequence_is_taken(
    desk: Cast, shop: Shop, now: datetime
) -> None:
    only_rule(desk, now, "figure", now - 200 * DAY, **METRIC)
    grade = {"trigger": "grade", "grades": ["D"], "remember": 90, "steps": [WARNING]}
    a_rule(desk, now, "grade", now - 200 * DAY, **grade)
    formula = Formula.objects.get(code="merchants")
    figures(shop.merchant, OCTOBER, 20, 300)
    Snapshot.objects.create(
        formula=formula, rule=formula.versions.first(), subject_kind="merchant", subject_id=shop.merchant.pk,
        subject_name="甲", day=date(2026, 10, 31), month=OCTOBER, score=40, low=35, high=45, grade="D", volume=300,
        details={"items": [{"metric": "dispute_rate_orders", "verdict": "missed"}]}, at=now,
    )  # fmt: skip
    assert len(raised(now)) == 1
    assert len(raised(now)) == 0
    assert MeasureFact.objects.filter(key="dispute_rate_orders 2026-10").count() == 1


def test_a_training_order_is_finished_anew_and_ends_with_its_measure(
    desk: Cast, shop: Shop, broken: Any, now: datetime
) -> None:
    course = a_course(desk, now)
    unknown = [WARNING, {"effect": "training", "course": "nix", "days": 9}]
    refused("no_course", lambda: only_rule(desk, now, "none", now, **LADDER | {"steps": unknown}))
    steps = [WARNING, {"effect": "training", "course": course.code, "days": 20}]
    only_rule(desk, now, "taught", now - DAY, **LADDER | {"steps": steps})
    order, at = twice_broken(shop, broken, now)
    lessons_sweep(actor=system_user(now), now=at + HOUR)
    owed = Lesson.objects.filter(merchant=shop.merchant, course=course)
    assert {one.term for one in owed} == {order.number}
    assert owed.count() == 2
    services.measure_appeal(measure=order, text="已培训", actor=shop.owner, now=at + HOUR)
    services.measure_hear(measure=order, upheld=False, answer="属实", actor=desk.supervisor, now=at + DAY)
    lessons_sweep(actor=system_user(now), now=at + DAY)
    assert owed.filter(ended_at=None).count() == 0


def a_course(desk: Cast, now: datetime) -> Any:
    return courses.course_create(
        code="shops", name_zh="商家课", name_en="For shops", kind="merchant", hours=Decimal(2), actor=desk.trainer,
        now=now,
    ).course  # fmt: skip


def test_the_first_step_is_a_warning_and_terms_that_nobody_could_follow_are_refused(
    desk: Cast, now: datetime
) -> None:
    def draft(**terms: Any) -> None:
        a_rule(desk, now, "odd", now, **terms)

    refused(
        "wrong_terms", lambda: draft(**LADDER | {"steps": [{"effect": "points", "points": 3, "days": 30}]})
    )
    refused("wrong_terms", lambda: draft(**METRIC | {"limit": "1.5"}))
    refused("wrong_terms", lambda: draft(**LADDER | {"steps": [WARNING, {"effect": "weight", "days": 3}]}))
    refused("no_terms", lambda: draft(**LADDER | {"trigger": "mood"}))
    refused("wrong_terms", lambda: draft(**TIERS | {"steps": [{"effect": "cap", "cap": 1, "days": 3}]}))


def test_the_file_of_weights_names_version_and_day_and_who_took_it(
    desk: Cast, shop: Shop, now: datetime
) -> None:
    terms = METRIC | {"steps": [WARNING, {"effect": "weight", "weight": "0.7", "days": 28}]}
    only_rule(desk, now, "weights", now - 200 * DAY, **terms)
    figures(shop.merchant, date(2026, 9, 1), 20, 300)
    figures(shop.merchant, OCTOBER, 30, 300)
    raised(datetime(2026, 10, 20, 2, tzinfo=now.tzinfo))
    (weight,) = raised(now)
    assert weight.effect == Effect.WEIGHT
    taken = services.weights_take(fmt="csv", actor=desk.operations, now=now)
    line = next(one for one in taken.content.decode("utf-8-sig").splitlines() if shop.merchant.code in one)
    assert ",0.7," in line
    assert "v1" in line
    assert weight.number in line
    told = Event.objects.get(kind="weights.taken")
    assert (told.actor_id, told.payload["sha256"]) == (desk.operations.pk, taken.sha256)
    assert services.weights_take(fmt="xlsx", actor=desk.operations, now=now).sha256 == taken.sha256
    refused("not_permitted", lambda: services.weights_take(fmt="csv", actor=desk.agent, now=now))
