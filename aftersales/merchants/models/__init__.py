"""Merchants, their people and contacts, their deposits, what they agreed to."""

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
    "Talk",
    "TrainingTerm",
]
