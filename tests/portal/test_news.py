"""What is new for a merchant's people stands on their first page, whatever else is going on."""

from datetime import datetime, timedelta
from typing import Any

from django.urls import reverse

from aftersales.merchants.models import AgreementVersion
from aftersales.scorecards.models import ConsequenceVersion
from aftersales.standards.models import Consultation
from tests.cast import Cast
from tests.portal.clerk import Clerk


def test_a_draft_that_concerns_shops_is_told_beside_any_number_of_others(
    clerk: Clerk, desk: Cast, now: datetime
) -> None:
    def asked(kind: str, number: int, opened: datetime) -> Consultation:
        row: Consultation = Consultation.objects.create(
            rule_kind=kind, rule_id=number, citation=f"规则{number}", asked_zh="?", asked_en="?", opened_at=opened,
            closes_at=now + timedelta(days=9), opened_by=desk.operations,
        )  # fmt: skip
        return row

    own = asked(AgreementVersion._meta.label_lower, 900, now - timedelta(days=2))
    version = ConsequenceVersion.objects.select_related("rule").earliest("pk")
    named = asked(ConsequenceVersion._meta.label_lower, version.pk, now - timedelta(days=2))
    for number in range(6):
        asked("standards.standardversion", number, now - timedelta(days=1))
    told: list[Any] = clerk.get("today").context["news"]
    words = {one.url: one.words for one in told}
    assert reverse("portal:draft", args=[own.public_id]) in words
    said = words[reverse("portal:draft", args=[named.public_id])]
    assert f"{version.rule.name_zh} v{version.number}" in said
    assert "规则" in words[reverse("portal:draft", args=[own.public_id])]
