"""Breaches that do not count: left out by a person or a declared disaster, honoured by every figure, taken back."""

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

import pytest
import time_machine
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from aftersales.clocks.models import BreachExclusion, Circumstance, Clock
from aftersales.clocks.services import (
    breach_count_again,
    breach_exclude,
    circumstance_draft,
    circumstances_sweep,
    sweep,
)
from aftersales.core.errors import DomainError
from aftersales.core.models import Event
from aftersales.ledger import raisers
from aftersales.merchants.models import Merchant
from aftersales.scorecards import obligations, selectors
from aftersales.scorecards.states import SubjectKind
from aftersales.standards import services as rule_book
from aftersales.tickets import services as tickets
from aftersales.tickets.models import Ticket
from tests.cast import Cast
from tests.records import merchant as a_merchant

pytestmark = pytest.mark.django_db
DAY, HOUR = timedelta(days=1), timedelta(hours=1)
Open = Callable[..., Any]


@pytest.fixture
def late(desk: Cast, open_ticket: Open, now: datetime) -> Callable[..., Clock]:
    """``late(merchant)``: the platform asked the merchant, who let his two days run out."""

    def run_out(shop: Merchant, at: datetime = now) -> Clock:
        ticket = open_ticket(at=at, merchant_id=shop.pk, subject=f"{shop.code} {at:%d%H}")
        tickets.ticket_tell_merchant(
            ticket=ticket, text="请说明。", channel="phone", actor=desk.agent, now=at + HOUR
        )
        clock: Clock = Clock.objects.get(subject_id=ticket.pk, promise="merchant_answer")
        sweep(now=clock.due_at + HOUR)
        clock.refresh_from_db()
        assert clock.breached_at is not None
        return clock

    return run_out


def refused(code: str, act: Callable[[], Any]) -> None:
    with pytest.raises(DomainError) as why:
        act()
    assert why.value.code == code


def broken(start: datetime, end: datetime) -> list[int]:
    """Whom an incentive rule would count a broken obligation of."""
    return [one.party_id for one in raisers.declared()["obligation_broken"].found(start, end)]


def test_a_breach_that_is_left_out_counts_nowhere_and_counts_again_when_taken_back(
    desk: Cast, late: Callable[..., Clock], counted: Callable[..., Any], now: datetime
) -> None:
    shop = a_merchant("M1", now)
    first, second = late(shop), late(shop, now + HOUR)
    end = now + 4 * DAY
    figure = counted(end, "merchant", shop.pk)["obligations_kept"]
    assert (figure.num, figure.den) == (0, 2)
    assert broken(now, end) == [shop.pk, shop.pk]

    out = breach_exclude(
        clock=first,
        cause="platform",
        reason="平台代商家答复",
        evidence="TK-1",
        actor=desk.supervisor,
        now=end,
    )
    again = breach_exclude(
        clock=first, cause="platform", reason="平台代商家答复", actor=desk.supervisor, now=end
    )
    assert out == again
    figure = counted(end + HOUR, "merchant", shop.pk)["obligations_kept"]
    assert (figure.num, figure.den) == (0, 1)
    assert broken(now, end) == [shop.pk]
    shown = {
        one.excluded: str(one.reason)
        for one in selectors.items(
            user=desk.auditor, code="answer_in_time", kind=SubjectKind.MERCHANT, subject=shop.pk,
            since=now.date(), until=end.date(),
        )
    }  # fmt: skip
    assert set(shown) == {"platform", ""}
    first.refresh_from_db()
    assert first.breached_at is not None, "the breach stays on record"
    told = Event.objects.get(kind="clock.excluded")
    assert (told.subject_id, told.actor_id, told.reason) == (
        first.subject_id,
        desk.supervisor.pk,
        "平台代商家答复",
    )
    owed = {one.clause.key: one for one in obligations.owed(shop, 30, end)}["answer_platform"]
    assert (owed.kept, owed.broken, owed.left_out) == (0, 1, 1)

    breach_count_again(exclusion=out, reason="商家当时可以答复", actor=desk.operations, now=end + DAY)
    figure = counted(end + DAY, "merchant", shop.pk)["obligations_kept"]
    assert (figure.num, figure.den) == (0, 2)
    refused(
        "gone", lambda: breach_count_again(exclusion=out, reason="再", actor=desk.operations, now=end + DAY)
    )
    assert second.exclusions.count() == 0


