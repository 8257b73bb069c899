"""What the return rules said of a request, as its merchant reads it: each clause once, by name."""

import pytest

from aftersales.cases.models import Case
from tests.portal.clerk import Clerk
from tests.portal.conftest import Open

pytestmark = pytest.mark.django_db


def test_each_clause_stands_once_by_its_name_and_by_the_law_in_the_readers_language(
    clerk: Clerk, open_case: Open
) -> None:
    case: Case = open_case()
    [kept] = case.verdict["lines"].values()
    ours = kept["reasons"][0] | {"rule": "exchange_no_reason v1", "clause": "R4.1 · R4.9"}
    case.verdict["lines"] |= {"0": kept | {"reasons": [*kept["reasons"], ours]}}
    Case.objects.filter(pk=case.pk).update(verdict=case.verdict)
    law = "Consumer Protection Law art. 25; Seven-Day Return Measures art. 10, art. 18"
    clerk.browser.cookies["django_language"] = "en"
    page = clerk.page("case", case.public_id)
    assert page.count(f"No-reason return · {law}") == 1
    assert page.count("Nothing says when the goods arrived.") == 1
    assert "R4.1" not in page, "where a rule of our own was noted is nothing that a merchant can read"
    clerk.browser.cookies["django_language"] = "zh-hans"
    for page in (clerk.page("case", case.public_id), clerk.page("act", case.public_id, "reject")):
        assert page.count("七日无理由退货 · 消费者权益保护法第二十五条") == 1
        assert "R4.1" not in page
