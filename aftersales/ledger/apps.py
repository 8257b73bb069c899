from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class LedgerConfig(AppConfig):
    name = "aftersales.ledger"
    verbose_name = _("Ledger")

    def ready(self) -> None:
        from aftersales.core import authority, facts, files, jobs, moves, series, shipped, subjects
        from aftersales.ledger import (
            approving,
            clauses,
            events,
            incentivemachine,
            incentives,
            machine,
            paidmachine,
            raisers,
            selectors,
            shipping,
            tasks,
        )
        from aftersales.ledger.services.announcing import ANNOUNCE
        from aftersales.standards.events import also_named

        events.register()
        also_named(clauses.rule_name)
        moves.use(machine.PERIOD_MACHINE)
        moves.use(machine.PROPOSAL_MACHINE)
        moves.use(paidmachine.GAP_MACHINE)
        facts.provide("ledger.earlier_open", selectors.earlier_open)
        facts.provide("ledger.owners", selectors.owners)
        facts.provide("ledger.managers", selectors.managers)
        series.declare("proposal", "TY{yy}{mm}-{n:05d}")
        subjects.declare("ledger.proposal", "number")
        series.declare("ledger_export", "DZ{yy}{mm}-{n:04d}")
        subjects.declare("ledger.export", "number")
        subjects.provide_page("ledger.export", "ledger:export")
        authority.declare("ledger.approve", approving.claims)
        from aftersales.ledger import (  # noqa: F401 - declare sheets
            accountsheets,
            incentivesheets,
            journalsheets,
            proposalsheets,
        )

        moves.use(incentivemachine.INCENTIVE_MACHINE)
        facts.provide("ledger.announced_until", incentives.announced_until)
        files.declare("ledger.scheme", incentives.scheme_files)
        files.declare("ledger.proposalfile", incentives.proposal_files)
        raisers.register()
        jobs.register(ANNOUNCE, tasks.announce_job, _("Tell whom a new rule concerns"))
        shipped.register("ledger", shipping.load)
        self._follow()
        self._files()

    def _follow(self) -> None:
        """What happens in other rooms and matters here."""
        from aftersales.core import deliveries
        from aftersales.ledger.services.fallen import breach_left_out

        fallen = _("Take back penalties whose breaches do not count")
        deliveries.subscribe("ledger.breaches", "clock.excluded", breach_left_out, fallen)

    def _files(self) -> None:
        """What stands in performance files: our own parts, and those of the training room, which knows no file."""
        from aftersales.ledger import filesections as own
        from aftersales.ledger import resultsections as results
        from aftersales.ledger import sections

        for person in (results.results_of, results.promotion_of):
            sections.add("person", person)
        for person in (own.consequences_of_person, own.accounts_of_person, own.training_of, own.exams_of):
            sections.add("person", person)
        sections.add("person", own.certificates_of)
        for merchant in (own.consequences_of_merchant, own.accounts_of_merchant):
            sections.add("merchant", merchant)
