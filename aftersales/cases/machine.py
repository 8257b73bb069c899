"""The three machines of a case: decision, parcel, payment. They share no field (DESIGN 4)."""

from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Any

from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from aftersales.cases import rules
from aftersales.cases.states import CaseState as S
from aftersales.cases.states import DifferenceState as D
from aftersales.cases.states import ParcelState as P
from aftersales.cases.states import PaymentState as M
from aftersales.cases.states import RunState as N
from aftersales.core.errors import Refusal
from aftersales.core.machine import Machine, Move, Need

DECIDE = "cases.decide"
ANSWER = "cases.answer"
WAYBILL = [
    Need("carrier", label=_("Carrier"), max_length=60),
    Need("tracking_no", label=_("Waybill"), max_length=64),
]
FOUND = [  # what the receiving desk learns of a parcel that came without a word
    Need("carrier", label=_("Carrier"), kind="hidden", required=False),
    Need("tracking_no", label=_("Waybill"), kind="hidden", required=False),
    Need("weight_g", label=_("Weight (g)"), kind="hidden", required=False),
]
AMOUNT = Need("amount", label=_("Amount"), kind="hidden")
GRANT = Need("grant", label=_("Amount"), kind="hidden")  # a quote: the body writes what the accounts reserved
TERMS = Need("terms", label=pgettext_lazy("case", "Terms"), kind="hidden", required=False)
HOW = Need("how", label=pgettext_lazy("case", "Decided by"), kind="hidden", required=False)
BY = Need("by", label=pgettext_lazy("case", "Side"), kind="hidden", required=False)


def only_final(
    row: Any, facts: Mapping[str, Any], actor: Any, now: datetime, data: Mapping[str, Any] | None
) -> Iterable[Refusal]:
    """A case is complete when no parcel, payment, request or dispute of it is open (DESIGN 4)."""
    for lines in facts.get("cases.open_parts") or ():
        for line in lines:
            yield Refusal("open_parts", line)


CASE_MACHINE = Machine(
    "cases.case",
    states=S,
    initial=[S.REQUESTED],
    terminal=[S.CLOSED, S.WITHDRAWN],
    moves=[
        Move(
            "offer", [S.REQUESTED, S.COUNTERED], S.OFFERED, DECIDE, pgettext_lazy("case move", "Offer"),
            "case.offered", needs=[AMOUNT, BY],
            effect=_("The customer is asked; what he accepts is binding for both sides."),
        ),
        Move(
            "counter", [S.OFFERED], S.COUNTERED, ANSWER, pgettext_lazy("case move", "Counter-offer"),
            "case.countered", needs=[AMOUNT], effect=_("The other side is asked again."),
        ),
        Move(
            "accept_offer", [S.OFFERED], S.APPROVED, ANSWER, pgettext_lazy("case move", "Customer accepts"),
            "case.approved", facts=["cases.evidence"], guards=[rules.guardian_shown], needs=[GRANT, HOW, TERMS],
            effect=_("The offer binds both sides from now on."),
        ),
        Move(
            "accept_counter", [S.COUNTERED], S.APPROVED, DECIDE, pgettext_lazy("case move", "Accept the counter-offer"),
            "case.approved", facts=["cases.evidence"], guards=[rules.guardian_shown], needs=[GRANT, HOW, TERMS],
            effect=_("The counter-offer binds both sides from now on."),
        ),
        Move(
            "approve", [S.REQUESTED, S.OFFERED, S.COUNTERED, S.REJECTED], S.APPROVED, DECIDE,
            pgettext_lazy("case move", "Approve"), "case.approved", facts=["cases.evidence"],
            guards=[rules.decides_openly, rules.guardian_shown],
            needs=[GRANT, HOW, TERMS],
            effect=_("The customer is told what happens next; money and goods take their own way."),
        ),
        Move(
            "reject", [S.REQUESTED, S.COUNTERED], S.REJECTED, DECIDE, pgettext_lazy("case move", "Refuse"),
            "case.rejected", guards=[rules.machine_never_refuses], needs=[HOW],
            effect=_("The customer is told why, and that he may have the platform decide."),
        ),
        Move(
            "amend", [S.REQUESTED, S.OFFERED, S.COUNTERED, S.REJECTED], S.REQUESTED, ANSWER,
            pgettext_lazy("case move", "Change the request"), "case.amended", needs=[BY, TERMS],
            effect=_("The other side is asked anew; the first reason stays for statistics."),
        ),
        Move(
            "dispute", [S.REQUESTED, S.OFFERED, S.COUNTERED, S.REJECTED, S.APPROVED], S.DISPUTED, "cases.dispute",
            pgettext_lazy("case move", "Let the platform decide"), "case.disputed", guards=[rules.agreement_binds],
            needs=[BY],
            effect=_("Both sides are asked for evidence; the platform rules."),
        ),
        Move(
            "rule", [S.DISPUTED], S.APPROVED, "cases.rule", pgettext_lazy("case move", "Ruled for the customer"),
            "case.approved", needs=[GRANT, HOW, TERMS], by_system=True,
        ),
        Move(
            "rule_against", [S.DISPUTED], S.REJECTED, "cases.rule", pgettext_lazy("case move", "Ruled against him"),
            "case.rejected", facts=["cases.bound"], guards=[rules.not_paid_yet], needs=[HOW], by_system=True,
        ),
        Move(
            "drop_dispute", [S.DISPUTED], S.REQUESTED, "cases.dispute",
            pgettext_lazy("case move", "Dispute withdrawn"), "case.undisputed", by_system=True,
        ),
        *(
            Move(
                f"drop_dispute_{target}", [S.DISPUTED], target, "cases.dispute",
                pgettext_lazy("case move", "Dispute withdrawn"), "case.undisputed", by_system=True,
            )
            for target in (S.OFFERED, S.COUNTERED, S.APPROVED, S.REJECTED)
        ),
        Move(
            "settle_dispute", [S.DISPUTED], S.APPROVED, "cases.dispute", pgettext_lazy("case move", "Settled"),
            "case.approved", needs=[GRANT, HOW, TERMS], by_system=True,
        ),
        Move(
            "withdraw", [S.REQUESTED, S.OFFERED, S.COUNTERED, S.APPROVED, S.REJECTED, S.DISPUTED], S.WITHDRAWN, ANSWER,
            pgettext_lazy("case move", "Customer withdraws"), "case.withdrawn",
            facts=["cases.bound", "cases.kept"], guards=[rules.not_paid_yet, rules.goods_not_kept],
            effect=_("The pieces may be asked for again; goods that are on their way go back to the customer."),
        ),
        Move(
            "turn", [S.APPROVED], S.APPROVED, "cases.turn", pgettext_lazy("case move", "Turn into another kind"),
            "case.turned", facts=["cases.bound"], guards=[rules.not_paid_yet], needs=[GRANT, HOW, TERMS],
            effect=_("Evidence, first reason and clocks stay; what was agreed is computed anew."),
        ),
        Move(
            "close", [S.APPROVED, S.REJECTED], S.CLOSED, "cases.close", pgettext_lazy("case move", "Close"),
            "case.closed", facts=["cases.open_parts"], guards=[only_final],
            effect=_("Everything of this case is settled."),
        ),
    ],
)  # fmt: skip

