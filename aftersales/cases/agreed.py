"""What of small requests a clause of an agreement may name: invoices that merchants owe."""

from collections.abc import Collection, Mapping
from datetime import date, datetime, time, timedelta

from django.db.models import Count, F, Q
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from aftersales.cases.models import ServiceRequest
from aftersales.cases.request_states import RequestKind, RequestState
from aftersales.cases.states import Side
from aftersales.merchants.duties import Counted


def _invoices(
    merchants: Collection[int], since: date, until: date, now: datetime
) -> Mapping[int, tuple[int, int]]:
    """Invoices owed by these days: done by the due time, of all that were due. One query."""
    begin = timezone.make_aware(datetime.combine(since, time.min))
    end = min(timezone.make_aware(datetime.combine(until + timedelta(days=1), time.min)), now)
    rows = ServiceRequest.objects.filter(
        kind__in=[RequestKind.INVOICE, RequestKind.RED_LETTER], party=Side.MERCHANT,
        merchant__in=list(merchants), due_at__gte=begin, due_at__lt=end,
    ).exclude(state=RequestState.WITHDRAWN)  # fmt: skip
    kept = Count("pk", filter=Q(state=RequestState.DONE, ended_at__lte=F("due_at")))
    return {
        pk: (done, owed)
        for pk, done, owed in rows.order_by().values_list("merchant_id").annotate(kept=kept, owed=Count("pk"))
    }


INVOICES = Counted("invoices_in_time", _("Invoices issued in time"), _invoices)
