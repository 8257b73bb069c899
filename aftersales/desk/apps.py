from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _

PAGES = {
    "tickets.ticket": "ticket",
    "cases.authoritycase": "authority_letter",
    "cases.case": "case",
    "cases.casepayment": "payment",
    "cases.dispute": "dispute",
    "cases.paymentrun": "payment_run",
    "cases.recovery": "recovery",
    "cases.ruling": "dispute",
    "cases.servicerequest": "request",
    "scorecards.plan": "plan",
}


class DeskConfig(AppConfig):
    """The staff's face: queues, workbench, shell. Its only rows are the views that people save."""

    name = "aftersales.desk"
    label = "desk"
    verbose_name = _("Desk")

    def ready(self) -> None:
        from aftersales.core import subjects
        from aftersales.desk import events, panels  # noqa: F401 - events: their kinds
        from aftersales.desk.addresses import digest_page, dispute_page, plan_page, ticket_page
        from aftersales.notices import kinds

        kinds.provide_page("tickets.ticket", ticket_page)
        kinds.provide_page("cases.dispute", dispute_page)
        kinds.provide_page("accounts.user", digest_page)
        kinds.provide_page("scorecards.plan", plan_page)
        for kind, page in PAGES.items():
            subjects.provide_page(kind, f"desk:{page}")
        panels.connect()
