"""Promotion mode: other numbers for its days, the usual ones again by themselves, and what no promotion may touch."""

from datetime import datetime, timedelta
from typing import Any

import pytest

from aftersales.core.errors import DomainError, NotPermitted, Refused, WrongState
from aftersales.core.models import Event
from aftersales.scorecards.metrics.counting import _in_force
from aftersales.standards import selectors as rule_book
from aftersales.standards import services as standards
from aftersales.standards.consulting.services import comment_answer, consultation_open
from aftersales.standards.models import (
    ConsultationComment,
    Parameter,
    ParameterVersion,
    Promotion,
    ServiceStandard,
    StandardVersion,
)
from aftersales.standards.promoting import selectors, services
from aftersales.standards.rules import SubjectFacts
from aftersales.standards.states import Debtor, Measure
from tests.records import merchant as a_merchant

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("rule_book")]
DAY, HOUR = timedelta(days=1), timedelta(hours=1)


def promotion(
    cast: Any, now: datetime, *overrides: tuple[Any, ...], starts: timedelta = DAY, lasts: timedelta = 3 * DAY
) -> Promotion:
    row = services.promotion_draft(
        name_zh="双 11", name_en="Double 11", starts_at=now + starts, ends_at=now + starts + lasts,
        reason="高峰期单量约为平日六倍", actor=cast.operations, now=now,
    )  # fmt: skip
    for sort, code, value, *unit in overrides:
        row = services.override_set(
            promotion=row, sort=sort, code=code, value=value, unit=unit[0] if unit else "", actor=cast.operations,
            now=now,
        )  # fmt: skip
    return row


def in_force(cast: Any, now: datetime, *overrides: tuple[Any, ...], **dates: timedelta) -> Promotion:
    row = promotion(cast, now, *overrides, **dates)
    return services.promotion_activate(promotion=row, actor=cast.supervisor, now=now)


def limits(code: str, at: datetime, **facts: Any) -> list[tuple[int, str]]:
    found = rule_book.standards_matching(SubjectFacts(**facts), at)
    return [(one.limit_value, one.limit_unit) for one in found if one.standard.code == code]


def test_the_numbers_are_other_ones_in_its_days_and_the_usual_ones_again_by_themselves(
    cast: Any, now: datetime
) -> None:
    row = in_force(
        cast, now, ("standard", "plan_major", 36, "hours"), ("standard", "plan_critical", 24, "hours"),
        ("number", "first_response_average_minutes", 45),
    )  # fmt: skip
    moments = {"before": now, "in it": now + 2 * DAY, "at its end": now + 4 * DAY}
    found = {name: limits("plan_major", at, severity="major") for name, at in moments.items()}
    usual = [(24, "hours")]
    assert found == {"before": usual, "in it": [(36, "hours")], "at its end": usual}
    numbers = {
        name: rule_book.parameter("first_response_average_minutes", at) for name, at in moments.items()
    }
    assert (numbers["before"], numbers["in it"]) == (numbers["at its end"], 45)
    assert numbers["before"] != 45
    # And what a figure is counted by follows the same moments
    sql = _in_force("first_response_average_minutes", "t.at", rule_book.book())
    assert sql.index((now + 4 * DAY).isoformat()) < sql.index((now + DAY).isoformat())
    version = StandardVersion.objects.get(promotion=row, standard__code="plan_major")
    assert (version.valid_from, version.valid_to) == (now + DAY, now + 4 * DAY)
    assert (version.drafted_by, version.activated_by) == (cast.operations, cast.supervisor)


