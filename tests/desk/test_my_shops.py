"""The merchant manager's morning: which of my shops moved, owe or are in dispute, what was agreed, when again."""

import re
from collections.abc import Iterator
from datetime import date, datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest
import time_machine
from django.db import connection
from django.test.utils import CaptureQueriesContext

from accounts.states import Role
from aftersales.cases.models import Dispute
from aftersales.clocks.models import Clock
from aftersales.clocks.services import sweep
from aftersales.core.errors import DomainError, NotPermitted
from aftersales.desk import shops
from aftersales.ledger import services as ledger
from aftersales.merchants.models import DepositCall, Merchant, Talk
from aftersales.merchants.services.talks import talk_note
from aftersales.scorecards import measurepages, pages
from aftersales.scorecards.models import Formula, FormulaVersion, MerchantMeasure, Plan, Snapshot, Standing
from aftersales.scorecards.services.formulas import formula_create
from aftersales.scorecards.services.rectification import plan_open
from aftersales.scorecards.states import SubjectKind
from aftersales.tickets import services as tickets
from tests.cases.conftest import lines, open_case, order, ticket
from tests.cases.test_disputes import dispute
from tests.cases.test_rulings import FOR_MERCHANT, ruled
from tests.records import merchant as a_merchant

__all__ = ["dispute", "lines", "open_case", "order", "ticket"]
pytestmark = pytest.mark.django_db
DAY = timedelta(days=1)


@pytest.fixture(autouse=True)
def at(now: datetime, settings: Any) -> Iterator[None]:
    settings.REQUIRE_SECOND_FACTOR = False
    with time_machine.travel(now, tick=False):
        yield


def mine(cast: Any, now: datetime, code: str) -> Merchant:
    row = a_merchant(code, now, self_run=True)  # a shop of our own signs no agreement
    Merchant.objects.filter(pk=row.pk).update(manager=cast.merchant_manager)
    row.refresh_from_db()
    return row


def scored(shop: Merchant, now: datetime, score: str, before: str, month: int = 10, grade: str = "B") -> None:
    rule = FormulaVersion.objects.filter(formula__subject_kind="merchant").first()
    assert rule is not None
    common: dict[str, Any] = {
        "formula": Formula.objects.get(pk=rule.formula_id), "rule": rule, "subject_kind": "merchant",
        "subject_id": shop.pk, "low": Decimal(score) - 4, "high": Decimal(score) + 4, "volume": 50, "at": now,
    }  # fmt: skip
    Standing(score=Decimal(score), day=date(2026, 11, 22), grade=grade, **common).save()
    Snapshot(
        score=Decimal(before), day=date(2026, 10, 31), month=date(2026, month, 1), grade="B", **common
    ).save()


def noted(shop: Merchant, cast: Any, now: datetime, **more: Any) -> Talk:
    said: dict[str, Any] = {
        "day": date(2026, 11, 20), "channel": "phone", "spoken_with": "owner", "subject": "score", "agreed": "下周复盘",
        "next_on": date(2026, 11, 23),
    }  # fmt: skip
    return talk_note(merchant=shop, actor=cast.merchant_manager, now=now, **(said | more))


