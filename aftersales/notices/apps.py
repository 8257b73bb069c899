from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class NoticesConfig(AppConfig):
    name = "aftersales.notices"
    verbose_name = _("Messages")

    def ready(self) -> None:
        from aftersales.core import deliveries, erasure, jobs, moves, shipped

        from . import agreements, certificates, compliance, kinds, lessons, machine, retraining, services
        from . import events as declared  # noqa: F401  the kinds are declared by importing them
        from .tasks import DELIVER, deliver, forget
        from .texts import load

        kinds.load_shipped()
        moves.use(machine.MACHINE)
        shipped.register("notices", load)
        jobs.register(DELIVER, deliver, _("Send messages"))
        jobs.register(services.FORGET, forget, _("Remove copies of erased messages"))
        told = _("Tell people about their certificates")
        kinds.provide_page("training.certificate", certificates.page_of)
        deliveries.subscribe("notices.certificates", "certificate.*", certificates.certificate_tell, told)
        kinds.provide_page("training.order", retraining.page_of)
        trained = _("Tell people about retraining orders")
        deliveries.subscribe("notices.retraining", "retraining.*", retraining.retraining_tell, trained)
        kinds.provide_page("training.number", compliance.number_page)
        kinds.provide_page("accounts.team", compliance.team_page)
        kinds.provide_page("merchants.lesson", lessons.page_of)
        taught = _("Tell merchants' people about their courses")
        deliveries.subscribe("notices.lessons", "lesson.*", lessons.lesson_tell, taught)
        kinds.provide_page(agreements.VERSION, agreements.page_of)
        agreed = _("Tell merchants about their agreements")
        deliveries.subscribe("notices.agreements", "agreement.announced", agreements.agreement_tell, agreed)
        deliveries.subscribe(
            "notices.declined", "merchant.agreement_declined", agreements.declined_tell, agreed
        )
        jobs.register(agreements.ANNOUNCE, agreements.announce_job, agreed)
        erasure.listen("customers.customer", services.customer_forget)
