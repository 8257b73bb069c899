"""The demo's agreements: a draft that is open for comments, with what an owner said and was told, and a flood."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime, timedelta

from accounts.models import User
from accounts.services import system_user, user_create
from accounts.states import Kind, Role
from aftersales.clocks.services import circumstance_draft
from aftersales.merchants.agreementrules import Clause
from aftersales.merchants.agreementselectors import concerned
from aftersales.merchants.models import Agreement, AgreementVersion, Merchant, MerchantMember
from aftersales.merchants.services import member_add
from aftersales.merchants.services.agreements import agreement_answer, agreement_draft
from aftersales.merchants.states import MemberRole
from aftersales.standards.consulting.services import comment_answer, comment_make, consultation_open

DAY, HOUR = timedelta(days=1), timedelta(hours=1)
CODE = "merchant_service"
EVIDENCE = Clause(
    "evidence", "evidence",
    "平台介入纠纷后，商家在告知的期限内提交聊天记录、物流凭证或检测报告等证据；逾期的，平台依据已有材料判定。",
    "Once the platform steps into a dispute, the merchant brings talks, proof of shipping or test reports within the "
    "time he is told; after that the platform decides on what is there.",
    "逾期不举证的，承担举证不能的后果；该次计入履约记录。",
    "Whoever brings nothing in time bears the consequence, and it counts in his record.",
    counted="answer_in_time", at_least=90,
)  # fmt: skip


def accepted(people: Mapping[str, User], now: datetime) -> None:
    """Every shop but the youngest accepted the agreement in force, each by its owner."""
    version = AgreementVersion.objects.select_related("agreement").get(agreement__code=CODE, number=1)
    owners = MerchantMember.objects.filter(role=MemberRole.OWNER, active_to=None).select_related("user")
    known = {one.merchant_id: one.user for one in owners}
    for number, shop in enumerate(list(concerned(version))[:-1]):
        owner = known.get(shop.pk) or _owner(shop, people["operations"], now - 40 * DAY)
        agreement_answer(
            merchant=shop, version=version, answer="accepted", seen=version.sha256, actor=owner,
            now=now - 30 * DAY + number * HOUR,
        )  # fmt: skip


def _owner(shop: Merchant, operations: User, at: datetime) -> User:
    """Somebody who owns the shop and never signs in."""
    owner: User = user_create(
        username=f"owner-{shop.code.lower()}", display_name=f"{shop.name}店主", roles=[Role.MERCHANT_OWNER],
        actor=system_user(at), now=at, kind=Kind.DEMO,
    )  # fmt: skip
    member_add(merchant=shop, user=owner, role=MemberRole.OWNER, actor=operations, now=at)
    return owner


def live(people: Mapping[str, User], now: datetime) -> None:
    """Version 2 is talked over since three days; one comment is answered, one waits. A flood is drafted."""
    agreement = Agreement.objects.filter(code=CODE).first()
    owner = MerchantMember.objects.filter(user=people["shopowner"], active_to=None).first()
    if agreement is None or owner is None:
        return
    operations = people["operations"]
    accepted(people, now)
    said = AgreementVersion.objects.get(agreement=agreement, number=1).said
    changed = [replace(one, at_least=97) if one.key == "dispatch" else one for one in said]
    draft = agreement_draft(
        agreement=agreement, label="2026-2", clauses=[*changed[:9], EVIDENCE, *changed[9:]], actor=operations,
        now=now - 3 * DAY, reason="发货时效提高；补充纠纷举证。",
    )  # fmt: skip
    talk = consultation_open(
        draft=draft,
        asked_zh="拟把按期发货比例由 95% 提高到 97%，并写明纠纷举证期限。贵店能否做到？哪些情形需要例外？",
        asked_en="Dispatch in time is to rise from 95 % to 97 %, and disputes get a time for evidence. Can your shop "
        "do it, and where are exceptions needed?",
        actor=operations, now=now - 3 * DAY,
    )  # fmt: skip
    who = {"consultation": talk, "merchant": owner.merchant_id, "actor": people["shopowner"]}
    first = comment_make(words="大促期间仓库爆单，97% 很难做到，希望大促另行约定。", now=now - 2 * DAY, **who)
    comment_make(words="举证期限建议不少于 24 小时，周末顺延。", now=now - 5 * HOUR, **who)
    comment_answer(
        comment=first, taken="partly", answer="大促期间的时限由另行公布的大促规则约定，正文比例不变。",
        actor=people["supervisor"], now=now - DAY,
    )  # fmt: skip
    circumstance_draft(
        code="rain-2026-07", name_zh="河南部分地区特大暴雨", name_en="Extreme rain in parts of Henan", cause="disaster",
        begins_at=now - 20 * DAY, ends_at=now - 17 * DAY, provinces=["河南省"], cities=[], promises=[],
        source_ref="应急公告 2026-07", source_zh="应急管理部门公告：部分地区道路中断，快递停运。",
        source_en="Announcement: roads closed in parts of the province, parcel services stopped.",
        reason="受灾地区商家无法处理售后。", actor=operations, now=now - 2 * DAY,
    )  # fmt: skip
