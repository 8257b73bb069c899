"""A rectification plan from the manager's question to the second look: both sides, in their own pages."""

from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.urls import reverse
from django.utils.timezone import localtime

from accounts.services import system_user
from accounts.states import Role
from aftersales.core import files
from aftersales.core.errors import DomainError, NotPermitted, Refused, WrongState
from aftersales.core.models import Event
from aftersales.notices.models import Notice
from aftersales.scorecards import services as scorecards
from aftersales.scorecards.models import Plan, PlanFile
from aftersales.scorecards.rectification import selectors
from aftersales.scorecards.services import rectification as services
from tests.merchants.shops import Shop, a_shop
from tests.scorecards.conftest import sold

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("at")]
DAY = timedelta(days=1)


@pytest.fixture
def shop(cast: Any, shop: Shop) -> Shop:
    """Looked after by the merchant manager."""
    type(shop.merchant).objects.filter(pk=shop.merchant.pk).update(manager=cast.merchant_manager)
    shop.merchant.refresh_from_db()
    return shop


def proof(words: str = "整改照片") -> SimpleUploadedFile:
    return SimpleUploadedFile(f"{words}.txt", words.encode(), "text/plain")


def opened(shop: Shop, cast: Any, now: datetime, **more: Any) -> Plan:
    terms = {
        "cause": "metric",
        "asked": "三天内发货率低于目标",
        "metric": "dispatch_in_time",
        "target": Decimal(90),
    }
    return services.plan_open(merchant=shop.merchant, actor=cast.merchant_manager, now=now, **(terms | more))


def test_a_plan_from_the_question_to_the_second_look(cast: Any, shop: Shop, now: datetime, at: Any) -> None:
    # Given a shop with ten orders in time of sixteen
    sold(shop.merchant, 16, now, key="OLD", late=6)
    scorecards.recount(codes=["dispatch_in_time"])
    manager, clerk = cast.client(cast.merchant_manager), cast.client(shop.clerk)
    # When its manager asks for a plan on his desk
    manager.post(
        f"/desk/shops/{shop.merchant.code}/plan/",
        {"plan-cause": "metric", "plan-asked": "三天内发货率低于目标", "plan-metric": "dispatch_in_time",
         "plan-target": "90", "plan-recheck_days": "5", "plan-decisions": ""},
    )  # fmt: skip
    row = Plan.objects.get()
    assert (row.begun, row.due_at) == ([10, 16], now + 3 * DAY)
    # Then the shop reads it on the first page of its portal, and answers on a phone
    assert row.number in clerk.get("/portal/").content.decode()
    page = reverse("portal:plan", args=[row.public_id])
    assert "三天内发货率低于目标" in clerk.get(page).content.decode()
    due = now + 6 * DAY
    said = {"cause": "仓库人手不足", "measures": "增加两名打包员", "due": f"{localtime(due):%Y-%m-%dT%H:%M}"}
    clerk.post(f"{page}answer/", said | {"shop": shop.merchant.public_id})
    # The manager finds it too thin, the shop says more, he accepts
    desk = f"/desk/plans/{row.number}/"
    manager.post(f"{desk}do/back/", {"words": "请写明负责人与日期", "version": Plan.objects.get().version})
    assert "请写明负责人与日期" in clerk.get(page).content.decode()
    clerk.post(
        f"{page}answer/", said | {"measures": "12 月 1 日起增加两名打包员", "shop": shop.merchant.public_id}
    )
    manager.post(f"{desk}do/accept/", {"version": Plan.objects.get().version})
    row.refresh_from_db()
    assert (row.state, row.due_at) == ("accepted", due)
    proven_and_seen(cast, shop, row, at)


