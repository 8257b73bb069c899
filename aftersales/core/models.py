"""Tables of the machinery, and the small abstract models that rooms build on."""

import secrets
from datetime import datetime
from typing import Any

import pgtrigger
from django.db import models
from django.db.models.functions import Now
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy
from django_fsm import FSMFieldMixin

from aftersales.core.querysets import ScopedQuerySet


def new_public_id() -> str:
    """22 URL-safe characters, 132 bits: not guessable, no relation to any key."""
    return secrets.token_urlsafe(16)


class StateModel(models.Model):
    """A row with a protected state field that can still be refreshed, in threads and when deferred.

    django-fsm-2's own mixin switches the protection off for the whole class while one thread refreshes.
    """

    class Meta:
        abstract = True

    def refresh_from_db(
        self, using: str | None = None, fields: Any = None, from_queryset: Any = None
    ) -> None:
        protected = [
            found.attname
            for found in self._meta.concrete_fields
            if isinstance(found, FSMFieldMixin)
            and found.protected
            and (fields is None or found.name in fields)
        ]
        kept = {name: self.__dict__.pop(name) for name in protected if name in self.__dict__}
        try:
            super().refresh_from_db(using=using, fields=fields, from_queryset=from_queryset)
        except BaseException:
            self.__dict__.update(kept)
            raise


class PublicIdModel(models.Model):
    """A row with an address outside staff pages: found by a random id, never by its key."""

    public_id = models.CharField(
        _("public id"), max_length=22, unique=True, default=new_public_id, editable=False
    )

    class Meta:
        abstract = True


class VersionedModel(models.Model):
    """A row that people edit: a save that started from an older version is refused with both values."""

    version = models.PositiveIntegerField(_("version"), default=1, editable=False)

    class Meta:
        abstract = True


def append_only_triggers() -> list[pgtrigger.Trigger]:
    """Rows are written once. TRUNCATE needs a statement trigger, which ``pgtrigger.Protect`` cannot build."""
    return [
        pgtrigger.Protect(name="append_only", operation=pgtrigger.Update | pgtrigger.Delete),
        pgtrigger.Trigger(
            name="no_truncate",
            level=pgtrigger.Statement,
            when=pgtrigger.Before,
            operation=pgtrigger.Truncate,
            func="RAISE EXCEPTION '% is append-only', TG_TABLE_NAME;",
        ),
    ]


ERASED = "[erased]"  # stands where a reason was that somebody typed and that may not be kept any longer


def event_triggers() -> list[pgtrigger.Trigger]:
    """Append-only, but an owner's function may put ``ERASED`` over a reason: people type names and numbers there."""
    return [
        pgtrigger.Trigger(
            name="append_only",
            when=pgtrigger.Before,
            operation=pgtrigger.Update | pgtrigger.Delete,
            func=f"""
                IF TG_OP = 'UPDATE' AND current_setting('aftersales.retention', true) = 'on'
                   AND current_user <> session_user AND NEW.reason = '{ERASED}'
                   AND (to_jsonb(NEW) - 'reason') = (to_jsonb(OLD) - 'reason') THEN
                    RETURN NEW;
                END IF;
                RAISE EXCEPTION 'pgtrigger: Cannot update or delete rows from % table', TG_TABLE_NAME;
            """,
        ),
        *(one for one in append_only_triggers() if one.name != "append_only"),
    ]


class AppendOnlyModel(models.Model):
    """Rows that nobody changes or removes: triggers refuse it, and the application's role has no right to."""

    append_only = True

    class Meta:
        abstract = True
        triggers = append_only_triggers()


class EventQuerySet(ScopedQuerySet):
    view_capability = "core.view_event"

    def about(self, subject_kind: str, subject_id: int) -> "EventQuerySet":
        return self.filter(subject_kind=subject_kind, subject_id=subject_id)


class Audience(models.TextChoices):
    """Who may read an event or a message: the higher value includes the lower ones."""

    INTERNAL = "internal", pgettext_lazy("audience", "Staff only")
    MERCHANT = "merchant", pgettext_lazy("audience", "Merchant")
    CUSTOMER = "customer", pgettext_lazy("audience", "Customer")


class Event(AppendOnlyModel):
    """What happened: the audit trail people read and the source of all statistics (DESIGN 3).

    Holds ids, codes and amounts, never a name of a customer, a contact or a message text; the actor's name stands
    here as text so that the row outlives the account. ``reason`` is what a person typed: it can be erased (see
    ``event_triggers``), nothing else of the row can. ``at`` is the business time, ``recorded_at`` the clock of the
    database, so that a backdated job shows.
    """

    kind = models.CharField(_("kind"), max_length=60)
    subject_kind = models.CharField(_("subject kind"), max_length=60)
    subject_id = models.BigIntegerField(_("subject"))
    merchant_id = models.BigIntegerField(_("merchant"), null=True)
    audience = models.CharField(_("audience"), max_length=10, choices=Audience, default=Audience.INTERNAL)
    old = models.CharField(_("old state"), max_length=40, blank=True)
    new = models.CharField(_("new state"), max_length=40, blank=True)
    actor_id = models.BigIntegerField(_("actor"), null=True)
    actor_name = models.CharField(_("actor's name"), max_length=150)
    actor_role = models.CharField(_("actor's role"), max_length=40, blank=True)
    acting_as = models.CharField(_("acting as"), max_length=80, blank=True)
    source = models.CharField(_("source"), max_length=10)
    request_id = models.CharField(_("request"), max_length=32, blank=True)
    reason = models.TextField(_("reason"), blank=True)
    payload = models.JSONField(_("payload"), default=dict)
    payload_version = models.PositiveSmallIntegerField(_("payload version"), default=1)
    rule_version = models.CharField(_("rule version"), max_length=80, blank=True)
    at = models.DateTimeField(_("at"))
    recorded_at = models.DateTimeField(_("recorded at"), db_default=Now())

    objects = EventQuerySet.as_manager()

    class Meta(AppendOnlyModel.Meta):
        triggers = event_triggers()
        verbose_name = _("event")
        verbose_name_plural = _("events")
        indexes = [
            models.Index(fields=["subject_kind", "subject_id", "id"], name="event_subject"),
            models.Index(fields=["kind", "at"], name="event_kind_at"),
            models.Index(fields=["actor_id", "id"], name="event_actor"),
        ]

    def __str__(self) -> str:
        from aftersales.core import events  # which stands on these models

        return events.sentence(self)


