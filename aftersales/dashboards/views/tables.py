"""A table of a page as a sheet: the same lines, as CSV; taking it out leaves a trace."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Sequence
from datetime import date
from typing import Any

from django.http import HttpRequest, HttpResponse
from django.utils import timezone

from aftersales.core.sheets.safe import safe
from aftersales.core.sheets.views import attachment
from aftersales.dashboards import services

BOM = "\ufeff"


def is_asked(request: HttpRequest) -> bool:
    return request.GET.get("format") == "csv"


def sheet(
    request: HttpRequest, page: str, day: date, head: Sequence[Any], rows: Iterable[Sequence[Any]]
) -> HttpResponse:
    """Nothing in it is taken for a formula by a spreadsheet; what is empty stays empty."""
    services.figures_exported(page=page, actor=request.user, now=timezone.now())
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow([safe(str(one)) for one in head])
    for row in rows:
        writer.writerow([safe("" if cell is None else str(cell)) for cell in row])
    answer = HttpResponse(BOM + text.getvalue(), content_type="text/csv; charset=utf-8")
    return attachment(answer, f"{page}-{day}.csv")
