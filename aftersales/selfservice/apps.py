from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class SelfserviceConfig(AppConfig):
    """The customers' face: pages behind signed links. It has no models of its own."""

    name = "aftersales.selfservice"
    label = "selfservice"
    verbose_name = _("Customers' pages")