def test_every_number_that_is_overridden_counts_inside_and_not_outside(cast: Any, now: datetime) -> None:
    """Each number and each standard of the shipped book that a promotion may touch at all, moved by one."""
    among = rule_book.book()
    wanted: list[tuple[Any, ...]] = []
    for one in Parameter.objects.filter(measure__in=[Measure.MINUTES, Measure.HOURS, Measure.SECONDS]):
        usual = selectors.usual_number(one.code, now, among)
        if usual is not None and not usual.legal_ref and usual.legal_value is None:
            wanted.append(("number", one.code, usual.value + 1))
    ours = {Debtor.TEAM, Debtor.LEAD, Debtor.PERSON, Debtor.OWNER}
    for version in [one for one in among.versions if one.applies_at(now) and one.owed_by in ours]:
        if version.legal_limit_value is None and version.limit_value > 1:
            wanted.append(("standard", version.standard.code, version.limit_value - 1, version.limit_unit))
    row = promotion(cast, now, *wanted)
    broken = {one.message.split("”")[0] for one in selectors.faults([row], now)[row.pk]}
    if (
        broken
    ):  # where all get shorter by one, worse may wait longer than milder: those two are judged elsewhere
        wanted = [one for one in wanted if one[0] == "number"]
        row = promotion(cast, now, *wanted)
    services.promotion_activate(promotion=row, actor=cast.supervisor, now=now)
    inside = now + 2 * DAY
    for _sort, code, value, *_unit in [one for one in wanted if one[0] == "number"]:
        assert rule_book.parameter(code, inside) == value, code
        assert rule_book.parameter(code, now) == value - 1 == rule_book.parameter(code, now + 4 * DAY), code
    assert len(wanted) > 20


def test_it_takes_two_people_and_each_says_why(cast: Any, now: datetime) -> None:
    row = promotion(cast, now, ("standard", "plan_major", 30, "hours"))
    with pytest.raises(Refused) as refused:
        services.promotion_activate(promotion=row, actor=cast.operations, now=now)
    assert refused.value.code == "own_draft"
    with pytest.raises(NotPermitted):
        services.promotion_activate(promotion=row, actor=cast.agent, now=now)
    with pytest.raises(NotPermitted):
        promotion_by(cast.merchant_manager, now)
    # Who corrects a draft of somebody else is its drafter from then on
    row = services.override_set(
        promotion=row,
        sort="standard",
        code="plan_major",
        value=31,
        unit="hours",
        actor=cast.supervisor,
        now=now,
    )
    with pytest.raises(Refused):
        services.promotion_activate(promotion=row, actor=cast.supervisor, now=now)
    row = services.promotion_activate(promotion=row, actor=cast.operations, now=now)
    with pytest.raises(WrongState):
        services.promotion_activate(promotion=row, actor=cast.operations, now=now)
    kinds = list(
        Event.objects.about("standards.promotion", row.pk).order_by("id").values_list("kind", flat=True)
    )
    assert kinds == ["promotion.drafted", "promotion.changed", "promotion.changed", "promotion.activated"]


def promotion_by(actor: Any, now: datetime) -> Promotion:
    return services.promotion_draft(
        name_zh="大促", name_en="Sale", starts_at=now, ends_at=now + DAY, reason="x", actor=actor, now=now
    )


@pytest.mark.parametrize(
    ("override", "code"),
    [
        (("number", "retention_years", 1), "beyond_law"),
        (("number", "agreement_announce_days", 1), "beyond_law"),
        (("number", "dispatch_weights", 1), "not_a_number"),
    ],
)
def test_what_the_law_sets_stays(cast: Any, now: datetime, override: tuple[Any, ...], code: str) -> None:
    row = promotion(cast, now, override)
    with pytest.raises(Refused) as refused:
        services.promotion_activate(promotion=row, actor=cast.supervisor, now=now)
    assert refused.value.code == code
    assert not ParameterVersion.objects.filter(promotion=row).exists()


def test_no_limit_gets_longer_than_the_law_and_no_duty_shorter_than_the_agreement(
    cast: Any, now: datetime
) -> None:
    among = rule_book.book()
    of_law = [one for one in among.versions if one.legal_limit_value and one.applies_at(now)]
    assert of_law
    for one in of_law:
        row = promotion(cast, now, ("standard", one.standard.code, 90, "days"))
        assert "beyond_law" in {fault.code for fault in selectors.faults([row], now)[row.pk]}, one.citation
    duty = next(
        one
        for one in among.versions
        if one.owed_by == Debtor.MERCHANT and one.limit_value > 2 and one.applies_at(now)
    )
    shorter = promotion(cast, now, ("standard", duty.standard.code, 1, duty.limit_unit))
    assert {fault.code for fault in selectors.faults([shorter], now)[shorter.pk]} == {"beside_agreement"}


