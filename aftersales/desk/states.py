"""With whom a saved view is shared."""

from django.db.models import TextChoices
from django.utils.translation import pgettext_lazy


class Shared(TextChoices):
    """The reader's own rights decide what a shared view shows him; sharing never widens them."""

    NOBODY = "nobody", pgettext_lazy("shared view", "Only me")
    TEAM = "team", pgettext_lazy("shared view", "My team")
    EVERYBODY = "everybody", pgettext_lazy("shared view", "Everybody")
