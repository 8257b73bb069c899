"""Which duty takes a ticket, by the routes in force; the first that matches wins (R3.2)."""

from collections.abc import Collection, Sequence
from typing import Any

from django.db.models import Case, CharField, Q, Value, When
from django.db.models.lookups import In

from aftersales.tickets.models import DutyRoute


def route(ticket: Any, routes: Sequence[DutyRoute]) -> str:
    """The duty that takes this ticket: the first route that matches; "" when none does."""
    for row in routes:
        if (
            (not row.kinds or ticket.kind in row.kinds)
            and (not row.natures or ticket.nature in row.natures)
            and (not row.severities or ticket.severity in row.severities)
        ):
            return str(row.duty)
    return ""


def route_book() -> list[DutyRoute]:
    return list(DutyRoute.objects.in_force())


def duty_of(routes: Sequence[DutyRoute]) -> Case:
    """``route`` as PostgreSQL judges it."""
    fits = (When(_fits(row), then=Value(row.duty)) for row in routes)
    return Case(*fits, default=Value(""), output_field=CharField())


def routed_to(duties: Collection[str], routes: Sequence[DutyRoute]) -> Q:
    """The tickets that these duties take."""
    return Q(In(duty_of(routes), sorted(duties))) if duties else Q(pk__in=[])


def _fits(row: DutyRoute) -> Q:
    wanted = {"kind__in": row.kinds, "nature__in": row.natures, "severity__in": row.severities}
    return Q(pk__isnull=False, **{name: values for name, values in wanted.items() if values})
