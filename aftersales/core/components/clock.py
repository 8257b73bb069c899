"""The clock: words on top, a bar of the time used with the warning as a notch, below it the promise and the time due.

One component everywhere. The warning moment comes from the rule version that the clock cites, never from a page.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.utils.safestring import SafeString, mark_safe
from django.utils.translation import gettext as _
from django.utils.translation import pgettext

from aftersales.core.components.icons import icon
from aftersales.core.components.text import escape
from aftersales.core.wording import duration, stamp, time_left, when

ICONS = {"warn": "clock", "bad": "alert", "paused": "pause", "met": "check", "late": "check"}


@dataclass(frozen=True, slots=True)
class ClockFace:
    """What a clock shows. `state` is running, paused, met, breached, met_late, cancelled or none (no clock runs)."""

    promise: str
    state: str = "running"
    started_at: datetime | None = None
    due_at: datetime | None = None
    warn_at: datetime | None = None
    stopped_at: datetime | None = None
    remaining: timedelta | None = None
    note: str = ""
    owed_by: str = ""
    statutory: bool = False

    def tone(self, now: datetime) -> str:
        """calm, warn, bad, paused, met, late (met after the time) or off."""
        if self.state in ("met", "met_late"):
            return "late" if self.state == "met_late" else "met"
        if self.state == "paused":
            return "paused"
        if self.state in ("cancelled", "none") or self.due_at is None:
            return "off"
        if self.due_at < now or self.state == "breached":
            return "bad"
        return "warn" if self.warn_at and now >= self.warn_at else "calm"

    def used(self, now: datetime) -> int:
        """Per cent of the time used, 0–100; a paused clock shows what was used when it stopped."""
        end = self.stopped_at or now
        if self.started_at is None or self.due_at is None:
            return 0
        whole = (self.due_at - self.started_at).total_seconds()
        if self.state == "paused" and self.remaining is not None:
            left = self.remaining.total_seconds()
            return max(0, min(100, round(100 - 100 * left / max(whole, left, 1))))
        return max(0, min(100, round(100 * (end - self.started_at).total_seconds() / max(whole, 1))))

    def notch(self) -> int | None:
        """Per cent at which the warning stands."""
        if not (self.warn_at and self.started_at and self.due_at):
            return None
        whole = (self.due_at - self.started_at).total_seconds()
        return max(1, min(99, round(100 * (self.warn_at - self.started_at).total_seconds() / max(whole, 1))))

    def words(self, now: datetime) -> str:
        """The time left, said as a person would."""
        tone = self.tone(now)
        if self.state == "none":
            return pgettext("clock", "No clock")
        if tone == "paused":
            return pgettext("clock", "Paused")
        if tone == "off" or self.due_at is None:
            return pgettext("clock", "Cancelled")
        if tone in ("met", "late") and self.started_at and self.stopped_at:
            if tone == "late":
                return _("Done, was %(duration)s late") % {
                    "duration": duration(self.stopped_at - self.due_at)
                }
            return _("Done in %(duration)s") % {"duration": duration(self.stopped_at - self.started_at)}
        if tone in ("met", "late"):
            return pgettext("clock", "Done") if tone == "met" else pgettext("clock", "Done late")
        return time_left(self.due_at, now)

    def title(self) -> str:
        """The promise with who owes it and whether the law sets it."""
        parts = [pgettext("clock", "Statutory")] if self.statutory else []
        parts.append(self.promise)
        if self.owed_by:
            parts.append(self.owed_by)
        return " · ".join(parts)

    def due_words(self, now: datetime) -> str:
        """The absolute time below the bar; a paused clock says what remains."""
        if self.state == "paused" and self.remaining is not None:
            return _("%(duration)s remain") % {"duration": duration(self.remaining)}
        return when(self.due_at, now)


def clock_bar(face: ClockFace, now: datetime) -> str:
    """The drawn bar; width attributes only, so that a strict policy and print both hold."""
    tone = face.tone(now)
    used = 100 if tone == "bad" else face.used(now)
    fill = f'<rect class="fi" width="{used}" height="4"/>'
    if tone == "paused":
        fill = f'<path class="hatch" d="M0 2H{used}"/>'
    notch = face.notch() if tone in ("calm", "warn") else None
    line = f'<rect class="nt" x="{notch}" width="1" height="4"/>' if notch else ""
    return (
        f'<svg class="bar k-{tone}" viewBox="0 0 100 4" preserveAspectRatio="none" aria-hidden="true">'
        f'<rect class="tr" width="100" height="4"/>{fill}{line}</svg>'
    )


LINE = 280  # units of the drawing's width
EDGE = 6


@dataclass(frozen=True, slots=True)
class LinePart:
    """A stretch of the line that did not count: ``stood``, ``closed`` or ``void``, with its words."""

    kind: str
    start: datetime
    end: datetime | None
    words: str = ""


def clock_line(face: ClockFace, parts: Sequence[LinePart], now: datetime) -> SafeString:
    """The clock as a drawn line: start, pauses hatched, closed time open, warning, now or end, due. No styles."""
    if face.started_at is None or face.due_at is None:
        return mark_safe("")
    end, tone = face.stopped_at or now, face.tone(now)
    # What is much later stands at the end; spans are compared, as a sum of a far moment would leave the calendar
    late = min(end - face.due_at, (face.due_at - face.started_at) / 4)
    scale = _Scale(face.started_at, face.due_at + max(late, timedelta()))
    used = scale.x(end)
    stood = "".join(_line_part(one, scale, end) for one in parts)
    drawn = [
        f'<rect class="tr" x="{EDGE}" y="18" width="{LINE - 2 * EDGE}" height="4"/>',
        f'<rect class="fi" x="{EDGE}" y="18" width="{max(0, used - EDGE)}" height="4"/>{stood}',
        _warning(face, scale, now),
        f'<circle class="st" cx="{EDGE}" cy="20" r="3.5"/>',
        f'<circle class="du" cx="{scale.x(face.due_at)}" cy="20" r="3.5"/>',
        _standing_now(face, used, now),
        f'<text x="0" y="37">{escape(when(face.started_at, now))}</text>',
        f'<text x="{scale.x(face.due_at) + EDGE}" y="37" text-anchor="end">{escape(when(face.due_at, now))}</text>',
    ]
    return mark_safe(  # noqa: S308
        f'<svg class="cline k-{tone}" viewBox="0 0 {LINE} 40" role="img" aria-label="{escape(_line_words(face, now))}">'
        f"{''.join(drawn)}</svg>"
    )


PART_CLASSES = {"stood": "hatch", "closed": "cl", "void": "vo"}


def _line_part(part: LinePart, scale: _Scale, end: datetime) -> str:
    title = f"<title>{escape(part.words)}</title>" if part.words else ""
    first, last = scale.x(part.start), scale.x(part.end or end)
    return (
        f'<path class="{PART_CLASSES[part.kind]}" d="M{first} 20H{last}">{title}</path>'
        if last > first
        else ""
    )


@dataclass(frozen=True, slots=True)
class _Scale:
    """Moments as places on the line; what lies outside stands at its ends."""

    first: datetime
    last: datetime

    def x(self, moment: datetime) -> int:
        whole = max((self.last - self.first).total_seconds(), 1)
        share = (moment - self.first).total_seconds() / whole
        return round(EDGE + (LINE - 2 * EDGE) * max(0.0, min(1.0, share)))


def _warning(face: ClockFace, scale: _Scale, now: datetime) -> str:
    """The notch; the words below belong to the ends, so that its own stand in its title."""
    if face.warn_at is None:
        return ""
    words = pgettext("clock", "Warns %(moment)s") % {"moment": when(face.warn_at, now)}
    return f'<path class="wn" d="M{scale.x(face.warn_at)} 13V27"><title>{escape(words)}</title></path>'


def _standing_now(face: ClockFace, x: int, now: datetime) -> str:
    """Where it stands: now, or where it ended."""
    words = pgettext("clock", "Ended") if face.stopped_at else pgettext("clock", "Now")
    anchor = "start" if x < 40 else "end" if x > LINE - 40 else "middle"
    place = {"start": 0, "end": LINE}.get(anchor, x)
    return (
        f'<path class="nw" d="M{x} 12V28"/><text class="nw" x="{place}" y="9" text-anchor="{anchor}">'
        f"{escape(words)} {escape(when(face.stopped_at or now, now))}</text>"
    )


def _line_words(face: ClockFace, now: datetime) -> str:
    """The drawing for who does not see it."""
    return _("Started %(start)s, warns %(warn)s, due %(due)s.") % {
        "start": when(face.started_at, now), "warn": when(face.warn_at, now), "due": when(face.due_at, now),
    }  # fmt: skip


def _live(face: ClockFace, now: datetime) -> str:
    if face.tone(now) not in ("calm", "warn", "bad") or face.due_at is None:
        return ""
    marks = [f' data-due="{int(face.due_at.timestamp())}"']
    if face.started_at:
        marks.append(f' data-start="{int(face.started_at.timestamp())}"')
    if face.warn_at:
        marks.append(f' data-warn="{int(face.warn_at.timestamp())}"')
    return "".join(marks)


def clock_words(face: ClockFace, now: datetime) -> str:
    """Icon and words of the time left."""
    tone = face.tone(now)
    sign = icon(ICONS[tone]) if tone in ICONS else ""
    return f'<span class="clk-t">{sign}<b>{escape(face.words(now))}</b></span>'


def clock(face: ClockFace, now: datetime) -> SafeString:
    """The whole clock. The page's script refreshes the words of running ones each minute."""
    return mark_safe(  # noqa: S308
        f'<div class="clk k-{face.tone(now)}"{_live(face, now)}>{clock_words(face, now)}{clock_bar(face, now)}'
        f'<div class="clk-n"><span>{escape(face.title())}{_note(face)}</span>'
        f'<time title="{stamp(face.due_at)}">{escape(face.due_words(now))}</time></div></div>'
    )


def _note(face: ClockFace) -> str:
    return f" · {escape(face.note)}" if face.note else ""
