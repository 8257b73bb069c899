"""Drafts of rules run over tickets that are over: what would have been due when, how graded, where sent."""

import csv
import io
import json
from collections.abc import Callable
from datetime import date, datetime, timedelta
from typing import Any

import pytest
import time_machine
from django.apps import apps
from django.db import DatabaseError, connection, transaction
from django.db.models import F
from django.test.utils import CaptureQueriesContext

from accounts.states import Role
from aftersales.core import jobs
from aftersales.core.errors import DomainError
from aftersales.core.models import Delivery, Event
from aftersales.core.readonly import looking_only
from aftersales.notices.models import Notice
from aftersales.scorecards import services
from aftersales.scorecards.models import ShadowDiff, ShadowPart, ShadowRun
from aftersales.scorecards.services import Tried
from aftersales.scorecards.shadow import drafts, tickets
from aftersales.scorecards.shadow.worlds import world_of
from aftersales.standards import services as standards
from aftersales.standards.models import Parameter, ServiceStandard
from aftersales.standards.promoting import services as promoting
from aftersales.tickets import services as desk_services
from aftersales.tickets.models import GradingRule, Ticket

pytestmark = pytest.mark.django_db
MINUTE, HOUR = timedelta(minutes=1), timedelta(hours=1)
MONDAY = date(2026, 11, 23)
ANSWERED = {"quick": 20, "fair": 40, "slow": 90}


@pytest.fixture
def later(now: datetime) -> datetime:
    return now + timedelta(days=3)


@pytest.fixture
def five(desk: Any, open_ticket: Any, now: datetime) -> dict[str, Any]:
    """Three major tickets, answered after 20, 40 and 90 minutes (promised: one hour), and two ordinary ones."""
    found = {name: open_ticket(severity="major", subject=f"重大 {name}") for name in ANSWERED}
    found |= {name: open_ticket(subject=f"普通 {name}") for name in ("plain", "open")}
    for name, minutes in (ANSWERED | {"plain": 30}).items():
        desk_services.ticket_reply(
            ticket=found[name], text="您好，已为您登记。", actor=desk.agent, now=now + minutes * MINUTE
        )
    return found


@pytest.fixture
def stricter(desk: Any, now: datetime) -> Any:
    """Half an hour instead of one for the first answer to a major problem."""
    row = ServiceStandard.objects.get(code="first_response_major")
    return standards.standard_draft(
        standard=row, actor=desk.operations, now=now, limit_value=30, limit_unit="minutes", reason="提速"
    )


@pytest.fixture
def asked(desk: Any, later: datetime) -> Callable[..., ShadowRun]:
    def ask(at: datetime = later, **tried: Any) -> ShadowRun:
        return services.shadow_ask(
            since=MONDAY, until=MONDAY, tried=Tried(**tried), actor=desk.operations, now=at
        )

    return ask


def whole(run: ShadowRun) -> dict[str, dict[str, int]]:
    return dict(ShadowPart.objects.get(run=run.pk, played="whole").counts)


def diffs(run: ShadowRun, topic: str) -> list[ShadowDiff]:
    return list(ShadowDiff.objects.filter(run=run.pk, topic=topic).order_by("subject_id", "key"))


def everything() -> dict[str, str]:
    """Every row of every table, but those of trials and their jobs."""
    found = {}
    with connection.cursor() as cursor:
        for model in apps.get_models(include_auto_created=True):
            table = model._meta.db_table
            if model._meta.managed and not table.startswith("scorecards_shadow") and table != "core_job":
                cursor.execute(
                    f"SELECT md5(coalesce(string_agg(t::text, '|' ORDER BY t::text), '')) FROM {table} t"
                )
                found[table] = cursor.fetchone()[0]
    return found


