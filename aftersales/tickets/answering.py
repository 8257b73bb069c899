"""What may be said to a customer or a merchant: blanks are filled, and no compensation hangs on a review. Pure."""

import re
from collections.abc import Mapping
from dataclasses import dataclass

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from aftersales.core.errors import Refusal

BLANK = re.compile(r"\{([A-Za-z][A-Za-z_]{0,30})\}")


@dataclass(frozen=True)
class Variable:
    """One blank of an answer. ``capability``: who does not hold it gets no value."""

    name: str
    label: Promise
    sample_zh: str
    sample_en: str
    capability: str = ""

    def sample(self, language: str) -> str:
        return self.sample_en if language.startswith("en") else self.sample_zh


VARIABLES: Mapping[str, Variable] = {
    one.name: one
    for one in (
        Variable("number", pgettext_lazy("blank", "ticket number"), "TK2611-00382", "TK2611-00382"),
        Variable("problem", pgettext_lazy("blank", "problem"), "耳机左耳没有声音", "Left earphone has no sound"),
        Variable("customer", pgettext_lazy("blank", "customer's name, masked"), "林*", "L*n"),
        Variable("phone", pgettext_lazy("blank", "customer's telephone, masked"), "138 **** 5521", "138 **** 5521"),
        Variable("order", pgettext_lazy("blank", "order number"), "1928374650112", "1928374650112"),
        Variable("product", pgettext_lazy("blank", "product"), "A3 蓝牙耳机", "A3 earphones"),
        Variable("paid", pgettext_lazy("blank", "amount paid"), "¥372.41", "¥372.41"),
        Variable("merchant", pgettext_lazy("blank", "merchant"), "声悦数码旗舰店", "Shengyue Audio"),
        Variable(
            "merchant_phone", pgettext_lazy("blank", "merchant's telephone"), "0755-8600 1122", "0755-8600 1122",
            "merchants.view_merchantcontact",
        ),
        Variable("carrier", pgettext_lazy("blank", "carrier"), "顺丰速运", "SF Express"),
        Variable("tracking", pgettext_lazy("blank", "tracking number"), "SF1234567890", "SF1234567890"),
        Variable("arrival", pgettext_lazy("blank", "promised delivery"), "11月26日", "26 Nov"),
        Variable("new_product", pgettext_lazy("blank", "replacement"), "A3 蓝牙耳机", "A3 earphones"),
        Variable("new_carrier", pgettext_lazy("blank", "carrier of the replacement"), "顺丰速运", "SF Express"),
        Variable("new_tracking", pgettext_lazy("blank", "waybill of the replacement"), "SF1234567891", "SF1234567891"),
        Variable("due", pgettext_lazy("blank", "next time limit"), "11月24日 18:42", "24 Nov, 18:42"),
        Variable("agent", pgettext_lazy("blank", "your name"), "周婷", "Zhou Ting"),
        Variable("assignee", pgettext_lazy("blank", "who works on it"), "周婷", "Zhou Ting"),
        Variable("contact", pgettext_lazy("blank", "how to reach us"), "400-000-0000", "400-000-0000"),
        Variable("today", pgettext_lazy("blank", "today"), "11月23日", "23 Nov"),
    )
}  # fmt: skip


def blanks(text: str) -> list[str]:
    """The blanks that stand in a text, each once, in their order."""
    return list(dict.fromkeys(BLANK.findall(text)))


def fill(text: str, values: Mapping[str, str]) -> str:
    """Blanks with a value are filled; the others stay where they are, so that everybody sees them. One pass."""
    return BLANK.sub(lambda found: values.get(found.group(1)) or found.group(0), text)


def template_problems(text: str) -> list[Refusal]:
    """What is wrong with the text of a template: blanks that do not exist, stray braces, a price for a review."""
    problems = [
        Refusal("unknown_blank", _("“{%(name)s}” is not among the blanks of an answer.") % {"name": name})
        for name in blanks(text)
        if name not in VARIABLES
    ]
    if re.search(r"[{}]", BLANK.sub("", text)):
        problems.append(Refusal("stray_brace", _("Braces may only stand around a blank, like {number}.")))
    return problems + review_problems(text)


