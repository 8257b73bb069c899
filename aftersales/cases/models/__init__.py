"""Cases: what is asked and decided, where the goods are, what is paid. Rows are never deleted."""

from .accounts import LineAccount, OrderAccount, TenderAccount
from .case import Case, CaseLine, CaseNote
from .parcel import CaseParcel, ParcelItem
from .payment import CasePayment, PaymentPart

__all__ = [
    "Case",
    "CaseLine",
    "CaseNote",
    "CaseParcel",
    "CasePayment",
    "LineAccount",
    "OrderAccount",
    "ParcelItem",
    "PaymentPart",
    "TenderAccount",
]
