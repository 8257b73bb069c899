"""One engine of actions: macros, bulk acts and rules do by it what a person does by a button (issue: one engine).

An action is judged by the same guards as the act itself and carried out by the same service; it writes nothing itself.
"""

from aftersales.tickets.actions import beside, catalogue
from aftersales.tickets.actions.engine import Result, carry_out, foresee
from aftersales.tickets.actions.kinds import Action, Step, action, actions, checked, steps_of

__all__ = [
    "Action",
    "Result",
    "Step",
    "action",
    "actions",
    "beside",
    "carry_out",
    "catalogue",
    "checked",
    "foresee",
    "steps_of",
]
