"""Exams, tiers, limits, what duties ask for and numbers leave and come in as sheets: as drafts only."""

import csv
import io
from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils.translation import override

from accounts.models import User
from accounts.states import Role
from aftersales.core import authority
from aftersales.core.authority import Claim
from aftersales.core.errors import DomainError, NotPermitted
from aftersales.core.models import Event
from aftersales.core.sheets import errorfile, explaining, resource, services
from tests.core.sheets import steps
from tests.training.school import a_course
from tests.training.test_draft_sheets import load, one, seen, taken_out
from tests.training.test_exams import a_bank, an_exam, sit
from training import courseselectors, examrules
from training import services as rules
from training.models import ExamVersion, Limit, Number, Requirement, Tier, TierVersion
from training.services import drafting, exams

pytestmark = pytest.mark.django_db
LATER = timedelta(hours=1)
SHEETS: dict[str, Any] = {
    "exams": ExamVersion, "tiers": TierVersion, "authority_limits": Limit, "duty_requirements": Requirement,
    "training_numbers": Number,
}  # fmt: skip
EXAM = {
    "code": "returns", "name_zh": "退货考试", "name_en": "Returns", "blueprint": "refunds | single | 1-3 | 1 | 2",
    "minutes": "60", "pass_percent": "80", "partial": "subset", "tries": "", "wait_hours": "24", "appeal_days": "7",
    "change_reason": "新考试",
}  # fmt: skip
TIER = {
    "code": "weekend", "name_zh": "周末", "name_en": "Weekend", "rank": "250", "valid_months": "12", "warn_days": "30",
    "hours": "8", "courses": "", "exams": "", "rubrics": "", "satisfaction": "", "inspection": "", "sample": "10",
    "duties": "", "latest_end": "", "change_reason": "旺季",
}  # fmt: skip
LIMIT = {
    "code": "expert-refund-usd", "tier": "expert", "kind": "refund", "currency": "USD", "severities": "",
    "per_decision": "100", "per_day": "1000", "per_customer": "", "customer_days": "30", "change_reason": "海外",
}  # fmt: skip
DUTY = {"duty": "returns", "number": "1", "tier": "expert", "change_reason": "更严"}
NUMBER = {"code": "code_minutes", "number": "1", "value": "7", "change_reason": "更快"}
ROWS = {
    "exams": EXAM, "tiers": TIER, "authority_limits": LIMIT, "duty_requirements": DUTY, "training_numbers": NUMBER,
}  # fmt: skip


def changed(sheet: str, content: bytes, cells: dict[str, str], **where: str) -> bytes:
    """The sheet with some cells of the rows ``where`` written over, as a trainer does it."""
    rows = list(csv.DictReader(io.StringIO(content.decode("utf-8-sig"))))
    labels = {
        column.name: label for column in resource.find(sheet).columns() for label in column.labels() if label in rows[0]
    }  # fmt: skip
    hit = 0
    for row in rows:
        if all(row[labels[name]] == text for name, text in where.items()):
            row.update({labels[name]: text for name, text in cells.items()})
            hit += 1
    assert hit == 1
    return steps.rows_as_csv(list(rows[0]), *(list(row.values()) for row in rows))


def told(cast, now, sheet: str, cells: dict[str, str | None]) -> list[Any]:
    """What the preview says of one row, in English; applying it drafts nothing."""
    row = {name: value for name, value in (ROWS[sheet] | cells).items() if value is not None}
    upload = steps.check(sheet, steps.rows_as_csv(list(row), list(row.values())), actor=cast.trainer, now=now)
    with override("en"):
        (shown,), _more = explaining.page(services.plan_of(upload, now=now), upload, "refused")
    before = SHEETS[sheet].objects.count()
    steps.apply(upload, now=now)
    assert SHEETS[sheet].objects.count() == before
    return shown.problems


