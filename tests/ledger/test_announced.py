"""Rules come in by sheet as drafts only; a rule that is announced is told to everybody in its scope, once."""

import csv
import io
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest
from django.urls import reverse

from accounts.models import TeamMember
from aftersales.core import jobs
from aftersales.core.events import sentence
from aftersales.core.models import Event
from aftersales.core.sheets import exporting
from aftersales.ledger import incentivepages, services
from aftersales.ledger.models import IncentiveRule, IncentiveVersion
from aftersales.ledger.services import announcing
from aftersales.merchants.models import Merchant
from aftersales.notices.models import Notice
from aftersales.standards.services import rule_reject, rule_retire
from tests.core.sheets.steps import check, load, rows_as_csv, verdicts
from tests.ledger.conftest import late_rule
from tests.ledger.test_incentives import scheme

pytestmark = pytest.mark.django_db
HEAD = [
    "code",
    "number",
    "trigger",
    "amount",
    "cap",
    "unit",
    "source_ref",
    "source_zh",
    "source_en",
    "change_reason",
]
FIRST = ["late", "1", "promise_broken", "2", "24", "points", "R6.5", "超时扣分", "Late work", "试行"]


@pytest.fixture
def rule(cast: Any, now: Any) -> IncentiveRule:
    return services.incentive_create(
        code="late", name_zh="超时扣分", name_en="Late work", party="person", consequence="penalty",
        actor=cast.operations, now=now,
    )  # fmt: skip


def test_a_sheet_drafts_and_a_second_person_still_activates(rule: Any, cast: Any, now: Any) -> None:
    for _twice in range(2):
        assert (
            load("incentive_rules", rows_as_csv(HEAD, FIRST), actor=cast.operations, now=now).state == "done"
        )
    draft = IncentiveVersion.objects.get(rule=rule)
    assert (draft.state, draft.number, draft.cap, draft.drafted_by) == ("draft", 1, 24, cast.operations)
    # An empty cell keeps what stands, and the waiting draft is corrected, not doubled
    row = ["late", "1", "", "", "20", "", "", "", "", "上限降低"]
    load("incentive_rules", rows_as_csv(HEAD, row), actor=cast.supervisor, now=now)
    draft = IncentiveVersion.objects.get(rule=rule)
    assert (draft.amount, draft.cap, draft.drafted_by) == (2, 20, cast.supervisor)
    services.incentive_draft(rule=rule, actor=cast.operations, now=now, scheme_id=scheme(cast, now).pk)
    services.incentive_activate(draft=IncentiveVersion.objects.get(rule=rule), actor=cast.supervisor, now=now)
    # What is taken out reads in again without a change
    taken = exporting.export(
        queryset=IncentiveVersion.objects.filter(rule=rule),
        sheet="incentive_rules",
        fmt="csv",
        actor=cast.operations,
        now=now,
    )
    text = exporting.path_of(taken).read_bytes()
    again = verdicts(check("incentive_rules", text, actor=cast.operations, now=now))
    assert {verdict for verdict, _why in again.values()} == {"s"}, again
    assert len(list(csv.DictReader(io.StringIO(text.decode("utf-8-sig"))))) == 1


def test_a_rule_that_hangs_on_a_figure_goes_out_and_comes_in_by_the_same_sheet(
    rule: Any, cast: Any, now: Any
) -> None:
    head = [*HEAD, "figure_window", "figure_least", "figure_limit", "figure_z", "figure_lag", "figure_wait"]
    row = [*FIRST, "1m", "20", "0.85", "1.96", "7", "3"]
    [(verdict, why)] = verdicts(
        check("incentive_rules", rows_as_csv(head, row), actor=cast.operations, now=now)
    ).values()
    assert (verdict, "figure_of_event" in why) == ("r", True), why
    row[2] = "metric.person.promises_kept"
    bare = rows_as_csv(HEAD, row[: len(HEAD)])
    [(verdict, why)] = verdicts(check("incentive_rules", bare, actor=cast.operations, now=now)).values()
    assert (verdict, "figure_terms" in why) == ("r", True), why
    assert load("incentive_rules", rows_as_csv(head, row), actor=cast.operations, now=now).state == "done"
    draft = IncentiveVersion.objects.get(rule=rule)
    assert (draft.terms["window"], draft.terms["limit"], draft.terms["least"]) == ("1m", "0.85", "20")
    # one cell corrects the waiting draft and keeps the others
    more = rows_as_csv(
        ["code", "number", "figure_limit", "change_reason"], ["late", "1", "0.80", "试行期放宽"]
    )
    load("incentive_rules", more, actor=cast.operations, now=now)
    draft.refresh_from_db()
    assert draft.terms == {
        "window": "1m",
        "least": "20",
        "limit": "0.80",
        "z": "1.96",
        "lag": "7",
        "wait": "3",
    }
    rows = IncentiveVersion.objects.filter(rule=rule)
    taken = exporting.export(
        queryset=rows, sheet="incentive_rules", fmt="csv", actor=cast.operations, now=now
    )
    again = verdicts(
        check("incentive_rules", exporting.path_of(taken).read_bytes(), actor=cast.operations, now=now)
    )
    assert {one for one, _why in again.values()} == {"s"}, again


