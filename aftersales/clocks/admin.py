"""All clocks, read-only: what was promised to whom by when, and how it went."""

from typing import Any

from django.contrib import admin
from django.utils.translation import gettext_lazy as _
from unfold.decorators import display

from aftersales.core.admin import RoomAdmin
from aftersales.core.components import badge

from .models import Clock, LadderRung
from .states import ClockState

COLOURS = {
    ClockState.RUNNING: "blue",
    ClockState.PAUSED: "grey",
    ClockState.MET: "green",
    ClockState.BREACHED: "red",
    ClockState.MET_LATE: "amber",
    ClockState.CANCELLED: "grey",
}


@admin.register(Clock)
class ClockAdmin(RoomAdmin):
    exclude = ("subject_kind", "subject_id", "merchant_id", "pauses", "holder_team_id", "breach_team_id")
    list_display = (
        "promise",
        "shown_state",
        "standard_version",
        "owed_by",
        "holder",
        "started_at",
        "due_at",
        "met_at",
    )
    list_filter = ("state", "promise", "kind", "owed_by")
    list_select_related = ("standard_version__standard", "holder")
    ordering = ("due_at", "id")

    @display(description=_("state"))
    def shown_state(self, row: Any) -> str:
        return badge(str(ClockState(row.state).label), tone=COLOURS[row.state])


@admin.register(LadderRung)
class LadderRungAdmin(RoomAdmin):
    list_display = ("name_zh", "number", "state", "moment", "value", "to", "by", "valid_from")
    list_filter = ("state", "to", "by")
    ordering = ("code", "-number")
