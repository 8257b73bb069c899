"""Words of cases, and accounts named in them, go with their customer; what was paid stays (R2.2, three years)."""

from datetime import datetime
from typing import Any

from aftersales.cases.models import (
    CaseFlag,
    CaseNote,
    DisputeEvidence,
    Payee,
    PhotoPrint,
    RecoveryProof,
    ServiceRequest,
    Settlement,
)
from aftersales.cases.services.authority import bundle_erase_of
from aftersales.cases.services.pagelinks import PAYEE
from aftersales.cases.states import OPEN_PAYMENTS
from aftersales.customers.models import Customer
from aftersales.tickets.models import ArchiveRecord, CustomerLink
from aftersales.tickets.services.erasing import links_end


def customer_forget(customer: Customer, *, actor: Any, reason: str, now: datetime) -> None:
    """Blank what was said in the cases of an erased customer, except where a legal hold keeps it."""
    links_end(CustomerLink.objects.filter(purpose=f"{PAYEE}:{customer.pk}"), now=now)
    held = ArchiveRecord.objects.exclude(legal_hold="").values("ticket")
    mine = CaseNote.objects.filter(case__customer=customer, erased_at=None).exclude(case__ticket__in=held)
    mine.update(text="", erased_at=now)
    payees = Payee.objects.filter(customer=customer, erased_at=None).exclude(
        payments__state__in=OPEN_PAYMENTS
    )
    payees.exclude(payments__case__ticket__in=held).update(
        holder="", bank="", account="", consent="", proof="", erased_at=now
    )
    prints = PhotoPrint.objects.filter(case__customer=customer, erased_at=None)
    prints.exclude(case__ticket__in=held).update(sha256="", erased_at=now)
    CaseFlag.objects.filter(case__customer=customer).exclude(case__ticket__in=held).update(words="")
    requests = ServiceRequest.objects.filter(customer=customer, erased_at=None).exclude(ticket__in=held)
    requests.update(words="", answer="", details={}, result={}, erased_at=now)
    bundle_erase_of(customer, held, now)
    brought = DisputeEvidence.objects.filter(dispute__case__customer=customer, erased_at=None)
    agreed = Settlement.objects.filter(dispute__case__customer=customer).exclude(accepted_words="")
    agreed.exclude(dispute__case__ticket__in=held).update(accepted_words="")
    proofs = RecoveryProof.objects.filter(recovery__case__customer=customer, erased_at=None)
    proofs.exclude(recovery__case__ticket__in=held).update(original_name="", erased_at=now)
    brought.exclude(dispute__case__ticket__in=held).update(text="", original_name="", erased_at=now)
