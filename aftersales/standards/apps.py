from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class StandardsConfig(AppConfig):
    name = "aftersales.standards"
    verbose_name = _("Rule book")

    def ready(self) -> None:
        from accounts.states import Duty
        from aftersales.core import facts, moves, series
        from aftersales.standards import events, machine, selectors, vocabulary
        from aftersales.standards.consulting import selectors as consulting
        from aftersales.standards.consulting.rules import TALK
        from aftersales.standards.promoting import selectors as promotions
        from aftersales.standards.promoting.machine import PROMOTION_MACHINE
        from aftersales.standards.promoting.services import SERIES

        vocabulary.offer("duties", Duty.choices)
        events.register()
        moves.use(machine.STANDARD_MACHINE)
        moves.use(machine.PARAMETER_MACHINE)
        moves.use(machine.RETURN_MACHINE)
        moves.use(PROMOTION_MACHINE)
        series.declare(SERIES, "DC{yy}{mm}-{n:03d}")
        facts.provide("standards.promotion_faults", promotions.faults)
        facts.provide(TALK, consulting.not_talked_out)
        facts.provide("standards.order_broken", selectors.order_broken)
        facts.provide("standards.hole_left", selectors.hole_left)
