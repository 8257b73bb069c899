"""The traffic-weight file leaves the house: who took which edition when is kept."""

import hashlib
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.utils.translation import gettext_lazy as _

from aftersales.core import events
from aftersales.core.errors import DomainError, NotPermitted
from aftersales.core.sheets import exporting
from aftersales.scorecards import weightsheets

TAKE = "scorecards.take_weights"


@dataclass(frozen=True)
class Taken:
    """The file, what it is called, and the hash of its CSV lines: the edition that the receiver can name."""

    content: bytes
    name: str
    sha256: str


def weights_take(*, fmt: str, actor: Any, now: datetime, at: datetime | None = None) -> Taken:
    """The weights of every shop that sells, now or ``at`` a moment. Raises ``format``; NotPermitted.

    The hash is that of the CSV lines, whatever the format: the same weights have the same edition.
    """
    if not actor.has_perm(TAKE):
        raise NotPermitted()
    if fmt not in exporting.FORMATS:
        raise DomainError(_("Only CSV and XLSX are written."), "format")
    rows = weightsheets.cells(weightsheets.weights(at or now))
    told = weightsheets.as_csv(rows)
    digest = hashlib.sha256(told).hexdigest()
    payload: dict[str, Any] = {"format": fmt, "shops": len(rows), "sha256": digest}
    events.record("weights.taken", subject=actor, actor=actor, now=now, payload=payload)
    content = told if fmt == "csv" else weightsheets.as_xlsx(rows)
    return Taken(content, exporting.file_name(weightsheets.WeightSheet.sheet, digest[:12], now, fmt), digest)
