"""Merchants, their people, contacts and return addresses, their deposits, what they agreed to."""

from .addresses import ReturnAddress
from .agreements import Agreement, AgreementAnswer, AgreementVersion
from .shops import (
    DepositCall,
    DepositMove,
    Lesson,
    Merchant,
    MerchantContact,
    MerchantInvitation,
    MerchantMember,
    TrainingTerm,
)
from .talks import Talk

__all__ = [
    "Agreement",
    "AgreementAnswer",
    "AgreementVersion",
    "DepositCall",
    "DepositMove",
    "Lesson",
    "Merchant",
    "MerchantContact",
    "MerchantInvitation",
    "MerchantMember",
    "ReturnAddress",
    "Talk",
    "TrainingTerm",
]
