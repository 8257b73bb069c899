from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class ClocksConfig(AppConfig):
    name = "aftersales.clocks"
    verbose_name = _("Clocks")

    def ready(self) -> None:
        from aftersales.clocks import circumstances, events, ladder, machine, selectors, services, tasks
        from aftersales.clocks.models import Circumstance, LadderRung
        from aftersales.core import deliveries, facts, jobs, moves, shipped
        from aftersales.standards.events import also_named
        from aftersales.standards.services import checked_by

        events.register()
        checked_by(LadderRung, services.rung_check)
        checked_by(Circumstance, services.circumstance_check)
        moves.use(machine.MACHINE)
        moves.use(machine.LADDER_MACHINE)
        moves.use(machine.CIRCUMSTANCE_MACHINE)
        also_named(circumstances.name_of)
        also_named(ladder.name_of)
        shipped.register("clocks", services.ladder_load)
        deliveries.subscribe(
            "clocks.recount", "rule.activated", services.recount_ask, _("Count open tickets by a new rule")
        )
        jobs.register("clocks.recount", tasks.recount_job, _("Count open tickets by a new rule"))
        facts.provide("standards.effect", selectors.effects_of)
        facts.provide("standards.replayed", selectors.replays_of)