# --------------------------------------------------------------------------------------------- out and in again
@pytest.mark.parametrize("fmt", ["csv", "xlsx"])
def test_every_version_that_is_taken_out_comes_in_unchanged(cast, now, fmt) -> None:
    exam = an_exam(cast, now)
    exams.exam_draft(exam=exam, tries=None, blueprint="refunds | * | 2-4 | 1 | 2.5\r\n* ｜ short | * | 1 | 5",
                     actor=cast.trainer, now=now, reason="=1+1")  # fmt: skip
    a_course(cast, now)
    draft = rules.tier_draft(
        tier=Tier.objects.get(code="in_post"), courses=["basics"], exams=["basic"], inspection=Decimal("88.5"),
        duties=["returns", "orders"], latest_end=now + LATER, counts_as_senior=True, actor=cast.operations, now=now,
    )  # fmt: skip
    rules.rule_activate(draft=draft, actor=cast.supervisor, now=now)
    rules.limit_draft(
        code="senior-refund-cny", severities=["major", "minor"], per_day=None, four_eyes_above=Decimal(0),
        actor=cast.trainer, now=now,
    )  # fmt: skip
    for sheet, model in SHEETS.items():
        found = seen(cast, now, taken_out(cast, now, sheet, model, fmt), sheet, name=f"rows.{fmt}")
        assert {verdict for verdict, _why in found.values()} == {"s"}, (sheet, found)
        assert len(found) == model.objects.count() > 1
    with override("en"):
        assert {
            v for v, _why in seen(cast, now, taken_out(cast, now, "tiers", TierVersion), "tiers").values()
        } == {"s"}


def test_a_changed_line_of_a_blueprint_is_a_draft_until_a_second_person_brings_it_into_force(
    cast, now
) -> None:
    exam = an_exam(cast, now)
    sheet = changed(
        "exams", taken_out(cast, now, "exams", ExamVersion),
        {"blueprint": "refunds | single | * | 1 | 2\nrefunds | multiple | * | 1 | 8", "change_reason": "多选加分"},
        code="basic",
    )  # fmt: skip
    for verdict in ("new", "same"):
        upload = steps.load("exams", sheet, actor=cast.trainer, now=now)
        assert (upload.count(verdict), upload.count("refused")) == (1, 0)
    old, new = ExamVersion.objects.filter(exam=exam).order_by("number")
    assert (old.state, new.state, new.number, new.drafted_by, new.tries) == (
        "active",
        "draft",
        2,
        cast.trainer,
        2,
    )
    assert (new.change_reason, new.source_ref) == ("多选加分", old.source_ref)
    assert sit(exam, cast.agent, now).max_score == 8
    with pytest.raises(DomainError):
        rules.rule_activate(draft=new, actor=cast.trainer, now=now)
    rules.rule_activate(draft=new, actor=cast.operations, now=now)
    assert sit(exam, cast.lead, now).max_score == 10


def test_whoever_sits_an_exam_reads_its_blueprint_on_the_page_and_so_in_the_sheet(
    cast, now, monkeypatch
) -> None:
    monkeypatch.setattr("django.utils.timezone.now", lambda: now)
    sit(an_exam(cast, now), cast.supervisor, now)
    browser = cast.client(cast.supervisor)
    page = browser.get(reverse("training:rule", args=["exam", "basic"])).content.decode()
    sheet = b"".join(browser.get(reverse("sheets:export", args=["exams", "csv"]))).decode()
    assert all("refunds | single | * | 1 | 2" in text for text in (page, sheet))


def test_a_tier_opened_by_a_sheet_with_a_limit_and_a_duty_decides_once_others_activate(cast, now) -> None:
    a_course(cast, now)
    assert one(cast, now, "tiers", TIER | {"courses": "basics;basics", "handled": ""}).count("new") == 1
    tier = TierVersion.objects.select_related("tier").get(tier__code="weekend")
    assert (tier.state, tier.number, tier.hours, tier.courses, tier.handled, tier.tier.name_zh) == (
        "draft", 1, 8, ["basics"], 0, "周末",
    )  # fmt: skip
    assert (tier.figure_days, tier.no_suspension, tier.satisfaction, tier.source_ref) == (
        90,
        False,
        None,
        "R1.3",
    )
    limit = LIMIT | {"code": "weekend-goodwill", "tier": "weekend", "kind": "goodwill", "currency": "CNY"}
    for verdict in ("new", "same"):
        assert one(cast, now, "authority_limits", limit).count(verdict) == 1
    # Its next version, by a file with some columns: what it lacks stays; tier, kind and currency need no word.
    row = Limit.objects.get(code="weekend-goodwill")
    assert (row.tier, row.kind, row.currency, row.per_day, row.per_customer) == (
        tier.tier, "goodwill", "CNY", 1000, None,
    )  # fmt: skip
    for draft in (tier, row):
        with pytest.raises(DomainError):
            rules.rule_activate(draft=draft, actor=cast.trainer, now=now)
        rules.rule_activate(draft=draft, actor=cast.operations, now=now)
    part = {
        "code": "weekend-goodwill",
        "number": "1",
        "tier": "",
        "per_decision": "500",
        "change_reason": "再多",
    }
    assert one(cast, now, "authority_limits", part).count("new") == 1
    newer = Limit.objects.get(code="weekend-goodwill", state="draft")
    assert (newer.number, newer.per_decision, newer.per_day, newer.tier, newer.kind) == (
        2, 500, 1000, tier.tier, "goodwill",
    )  # fmt: skip
    with pytest.raises(DomainError) as missing:
        cast.certify(cast.agent, "weekend")
    assert missing.value.code == "missing"
    easier = TIER | {"number": "1", "hours": "", "courses": ""}
    assert one(cast, now, "tiers", easier).count("new") == 1
    rules.rule_activate(
        draft=TierVersion.objects.get(tier=tier.tier, state="draft"), actor=cast.operations, now=now
    )
    claims = {1: [Claim("goodwill", Decimal(300), "CNY")]}
    cast.certify(cast.agent, "weekend")
    assert not authority.weigh(actor=cast.agent, claims=claims, now=now)[1].allowed
    rules.rule_activate(draft=newer, actor=cast.operations, now=now)
    assert authority.weigh(actor=cast.agent, claims=claims, now=now)[1].allowed


