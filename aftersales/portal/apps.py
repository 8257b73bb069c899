from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class PortalConfig(AppConfig):
    """The merchants' face: pages of the people who act for a merchant. It has no models of its own."""

    name = "aftersales.portal"
    label = "portal"
    verbose_name = _("Merchants' pages")
