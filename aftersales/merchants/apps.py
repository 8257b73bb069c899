from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class MerchantsConfig(AppConfig):
    name = "aftersales.merchants"
    verbose_name = _("Merchants")

    def ready(self) -> None:
        from aftersales.core import facts, jobs, moves, panels, series, shipped, subjects
        from aftersales.standards.events import also_named
        from aftersales.standards.services import checked_by
        from training import admission
        from training.selectors import tell_rules

        from . import (  # noqa: F401  the kinds are declared by importing them
            agreementmachine,
            agreementselectors,
            agreementshipping,
            duties,
            events,
            machine,
            talkevents,
            tasks,
            trainingmachine,
            trainingselectors,
        )
        from . import panels as own
        from .models import AgreementVersion
        from .services.agreements import version_check

        moves.use(machine.MACHINE)
        moves.use(trainingmachine.TERM_MACHINE)
        moves.use(agreementmachine.AGREEMENT_MACHINE)
        facts.provide("merchants.agreement_announced_until", agreementselectors.announced_until)
        facts.provide("merchants.agreement_unsigned", agreementselectors.unsigned)
        facts.provide("merchants.agreement_not_talked_over", agreementselectors.not_consulted)
        facts.provide("merchants.agreement_beside_the_book", agreementselectors.beside_the_book)
        checked_by(AgreementVersion, version_check)
        also_named(agreementselectors.agreement_name)
        shipped.register("merchants", agreementshipping.load)
        duties.register()
        series.declare("lesson", "SJ{yy}{mm}-{n:05d}")
        subjects.declare("merchants.merchant", "code")
        subjects.declare("merchants.lesson", "number")
        jobs.register(
            "merchants.invitation_letter", tasks.invitation_letter, _("Send an invitation of a merchant")
        )
        for one in (own.training_of, own.talk_of):
            panels.offer("merchants.merchant", one)
        admission.provide(trainingselectors.admitted)
        tell_rules("merchant_training", trainingselectors.term_words)
