"""Who lacks what, as a sheet. Reads only."""

import csv
import io
from collections.abc import Iterable, Sequence
from datetime import datetime

from django.utils.translation import gettext as _
from django.utils.translation import pgettext

from aftersales.core.sheets.safe import safe
from training.complianceselectors import Asked, Refresher, Standing, asked, kinds, last_day, plain

BOM = "\ufeff"


def sheet(rows: Iterable[Standing], now: datetime) -> str:
    """CSV, a line for each person, in the order of the page."""
    text, wanted = io.StringIO(), asked(now)
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(_heads())
    for one in rows:
        writer.writerow([safe(cell) for cell in _cells(one, wanted)])
    return BOM + text.getvalue()


def _heads() -> Sequence[str]:
    return (
        _("User name"), pgettext("compliance", "Name"), pgettext("compliance", "Team"),
        pgettext("compliance", "Onboarding hours"), pgettext("compliance", "Hours asked for"),
        pgettext("compliance", "Trainings of the year"), pgettext("compliance", "Trainings asked for"),
        pgettext("compliance", "Refreshers overdue"), pgettext("compliance", "Refreshers due soon"),
        pgettext("compliance", "Lacks"),
    )  # fmt: skip


def _cells(one: Standing, wanted: Asked) -> list[str]:
    return [
        one.person.username, str(one.person), one.team, plain(one.hours), plain(wanted.hours),
        str(one.trainings), str(wanted.trainings), _dated(one.stale), _dated(one.ending), kinds(one),
    ]  # fmt: skip


def _dated(rows: Sequence[Refresher]) -> str:
    return "; ".join(f"{each.course.name} ({last_day(each.until)})" for each in rows)
