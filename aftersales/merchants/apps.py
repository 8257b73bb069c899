from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class MerchantsConfig(AppConfig):
    name = "aftersales.merchants"
    verbose_name = _("Merchants")

    def ready(self) -> None:
        from aftersales.core import moves, subjects

        from . import events, machine  # noqa: F401  the kinds are declared by importing them

        moves.use(machine.MACHINE)
        subjects.declare("merchants.merchant", "code")
