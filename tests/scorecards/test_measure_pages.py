"""Measures on the pages: the owner appeals, another person decides, everybody reads what stands."""

import json
import re
from datetime import date, datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.core.management import call_command
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils.timezone import localtime
from django.utils.translation import gettext, override

from accounts.services import system_user
from aftersales.core import moves
from aftersales.core.models import Event
from aftersales.merchants.models import Merchant
from aftersales.merchants.services import merchant_change
from aftersales.scorecards import consequencewords as words
from aftersales.scorecards import services
from aftersales.scorecards.consequencestates import Trigger
from aftersales.scorecards.models import ConsequenceRule, ConsequenceVersion, MerchantMeasure
from aftersales.scorecards.services import rectification
from aftersales.standards.models import Consultation, ConsultationComment
from aftersales.tickets.models import Ticket
from tests.cast import Cast
from tests.merchants.shops import Shop, a_shop
from tests.records import merchant as a_merchant
from tests.scorecards.test_measures import (
    LADDER,
    METRIC,
    OCTOBER,
    WARNING,
    broken,
    figures,
    only_rule,
    raised,
)
from tests.toy.fixtures import at_once

__all__ = ["broken"]
pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("at")]
DAY, HOUR = timedelta(days=1), timedelta(hours=1)


def imposed(shop: Merchant, now: datetime, **terms: Any) -> MerchantMeasure:
    """One measure in force."""
    given: dict[str, Any] = {
        "effect": "cap", "cap": 80, "days": 7, "trigger": "breaches",
        "figures": {"breaches": 3, "days": 30, "count": 3},
    }  # fmt: skip
    number = f"CS2611-{MerchantMeasure.objects.count() + 90001}"
    row = MerchantMeasure(
        number=number, merchant=shop, rule=ConsequenceRule.objects.get(code="obligations"),
        citation="consequence.obligations v1", period=date(2026, 11, 1), proposed_by=system_user(now), proposed_at=now,
        **(given | terms),
    )  # fmt: skip
    made = moves.create(row, actor=system_user(now), now=now, event="measure.proposed", payload=row.told())
    return services.measure_impose(measure=made, actor=system_user(now), now=now)


def text_of(answer: Any) -> str:
    assert answer.status_code == 200, answer.status_code
    return str(answer.content.decode())


@pytest.mark.django_db
def test_the_owner_appeals_and_another_person_than_the_shops_manager_decides(
    cast: Cast, shop: Shop, now: datetime, at: Any
) -> None:
    rule = only_rule(cast, now, "shown", now - 200 * DAY, **METRIC)
    figures(shop.merchant, OCTOBER, 20, 300)
    services.measures_raise(actor=system_user(now), now=now)
    row = MerchantMeasure.objects.get(rule=rule.rule)
    merchant_change(merchant=shop.merchant, manager=cast.operations, actor=cast.operations, now=now)

    owner, clerk, public = cast.client(shop.owner), cast.client(shop.clerk), Client()
    mine = f"/portal/measures/{row.public_id}/"
    assert mine in text_of(owner.get("/portal/"))
    listed = text_of(owner.get("/portal/consequences/"))
    assert mine in listed
    page = text_of(owner.get(mine))
    assert "20" in page
    assert "300" in page
    assert "/portal/score/" in page
    assert str(cast.operations) not in page
    assert clerk.get(mine).status_code == 404
    stranger = a_shop(cast, now, "乙")
    assert cast.client(stranger.owner).get(mine).status_code == 404
    assert shop.merchant.name in text_of(public.get("/published/measures/"))

    owner.post("/language/", {"language": "en"})
    assert "An appeal does not suspend the measure" in text_of(owner.get(mine))
    owner.post("/language/", {"language": "zh-hans"})
    proof = SimpleUploadedFile("proof.txt", "介入单系恶意".encode(), "text/plain")
    sent = owner.post(f"{mine}appeal/", {"reason": "介入单系恶意", "files": proof})
    assert sent.status_code == 302
    row.refresh_from_db()
    assert (row.state, row.appealed_by) == ("appealed", shop.owner)
    assert row.files.get().public_id in text_of(owner.get(mine))

    one = f"/measures/{row.number}/"
    assert one not in text_of(cast.client("operations").get("/measures/?tab=mine")), (
        "he looks after this shop"
    )
    cast.client("operations").post(f"{one}overturn/", {"reason": "属实"})
    row.refresh_from_db()
    assert row.state == "appealed"
    other = cast.client("adjudicator")
    assert one in text_of(other.get("/measures/?tab=mine"))
    assert one in text_of(other.get("/measures/?tab=appeals"))
    page = text_of(other.get(one))
    assert f"/overview/merchants/{shop.merchant.public_id}/" in page
    assert other.get(f"/measures/files/{row.files.get().public_id}/").status_code == 200
    assert other.post(f"{one}lift/", {"reason": "x"}).status_code == 404, "not his to lift"
    at.shift(HOUR)
    other.post(f"{one}overturn/", {"reason": "介入单确系恶意"})
    row.refresh_from_db()
    assert row.state == "overturned"
    page = text_of(owner.get(mine))
    assert "介入单确系恶意" in page
    assert f"{localtime(row.ended_at):%Y-%m-%d %H:%M}" in page, "when it ceased to act"
    assert f"{localtime(row.ends_at):%Y-%m-%d %H:%M}" not in page, "it did not act until then"
    assert shop.merchant.name not in text_of(public.get("/published/measures/"))
    assert cast.client("agent").get("/measures/").status_code in (403, 404)


