"""Who is scored how, by which version, over which days; and that it can be done again with the same digits."""

from collections.abc import Callable
from datetime import date, datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest
import time_machine
from django.db import DatabaseError, transaction

from accounts.services import system_user
from aftersales.core.errors import DomainError, Refused
from aftersales.merchants.models import Merchant
from aftersales.merchants.services import merchant_change, merchant_move
from aftersales.notices.models import Notice
from aftersales.scorecards import consequencegrades, pages, services, tasks
from aftersales.scorecards.models import Formula, FormulaVersion, Rollup, Snapshot, Standing
from aftersales.scorecards.scores import explaining, kept, replaying, selectors
from aftersales.scorecards.states import SubjectKind, Verdict
from tests.records import merchant as a_merchant
from tests.scorecards.test_formula_rules import kept as plain_terms

pytestmark = pytest.mark.django_db
D, DAY = Decimal, timedelta(days=1)
OCTOBER = date(2026, 10, 31)
Plant = Callable[..., Any]


@pytest.fixture
def plant(now: datetime) -> Plant:
    """``plant("M1", orders=(40, 40), …)``: a shop with these figures on one day, October 20th unless told."""

    def put(
        code: str, *, day: date = date(2026, 10, 20), category: str = "", **figures: tuple[int, int]
    ) -> Any:
        shop = a_merchant(code, now, main_category=category, returns="")
        figure(shop, day=day, **figures)
        return shop

    return put


def figure(shop: Any, *, day: date, kind: str = "merchant", **figures: tuple[int, int]) -> None:
    Rollup.objects.bulk_create(
        Rollup(metric=code, subject_kind=kind, subject_id=shop.pk, day=day, num=num, den=den)
        for code, (num, den) in figures.items()
    )


@pytest.fixture
def formula() -> Formula:
    return Formula.objects.get(code="merchants")


@pytest.fixture
def plain(cast: Any, now: datetime, formula: Formula) -> FormulaVersion:
    """A second version with two metrics, announced now, in force from December 9th."""
    draft = services.formula_draft(
        formula=formula, terms=plain_terms(), actor=cast.operations, now=now, reason="试行"
    )
    return services.formula_activate(draft=draft, actor=cast.supervisor, now=now)


def test_a_version_needs_a_second_person_and_the_time_of_notice(cast, now, formula) -> None:
    draft = services.formula_draft(formula=formula, terms=plain_terms(), actor=cast.operations, now=now)
    with pytest.raises(Refused) as refused:
        services.formula_activate(draft=draft, actor=cast.operations, now=now)
    assert refused.value.refusals[0].code == "own_draft"
    soon = selectors.ends(now.date())
    with pytest.raises(Refused) as refused:
        services.formula_activate(draft=draft, actor=cast.supervisor, now=now, valid_from=soon)
    assert refused.value.refusals[0].code == "announced_too_late"
    night = now.replace(hour=20)  # the market has its next day already
    with pytest.raises(Refused) as refused:
        services.formula_activate(
            draft=draft, actor=cast.supervisor, now=night, valid_from=selectors.ends(date(2026, 11, 25))
        )
    assert "2026-12-09 04:00" in str(refused.value.refusals[0].message), "the moment in the market's time"
    done = services.formula_activate(draft=draft, actor=cast.supervisor, now=now)
    assert done.valid_from == selectors.ends(date(2026, 12, 8)), "fifteen days, then the next whole day"
    assert selectors.in_force(formula, date(2026, 12, 8)).number == 1
    assert selectors.in_force(formula, date(2026, 12, 9)).number == 2


def test_every_shop_is_told_once_before_a_version_counts(cast, now, plant, plain, formula) -> None:
    plant("M1", orders=(40, 40))
    told = services.formula_announce(version=plain, actor=system_user(), now=now)
    assert told == 1
    assert services.formula_announce(version=plain, actor=system_user(), now=now) == 0
    mail = Notice.objects.get(source="scorecards.formula")
    assert "2026-12-09" in mail.subject


def test_terms_that_cannot_be_followed_never_become_a_draft(cast, now, formula) -> None:
    with pytest.raises(DomainError) as refused:
        services.formula_draft(formula=formula, terms={}, actor=cast.operations, now=now)
    assert refused.value.code == "no_terms"
    assert formula.versions.count() == 1


