"""Words of incentive rules (R6.5, R6.8)."""

from django.db import models
from django.utils.translation import pgettext_lazy

from aftersales.ledger.states import Measure, Party, ProposalKind


class Consequence(models.TextChoices):
    """What a rule leads to. Change of post and dismissal are never among it (labour contract law 35, 40)."""

    REWARD = "reward", pgettext_lazy("incentive", "Reward")
    PENALTY = "penalty", pgettext_lazy("incentive", "Penalty")
    MEASURE = "measure", pgettext_lazy("incentive", "Measure without money")


PROPOSED_AS: dict[tuple[str, str], str] = {
    (Consequence.REWARD, Party.PERSON): ProposalKind.INCENTIVE,
    (Consequence.REWARD, Party.MERCHANT): ProposalKind.INCENTIVE,
    (Consequence.PENALTY, Party.PERSON): ProposalKind.DEDUCTION,
    (Consequence.PENALTY, Party.MERCHANT): ProposalKind.PENALTY,
    (Consequence.MEASURE, Party.PERSON): ProposalKind.MEASURE,
    (Consequence.MEASURE, Party.MERCHANT): ProposalKind.MEASURE,
}
MEASURES_OF: dict[str, frozenset[str]] = {
    Party.PERSON: frozenset({Measure.HONOUR, Measure.TALK, Measure.TRAINING, Measure.CRITICISM}),
    Party.MERCHANT: frozenset({Measure.HONOUR, Measure.WARNING, Measure.TRAINING}),
}
