"""Views of the tickets that people keep: what they looked for, with which columns, in which order."""

from django.conf import settings
from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from aftersales.core.models import VersionedModel
from aftersales.desk.querysets import SavedViewQuerySet
from aftersales.desk.states import Shared


class SavedView(VersionedModel):
    """A list of tickets under a name. ``query`` holds the parts of the address as they were asked (filters, words);
    whatever of it no longer exists is left out when the view opens, and the page says so."""

    owner = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, related_name="saved_views", verbose_name=_("owner")
    )
    name = models.CharField(_("name"), max_length=40)
    shared = models.CharField(_("shared with"), max_length=9, choices=Shared, default=Shared.NOBODY)
    team = models.ForeignKey(
        "accounts.Team", models.PROTECT, null=True, blank=True, related_name="+", verbose_name=_("team")
    )
    base = models.CharField(_("view it starts from"), max_length=12)
    query = models.JSONField(_("filters"), default=dict)
    columns = ArrayField(models.CharField(max_length=20), verbose_name=_("columns"), default=list)
    sort = models.CharField(_("order"), max_length=12, blank=True)
    flat = models.BooleanField(_("without group headings"), default=False)
    created_at = models.DateTimeField(_("created at"))
    active_to = models.DateTimeField(_("ended at"), null=True, blank=True)

    objects = SavedViewQuerySet.as_manager()

    class Meta:
        verbose_name = _("saved view")
        verbose_name_plural = _("saved views")
        constraints = (
            models.CheckConstraint(condition=~Q(name=""), name="saved_view_named"),
            models.CheckConstraint(
                condition=~Q(shared=Shared.TEAM) | Q(team__isnull=False), name="saved_view_team_named"
            ),
        )
        indexes = (
            models.Index(fields=["shared", "team"], name="saved_view_shared", condition=Q(active_to=None)),
        )

    def __str__(self) -> str:
        return self.name

    @property
    def code(self) -> str:
        """What stands for it in an address."""
        return f"s{self.pk}"


class ViewPin(models.Model):
    """A saved view among one person's tabs, and its place there."""

    deletable = "a tab is taken off; the view itself stays"

    person = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, related_name="+", verbose_name=_("person")
    )
    view = models.ForeignKey(SavedView, models.PROTECT, related_name="pins", verbose_name=_("saved view"))
    position = models.PositiveSmallIntegerField(_("position"), default=0)

    class Meta:
        verbose_name = _("tab")
        verbose_name_plural = _("tabs")
        constraints = (models.UniqueConstraint(fields=["person", "view"], name="view_pin_once"),)

    def __str__(self) -> str:
        return f"{self.person_id}: {self.view_id}"
