"""Disputes, refusals, returns, repairs and letters of authorities."""

from django.utils.translation import gettext_lazy as _

from aftersales.cases.authority.states import LetterKind
from aftersales.cases.disputestates import DisputeState, RulingOutcome
from aftersales.cases.repairs.states import RepairOutcome
from aftersales.cases.states import CaseKind, CaseState
from aftersales.scorecards.metrics.declaring import Metric, Part
from aftersales.scorecards.metrics.genuine import GENUINE_ORDERS
from aftersales.scorecards.metrics.sources import ARRIVED, CASES, DISPUTES, LETTERS, ORDERS, PLACED, REPAIRS
from aftersales.scorecards.states import Direction, SubjectKind, Unit, Way
from aftersales.standards.returns.states import Ground

K = SubjectKind
TRADED = frozenset({K.MERCHANT, K.PRODUCT})
PRODUCTS = frozenset({K.PRODUCT})
CALLED = f"d.state <> '{DisputeState.WITHDRAWN.value}'"
DISPUTED = f"(EXISTS (SELECT 1 FROM cases_dispute d WHERE d.case_id = k.id AND {CALLED}))::int"
FIRST = (
    "NOT EXISTS (SELECT 1 FROM cases_case n WHERE n.order_id = k.order_id AND n.id < k.id "
    "AND n.merchant_id IS NOT DISTINCT FROM k.merchant_id)"
)
QUALITY = ", ".join(f"'{one.value}'" for one in (Ground.QUALITY, Ground.NOT_AS_DESCRIBED, Ground.WARRANTY))
FINAL = "(SELECT g.outcome FROM cases_ruling g WHERE g.dispute_id = d.id ORDER BY g.id DESC LIMIT 1)"
WORKED = ", ".join(
    f"'{one.value}'" for one in (RepairOutcome.FIXED, RepairOutcome.FAILED, RepairOutcome.UNREPAIRABLE)
)
IN_VAIN = "EXISTS (SELECT 1 FROM cases_repair n WHERE n.follows_id = re.id AND n.under_proof)"
ASKED, PLACED_AT = ("k.asked_at",), ("o.placed_at",)
ALL_ORDERS = Part(
    PLACED,
    PLACED_AT,
    "0",
    where="o.status NOT IN ('canceled', 'unavailable')",
    exclusions=GENUINE_ORDERS,
    only=TRADED,
)
ARRIVED_ORDERS = Part(ORDERS, PLACED_AT, "0", where=ARRIVED, exclusions=GENUINE_ORDERS, only=TRADED)

METRICS = (
    Metric(
        "dispute_rate_orders", _("Platform called in, of orders"),
        _("Disputes that were not withdrawn, against the valid orders of the same days."),
        _("disputes"), _("valid orders placed"), Way.SHARE, Direction.LOWER, Unit.PERCENT, "C1 · A2",
        (Part(DISPUTES, ("d.opened_at",), "1", "0", CALLED, only=TRADED), ALL_ORDERS),
    ),
    Metric(
        "dispute_rate_cases", _("Platform called in, of cases"),
        _("Cases in which the platform was called in, of those opened on the day."),
        _("cases with a dispute"), _("cases opened"), Way.SHARE, Direction.LOWER, Unit.PERCENT, "C1 · A2",
        (Part(CASES, ("k.opened_at",), DISPUTED),),
    ),
    Metric(
        "refusal_overturned", _("Refusals overturned"),
        _(
            "Refused cases in which the platform ruled for the customer, by the day of the first ruling; "
            "the outcome of an appeal replaces the first."
        ),
        _("refusals overturned"), _("refusals ruled on"), Way.SHARE, Direction.LOWER, Unit.PERCENT, "R4.7",
        (Part(
            DISPUTES, ("d.ruled_at",), f"({FINAL} <> '{RulingOutcome.FOR_MERCHANT.value}')::int",
            where=f"d.case_was = '{CaseState.REJECTED.value}' AND {FINAL} IS NOT NULL",
        ),),
    ),
    Metric(
        "return_rate", _("Returns"),
        _("Returns asked for, against delivered orders of the same days. A return is a right: products only."),
        _("returns asked for"), _("orders delivered"), Way.SHARE, Direction.LOWER, Unit.PERCENT, "R6.2",
        (
            Part(CASES, ASKED, "1", "0", f"k.first_kind = '{CaseKind.RETURN.value}'", only=PRODUCTS),
            Part(ORDERS, PLACED_AT, "0", where=ARRIVED, exclusions=GENUINE_ORDERS, only=PRODUCTS),
        ),
    ),
    Metric(
        "quality_return_rate", _("Returns for quality"),
        _("Orders whose first case names quality, description or warranty first, against delivered orders."),
        _("first cases about quality"), _("orders delivered"), Way.SHARE, Direction.LOWER, Unit.PERCENT, "A2",
        (Part(CASES, ASKED, "1", "0", f"k.first_ground IN ({QUALITY}) AND {FIRST}", only=TRADED), ARRIVED_ORDERS),
    ),
    Metric(
        "repair_time", _("Repair time"),
        _("From the article's receipt in the workshop to its way back; by the day of that."),
        _("seconds"), _("repairs sent back"), Way.TIME, Direction.LOWER, Unit.SECONDS, "R4.3",
        (Part(
            REPAIRS, ("re.sent_back_at",), "greatest(0, date_part('epoch', re.sent_back_at - re.received_at))::int",
            seconds="greatest(0, date_part('epoch', re.sent_back_at - re.received_at))::int",
        ),),
    ),
    Metric(
        "repair_success", _("Repairs that held"),
        _("Repaired, and not back again while the repair had to hold; by the day the cause was found."),
        _("repairs that held"), _("repairs done or given up"), Way.SHARE, Direction.HIGHER, Unit.PERCENT, "R4.3",
        (Part(
            REPAIRS, ("re.found_at",), f"(re.outcome = '{RepairOutcome.FIXED.value}' AND NOT {IN_VAIN})::int",
            where=f"re.outcome IN ({WORKED})",
        ),),
    ),
    Metric(
        "authority_complaint_rate", _("Complaints to authorities"),
        _("Complaints that authorities passed on, against the orders of the same days: measured from outside."),
        _("letters with a complaint"), _("orders placed"), Way.SHARE, Direction.LOWER, Unit.PER_TEN_THOUSAND, "R6.2",
        (
            Part(LETTERS, ("a.received_at",), "1", "0", f"a.kind = '{LetterKind.COMPLAINT.value}'"),
            Part(PLACED, PLACED_AT, "0", exclusions=GENUINE_ORDERS),
        ),
    ),
)  # fmt: skip
