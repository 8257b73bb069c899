"""Whoever only reads a register reads words: no list of codes, no code that has a word, in either language."""

import html
import re
from typing import Any

import pytest
from django.contrib import admin
from django.urls import reverse

from accounts.states import Duty, Role
from aftersales.core.querysets import scoped
from tests.cast import Cast
from tests.department import book

__all__ = ["book"]
pytestmark = pytest.mark.django_db
LISTS = re.compile(r"\[(?:'[^']*'(?:, )?)+\]|\{'[^']+':")
ROWS = 12  # of each register: kinds of rows differ, the pages' code does not


@pytest.mark.parametrize("language", ["zh-hans", "en"])
def test_a_reader_meets_no_list_of_codes(cast: Cast, book: None, language: str) -> None:
    cast.make_team("desk", lead=cast.lead, duties=[Duty.ORDERS, Duty.RETURNS], members=[cast.agent])
    reader = cast.person(Role.AUDITOR, username="reader")
    browser = cast.client(reader)
    browser.post("/language/", {"language": language})
    seen, found = 0, []
    for model in admin.site._registry:
        if not model._meta.managed or not reader.has_perm(
            f"{model._meta.app_label}.view_{model._meta.model_name}"
        ):
            continue
        for row in scoped(model, reader).order_by("pk")[:ROWS]:
            place = reverse(f"admin:{model._meta.app_label}_{model._meta.model_name}_change", args=[row.pk])
            answer = browser.get(place)
            assert answer.status_code == 200, place
            seen += 1
            text = html.unescape(
                re.sub(r"<script.*?</script>|<[^>]+>", " ", answer.content.decode(), flags=re.S)
            )
            bad = [*LISTS.findall(text), *(_codes(row, text) if language != "en" else ())]
            found += [f"{place}: {one}" for one in bad]
    assert seen > 50
    assert not found, "\n".join(found)


def _codes(row: Any, text: str) -> list[str]:
    """Codes of the row's lists that stand on its page though they have words, apart from what people wrote."""
    lists = [
        field
        for field in row._meta.concrete_fields
        if getattr(getattr(field, "base_field", None), "choices", None)
    ]
    text = " ".join(text.split())
    for said in [getattr(row, field.attname) for field in row._meta.concrete_fields]:
        text = text.replace(" ".join(said.split()), "") if isinstance(said, str) and said.strip() else text
    codes = {code for field in lists for code in getattr(row, field.name) or ()}
    return [code for code in sorted(codes) if re.search(rf"(?<![\w/.-]){re.escape(code)}(?![\w/.-])", text)]


def test_a_lead_reads_the_duties_of_his_team(cast: Cast) -> None:
    team: Any = cast.make_team(
        "desk", lead=cast.lead, duties=[Duty.ORDERS, Duty.RETURNS], members=[cast.agent]
    )
    page = cast.client(cast.lead).get(reverse("admin:accounts_team_change", args=[team.pk])).content.decode()
    assert f"{Duty.ORDERS.label}、{Duty.RETURNS.label}" in page
    assert "&#x27;orders&#x27;" not in page