def test_worse_never_waits_longer_in_a_promotion_either(cast: Any, now: datetime) -> None:
    row = promotion(cast, now, ("standard", "plan_critical", 300, "hours"))
    with pytest.raises(Refused) as refused:
        services.promotion_activate(promotion=row, actor=cast.supervisor, now=now)
    assert refused.value.code == "worse_waits_longer"


def test_two_promotions_may_not_override_one_rule_at_one_time(cast: Any, now: datetime) -> None:
    row = in_force(cast, now, ("number", "due_soon_hours", 3))
    second = promotion(cast, now, ("number", "due_soon_hours", 4), starts=2 * DAY)
    with pytest.raises(Refused) as refused:
        services.promotion_activate(promotion=second, actor=cast.supervisor, now=now)
    assert refused.value.code == "overridden_already"
    assert row.name in str(refused.value)
    after = promotion(cast, now, ("number", "due_soon_hours", 4), starts=4 * DAY)
    services.promotion_activate(promotion=after, actor=cast.supervisor, now=now)
    assert rule_book.parameter("due_soon_hours", now + 5 * DAY) == 4


def test_ended_early_the_usual_numbers_count_at_once(cast: Any, now: datetime) -> None:
    row = in_force(cast, now, ("standard", "plan_major", 30, "hours"), ("number", "due_soon_hours", 9))
    at = now + 2 * DAY
    with pytest.raises(DomainError) as missing:
        services.promotion_end(promotion=row, reason=" ", actor=cast.supervisor, now=at)
    assert missing.value.code == "reason_missing"
    services.promotion_end(promotion=row, reason="单量回落", actor=cast.supervisor, now=at)
    assert limits("plan_major", at - DAY / 2, severity="major") == [(30, "hours")]
    assert limits("plan_major", at, severity="major") == [(24, "hours")]
    assert rule_book.parameter("due_soon_hours", at) != 9
    assert selectors.running(at, rule_book.book()) == []
    assert selectors.running(at - DAY / 2, rule_book.book()) == [row]
    # One that never began ends without a day of its own
    coming = in_force(cast, at, ("number", "due_soon_hours", 9))
    services.promotion_end(promotion=coming, reason="取消", actor=cast.supervisor, now=at)
    assert rule_book.parameter("due_soon_hours", at + 2 * DAY) != 9


def test_a_new_version_of_the_rule_waits_behind_the_promotion(cast: Any, now: datetime) -> None:
    in_force(cast, now, ("standard", "plan_major", 30, "hours"))
    standard, at = ServiceStandard.objects.get(code="plan_major"), now + 2 * DAY
    draft = standards.standard_draft(
        standard=standard, actor=cast.operations, now=at, reason="复盘", limit_value=36
    )
    # It starts from the usual version, comes into force, and leaves the promotion as it is
    assert draft.promotion is None
    standards.rule_activate(draft=draft, actor=cast.supervisor, now=at)
    assert limits("plan_major", at, severity="major") == [(30, "hours")]
    assert limits("plan_major", now + 4 * DAY, severity="major") == [(36, "hours")]


def test_a_promotion_of_one_market_leaves_the_others(cast: Any, now: datetime) -> None:
    market = rule_book.market_default()
    row = promotion(cast, now, ("standard", "plan_major", 30, "hours"))
    row = services.promotion_change(
        promotion=row, name_zh=row.name_zh, name_en=row.name_en, starts_at=row.starts_at, ends_at=row.ends_at,
        reason=row.reason, market=market, actor=cast.operations, now=now,
    )  # fmt: skip
    services.promotion_activate(promotion=row, actor=cast.supervisor, now=now)
    at = now + 2 * DAY
    assert limits("plan_major", at, severity="major", market=market.code) == [(30, "hours")]
    assert limits("plan_major", at, severity="major", market="elsewhere") == [(24, "hours")]


