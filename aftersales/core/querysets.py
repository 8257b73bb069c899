"""The base of every room's querysets: what a person may see is a filter, and the default is nothing."""

from typing import Any, Self

from django.db import models


class ScopedQuerySet(models.QuerySet[Any]):
    """``visible_to(user)``: deny by default; a room's own queryset says who sees which rows."""

    view_capability = ""

    def visible_to(self, user: Any) -> Self:
        """All rows for people with the room's view capability, none for everybody else."""
        if (
            self.view_capability
            and user is not None
            and user.is_active
            and user.has_perm(self.view_capability)
        ):
            return self
        return self.none()