def test_what_hurts_comes_first_and_the_quiet_ones_are_folded(cast: Any, now: datetime) -> None:
    fell, late, complains, due, quiet = (mine(cast, now, f"S{number}") for number in range(5))
    foreign = a_merchant("FOREIGN", now)
    scored(fell, now, "71.0", "78.5")
    scored(quiet, now, "90.4", "90.0")
    DepositCall(merchant=late, amount=Decimal(500), asked_at=now - 9 * DAY, due_at=now - DAY).save()
    plan_open(merchant=late, cause="other", asked="请整改", actor=cast.merchant_manager, now=now)
    row = ledger.propose(
        kind="penalty", party=complains, amount=Decimal(100), fact_code="late_answer", source=("tests.fact", 1),
        citation="obligation.answer v1", actor=cast.operations, now=now,
    )  # fmt: skip
    row = ledger.proposal_notify(proposal=row, actor=cast.operations, now=now)
    ledger.proposal_appeal(proposal=row, text="已按时答复", actor=cast.supervisor, now=now)
    noted(due, cast, now)
    board = shops.board(cast.merchant_manager, cast.merchant_manager.pk, now)
    assert [one.shop.code for one in board.lines] == ["S1", "S2", "S0", "S3"]
    assert [one.shop.code for one in board.quiet] == ["S4"]
    assert (board.moved, board.owing, board.contested, board.due) == (1, 1, 1, 1)
    assert board.lines[2].moved == Decimal("-7.5")
    assert [fact.tone for fact in board.lines[0].owes] == ["red", "amber"]
    page = cast.client(cast.merchant_manager).get("/desk/shops/").content.decode()
    assert foreign.code not in page
    for part in ("/desk/shops/S1/#h-owes", "/desk/shops/S2/#h-contested", "/desk/shops/S1/#h-plans"):
        assert part in page
    shop = cast.client(cast.merchant_manager).get("/desk/shops/S2/").content.decode()
    assert row.number in shop
    owes = cast.client(cast.merchant_manager).get("/desk/shops/S1/").content.decode()
    assert "kc t-r" in owes.partition('id="h-owes"')[2].partition("</section>")[0], (
        "the deposit call is overdue"
    )
    assert re.search(r"\d\d:\d\d 到期</span>", owes), "a day that stands there says what it is"
    assert re.search(r"\d\d:\d\d 申诉</span>", shop)
    # A shop that owes nothing but a plan is not said to owe nothing
    plan_open(merchant=quiet, cause="other", asked="请整改", actor=cast.merchant_manager, now=now)
    owes = cast.client(cast.merchant_manager).get("/desk/shops/S4/").content.decode()
    assert "除下方整改单外没有欠办事项。" in owes
    assert "目前没有欠办事项" not in owes
    # And who stands above the managers looks at any of their desks
    above = cast.client(cast.supervisor).get("/desk/shops/", {"manager": cast.merchant_manager.pk})
    assert "S1" in above.content.decode()


@pytest.mark.parametrize("code", ["a_draft", "z_beside"])
def test_scores_are_those_of_the_formula_that_judges_not_of_one_kept_beside_it(
    cast: Any, now: datetime, code: str
) -> None:
    shop = mine(cast, now, "S1")
    scored(shop, now, "90.0", "97.5")
    who: dict[str, Any] = {"actor": cast.operations, "now": now}
    other = formula_create(code=code, name_zh="另一", name_en="Other", subject_kind="merchant", **who)
    for model, points in ((Standing, 40), (Snapshot, 99)):
        row: Any = model.objects.get()
        row.pk, row.formula, row.score, row._state.adding = None, other, Decimal(points), True
        row.details = {"items": [{"metric": "resolution"}]}
        row.save()
    board = shops.board(cast.merchant_manager, cast.merchant_manager.pk, now)
    (line,) = [*board.lines, *board.quiet]
    assert (line.score, line.before) == (Decimal("90.0"), Decimal("97.5"))
    for month in (None, date(2026, 10, 1)):
        kept = pages.standing_of(cast.merchant_manager, SubjectKind.MERCHANT, shop.pk, month)
        assert kept is not None
        assert kept.formula == pages.formula_of(SubjectKind.MERCHANT) != other
    measure = MerchantMeasure(merchant=shop, period=date(2026, 10, 1))
    assert measurepages.opened_by(measure, "resolution") is None


def test_the_list_takes_twelve_statements_however_many_shops(cast: Any, now: datetime) -> None:
    browser = cast.client(cast.merchant_manager)

    def asked() -> int:
        browser.get("/desk/shops/")
        with CaptureQueriesContext(connection) as found:
            assert browser.get("/desk/shops/").status_code == 200
        return len(found)

    scored(mine(cast, now, "F0"), now, "71.0", "78.5")
    few = asked()
    for number in range(1, 8):
        shop = mine(cast, now, f"F{number}")
        scored(shop, now, "71.0", "78.5")
        noted(shop, cast, now)
        plan_open(merchant=shop, cause="other", asked="请整改", actor=cast.merchant_manager, now=now)
    assert few == asked() <= 12