def test_who_looks_after_a_merchant_does_not_judge_his_breaches(
    desk: Cast, late: Callable[..., Clock], now: datetime
) -> None:
    boss = desk.person("supervisor", "merchant_manager", name="经理")
    mine, other = a_merchant("M1", now, manager=boss), a_merchant("M2", now)
    clock, later = late(mine), now + 4 * DAY
    by = {"cause": "customer", "reason": "客户未寄出", "now": later}
    refused("own_merchant", lambda: breach_exclude(clock=clock, actor=boss, **by))
    refused("not_permitted", lambda: breach_exclude(clock=clock, actor=desk.merchant_manager, **by))
    refused("reason", lambda: breach_exclude(clock=clock, actor=desk.supervisor, **(by | {"reason": " "})))
    team = Clock.objects.filter(subject_id=clock.subject_id, promise="first_response").get()
    refused("not_a_breach", lambda: breach_exclude(clock=team, actor=desk.supervisor, **by))
    breach_exclude(clock=late(other), actor=boss, **by)
    breach_exclude(clock=clock, actor=desk.adjudicator, **by)
    refused(
        "excluded_already",
        lambda: breach_exclude(clock=clock, actor=desk.supervisor, **(by | {"cause": "outage"})),
    )


def flood(desk: Cast, now: datetime, **terms: Any) -> Circumstance:
    """A flood in Henan from the first to the third day, in force."""
    facts: dict[str, Any] = {
        "code": "flood", "name_zh": "河南暴雨", "name_en": "Rain in Henan", "cause": "disaster", "begins_at": now,
        "ends_at": now + 2 * DAY, "provinces": ["河南"], "cities": [], "promises": [], "source_ref": "公告 12",
        "source_zh": "应急管理部公告", "source_en": "Announcement",
    }  # fmt: skip
    at = now + 4 * DAY
    draft = circumstance_draft(actor=desk.operations, now=at, **(facts | terms))
    done: Circumstance = rule_book.rule_activate(draft=draft, actor=desk.supervisor, now=at)
    return done


def test_a_disaster_leaves_out_the_breaches_of_its_region_and_time(
    desk: Cast, late: Callable[..., Clock], counted: Callable[..., Any], now: datetime
) -> None:
    struck = a_merchant("M1", now, province="河南")
    dry = a_merchant("M2", now, province="浙江")
    inside, elsewhere = late(struck), late(dry)
    after = late(struck, now + 3 * DAY)
    row = flood(desk, now)
    later = now + 6 * DAY
    assert circumstances_sweep(actor=desk.system, now=later) == 1
    assert circumstances_sweep(actor=desk.system, now=later) == 0
    assert set(BreachExclusion.objects.values_list("clock", "cause")) == {(inside.pk, "disaster")}
    assert not elsewhere.exclusions.exists()
    assert not after.exclusions.exists()
    assert counted(later, "merchant", struck.pk)["answer_in_time"].den == 1

    breach_count_again(
        exclusion=inside.exclusions.get(), reason="店铺当天营业", actor=desk.supervisor, now=later
    )
    assert circumstances_sweep(actor=desk.system, now=later + HOUR) == 0, "a person's word stands"

    other = late(struck, now + 2 * HOUR)
    circumstances_sweep(actor=desk.system, now=later + HOUR)
    assert other.exclusions.get().ended_at is None
    rule_book.rule_retire(row=row, actor=desk.supervisor, now=later + 2 * HOUR)
    circumstances_sweep(actor=desk.system, now=later + 3 * HOUR)
    assert other.exclusions.get().ended_at is not None, "out of force, it counts again"
    assert Event.objects.filter(kind="clock.counted_again").count() == 2


