"""Life of a promotion. The codes are those of a rule's versions, so that both are asked alike."""

from django.db import models
from django.utils.translation import pgettext_lazy


class PromotionState(models.TextChoices):
    """Whether it counts is said by its dates; ``retired`` is what was ended before them."""

    DRAFT = "draft", pgettext_lazy("rule state", "Draft")
    ACTIVE = "active", pgettext_lazy("rule state", "In force")
    RETIRED = "retired", pgettext_lazy("promotion", "Ended early")
    REJECTED = "rejected", pgettext_lazy("rule state", "Returned")
