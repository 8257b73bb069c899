"""Charts drawn on the server as SVG: text is text, the message is in the label, a table stands behind each.

No script, no style attribute, colours from the stylesheet, so they print and follow the dark theme.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from django.utils.html import conditional_escape, escape
from django.utils.safestring import SafeString, mark_safe
from django.utils.translation import gettext as _

MAX_STEPS = 5


@dataclass(frozen=True, slots=True)
class Column:
    """One column of a bar chart; `line` is the second series, `tone` is "", warn, bad or now."""

    label: str
    value: float
    line: float | None = None
    tone: str = ""
    url: str = ""
    line_url: str = ""


@dataclass(frozen=True, slots=True)
class Share:
    """One bar of a share list: `share` and `target` between 0 and 1, `words` beside the bar."""

    label: str
    share: float | None
    words: str = ""
    target: float | None = None
    note: str = ""
    url: str = ""


@dataclass(frozen=True, slots=True)
class Pin:
    """One moment on a time line; `at` between 0 (left end) and 1 (right end)."""

    at: float
    label: str
    title: str
    tone: str = "warn"
    url: str = ""


def nice_ticks(value: float) -> list[int]:
    """Round numbers from 0 to the first at or above `value`: at most five steps of 1, 2 or 5 times a power of ten."""
    top, power = max(value, 4), 1
    while True:
        for base in (1, 2, 5):
            step = base * power
            steps = -int(-top // step)
            if steps <= MAX_STEPS:
                return [step * n for n in range(steps + 1)]
        power *= 10


def _cell(value: object) -> str:
    if value is None:
        return "–"
    return conditional_escape(value if isinstance(value, str) else str(value))


def data_table(head: Sequence[str], rows: Sequence[Sequence[object]], *, caption: str) -> SafeString:
    """The numbers behind a chart, folded away."""
    ths = "".join(f'<th scope="col">{escape(h)}</th>' for h in head)
    trs = "".join("<tr>" + "".join(f"<td>{_cell(value)}</td>" for value in row) + "</tr>" for row in rows)
    show = escape(_("Show as a table"))
    return mark_safe(  # noqa: S308
        f'<details class="tb"><summary>{show}</summary><div class="tb-w"><table>'
        f'<caption class="vh">{escape(caption)}</caption><thead><tr>{ths}</tr></thead><tbody>{trs}</tbody>'
        "</table></div></details>"
    )


def bars_line(
    columns: Sequence[Column],
    *,
    message: str,
    every: int = 2,
    width: int = 640,
    height: int = 230,
    here: int = -1,
) -> SafeString:
    """Columns with a second series as a line (opened and closed per day).

    Labels stand at every n-th column and at the present one (``here``: its place), which is told from the others.
    """
    ticks = nice_ticks(max([0, *(max(c.value, c.line or 0) for c in columns)]))
    left, right, foot, head = max(42, 14 + 7 * len(str(ticks[-1]))), width - 6, height - 24, 14
    step = (right - left) / max(len(columns), 1)

    def y(value: float) -> float:
        return round(foot - (foot - head) * value / ticks[-1], 1)

    parts = [_grid(left, right, y, ticks)]
    points, present = [], here % max(len(columns), 1)
    for n, column in enumerate(columns):
        x, centre = left + n * step, left + (n + 0.5) * step
        parts.append(_bar(x + step * 0.22, step * 0.56, y(column.value), foot, column))
        if n == present or ((n - present) % every == 0 and abs(n - present) >= every):
            parts.append(_text(centre, height - 6, column.label, "ax on" if n == present else "ax"))
        if column.line is not None:
            points.append((round(centre, 1), y(column.line), column))
    parts.append(_line(points))
    return _svg("".join(parts), width, height, message)


def _grid(left: float, right: float, y: object, ticks: Sequence[int]) -> str:
    lines = []
    for n, value in enumerate(ticks):
        at = y(value)  # type: ignore[operator]
        css = "base" if n == 0 else "gr"
        lines.append(f'<line class="{css}" x1="{left}" x2="{right}" y1="{at}" y2="{at}"/>')
        lines.append(_text(left - 8, at + 4, str(value), "ax", "end"))
    return "".join(lines)


def _bar(x: float, width: float, y: float, foot: float, column: Column) -> str:
    title = f"{column.label}: {column.value:g}" + ("" if column.line is None else f" / {column.line:g}")
    return _linked(
        f'<rect class="b {column.tone}" x="{x:.1f}" y="{y}" width="{width:.1f}" height="{max(foot - y, 0):.1f}" '
        f'rx="2"><title>{escape(title)}</title></rect>',
        column.url,
    )


def _line(points: list[tuple[float, float, Column]]) -> str:
    if not points:
        return ""
    path = " ".join(f"{x},{y}" for x, y, _column in points)
    return f'<polyline class="l2" points="{path}"/>' + "".join(_dot(x, y, one) for x, y, one in points)


def _dot(x: float, y: float, column: Column) -> str:
    """A point of the second series; where it opens something, with room for a finger around it."""
    title = f"<title>{escape(column.label)}: {column.line:g}</title>"
    room = f'<circle class="d2r" cx="{x}" cy="{y}" r="10"/>' if column.line_url else ""
    return _linked(f'{room}<circle class="d2" cx="{x}" cy="{y}" r="3">{title}</circle>', column.line_url)


def histogram(
    columns: Sequence[Column], *, message: str, limit_after: float | None = None, limit: str = ""
) -> SafeString:
    """Counts by class with the number on each; the dashed line after class `limit_after`, or in one, is the promise."""
    width, height, foot, head = 360, 190, 164, 30
    top = max([1, *(c.value for c in columns)])
    step = width / max(len(columns), 1)
    parts = [f'<line class="base" x1="0" x2="{width}" y1="{foot}" y2="{foot}"/>']
    for n, column in enumerate(columns):
        y = round(foot - (foot - head) * column.value / top, 1)
        parts.append(_bar(n * step + step * 0.14, step * 0.72, y, foot, column))
        parts.append(_text((n + 0.5) * step, y - 6, f"{column.value:g}", "lb"))
        parts.append(_text((n + 0.5) * step, height - 9, column.label, "ax"))
    if limit_after is not None:
        x = round((limit_after + 1) * step, 1)
        parts.append(f'<line class="lim" x1="{x}" x2="{x}" y1="16" y2="{foot}"/>')
        parts.append(_text(x + 4, 24, limit, "an", "start"))
    return _svg("".join(parts), width, height, message)


def share_bars(items: Sequence[Share], *, floor: float = 0.0) -> SafeString:
    """Horizontal bars from `floor` to 1, the target as a stroke: amber below it, green above, grey without one."""
    return mark_safe(f'<ul class="hbl">{"".join(_share(item, floor) for item in items)}</ul>')  # noqa: S308


def _share(item: Share, floor: float) -> str:
    def x(value: float) -> float:
        return round(100 * max(0.0, min(1.0, (value - floor) / (1 - floor))), 1)

    low = item.share is not None and item.target is not None and item.share < item.target
    tone = "nt" if item.target is None else "no" if low else "ok"
    fill = f'<rect class="{tone}" width="{x(item.share or floor)}" height="10"/>'
    stroke = "" if item.target is None else f'<rect class="tg" x="{x(item.target)}" width="0.7" height="10"/>'
    bar = (
        f'<svg class="hb" viewBox="0 0 100 10" preserveAspectRatio="none" aria-hidden="true">'
        f'<rect class="tr" width="100" height="10"/>{fill}{stroke}</svg>'
    )
    tag, href = ("a", f' href="{escape(item.url)}"') if item.url else ("div", "")
    return (
        f'<li><{tag}{href}><span class="nm" title="{escape(item.label)}">{escape(item.label)}</span>{bar}'
        f'<b class="{"no" if low else ""}">{escape(item.words)}</b>'
        f'<span class="tgt">{escape(item.note)}</span></{tag}></li>'
    )


NEAR_END = 0.95  # of the line: a label there ends at its moment, so that nothing is cut off


def timeline_pins(
    pins: Sequence[Pin], *, ticks: Sequence[tuple[float, str]], message: str, start: str
) -> SafeString:
    """Moments as pins on a line that begins now; pins closer than their own width step up."""
    width, height, base, left, right = 480, 140, 98, 10, 470

    def x(at: float) -> float:
        return round(left + (right - left) * max(0.0, min(1.0, at)), 1)

    parts = [f'<line class="base" x1="{left}" x2="{right}" y1="{base}" y2="{base}"/>']
    for at, label in ticks:
        parts.append(f'<line class="gr" x1="{x(at)}" x2="{x(at)}" y1="10" y2="{base}"/>')
        parts.append(_text(x(at), base + 18, label, "ax", "end" if at > NEAR_END else "middle"))
    last, row = -100.0, 0
    for pin in sorted(pins, key=lambda p: p.at):
        row = (row + 1) % 3 if x(pin.at) - last < 34 else 0
        last = x(pin.at)
        parts.append(_pin(pin, last, 68 - 24 * row, base))
    parts.append(f'<circle class="nowd" cx="{left}" cy="{base}" r="4"/>')
    parts.append(_text(left - 6, base + 35, start, "ax on", "start"))
    return _svg("".join(parts), width, height, message)


def _pin(pin: Pin, x: float, y: float, base: float) -> str:
    half = 16
    box = max(half, min(x, 480 - half))
    return _linked(
        f'<g class="pin {pin.tone}"><title>{escape(pin.title)}</title>'
        f'<line x1="{x}" x2="{x}" y1="{y}" y2="{base}"/>'
        f'<rect x="{box - half}" y="{y - 12}" width="{2 * half}" height="19" rx="4"/>'
        f"{_text(box, y + 2, pin.label, '')}</g>",
        pin.url,
    )


def _linked(inner: str, url: str) -> str:
    return f'<a href="{escape(url)}">{inner}</a>' if url else inner


def _text(x: float, y: float, words: str, css: str, anchor: str = "middle") -> str:
    return f'<text class="{css}" x="{x:.1f}" y="{y:.1f}" text-anchor="{anchor}">{escape(words)}</text>'


def _svg(inner: str, width: int, height: int, message: str) -> SafeString:
    return mark_safe(  # noqa: S308
        f'<svg class="ch w{width}" viewBox="0 0 {width} {height}" role="img" aria-label="{escape(message)}">'
        f"<title>{escape(message)}</title>{inner}</svg>"
    )