def test_a_disaster_without_a_region_is_refused_and_takes_two_persons(desk: Cast, now: datetime) -> None:
    refused("region", lambda: flood(desk, now, provinces=[]))
    refused("cause", lambda: flood(desk, now, cause="customer"))
    refused("span", lambda: flood(desk, now, ends_at=now))
    draft = circumstance_draft(
        code="down", name_zh="系统故障", name_en="Outage", cause="outage", begins_at=now, ends_at=now + HOUR,
        source_ref="INC-1", source_zh="事件", source_en="Incident", actor=desk.operations, now=now,
    )  # fmt: skip
    with pytest.raises(DomainError):
        rule_book.rule_activate(draft=draft, actor=desk.operations, now=now)


def test_breaches_stand_on_the_desk_and_in_the_portal_with_evidence_and_reason(
    desk: Cast, late: Callable[..., Clock], now: datetime, settings: Any
) -> None:
    settings.REQUIRE_SECOND_FACTOR = False
    shop = a_merchant("M1", now)
    clock = late(shop)
    with time_machine.travel(now + 4 * DAY, tick=False):
        address = reverse("desk:obligations", args=["M1"])
        judge = desk.client(desk.supervisor)
        page = judge.get(address).content.decode()
        ticket = clock.subject_id
        assert "merchant_answer v1" in page, "the rule it cites"
        assert reverse("desk:breach_exclude", args=["M1", clock.pk]) in page
        judge.post(
            reverse("desk:breach_exclude", args=["M1", clock.pk]),
            {"out-cause": "outage", "out-reason": "门户当晚无法登录", "out-evidence": "INC-7"},
        )
        page = judge.get(address).content.decode()
        assert "门户当晚无法登录" in page
        assert "INC-7" in page
        assert "门户当晚无法登录" not in judge.get(address, {"only": "counted"}).content.decode()
        assert desk.client(desk.agent).get(address).status_code == 404

        owner = desk.of_a_shop("merchant_owner", shop)
        own = desk.client(owner).get(reverse("portal:duties")).content.decode()
        assert "门户当晚无法登录" in own
        assert Ticket.objects.get(pk=ticket).number in own, "and what it is about"
        assert str(desk.supervisor) not in own, "no merchant reads who judged"
        stranger = desk.of_a_shop("merchant_clerk", a_merchant("M2", now))
        assert "门户当晚无法登录" not in desk.client(stranger).get(reverse("portal:duties")).content.decode()
        out = clock.exclusions.get()
        judge.post(reverse("desk:breach_count_again", args=["M1", out.pk]), {"reason": "查明可登录"})
        assert "查明可登录" in judge.get(address).content.decode()
        assert ticket


def test_pages_of_breaches_take_the_same_statements_whatever_the_rows(
    desk: Cast, late: Callable[..., Clock], now: datetime, settings: Any
) -> None:
    settings.REQUIRE_SECOND_FACTOR = False
    shop = a_merchant("M1", now)
    owner = desk.of_a_shop("merchant_owner", shop)
    late(shop)
    with time_machine.travel(now + 6 * DAY, tick=False):
        pages = (
            (desk.client(desk.supervisor), reverse("desk:obligations", args=["M1"])),
            (desk.client(owner), reverse("portal:duties")),
        )
        few = [statements(*one) for one in pages]
    for number in range(1, 4):
        clock = late(shop, now + number * HOUR)
        breach_exclude(clock=clock, cause="customer", reason="x", actor=desk.supervisor, now=now + 5 * DAY)
    with time_machine.travel(now + 6 * DAY, tick=False):
        assert [statements(*one) for one in pages] == few
    assert max(few) <= 24, few


def statements(browser: Client, url: str) -> int:
    browser.get(url)
    with CaptureQueriesContext(connection) as found:
        assert browser.get(url).status_code == 200, url
    control = ("SAVEPOINT", "RELEASE", "BEGIN", "COMMIT", "SELECT set_config", "RESET")
    return sum(not one["sql"].startswith(control) for one in found.captured_queries)
