"""An incentive rule is told to everybody in its scope, once for each version (R6.8)."""

import logging
from datetime import datetime
from typing import Any

from django.db import OperationalError, transaction
from django.utils.functional import lazy

from aftersales.core import jobs
from aftersales.ledger import incentives, statements
from aftersales.ledger.models import IncentiveVersion
from aftersales.ledger.states import Party
from aftersales.notices.services import tell_each

logger = logging.getLogger(__name__)

ANNOUNCE = "ledger.announce"
TOLD = {Party.PERSON: "ledger.rule", Party.MERCHANT: "ledger.rule_merchant"}


def announce_later(version: IncentiveVersion, now: datetime) -> None:
    """Ask for the messages of a version, where it concerns anybody; asked twice, they go out once."""
    if incentives.concerned(version, now).exists():
        jobs.enqueue(ANNOUNCE, key=f"{ANNOUNCE}:{version.pk}", payload={"version": version.pk}, now=now)


def incentive_announce(*, version: IncentiveVersion, actor: Any, now: datetime) -> int:
    """Tell everybody whom a version concerns and who does not know it yet; how many."""
    return tell_each(
        TOLD[Party(version.rule.party)], to=incentives.concerned(version, now), about=version,
        values=_values(version), key=f"{ANNOUNCE}:{version.pk}", actor=actor, now=now,
    )  # fmt: skip


def incentives_tell(*, actor: Any, now: datetime) -> int:
    """Tell newcomers of the versions that are announced or in force; how many messages.

    Whoever joins, or comes into the scope of a rule, after its announcement reads it as everybody before him did.
    A version whose messages cannot be written stands in the log and does not keep the others from theirs.
    """
    told = 0
    for row in IncentiveVersion.objects.select_related("rule").announced(now).order_by("pk"):
        try:
            with transaction.atomic():
                told += incentive_announce(version=row, actor=actor, now=now)
        except OperationalError:  # the database, not the rule
            raise
        except Exception:
            logger.exception("nobody could be told of %s v%s", row.rule, row.number)
    return told


def _values(version: IncentiveVersion) -> dict[str, Any]:
    """Name, version, day and terms, each said in the recipient's language."""
    assert version.valid_from
    rule, begin = version.rule, version.valid_from.astimezone(statements.zone())
    return {
        "rule": lazy(lambda: str(rule.name), str)(), "clause": f"v{version.number}", "day": f"{begin:%Y-%m-%d}",
        "raised": lazy(lambda: incentives.raised_by(version), str)(),
        "gives": lazy(lambda: incentives.gives(version), str)(),
    }  # fmt: skip
