from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class ScorecardsConfig(AppConfig):
    name = "aftersales.scorecards"
    label = "scorecards"
    verbose_name = _("Scorecards")

    def ready(self) -> None:
        from aftersales.core import facts, jobs, moves, retention, shipped
        from aftersales.scorecards import consequenceroom, events, machine, registry, shipping, tasks
        from aftersales.scorecards.models import FormulaVersion
        from aftersales.scorecards.rectification.connect import connect
        from aftersales.scorecards.scores import selectors
        from aftersales.scorecards.services.announcing import ANNOUNCE
        from aftersales.scorecards.services.formulas import check
        from aftersales.scorecards.services.months import JOB as MONTH
        from aftersales.scorecards.services.shadow import JOB as SHADOW
        from aftersales.scorecards.views import panels
        from aftersales.standards.events import also_named
        from aftersales.standards.services import checked_by

        connect()
        registry.connect()
        events.register()
        also_named(events.rule_name)
        moves.use(machine.FORMULA_MACHINE)
        facts.provide("scorecards.announced_until", selectors.announced_until)
        checked_by(FormulaVersion, check)
        jobs.register(ANNOUNCE, tasks.announce_job, _("Tell merchants of a new formula"))
        jobs.register(MONTH, tasks.month_job, _("Judge a month by a rule that hangs on a figure"))
        jobs.register(SHADOW, tasks.shadow_job, _("Try drafts of rules on a past quarter"))
        shipped.register("scorecards", shipping.load)
        retention.declare("scorecards")
        consequenceroom.connect()
        panels.connect()
