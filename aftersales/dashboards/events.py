"""What happens to reports, as sentences."""

from collections.abc import Mapping
from typing import Any

from django.utils.translation import gettext_lazy as _

from aftersales.core.events import Kind, register
from aftersales.dashboards.states import Period, Table


def _period(payload: Mapping[str, Any]) -> dict[str, Any]:
    return {"period": str(dict(Period.choices).get(payload.get("period", ""), ""))}


def _table(payload: Mapping[str, Any]) -> dict[str, Any]:
    return {"table": str(dict(Table.choices).get(payload.get("table", ""), ""))}


register(
    Kind("report_plan.made", _("%(actor)s asked for a report each %(period)s."), {"period": "code"}, show=_period),
    Kind("report_plan.changed", _("%(actor)s changed the hour of a report.")),
    Kind("report_plan.ended", _("%(actor)s wants this report no more.")),
    Kind("report.made", _("The report from %(first)s to %(last)s was made."), {"first": "code", "last": "code"}),
    Kind("report.commented", _("%(actor)s commented on the report.")),
    Kind("report.exported", _("%(actor)s took the report out as a workbook.")),
    Kind("figures.exported", _("%(actor)s took figures out as a sheet: %(table)s."), {"table": "code"}, show=_table),
)  # fmt: skip