@pytest.mark.django_db
def test_the_shop_reads_of_each_breach_the_number_that_it_knows(
    cast: Cast, shop: Shop, broken: Any, now: datetime, at: Any
) -> None:
    only_rule(cast, now, "ladder", now - DAY, **LADDER)
    clocks = broken(shop.merchant, now, 2)
    at.shift(8 * DAY)
    (warning,) = raised(now + 8 * DAY)
    type(shop.merchant).objects.filter(pk=shop.merchant.pk).update(manager=cast.merchant_manager)
    shop.merchant.refresh_from_db()
    plan = rectification.plan_open(
        merchant=shop.merchant, cause="breaches", asked="请说明", breaches=[one.pk for one in clocks],
        actor=cast.merchant_manager, now=now + 8 * DAY,
    )  # fmt: skip
    numbers = Ticket.objects.filter(pk__in=[one.subject_id for one in clocks]).values_list(
        "number", flat=True
    )
    owner = cast.client(shop.owner)
    for path in (f"/portal/measures/{warning.public_id}/", f"/portal/plans/{plan.public_id}/"):
        page = text_of(owner.get(path))
        assert all(one in page for one in numbers), path


@pytest.mark.django_db
def test_an_appeal_against_what_fell_has_no_object_and_the_reason_speaks_the_readers_language(
    cast: Cast, shop: Shop, broken: Any, now: datetime, at: Any
) -> None:
    only_rule(cast, now, "ladder", now - DAY, **LADDER)
    clocks = broken(shop.merchant, now, 2)
    at.shift(8 * DAY)
    (row,) = raised(now + 8 * DAY)
    services.measure_appeal(measure=row, text="不属实", actor=shop.owner, now=now + 8 * DAY)
    MerchantMeasure.objects.filter(pk=row.pk).update(figures={**row.figures, "count": 3})
    assert services.measures_recount(clock=clocks[0].pk, actor=system_user(now), now=now + 8 * DAY) == 1
    row.refresh_from_db()
    assert row.state == "cancelled"
    assert row.figures["ended"] == {"code": "left_out", "left": 2, "count": 3}

    owner, path = cast.client(shop.owner), f"/portal/measures/{row.public_id}/"
    for language, reason in (("en", "2 still count, 3 are needed"), ("zh-hans", "")):
        owner.post("/language/", {"language": language})
        page = text_of(owner.get(path))
        with override(language):
            assert gettext("Breaches were left out: %(left)s still count, %(count)s are needed.") % {
                "left": 2, "count": 3,
            } in page  # fmt: skip
        assert reason in page
    owner.post("/language/", {"language": "en"})
    page = text_of(owner.get(path))
    assert "the appeal has no object any more" in page
    assert "until then the measure goes on" not in page
    assert "An appeal does not suspend" not in page
    desk = cast.client("adjudicator")
    desk.post("/language/", {"language": "en"})
    page = text_of(desk.get(f"/measures/{row.number}/"))
    assert "the appeal has no object any more" in page
    MerchantMeasure.objects.filter(pk=row.pk).update(figures={}, end_reason="旧行")
    assert words.why_ended(MerchantMeasure.objects.get(pk=row.pk)) == "旧行", "as it was kept"


