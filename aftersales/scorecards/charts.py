"""Pictures of a score, drawn on the server: where points went, where a rate lies, among whom, and how it went on.

No script and no style attribute; colours are those of the stylesheet, and the finding stands in the title.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal

from django.utils.html import escape
from django.utils.safestring import SafeString, mark_safe

WIDE, ROW = 360, 40


@dataclass(frozen=True)
class Bar:
    """Points of one metric: lost below zero, added above it."""

    label: str
    points: Decimal
    url: str = ""


@dataclass(frozen=True)
class Month:
    """A score with its interval."""

    label: str
    score: float
    low: float
    high: float


def _svg(inner: str, width: int, height: int, finding: str, css: str = "") -> SafeString:
    return mark_safe(  # noqa: S308
        f'<svg class="sc {css}" viewBox="0 0 {width} {height}" role="img" aria-label="{escape(finding)}">'
        f"<title>{escape(finding)}</title>{inner}</svg>"
    )


def _text(x: float, y: float, words: str, anchor: str = "start", css: str = "") -> str:
    return f'<text class="{css}" x="{x:.1f}" y="{y:.1f}" text-anchor="{anchor}">{escape(words)}</text>'


def signed(points: Decimal) -> str:
    """With a true minus sign; a plus for what was added."""
    return f"−{-points:.1f}" if points < 0 else f"+{points:.1f}"


def _link(url: str, bar: str, y: int) -> str:
    """The whole row leads there: a finger does not hit the letters alone."""
    ground = f'<rect class="ground" x="0" y="{y}" width="{WIDE}" height="{ROW}"/>'
    return f'<a href="{escape(url)}">{ground}{bar}</a>'


def bars(items: Sequence[Bar], *, finding: str) -> SafeString:
    """Where points went, one bar for each metric."""
    longest = max((abs(one.points) for one in items), default=Decimal(1))
    parts = []
    for number, one in enumerate(items):
        y, long = number * ROW, float(abs(one.points) / longest) * (WIDE - 48)
        css = "loss" if one.points < 0 else "gain"
        bar = (
            f"{_text(0, y + 13, one.label)}"
            f'<rect class="{css}" x="0" y="{y + 19}" width="{max(long, 2):.1f}" height="12" rx="2"/>'
            f"{_text(long + 6, y + 29, signed(one.points))}"
        )
        parts.append(_link(one.url, bar, y) if one.url else bar)
    return _svg("".join(parts), WIDE, ROW * len(items) + 4, finding)


def strip(rate: float, low: float, high: float, limit: float, *, finding: str) -> SafeString:
    """A rate as a dot, its interval as a band, the target dashed."""
    first, last = min(low, limit), max(high, limit)
    room = max((last - first) * 0.15, 0.005)
    begin, end = max(0.0, first - room), min(1.0, last + room)

    def x(value: float) -> float:
        return round(6 + 148 * (value - begin) / (end - begin), 1)

    inner = (
        f'<path class="axis" d="M4 11h152"/><rect class="band" x="{x(low)}" y="7" '
        f'width="{max(x(high) - x(low), 1):.1f}" height="8" rx="2"/>'
        f'<circle class="me" cx="{x(rate)}" cy="11" r="5"/><path class="ref" d="M{x(limit)} 1v20"/>'
    )
    return _svg(inner, 160, 22, finding, "strip")


def distribution(
    counts: Sequence[int], *, first: float, step: float, score: float, low: float, high: float, finding: str
) -> SafeString:
    """How many peers have how much; the own column and the own interval stand out."""
    foot, left, wide = 118, 8, 344 / max(len(counts), 1)
    most = max([1, *counts])
    last = first + step * len(counts)

    def x(value: float) -> float:
        return round(left + 344 * (min(max(value, first), last) - first) / (last - first), 1)

    parts = [
        f'<rect class="band" x="{x(low)}" y="24" width="{max(x(high) - x(low), 1):.1f}" height="{foot - 24}"/>'
    ]
    mine = min(int((score - first) / step), len(counts) - 1)
    for number, count in enumerate(counts):
        tall = 78 * count / most
        parts.append(
            f'<rect class="{"me" if number == mine else "col"}" x="{left + number * wide + 1:.1f}" '
            f'y="{foot - tall:.1f}" width="{wide - 2:.1f}" height="{tall:.1f}"/>'
        )
    parts.append(f'<path class="axis" d="M8 {foot}h344"/>')
    for value in range(int(first), int(last) + 1, 20):
        anchor = "end" if value >= last else "start" if value <= first else "middle"
        parts.append(_text(x(value), foot + 18, str(value), anchor))
    parts.append(_text(min(max(x(score), 20), WIDE - 20), 16, f"{score:.1f}", "middle", "on"))
    return _svg("".join(parts), WIDE, 142, finding)


def trend(months: Sequence[Month], *, finding: str) -> SafeString:
    """Scores of months as a line in the band of their intervals."""
    low, high = min(one.low for one in months), max(one.high for one in months)
    low, high = (low - 2, high + 2) if high > low else (low - 5, high + 5)
    step = 300 / max(len(months) - 1, 1)

    def y(value: float) -> float:
        return round(118 - 100 * (value - low) / (high - low), 1)

    places = [(34 + step * number, one) for number, one in enumerate(months)]
    upper = [f"{x:.1f},{y(one.high)}" for x, one in places]
    lower = [f"{x:.1f},{y(one.low)}" for x, one in reversed(places)]
    line = " ".join(f"{x:.1f},{y(one.score)}" for x, one in places)
    dots = "".join(
        f'<circle class="me" cx="{x:.1f}" cy="{y(one.score)}" r="3"><title>{escape(one.label)}: {one.score:.1f}'
        "</title></circle>"
        for x, one in places
    )
    every = max(1, len(places) // 4)
    labels = "".join(
        _text(x, 138, one.label, "middle") for number, (x, one) in enumerate(places) if number % every == 0
    )
    inner = (
        f'<polygon class="band" points="{" ".join([*upper, *lower])}"/><path class="axis" d="M34 118h300"/>'
        f'<polyline class="line" points="{line}"/>{dots}{labels}'
        f"{_text(28, y(high - 2) + 4, f'{high - 2:.0f}', 'end')}{_text(28, y(low + 2) + 4, f'{low + 2:.0f}', 'end')}"
    )
    return _svg(inner, WIDE, 146, finding)


@dataclass(frozen=True)
class Point:
    """One span of a course."""

    label: str
    value: float
    words: str


def spark(points: Sequence[Point | None], *, finding: str) -> SafeString:
    """A small line over equal spans, its last point marked; a span without a value breaks it."""
    known = [one.value for one in points if one is not None]
    low, high = min(known), max(known)
    room = (high - low) or 1.0
    step = 104 / max(len(points) - 1, 1)

    def place(number: int, one: Point) -> str:
        return f"{8 + step * number:.1f},{26 - 20 * (one.value - low) / room:.1f}"

    lines: list[list[str]] = [[]]
    for number, one in enumerate(points):
        if one is None:
            lines.append([])
        else:
            lines[-1].append(place(number, one))
    drawn = "".join(f'<polyline class="line" points="{" ".join(one)}"/>' for one in lines if len(one) > 1)
    dots = "".join(
        _spark_dot(place(number, one), one, is_last=number == len(points) - 1)
        for number, one in enumerate(points)
        if one is not None
    )
    return _svg(drawn + dots, 120, 32, finding, "spark")


def _spark_dot(place: str, one: Point, *, is_last: bool) -> str:
    x, y = place.split(",")
    return (
        f'<circle class="{"me" if is_last else "dot"}" cx="{x}" cy="{y}" r="{3 if is_last else 2}">'
        f"<title>{escape(one.label)}: {escape(one.words)}</title></circle>"
    )


def box(
    quartiles: Sequence[float],
    ends: Sequence[float],
    target: float | None,
    mine: float | None,
    *,
    finding: str,
) -> SafeString:
    """Where the middle half lies (box), its median (stroke), the outer tenths (line), a target (dashed), one (dot)."""
    first = min([*quartiles, *ends, *(one for one in (target, mine) if one is not None)])
    last = max([*quartiles, *ends, *(one for one in (target, mine) if one is not None)])
    room = max((last - first) * 0.08, 0.005)
    begin, end = first - room, last + room

    def x(value: float) -> float:
        return round(6 + 188 * (value - begin) / (end - begin), 1)

    low, middle, high = quartiles
    parts = [f'<path class="axis" d="M{x(ends[0])} 12H{x(ends[1])}"/>'] if ends else []
    parts.append(
        f'<rect class="band" x="{x(low)}" y="5" width="{max(x(high) - x(low), 2):.1f}" height="14" rx="2"/>'
        f'<path class="mid" d="M{x(middle)} 4v16"/>'
    )
    if target is not None:
        parts.append(f'<path class="ref" d="M{x(target)} 0v24"/>')
    if mine is not None:
        parts.append(f'<circle class="me" cx="{x(mine)}" cy="12" r="5"/>')
    return _svg("".join(parts), 200, 24, finding, "boxed")
