"""Who holds which certificate in the demonstration, and what duties ask for."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta

from accounts.models import User
from accounts.services import system_user
from aftersales.desk.demo import agreed, school
from aftersales.desk.demo import tiers as tiers_lived
from training import services
from training.models import Requirement, Tier

TIERS = {
    "basic": ("vendoragent", "sunyan", "wangxue"),
    "in_post": ("agent", "lihao", "zhaolei", "wubo", "gaofei", "vendorlead"),
    "senior": ("xujing", "masihan", "authority"),
    "lead": ("lead", "luo", "tangwei", "supervisor"),
    "finance": ("finance",),
    "adjudicator": ("adjudicator", "adjudicator2"),
}
DAYS_HELD = 250
ENDS_SOON = {"lihao": 12, "xujing": 25}  # days left
SUSPENDED = "wangxue"
DUTIES = ("returns", "payment", "repair", "complaints")


def certify(people: Mapping[str, User], now: datetime) -> int:
    """Certificates of everybody who works, two that end soon, a suspended one; four duties ask for them."""
    if Requirement.objects.filter(activated_by=people["operations"]).exists():
        return 0
    begin = now - timedelta(days=DAYS_HELD)
    tiers_lived.exam_before(people, TIERS["in_post"], begin)
    system, tiers = system_user(begin), {tier.code: tier for tier in Tier.objects.all()}
    made = 0
    for code, names in TIERS.items():
        for name in names:
            left = ENDS_SOON.get(name)
            row = services.certificate_grant(
                person=people[name], tier=tiers[code], actor=system, now=begin,
                valid_to=now + timedelta(days=left) if left else None,
            )  # fmt: skip
            made += 1
            if name == SUSPENDED:
                services.certificate_move(
                    certificate=row, name="suspend", actor=people["supervisor"], now=now - timedelta(days=2),
                    reason="抽检发现多次未核对凭证，复训合格后恢复。",
                )  # fmt: skip
    for duty in DUTIES:
        draft = Requirement.objects.filter(duty=duty, state="draft").first()
        if draft is not None:
            services.rule_activate(
                draft=draft, actor=people["operations"], now=now - timedelta(days=1), reason="人员已认证"
            )
    tiers_lived.live(people, TIERS["in_post"], now)
    school.live(people, now)
    agreed.live(people, now)
    services.certificates_sweep(actor=system, now=now)
    return made