def test_a_stricter_standard_changes_exactly_three_clocks_and_nobody_is_told(
    five, stricter, asked, later
) -> None:
    before = everything()
    run = asked(standards=[stricter.pk])
    assert jobs.run_due(later) == 1
    assert everything() == before, "not one row besides those of the trial, and no message"
    counts = whole(run)
    assert counts["tickets"]["n"] == 5
    assert counts["clocks"]["changed"] == 3
    assert counts["clocks"]["as_real"] == counts["clocks"]["n"], (
        "by the rules in force it comes out as it was"
    )
    first = counts["promise first_response"]
    assert (first["n"], first["late_base"], first["late_then"], first["newly_late"]) == (5, 2, 3, 1)
    found = {one.subject_id: one for one in diffs(run, "clocks")}
    assert set(found) == {five[name].pk for name in ANSWERED}
    fair = found[five["fair"].pk]
    assert (fair.was["late"], fair.was["real"]["late"], fair.then["late"]) == (False, False, True)
    earlier = datetime.fromisoformat(fair.was["due"]) - datetime.fromisoformat(fair.then["due"])
    assert earlier == 30 * MINUTE
    assert fair.then["rule"] == "first_response_major v2"
    assert not diffs(run, "grades")
    assert not diffs(run, "duties")


def test_in_the_days_of_a_promotion_a_draft_changes_nothing(
    desk: Any, open_ticket: Any, asked: Any, now: datetime, later: datetime
) -> None:
    """Two hours instead of one for a while: what was opened then keeps them in both worlds, what came after not."""
    row = promoting.promotion_draft(
        name_zh="双 11", name_en="Double 11", starts_at=now, ends_at=now + 3 * HOUR, reason="高峰",
        actor=desk.operations, now=now,
    )  # fmt: skip
    row = promoting.override_set(
        promotion=row, sort="standard", code="first_response_major", value=2, unit="hours", actor=desk.operations,
        now=now,
    )  # fmt: skip
    promoting.promotion_activate(promotion=row, actor=desk.supervisor, now=now)
    for subject, opened in (("活动中", now + HOUR), ("活动后", now + 4 * HOUR)):
        ticket = open_ticket(severity="major", subject=subject, at=opened)
        desk_services.ticket_reply(
            ticket=ticket, text="您好，已为您登记。", actor=desk.agent, now=opened + 45 * MINUTE
        )
    draft = standards.standard_draft(
        standard=ServiceStandard.objects.get(code="first_response_major"), actor=desk.operations, now=now,
        limit_value=30, limit_unit="minutes", reason="提速",
    )  # fmt: skip
    run = asked(standards=[draft.pk])
    assert jobs.run_due(later) == 1
    changed = diffs(run, "clocks")
    assert [Ticket.objects.get(pk=one.subject_id).subject for one in changed] == ["活动后"]


@pytest.fixture
def killed(five, stricter, asked, later, monkeypatch) -> ShadowRun:
    """A run of the stricter draft in chunks of two tickets, killed after the third chunk."""
    monkeypatch.setattr(tickets, "CHUNK", 2)

    def kill(done: int, total: int) -> None:
        if done == 3:
            raise KeyboardInterrupt

    run = asked(standards=[stricter.pk])
    with pytest.raises(KeyboardInterrupt):
        services.shadow_go(run=run, now=later, progress=kill)
    return run


def test_killed_in_the_middle_it_goes_on_to_the_same_rows(killed, stricter, asked, later) -> None:
    run = killed
    assert ShadowPart.objects.filter(run=run.pk).count() == 3
    assert services.shadow_go(run=run, now=later) == {"chunks": 3}
    other = asked(at=later + timedelta(days=1), standards=[stricter.pk])
    services.shadow_go(run=other, now=later)

    def rows(one: ShadowRun) -> list[Any]:
        told = ShadowDiff.objects.filter(run=one.pk).order_by("topic", "subject_id", "key")
        parts = ShadowPart.objects.filter(run=one.pk).order_by("played", "place")
        return [
            *told.values_list("topic", "group", "subject_id", "key", "was", "then"),
            *parts.values_list("played", "place", "last", "counts", "inputs"),
        ]

    assert run.pk != other.pk
    assert rows(run) == rows(other)


