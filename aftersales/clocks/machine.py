"""Life of a clock. The engine and the sweep perform these moves for many clocks in one statement."""

import pgtrigger
from django.db import models
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from aftersales.clocks.states import ClockState as S
from aftersales.core.machine import Machine, Move, StateGuard
from aftersales.standards.machine import rule_machine

ENGINE = "clock_engine"
"""What the engine writes into ``aftersales.move`` while it changes clocks of several kinds at once."""

RUN = "clocks.run"

MACHINE = Machine(
    "clocks.clock",
    states=S,
    initial=[S.RUNNING, S.MET, S.MET_LATE, S.BREACHED, S.CANCELLED, S.PAUSED],
    terminal=[S.MET, S.MET_LATE, S.CANCELLED],
    moves=[
        Move(
            "pause",
            [S.RUNNING],
            S.PAUSED,
            RUN,
            pgettext_lazy("clock move", "Pause"),
            "clock.paused",
            by_system=True,
        ),
        Move(
            "resume",
            [S.PAUSED],
            S.RUNNING,
            RUN,
            pgettext_lazy("clock move", "Go on"),
            "clock.resumed",
            by_system=True,
        ),
        Move(
            "meet",
            [S.RUNNING, S.PAUSED],
            S.MET,
            RUN,
            pgettext_lazy("clock move", "Keep"),
            "clock.met",
            by_system=True,
        ),
        Move(
            "breach",
            [S.RUNNING],
            S.BREACHED,
            RUN,
            pgettext_lazy("clock move", "Breach"),
            "clock.breached",
            by_system=True,
        ),
        Move(
            "meet_late",
            [S.RUNNING, S.BREACHED],
            S.MET_LATE,
            RUN,
            pgettext_lazy("clock move", "Keep late"),
            "clock.met_late",
            by_system=True,
        ),
        Move(
            "cancel",
            [S.RUNNING, S.PAUSED],
            S.CANCELLED,
            RUN,
            pgettext_lazy("clock move", "Drop"),
            "clock.cancelled",
            by_system=True,
        ),
    ],
)


LADDER_MACHINE = rule_machine("clocks.ladderrung", checks_order=False)

CIRCUMSTANCE_MACHINE = rule_machine(
    "clocks.circumstance",
    checks_order=False,
    followed=_(
        "Breaches of merchants in its region and time stop counting against them; each keeps its record."
    ),
    not_followed=_("Breaches that were left out because of it count again."),
)


def allowed(source: str, target: str) -> bool:
    """Whether some move leads from ``source`` to ``target``."""
    return any(source in move.sources and target == move.target for move in MACHINE.moves)


class ClockGuard(StateGuard):
    """Lets the engine change many clocks by several declared moves in one UPDATE; nothing else passes.

    What is allowed stands in the trigger's WHEN clause: PostgreSQL judges it without calling a function, and a
    function call per row (with its sub-transaction) would cost more than the sweep itself.
    """

    def __init__(self, *, name: str, machine: Machine) -> None:
        super().__init__(name=name, machine=machine)
        steps = sorted({f"{source}:{move.target}" for move in machine.moves for source in move.sources})
        listed = ", ".join(f"'{step}'" for step in steps)
        self.condition = pgtrigger.Condition(
            "OLD.state IS DISTINCT FROM NEW.state AND NOT COALESCE("
            f"current_setting('aftersales.move', true) = '{ENGINE}' "
            f"AND (OLD.state || ':' || NEW.state) IN ({listed}), false)"
        )

    def get_func(self, model: type[models.Model]) -> str:  # type: ignore[override]
        return """
            RAISE EXCEPTION 'the state of % % changes only through the clock engine (% -> %)',
                TG_TABLE_NAME, OLD.id, OLD.state, NEW.state USING ERRCODE = 'check_violation';
        """


def triggers() -> list[pgtrigger.Trigger]:
    return [ClockGuard(name="state_door", machine=MACHINE)]
