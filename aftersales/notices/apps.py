from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class NoticesConfig(AppConfig):
    name = "aftersales.notices"
    verbose_name = _("Messages")

    def ready(self) -> None:
        from aftersales.core import jobs, moves

        from . import events, kinds, machine  # noqa: F401  event kinds are declared by importing them
        from .tasks import DELIVER, deliver

        kinds.load_shipped()
        moves.use(machine.MACHINE)
        jobs.register(DELIVER, deliver)
