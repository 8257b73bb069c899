"""Cases: what is asked and decided, where the goods are, what is paid. Rows are never deleted."""

from .accounts import LineAccount, OrderAccount, TenderAccount
from .case import Case, CaseLine, CaseNote
from .gateway import MoneyGateway
from .parcel import CaseParcel, ParcelItem
from .payment import CasePayment, PaymentPart
from .payrun import BankAnswer, Payee, PaymentRun
from .receiving import ParcelPhoto, ParcelReceipt, UnknownParcel
from .statement import Difference, StatementLine

__all__ = [
    "BankAnswer",
    "Case",
    "CaseLine",
    "CaseNote",
    "CaseParcel",
    "CasePayment",
    "Difference",
    "LineAccount",
    "MoneyGateway",
    "OrderAccount",
    "ParcelItem",
    "Payee",
    "ParcelPhoto",
    "ParcelReceipt",
    "PaymentPart",
    "PaymentRun",
    "StatementLine",
    "TenderAccount",
    "UnknownParcel",
]