def test_what_a_returned_draft_said_does_not_come_back_by_a_file_with_some_columns(cast, now) -> None:
    stood = Limit.objects.get(code="senior-refund-cny")
    returned = rules.limit_draft(
        code=stood.code, per_day=None, per_customer=stood.per_decision, severities=["major"], actor=cast.trainer,
        now=now, reason="放开",
    )  # fmt: skip
    rules.rule_reject(draft=returned, actor=cast.supervisor, now=now, reason="不放开")
    # The preview judges by what stands: above the returned sum for a customer, below the one that stands.
    more = stood.per_decision + 1
    part = {"code": stood.code, "number": "1", "per_decision": str(more), "change_reason": "再多"}
    assert one(cast, now, "authority_limits", part).count("new") == 1
    new = Limit.objects.get(code=stood.code, state="draft")
    assert (new.number, new.per_decision, new.per_day, new.per_customer, new.severities) == (
        3, more, stood.per_day, stood.per_customer, stood.severities,
    )  # fmt: skip


def test_what_a_duty_asks_for_corrects_the_waiting_draft_and_nothing_is_in_force(cast, now) -> None:
    waiting = Requirement.objects.get(duty="returns")
    sheet = changed(
        "duty_requirements", taken_out(cast, now, "duty_requirements", Requirement),
        {"tier": "expert", "change_reason": "更严"}, duty="returns",
    )  # fmt: skip
    events = Event.objects.filter(kind="training_rule.changed").count()
    for verdict in ("new", "same"):
        assert steps.load("duty_requirements", sheet, actor=cast.trainer, now=now).count(verdict) >= 1
    waiting.refresh_from_db()
    assert (waiting.state, waiting.number, waiting.tier.code, waiting.drafted_by) == (
        "draft", 1, "expert", cast.trainer,
    )  # fmt: skip
    assert Event.objects.filter(kind="training_rule.changed").count() == events + 1
    assert not Requirement.objects.in_force(now).exists()


def test_a_number_changed_by_a_sheet_holds_once_a_second_person_brings_it_into_force(cast, now) -> None:
    sheet = changed(
        "training_numbers", taken_out(cast, now, "training_numbers", Number),
        {"value": "7.5", "change_reason": "更久"}, code="code_minutes",
    )  # fmt: skip
    for verdict in ("new", "same"):
        upload = steps.load("training_numbers", sheet, actor=cast.trainer, now=now)
        assert (upload.count(verdict) >= 1, upload.count("refused")) == (True, 0)
    old, new = Number.objects.filter(code="code_minutes").order_by("number")
    assert (old.state, old.value, courseselectors.number("code_minutes", now)) == ("active", 5, 5)
    assert (new.state, new.value, new.name_zh, new.source_ref) == (
        "draft", Decimal("7.5"), old.name_zh, old.source_ref,
    )  # fmt: skip
    with pytest.raises(DomainError):
        rules.rule_activate(draft=new, actor=cast.trainer, now=now)
    rules.rule_activate(draft=new, actor=cast.operations, now=now)
    assert courseselectors.number("code_minutes", now) == Decimal("7.5")
    with pytest.raises(DomainError) as unknown:
        drafting.numbers_take([NUMBER | {"code": "coffee_minutes", "value": Decimal(1)}], cast.trainer, now)
    assert (unknown.value.code, Number.objects.filter(code="coffee_minutes").exists()) == (
        "unknown_number",
        False,
    )