@pytest.mark.django_db
def test_what_is_over_and_what_is_money_does_not_stand_in_public(
    cast: Cast, shop: Shop, now: datetime, at: Any
) -> None:
    imposed(shop.merchant, now)
    figures_ = {"breaches": 3, "days": 30, "count": 3, "each": "100", "most": "300", "bad": 3}
    fine = a_merchant("M-fine", now)
    imposed(fine, now, effect="penalty", amount=Decimal(300), figures=figures_, days=30)
    called = a_merchant("M-called", now)
    imposed(called, now, effect="deposit", cap=0, amount=Decimal(54321), days=60)
    said = text_of(Client().get("/published/measures/"))
    assert shop.merchant.name in said
    assert fine.name not in said
    assert called.name in said
    assert not re.search("54,?321", said), "how much is between the platform and the shop"
    at.shift(7 * DAY + HOUR)
    assert shop.merchant.name not in text_of(Client().get("/published/measures/"))


@pytest.mark.django_db
def test_a_draft_is_tried_on_the_past_quarter_talked_over_and_announced_by_another(
    cast: Cast, shop: Shop, now: datetime, at: Any
) -> None:
    only_rule(cast, now, "shown", now - 200 * DAY, **METRIC)
    figures(shop.merchant, OCTOBER, 20, 300)
    mild = a_merchant("M-mild", now)
    figures(mild, OCTOBER, 9, 300)
    browser, page = cast.client("operations"), "/rules/consequences/shown/"
    terms = METRIC | {"limit": "0.01", "steps": [WARNING]}
    told = {
        "terms": json.dumps(terms), "source_ref": "R6.5", "source_zh": "更严", "source_en": "harder", "reason": "更严",
    }  # fmt: skip
    assert browser.post(f"{page}draft/", told).status_code == 302
    wrong = browser.post(f"{page}draft/", told | {"terms": json.dumps(terms | {"steps": []})})
    assert wrong.status_code == 422
    assert "更严" in wrong.content.decode(), "what was typed stays"
    tried = text_of(browser.get(f"{page}?v=2&try=1"))
    assert mild.name in tried
    assert shop.merchant.name in tried
    assert "单独试算" in tried
    assert not MerchantMeasure.objects.exists(), "nothing is written"

    browser.post(f"{page}2/consult/", {"asked_zh": "拟收紧标准", "asked_en": "To be harder"})
    owner = cast.client(shop.owner)
    draft = next(
        one for one in text_of(owner.get("/portal/")).split('"') if "/portal/agreements/drafts/" in one
    )
    assert "1.0%" in text_of(owner.get(draft)).replace(" ", "")
    owner.post(f"{draft}comment/", {"words": "大促期间太严"})
    public = next(one for one in text_of(Client().get("/published/")).split('"') if "/consultations/" in one)
    assert "规则shown" in text_of(Client().get(public))

    browser.post(f"{page}2/decide/", {"act": "activate"})
    assert ConsequenceVersion.objects.get(rule__code="shown", number=2).state == "draft", (
        "not by who drafted it"
    )

    def decided() -> str:
        cast.client("supervisor").post(f"{page}2/decide/", {"act": "activate"})
        return str(ConsequenceVersion.objects.get(rule__code="shown", number=2).state)

    assert decided() == "draft", "merchants are still being asked"
    at.move_to(Consultation.objects.get().closes_at)
    assert decided() == "draft", "nobody has answered what was said"
    comment = {"taken": "not", "answer": "大促另有安排"}
    browser = cast.client("operations")
    browser.post(reverse("consequences:comment", args=[ConsultationComment.objects.get().public_id]), comment)
    assert decided() == "active"
    said = text_of(Client().get("/published/?q=规则shown"))
    assert "v2" in said
    assert text_of(browser.get("/rules/consequences/"))


