from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class StandardsConfig(AppConfig):
    name = "aftersales.standards"
    verbose_name = _("Rule book")

    def ready(self) -> None:
        from aftersales.core import facts
        from aftersales.standards import events, selectors

        events.register()
        facts.provide("standards.order_broken", selectors.order_broken)
