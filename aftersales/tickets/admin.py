"""Registers and settings of the ticket room. Working on tickets happens at the desk."""

from types import MappingProxyType
from typing import Any

from django import forms
from django.contrib import admin, messages
from django.contrib.admin.utils import unquote
from django.http import HttpRequest
from django.utils.html import format_html_join
from django.utils.safestring import mark_safe
from django.utils.translation import gettext_lazy as _
from django.utils.translation import ngettext, pgettext_lazy
from unfold.decorators import display
from unfold.widgets import UnfoldAdminTextareaWidget

from aftersales.core.admin import RoomAdmin
from aftersales.core.components import badge
from aftersales.core.errors import DomainError
from aftersales.core.wording import listed, minute
from aftersales.merchants.models import Merchant
from aftersales.tickets.models import ArchiveRecord, DutyRoute, GradingRule, IntakeItem, IntakeRule, Ticket
from aftersales.tickets.selectors import handlers_of
from aftersales.tickets.services.archive import archive_opened
from aftersales.tickets.services.rulebook import rule_save
from aftersales.tickets.services.settling import signal_retry
from aftersales.tickets.states import STATE_MARKS, STATE_TONES


class RuleForm(forms.ModelForm):
    """Every change says why."""

    reason = forms.CharField(
        label=_("Why does it change?"), max_length=500, widget=UnfoldAdminTextareaWidget(attrs={"rows": 2})
    )


class RuleAdmin(RoomAdmin):
    form = RuleForm
    ordering = ("position", "code")
    list_filter = ("is_active",)

    def get_fields(self, request: HttpRequest, obj: Any = None) -> Any:
        own = [
            one.name for one in self.model._meta.fields if one.editable and one.name not in {"id", "version"}
        ]
        return [*own, "reason"] if self.has_change_permission(request, obj) else own

    def save_row(self, request: HttpRequest, obj: Any, form: Any, change: bool) -> Any:
        columns = dict(form.cleaned_data)
        reason = columns.pop("reason")
        if change:
            columns = {name: value for name, value in columns.items() if name in form.changed_data}
        return rule_save(
            row=obj, actor=request.user, now=self.now(), reason=reason,
            version=self.posted_version(request) if change else None, **columns,
        )  # fmt: skip

    @display(description=pgettext_lazy("rule book", "name"))
    def name(self, row: Any) -> str:
        return str(row.name)

    @display(description=_("in force"), boolean=True)
    def in_force(self, row: Any) -> bool:
        return bool(row.is_active)


@admin.register(IntakeRule)
class IntakeRuleAdmin(RuleAdmin):
    list_display = (
        "name",
        "signal",
        "threshold",
        "horizon_days",
        "severity",
        "nature",
        "in_force",
        "version",
    )


@admin.register(GradingRule)
class GradingRuleAdmin(RuleAdmin):
    list_display = ("name", "shown_words", "set_kind", "set_severity", "set_nature", "in_force", "position")

    @display(description=_("words"))
    def shown_words(self, row: GradingRule) -> str:
        return (listed(row.words[:6]) or "–") + ("…" if len(row.words) > 6 else "")


@admin.register(DutyRoute)
class DutyRouteAdmin(RuleAdmin):
    list_display = ("name", "duty", "in_force", "position")


@admin.register(Ticket)
class TicketAdmin(RoomAdmin):
    """All tickets one may see, to read and to search; the number opens the workbench."""

    list_display = (
        *("number", "subject", "shown_state", "level", "channel", "merchant", "assignee", "opened_at"),
    )
    list_filter = ("state", "severity", "nature", "kind", "channel", "ask_in_person", "historic")
    list_select_related = ("merchant", "assignee")
    search_fields = ("=number",)
    allowed_lookups = ("order", "customer", "merchant")
    ordering = ("-opened_at", "-id")
    list_per_page = 30

    @display(description=_("state"))
    def shown_state(self, ticket: Ticket) -> str:
        tone, drawn = STATE_TONES[ticket.state], STATE_MARKS[ticket.state]
        return badge(ticket.get_state_display(), tone=tone, mark_name=drawn)

    @display(description=_("level"))
    def level(self, ticket: Ticket) -> str:
        return str(ticket.level)


@admin.register(IntakeItem)
class IntakeItemAdmin(RoomAdmin):
    """What the rules and sheets noticed, and what became of it.

    A refused signal is tried again here, after its cause is mended.
    """

    list_display = ("signal", "order", "happened_at", "noticed_at", "outcome", "reason", "ticket")
    list_filter = ("signal", "outcome")
    list_select_related = ("order", "ticket", "rule")
    ordering = ("-id",)
    actions = ("retry",)

    @admin.action(description=_("Try refused signals again"), permissions=["retry"])
    def retry(self, request: HttpRequest, queryset: Any) -> None:
        found, refusals = 0, set()
        for item in queryset:
            try:
                found += signal_retry(item=item, actor=request.user, now=self.now())
            except DomainError as refusal:
                refusals.add(str(refusal))
        for text in sorted(refusals):
            messages.error(request, text)
        if found:
            text = ngettext("%(count)s signal is tried again.", "%(count)s signals are tried again.", found)
            messages.success(request, text % {"count": found})
        elif not refusals:
            messages.warning(request, _("None of them was refused."))

    def has_retry_permission(self, request: HttpRequest) -> bool:
        return bool(request.user.has_perm("tickets.retry_signal"))


@admin.register(ArchiveRecord)
class ArchiveRecordAdmin(RoomAdmin):
    """The archive as a register; searching it is done on the archive page, which logs the look-up."""

    list_display = (
        "number",
        "kind",
        "severity",
        "result",
        "completed_at",
        "reviewed_by",
        "sealed_at",
        "keep_until",
    )
    list_filter = ("kind", "severity", "nature", "result")
    list_select_related = ("reviewed_by",)
    ordering = ("-completed_at", "-id")
    exclude = ("handlers",)
    read_as = MappingProxyType({"merchant_id": "shown_merchant"})
    readonly_fields = ("shown_handlers",)

    @display(description=_("merchant"))
    def shown_merchant(self, record: ArchiveRecord) -> str:
        """By the name it has today."""
        names = Merchant.objects.filter(pk__in=[record.merchant_id]).values_list("name", flat=True)
        return names.first() or "–"

    @display(description=_("handlers and times"))
    def shown_handlers(self, record: ArchiveRecord) -> str:
        """Names and local times, one line each."""
        handlers = handlers_of([record])[record.pk]
        lines = ((one.name or "–", minute(one.since), minute(one.until)) for one in handlers)
        return format_html_join(mark_safe("<br>"), "{} {} – {}", lines) or "–"

    def change_view(self, request: HttpRequest, object_id: str, *args: Any, **kwargs: Any) -> Any:
        """Whoever opens a record here leaves the same trace as on the archive page (R5.5)."""
        response = super().change_view(request, object_id, *args, **kwargs)
        record = self.get_object(request, unquote(object_id))
        if record is not None:
            archive_opened(record=record, actor=request.user, now=self.now())
        return response
