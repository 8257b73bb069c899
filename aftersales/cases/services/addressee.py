"""Where a parcel of a case goes to, in full, for whoever sends it himself (R2.2)."""

from datetime import datetime
from typing import Any

from django.utils.translation import gettext as _

from aftersales.cases.models import Case
from aftersales.cases.selectors import addressee
from aftersales.cases.services.locking import refuse_foreign, require
from aftersales.customers.models import Contact
from aftersales.customers.services import addressee_reveal as reveal


def addressee_reveal(*, case: Case, actor: Any, now: datetime) -> list[tuple[Contact, str]]:
    """Name, telephone and address that the order goes to, each with its full value; recorded for each.

    Errors: not_permitted, gone (not of one's own merchants), erased.
    """
    require(actor, "cases.ship")
    refuse_foreign(case.ticket, actor, case)
    why, about = _("Goods are sent to the customer."), f"cases.case:{case.pk}"
    return [
        (one, reveal(contact=one, actor=actor, reason=why, now=now, context=about)) for one in addressee(case)
    ]