def test_its_dates_and_words_are_judged(cast: Any, now: datetime) -> None:
    for dates in (
        {"starts": 2 * DAY, "lasts": -DAY},
        {"starts": -3 * DAY, "lasts": DAY},
        {"lasts": 60 * DAY},
    ):
        with pytest.raises(DomainError) as refused:
            promotion(cast, now, **dates)
        assert refused.value.code == "period"
    empty = promotion(cast, now)
    with pytest.raises(Refused) as refused:
        services.promotion_activate(promotion=empty, actor=cast.supervisor, now=now)
    assert refused.value.code == "nothing_overridden"
    row = in_force(cast, now, ("number", "due_soon_hours", 3))
    with pytest.raises(DomainError) as fixed:
        services.override_drop(
            promotion=row, sort="number", code="due_soon_hours", actor=cast.operations, now=now
        )
    assert fixed.value.code == "not_a_draft"


def test_the_pages_from_the_draft_to_the_banner(
    cast: Any, client: Any, monkeypatch: Any, now: datetime
) -> None:
    monkeypatch.setattr("django.utils.timezone.now", lambda: now)
    first, second = cast.client(cast.operations), cast.client(cast.supervisor)
    terms = {
        "draft-name_zh": "双 12", "draft-name_en": "Double 12", "draft-starts_at": "2026-11-23T09:00",
        "draft-ends_at": "2026-11-25T00:00", "draft-reason": "高峰期", "draft-market": "",
    }  # fmt: skip
    first.post("/rules/promotions/draft/", terms)
    row = Promotion.objects.get()
    page = f"/rules/promotions/{row.code}/"
    first.post(
        f"{page}override/", {"over-rule": "number:retention_years", "over-value": "1", "over-unit": ""}
    )
    assert "法律" in first.get(page).content.decode() or "law" in first.get(page).content.decode()
    first.post(f"{page}override/", {"drop": "number:retention_years"})
    over = {"over-rule": "standard:merchant_answer", "over-value": "72", "over-unit": "hours"}
    if not ServiceStandard.objects.filter(code="merchant_answer").exists():
        code = next(one.standard.code for one in rule_book.book().versions if one.owed_by == Debtor.MERCHANT)
        over["over-rule"] = f"standard:{code}"
    first.post(f"{page}override/", over)
    second.post(f"{page}activate/", {"version": Promotion.objects.get().version})
    assert Promotion.objects.get().state == "active"
    # Everybody on the desk and everybody who reads the rules sees that it runs, and until when
    rule_book.book()
    assert row.name in cast.client(cast.agent).get("/desk/tickets/").content.decode()
    told = client.get("/published/").content.decode()
    assert row.name in told
    assert "2026" in told
    second.post(f"{page}end/", {"end-reason": "单量回落", "version": Promotion.objects.get().version})
    assert Promotion.objects.get().state == "retired"
    rule_book.book()
    assert (
        f'/rules/promotions/{row.code}/"'
        not in cast.client(cast.agent).get("/desk/tickets/").content.decode()
    )


def announced(cast: Any, now: datetime, code: str, since: datetime, **terms: Any) -> StandardVersion:
    """The next usual version of a standard, in force from a later day."""
    draft = standards.standard_draft(
        standard=ServiceStandard.objects.get(code=code),
        actor=cast.operations,
        now=now,
        reason="法规修订",
        **terms,
    )
    row: StandardVersion = standards.rule_activate(
        draft=draft, actor=cast.supervisor, now=now, valid_from=since
    )
    return row


OF_LAW: dict[str, Any] = {"clock_kind": "statutory", "pauses_on": [], "resumes_on": []}
"""What is ours today (48 hours for the solution) becomes a limit of the law, without a column of its own for it."""
LONGER = ("standard", "solution_agreed", 60, "hours")