def reply_problems(text: str) -> list[Refusal]:
    """What keeps words from going out to a customer or a merchant."""
    left = blanks(text)
    problems = review_problems(text)
    if left:
        names = "".join(f"{{{name}}}" for name in left)
        problems.append(
            Refusal(
                "unfilled",
                _("These blanks are not filled: %(names)s. Fill or remove them.") % {"names": names},
            )
        )
    return problems


# Compensation tied to a review (operations 6.8; Provisional Rules against Unfair Competition on the Internet, §9): a
# review is changed, removed or made favourable, and something is given, in the same breath.
_REVIEW = r"(?:评价|差评|中评|好评|评论|追评|五星|5\s*星|打分|晒单)"
_CHANGE_ZH = (
    rf"(?:(?:修改|更改|改为|改成|改一下|改下|改掉|改个|改|删除|删掉|删|撤销|撤回|撤掉|取消|追加|补个|给个|给我们|写个|打个|换成)"
    rf"[^。！？!?\n]{{0,10}}{_REVIEW}"
    rf"|{_REVIEW}[^。！？!?\n，,]{{0,6}}(?:修改|更改|改为|改成|改|删除|删掉|删|撤销|撤回|撤掉)"
    r"|(?:记得|别忘|麻烦|帮忙|请)[^。！？!?\n]{0,6}(?:五星|5\s*星|好评)"
    r"|换(?:个|取|来)?(?:五星)?好评|好评返|五星返|好评有礼|五星好评|全五星)"
)
_GIFT_ZH = (
    r"(?:补偿|赔偿|赔付|返现|返还|返\s*\d|红包|优惠券|代金券|退款|退您|退你|退给|转账"
    r"|礼品|赠送|送您|送你|积分|现金|\d+\s*元|抵扣)"
)
_CHANGE_EN = (
    r"(?:(?:chang|remov|delet|edit|updat|revis|rais|withdraw|improv|tak(?:e|ing)\s+down)\w*\W+(?:\w+\W+){0,5}?"
    r"(?:reviews?|ratings?|feedback|stars?)"
    r"|(?:reviews?|ratings?|feedback)\W+(?:\w+\W+){0,4}?(?:changed|removed|deleted|edited|updated|revised|withdrawn)"
    r"|(?:5|five)[\s-]*stars?|positive\s+(?:review|feedback|rating)|good\s+(?:review|rating))"
)
_GIFT_EN = (
    r"(?:compensat\w*|refund\w*|coupons?|vouchers?|cash\s?back|cash|gifts?|rewards?|discounts?|"
    r"pay\s+you|credit|[¥$€£]\s?\d)"
)
_NOT_ZH = re.compile(
    r"(?:不需要|无需|不用|不必|不要求|不会要求|绝不要求|不影响|不以|无论|不论|不管|请勿|不得)[^。！？!?\n]{0,16}$"
)
_NOT_EN = re.compile(
    r"(?:no need|not need|n['’]t need|without|never ask|not ask|regardless|not depend|whether or not|not require)"
    r"[^.!?\n]{0,40}$",
    re.IGNORECASE,
)
_NEAR = 80  # characters between the review and the gift: one breath


def ties_compensation_to_review(text: str) -> bool:
    """Whether words offer something for changing, removing or favouring a review."""
    return _tied(text, _CHANGE_ZH, _GIFT_ZH, _NOT_ZH) or _tied(text, _CHANGE_EN, _GIFT_EN, _NOT_EN)


def _tied(text: str, change: str, gift: str, negated: re.Pattern[str]) -> bool:
    gifts = [found.span() for found in re.finditer(gift, text, re.IGNORECASE)]
    for found in re.finditer(change, text, re.IGNORECASE):
        if negated.search(text[: found.start()][-60:]):
            continue
        start, end = found.span()
        if any(first - end <= _NEAR and start - last <= _NEAR for first, last in gifts):
            return True
    return False


def review_problems(text: str) -> list[Refusal]:
    if not ties_compensation_to_review(text):
        return []
    words = _(
        "Compensation may not depend on a review: say what we do, and leave the review to the customer."
    )
    return [Refusal("tied_to_review", words)]