def test_small_shops_are_looked_at_longer_and_tiny_ones_not_judged(plain, plant) -> None:
    plant("TINY", orders=(5, 5), dispute_rate_orders=(5, 5))
    slow = plant("SLOW", day=date(2026, 10, 25), orders=(12, 12), dispute_rate_orders=(0, 12))
    figure(slow, day=date(2026, 8, 20), orders=(20, 20), dispute_rate_orders=(0, 20))
    found = {one.subject.name: one.score for one in selectors.scores(plain, OCTOBER)}
    assert (found["Shop TINY"].score, found["Shop TINY"].grade, found["Shop TINY"].enough) == (
        D("70.0"),
        "",
        False,
    )
    assert found["Shop SLOW"].enough
    assert found["Shop SLOW"].volume.days == 90
    assert [one.counted.days for one in found["Shop SLOW"].items] == [90, 90]
    assert found["Shop SLOW"].items[1].verdict == Verdict.TOO_FEW


def test_peers_are_those_of_the_category_and_say_what_one_expects(plain, plant) -> None:
    for number, bad in enumerate((2, 3, 4, 3)):
        plant(f"B{number}", category="books", orders=(100, 100), dispute_rate_orders=(bad, 100))
    for number, bad in enumerate((20, 30, 25, 28)):
        plant(f"S{number}", category="shoes", orders=(100, 100), dispute_rate_orders=(bad, 100))
    found = {one.subject.name: one for one in selectors.scores(plain, OCTOBER)}
    books, shoes = found["Shop B0"], found["Shop S0"]
    assert books.score.items[0].prior.mean == D("0.03")
    assert shoes.score.items[0].prior.mean == D("0.2575")
    assert (books.peers, books.below) == (3, 100), "the best of its four"
    assert found["Shop B2"].below == 0


def test_a_past_day_comes_out_the_same_under_either_version(plain, plant, formula) -> None:
    for number in range(6):
        plant(
            f"M{number}",
            orders=(90 + number, 90),
            dispute_rate_orders=(number, 90),
            dispatch_in_time=(80, 90),
        )
    first = formula.versions.get(number=1)
    by_plain, by_first = selectors.scores(plain, OCTOBER), selectors.scores(first, OCTOBER)
    assert by_plain != by_first
    figure(by_plain[0].subject, day=date(2026, 11, 1), orders=(500, 500), dispute_rate_orders=(90, 500))
    assert selectors.scores(plain, OCTOBER) == by_plain, "what came later is none of that day's business"
    assert selectors.scores(first, OCTOBER) == by_first
    one = by_plain[2]
    (alone,) = selectors.scores(plain, OCTOBER, only=one.subject.pk)
    assert alone.score == one.score


def test_a_month_is_kept_once_and_never_changed(cast, plain, plant, formula, now) -> None:
    later = datetime(2027, 1, 10, 2, tzinfo=now.tzinfo)
    december = date(2026, 12, 31)
    for number in range(5):
        plant(f"M{number}", day=date(2026, 12, 20), orders=(200, 200), dispute_rate_orders=(number * 8, 200),
              dispatch_in_time=(190, 200), satisfied_handling=(199, 200))  # fmt: skip
    with pytest.raises(DomainError) as refused:
        services.snapshots_take(month=december, now=datetime(2027, 1, 5, 2, tzinfo=now.tzinfo))
    assert refused.value.code == "month_runs"
    assert services.snapshots_take(month=december, now=later) == 5
    assert services.snapshots_take(month=december, now=later + timedelta(days=1)) == 0
    row = Snapshot.objects.select_related("rule__formula").get(subject_name="Shop M3")
    assert (row.month, row.rule.number, row.day) == (date(2026, 12, 1), 2, december)
    Rollup.objects.all().update(num=1)
    terms = selectors.terms_of(row.rule)
    assert kept.again(row, terms) == kept.score_of(row, terms), "digit by digit from what it was counted from"
    with pytest.raises(DatabaseError), transaction.atomic():
        Snapshot.objects.filter(pk=row.pk).update(score=99)