@pytest.mark.django_db
def test_lists_take_the_same_statements_for_any_number(cast: Cast, shop: Shop, now: datetime) -> None:
    browser, owner = cast.client("operations"), cast.client(shop.owner)
    pages = (
        (browser, "/measures/?tab=all"), (browser, "/measures/weights/"), (owner, "/portal/consequences/"),
        (Client(), "/published/measures/"), (browser, "/rules/consequences/"),
    )  # fmt: skip

    def asked() -> list[int]:
        counts = []
        for client, url in pages:
            client.get(url)
            with CaptureQueriesContext(connection) as found:
                text_of(client.get(url))
            counts.append(len(found))
        return counts

    imposed(shop.merchant, now)
    few = asked()
    for number in range(4):
        imposed(shop.merchant, now, effect="weight", weight=Decimal("0.5"), cap=0)
        imposed(a_merchant(f"N{number}", now), now, effect="weight", weight=Decimal("0.5"), cap=0)
    assert asked() == few
    assert max(few) <= 12, few


@pytest.mark.django_db
def test_the_file_is_handed_out_and_printed_and_who_took_it_stands_there(
    cast: Cast, shop: Shop, now: datetime, capsys: Any
) -> None:
    row = imposed(shop.merchant, now, effect="weight", weight=Decimal("0.5"), cap=0)
    browser = cast.client("operations")
    sheet = browser.post("/measures/weights/file/", {"fmt": "csv"})
    assert "attachment" in sheet.headers["Content-Disposition"]
    body = b"".join(sheet.streaming_content) if sheet.streaming else sheet.content
    assert f"{shop.merchant.code},{shop.merchant.name},0.5," in body.decode("utf-8-sig")
    assert Event.objects.filter(kind="weights.taken", actor_id=cast.operations.pk).count() == 1
    assert str(cast.operations) in text_of(browser.get("/measures/weights/"))
    assert cast.client("merchant_manager").post("/measures/weights/file/", {"fmt": "csv"}).status_code in (
        403,
        404,
    )
    call_command("traffic_weights", "--format", "json")
    told = json.loads(capsys.readouterr().out)
    mine = next(one for one in told["shops"] if one["merchant"] == shop.merchant.code)
    assert (mine["weight"], mine["measure"]) == ("0.5", row.number)


@pytest.mark.django_db(transaction=True)
def test_whoever_lifts_a_measure_at_the_moment_its_time_is_over_ends_it_once(
    cast: Cast, now: datetime
) -> None:
    shop = a_merchant("M-race", now)
    row = imposed(shop, now, effect="deposit", amount=Decimal(5000), cap=0)
    shop.refresh_from_db()
    assert shop.deposit_due == 5000
    over, system, lifter = now + 7 * DAY, system_user(now), cast.operations

    def sweep() -> Any:
        return services.measures_sweep(actor=system, now=over)

    def lift() -> Any:
        return services.measure_lift(measure=row, reason="已整改", actor=lifter, now=over)

    at_once([sweep, lift])
    row.refresh_from_db()
    shop.refresh_from_db()
    assert row.state in ("expired", "lifted")
    assert shop.deposit_due == 0
    assert (
        Event.objects.filter(kind__in=["measure.expired", "measure.lifted"], subject_id=row.pk).count() == 1
    )


def test_the_share_in_a_fact_reads_as_the_failing_one() -> None:
    """Of a rate that is good when high, the share of those that failed stood behind its name as if it were the rate."""
    fact = {"metric": "resolution", "bad": 3, "cases": 7}
    with override("en"):
        said = words.fact_of(Trigger.METRIC, fact, "2026-10")
        assert said == "Resolved for good up to the end of 2026-10: 3 of 7 failed (failing share 42.9%)"
    for more in ({}, {"since": "2026-10-15"}):
        assert words.fact_of(Trigger.METRIC, fact | more, "2026-10").endswith(
            "7 单中 3 单不达标，不达标率 42.9%"
        )
