"""What consequences tell the machinery at start-up: machines, facts, words, jobs, files, shipped rules."""

from collections.abc import Iterable, Sequence

from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from aftersales.core import deliveries, facts, files, jobs, moves, series, shipped, subjects
from aftersales.ledger import clauses, raisers
from aftersales.ledger import words as ledger_words
from aftersales.merchants import trainingorders
from aftersales.scorecards import (
    consequenceeffects,
    consequenceguards,
    consequencemachine,
    consequences,
    consequenceshipping,
    consequencewords,
    consumers,
    tasks,
)
from aftersales.scorecards.consequencefacts import managers, owners
from aftersales.scorecards.consequencestates import Trigger
from aftersales.scorecards.models import ConsequenceVersion, MeasureFile
from aftersales.scorecards.rewards import taken
from aftersales.scorecards.services.consequences import ANNOUNCE, check
from aftersales.scorecards.services.turning import STAND
from aftersales.standards.events import also_named
from aftersales.standards.services import checked_by


def stored(names: Sequence[str]) -> Iterable[str]:
    """Stored files that an appeal names."""
    return MeasureFile.objects.filter(name__in=names).values_list("name", flat=True)


def connect() -> None:
    moves.use(consequencemachine.CONSEQUENCE_MACHINE)
    moves.use(consequencemachine.MEASURE_MACHINE)
    facts.provide("scorecards.consequence_announced_until", consequences.announced_until)
    facts.provide("scorecards.managers", managers)
    facts.provide("scorecards.owners", owners)
    series.declare("measure", "CS{yy}{mm}-{n:05d}")
    subjects.declare("scorecards.merchantmeasure", "number")
    subjects.provide_page("scorecards.merchantmeasure", "measures:measure")
    also_named(consequencewords.rule_name)
    clauses.also_named(consequencewords.RULES, consequencewords.rule_name)
    ledger_words.declare_facts(
        {
            f"measure.{one.value}": pgettext_lazy("fact of a proposal", "By a consequence rule")
            for one in Trigger
        }
    )
    raisers.also_taken(taken.clocks)
    raisers.also_held(taken.holds)
    for move in ("withdraw", "overturn", "reverse"):
        moves.guard("ledger.proposal", move, consequenceguards.not_the_manager_of_the_shop)
    checked_by(ConsequenceVersion, check)
    files.declare("scorecards.measurefile", stored)
    trainingorders.provide(consequenceeffects.ordered_courses)
    jobs.register(ANNOUNCE, tasks.announce_consequence_job, _("Tell merchants of a new consequence rule"))
    jobs.register(STAND, tasks.stand_job, _("Count scores anew after an appeal"))
    name = _("Let measures follow their penalties")
    deliveries.subscribe("scorecards.penalties", "proposal.*", consumers.penalty_changed, name, alone=True)
    name = _("Turn measures back that breaches left out no longer carry")
    left_out = consumers.breach_left_out
    deliveries.subscribe("scorecards.measures_of_breaches", "clock.excluded", left_out, name, alone=True)
    shipped.register("scorecards_consequences", consequenceshipping.load)