def test_a_talk_is_noted_once_and_the_later_one_answers_its_reminder(cast: Any, now: datetime) -> None:
    shop = mine(cast, now, "S1")
    browser, me = cast.client(cast.merchant_manager), cast.merchant_manager

    def board() -> shops.Board:
        return shops.board(me, me.pk, now)

    said = {
        "talk-day": "2026-11-20", "talk-channel": "phone", "talk-spoken_with": "owner", "talk-subject": "score",
        "talk-agreed": "下周复盘发货及时率", "talk-next_on": "2026-11-23",
    }  # fmt: skip
    for _click in range(2):
        browser.post("/desk/shops/S1/talk/", said)
    assert Talk.objects.get().agreed == "下周复盘发货及时率"
    assert board().lines[0].is_due
    assert "下周复盘发货及时率" in browser.get("/desk/shops/S1/").content.decode()
    noted(shop, cast, now, day=date(2026, 11, 23), agreed="已复盘", next_on=None)
    assert board().quiet[0].talk.agreed == "已复盘"


def test_only_who_looks_after_the_shop_notes_and_no_merchant_reads(cast: Any, now: datetime) -> None:
    shop = mine(cast, now, "S1")
    other = cast.person(Role.MERCHANT_MANAGER, name="别的经理")
    said: dict[str, Any] = {
        "day": date(2026, 11, 20),
        "channel": "phone",
        "spoken_with": "owner",
        "subject": "score",
    }
    with pytest.raises(DomainError) as refused:
        talk_note(merchant=shop, agreed="x", actor=other, now=now, **said)
    assert refused.value.code == "not_my_shop"
    with pytest.raises(NotPermitted):
        talk_note(merchant=shop, agreed="x", actor=cast.agent, now=now, **said)
    for wrong, code in (
        ({"day": date(2026, 11, 24)}, "day"), ({"agreed": " "}, "agreed"), ({"channel": "pigeon"}, "choice"),
        ({"next_on": date(2026, 11, 22)}, "next_on"),
    ):  # fmt: skip
        with pytest.raises(DomainError) as refused:
            noted(shop, cast, now, **wrong)
        assert refused.value.code == code
    noted(shop, cast, now)
    owner = cast.of_a_shop(Role.MERCHANT_OWNER, shop)
    assert not Talk.objects.visible_to(owner).exists()
    assert Talk.objects.visible_to(cast.auditor).count() == 1


def test_a_clock_that_stands_still_is_not_overdue(desk: Any, open_ticket: Any, now: datetime) -> None:
    shop = mine(desk, now, "S1")
    ticket = open_ticket(merchant_id=shop.pk, subject="请说明")
    tickets.ticket_tell_merchant(ticket=ticket, text="请说明。", channel="phone", actor=desk.agent, now=now)
    clock = Clock.objects.get(merchant_id=shop.pk, promise="merchant_answer")
    old = {"due_at": now - DAY, "started_at": now - 2 * DAY, "counted_from": now - 2 * DAY}
    Clock.objects.filter(pk=clock.pk).update(**old)
    clock.refresh_from_db()
    clock.pk, clock.round, clock.state, clock.paused_at = None, clock.round + 1, "paused", now - 1.5 * DAY
    clock.save(force_insert=True)
    (line,) = shops.board(desk.merchant_manager, desk.merchant_manager.pk, now).lines
    assert [(one.tone, one.words[0]) for one in line.owes] == [("red", "1"), ("amber", "1")]
    page = desk.client(desk.merchant_manager).get("/desk/shops/S1/").content.decode()
    assert page.count("kc t-r") == 1


def test_a_refused_plan_keeps_what_was_typed_and_broken_obligations_need_no_target(
    cast: Any, now: datetime
) -> None:
    mine(cast, now, "S1")
    browser = cast.client(cast.merchant_manager)
    said = {
        "plan-cause": "metric", "plan-asked": "三天内发货率低于目标，请整改", "plan-metric": "dispatch_in_time",
        "plan-target": "", "plan-recheck_days": "5", "plan-decisions": "",
    }  # fmt: skip
    answer = browser.post("/desk/shops/S1/plan/", said)
    page = answer.content.decode()
    assert answer.status_code == 422
    assert "三天内发货率低于目标，请整改" in page
    assert "data-open" in page
    assert 'class="sh-wrong"' in page, "what is wrong stands in the dialog"
    answer = browser.post("/desk/shops/S1/plan/", said | {"plan-decisions": "PN0000-1", "plan-target": "90"})
    assert "三天内发货率低于目标，请整改" in answer.content.decode(), (
        "nor is it lost when the number is wrong"
    )
    assert not Plan.objects.exists()
    browser.post("/desk/shops/S1/plan/", said | {"plan-cause": "breaches"})
    row = Plan.objects.get()
    assert (row.cause, row.metric, row.target) == ("breaches", "", None)


