from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class StandardsConfig(AppConfig):
    name = "aftersales.standards"
    verbose_name = _("Rule book")

    def ready(self) -> None:
        from accounts.states import Duty
        from aftersales.core import facts, moves
        from aftersales.standards import events, machine, selectors, vocabulary

        vocabulary.offer("duties", Duty.choices)
        events.register()
        moves.use(machine.STANDARD_MACHINE)
        moves.use(machine.PARAMETER_MACHINE)
        moves.use(machine.RETURN_MACHINE)
        facts.provide("standards.order_broken", selectors.order_broken)
        facts.provide("standards.hole_left", selectors.hole_left)
