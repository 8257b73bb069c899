from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class CustomersConfig(AppConfig):
    name = "aftersales.customers"
    verbose_name = _("Customers")

    def ready(self) -> None:
        from aftersales.core import subjects
        from aftersales.standards import vocabulary

        from . import events  # noqa: F401  the kinds are declared by importing them
        from .states import CustomerClass

        vocabulary.offer("customer_classes", CustomerClass.choices)
        subjects.declare("customers.customer", "code")
