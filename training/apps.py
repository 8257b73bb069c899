from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class TrainingConfig(AppConfig):
    name = "training"
    verbose_name = _("Training")

    def ready(self) -> None:
        from accounts import qualifications
        from aftersales.core import authority, moves, panels, series, shipped, subjects
        from training import events, machine, selectors, services, shipping
        from training import panels as own

        events.register()
        for one in (
            machine.TIER_MACHINE,
            machine.LIMIT_MACHINE,
            machine.REQUIREMENT_MACHINE,
            machine.CERTIFICATE_MACHINE,
        ):
            moves.use(one)
        series.declare("certificate", "ZS{yy}{mm}-{n:04d}")
        subjects.declare("training.certificate", "number")
        shipped.register("training", shipping.load)
        qualifications.provide(selectors.standing)
        panels.offer("accounts.user", own.certificates_of)
        authority.keep(
            weigh=selectors.weigh, take=services.authority_take, give_back=services.authority_return
        )