def test_a_limit_that_a_colleague_drafted_after_the_preview_is_a_conflict(cast, now) -> None:
    row = {"code": "senior-refund-cny", "number": "1", "per_decision": "900", "change_reason": "改"}
    content = steps.rows_as_csv(list(row), list(row.values()))
    upload = steps.check("authority_limits", content, actor=cast.trainer, now=now)
    rules.limit_draft(
        code="senior-refund-cny", per_decision=Decimal(800), actor=cast.supervisor, now=now, reason="x"
    )
    assert steps.apply(upload, now=now + LATER).count("conflict") == 1
    assert seen(cast, now, content, "authority_limits")[2] == ("r", "number:rule_changed_since;")
    assert Limit.objects.get(code="senior-refund-cny", state="draft").per_decision == 800


# ------------------------------------------------------------------------------------------------- broken rows
@pytest.mark.parametrize(
    ("sheet", "cells", "column", "words"),
    [
        ("exams", {"blueprint": "refunds | single | 1-3 | 1 | 2\n退款 | 单选 | 1 | 1 | 2"}, "blueprint", "Line 2"),
        ("exams", {"blueprint": "refunds | single | 3-1 | 1 | 2"}, "blueprint", "topic | kind | difficulty"),
        ("exams", {"blueprint": "* | * | * | 200 | 100"}, "blueprint", "at most 9999.99 points"),
        (
            "exams",
            {"blueprint": "refunds | single | 1 | 1 | 2\n退鞋 | * | * | 1 | 2\n赔付｜*｜*｜1｜2"},
            "blueprint",
            "退鞋, 赔付",
        ),
        ("exams", {"blueprint": ""}, "blueprint", "must be filled"),
        ("exams", {"minutes": "601"}, "minutes", "between 1 and 600"),
        ("exams", {"pass_percent": "0"}, "passed from", "between 1 and 100"),
        ("exams", {"partial": "half"}, "partial credit", "not known"),
        ("exams", {"tries": "0"}, "tries", "between 1 and 99"),
        ("exams", {"wait_hours": ""}, "hours between two tries", "must be filled"),
        ("exams", {"appeal_days": "91"}, "days to appeal", "between 0 and 90"),
        ("exams", {"name_en": ""}, "English name", "must be filled"),
        ("exams", {"change_reason": ""}, "Reason", "Say why"),
        ("exams", {"state": "active"}, "state", "only drafts"),
        ("tiers", {"rank": "1001"}, "rank", "between 0 and 1000"),
        ("tiers", {"valid_months": "0"}, "valid for", "between 1 and 120"),
        ("tiers", {"hours": "10000"}, "hours of training", "9,999.99"),
        ("tiers", {"courses": "basics;nothing"}, "courses in date", "not known: nothing"),
        ("tiers", {"exams": "nowhere"}, "exams passed", "not known: nowhere"),
        ("tiers", {"rubrics": "none"}, "practical assessments passed", "not known: none"),
        ("tiers", {"satisfaction": "5.01"}, "satisfaction", "between 0 and 5"),
        ("tiers", {"inspection": "100.5"}, "inspection score", "between 0 and 100"),
        ("tiers", {"sample": ""}, "marks that a mean needs", "must be filled"),
        ("tiers", {"duties": "nothing"}, "only for these duties", "not known"),
        ("tiers", {"latest_end": "2027-01-01 00:00"}, "only for these duties", "temporary tier names the duties"),
        ("tiers", {"latest_end": "2027-01-01 00:00", "duties": None}, "code", "temporary tier names the duties"),
        ("authority_limits", {"tier": "nobody"}, "tier", "No such row is known"),
        ("authority_limits", {"tier": None}, "code", "must be filled"),
        ("authority_limits", {"kind": "gift"}, "kind of decision", "not known"),
        ("authority_limits", {"currency": "yuan"}, "currency", "longer than 3"),
        ("authority_limits", {"currency": "usd"}, "currency", "three capital letters"),
        ("authority_limits", {"currency": "CNY"}, "code", "already, under another code"),
        ("authority_limits", {"per_decision": "-1"}, "per decision", "negative"),
        ("authority_limits", {"per_day": "99"}, "per day", "less than one decision"),
        ("authority_limits", {"per_customer": "99.99"}, "per customer", "less than one decision"),
        ("authority_limits", {"customer_days": ""}, "days that count per customer", "must be filled"),
        (
            "authority_limits",
            {"code": "senior-refund-cny", "number": "1", "tier": "expert", "currency": "CNY"},
            "tier",
            "does not change by a sheet",
        ),
        ("duty_requirements", {"duty": "dancing"}, "duty", "not known"),
        ("duty_requirements", {"tier": "nobody"}, "tier", "No such row is known"),
        ("duty_requirements", {"number": ""}, "duty", "stands already"),
        ("duty_requirements", {"number": "3"}, "version", "no version of this number"),
        ("duty_requirements", {"change_reason": None}, "duty", "Say why"),
        ("training_numbers", {"code": "coffee_minutes"}, "code", "no number of this code"),
        ("training_numbers", {"value": ""}, "value", "must be filled"),
        ("training_numbers", {"value": "-1"}, "value", "negative"),
        ("training_numbers", {"value": "10000000"}, "value", "9,999,999.99"),
        ("training_numbers", {"number": "2"}, "version", "no version of this number"),
        ("training_numbers", {"name_en": "Minutes"}, "English name", "does not change by a sheet"),
        ("training_numbers", {"change_reason": ""}, "Reason", "Say why"),
        ("training_numbers", {"state": "retired"}, "state", "only drafts"),
    ],
)  # fmt: skip
def test_the_preview_says_of_a_row_what_is_wrong_where_and_what_to_do(
    cast, now, sheet, cells, column, words
) -> None:
    if sheet == "exams":
        a_bank(cast, now)
    if cells.get("courses"):
        a_course(cast, now)
    (problem,) = told(cast, now, sheet, cells)
    assert problem.column == column
    assert words in problem.reason
    assert problem.remedy or problem.code == "required"


