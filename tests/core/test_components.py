"""The pieces of every page: what they say, that they escape, and that rows are cheap."""

from datetime import UTC, datetime, timedelta

import pytest
from django.utils import translation

from aftersales.core import components as c

NOW = datetime(2026, 11, 20, 6, 36, tzinfo=UTC)
HOUR = timedelta(hours=1)
EVIL = "<img src=x onerror=alert(1)>\"'"


@pytest.fixture(autouse=True)
def _english() -> object:
    with translation.override("en"):
        yield


@pytest.mark.parametrize(
    ("face", "tone", "words"),
    [
        (c.ClockFace("x", "running", NOW - HOUR, NOW + 3 * HOUR, NOW + HOUR), "calm", "3 h left"),
        (c.ClockFace("x", "running", NOW - 9 * HOUR, NOW + HOUR, NOW - HOUR), "warn", "1 h left"),
        (c.ClockFace("x", "running", NOW - 9 * HOUR, NOW - HOUR), "bad", "1 h late"),
        (c.ClockFace("x", "breached", NOW - 9 * HOUR, NOW - HOUR), "bad", "1 h late"),
        (c.ClockFace("x", "paused", NOW - 9 * HOUR, NOW - HOUR, remaining=HOUR), "paused", "Paused"),
        (c.ClockFace("x", "met", NOW - HOUR, NOW, stopped_at=NOW - HOUR / 2), "met", "Done in 30 min"),
        (c.ClockFace("x", "cancelled", NOW - HOUR, NOW), "off", "Cancelled"),
    ],
)
def test_a_clock_says_how_it_stands_in_words_and_tone(face: c.ClockFace, tone: str, words: str) -> None:
    assert face.tone(NOW) == tone
    assert face.words(NOW) == words
    assert f"k-{tone}" in c.clock(face, NOW)


def test_the_notch_stands_where_the_rule_warns() -> None:
    face = c.ClockFace("x", "running", NOW, NOW + 4 * HOUR, NOW + 3 * HOUR)
    assert face.notch() == 75
    assert 'x="75"' in c.clock_bar(face, NOW)


def test_a_paused_clock_never_ticks_on_the_page() -> None:
    face = c.ClockFace("x", "paused", NOW - HOUR, NOW + HOUR, remaining=HOUR)
    assert "data-due" not in c.clock(face, NOW)


def test_every_component_escapes_what_people_wrote() -> None:
    face = c.ClockFace(EVIL, "running", NOW, NOW + HOUR, note=EVIL, owed_by=EVIL)
    made = [
        c.badge(EVIL),
        c.level(EVIL, EVIL),
        c.chip(EVIL),
        c.person(EVIL),
        c.avatar(EVIL),
        c.clock(face, NOW),
        c.empty_state(EVIL, url=EVIL, act=EVIL),
        c.steps([c.Step(EVIL, "now", EVIL)]),
        c.diff([c.Difference(EVIL, EVIL, EVIL)]),
        c.figure(c.Figure(EVIL, EVIL, EVIL, EVIL, url=EVIL)),
        c.facts([(EVIL, EVIL)]),
        c.bars_line([c.Column(EVIL, 1, 2, url=EVIL)], message=EVIL),
        c.histogram([c.Column(EVIL, 1)], message=EVIL, limit_after=0, limit=EVIL),
        c.share_bars([c.Share(EVIL, 0.5, EVIL, 0.9, EVIL, EVIL)]),
        c.timeline_pins([c.Pin(0.5, EVIL, EVIL, url=EVIL)], ticks=[(0.1, EVIL)], message=EVIL, start=EVIL),
        c.data_table([EVIL], [[EVIL]], caption=EVIL),
    ]
    for html in made:
        assert "<img" not in html
        assert " style=" not in html


def test_charts_survive_nothing_to_show() -> None:
    assert "<svg" in c.bars_line([], message="none")
    assert "<svg" in c.histogram([], message="none")
    assert "<svg" in c.timeline_pins([], ticks=[], message="none", start="now")
    assert "–" in c.share_bars([c.Share("x", None, "–")])


def test_a_clock_is_drawn_with_its_pauses_its_warning_and_its_lateness() -> None:
    start, due = NOW - timedelta(hours=8), NOW - timedelta(hours=4)
    face = c.ClockFace("答复", "running", start, due, start + timedelta(hours=3))
    drawn = c.clock_line(
        face,
        [
            c.LinePart("stood", start + timedelta(hours=1), start + timedelta(hours=2), "waiting"),
            c.LinePart("closed", start + timedelta(hours=2), start + timedelta(hours=3)),
        ],
        NOW,
    )
    assert drawn.count('class="hatch"') == 1
    assert drawn.count('class="cl"') == 1
    assert "<title>waiting</title>" in drawn
    assert 'class="wn"' in drawn
    assert "k-bad" in drawn
    assert "style=" not in drawn
    due_at = int(drawn.partition('class="du" cx="')[2].partition('"')[0])
    assert due_at < 250  # what is late lies behind the due time


def test_a_clock_of_any_length_is_drawn() -> None:
    last = datetime(9999, 12, 31, tzinfo=UTC)
    for face in (
        c.ClockFace("来函", "running", NOW, last, NOW + timedelta(hours=3)),
        c.ClockFace("来函", "met_late", NOW, last, stopped_at=last + timedelta(hours=1)),
        c.ClockFace("来函", "running", datetime(1, 1, 2, tzinfo=UTC), NOW),
    ):
        assert 'class="du"' in c.clock_line(face, [], NOW)
        assert "<svg" in c.clock_bar(face, NOW)