def test_more_tickets_take_no_more_statements(five, stricter, asked, open_ticket, later, now) -> None:
    def statements(at: datetime) -> int:
        run = asked(at=at, standards=[stricter.pk])
        with CaptureQueriesContext(connection) as found:
            services.shadow_go(run=run, now=at)
        return len(found)

    few = statements(later)
    for number in range(6):
        open_ticket(severity="major", subject=f"又一张 {number}")
    assert statements(later + timedelta(days=1)) <= few


def test_what_would_write_is_refused_by_the_database_itself(
    desk, five, stricter, asked, later, monkeypatch
) -> None:
    with pytest.raises(DatabaseError), looking_only():
        Notice.objects.update(subject="")
    events, deliveries = Event.objects.count(), Delivery.objects.count()

    def careless(*args: Any) -> Any:
        return desk_services.ticket_reply(ticket=five["open"], text="漏了", actor=desk.agent, now=later)

    monkeypatch.setattr(tickets, "played", careless)
    run = asked(standards=[stricter.pk])
    with pytest.raises(DatabaseError), transaction.atomic():
        services.shadow_go(run=run, now=later)
    assert (Event.objects.count(), Delivery.objects.count()) == (events, deliveries)


def test_a_grading_rule_that_is_only_written_down_regrades_and_its_clocks_follow(five, asked, later) -> None:
    rules = json.loads(drafts.book_text("grading"))
    rules.insert(0, {"code": "ordinary-is-major", "position": 0, "words": ["普通"], "set_severity": "major"})
    run = asked(books={"grading": json.dumps(rules), "routes": drafts.book_text("routes")})
    assert "routes" not in run.drafts, "a book that nobody changed is none to try"
    jobs.run_due(later)
    counts = whole(run)
    assert counts["severities"] == {"minor>major": 2}
    assert {one.subject_id for one in diffs(run, "grades")} == {five["plain"].pk, five["open"].pk}
    assert diffs(run, "grades")[0].then["by"].startswith("ordinary-is-major v0")
    emergency = counts["promise emergency_response"]
    assert (emergency["born"], emergency["late_then"] - emergency["late_base"]) == (2, 1), (
        "a major problem is owed an emergency response: one was answered, the other was not"
    )
    assert counts["promise plan"]["born"] == 2
    born = next(one for one in diffs(run, "clocks") if one.group == "plan")
    assert (born.was, born.then["rule"]) == ({"real": {}}, "plan_major v1")


def test_another_route_and_a_refused_text(five, asked, later) -> None:
    routes = [{"code": "all", "position": 1, "duty": "complaints"}]
    run = asked(books={"routes": json.dumps(routes)})
    jobs.run_due(later)
    assert whole(run)["duty"]["changed"] == 5
    assert {one.then["duty"] for one in diffs(run, "duties")} == {"complaints"}
    with pytest.raises(DomainError) as refused:
        asked(books={"grading": '[{"code": "x", "set_severity": "huge"}]'})
    assert refused.value.code == "no_rules"
    with pytest.raises(DomainError) as refused:
        asked()
    assert refused.value.code == "nothing_to_try"


def test_other_weights_give_tickets_to_other_people(desk, open_ticket, asked, later, now) -> None:
    colleague = desk.person(Role.AGENT)
    desk.join(desk.team, colleague)
    desk.shift(colleague)
    real = [
        open_ticket(at=now + number * MINUTE, subject=f"第 {number} 张").assignee_id for number in range(6)
    ]
    assert set(real) == {desk.agent.pk, colleague.pk}
    row = Parameter.objects.get(code="dispatch_weights")
    draft = standards.parameter_draft(
        parameter=row, actor=desk.operations, now=now, reason="试行", value=["known=100"]
    )
    run = asked(weights=draft.pk)
    jobs.run_due(later)
    expected: list[int] = []
    for number in range(
        6
    ):  # whoever knows the customer; among equals the lighter load, then who waited longest
        known = set(real[:number])
        equal = known if len(known) == 1 else {desk.agent.pk, colleague.pk}
        last = {pk: place for place, pk in enumerate(expected)}
        expected.append(min(equal, key=lambda pk: (expected.count(pk), last.get(pk, -1), pk)))
    found = {one.key.partition("#")[0]: one for one in diffs(run, "people")}
    moved = [number for number in range(6) if real[number] != expected[number]]
    assert whole(run)["people"]["changed"] == len(moved) > 0
    assert sorted((one.was["real"], one.then["person"]) for one in found.values()) == sorted(
        (real[number], expected[number]) for number in moved
    )


