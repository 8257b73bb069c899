"""Every component on one page, with ordinary and with extreme contents, for looking at."""

from __future__ import annotations

from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET

from aftersales.core import components as c
from aftersales.core.access import needs
from aftersales.core.components.badges import TONES
from aftersales.core.components.icons import MARKS

LONG = "一家名字特别长的旗舰店" * 4
DAYS = [22, 25, 24, 28, 61, 72, 58, 49, 41, 38, 35, 33, 31, 18]
CLOSED = [24, 23, 26, 22, 30, 44, 52, 55, 50, 46, 41, 38, 36, 21]


@require_GET
@needs("desk.styleguide")
def styleguide(request: HttpRequest) -> HttpResponse:
    """The style guide."""
    now = timezone.now()
    if request.GET.get("say"):
        messages.success(request, _("Saved."))
        messages.warning(request, LONG)
        messages.error(request, _("That did not work. Try again in a moment."))
    return render(request, "desk/styleguide.html", {"title": _("Style guide"), "now": now, **samples(now)})


def samples(now: datetime) -> dict[str, Any]:
    """The contents of the style guide."""
    return {
        "badges": [
            c.badge(f"{tone} · {mark}", tone=tone, mark_name=mark)
            for tone, mark in zip(TONES, MARKS, strict=False)
        ],
        "marks": [c.badge(mark, mark_name=mark) for mark in MARKS],
        "levels": [
            c.level("L1", "一般"),
            c.level("L2", "重大", tone="amber"),
            c.level("L3", "特大", tone="red"),
            c.level("L5", "投诉", tone="violet"),
            c.level("L6", "反馈"),
        ],
        "clocks": clocks(now),
        "people": [
            c.person(name, _("Nobody")) for name in ("陈思远", "王", "", LONG, "Ana Beatriz Rodrigues")
        ],
        "steps": c.steps(
            [
                c.Step("申请", "done", "11-19 16:40"),
                c.Step("商家审核", "now", "16:40 前"),
                *[c.Step(word) for word in ("寄回", "收货", "验货", "退款")],
            ]
        ),
        "diff": c.diff([c.Difference("等级", "L1 一般", "L2 重大"), c.Difference("备注", LONG, "")]),
        "figures": figures(),
        "facts": c.facts([("订单", "3026 1118 0045"), ("商家", LONG), ("实付", c.badge("1", tone="green"))]),
        "amounts": [Decimal("1280"), Decimal("-3.5"), Decimal("1234567.895")],
        "moments": [now - timedelta(days=d, hours=3) for d in (0, 1, -1, 4, 400)],
        **charts(now),
    }


def clocks(now: datetime) -> list[c.ClockFace]:
    """One clock in each condition."""
    hour = timedelta(hours=1)
    start, due = now - 20 * hour, now + 4 * hour
    return [
        c.ClockFace("首次响应", "running", now - hour, now + 5 * hour, now + 3 * hour),
        c.ClockFace("解决方案", "running", start, now + 1.4 * hour, now - hour),
        c.ClockFace("商家答复", "running", start, now - 3.2 * hour, now - 6 * hour, owed_by="云裳女装旗舰店"),
        c.ClockFace("解决", "paused", start, due, remaining=18 * hour, note="等客户补照片"),
        c.ClockFace("首次响应", "met", start, due, stopped_at=start + timedelta(minutes=12)),
        c.ClockFace("解决", "met_late", start, now - 4 * hour, stopped_at=now - hour),
        c.ClockFace(
            "七天退货期", "running", now - 90 * hour, now + 81 * hour, now + 40 * hour, statutory=True
        ),
        c.ClockFace("归档", "cancelled", start, due),
        c.ClockFace(LONG, "running", start, now + 500 * hour, None),
    ]


def figures() -> list[c.Figure]:
    """Tiles, quiet and loud."""
    return [
        c.Figure("未结工单", "86", "张", "较昨日 −5", url="#"),
        c.Figure("已超时", "4", "张", "最久 3小时10分", "bad", "#"),
        c.Figure("4 小时内到期", "5", "张", "其中 L2 一张", "warn", "#"),
        c.Figure("首次响应达标", "96.2", "%", "目标 95% · 531 次", url="#"),
        c.Figure("积压总额（含跨境）", "1,234,567.89", "元", LONG),
    ]


def charts(now: datetime) -> dict[str, Any]:
    """One chart of each kind."""
    columns = [
        c.Column(f"11-{7 + n:02d}", value, line, "now" if n == len(DAYS) - 1 else "")
        for n, (value, line) in enumerate(zip(DAYS, CLOSED, strict=True))
    ]
    ages = [("<4时", 19, ""), ("4–24时", 34, ""), ("1–2天", 18, ""), ("2–3天", 8, "warn"), (">7天", 2, "bad")]
    pins = [
        (0.35, "L2", "hot"),
        (0.46, "L1", "warn"),
        (0.49, "L1", "warn"),
        (0.51, "L5", "calm"),
        (0.97, "L1", "warn"),
    ]
    return {
        "trend": c.bars_line(columns, message="每日新开与关闭"),
        "trend_table": c.data_table(
            ["日", "新开", "关闭"], [(x.label, x.value, x.line) for x in columns], caption="每日新开与关闭"
        ),
        "ages": c.histogram(
            [c.Column(*a[:2], tone=a[2]) for a in ages],
            message="积压龄期",
            limit_after=2,
            limit="48 小时承诺",
        ),
        "shares": c.share_bars(
            [
                c.Share("首次响应", 0.962, "96.2%", 0.95, "目标 95%", "#"),
                c.Share("解决方案 L2", 0.889, "88.9%", 0.95, "目标 95%", "#"),
                c.Share(LONG, None, "–", 0.9, "没有数据"),
            ],
            floor=0.7,
        ),
        "pins": c.timeline_pins(
            [c.Pin(at, label, f"{label} 到期", tone, "#") for at, label, tone in pins],
            ticks=[(0.1, "15:00"), (0.35, "16:00"), (0.6, "17:00"), (0.85, "18:00")],
            message="未来 4 小时到期 5 张",
            start="现在",
        ),
    }
