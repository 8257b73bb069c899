"""What of this room a merchant reads: himself, his people and places, his deposit, their courses, what he agreed to."""

from aftersales.core.rowpolicies import show, through

show("merchants.Merchant", "merchants_merchant.id = %(me)s")
OWN = (
    "MerchantMember", "MerchantInvitation", "MerchantContact", "ReturnAddress", "DepositMove", "DepositCall", "Lesson",
)  # fmt: skip
for name in OWN:
    show(f"merchants.{name}", f"merchants_{name.lower()}.merchant_id = %(me)s")
show(
    "merchants.TrainingTerm",
    "merchants_trainingterm.agreement = '' OR EXISTS (SELECT FROM merchants_merchant self "
    "WHERE self.agreement = merchants_trainingterm.agreement)",
)
OWN_AGREEMENT = "merchants_agreement.merchant_id IS NULL OR merchants_agreement.merchant_id = %(me)s"
show("merchants.Agreement", OWN_AGREEMENT)
show(
    "merchants.AgreementVersion",
    through("merchants_agreementversion", "agreement_id", "merchants_agreement")
    + " AND (merchants_agreementversion.state IN ('active', 'retired') OR EXISTS (SELECT FROM standards_consultation c "
    "WHERE c.rule_kind = 'merchants.agreementversion' AND c.rule_id = merchants_agreementversion.id))",
)
show("merchants.AgreementAnswer", "merchants_agreementanswer.merchant_id = %(me)s")
