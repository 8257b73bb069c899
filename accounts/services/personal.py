"""How one person likes the pages. Nobody else's work depends on it: no event, no history, the last word holds."""

from datetime import datetime
from typing import Any

from django.db import transaction
from django.utils.translation import gettext_lazy as _

from accounts.models import Taste, User
from accounts.states import Density, Theme
from aftersales.core.errors import DomainError

MOST_HIDDEN = 200  # pages of help that one person can put away; there are fewer


def taste_set(*, actor: User, now: datetime, **columns: Any) -> Taste:
    """Keep the given columns for the person who asks; two browsers at once meet on one row.

    ``help_seen=True`` instead of ``toured_at`` says that the tour was walked or skipped now.
    """
    theme = columns.get("theme", Theme.AUTO)
    if theme not in Theme.values:
        raise DomainError(_("This appearance is not known."), "theme")
    if columns.get("density", Density.COMFORTABLE) not in Density.values:
        raise DomainError(_("There are no such rows."), "density")
    if columns.pop("help_seen", False):
        columns["toured_at"] = now
    with transaction.atomic():
        Taste.objects.bulk_create([Taste(person=actor)], ignore_conflicts=True)
        row = Taste.objects.select_for_update().get(person=actor)
        for name, value in columns.items():
            setattr(row, name, value)
        row.save(update_fields=list(columns) or None)
    actor.taste = row
    return row


def help_put_away(*, actor: User, page: str, now: datetime) -> Taste:
    """The line of help of one page is shown to this person no longer."""
    with transaction.atomic():
        row = taste_set(actor=actor, now=now)
        if page and page not in row.help_hidden and len(row.help_hidden) < MOST_HIDDEN:
            row.help_hidden = [*row.help_hidden, page[:60]]
            row.save(update_fields=["help_hidden"])
    return row
