"""What of this room a merchant reads: himself, his people, his deposit, what his people are taught."""

from aftersales.core.rowpolicies import show

show("merchants.Merchant", "merchants_merchant.id = %(me)s")
OWN = ("MerchantMember", "MerchantInvitation", "MerchantContact", "DepositMove", "DepositCall", "Lesson")
for name in OWN:
    show(f"merchants.{name}", f"merchants_{name.lower()}.merchant_id = %(me)s")
show(
    "merchants.TrainingTerm",
    "merchants_trainingterm.agreement = '' OR EXISTS (SELECT FROM merchants_merchant self "
    "WHERE self.agreement = merchants_trainingterm.agreement)",
)
