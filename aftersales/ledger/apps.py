from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class LedgerConfig(AppConfig):
    name = "aftersales.ledger"
    verbose_name = _("Ledger")

    def ready(self) -> None:
        from aftersales.core import authority, facts, moves, series, subjects
        from aftersales.ledger import approving, events, machine, selectors

        events.register()
        moves.use(machine.PERIOD_MACHINE)
        moves.use(machine.PROPOSAL_MACHINE)
        facts.provide("ledger.earlier_open", selectors.earlier_open)
        series.declare("proposal", "TY{yy}{mm}-{n:05d}")
        subjects.declare("ledger.proposal", "number")
        authority.declare("ledger.approve", approving.claims)
