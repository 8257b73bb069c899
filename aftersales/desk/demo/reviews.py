"""What invented customers write about what they bought; no two praises are alike, but those of a planted ring."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from random import Random

from aftersales.orders.models import OrderLine, Review

from . import words
from .characters import Character

STARS_LATE = (20, 16, 22, 22, 20)
STARS_WELL = (7, 24, 69)  # three to five
WITHOUT_WORDS = 0.35
OPENINGS = (
    "朋友推荐来买的", "对比了好几家才下单", "第二次买了", "给家里老人买的", "活动时入手的", "帮同事代买的",
    "等了很久才降价",
    "搬新家用", "之前的用坏了换新", "看评论下的单", "送人的", "一直想要",
)  # fmt: skip
FOUND = (
    "{goods}拿到手和页面一样", "{goods}做工比想象的细", "{goods}用了一周没什么毛病", "{goods}分量足，没有异味",
    "{goods}颜色很正",
    "{goods}上手就会用", "{goods}比实体店便宜不少", "{goods}尺寸刚好", "{goods}家里人都说好", "{goods}细节处理得不错",
    "{goods}质量对得起价格", "{goods}说明书写得清楚",
)  # fmt: skip
ENDINGS = (
    "包装也仔细", "快递第三天就到了", "客服回复很快", "还送了小礼物", "下次还来", "已经推荐给邻居", "外箱一点没磕",
    "发票也一起开好了",
    "值得这个价", "先用着，过阵子追评", "给五星", "希望一直保持",
)  # fmt: skip
SHORT = ("好评。", "不错。", "满意。", "可以的。")
RING_WORDS = "老板人特别好，东西也特别好，全五星推荐给大家，闭眼买就对了！"


@dataclass(frozen=True)
class Written:
    stars: int
    body: str


def written(
    random: Random, who: Character, lines: Sequence[OrderLine], complaints: Sequence[str], *, late: bool
) -> Written:
    """Stars by how the shop trades and whether it came late, and words that fit them."""
    if late:
        stars = random.choices((1, 2, 3, 4, 5), weights=STARS_LATE)[0]
    elif random.random() < who.low:
        stars = random.choice((1, 1, 2))
    else:
        stars = random.choices((3, 4, 5), weights=STARS_WELL)[0]
    if stars < 3:
        return Written(stars, random.choice(complaints))
    return Written(
        stars, random.choice(words.MIDDLING) if stars == 3 else praise(random, lines[0].product_name)
    )


def praise(random: Random, goods: str) -> str:
    """Made of three parts; a third of the people write nothing or a word."""
    if random.random() < WITHOUT_WORDS:
        return random.choice((*SHORT, "", ""))
    parts = (random.choice(OPENINGS), random.choice(FOUND).format(goods=goods), random.choice(ENDINGS))
    return f"{'，'.join(parts)}。"


def ring_moments(now: datetime, number: int) -> list[datetime]:
    """When the buyers of the ring ordered: on a few days in the middle of the month before."""
    middle = (now.replace(day=1) - timedelta(days=1)).replace(
        day=9, hour=4, minute=12, second=0, microsecond=0
    )
    return [middle + timedelta(hours=5 * place) for place in range(number)]


def ring_review(review: Review, placed_at: datetime) -> Review:
    """Praise in the words that all of the ring use, a week after the order."""
    review.score, review.body = 5, RING_WORDS
    review.written_at, review.answered_at = placed_at + timedelta(days=7, hours=3), None
    return review
