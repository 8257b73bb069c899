"""What of this room merchants read: their cases with goods, decision and money.

What the platform alone thinks of giving (a compensation), payees, bank answers, flags and letters of authorities stay
closed.
"""

from aftersales.core.rowpolicies import show, through

show(
    "cases.Case",
    "cases_case.merchant_id = %(me)s AND cases_case.audience <> 'internal' AND cases_case.kind <> 'compensation'",
)
for name in ("CaseParcel", "Dispute", "Repair", "Recovery"):
    show(f"cases.{name}", f"cases_{name.lower()}.merchant_id = %(me)s")
show(
    "cases.ServiceRequest",
    "cases_servicerequest.merchant_id = %(me)s AND cases_servicerequest.audience <> 'internal'",
)
show(
    "cases.CasePayment",
    f"cases_casepayment.merchant_id = %(me)s AND {through('cases_casepayment', 'case_id', 'cases_case')}",
    hidden=("way_ref", "bank_ref", "key", "second_why"),
)

PARTS = {
    "Case": ("CaseAddress", "CaseLine", "CaseNote", "CaseJudgment", "Exchange", "Due"),
    "CaseParcel": ("ParcelItem", "ParcelReceipt", "ParcelPhoto", "ParcelLabel"),
    "CasePayment": ("PaymentPart",),
    "Dispute": ("DisputeEvidence", "Ruling", "Settlement"),
    "Exchange": ("ReplacementLine",),
    "Recovery": ("RecoveryProof", "RecoveryStep"),
    "Repair": ("RepairPart",),
}
KEYS = {"CaseParcel": "parcel_id", "CasePayment": "payment_id"}
for whole, parts in PARTS.items():
    for name in parts:
        key = KEYS.get(whole, f"{whole.lower()}_id")
        show(f"cases.{name}", through(f"cases_{name.lower()}", key, f"cases_{whole.lower()}"))
show("cases.OrderAccount", through("cases_orderaccount", "order_id", "orders_order"))
show("cases.LineAccount", through("cases_lineaccount", "line_id", "orders_orderline"))
for name in ("FaultTree", "FaultTreeVersion"):
    show(f"cases.{name}", why="the trees of faults are the same for every workshop")
