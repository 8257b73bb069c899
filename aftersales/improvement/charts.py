"""Tickets of a subject day by day, with what is usual and how far chance goes; drawn on the server."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

from django.utils.html import escape
from django.utils.safestring import SafeString, mark_safe

WIDE, TALL, LEFT = 960, 150, 30


@dataclass(frozen=True)
class Bar:
    """One day. ``usual`` and ``limit`` are None where there is no base to draw."""

    day: date
    number: int
    usual: float | None
    limit: int | None
    is_surge: bool
    label: str


def series(bars: Sequence[Bar], *, finding: str) -> SafeString:
    """Bars of the days, those of the surge in another colour and pattern; usual as a line, the limit dashed."""
    most = max([1, *(one.number for one in bars), *(one.limit or 0 for one in bars)])
    wide = (WIDE - LEFT) / max(len(bars), 1)

    def y(value: float) -> float:
        return round(8 + (TALL - 8) * (1 - value / most), 1)

    parts = [f'<path class="axis" d="M{LEFT} {TALL}H{WIDE}"/>']
    for place, one in enumerate(bars):
        x, css = LEFT + place * wide, "loss" if one.is_surge else "col"
        parts.append(
            f'<rect class="{css}" x="{x + 1:.1f}" y="{y(one.number)}" width="{max(wide - 2, 1):.1f}" '
            f'height="{TALL - y(one.number):.1f}"><title>{escape(one.label)}</title></rect>'
        )
        if one.is_surge:
            parts.append(
                f'<circle class="mark" cx="{x + wide / 2:.1f}" cy="{y(one.number) - 4:.1f}" r="2.5"/>'
            )
        if place % 7 == (len(bars) - 1) % 7:
            at, anchor = (WIDE, "end") if one is bars[-1] else (x + wide / 2, "middle")
            parts.append(f'<text x="{at:.1f}" y="{TALL + 16}" text-anchor="{anchor}">{one.day:%m-%d}</text>')
    for css, values in (("line", [one.usual for one in bars]), ("ref", [one.limit for one in bars])):
        points = " ".join(
            f"{'M' if place == 0 or values[place - 1] is None else 'L'}{LEFT + (place + 0.5) * wide:.1f} {y(value)}"
            for place, value in enumerate(values) if value is not None
        )  # fmt: skip
        parts.append(f'<path class="{css}" d="{points}" fill="none"/>' if points else "")
    parts.append(f'<text x="{LEFT - 4}" y="{y(most) + 4}" text-anchor="end">{most}</text>')
    return mark_safe(  # noqa: S308
        f'<svg class="sc wn" viewBox="0 0 {WIDE} {TALL + 22}" role="img" aria-label="{escape(finding)}">'
        f"<title>{escape(finding)}</title>{''.join(parts)}</svg>"
    )