def test_what_a_returned_draft_said_is_not_what_the_next_one_starts_from(
    rule: Any, cast: Any, now: Any
) -> None:
    load("incentive_rules", rows_as_csv(HEAD, FIRST), actor=cast.operations, now=now)
    services.incentive_draft(rule=rule, actor=cast.operations, now=now, scheme_id=scheme(cast, now).pk)
    first = services.incentive_activate(
        draft=IncentiveVersion.objects.get(rule=rule), actor=cast.supervisor, now=now
    )
    later = first.valid_from + timedelta(days=40)
    rule_retire(row=first, actor=cast.supervisor, now=later)
    draft = services.incentive_draft(
        rule=rule, actor=cast.operations, now=later, duties=["returns"], reason="x"
    )
    rule_reject(draft=draft, actor=cast.supervisor, now=later, reason="不只退货")
    row = ["late", "3", *FIRST[2:]]
    assert load("incentive_rules", rows_as_csv(HEAD, row), actor=cast.operations, now=later).count("new") == 1
    third = IncentiveVersion.objects.get(rule=rule, number=3)
    assert (third.state, third.duties, third.scheme_id) == ("draft", [], first.scheme_id)


@pytest.mark.parametrize(
    ("changed", "problem"),
    [
        ({"number": "3"}, "other_number"),
        ({"trigger": "penalty_count"}, "no_raiser"),
        ({"trigger": "obligation_broken"}, "no_raiser"),
        ({"cap": "1"}, "amount"),
        ({"amount": "0"}, "amount"),
        ({"unit": "USD"}, "unit"),
        ({"source_zh": ""}, "no_source"),
        ({"change_reason": ""}, "no_reason"),
        ({"state": "active"}, "drafts_only"),
        ({"measure": "talk"}, "measure"),
        ({"categories": "服装"}, "categories_of_party"),
        ({"code": "unheard"}, "unknown"),
        ({"trigger": None, "amount": None}, "no_raiser"),
    ],
)
def test_the_preview_says_of_each_row_what_is_wrong(
    rule: Any, cast: Any, now: Any, changed: dict[str, Any], problem: str
) -> None:
    given = {
        name: value
        for name, value in (dict(zip(HEAD, FIRST, strict=True)) | changed).items()
        if value is not None
    }
    rows = rows_as_csv(list(given), list(given.values()))
    [(verdict, why)] = verdicts(check("incentive_rules", rows, actor=cast.operations, now=now)).values()
    assert (verdict, problem in why) == ("r", True), why
    assert not IncentiveVersion.objects.filter(rule=rule).exists()


