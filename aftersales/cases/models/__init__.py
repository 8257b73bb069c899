"""Cases: what is asked and decided, where the goods are, what is paid. Rows are never deleted."""

from .accounts import LineAccount, OrderAccount, TenderAccount
from .authority import (
    AuthorityAsk,
    AuthorityCase,
    AuthorityDeadline,
    AuthorityFile,
    AuthorityReply,
    EvidenceBundle,
)
from .automatic import CaseFlag, CaseJudgment, PhotoPrint
from .case import Case, CaseLine, CaseNote
from .dispute import Dispute, DisputeEvidence, Ruling, Settlement
from .exchange import Due, Exchange, ParcelLabel, ReplacementLine
from .gateway import MoneyGateway
from .parcel import CaseParcel, ParcelItem
from .payment import CasePayment, PaymentPart
from .payrun import BankAnswer, Payee, PaymentRun
from .receiving import ParcelPhoto, ParcelReceipt, UnknownParcel
from .recovery import Recovery, RecoveryProof, RecoveryStep, WriteOff
from .repair import FaultTree, FaultTreeVersion, Repair, RepairPart
from .request import Invoice, ServiceRequest
from .returning import CaseAddress
from .statement import Comparison, Difference, StatementLine

__all__ = [
    "AuthorityAsk",
    "AuthorityCase",
    "AuthorityDeadline",
    "AuthorityFile",
    "AuthorityReply",
    "EvidenceBundle",
    "BankAnswer",
    "Case",
    "CaseAddress",
    "CaseFlag",
    "CaseJudgment",
    "CaseLine",
    "CaseNote",
    "CaseParcel",
    "CasePayment",
    "Comparison",
    "Difference",
    "Invoice",
    "Dispute",
    "DisputeEvidence",
    "Due",
    "Exchange",
    "FaultTree",
    "FaultTreeVersion",
    "LineAccount",
    "MoneyGateway",
    "OrderAccount",
    "ParcelItem",
    "ParcelLabel",
    "Payee",
    "ParcelPhoto",
    "ParcelReceipt",
    "PaymentPart",
    "PhotoPrint",
    "PaymentRun",
    "ServiceRequest",
    "Ruling",
    "Settlement",
    "Recovery",
    "RecoveryProof",
    "RecoveryStep",
    "Repair",
    "RepairPart",
    "ReplacementLine",
    "StatementLine",
    "TenderAccount",
    "UnknownParcel",
    "WriteOff",
]
