from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class TicketsConfig(AppConfig):
    name = "aftersales.tickets"
    label = "tickets"
    verbose_name = _("Tickets")

    def ready(self) -> None:
        from aftersales.core import subjects
        from aftersales.tickets import registry

        registry.connect()
        subjects.declare("tickets.ticket", "number")
        subjects.declare("tickets.archiverecord", "number")
