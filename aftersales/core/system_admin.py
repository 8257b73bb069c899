"""Registers of the machinery: the audit trail, jobs and deliveries with replay, number series."""

from typing import Any

from django.apps import apps
from django.contrib import admin, messages
from django.http import HttpRequest
from django.urls import NoReverseMatch, reverse
from django.utils.html import format_html
from django.utils.translation import gettext_lazy as _
from django.utils.translation import ngettext, pgettext_lazy
from unfold.decorators import display

from aftersales.core import events, services
from aftersales.core.admin import RoomAdmin
from aftersales.core.models import Delivery, Event, Job, Series

SOURCE_WORDS = {
    "web": pgettext_lazy("source", "on the desk"),
    "admin": pgettext_lazy("source", "in a register"),
    "import": pgettext_lazy("source", "by import"),
    "task": pgettext_lazy("source", "by the clock"),
    "command": pgettext_lazy("source", "by a command"),
    "system": pgettext_lazy("source", "by the system"),
}


@admin.register(Event)
class EventAdmin(RoomAdmin):
    """Everything that happened, newest first, as sentences; nobody changes a line."""

    list_display = ("at", "told", "about", "actor_name", "shown_source")
    list_filter = ("source", "audience", "kind")
    list_display_links = ("told",)
    ordering = ("-id",)
    fields = (
        *(
            "at",
            "recorded_at",
            "told",
            "about",
            "actor_name",
            "actor_role",
            "acting_as",
            "shown_source",
            "reason",
        ),
        *("rule_version", "audience", "payload", "request_id"),
    )
    readonly_fields = ("told", "about", "shown_source")

    @display(description=_("what happened"))
    def told(self, event: Event) -> str:
        return events.sentence(event)

    @display(description=_("about"))
    def about(self, event: Event) -> str:
        """The register's name, as a link to the row where the register has pages."""
        try:
            model = apps.get_model(event.subject_kind)
            url = reverse(
                f"admin:{model._meta.label_lower.replace('.', '_')}_change", args=[event.subject_id]
            )
        except (LookupError, ValueError, NoReverseMatch):
            return "–"
        return format_html('<a href="{}">{}</a>', url, model._meta.verbose_name)

    @display(description=_("source"))
    def shown_source(self, event: Event) -> str:
        return str(SOURCE_WORDS.get(event.source, event.source))


@admin.register(Job)
class JobAdmin(RoomAdmin):
    """Work for later. A parked job tried often enough; after its cause is mended it is replayed here."""

    list_display = ("key", "kind", "shown_state", "attempts", "run_after", "progress", "error")
    list_filter = ("state", "kind")
    ordering = ("-id",)
    actions = ("replay",)

    @display(
        description=_("state"),
        label={"waiting": "info", "running": "warning", "done": "success", "parked": "danger"},
    )
    def shown_state(self, job: Job) -> tuple[str, str]:
        return job.state, job.get_state_display()

    @display(description=_("progress"))
    def progress(self, job: Job) -> str:
        return f"{job.progress_done} / {job.progress_total}" if job.progress_total else "–"

    @admin.action(description=_("Run parked jobs again"), permissions=["replay"])
    def replay(self, request: HttpRequest, queryset: Any) -> None:
        count = sum(services.job_replay(job=job, actor=request.user, now=self.now()) for job in queryset)
        text = ngettext("%(count)s job runs again.", "%(count)s jobs run again.", count) % {"count": count}
        messages.success(request, text) if count else messages.warning(request, _("None of them was parked."))

    def has_replay_permission(self, request: HttpRequest) -> bool:
        return bool(request.user.has_perm("core.replay"))


@admin.register(Delivery)
class DeliveryAdmin(RoomAdmin):
    """Events that a consumer has not taken yet; parked ones failed too often."""

    list_display = ("consumer", "event_id", "attempts", "run_after", "parked_at", "error")
    list_filter = ("consumer",)
    ordering = ("-id",)
    actions = ("replay",)

    @admin.action(description=_("Deliver parked ones again"), permissions=["replay"])
    def replay(self, request: HttpRequest, queryset: Any) -> None:
        count = 0
        for delivery in queryset.exclude(parked_at=None):
            services.delivery_replay(delivery=delivery, actor=request.user, now=self.now())
            count += 1
        messages.success(
            request, ngettext("%(count)s delivery.", "%(count)s deliveries.", count) % {"count": count}
        )

    def has_replay_permission(self, request: HttpRequest) -> bool:
        return bool(request.user.has_perm("core.replay"))


@admin.register(Series)
class SeriesAdmin(RoomAdmin):
    """How numbers look; the running part must stay in the pattern."""

    list_display = ("code", "pattern", "note")
    fields = ("code", "pattern", "note")

    def save_row(self, request: HttpRequest, obj: Any, form: Any, change: bool) -> Any:
        return services.series_save(row=obj, actor=request.user, now=self.now(), **form.cleaned_data)
