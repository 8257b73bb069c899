from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class LedgerConfig(AppConfig):
    name = "aftersales.ledger"
    verbose_name = _("Ledger")

    def ready(self) -> None:
        from aftersales.core import authority, facts, files, moves, series, shipped, subjects
        from aftersales.ledger import (
            approving,
            events,
            incentivemachine,
            incentives,
            machine,
            raisers,
            selectors,
            shipping,
        )

        events.register()
        moves.use(machine.PERIOD_MACHINE)
        moves.use(machine.PROPOSAL_MACHINE)
        facts.provide("ledger.earlier_open", selectors.earlier_open)
        series.declare("proposal", "TY{yy}{mm}-{n:05d}")
        subjects.declare("ledger.proposal", "number")
        authority.declare("ledger.approve", approving.claims)
        from aftersales.ledger import proposalsheets  # noqa: F401 - declares its sheets

        moves.use(incentivemachine.INCENTIVE_MACHINE)
        facts.provide("ledger.announced_until", incentives.announced_until)
        files.declare("ledger.scheme", incentives.scheme_files)
        files.declare("ledger.proposalfile", incentives.proposal_files)
        raisers.register()
        shipped.register("ledger", shipping.load)