def test_before_the_first_version_counts_one_sees_how_it_would_be(plant, formula, now) -> None:
    plant("M1", orders=(40, 40))
    assert selectors.counting(formula, date(2026, 11, 15))[1] is False
    assert services.standings_count(now=now) == 1
    row = Standing.objects.get()
    assert (row.day, row.rule.number) == (date(2026, 11, 15), 1)
    assert services.snapshots_take(month=date(2026, 10, 1), now=now) == 0, (
        "no month is judged by what came later"
    )


def test_where_everybody_stands_is_counted_anew_and_the_closed_shop_goes(cast, plant, now) -> None:
    shop = plant("M1", orders=(40, 40))
    plant("M2", orders=(40, 40))
    assert services.standings_count(now=now) == 2
    for move in ("begin_exit", "close"):
        merchant_move(merchant=shop, move=move, reason="关店", actor=cast.operations, now=now)
    assert services.standings_count(now=now) == 1
    assert [one.subject_name for one in Standing.objects.all()] == ["Shop M2"]


def test_a_month_is_judged_by_the_formula_that_was_in_force_at_its_end(cast, now) -> None:
    merchants = Formula.objects.get(code="merchants")
    version = merchants.versions.get()
    change = datetime(2026, 11, 1, tzinfo=now.tzinfo)
    FormulaVersion.objects.filter(pk=version.pk).update(valid_from=change - timedelta(days=300))
    assert selectors.judging("merchant", OCTOBER) == merchants
    who: dict[str, Any] = {"actor": cast.operations, "now": now}
    earlier = services.formula_create(
        code="a_new_one", name_zh="新", name_en="New", subject_kind="merchant", **who
    )
    told = {"source_ref": "R6.5", "source_zh": "试行", "source_en": "Trial"}
    draft = services.formula_draft(formula=earlier, terms=plain_terms(), **told, **who)
    done = services.formula_activate(draft=draft, actor=cast.supervisor, now=now)
    assert selectors.judging("merchant", OCTOBER) == merchants, "what is only announced judges nothing yet"
    FormulaVersion.objects.filter(pk=done.pk).update(valid_from=change)
    FormulaVersion.objects.filter(formula=merchants).update(valid_to=change)
    assert selectors.judging("merchant", OCTOBER) == merchants, "what ended since judged it"
    assert selectors.judging("merchant", date(2026, 11, 30)) == earlier
    assert consequencegrades.formula(date(2026, 10, 1)) == merchants


def test_people_and_teams_are_scored_by_the_same_engine(cast, now) -> None:
    formula = services.formula_create(
        code="agents", name_zh="客服得分", name_en="Agents' score", subject_kind="person", actor=cast.operations,
        now=now,
    )  # fmt: skip
    terms = plain_terms() | {"volume": "tickets", "bonuses": [], "deductions": []}
    terms["metrics"] = [
        terms["metrics"][1] | {"metric": "response_in_time", "weight": "50"},
        terms["metrics"][1] | {"metric": "satisfied_handling", "weight": "50"},
    ]
    draft = services.formula_draft(
        formula=formula, terms=terms, source_ref="R6.5", source_zh="试行", source_en="Trial", actor=cast.operations,
        now=now,
    )  # fmt: skip
    figure(cast.agent, day=date(2026, 10, 20), kind="person", tickets=(60, 60), response_in_time=(59, 60))
    found = {one.subject.pk: one.score for one in selectors.scores(draft, OCTOBER)}
    assert found[cast.agent.pk].enough
    assert found[cast.agent.pk].items[0].counted.num == 59
    assert cast.operations.pk not in found, "who answers no ticket is not scored by tickets"


def test_what_would_raise_a_score_most_is_counted_as_the_score_is(plain, plant, now) -> None:
    shop = plant(
        "M1",
        day=date(2026, 12, 10),
        orders=(300, 300),
        dispute_rate_orders=(3, 300),
        dispatch_in_time=(225, 300),
    )
    figure(shop, day=date(2026, 12, 3), dispatch_in_time=(0, 60))
    for number in range(4):
        plant(f"P{number}", day=date(2026, 12, 10), orders=(300, 300), dispute_rate_orders=(6, 300),
              dispatch_in_time=(285 + number, 300))  # fmt: skip
    later = datetime(2027, 1, 10, 2, tzinfo=now.tzinfo)
    assert services.standings_count(now=later) == 5
    row = Standing.objects.select_related("rule__formula").get(subject_name="Shop M1")
    assert row.day == date(2027, 1, 2)
    found = explaining.explained(row)
    assert found.lost[0].item.metric.code == "dispatch_in_time"
    advice = explaining.advice(found)
    assert [one.judged.item.metric.code for one in advice][0] == "dispatch_in_time"
    assert advice[0].gain > 0
    assert advice[0].most >= advice[0].gain
    assert found.lost_points == 100 - row.score + found.added_points