def test_the_neutral_score_of_a_month_with_few_orders_is_no_move(cast: Any, now: datetime) -> None:
    shop = mine(cast, now, "S1")
    scored(shop, now, "93.8", "70.0", month=9)
    newer = Snapshot.objects.get(subject_id=shop.pk)
    newer.pk, newer.month, newer.grade = None, date(2026, 10, 1), ""
    newer.save(force_insert=True)
    (line,) = shops.board(cast.merchant_manager, cast.merchant_manager.pk, now).quiet
    assert (line.shop, line.moved) == (shop, None)


def test_a_shop_moved_as_the_board_of_merchants_tells_it_and_too_few_orders_have_no_score(
    cast: Any, now: datetime
) -> None:
    chance, rose, few = (mine(cast, now, f"S{number}") for number in range(3))
    scored(chance, now, "80.0", "76.5")
    scored(rose, now, "80.0", "75.5")
    scored(few, now, "70.0", "91.0", grade="")
    board = shops.board(cast.merchant_manager, cast.merchant_manager.pk, now)
    assert ([one.shop for one in board.lines], board.moved) == ([rose], 1)
    assert [(one.shop, one.score, one.moved) for one in board.quiet] == [
        (few, None, None), (chance, Decimal("80.0"), Decimal("3.5")),
    ]  # fmt: skip
    page = cast.client(cast.merchant_manager).get("/desk/shops/").content.decode()
    assert "数据不足" in page
    assert "70.0" not in page


def test_breaches_to_choose_from_bear_the_days_of_the_market(
    desk: Any, open_ticket: Any, now: datetime
) -> None:
    shop = mine(desk, now, "S1")
    ticket = open_ticket(merchant_id=shop.pk, subject="请说明")
    tickets.ticket_tell_merchant(ticket=ticket, text="请说明。", channel="phone", actor=desk.agent, now=now)
    clock = Clock.objects.get(merchant_id=shop.pk, promise="merchant_answer")
    due = datetime(2026, 11, 21, 19, 29, tzinfo=now.tzinfo)
    Clock.objects.filter(pk=clock.pk).update(due_at=due, started_at=due - 2 * DAY, counted_from=due - 2 * DAY)
    sweep(now=now)
    clock.refresh_from_db()
    assert clock.breached_at == due
    page = desk.client(desk.merchant_manager).get("/desk/shops/S1/").content.decode()
    assert "11-22 03:29 " in page
    assert "11-21 " not in page


def test_a_refused_talk_keeps_what_was_typed(cast: Any, now: datetime) -> None:
    mine(cast, now, "S1")
    browser = cast.client(cast.merchant_manager)
    said = {
        "talk-day": "2026-11-20", "talk-channel": "phone", "talk-spoken_with": "owner", "talk-subject": "score",
        "talk-agreed": "下周复盘发货及时率", "talk-next_on": "2026-11-22",
    }  # fmt: skip
    for wrong in ({}, {"talk-next_on": "tomorrow"}):
        answer = browser.post("/desk/shops/S1/talk/", said | wrong)
        page = answer.content.decode()
        assert answer.status_code == 422
        assert "下周复盘发货及时率" in page
        assert "data-open" in page.partition('id="talk"')[2].partition(">")[0], "it stands open"
        assert "data-open" not in page.partition('id="plan"')[2].partition(">")[0]
        assert 'class="sh-wrong"' in page, "what is wrong stands in the dialog"
    assert not Talk.objects.exists()


def test_a_dispute_says_who_called_the_platform_in_and_is_listed_until_it_is_ruled(
    dispute: Dispute, desk: Any, now: datetime
) -> None:
    Merchant.objects.filter(pk=dispute.merchant_id).update(manager=desk.merchant_manager)
    shop = Merchant.objects.get(pk=dispute.merchant_id)

    def listed() -> bool:
        page = desk.client(desk.merchant_manager).get(f"/desk/shops/{shop.code}/").content.decode()
        board = shops.board(desk.merchant_manager, desk.merchant_manager.pk, now)
        assert ("发起方：客户" in page) == (dispute.number in page) == bool(board.contested)
        return dispute.number in page

    assert listed()
    judge = desk.person(Role.ADJUDICATOR, name="裁定员")
    ruled(dispute, FOR_MERCHANT, judge, now)
    assert not listed(), "the platform has spoken"
