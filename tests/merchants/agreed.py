"""Agreements for tests: the shipped one, its next version, a supplement of one shop."""

from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

from aftersales.merchants.agreementrules import Clause
from aftersales.merchants.models import Agreement, AgreementVersion
from aftersales.merchants.services.agreements import agreement_activate, agreement_create, agreement_draft

WEEK, DAY = timedelta(days=7), timedelta(days=1)


def shipped() -> AgreementVersion:
    return AgreementVersion.objects.select_related("agreement").get(
        agreement__code="merchant_service", number=1
    )


def changed_clauses() -> list[Clause]:
    """What the next version says: dispatch by 97 %, replacement in other words, evidence new, staff gone."""
    said = [one for one in shipped().said if one.key != "staff"]
    for place, one in enumerate(said):
        if one.key == "dispatch":
            said[place] = replace(one, at_least=97)
        if one.key == "replacement":
            said[place] = replace(one, text_zh=one.text_zh.replace("替换商品", "全新的替换商品"))
    evidence = Clause(
        "evidence", "evidence", "纠纷中商家在期限内举证。", "In disputes the merchant brings evidence in time.",
        "逾期按已有材料判定。", "If he is late, what is there decides.", counted="answer_in_time", at_least=90,
    )  # fmt: skip
    return [*said, evidence]


def next_draft(cast: Any, now: datetime, **terms: Any) -> AgreementVersion:
    """Version 2, drafted by operations, with another time for dispatch."""
    return agreement_draft(
        agreement=Agreement.objects.get(code="merchant_service"), actor=cast.operations, now=now,
        reason="提高发货时效", clauses=changed_clauses(), **({"label": "2026-2"} | terms),
    )  # fmt: skip


def a_supplement(cast: Any, merchant: Any, now: datetime, *, category: str = "") -> AgreementVersion:
    """A supplement of one shop (or category) in force at once: nothing of it was announced before."""
    clause = Clause("extra", "terms", "秘密条款：每周三上门取件。", "A secret clause: pick-up on Wednesdays.")
    row = agreement_create(
        code=f"extra-{'all' if category else merchant.pk}", name_zh="秘密补充", name_en="Secret supplement",
        category=category, merchant=None if category else merchant, actor=cast.operations, now=now,
    )  # fmt: skip
    draft = agreement_draft(
        agreement=row, label="S-1", preamble_zh="补充约定。", preamble_en="A supplement.", clauses=[clause],
        actor=cast.operations, now=now,
    )  # fmt: skip
    return agreement_activate(draft=draft, actor=cast.supervisor, now=now)