def test_who_loses_most_beyond_the_last_mark_is_told_why_one_good_week_brings_nothing(
    plain, plant, now
) -> None:
    """A rate far beyond the point where points begin stays there for more than a week: it is listed all the same."""
    shop = plant(
        "M1",
        day=date(2026, 12, 20),
        orders=(300, 300),
        dispute_rate_orders=(3, 300),
        dispatch_in_time=(60, 300),
    )
    for number in range(4):
        plant(f"P{number}", day=date(2026, 12, 20), orders=(300, 300), dispute_rate_orders=(6, 300),
              dispatch_in_time=(285 + number, 300))  # fmt: skip
    services.standings_count(now=datetime(2027, 1, 10, 2, tzinfo=now.tzinfo))
    found = explaining.explained(Standing.objects.select_related("rule__formula").get(subject_id=shop.pk))
    lost = found.lost[0]
    assert (lost.item.metric.code, lost.lost) == ("dispatch_in_time", 40)
    listed = explaining.advice(found)
    mine = next(one for one in listed if one.judged.item.metric.code == "dispatch_in_time")
    assert (mine.gain, mine.most, mine.begins) == (0, 40, D("0.75"))
    assert mine in explaining.foremost(listed, 1)


def test_a_figure_without_data_is_not_what_most_is_lost_by(plain, plant, now) -> None:
    """It costs its flat part, of which nobody can learn anything: what was judged is named."""
    shop = plant("M1", day=date(2026, 12, 20), orders=(300, 300), dispute_rate_orders=(1, 300))
    clean = plant("M2", day=date(2026, 12, 20), orders=(300, 300), dispute_rate_orders=(0, 300))
    services.standings_count(now=datetime(2027, 1, 10, 2, tzinfo=now.tzinfo))
    rows = {one.subject_id: one for one in Standing.objects.select_related("rule__formula")}
    found = explaining.explained(rows[shop.pk])
    assert found.lost[0].verdict == Verdict.TOO_FEW
    assert found.worst is not None
    assert found.worst.item.metric.code == "dispute_rate_orders"
    other = explaining.explained(rows[clean.pk])
    assert other.item("dispute_rate_orders").lost > 0, (
        "two shops say little about what one may expect of them"
    )
    assert (other.worst, explaining.advice(other)) == (None, [])
    card = pages.card(rows[clean.pk], lambda code: "")
    assert {one.peers for one in card.lines} == {""}, "the target stands in for peers, and is not called so"


def test_who_left_or_changed_later_changes_nothing_of_a_past_day(cast, plain, plant, formula, now) -> None:
    december, later = date(2026, 12, 31), datetime(2027, 1, 31, 2, tzinfo=now.tzinfo)
    for number in range(8):
        plant(f"M{number}", day=date(2026, 12, 20), category="books", orders=(300, 300),
              dispute_rate_orders=(number * 3, 300), dispatch_in_time=(300 - number * 8, 300))  # fmt: skip
    services.snapshots_take(month=december, now=later)
    assert services.standings_count(now=later) == 8
    shops = {one.code: one for one in Merchant.objects.all()}
    for code in ("M1", "M2", "M3"):
        for move in ("begin_exit", "close"):
            merchant_move(
                merchant=shops[code], move=move, reason="关店", actor=cast.operations, now=later + DAY
            )
    for code in ("M4", "M5"):
        merchant_change(merchant=shops[code], main_category="shoes", actor=cast.operations, now=later + DAY)
    stands = Standing.objects.get(subject_id=shops["M0"].pk).day
    for code, day in (("M0", december), ("M1", december), ("M4", december), ("M0", stands), ("M1", stands)):
        found = replaying.replay(
            user=system_user(), version=plain, subject=shops[code].pk, day=day, now=later + 2 * DAY
        )
        assert found.is_same, (code, day)
    with pytest.raises(DomainError) as refused:
        replaying.replay(user=system_user(), version=plain, subject=shops["M1"].pk, day=stands + 9 * DAY,
                         now=later + 30 * DAY)  # fmt: skip
    assert refused.value.code == "not_scored"
    assert services.standings_count(now=later + 2 * DAY) == 5, "today by those of today"
    assert {*Standing.objects.values_list("category", flat=True)} == {"books", "shoes"}
    assert Snapshot.objects.filter(formula=formula).count() == 8


