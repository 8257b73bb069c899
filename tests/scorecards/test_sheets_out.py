"""Results of months, measures and comments on drafts leave as sheets; each reader gets the rows of his pages."""

import csv
import io
from datetime import timedelta
from typing import Any

import pytest
from django.urls import reverse

from aftersales.core.errors import NotPermitted
from aftersales.core.models import Event
from aftersales.core.sheets import exporting
from aftersales.ledger.models import IncentiveVersion
from aftersales.scorecards.models import MerchantMeasure, MonthOutcome, MonthRun
from aftersales.standards.models import Consultation, ConsultationComment
from tests.cast import Cast
from tests.merchants.shops import a_shop
from tests.scorecards.test_measure_pages import imposed

pytestmark = pytest.mark.django_db
DAY = timedelta(days=1)


def taken(sheet: str, model: Any, actor: Any, now: Any) -> list[dict[str, str]]:
    made = exporting.export(
        queryset=model.objects.visible_to(actor).order_by("pk"), sheet=sheet, fmt="csv", actor=actor, now=now
    )
    text = exporting.path_of(made).read_bytes().decode("utf-8-sig")
    head = next(csv.reader(io.StringIO(text)))
    assert len(head) == len(set(head)), "no two columns of one name"
    return list(csv.DictReader(io.StringIO(text)))


def test_measures_months_and_comments_leave_as_sheets_to_those_who_read_them(cast: Cast, now: Any) -> None:
    found = a_shop(cast, now, "甲")
    shop = found.merchant
    measure = imposed(shop, now)
    (row,) = taken("measures", MerchantMeasure, cast.operations, now)
    assert {measure.number, shop.code, measure.citation} <= set(row.values())
    with pytest.raises(NotPermitted):
        taken("measures", MerchantMeasure, cast.agent, now)
    assert Event.objects.filter(kind__startswith="sheet.").exists(), "taking it out leaves a trace"

    version = IncentiveVersion.objects.select_related("rule").exclude(terms={}).first()
    run = MonthRun.objects.create(
        rule=version.rule,
        rule_version=version,
        month=now.date().replace(day=1),
        by=cast.operations,
        counted_at=now,
    )
    proof = {"code": "delivery_in_time", "num": 198, "den": 200, "days": 30}
    for party, key in (("merchant", shop.pk), ("person", cast.agent.pk)):
        MonthOutcome.objects.create(
            run=run, party=party, party_id=key, subject_id=key, said="follows", amount=20, proofs=[proof]
        )
    (row,) = taken("month_outcomes", MonthOutcome, cast.operations, now)
    assert {shop.code, version.citation.removeprefix("incentive."), "delivery_in_time 198 / 200"} <= set(
        row.values()
    )
    seen = taken("month_outcomes", MonthOutcome, cast.auditor, now)
    assert len(seen) == 2, "people besides, for whoever answers for them"

    talk = Consultation.objects.create(
        rule_kind="standards.x", rule_id=1, citation="rule.x v2", asked_zh="问", asked_en="Q", opened_at=now - DAY,
        closes_at=now + DAY, opened_by=cast.operations,
    )  # fmt: skip
    ConsultationComment.objects.create(
        consultation=talk, merchant_id=shop.pk, by=cast.agent, words="=太短了", at=now, taken="not", answer="法定",
        answered_at=now, answered_by=cast.operations,
    )  # fmt: skip
    (row,) = taken("rule_comments", ConsultationComment, cast.operations, now)
    assert {"rule.x v2", shop.code, "法定"} <= set(row.values())
    assert "=太短了" not in row.values(), "no formula for a spreadsheet"


def test_the_pages_offer_them(cast: Cast, now: Any, settings: Any) -> None:
    settings.REQUIRE_SECOND_FACTOR = False
    browser = cast.client("operations")
    for page, sheet in (
        ("measures:measures", "measures"), ("rewards:months", "month_outcomes"),
        ("merchants:agreements", "rule_comments"),
    ):  # fmt: skip
        url = reverse("sheets:export", args=[sheet, "xlsx"])
        assert url in browser.get(reverse(page)).content.decode(), page
        assert browser.get(url).status_code == 200, sheet
        assert cast.client("agent").get(url).status_code in {403, 404}
