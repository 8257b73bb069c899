"""What measures ask of moves in the ledger: pure guards."""

from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Any

from django.utils.translation import gettext_lazy as _

from aftersales.core.errors import Refusal

MEASURE = "scorecards.merchantmeasure"


def not_the_manager_of_the_shop(
    row: Any, facts: Mapping[str, Any], actor: Any, now: datetime, data: Mapping[str, Any]
) -> Iterable[Refusal]:
    """The measure ends with its penalty: whoever looks after the merchant turns back neither."""
    if row.source_kind == MEASURE and actor.pk in facts["ledger.managers"]:
        yield Refusal("own_merchant", _("You look after this merchant; another person decides."))
