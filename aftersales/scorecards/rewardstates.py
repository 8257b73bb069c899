"""What a rule that hangs on a figure says of a party for a month."""

from django.db import models
from django.utils.translation import pgettext_lazy


class Said(models.TextChoices):
    """Why something follows, or why nothing does."""

    FOLLOWS = "follows", pgettext_lazy("reward", "Follows")
    TOO_FEW = "too_few", pgettext_lazy("reward", "Too few cases")
    CHANCE = "chance", pgettext_lazy("reward", "Within what chance explains")
    SHORT = "short", pgettext_lazy("reward", "Limit not reached")
    GATE = "gate", pgettext_lazy("reward", "Something else does not hold")
    COUNT = "count", pgettext_lazy("reward", "Too few bad cases")
    OLD = "old", pgettext_lazy("reward", "Nothing new in the month")
    KEPT = "kept", pgettext_lazy("reward", "Nothing to hold against him")
    TAKEN = "taken", pgettext_lazy("reward", "A measure rests on it already")