RECEIVE = "cases.receive"
PARCEL_MACHINE = Machine(
    "cases.caseparcel",
    states=P,
    initial=[P.AWAITED, P.RECEIVED],
    terminal=[P.KEPT, P.DELIVERED_BACK, P.DELIVERED, P.CANCELLED],
    moves=[
        Move(
            "ship", [P.AWAITED, P.EXPIRED], P.IN_TRANSIT, "cases.ship", pgettext_lazy("parcel move", "Sent"),
            "case_parcel.shipped", needs=WAYBILL,
        ),
        Move(
            "arrive", [P.IN_TRANSIT], P.IN_TRANSIT, DECIDE, pgettext_lazy("parcel move", "Carrier delivered it"),
            "case_parcel.arrived", guards=[rules.comes_in, rules.not_arrived],
            needs=[Need("presumed", label=pgettext_lazy("parcel", "Presumed"), kind="hidden", required=False)],
            effect=_("Whoever receives the goods has to confirm it from now on."),
        ),
        Move(
            "receive", [P.AWAITED, P.IN_TRANSIT, P.LOST, P.EXPIRED], P.RECEIVED, RECEIVE,
            pgettext_lazy("parcel move", "Received"), "case_parcel.received", guards=[rules.comes_in], needs=FOUND,
        ),
        Move(
            "deliver", [P.IN_TRANSIT, P.LOST], P.DELIVERED, "cases.ship", pgettext_lazy("parcel move", "Delivered"),
            "case_parcel.delivered", guards=[rules.goes_out],
        ),
        Move(
            "lose", [P.IN_TRANSIT], P.LOST, RECEIVE, pgettext_lazy("parcel move", "Lost"), "case_parcel.lost",
            effect=_("The claim on the carrier runs beside the customer's refund, never before it."),
        ),
        Move(
            "refuse_at_door", [P.IN_TRANSIT], P.REFUSED_AT_DOOR, RECEIVE,
            pgettext_lazy("parcel move", "Refused at the door"), "case_parcel.refused",
        ),
        Move(
            "ask_stop", [P.IN_TRANSIT], P.IN_TRANSIT, DECIDE, pgettext_lazy("parcel move", "Ask to stop it"),
            "case_parcel.stop_asked", guards=[rules.goes_out, rules.stop_not_asked],
            effect=_("The carrier stops it, or it counts as not stopped when the time is over."),
        ),
        Move(
            "fail_stop", [P.IN_TRANSIT], P.IN_TRANSIT, DECIDE, pgettext_lazy("parcel move", "Not stopped"),
            "case_parcel.stop_failed", guards=[rules.goes_out, rules.stop_asked],
            effect=_("The customer is told to refuse it at the door, or to send it back."),
        ),
        Move(
            "intercept", [P.AWAITED, P.IN_TRANSIT], P.INTERCEPTED, RECEIVE,
            pgettext_lazy("parcel move", "Stopped on the way"), "case_parcel.intercepted", guards=[rules.goes_out],
        ),
        Move(
            "inspect", [P.RECEIVED, P.REFUSED_AT_DOOR, P.INTERCEPTED], P.INSPECTED, "cases.inspect",
            pgettext_lazy("parcel move", "Inspected"), "case_parcel.inspected",
        ),
        Move(
            "keep", [P.INSPECTED], P.KEPT, "cases.inspect", pgettext_lazy("parcel move", "Keep the goods"),
            "case_parcel.kept",
        ),
        Move(
            "send_back", [P.RECEIVED, P.INSPECTED, P.UNCLAIMED], P.SENT_BACK, RECEIVE,
            pgettext_lazy("parcel move", "Send back"), "case_parcel.sent_back", needs=WAYBILL,
        ),
        Move(
            "deliver_back", [P.SENT_BACK], P.DELIVERED_BACK, RECEIVE,
            pgettext_lazy("parcel move", "Customer has it back"), "case_parcel.delivered_back",
        ),
        Move(
            "unclaim", [P.SENT_BACK], P.UNCLAIMED, RECEIVE, pgettext_lazy("parcel move", "Not claimed"),
            "case_parcel.unclaimed",
        ),
        Move(
            "expire", [P.AWAITED], P.EXPIRED, "cases.sweep", pgettext_lazy("parcel move", "Never sent"),
            "case_parcel.expired", by_system=True,
        ),
        Move(
            "cancel", [P.AWAITED], P.CANCELLED, "cases.ship", pgettext_lazy("parcel move", "Not needed"),
            "case_parcel.cancelled",
        ),
    ],
)  # fmt: skip

