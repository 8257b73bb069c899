"""The life of a repair, and of a version of a fault tree."""

from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from aftersales.cases.repairs import rules
from aftersales.cases.repairs.states import RepairState as S
from aftersales.core.machine import Machine, Move, Need
from aftersales.standards.machine import rule_machine

REPAIR = "cases.repair"


FOUND = [
    Need("found", label=pgettext_lazy("repair", "Cause found"), kind="hidden"),
    Need("words", label=pgettext_lazy("repair", "Report"), kind="hidden", required=False),
]
REPAIR_MACHINE = Machine(
    "cases.repair",
    states=S,
    initial=[S.RECEIVED],
    terminal=[S.SENT_BACK, S.CANCELLED],
    moves=[
        Move(
            "diagnose", [S.RECEIVED, S.DIAGNOSED], S.DIAGNOSED, REPAIR, pgettext_lazy("repair move", "Diagnose"),
            "repair.diagnosed", needs=[Need("seen", label=pgettext_lazy("repair", "Diagnosis"), kind="hidden")],
            effect=_("The branch of the fault tree is kept, and compared with the cause finally found."),
        ),
        Move(
            "quote", [S.DIAGNOSED, S.QUOTED], S.QUOTED, REPAIR, pgettext_lazy("repair move", "Quote"),
            "repair.quoted", guards=[rules.not_free_of_charge],
            needs=[Need("terms", label=pgettext_lazy("repair", "Parts and labour"), kind="hidden")],
            effect=_("The customer is asked; nothing is repaired at his cost before he accepts."),
        ),
        Move(
            "accept", [S.QUOTED], S.ACCEPTED, "cases.answer", pgettext_lazy("repair move", "Customer accepts"),
            "repair.accepted", effect=_("The customer owes what was quoted."),
        ),
        Move(
            "decline", [S.QUOTED], S.DECLINED, "cases.answer", pgettext_lazy("repair move", "Customer declines"),
            "repair.declined", effect=_("The article goes back to him as it is."),
        ),
        Move(
            "order_parts", [S.DIAGNOSED, S.ACCEPTED, S.REPAIRING], S.AWAITING_PARTS, REPAIR,
            pgettext_lazy("repair move", "Order parts"), "repair.awaiting_parts", guards=[rules.customer_agreed],
            effect=_("The clock of the repair stands until the parts are here."),
        ),
        Move(
            "parts_arrive", [S.AWAITING_PARTS], S.REPAIRING, REPAIR, pgettext_lazy("repair move", "Parts are here"),
            "repair.parts_arrived",
        ),
        Move(
            "start", [S.DIAGNOSED, S.ACCEPTED, S.TESTED], S.REPAIRING, REPAIR,
            pgettext_lazy("repair move", "Start the repair"), "repair.started", guards=[rules.customer_agreed],
        ),
        Move(
            "test", [S.REPAIRING], S.TESTED, REPAIR, pgettext_lazy("repair move", "Test report"), "repair.tested",
            needs=FOUND, effect=_("With it the article may go back; the repair is proven for thirty days."),
        ),
        Move(
            "give_up", [S.DIAGNOSED, S.QUOTED, S.ACCEPTED, S.AWAITING_PARTS, S.REPAIRING, S.TESTED], S.UNREPAIRABLE,
            REPAIR, pgettext_lazy("repair move", "Cannot be repaired"), "repair.gave_up", needs=FOUND,
            effect=_("An exchange or a return is offered instead."),
        ),
        Move(
            "send_back", [S.DIAGNOSED, S.DECLINED, S.TESTED, S.UNREPAIRABLE], S.SENT_BACK, REPAIR,
            pgettext_lazy("repair move", "Send back"), "repair.sent_back", guards=[rules.may_go_back],
            facts=["cases.repair_owed"],
            effect=_("The parcel goes back to the customer under this waybill."),
        ),
        Move(
            "cancel", [one for one in S if one not in (S.SENT_BACK, S.CANCELLED)], S.CANCELLED, REPAIR,
            pgettext_lazy("repair move", "End without repair"), "repair.withdrawn", by_system=True,
        ),
    ],
)  # fmt: skip

TREE_MACHINE = rule_machine(
    "cases.faulttreeversion",
    checks_order=False,
    followed=_("Diagnoses from then on follow this tree; earlier ones keep theirs."),
    not_followed=_("No diagnosis follows this version any more."),
)