def test_figures_that_settle_too_late_are_refused_of_a_draft_and_not_of_what_counts_already(
    cast, formula, plant, now
) -> None:
    plant("M1", orders=(40, 40))
    late = plain_terms() | {"lag": 61}
    who: dict[str, Any] = {"actor": cast.operations, "now": now}
    with pytest.raises(DomainError, match="60") as refused:
        services.formula_draft(formula=formula, terms=late, reason="试行", **who)
    assert refused.value.code == "wrong_terms"
    draft = services.formula_draft(formula=formula, terms=plain_terms(), reason="试行", **who)
    FormulaVersion.objects.filter(pk=draft.pk).update(terms=late)
    with pytest.raises(DomainError, match="60"):
        services.formula_activate(draft=draft, actor=cast.supervisor, now=now)
    FormulaVersion.objects.filter(formula=formula, state="active").update(
        valid_from=now - 400 * DAY, terms=late
    )
    assert services.standings_count(now=now) == 1
    assert (
        pages.standing_of(cast.operations, SubjectKind.MERCHANT, Standing.objects.get().subject_id)
        is not None
    )


def test_a_shop_without_history_of_a_day_counts_as_it_is_first_known(cast, plant, now) -> None:
    known, young = plant("OLD", category="books"), plant("NEW", category="books")
    merchant_change(merchant=known, main_category="shoes", actor=cast.operations, now=now + DAY)
    merchant_change(merchant=young, opened_at=now, actor=cast.operations, now=now)
    listed = selectors.subjects(SubjectKind.MERCHANT, selectors.ends(OCTOBER))
    assert [(one.name, one.category) for one in listed] == [("Shop OLD", "books")], (
        "the other was not admitted yet"
    )
    today = selectors.subjects(SubjectKind.MERCHANT, now + DAY)
    assert [(one.name, one.category) for one in today] == [("Shop OLD", "shoes"), ("Shop NEW", "books")]


def test_each_month_is_kept_when_its_figures_have_settled_whatever_another_formula_says(
    cast, plain, plant, formula, now
) -> None:
    made = {}
    for code, lag in (("a_broken", 7), ("a_late", 45)):
        other = services.formula_create(
            code=code,
            name_zh="另一",
            name_en="Other",
            subject_kind="merchant",
            actor=cast.operations,
            now=now,
        )
        draft = services.formula_draft(
            formula=other, terms=plain_terms() | {"lag": lag}, source_ref="R1", source_zh="另一", source_en="Other",
            actor=cast.operations, now=now,
        )  # fmt: skip
        made[code] = services.formula_activate(draft=draft, actor=cast.supervisor, now=now)
    FormulaVersion.objects.filter(pk=made["a_broken"].pk).update(terms={})
    plant("M1", day=date(2026, 12, 20), orders=(200, 200), dispute_rate_orders=(4, 200))
    kept_by: dict[datetime, set[str]] = {}
    for at in (datetime(2027, 1, 10, 2, tzinfo=now.tzinfo), datetime(2027, 2, 14, 2, tzinfo=now.tzinfo),
               datetime(2027, 2, 16, 2, tzinfo=now.tzinfo)):  # fmt: skip
        with time_machine.travel(at, tick=False):
            tasks.score()
        rows = Snapshot.objects.filter(month=date(2026, 12, 1))
        kept_by[at] = {*rows.values_list("formula__code", flat=True)}
    assert [*kept_by.values()] == [{"merchants"}, {"merchants"}, {"merchants", "a_late"}]
    assert Standing.objects.filter(formula=formula).count() == 1