PAY = "cases.pay"
OUTCOME = Need("told", label=pgettext_lazy("payment", "Told by"), kind="hidden", required=False)
BANK_REF = Need("bank_ref", label=_("Bank's reference"), kind="hidden", required=False)
PAYMENT_MACHINE = Machine(
    "cases.casepayment",
    states=M,
    initial=[M.PROPOSED],
    terminal=[M.REPLACED, M.REVERSED, M.REJECTED, M.CANCELLED],
    moves=[
        Move(
            "ask_second", [M.PROPOSED], M.AWAITING_APPROVAL, "cases.propose_payment",
            pgettext_lazy("payment move", "Ask a second person"), "payment.asked", by_system=True,
            needs=[Need("why", label=pgettext_lazy("payment", "Why"), kind="hidden")],
        ),
        Move(
            "approve", [M.PROPOSED, M.AWAITING_APPROVAL], M.APPROVED, "cases.approve_payment",
            pgettext_lazy("payment move", "Approve"), "payment.approved", facts=["cases.not_approvers"],
            guards=[rules.not_own_payment], authority="cases.release",
            effect=_("The money goes out with the next run."),
        ),
        Move(
            "reject", [M.PROPOSED, M.AWAITING_APPROVAL], M.REJECTED, "cases.approve_payment",
            pgettext_lazy("payment move", "Do not approve"), "payment.rejected",
        ),
        Move(
            "refuse_account", [M.AWAITING_APPROVAL, M.APPROVED], M.PAYEE_NEEDED, "cases.change_payment",
            pgettext_lazy("payment move", "Not to this account"), "payment.account_refused",
            facts=["cases.released"], guards=[rules.not_released], by_system=True,
        ),
        Move(
            "cancel",
            [M.PROPOSED, M.AWAITING_APPROVAL, M.APPROVED, M.FAILED, M.RETURNED, M.PAYEE_NEEDED], M.CANCELLED,
            "cases.change_payment", pgettext_lazy("payment move", "Cancel"), "payment.cancelled",
            facts=["cases.released"], guards=[rules.not_released],
            effect=_("Nothing is paid; the amount is free again."),
        ),
        Move(
            "submit", [M.APPROVED], M.SUBMITTED, PAY, pgettext_lazy("payment move", "Hand to the bank"),
            "payment.submitted", by_system=True,
        ),
        Move(
            "succeed", [M.SUBMITTED, M.UNKNOWN, M.FAILED, M.APPROVED, M.RETURNED, M.PAYEE_NEEDED], M.SUCCEEDED, PAY,
            pgettext_lazy("payment move", "Paid"), "payment.succeeded", guards=[rules.was_out],
            needs=[OUTCOME, BANK_REF, Need("paid_at", label=_("Paid at"), kind="hidden")],
        ),
        Move(
            "fail", [M.SUBMITTED, M.UNKNOWN], M.FAILED, PAY, pgettext_lazy("payment move", "Failed"),
            "payment.failed", needs=[OUTCOME, Need("failure", label=_("Bank's reason"), max_length=120)],
        ),
        Move(
            "lose_track", [M.SUBMITTED], M.UNKNOWN, PAY, pgettext_lazy("payment move", "Outcome unknown"),
            "payment.unknown", by_system=True,
            effect=_("Never paid a second time before the bank's answer is known."),
        ),
        Move(
            "retry", [M.FAILED], M.APPROVED, PAY, pgettext_lazy("payment move", "Try again"), "payment.retried",
            effect=_("Goes out again under the same key, so that the bank pays once."),
        ),
        Move(
            "bounce", [M.SUCCEEDED], M.RETURNED, PAY, pgettext_lazy("payment move", "Returned by the bank"),
            "payment.returned", needs=[OUTCOME, Need("failure", label=_("Bank's reason"), max_length=120)],
        ),
        Move(
            "ask_payee", [M.RETURNED, M.FAILED, M.APPROVED], M.PAYEE_NEEDED, "cases.change_payment",
            pgettext_lazy("payment move", "Ask for an account"), "payment.payee_asked", guards=[rules.no_way_left],
            effect=_("The customer is told why, and asked for an account."),
        ),
        Move(
            "replace", [M.PAYEE_NEEDED], M.REPLACED, "cases.change_payment",
            pgettext_lazy("payment move", "Pay anew"), "payment.replaced",
            needs=[Need("by_payment", label=_("New payment"), kind="hidden")], by_system=True,
        ),
        Move(
            "reverse", [M.SUCCEEDED], M.REVERSED, "cases.approve_payment",
            pgettext_lazy("payment move", "Reversed"), "payment.reversed",
            effect=_("The money came back with the customer's consent or by judgment."),
        ),
    ],
)  # fmt: skip

