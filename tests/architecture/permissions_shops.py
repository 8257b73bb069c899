"""The rows of the merchant manager's desk, of rectification plans and of promotions; see ``permissions``."""

from datetime import timedelta
from typing import Any

from accounts.states import Role
from aftersales.merchants.models import Merchant
from aftersales.scorecards.models import Plan
from aftersales.scorecards.services.rectification import plan_open
from aftersales.standards.models import Promotion
from aftersales.standards.promoting.services import promotion_draft
from tests.architecture.rows import MERCHANTS, STAFF, Page, R
from tests.records import merchant as a_merchant

RECTIFIERS = frozenset({R.MERCHANT_MANAGER, R.OPERATIONS, R.SUPERVISOR})
SEERS = RECTIFIERS | {R.AUDITOR}
PLANNERS = frozenset({R.OPERATIONS, R.SUPERVISOR})


def _shop(cast: Any) -> dict[str, Any]:
    found = Merchant.objects.filter(code="SHOP-1").first() or a_merchant("SHOP-1", cast.now)
    return {"code": found.code}


def _plan(cast: Any) -> dict[str, Any]:
    _shop(cast)
    row = Plan.objects.first() or plan_open(
        merchant=Merchant.objects.get(code="SHOP-1"), cause="other", asked="请整改", actor=cast.person(Role.OPERATIONS),
        now=cast.now,
    )  # fmt: skip
    return {"number": row.number}


def _promotion(cast: Any) -> dict[str, Any]:
    row = Promotion.objects.first() or promotion_draft(
        name_zh="大促", name_en="Sale", starts_at=cast.now + timedelta(days=3650),
        ends_at=cast.now + timedelta(days=3651), reason="高峰", actor=cast.person(Role.OPERATIONS), now=cast.now,
    )  # fmt: skip
    return {"code": row.code}


PLAN = {"public_id": "x"}
SHOPS = {
    "desk:shops": Page(SEERS),
    "desk:shop": Page(SEERS, args=_shop),
    "desk:shop_talk": Page(RECTIFIERS, "POST", _shop),
    "desk:plan_open": Page(RECTIFIERS, "POST", _shop),
    "desk:plan": Page(SEERS, args=_plan),
    "desk:plan_act": Page(RECTIFIERS, "POST", lambda cast: {**_plan(cast), "name": "withdraw"}),
    "desk:plan_file": Page(SEERS, sample=PLAN),
    "portal:plans": Page(MERCHANTS),
    "portal:plan": Page(MERCHANTS, sample=PLAN),
    "portal:plan_file": Page(MERCHANTS, sample=PLAN),
    "portal:plan_answer": Page(MERCHANTS, "POST", sample=PLAN),
    "portal:plan_prove": Page(MERCHANTS, "POST", sample=PLAN),
    "promotions:index": Page(STAFF),
    "promotions:promotion": Page(STAFF, args=_promotion),
    "promotions:draft": Page(PLANNERS, "POST"),
    "promotions:change": Page(PLANNERS, "POST", _promotion),
    "promotions:override": Page(PLANNERS, "POST", _promotion),
    "promotions:consult": Page(PLANNERS, "POST", _promotion),
    "promotions:comment": Page(PLANNERS, "POST", sample={"public_id": "x"}),
    "promotions:act": Page(PLANNERS, "POST", lambda cast: {**_promotion(cast), "name": "end"}),
}
