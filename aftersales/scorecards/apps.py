from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class ScorecardsConfig(AppConfig):
    name = "aftersales.scorecards"
    label = "scorecards"
    verbose_name = _("Scorecards")

    def ready(self) -> None:
        from aftersales.core import facts, moves, shipped
        from aftersales.scorecards import events, machine, registry, shipping
        from aftersales.scorecards.models import FormulaVersion
        from aftersales.scorecards.scores import selectors
        from aftersales.scorecards.services.formulas import check
        from aftersales.standards.events import also_named
        from aftersales.standards.services import checked_by

        registry.connect()
        events.register()
        also_named(events.rule_name)
        moves.use(machine.FORMULA_MACHINE)
        facts.provide("scorecards.announced_until", selectors.announced_until)
        checked_by(FormulaVersion, check)
        shipped.register("scorecards", shipping.load)
