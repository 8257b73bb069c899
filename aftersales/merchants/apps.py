from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class MerchantsConfig(AppConfig):
    name = "aftersales.merchants"
    verbose_name = _("Merchants")

    def ready(self) -> None:
        from aftersales.core import jobs, moves, panels, series, subjects
        from training import admission
        from training.selectors import tell_rules

        from . import events, machine, tasks, trainingmachine, trainingselectors  # noqa: F401  the kinds are declared by importing them
        from . import panels as own

        moves.use(machine.MACHINE)
        moves.use(trainingmachine.TERM_MACHINE)
        series.declare("lesson", "SJ{yy}{mm}-{n:05d}")
        subjects.declare("merchants.merchant", "code")
        subjects.declare("merchants.lesson", "number")
        jobs.register(
            "merchants.invitation_letter", tasks.invitation_letter, _("Send an invitation of a merchant")
        )
        panels.offer("merchants.merchant", own.training_of)
        admission.provide(trainingselectors.admitted)
        tell_rules("merchant_training", trainingselectors.term_words)
