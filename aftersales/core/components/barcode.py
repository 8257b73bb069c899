"""Code 128 (set B) as SVG, drawn on the server: scanners of the receiving desk read it from paper."""

from __future__ import annotations

from django.utils.safestring import SafeString, mark_safe

from aftersales.core.components.text import escape

# Widths of bars and gaps in turn, eleven modules for each sign; the place in the list is the sign's value.
WIDTHS = (
    "212222 222122 222221 121223 121322 131222 122213 122312 132212 221213 221312 231212 112232 122132 122231 "
    "113222 123122 123221 223211 221132 221231 213212 223112 312131 311222 321122 321221 312212 322112 322211 "
    "212123 212321 232121 111323 131123 131321 112313 132113 132311 211313 231113 231311 112133 112331 132131 "
    "113123 113321 133121 313121 211331 231131 213113 213311 213131 311123 311321 331121 312113 312311 332111 "
    "314111 221411 431111 111224 111422 121124 121421 141122 141221 112214 112412 122114 122411 142112 142211 "
    "241211 221114 413111 241112 134111 111242 121142 121241 114212 124112 124211 411212 421112 421211 212141 "
    "214121 412121 111143 111341 131141 114113 114311 411113 411311 113141 114131 311141 411131 211412 211214 "
    "211232 "
)
SIGNS = [WIDTHS[place : place + 6] for place in range(0, len(WIDTHS), 7)]
START_B, STOP = 104, "2331112"
QUIET = 10  # modules of white on both sides, without which no scanner finds the beginning
LONGEST = 40


def values(text: str) -> list[int]:
    """The signs of a text: start, letters, check sign. Raises ValueError for what set B cannot say."""
    signs = [ord(letter) - 32 for letter in text]
    if not 0 < len(signs) <= LONGEST or any(not 0 <= sign < 95 for sign in signs):
        raise ValueError(f"no Code 128 for {text!r}")
    check = (START_B + sum(place * sign for place, sign in enumerate(signs, start=1))) % 103
    return [START_B, *signs, check]


def barcode(text: str, *, height: int = 56) -> SafeString:
    """The bars with the text for people below them; black on white whatever the theme."""
    pattern = "".join(SIGNS[sign] for sign in values(text)) + STOP
    x, bars = QUIET, []
    for place, width in enumerate(map(int, pattern)):
        if place % 2 == 0:
            bars.append(f"M{x} 0h{width}v{height}h-{width}z")
        x += width
    total, name = x + QUIET, escape(text)
    return mark_safe(  # noqa: S308 - numbers and an escaped text
        f'<svg class="bc" viewBox="0 0 {total} {height + 16}" role="img" aria-label="{name}">'
        f'<path class="bc-w" d="M0 0h{total}v{height + 16}h-{total}z"/><path class="bc-b" d="{"".join(bars)}"/>'
        f'<text class="bc-b" x="{total / 2}" y="{height + 13}" text-anchor="middle">{name}</text></svg>'
    )