def test_operations_try_drafts_on_the_page_and_the_auditor_reads_what_came_out(
    desk, five, stricter, later, settings
) -> None:
    settings.REQUIRE_SECOND_FACTOR = False
    with time_machine.travel(later, tick=False):
        browser = desk.client("operations")
        page = text_of(browser.get("/rules/shadow/"))
        assert f'name="standard" value="{stricter.pk}"' in page
        asked = {"since": f"{MONDAY}", "until": f"{MONDAY}", "standard": f"{stricter.pk}"}
        refused = browser.post("/rules/shadow/ask/", asked | {"grading": "[{]"})
        assert refused.status_code == 422
        assert "[{]" in refused.content.decode(), "what was typed stays"
        address = browser.post("/rules/shadow/ask/", asked).url
        waits = text_of(browser.get(address))
        assert "<progress" in waits
        jobs.run_due(later)
        reader = desk.client("auditor")
        page = text_of(reader.get(address))
        assert "<b>3</b>" in page, "first answers that are late by the draft; they were two"
        for name, number in ((one, five[one].number) for one in five):
            assert (f"/desk/tickets/{number}/" in page) == (name in ANSWERED)
        sheet = list(csv.reader(io.StringIO(reader.get(f"{address}?format=csv").content.decode("utf-8-sig"))))
        assert len([row for row in sheet if five["fair"].number in row[2]]) >= 1
        few = [statements(reader, one) for one in ("/rules/shadow/", address)]
        for number in (1, 2, 3):
            services.shadow_go(run=another(desk, stricter, later - number * timedelta(days=1)), now=later)
        assert [statements(reader, one) for one in ("/rules/shadow/", address)] == few
        assert reader.get(f"{address}?topic=nothing&group=x&after=y").status_code == 200
        assert reader.post("/rules/shadow/ask/", asked).status_code == 404
        assert desk.client("agent").get(address).status_code == 404


def another(desk: Any, stricter: Any, at: datetime) -> ShadowRun:
    tried = Tried(standards=[stricter.pk])
    return services.shadow_ask(
        since=MONDAY - timedelta(days=9),
        until=MONDAY - timedelta(days=1),
        tried=tried,
        actor=desk.operations,
        now=at,
    )


def statements(browser: Any, address: str) -> int:
    browser.get(address)
    with CaptureQueriesContext(connection) as found:
        assert browser.get(address).status_code == 200
    return len(found)


def text_of(answer: Any) -> str:
    assert answer.status_code == 200
    return str(answer.content.decode())


def test_a_rule_that_comes_into_force_in_between_stops_the_run(desk, killed, stricter, asked, later) -> None:
    run = killed
    # A draft that is only written changes nothing of the rules in force
    draft = standards.standard_draft(
        standard=ServiceStandard.objects.get(code="solution_agreed"), actor=desk.operations, now=later, limit_value=40,
        reason="提速",
    )  # fmt: skip
    assert asked(standards=[stricter.pk]).pk == run.pk
    standards.rule_activate(draft=draft, actor=desk.supervisor, now=later)
    with pytest.raises(DomainError) as refused:
        services.shadow_go(run=run, now=later)
    assert refused.value.code == "rules_changed"
    assert ShadowPart.objects.filter(run=run.pk).count() == 3
    # Asked again it is another run, by the rules of now, from the first chunk
    again = asked(standards=[stricter.pk])
    assert again.pk != run.pk
    services.shadow_go(run=again, now=later)
    assert whole(again)["tickets"]["n"] == 5
    # And rules that are changed in place count as well
    before = world_of(later)
    GradingRule.objects.filter(is_active=True).update(version=F("version") + 1)
    assert world_of(later) != before