@pytest.mark.parametrize(("sheet", "column"), [("tiers", "courses"), ("exams", "blueprint")])
def test_many_refused_cells_are_told_with_as_many_statements_as_one(cast, now, sheet, column) -> None:
    a_course(cast, now), a_bank(cast, now)
    wrong = {"courses": "basics;no{n}", "blueprint": "no{n} | * | * | 1 | 1"}[column]
    rows = [list((ROWS[sheet] | {"code": f"c{n}", column: wrong.format(n=n)}).values()) for n in range(5)]
    head = list(ROWS[sheet])
    counts = []
    for some in (rows[:1], rows):
        upload = steps.check(sheet, steps.rows_as_csv(head, *some), actor=cast.trainer, now=now)
        plan = services.plan_of(upload, now=now)
        with CaptureQueriesContext(connection) as asked:
            told = list(errorfile.lines(plan, upload))[1:]
        assert [f"no{n}" in line[-2] for n, line in enumerate(told)] == [True] * len(some)
        counts.append(len(asked))
    assert counts[0] == counts[1]


def test_a_day_that_a_file_does_not_tell_still_bounds_the_decision(cast, now) -> None:
    part = {"code": "senior-refund-cny", "number": "1", "per_decision": "99999", "change_reason": "大促"}
    content = steps.rows_as_csv(list(part), list(part.values()))
    problems = seen(cast, now, content, "authority_limits")[2][1]
    assert problems == "code:rule_per_day_order;code:rule_per_customer_order;"


def test_two_rows_of_a_file_give_no_tier_two_limits_of_one_kind(cast, now) -> None:
    rows = [LIMIT, LIMIT | {"code": "other"}, LIMIT | {"code": "third", "kind": "goodwill"}]
    content = steps.rows_as_csv(list(LIMIT), *(list(row.values()) for row in rows))
    found = seen(cast, now, content, "authority_limits")
    assert [found[number][0] for number in sorted(found)] == ["n", "r", "n"]
    assert "twin_here" in found[3][1]


