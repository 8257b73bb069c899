"""The one way in which a measure comes to be: its row through the door, with the facts that it holds."""

from collections.abc import Iterable
from datetime import datetime
from typing import Any

from aftersales.core import moves
from aftersales.scorecards.models import MeasureFact, MerchantMeasure


def measure_propose(
    *, row: MerchantMeasure, facts: Iterable[tuple[str, str]], actor: Any, now: datetime
) -> MerchantMeasure:
    """Propose it. ``facts``: kind and key of each; nothing else may follow from them while it stands."""
    told, version = row.told(), row.citation[:80]
    made: MerchantMeasure = moves.create(
        row, actor=actor, now=now, event="measure.proposed", payload=told, rule_version=version
    )
    MeasureFact.objects.bulk_create(
        MeasureFact(measure=made, merchant_id=made.merchant_id, kind=kind, key=key) for kind, key in facts
    )
    return made
