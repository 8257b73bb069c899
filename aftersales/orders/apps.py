from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class OrdersConfig(AppConfig):
    name = "aftersales.orders"
    verbose_name = _("Orders")

    def ready(self) -> None:
        from aftersales.core import erasure, subjects
        from aftersales.merchants.agreementpages import name_categories

        from . import events, selectors, services  # noqa: F401  the kinds are declared by importing them

        erasure.listen("customers.customer", services.customer_forget)
        name_categories(selectors.category_names)
        subjects.declare("orders.order", "external_no")
        subjects.declare("orders.shipment", "tracking_no")
        subjects.declare("orders.product", "code")