def test_everybody_in_its_scope_is_told_of_a_version_once_and_the_page_says_who(
    rule: Any, cast: Any, now: Any, settings: Any
) -> None:
    """The agent's team has the duties of the rule; the inspector is in no team and is told nothing."""
    settings.REQUIRE_SECOND_FACTOR = False
    assert cast.team
    assert cast.inspector
    draft = services.incentive_draft(
        rule=rule, actor=cast.operations, now=now, trigger="promise_broken", amount=Decimal(2), cap=Decimal(24),
        unit="points", duties=[cast.team.duties[0]], scheme_id=scheme(cast, now).pk,
    )  # fmt: skip
    version = services.incentive_activate(draft=draft, actor=cast.supervisor, now=now)
    assert not Notice.objects.exists()  # they go out with the job
    jobs.run_due(now)
    services.incentive_announce(version=version, actor=cast.system, now=now + timedelta(days=1))
    told = Notice.objects.filter(source="ledger.rule")
    members = set(TeamMember.objects.filter(team=cast.team).values_list("person_id", flat=True))
    assert cast.agent.pk in members
    assert set(told.values_list("user_id", flat=True)) == members
    assert told.filter(channel="in_app").count() == len(members)
    one = told.filter(user_id=cast.agent.pk, channel="in_app").get()
    found = cast.client(cast.operations).get(reverse("ledger:rule", args=["late"])).content.decode()
    assert "超时扣分”（v1）" in one.body
    assert "incentive.late" not in f"{one.subject} {one.body} {found}"
    history = Event.objects.filter(kind__in=["incentive_rule.created", "rule.drafted", "rule.activated"])
    about = history.filter(subject_id__in=[rule.pk, version.pk], payload__code__endswith="late")
    said = [sentence(event) for event in about]
    assert len(said) == 3
    assert all("超时扣分" in words and "incentive.late" not in words for words in said), said
    assert f"{version.valid_from + timedelta(hours=8):%Y-%m-%d}" in one.subject
    assert str(cast.agent) in found
    assert str(cast.inspector) not in found


def test_merchants_of_its_categories_are_told_by_mail(cast: Any, now: Any, merchant: Any) -> None:
    version = late_rule(cast, now)
    assert version.valid_from == datetime(2026, 12, 31, 16, tzinfo=UTC)
    services.incentive_announce(version=version, actor=cast.system, now=now)
    mail = Notice.objects.get(source="ledger.rule_merchant")
    assert (mail.merchant_id, mail.channel) == (merchant.pk, "email")
    assert date(2027, 1, 1).isoformat() in mail.subject


def test_nothing_is_called_announced_that_nobody_was_told_and_who_joins_later_is_told_once(
    cast: Any, now: Any
) -> None:
    version = late_rule(cast, now)
    services.incentives_tell(actor=cast.system, now=now)
    assert incentivepages.badges([version], now)[version.pk][1] == "amber"

    about = Notice.objects.about("ledger.incentiveversion", version.pk)
    for number, day in (
        (1, 2),
        (2, 30),
        (3, 300),
    ):  # between announcement and first day, and once it is in force
        joined = Merchant(code=f"M-{number}", name=f"云帆{number}店")
        joined.save()
        for _twice in range(2):
            services.incentives_tell(actor=cast.system, now=now + timedelta(days=day))
        assert about.filter(merchant_id=joined.pk).count() == 1
    assert about.count() == 3
    assert incentivepages.badges([version], now)[version.pk][1] == "blue"
    rule_retire(row=version, actor=cast.operations, now=now + timedelta(days=301))
    Merchant(code="M-4", name="云帆4店").save()
    services.incentives_tell(actor=cast.system, now=now + timedelta(days=302))
    assert about.count() == 3


def test_one_version_that_cannot_be_told_does_not_keep_the_others_from_theirs(
    cast: Any, now: Any, monkeypatch: Any
) -> None:
    Merchant(code="M-1", name="云帆店").save()
    versions = []
    for code in ("broken", "sound"):
        rule = services.incentive_create(
            code=code, name_zh=f"规则{code}", name_en=code, party="merchant", consequence="penalty",
            actor=cast.operations, now=now,
        )  # fmt: skip
        terms = {"trigger": "obligation_broken", "unit": "CNY", "amount": Decimal(10), "cap": Decimal(100)}
        draft = services.incentive_draft(rule=rule, actor=cast.operations, now=now, **terms)
        versions.append(services.incentive_activate(draft=draft, actor=cast.supervisor, now=now))
    said = announcing._values

    def values(version: Any) -> dict[str, Any]:
        if version.pk == versions[0].pk:
            raise ValueError("a template lacks a word")
        return said(version)

    monkeypatch.setattr(announcing, "_values", values)
    services.incentives_tell(actor=cast.system, now=now)
    told = {one.pk: Notice.objects.about("ledger.incentiveversion", one.pk).count() for one in versions}
    assert told == {versions[0].pk: 0, versions[1].pk: 1}
    monkeypatch.undo()
    services.incentives_tell(actor=cast.system, now=now)
    assert Notice.objects.about("ledger.incentiveversion", versions[0].pk).count() == 1
