"""Uploads, column profiles and export files. The staged rows themselves live in two unlogged tables (0002)."""

from typing import Any

from django.conf import settings
from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from aftersales.core.querysets import ScopedQuerySet


def new_public_id() -> str:
    from aftersales.core.models import new_public_id as make

    return make()


class UploadState(models.TextChoices):
    """Where an uploaded file stands; only the services of this package move it, under a row lock."""

    UPLOADED = "uploaded", pgettext_lazy("sheet upload", "Being read")
    PREVIEWED = "previewed", pgettext_lazy("sheet upload", "Ready to look at")
    APPLYING = "applying", pgettext_lazy("sheet upload", "Being written")
    DONE = "done", pgettext_lazy("sheet upload", "Done")
    REFUSED = "refused", pgettext_lazy("sheet upload", "File refused")
    CANCELLED = "cancelled", pgettext_lazy("sheet upload", "Cancelled")


ENDED = frozenset({UploadState.DONE, UploadState.REFUSED, UploadState.CANCELLED})
# What a worker does for an upload in this state, as a kind of job.
WORK = {UploadState.UPLOADED: "sheets.check", UploadState.APPLYING: "sheets.apply"}


class SheetUploadQuerySet(models.QuerySet[Any]):
    def visible_to(self, user: Any) -> "SheetUploadQuerySet":
        """One's own uploads only: a preview shows stored values, a confirmation writes (F3)."""
        return self.filter(owner=user) if getattr(user, "is_active", False) else self.none()


class SheetUpload(models.Model):
    """One file somebody wants to load: whose, what, how it is read, how far it is. Counts are committed counts."""

    public_id = models.CharField(max_length=22, unique=True, default=new_public_id, editable=False)
    owner = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, related_name="+", verbose_name=_("owner")
    )
    sheet = models.CharField(_("sheet"), max_length=40)
    profile = models.CharField(_("column profile"), max_length=40, blank=True, default="")
    options = models.JSONField(_("options"), default=dict)
    file_name = models.CharField(_("file name"), max_length=200)
    stored_name = models.CharField(max_length=80)
    size = models.PositiveBigIntegerField(_("size"))
    sha256 = models.CharField(_("fingerprint"), max_length=64)
    state = models.CharField(
        _("state"), max_length=10, choices=UploadState.choices, default=UploadState.UPLOADED
    )
    reading = models.JSONField(_("how it was read"), default=dict)
    problem = models.JSONField(_("why it was refused"), default=dict)
    counts = models.JSONField(_("counts"), default=dict)
    checks = models.PositiveIntegerField(default=0, editable=False)  # how many runs of the check began
    applied_row = models.PositiveBigIntegerField(_("written up to row"), default=0)
    uploaded_at = models.DateTimeField(_("uploaded"))
    checked_at = models.DateTimeField(_("checked"), null=True)
    confirmed_at = models.DateTimeField(_("confirmed"), null=True)
    finished_at = models.DateTimeField(_("finished"), null=True)
    purged_at = models.DateTimeField(null=True)

    objects = SheetUploadQuerySet.as_manager()

    class Meta:
        verbose_name = _("sheet upload")
        verbose_name_plural = _("sheet uploads")
        indexes = [
            models.Index(fields=["owner", "-id"], name="sheet_upload_owner"),
            models.Index(fields=["sha256"], name="sheet_upload_fingerprint"),
            models.Index(
                fields=["id"],
                name="sheet_upload_working",
                condition=models.Q(state__in=["uploaded", "applying"]),
            ),
            models.Index(fields=["id"], name="sheet_upload_kept", condition=models.Q(purged_at=None)),
        ]

    def __str__(self) -> str:
        return f"{self.sheet}: {self.file_name}"

    @property
    def job_key(self) -> str:
        """The one job that works on it now; empty when it waits for a person or has ended."""
        kind = WORK.get(UploadState(self.state))
        return f"{kind}:{self.pk}" if kind else ""

    @property
    def format(self) -> str:
        return self.stored_name.rsplit(".", 1)[-1].upper()

    def count(self, name: str) -> int:
        return int(self.counts.get(name, 0))


class ColumnProfileQuerySet(ScopedQuerySet):
    view_capability = "core.view_columnprofile"


class ColumnProfile(models.Model):
    """How another platform's file maps on one of our sheets (columns, zone, time grain, constants, words)."""

    code = models.CharField(_("code"), max_length=40)
    sheet = models.CharField(_("sheet"), max_length=40)
    name = models.CharField(pgettext_lazy("rule book", "name"), max_length=120)
    spec = models.JSONField(_("mapping"), default=dict)
    version = models.PositiveIntegerField(_("version"), default=1, editable=False)
    source = models.CharField(_("source"), max_length=200, blank=True, default="")
    active_to = models.DateTimeField(_("retired"), null=True, blank=True)

    objects = ColumnProfileQuerySet.as_manager()

    class Meta:
        verbose_name = _("column profile")
        verbose_name_plural = _("column profiles")
        ordering = ["code", "sheet"]
        constraints = [models.UniqueConstraint(fields=["code", "sheet"], name="column_profile_once")]

    def __str__(self) -> str:
        return self.name


class SheetExport(models.Model):
    """A large export made in the background; its link works for its owner until it expires."""

    public_id = models.CharField(max_length=22, unique=True, default=new_public_id, editable=False)
    owner = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, related_name="+", verbose_name=_("owner")
    )
    sheet = models.CharField(_("sheet"), max_length=40)
    format = models.CharField(_("format"), max_length=4)
    columns = ArrayField(
        models.CharField(max_length=40),
        verbose_name=_("columns"),
        default=list,
        help_text=_("Empty means all."),
    )
    file_name = models.CharField(_("file name"), max_length=200)
    stored_name = models.CharField(max_length=80)
    masked = models.BooleanField(default=True)
    row_count = models.PositiveBigIntegerField(_("rows"), default=0)
    ready_at = models.DateTimeField(_("ready"), null=True)
    expires_at = models.DateTimeField(_("expires"))
    created_at = models.DateTimeField(_("asked for"))

    class Meta:
        verbose_name = _("sheet export")
        verbose_name_plural = _("sheet exports")
        indexes = [models.Index(fields=["owner", "-id"], name="sheet_export_owner")]

    def __str__(self) -> str:
        return self.file_name