def proven_and_seen(cast: Any, shop: Shop, row: Plan, at: Any) -> None:
    """The second half: proof, too early a look, the look that counts."""
    now, clerk = cast.now, cast.client(shop.clerk)
    page, desk = reverse("portal:plan", args=[row.public_id]), f"/desk/plans/{row.number}/"
    # The shop hands in proof; without a file it is asked for one
    at.move_to(now + 4 * DAY)
    clerk = cast.client(shop.clerk)
    clerk.post(f"{page}prove/", {"words": "已到岗"})
    assert Plan.objects.get().state == "accepted"
    clerk.post(f"{page}prove/", {"words": "已到岗", "files": [proof()]})
    row.refresh_from_db()
    assert (row.state, row.recheck_at) == ("proven", now + 9 * DAY)
    file = PlanFile.objects.get()
    assert "整改照片".encode() in b"".join(
        clerk.get(reverse("portal:plan_file", args=[file.public_id])).streaming_content
    )
    # Too early nobody can say that it helped
    manager = cast.client(cast.merchant_manager)
    manager.post(f"{desk}do/fulfil/", {"words": "看过了", "version": row.version})
    assert Plan.objects.get().state == "proven"
    # In the market the day of the second look is the next one already while it is still the old one in UTC
    Plan.objects.update(recheck_at=datetime(2026, 12, 11, 18, 39, tzinfo=now.tzinfo))
    with pytest.raises(DomainError, match="2026-12-12"):
        services.plan_close(
            plan=Plan.objects.get(),
            outcome="fulfil",
            words="x",
            actor=cast.merchant_manager,
            now=now + 4 * DAY,
        )
    Plan.objects.update(recheck_at=now + 9 * DAY)
    # After five days the figure since the proof is at its target, and the plan is closed with it
    later = now + 16 * DAY
    sold(shop.merchant, 10, later, key="NEW")
    at.move_to(later)
    scorecards.recount(codes=["dispatch_in_time"])
    assert "100.0% (10/10)" in cast.client(cast.merchant_manager).get(desk).content.decode()
    cast.client(cast.merchant_manager).post(
        f"{desk}do/fulfil/", {"words": "发货及时率已达标", "version": row.version}
    )
    row.refresh_from_db()
    assert (row.state, row.checked, row.closing) == ("fulfilled", [10, 10], "发货及时率已达标")
    kinds = Event.objects.about("scorecards.plan", row.pk).order_by("id").values_list("kind", flat=True)
    assert list(kinds) == [
        "plan.opened", "plan.answered", "plan.sent_back", "plan.answered", "plan.accepted", "plan.proven",
        "plan.fulfilled",
    ]  # fmt: skip


def carried(shop: Shop, cast: Any, now: datetime, **more: Any) -> Plan:
    """Answered, accepted and proven on one day."""
    row = opened(shop, cast, now, **more)
    row = services.plan_answer(
        plan=row, cause="人手", measures="加人", measures_due=now + DAY, actor=shop.owner, now=now
    )
    row = services.plan_accept(plan=row, actor=cast.merchant_manager, now=now)
    stored = files.store_upload(proof(), now=now)
    return services.plan_prove(plan=row, words="已加人", files=[stored], actor=shop.clerk, now=now)


def test_what_misses_its_target_is_not_fulfilled_and_can_fail(cast: Any, shop: Shop, now: datetime) -> None:
    row, later = carried(shop, cast, now, recheck_days=2), now + 12 * DAY
    sold(shop.merchant, 10, later, key="N", late=3)
    scorecards.recount(codes=["dispatch_in_time"])
    who: dict[str, Any] = {"plan": row, "words": "未达标", "actor": cast.merchant_manager, "now": later}
    with pytest.raises(DomainError) as refused:
        services.plan_close(outcome="fulfil", **who)
    assert refused.value.code == "below_target"
    assert "70.0% (7/10)" in str(refused.value)
    row = services.plan_close(outcome="fail", **who)
    assert (row.state, row.checked) == ("failed", [7, 10])
    with pytest.raises(WrongState):
        services.plan_close(outcome="withdraw", **who)


def test_a_merchant_with_time_left_cannot_have_failed(cast: Any, shop: Shop, now: datetime) -> None:
    row = opened(shop, cast, now)
    who: dict[str, Any] = {"plan": row, "words": "没有答复", "actor": cast.merchant_manager}
    with pytest.raises(Refused) as refused:
        services.plan_close(outcome="fail", now=now + 3 * DAY, **who)
    assert refused.value.code == "still_time"
    assert (
        services.plan_close(outcome="fail", now=now + 3 * DAY + timedelta(minutes=1), **who).state == "failed"
    )


