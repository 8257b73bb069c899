"""What rectification plans tell the machinery, once at the start."""

from aftersales.core import facts, files, moves, series, subjects
from aftersales.scorecards.rectification import events, machine, selectors
from aftersales.scorecards.services.rectification import SERIES


def connect() -> None:
    """Their machine, facts, events, number, name and files."""
    moves.use(machine.MACHINE)
    facts.provide(machine.PARTIES, selectors.parties)
    events.register()
    series.declare(SERIES, "ZG{yy}{mm}-{n:05d}")
    subjects.declare("scorecards.plan", "number")
    files.declare("scorecards.planfile", selectors.stored_files)