def test_a_promotion_does_not_outlast_a_law_that_begins_inside_it(cast: Any, now: datetime) -> None:
    announced(cast, now, "solution_agreed", now + 2 * DAY, **OF_LAW)
    row = promotion(cast, now, LONGER)
    with pytest.raises(Refused) as refused:
        services.promotion_activate(promotion=row, actor=cast.supervisor, now=now)
    assert refused.value.code == "beyond_law"
    (line,) = selectors.lines(row, now)
    assert len(line.faults) == 1, "said on its page before anybody tries"
    # One that is over before the law begins may come
    in_force(cast, now, LONGER, lasts=DAY)


def test_a_law_waits_until_the_promotion_against_it_is_ended(cast: Any, now: datetime) -> None:
    row = in_force(cast, now, LONGER, ("number", "due_soon_hours", 3))
    for terms in (OF_LAW, {"legal_limit_value": 48, "legal_limit_unit": "hours"}):
        with pytest.raises(DomainError) as refused:
            announced(cast, now, "solution_agreed", now + 2 * DAY, **terms)
        assert (refused.value.code, row.name in str(refused.value)) == ("beyond_law", True)
    number = standards.parameter_draft(
        parameter=Parameter.objects.get(code="due_soon_hours"),
        actor=cast.operations,
        now=now,
        legal_ref="电商法",
    )
    with pytest.raises(DomainError) as kept:
        standards.rule_activate(draft=number, actor=cast.supervisor, now=now)
    assert kept.value.code == "beyond_law"
    # For a day behind it, and after its end, nothing stands in the way
    announced(cast, now, "solution_agreed", row.ends_at, **OF_LAW)
    services.promotion_end(promotion=row, reason="让位于新法", actor=cast.supervisor, now=now + 2 * DAY)
    standards.rule_activate(draft=number, actor=cast.supervisor, now=now + 2 * DAY)


def test_a_promotion_brings_no_promise_to_a_market_that_has_none(cast: Any, now: datetime) -> None:
    announced(cast, now, "solution_agreed", now, markets=["elsewhere"])
    row = promotion(cast, now, ("standard", "solution_agreed", 50, "hours"))
    row = services.promotion_change(
        promotion=row, name_zh=row.name_zh, name_en=row.name_en, starts_at=row.starts_at, ends_at=row.ends_at,
        reason=row.reason, market=rule_book.market_default(), actor=cast.operations, now=now,
    )  # fmt: skip
    with pytest.raises(Refused) as refused:
        services.promotion_activate(promotion=row, actor=cast.supervisor, now=now)
    assert refused.value.code == "other_market"


def test_whoever_was_asked_about_it_is_heard_before_it_comes_into_force(cast: Any, now: datetime) -> None:
    row = promotion(cast, now, ("standard", "plan_major", 30, "hours"), starts=60 * DAY)
    talk = consultation_open(
        draft=row, asked_zh="拟放宽", asked_en="To be longer", actor=cast.operations, now=now
    )
    said = ConsultationComment.objects.create(
        consultation=talk, merchant_id=a_merchant("M-asked", now).pk, by=cast.agent, words="太长", at=now
    )

    def refused(at: datetime) -> list[str]:
        with pytest.raises(Refused) as why:
            services.promotion_activate(promotion=row, actor=cast.supervisor, now=at)
        return [one.code for one in why.value.refusals]

    page = cast.client("operations").get(f"/rules/promotions/{row.code}/").content.decode()
    history = page[page.index('id="h-told"') :]
    assert f"/published/consultations/{talk.public_id}/" in history
    assert f"{row.name}" in history
    assert refused(now + HOUR) == ["still_open", "unanswered"]
    assert refused(talk.closes_at) == ["unanswered"]
    comment_answer(
        comment=said, taken="not", answer="高峰期人手有限", actor=cast.operations, now=talk.closes_at
    )
    assert (
        services.promotion_activate(promotion=row, actor=cast.supervisor, now=talk.closes_at).state
        == "active"
    )