class DeliveryQuerySet(ScopedQuerySet):
    view_capability = "core.view_delivery"


class Delivery(models.Model):
    """One event that one consumer still has to take. Finished deliveries are deleted; failed ones are parked."""

    deletable = "finished deliveries go; the event stays and can be delivered anew"

    consumer = models.CharField(_("consumer"), max_length=60)
    event_id = models.BigIntegerField(_("event"))
    subject_kind = models.CharField(_("subject kind"), max_length=60)
    subject_id = models.BigIntegerField(_("subject"))
    attempts = models.PositiveSmallIntegerField(_("attempts"), default=0)
    run_after = models.DateTimeField(_("run after"))
    parked_at = models.DateTimeField(_("parked at"), null=True)
    error = models.TextField(_("error"), blank=True)

    objects = DeliveryQuerySet.as_manager()

    class Meta:
        verbose_name = _("delivery")
        verbose_name_plural = _("deliveries")
        constraints = [models.UniqueConstraint(fields=["consumer", "event_id"], name="delivery_once")]
        indexes = [
            models.Index(fields=["consumer", "subject_kind", "subject_id", "id"], name="delivery_subject"),
            models.Index(fields=["consumer", "id"], name="delivery_open", condition=models.Q(parked_at=None)),
        ]

    def __str__(self) -> str:
        from aftersales.core import deliveries  # which stands on these models

        return deliveries.name_of(self.consumer)


class JobState(models.TextChoices):
    WAITING = "waiting", pgettext_lazy("job state", "Waiting")
    RUNNING = "running", pgettext_lazy("job state", "Running")
    DONE = "done", pgettext_lazy("job state", "Done")
    PARKED = "parked", pgettext_lazy("job state", "Parked")


class JobQuerySet(ScopedQuerySet):
    view_capability = "core.view_job"


class Job(models.Model):
    """Work for later, stored in the transaction that asked for it; Celery only wakes somebody up (DESIGN 3)."""

    deletable = "done work is forgotten after a while: what it did stands in the rows and events it wrote"

    kind = models.CharField(_("kind"), max_length=60)
    key = models.CharField(_("key"), max_length=200, unique=True)
    payload = models.JSONField(_("payload"), default=dict)
    state = models.CharField(_("state"), max_length=10, choices=JobState, default=JobState.WAITING)
    run_after = models.DateTimeField(_("run after"))
    attempts = models.PositiveSmallIntegerField(_("attempts"), default=0)
    lease_until = models.DateTimeField(_("lease until"), null=True)
    progress_done = models.PositiveBigIntegerField(_("done"), default=0)
    progress_total = models.PositiveBigIntegerField(_("total"), default=0)
    result = models.JSONField(_("result"), default=dict)
    error = models.TextField(_("error"), blank=True)
    created_at = models.DateTimeField(_("created at"))
    finished_at = models.DateTimeField(_("finished at"), null=True)

    objects = JobQuerySet.as_manager()

    # Not stored: when this process took the job, in business time and on its stop-watch.
    taken: tuple[datetime, float]

    class Meta:
        verbose_name = _("job")
        verbose_name_plural = _("jobs")
        indexes = [
            models.Index(
                fields=["run_after", "id"],
                name="job_due",
                condition=models.Q(state__in=["waiting", "running"]),
            ),
            models.Index(fields=["state", "-id"], name="job_state"),
        ]

    def __str__(self) -> str:
        from aftersales.core import jobs  # which stands on these models

        return jobs.name_of(self.kind)


class SeriesQuerySet(ScopedQuerySet):
    view_capability = "core.view_series"


class Series(models.Model):
    """How numbers of one kind look: ``{yy}{mm}{dd}`` and the running number ``{n:05d}`` in the pattern (R5.5)."""

    code = models.CharField(_("code"), max_length=40, unique=True)
    pattern = models.CharField(_("pattern"), max_length=80)
    note = models.CharField(_("note"), max_length=200, blank=True)

    objects = SeriesQuerySet.as_manager()

    class Meta:
        verbose_name = _("number series")
        verbose_name_plural = _("number series")

    def __str__(self) -> str:
        return self.code


class SeriesCounter(models.Model):
    """The last number given out in one period of a series."""

    code = models.CharField(_("code"), max_length=40)
    period = models.CharField(_("period"), max_length=10)
    last = models.PositiveBigIntegerField(_("last number"), default=0)

    class Meta:
        verbose_name = _("number counter")
        verbose_name_plural = _("number counters")
        constraints = [models.UniqueConstraint(fields=["code", "period"], name="series_period")]

    def __str__(self) -> str:
        return f"{self.code} {self.period}"


from aftersales.core.sheets.models import ColumnProfile, SheetExport, SheetUpload  # noqa: E402, F401
