"""The pieces every page is made of, as functions that return safe HTML: fast in rows, the same everywhere.

Templates reach them through `{% load aftersales %}`. Colours are tones of the stylesheet, never values here.
"""

from aftersales.core.components.badges import avatar, badge, chip, level, person
from aftersales.core.components.charts import (
    Column,
    Pin,
    Share,
    bars_line,
    data_table,
    histogram,
    share_bars,
    timeline_pins,
)
from aftersales.core.components.clock import ClockFace, LinePart, clock, clock_bar, clock_line, clock_words
from aftersales.core.components.icons import icon
from aftersales.core.components.pieces import (
    Difference,
    Figure,
    Step,
    diff,
    empty_state,
    facts,
    figure,
    steps,
)

__all__ = [
    "ClockFace",
    "Column",
    "Difference",
    "Figure",
    "LinePart",
    "Pin",
    "Share",
    "Step",
    "avatar",
    "badge",
    "bars_line",
    "chip",
    "clock",
    "clock_bar",
    "clock_line",
    "clock_words",
    "data_table",
    "diff",
    "empty_state",
    "facts",
    "figure",
    "histogram",
    "icon",
    "level",
    "person",
    "share_bars",
    "steps",
    "timeline_pins",
]
