"""Registers of the machinery: the audit trail, jobs and deliveries with replay, number series."""

from typing import Any

from django.contrib import admin, messages
from django.contrib.auth import get_user_model
from django.db.models import Q, QuerySet
from django.http import HttpRequest
from django.utils.html import format_html
from django.utils.translation import gettext_lazy as _
from django.utils.translation import ngettext
from unfold.decorators import display

from aftersales.core import deliveries, events, filters, jobs, origin, services, subjects
from aftersales.core.admin import RoomAdmin
from aftersales.core.changelists import RoomChangeList
from aftersales.core.components import badge
from aftersales.core.models import Delivery, Event, Job, Series

NEWEST = 500  # of each way of finding events
JOB_TONES = {"waiting": "blue", "running": "amber", "done": "green", "parked": "red"}


class TrailChangeList(RoomChangeList):
    """The names of a page's subjects are read at once."""

    def get_results(self, request: HttpRequest) -> None:
        super().get_results(request)
        rows: Any = self.result_list  # type: ignore[has-type]
        self.result_list = list(rows)
        _name_subjects(self.result_list, request.user)


def _name_subjects(rows: list[Event], user: Any) -> None:
    names = subjects.named([(event.subject_kind, event.subject_id) for event in rows], user)
    for event in rows:
        event.subject = names.get((event.subject_kind, event.subject_id))  # type: ignore[attr-defined]


@admin.register(Event)
class EventAdmin(RoomAdmin):
    """Everything that happened, newest first, as sentences; nobody changes a line."""

    list_display = ("at", "told", "about", "who", "shown_source")
    list_filter = (
        filters.declared("source", lambda: origin.SOURCES.items()),
        "audience",
        filters.declared("kind", lambda: ((code, code) for code in sorted(events.registered()))),
    )
    list_display_links = ("told",)
    search_fields = ("kind",)
    search_help_text = _(
        "Whole number of a ticket, order or other row; user name or name of a person; kind of event"
    )
    ordering = ("-id",)
    fields = (
        *(
            "at",
            "recorded_at",
            "told",
            "about",
            "who",
            "shown_source",
            "shown_reason",
        ),
        *("actor_role", "acting_as", "rule_version", "audience", "payload", "request_id"),
    )
    readonly_fields = ("told", "about", "who", "shown_source", "shown_reason")

    @display(description=_("what happened"))
    def told(self, event: Event) -> str:
        return events.sentence(event)

    @display(description=_("about"))
    def about(self, event: Event) -> str:
        """What the row is called, as a link to where it is looked at."""
        subject = event.subject  # type: ignore[attr-defined]
        if subject is None:
            return "–"
        return (
            format_html('<a href="{}">{}</a>', subject.url, subject.words) if subject.url else subject.words
        )

    def get_changelist(self, request: HttpRequest, **kwargs: Any) -> type[RoomChangeList]:
        return TrailChangeList

    def get_object(self, request: HttpRequest, object_id: str, from_field: str | None = None) -> Any:
        event = super().get_object(request, object_id, from_field)
        if event is not None:
            _name_subjects([event], request.user)
        return event

    def get_search_results(
        self, request: HttpRequest, queryset: QuerySet[Any], search_term: str
    ) -> tuple[QuerySet[Any], bool]:
        """Whole numbers of rows, people and kinds, each answered by its own index and the newest of each."""
        term = search_term.strip()
        if not term:
            return queryset, False
        kinds = [code for code in events.registered() if code.startswith(term)]
        people = get_user_model()._default_manager.filter(Q(username=term) | Q(display_name=term))
        actors = list(people.values_list("pk", flat=True)[:NEWEST])
        ways = [
            queryset.filter(kind__in=kinds).order_by("-at"),
            queryset.filter(actor_id__in=actors).order_by("-id"),
        ]
        for kind, keys in subjects.called(term):
            ways.append(queryset.filter(subject_kind=kind, subject_id__in=keys).order_by("-id"))
        found = {pk for rows in ways for pk in rows.values_list("pk", flat=True)[:NEWEST]}
        return queryset.filter(pk__in=found), False

    @display(description=_("actor's name"))
    def who(self, event: Event) -> str:
        return events.in_whose_name(event)

    @display(description=_("reason"))
    def shown_reason(self, event: Event) -> str:
        return events.reason_of(event)

    @display(description=_("source"))
    def shown_source(self, event: Event) -> str:
        return origin.words(event.source)


@admin.register(Job)
class JobAdmin(RoomAdmin):
    """Work for later. A parked job tried often enough; after its cause is mended it is replayed here."""

    fields = ("name", "shown_state", "attempts", "run_after", "progress", "error")
    readonly_fields = ("name", "shown_state", "progress")
    list_display = ("name", "shown_state", "attempts", "run_after", "progress", "error")
    list_filter = (
        "state",
        filters.declared("kind", lambda: ((one, jobs.name_of(one)) for one in jobs.registered()), _("work")),
    )
    ordering = ("-id",)
    actions = ("replay",)

    @display(description=_("work"), ordering="kind")
    def name(self, job: Job) -> str:
        return jobs.name_of(job.kind)

    @display(description=_("state"))
    def shown_state(self, job: Job) -> str:
        return badge(job.get_state_display(), tone=JOB_TONES[job.state])

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

    list_display = ("name", "told", "attempts", "run_after", "parked_at", "error")
    list_filter = (
        filters.declared(
            "consumer", lambda: ((one, deliveries.name_of(one)) for one in deliveries.consumers()), _("work")
        ),
    )
    fields = ("name", "told", "attempts", "run_after", "parked_at", "error")
    readonly_fields = ("name", "told")
    ordering = ("-id",)
    actions = ("replay",)

    @display(description=_("work"), ordering="consumer")
    def name(self, delivery: Delivery) -> str:
        return deliveries.name_of(delivery.consumer)

    @display(description=_("what happened"))
    def told(self, delivery: Delivery) -> str:
        event = Event.objects.filter(pk=delivery.event_id).first()
        return events.sentence(event) if event else "–"

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
