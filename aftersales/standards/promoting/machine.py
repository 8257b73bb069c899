"""Life of a promotion: drafted, brought into force by a second person, over by its time or ended early."""

from django.utils.translation import gettext_lazy as _

from aftersales.core.machine import Machine, Move
from aftersales.core.rulebook import second_person
from aftersales.standards.consulting.rules import TALK, talked_out
from aftersales.standards.promoting import rules
from aftersales.standards.promoting.states import PromotionState as S

PROMOTION_MACHINE = Machine(
    "standards.promotion",
    states=S,
    initial=[S.DRAFT],
    terminal=[S.RETIRED, S.REJECTED],
    moves=[
        Move(
            "activate",
            sources=[S.DRAFT],
            target=S.ACTIVE,
            capability="standards.activate",
            label=_("Bring into force"),
            event="promotion.activated",
            guards=[
                second_person,
                rules.overrides_something,
                rules.lies_ahead,
                rules.without_faults,
                talked_out,
            ],
            facts=["standards.promotion_faults", TALK],
            effect=_(
                "From its start to its end these numbers count instead of the usual ones; then the usual ones again."
            ),
        ),
        Move(
            "reject",
            sources=[S.DRAFT],
            target=S.REJECTED,
            capability="standards.activate",
            label=_("Return with a reason"),
            event="promotion.rejected",
            effect=_("It never comes into force and stays readable."),
        ),
        Move(
            "end",
            sources=[S.ACTIVE],
            target=S.RETIRED,
            capability="standards.activate",
            label=_("End it now"),
            event="promotion.ended",
            guards=[rules.still_runs],
            effect=_("The usual numbers count again at once; running clocks keep what they started with."),
        ),
    ],
)
