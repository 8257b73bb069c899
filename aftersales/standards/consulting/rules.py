"""What a consultation asks of the rule that it is about. Pure."""

from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Any

from aftersales.core.errors import Refusal

TALK = "standards.not_talked_out"


def talked_out(
    row: Any, facts: Mapping[str, Any], actor: Any, now: datetime, data: Mapping[str, Any]
) -> Iterable[Refusal]:
    """Whoever was asked is heard: a draft that was put up waits for its end and for every answer (P2, P11)."""
    for found in facts[TALK]:
        yield from found