def test_no_severity_gets_two_limits_of_one_kind_by_a_file_or_by_the_page(cast, now) -> None:
    rows = [
        LIMIT,
        LIMIT | {"code": "major", "severities": "major"},
        LIMIT | {"code": "eur", "currency": "EUR"},
    ]
    content = steps.rows_as_csv(list(LIMIT), *(list(row.values()) for row in rows))
    found = seen(cast, now, content, "authority_limits")
    assert [found[number][0] for number in sorted(found)] == ["n", "r", "n"], found
    assert "twin_here" in found[3][1]

    apart = [LIMIT | {"code": code, "severities": code} for code in ("major", "minor")]
    content = steps.rows_as_csv(list(LIMIT), *(list(row.values()) for row in apart))
    upload = steps.check("authority_limits", content, actor=cast.trainer, now=now)
    assert steps.apply(upload, now=now).count("new") == 2
    for draft in Limit.objects.filter(code__in=["major", "minor"]):
        rules.rule_activate(draft=draft, actor=cast.operations, now=now)

    # Widened until they meet: on the page, by a file, and by a file that takes their tier, kind and currency as known.
    for severities in (["minor", "major"], []):
        with pytest.raises(DomainError) as refused:
            rules.limit_draft(code="minor", severities=severities, actor=cast.trainer, now=now)
        assert refused.value.code == "twin"
        part = {"code": "minor", "number": "1", "severities": ";".join(severities), "change_reason": "更宽"}
        content = steps.rows_as_csv(list(part), list(part.values()))
        assert seen(cast, now, content, "authority_limits")[2] == ("r", "code:rule_twin;")
    part = [["minor", "1", "minor;critical", "更宽"], ["major", "1", "critical;major", "更宽"]]
    content = steps.rows_as_csv(["code", "number", "severities", "change_reason"], *part)
    found = seen(cast, now, content, "authority_limits")
    assert [found[number] for number in sorted(found)] == [("n", ""), ("r", "code:rule_twin_here;")]


def test_a_limit_that_a_colleague_widened_after_the_preview_gets_no_twin(cast, now) -> None:
    content = steps.rows_as_csv(list(LIMIT), list((LIMIT | {"severities": "major"}).values()))
    upload = steps.check("authority_limits", content, actor=cast.trainer, now=now)
    one(cast, now, "authority_limits", LIMIT | {"code": "theirs"}, actor=cast.operations)
    assert steps.apply(upload, now=now).count("conflict") == 1
    assert not Limit.objects.filter(code=LIMIT["code"]).exists()


LINES = [
    "a | single | 1 | 1 | 1",
    "a|single|1|1|1",
    "a ｜ single ｜ 1 ｜ 1 ｜ 1",
    "　a　| * | * | ２ | １.5",
    "a | * | 1-3 | 200 | 100",
    "a | * | 1 - 3 | 5 | 2.50",
    "a | * | 5- | 5 | .5",
    "a | * | * | 5 | 5.",
    "a | * | *-9 | 5 | 1.10",
    "\ta | order | 2-2 | 007 | 1",
    "a b | truth | 1-5 | 1 | 0.01",
    "\n\na | short | 3 | 1 | 2\r\n\r\n  \r\nb | * | * | 1 | 1\n",
    "a | * | * | 1 | 1\u2028b | * | * | 1 | 1",
    "",
    "  ",
    "|",
    "a",
    "a | single | 1 | 1",
    "a | single | 1 | 1 | 1 | 1",
    " | single | 1 | 1 | 1",
    "　| * | 1 | 1 | 1",
    "a | Single | 1 | 1 | 1",
    "a | | 1 | 1 | 1",
    "a | * | 0 | 1 | 1",
    "a | * | 6 | 1 | 1",
    "a | * | 3-2 | 1 | 1",
    "a | * | -3 | 1 | 1",
    "a | * | 1-6 | 1 | 1",
    "a | * | | 1 | 1",
    "a | * | 1 | 0 | 1",
    "a | * | 1 | 201 | 1",
    "a | * | 1 | 1.5 | 1",
    "a | * | 1 | -1 | 1",
    "a | * | 1 | 1 | 0",
    "a | * | 1 | 1 | -1",
    "a | * | 1 | 1 | 100.01",
    "a | * | 1 | 1 | 1.005",
    "a | * | 1 | 1 | x",
    "a | * | 1 | 1 | 1,5",
    "a | * | 1 | 1 | NaN",
    "a | * | 1 | 100 | 100",
    "a | * | 1 | 99 | 100\nb | * | * | 1 | 100",
    "a | * | 1 | 1 | 1\nb",
    "a | * | 1--3 | 1 | 1",
    "a | * | 12 | 1 | 1",
    "{a} | * | 1 | 1 | 1",
    "a' | * | 1 | 1 | 1",
    "a | single* | 1 | 1 | 1",
    "a | * | 1 | 1 | .",
]


