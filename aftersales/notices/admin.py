"""Registers of messages: kinds, versions of their texts, and every message that was written."""

from __future__ import annotations

from typing import Any

from django.contrib import admin
from django.http import HttpRequest
from django.urls import reverse
from django.utils.html import format_html
from django.utils.translation import get_language, pgettext_lazy
from django.utils.translation import gettext_lazy as _
from unfold.decorators import display

from aftersales.core import filters
from aftersales.core.admin import RoomAdmin
from aftersales.core.components import badge

from . import kinds, texts
from .forms import TextForm, blanks_help
from .models import Notice, NoticeTemplate, NoticeText
from .states import STATE_COLOURS, TEXT_COLOURS, NoticeChannel, NoticeState, RecipientKind, TextState


@admin.register(NoticeTemplate)
class NoticeTemplateAdmin(RoomAdmin):
    list_display = ("name", "audience", "ways", "enabled", "text_link")
    list_filter = ("enabled",)
    search_fields = ("code",)
    ordering = ("code",)
    readonly_fields = ("name", "audience", "ways", "blanks", "text_link")

    def get_fields(self, request: HttpRequest, obj: Any = None) -> Any:
        """Who may not change the channels reads them in words."""
        channels = "channels" if self.has_change_permission(request, obj) else "ways"
        return ("name", "audience", "blanks", "text_link", channels, "enabled")

    @display(description=_("message"))
    def name(self, row: NoticeTemplate) -> str:
        return kinds.name_of(row.code)

    @display(description=_("for"))
    def audience(self, row: NoticeTemplate) -> str:
        kind = kinds.declared().get(row.code)
        return str(RecipientKind(kind.audience).label) if kind else "–"

    @display(description=_("channels"))
    def ways(self, row: NoticeTemplate) -> str:
        return ", ".join(str(NoticeChannel(channel).label) for channel in row.channels) or "–"

    @display(description=_("blanks"))
    def blanks(self, row: NoticeTemplate) -> str:
        return blanks_help(row.code)

    @display(description=_("texts"))
    def text_link(self, row: NoticeTemplate) -> str:
        url = reverse("admin:notices_noticetext_changelist") + f"?template__id__exact={row.pk}"
        return format_html('<a href="{}">{}</a>', url, _("Versions"))

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def save_row(self, request: HttpRequest, obj: Any, form: Any, change: bool) -> Any:
        return texts.template_change(
            template=obj,
            enabled=form.cleaned_data["enabled"],
            channels=form.cleaned_data["channels"],
            version=self.posted_version(request) or obj.version,
            actor=request.user,
            now=self.now(),
        )


@admin.register(NoticeText)
class NoticeTextAdmin(RoomAdmin):
    form = TextForm
    list_display = ("template", "number", "shown_state", "subject", "source", "drafted_by", "activated_by")
    list_filter = ("state", "source", "template")
    list_select_related = ("template", "drafted_by", "activated_by")
    ordering = ("template__code", "-number")
    fieldsets = (
        (None, {"fields": (("template", "number"), ("shown_state", "source"))}),
        (_("Chinese"), {"fields": ("subject_zh", "body_zh")}),
        (_("English"), {"fields": ("subject_en", "body_en")}),
        (_("Who and when"), {"fields": (("drafted_by", "drafted_at"), ("activated_by", "activated_at"))}),
    )
    readonly_fields = (
        "number", "shown_state", "source", "drafted_by", "drafted_at", "activated_by", "activated_at",
    )  # fmt: skip
    change_form_outer_before_template = "notices/text_acts.html"

    @display(description=pgettext_lazy("text of a message", "subject"))
    def subject(self, row: NoticeText) -> str:
        return row.subject(get_language() or "")

    @display(description=_("state"))
    def shown_state(self, row: NoticeText) -> str:
        state = TextState(row.state)
        return badge(str(state.label), tone=TEXT_COLOURS[state])

    def get_readonly_fields(self, request: HttpRequest, obj: Any = None) -> Any:
        return (*self.readonly_fields, "template") if obj else self.readonly_fields

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """Only a draft is edited; a text that was in force is read."""
        draft = obj is None or obj.state == TextState.DRAFT
        return draft and super().has_change_permission(request, obj)

    def save_row(self, request: HttpRequest, obj: Any, form: Any, change: bool) -> Any:
        words = {name: form.cleaned_data[name] for name in texts.WORDS}
        actor: Any = request.user
        if not change:
            template = form.cleaned_data["template"]
            return texts.text_draft(template=template, words=words, actor=actor, now=self.now())
        version = self.posted_version(request) or obj.version
        return texts.text_change(text=obj, words=words, version=version, actor=actor, now=self.now())


@admin.register(Notice)
class NoticeAdmin(RoomAdmin):
    list_display = (
        "created_at",
        "kind_name",
        "recipient_kind",
        "channel",
        "shown_state",
        "subject",
        "sent_at",
    )
    list_filter = (
        "state", "channel", "recipient_kind",
        filters.declared("source", lambda: ((code, kind.name) for code, kind in kinds.declared().items())),
    )  # fmt: skip
    ordering = ("-pk",)
    fields = (
        ("kind_name", "channel"), ("recipient_kind", "language"), ("shown_state", "skip_reason"), "subject",
        "shown_text", ("created_at", "sent_at"), ("attempts", "claimed_at"), "error",
    )  # fmt: skip
    readonly_fields = (
        "kind_name", "channel", "recipient_kind", "language", "shown_state", "skip_reason", "subject",
        "shown_text", "created_at", "sent_at", "attempts", "claimed_at", "error",
    )  # fmt: skip
    change_form_outer_before_template = "notices/notice_acts.html"

    @display(description=_("message"))
    def kind_name(self, row: Notice) -> str:
        return row.kind_name

    @display(description=_("text"))
    def shown_text(self, row: Notice) -> str:
        return row.shown_body

    @display(description=_("state"))
    def shown_state(self, row: Notice) -> str:
        state = NoticeState(row.state)
        return badge(str(state.label), tone=STATE_COLOURS[state])