def test_both_sides_are_reminded_once_a_step(cast: Any, shop: Shop, now: datetime) -> None:
    row, system = opened(shop, cast, now), system_user(now)

    def swept(days: float) -> list[str]:
        services.plans_sweep(actor=system, now=now + days * DAY)
        rows = Event.objects.about("scorecards.plan", row.pk).exclude(actor_id=cast.merchant_manager.pk)
        return list(rows.order_by("id").values_list("kind", flat=True))

    assert swept(1) == []
    assert swept(2.5) == swept(2.6) == ["plan.due_soon"]
    assert swept(3.1) == swept(3.2) == ["plan.due_soon", "plan.late"]
    assert Plan.objects.late(now + 3.2 * DAY).get() == row
    said = Notice.objects.filter(subject_kind="scorecards.plan", subject_id=row.pk)
    assert said.count() >= 3


def test_who_may_do_what(cast: Any, shop: Shop, now: datetime) -> None:
    other = cast.person(Role.MERCHANT_MANAGER, name="别的经理")
    with pytest.raises(DomainError) as refused:
        services.plan_open(merchant=shop.merchant, cause="other", asked="x", actor=other, now=now)
    assert refused.value.code == "not_my_shop"
    with pytest.raises(NotPermitted):
        services.plan_open(merchant=shop.merchant, cause="other", asked="x", actor=cast.agent, now=now)
    row = opened(shop, cast, now)
    with pytest.raises(DomainError) as again:
        opened(shop, cast, now)
    assert again.value.code == "open_already"
    said: dict[str, Any] = {"plan": row, "cause": "a", "measures": "b", "measures_due": now + DAY, "now": now}
    stranger = a_shop(cast, now, "乙")
    for person, error in ((stranger.owner, "not_the_merchant"), (cast.merchant_manager, "not_permitted")):
        with pytest.raises(DomainError) as refused:
            services.plan_answer(actor=person, **said)
        assert refused.value.code == error
    assert not Plan.objects.visible_to(stranger.owner).exists()
    assert not Plan.objects.visible_to(cast.agent).exists()
    row = services.plan_answer(actor=shop.owner, **said)
    with pytest.raises(Refused) as refused:
        services.plan_accept(plan=row, actor=other, now=now)
    assert refused.value.code == "not_my_shop"
    assert services.plan_accept(plan=row, actor=cast.supervisor, now=now).state == "accepted"
    assert selectors.badge_of(row, now + 9 * DAY)


def test_a_manager_who_accepts_late_makes_nobody_overdue(cast: Any, shop: Shop, now: datetime) -> None:
    def accepted(days: float, asked: int, cause: str) -> Plan:
        row = opened(shop, cast, now, cause="other", metric="", target=None, asked=cause)
        row = services.plan_answer(
            plan=row, cause="人手", measures="加人", measures_due=now + asked * DAY, actor=shop.owner, now=now
        )
        row = services.plan_accept(plan=row, actor=cast.merchant_manager, now=now + days * DAY)
        services.plan_close(
            plan=row, outcome="withdraw", words="下一例", actor=cast.merchant_manager, now=now + days * DAY
        )
        return row

    # Accepted at once his own day counts; accepted after it he has the days he asked for, three at most
    assert accepted(0, 1, "甲").due_at == now + DAY
    late = accepted(2, 1, "乙")
    assert (late.due_at, late.is_late(now + 2 * DAY)) == (now + 3 * DAY, False)
    assert accepted(19, 20, "丙").due_at == now + 22 * DAY
    assert accepted(1, 20, "丁").due_at == now + 20 * DAY


def test_the_same_file_again_is_no_better_proof(cast: Any, shop: Shop, now: datetime) -> None:
    row = carried(shop, cast, now, cause="other", metric="", target=None)
    row = services.plan_send_back(plan=row, words="看不清", actor=cast.merchant_manager, now=now)
    assert row.state == "accepted"

    def proves(words: str) -> Plan:
        file = files.store_upload(proof(words), now=now)
        return services.plan_prove(plan=row, words="已到岗", actor=shop.owner, now=now, files=[file])

    with pytest.raises(DomainError) as refused:
        proves("整改照片")
    assert refused.value.code == "proof_known"
    assert Plan.objects.get().state == "accepted"
    assert proves("更清楚的照片").state == "proven"
