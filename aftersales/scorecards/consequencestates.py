"""Words of consequences: what leads to one, what it is, how a measure lives (R6.5, R6.6, law P3)."""

from django.db import models
from django.utils.translation import pgettext_lazy


class Trigger(models.TextChoices):
    """What a rule looks at."""

    BREACHES = "breaches", pgettext_lazy("consequence", "Obligations broken within some days")
    METRIC = "metric", pgettext_lazy("consequence", "A figure that is surely bad")
    GRADE = "grade", pgettext_lazy("consequence", "Grade of a month")
    SCORE = "score", pgettext_lazy("consequence", "Score of a month")
    POINTS = "points", pgettext_lazy("consequence", "Points that stand")


MONTHLY = frozenset({Trigger.METRIC, Trigger.GRADE, Trigger.SCORE})


class Effect(models.TextChoices):
    """What follows, from the mildest to the hardest: of several that rest on one fact the hardest is taken."""

    WARNING = "warning", pgettext_lazy("effect", "Warning")
    TRAINING = "training", pgettext_lazy("effect", "Training order")
    POINTS = "points", pgettext_lazy("effect", "Points")
    CAMPAIGN = "campaign", pgettext_lazy("effect", "No campaigns")
    WEIGHT = "weight", pgettext_lazy("effect", "Less traffic")
    PENALTY = "penalty", pgettext_lazy("effect", "Penalty")
    DEPOSIT = "deposit", pgettext_lazy("effect", "Higher deposit")
    CAP = "cap", pgettext_lazy("effect", "Limit of orders a day")
    RESTRICTION = "restriction", pgettext_lazy("effect", "Restriction")
    SUSPENSION = "suspension", pgettext_lazy("effect", "Suspension")


HARDNESS = {effect: place for place, effect in enumerate(Effect)}
PEOPLE_DECIDE = frozenset({Effect.RESTRICTION, Effect.SUSPENSION})
"""A machine only proposes these; a person decides (law P4)."""
OF_MONEY = frozenset({Effect.PENALTY})
"""Posted by the ledger's due process, appealed there, and never published with its amount."""


class MeasureState(models.TextChoices):
    """Life of a measure against a merchant: it acts at once, and the appeal stays open."""

    PROPOSED = "proposed", pgettext_lazy("measure state", "Waits for a decision")
    IN_FORCE = "in_force", pgettext_lazy("measure state", "In force")
    APPEALED = "appealed", pgettext_lazy("measure state", "Appealed")
    UPHELD = "upheld", pgettext_lazy("measure state", "Appeal rejected")
    OVERTURNED = "overturned", pgettext_lazy("measure state", "Overturned on appeal")
    EXPIRED = "expired", pgettext_lazy("measure state", "Over")
    LIFTED = "lifted", pgettext_lazy("measure state", "Lifted early")
    WITHDRAWN = "withdrawn", pgettext_lazy("measure state", "Not taken")
    CANCELLED = "cancelled", pgettext_lazy("measure state", "Fell with what it rested on")


STANDING: frozenset[str] = frozenset({MeasureState.IN_FORCE, MeasureState.APPEALED, MeasureState.UPHELD})
"""It acts, as far as its time has not run out."""
FALLEN: frozenset[str] = frozenset({MeasureState.OVERTURNED, MeasureState.WITHDRAWN, MeasureState.CANCELLED})
"""Nothing follows from these, and no ladder counts them."""