def test_sheet_and_page_read_the_same_blueprints(cast, now) -> None:
    def readable(text: str) -> bool:
        try:
            return bool(examrules.parse(text))
        except DomainError:
            return False

    rows = [list((EXAM | {"code": f"e{n}", "blueprint": text}).values()) for n, text in enumerate(LINES)]
    found = seen(cast, now, steps.rows_as_csv(list(EXAM), *rows), "exams")
    said = [
        "blueprint:rule_blueprint" not in why and "required" not in why
        for _verdict, why in [found[number] for number in sorted(found)]
    ]
    wrong = [line for line, ours in zip(LINES, said, strict=True) if ours != readable(line.strip())]
    assert not wrong


# ---------------------------------------------------------------------------------------------- rights and ways
def test_who_may_not_draft_brings_nothing_in(cast, now) -> None:
    for sheet, row in ROWS.items():
        for person in (cast.agent, cast.lead, cast.person(Role.AUDITOR)):
            with pytest.raises(NotPermitted):
                load(cast, now, [list(row.values())], head=list(row), sheet=sheet, actor=person)
        assert cast.client(cast.lead).get(reverse("sheets:export", args=[sheet, "csv"])).status_code == 403


@pytest.mark.parametrize(
    ("page", "sheet"),
    [
        ("exams", "exams"),
        ("limits", "tiers"),
        ("limits", "authority_limits"),
        ("limits", "duty_requirements"),
        ("numbers", "training_numbers"),
    ],
)
def test_the_pages_lead_to_their_sheets_and_the_example_comes_in_as_it_is(cast, now, page, sheet) -> None:
    ways = [reverse("sheets:choose", args=[sheet]), reverse("sheets:export", args=[sheet, "xlsx"])]
    html = cast.client(cast.trainer).get(reverse(f"training:{page}")).content.decode()
    assert all(way in html for way in ways)
    html = cast.client(cast.agent).get(reverse(f"training:{page}")).content.decode()
    assert not any(way in html for way in ways)
    example = cast.client(cast.trainer).get(reverse("sheets:template", args=[sheet, "xlsx"])).content
    found = seen(cast, now, example, sheet, name="template.xlsx")
    assert {verdict for verdict, _why in found.values()} == {"n"}, found


# ------------------------------------------------------------------------------------------------- the preview
def test_the_preview_says_what_a_draft_changes_and_the_result_where_it_waits(cast, now) -> None:
    senior = TierVersion.objects.filter(tier__code="senior").order_by("-number").first()
    cells = {"handled": str(senior.handled + 50), "change_reason": "旺季要求更高"}
    sheet = changed(
        "tiers", taken_out(cast, now, "tiers", TierVersion), cells, code="senior", number=str(senior.number)
    )
    upload = steps.check("tiers", sheet, actor=cast.trainer, now=now)
    plan = services.plan_of(upload, now=now)
    (row,), _more = explaining.page(plan, upload, "new")
    assert row.version == str(senior.number)
    said = {(one.old, one.new) for one in row.differences}
    assert said == {
        (str(senior.handled), str(senior.handled + 50)), (senior.change_reason, "旺季要求更高"),
    }  # fmt: skip
    User.objects.filter(pk=cast.trainer.pk).update(language="en")
    browser = cast.client(User.objects.get(pk=cast.trainer.pk))
    page = browser.get(reverse("sheets:upload", args=[upload.public_id])).content.decode()
    assert f"Draft after version {senior.number}:" in page
    steps.apply(upload, now=now)
    page = browser.get(reverse("sheets:upload", args=[upload.public_id])).content.decode()
    assert reverse("training:limits") in page


def test_the_error_file_speaks_the_readers_language(cast, now) -> None:
    row = TIER | {"courses": "nowhere"}
    upload = steps.check(
        "tiers", steps.rows_as_csv(list(row), list(row.values())), actor=cast.trainer, now=now
    )
    User.objects.filter(pk=cast.trainer.pk).update(language="en")
    browser = cast.client(User.objects.get(pk=cast.trainer.pk))
    answer = browser.get(reverse("sheets:errors", args=[upload.public_id]))
    told = b"".join(answer.streaming_content).decode()  # sent when the request is over
    assert "#reason" in told
    assert "These codes are not known: nowhere." in told
