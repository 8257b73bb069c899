from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class ClocksConfig(AppConfig):
    name = "aftersales.clocks"
    verbose_name = _("Clocks")

    def ready(self) -> None:
        from aftersales.clocks import events, machine, selectors
        from aftersales.core import facts, moves

        events.register()
        moves.use(machine.MACHINE)
        facts.provide("standards.effect", selectors.effects_of)