RUN_MACHINE = Machine(
    "cases.paymentrun",
    states=N,
    initial=[N.DRAFT],
    terminal=[N.SETTLED, N.CANCELLED],
    moves=[
        Move(
            "approve", [N.DRAFT], N.APPROVED, "cases.approve_run", pgettext_lazy("run move", "Release"),
            "payment_run.approved", guards=[rules.not_own_run],
            effect=_("The payments go out with the file; from then on none of them can be called back."),
        ),
        Move(
            "export", [N.APPROVED], N.EXPORTED, PAY, pgettext_lazy("run move", "Write the file"),
            "payment_run.exported", needs=[Need("written", label=_("File"), kind="hidden")], by_system=True,
        ),
        Move(
            "settle", [N.EXPORTED], N.SETTLED, PAY, pgettext_lazy("run move", "All answered"), "payment_run.settled",
            by_system=True,
        ),
        Move(
            "cancel", [N.DRAFT], N.CANCELLED, PAY, pgettext_lazy("run move", "Cancel"), "payment_run.cancelled",
            effect=_("Its payments go into the next run."),
        ),
    ],
)  # fmt: skip

EXPLANATION = Need("words", label=_("What it was"), kind="hidden", max_length=500)
DIFFERENCE_MACHINE = Machine(
    "cases.difference",
    states=D,
    initial=[D.OPEN],
    terminal=[],
    moves=[
        Move(
            "explain", [D.OPEN], D.EXPLAINED, "cases.reconcile", pgettext_lazy("difference move", "Explain"),
            "difference.explained", needs=[EXPLANATION],
        ),
        Move(
            "correct", [D.OPEN], D.CORRECTED, "cases.reconcile", pgettext_lazy("difference move", "Put right"),
            "difference.corrected", needs=[EXPLANATION],
        ),
        Move(
            "reopen", [D.EXPLAINED, D.CORRECTED], D.OPEN, "cases.reconcile",
            pgettext_lazy("difference move", "Look again"), "difference.reopened",
        ),
    ],
)  # fmt: skip
