"""The base of every room's querysets: what a person may see is a filter, and the default is nothing."""

from typing import Any, Self, cast

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


def scoped(model: type[models.Model], user: Any) -> models.QuerySet[Any]:
    """The rows of ``model`` this person may see; a model that says nothing about scope shows nothing."""
    rows: Any = model._default_manager.all()
    return cast("models.QuerySet[Any]", rows.visible_to(user) if hasattr(rows, "visible_to") else rows.none())
