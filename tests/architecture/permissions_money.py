"""The rows of the pages of cases, of the ledger and of certificates; see ``permissions``."""

from datetime import timedelta
from decimal import Decimal
from typing import Any

from accounts.states import Role
from aftersales.ledger import chart
from aftersales.ledger import services as ledger
from aftersales.ledger.chart import Line
from aftersales.ledger.models import Account, ExportLine
from aftersales.merchants import services as merchants
from aftersales.merchants.models import Merchant
from tests.architecture.rows import (
    ANYBODY,
    MERCHANTS,
    NUMBER,
    READERS,
    STAFF,
    VENDORS,
    Page,
    R,
    a_person,
    rule_book,
)
from tests.records import merchant as a_merchant
from training.models import Course
from training.services import courses

LIMIT = {"sort": "limit", "key": "in_post-goodwill-cny"}
CERTIFIERS = frozenset({R.TRAINER, R.SUPERVISOR, R.OPERATIONS})
CERTIFICATE_READERS = CERTIFIERS | {R.LEAD, R.AUDITOR, R.ADMINISTRATOR, R.INSPECTOR, R.PLANNER}


def _certificate(cast: Any) -> dict[str, Any]:
    return {"public_id": cast.certify(cast.person(Role.AGENT)).public_id, "name": "suspend"}


TRAINING = {
    "training:limits": Page(STAFF),
    "training:mine": Page(STAFF),
    "training:allowances": Page(STAFF),
    "training:person": Page(CERTIFICATE_READERS, args=a_person),
    "training:grant": Page(CERTIFIERS, "POST", a_person),
    "training:certificate_act": Page(CERTIFIERS, "POST", _certificate),
    "training:rule": Page(STAFF, args=lambda cast: LIMIT),
    "training:draft": Page(CERTIFIERS, "POST", lambda cast: LIMIT),
    "training:decide": Page(
        frozenset({R.SUPERVISOR, R.OPERATIONS}), "POST", lambda cast: {**LIMIT, "number": 1}
    ),
}
RUN, NOTHING = {"number": "PX0000-0000"}, {"public_id": "x"}
MARKERS = CERTIFIERS | {R.LEAD}
ENROLLERS = MARKERS | {R.VENDOR_LEAD}
JOINERS = STAFF - {R.AUDITOR}


def _course(cast: Any) -> dict[str, Any]:
    if Course.objects.filter(code="basics").exists():
        return {"code": "basics"}
    courses.course_create(
        code="basics", name_zh="服务基础", name_en="Service basics", kind="service", hours=Decimal(4),
        actor=cast.trainer, now=cast.now,
    )  # fmt: skip
    return {"code": "basics"}


TRAINERS_OF_MERCHANTS = frozenset({
    R.MERCHANT_MANAGER, R.OPERATIONS, R.SUPERVISOR, R.TRAINER, R.AUDITOR,
})  # fmt: skip
OWNERS = frozenset({R.MERCHANT_OWNER})
PLANNERS = frozenset({R.OPERATIONS, R.SUPERVISOR})
JUDGES = PLANNERS | {R.ADJUDICATOR}
AGREEMENT_READERS = JUDGES | {R.MERCHANT_MANAGER, R.LEAD, R.AUDITOR}


def _agreement(cast: Any) -> dict[str, Any]:
    return {**rule_book(cast), "code": "merchant_service"}


def _shop(cast: Any) -> dict[str, Any]:
    return {**rule_book(cast), "code": a_merchant("M-duties", cast.now).code}


PORTAL = {
    "merchants:training": Page(TRAINERS_OF_MERCHANTS | {R.PLANNER}),
    "merchants:term_new": Page(CERTIFIERS, "POST"),
    "merchants:term_decide": Page(
        frozenset({R.SUPERVISOR, R.OPERATIONS}), "POST", sample={"code": "x", "number": 1}
    ),
    "merchants:agreements": Page(AGREEMENT_READERS, args=rule_book),
    "merchants:agreement": Page(AGREEMENT_READERS, args=_agreement),
    "merchants:agreement_new": Page(PLANNERS, "POST"),
    "merchants:agreement_draft": Page(PLANNERS, args=_agreement),
    "merchants:agreement_decide": Page(PLANNERS, "POST", sample={"code": "x", "number": 1}),
    "merchants:agreement_consult": Page(PLANNERS, "POST", sample={"code": "x", "number": 1}),
    "merchants:agreement_comment": Page(PLANNERS, "POST", sample=NOTHING),
    "desk:obligations": Page(AGREEMENT_READERS, args=_shop),
    "desk:breach_exclude": Page(JUDGES, "POST", sample={"code": "x", "pk": 999}),
    "desk:breach_count_again": Page(JUDGES, "POST", sample={"code": "x", "pk": 999}),
    "portal:agreements": Page(MERCHANTS),
    "portal:agreement": Page(MERCHANTS, sample={"code": "x", "number": 1}),
    "portal:agreement_answer": Page(OWNERS, "POST", sample={"code": "x", "number": 1}),
    "portal:draft": Page(MERCHANTS, sample=NOTHING),
    "portal:comment": Page(MERCHANTS, "POST", sample=NOTHING),
    "portal:duties": Page(MERCHANTS),
    "published:rules": Page(ANYBODY),
    "published:measures": Page(ANYBODY),
    "published:agreement": Page(ANYBODY, sample={"code": "x", "number": 1}),
    "published:consultation": Page(ANYBODY, sample=NOTHING),
    "portal:index": Page(MERCHANTS),
    "portal:today": Page(MERCHANTS),
    "portal:cases": Page(MERCHANTS),
    "portal:case": Page(MERCHANTS, sample=NOTHING),
    "portal:talk": Page(MERCHANTS, sample=NOTHING),
    "portal:dispute": Page(MERCHANTS, sample=NOTHING),
    "portal:case_file": Page(MERCHANTS, sample={**NOTHING, "file_id": "x"}),
    "portal:receipt": Page(MERCHANTS, sample={**NOTHING, "parcel_id": "x"}),
    "portal:act": Page(MERCHANTS, sample={**NOTHING, "name": "approve"}),
    "portal:addresses": Page(MERCHANTS),
    "portal:rules": Page(MERCHANTS),
    "portal:rule_read": Page(MERCHANTS, "POST", sample={"pk": 999}),
    "portal:choose": Page(MERCHANTS),
    "portal:chosen": Page(MERCHANTS, "POST", sample={"": ""}),
    "portal:lesson": Page(MERCHANTS, sample={"number": "x"}),
    "portal:course": Page(MERCHANTS, sample={"code": "x"}),
    "portal:file": Page(MERCHANTS, sample={"public_id": "x"}),
    "portal:join": Page(MERCHANTS, "POST", sample=RUN),
    "portal:check_in": Page(MERCHANTS, "POST", sample=RUN),
    "portal:start": Page(MERCHANTS, "POST", sample={"code": "x"}),
    "portal:attempt": Page(MERCHANTS, sample=NOTHING),
    "portal:answer": Page(MERCHANTS, "POST", sample=NOTHING),
    "portal:submit": Page(MERCHANTS, "POST", sample=NOTHING),
    "portal:appeal": Page(MERCHANTS, "POST", sample=NOTHING),
    "portal:people": Page(OWNERS),
    "portal:invite": Page(OWNERS, "POST"),
    "portal:invitation_change": Page(OWNERS, "POST", sample={"": ""}),
    "portal:remove": Page(OWNERS, "POST", sample={"": ""}),
    "portal:role": Page(OWNERS, "POST", sample={"": ""}),
    "portal:invitation": Page(ANYBODY, sample={"token": "x"}),
    "portal:consequences": Page(OWNERS),
    "portal:statement": Page(OWNERS),
    "portal:statement_sheet": Page(OWNERS, "POST", sample=NOTHING),
    "portal:consequence": Page(OWNERS, sample=NOTHING),
    "portal:consequence_appeal": Page(OWNERS, "POST", sample=NOTHING),
    "portal:consequence_file": Page(OWNERS, sample=NOTHING),
    "portal:consequence_letter": Page(OWNERS, sample=NOTHING),
}
TRAINING |= PORTAL | {
    "training:numbers": Page(STAFF),
    "training:courses": Page(STAFF),
    "training:course_new": Page(CERTIFIERS, "POST"),
    "training:course": Page(STAFF, args=_course),
    "training:file": Page(STAFF, sample={"public_id": "x"}),
    "training:file_add": Page(CERTIFIERS, "POST", _course),
    "training:file_remove": Page(CERTIFIERS, "POST", sample={"public_id": "x"}),
    "training:run_plan": Page(CERTIFIERS, "POST", _course),
    "training:desk": Page(MARKERS),
    "training:runs": Page(STAFF),
    "training:run": Page(STAFF, sample=RUN),
    "training:run_change": Page(CERTIFIERS, "POST", sample=RUN),
    "training:run_act": Page(MARKERS, "POST", sample=RUN | {"name": "start"}),
    "training:enrol": Page(ENROLLERS, "POST", sample=RUN),
    "training:mark": Page(MARKERS, "POST", sample=RUN),
    "training:join": Page(JOINERS, "POST", sample=RUN),
    "training:check_in": Page(JOINERS, "POST", sample=RUN),
    "training:seat_act": Page(JOINERS, "POST", sample=RUN | {"pk": 999, "name": "withdraw"}),
    "training:hours": Page(STAFF),
    "training:exams": Page(STAFF),
    "training:exam_new": Page(CERTIFIERS, "POST"),
    "training:exam": Page(STAFF, sample={"code": "x"}),
    "training:start": Page(JOINERS, "POST", sample={"code": "x"}),
    "training:attempt": Page(STAFF, sample=NOTHING),
    "training:answer": Page(JOINERS, "POST", sample=NOTHING),
    "training:submit": Page(JOINERS, "POST", sample=NOTHING),
    "training:appeal": Page(JOINERS, "POST", sample=NOTHING),
    "training:void": Page(CERTIFIERS, "POST", sample=NOTHING),
    "training:marking": Page(MARKERS),
    "training:mark_paper": Page(MARKERS, sample=NOTHING),
    "training:mark_act": Page(MARKERS, "POST", sample=NOTHING),
    "training:bank": Page(CERTIFIERS | {R.AUDITOR}),
    "training:question_new": Page(CERTIFIERS, "POST"),
    "training:question": Page(CERTIFIERS | {R.AUDITOR}, sample={"code": "x"}),
    "training:question_draft": Page(CERTIFIERS, "POST", sample={"code": "x"}),
    "training:question_decide": Page(
        frozenset({R.SUPERVISOR, R.OPERATIONS}), "POST", sample={"code": "x", "number": 1}
    ),
    "training:practicals": Page(STAFF),
    "training:assessment_new": Page(MARKERS, "POST"),
    "training:rubric_new": Page(CERTIFIERS, "POST"),
    "training:practical": Page(STAFF, sample=RUN),
    "training:sheet_give": Page(MARKERS, "POST", sample=RUN),
    "training:third": Page(MARKERS, "POST", sample=RUN),
    "training:assessment_void": Page(CERTIFIERS, "POST", sample=RUN),
    "training:hours_of": Page(ENROLLERS | {R.AUDITOR, R.PLANNER}, sample={"pk": 999}),
    "training:compliance": Page(ENROLLERS | {R.AUDITOR, R.PLANNER}),
    "training:compliance_sheet": Page(ENROLLERS | {R.AUDITOR, R.PLANNER}),
    "training:effects": Page(ENROLLERS | {R.AUDITOR, R.PLANNER}),
    "training:effects_sheet": Page(ENROLLERS | {R.AUDITOR, R.PLANNER}),
    "training:course_effect": Page(ENROLLERS | {R.AUDITOR, R.PLANNER}, args=_course),
    "training:run_effect": Page(ENROLLERS | {R.AUDITOR, R.PLANNER}, sample=RUN),
    "training:compliance_enrol": Page(ENROLLERS, "POST"),
    "training:orders": Page(STAFF),
    "training:order_new": Page(MARKERS, "POST"),
    "training:order_cancel": Page(MARKERS, "POST", sample=RUN),
    "training:next": Page(STAFF),
    "training:next_person": Page(ENROLLERS | {R.AUDITOR, R.PLANNER}, sample={"pk": 999}),
    "training:renew": Page(CERTIFIERS, "POST", sample={"pk": 999, "public_id": "x"}),
    "training:certificate": Page(STAFF, sample=NOTHING),
}
CASE_WORKERS = frozenset({R.AGENT, R.LEAD, R.SUPERVISOR, R.AUTHORITY_DESK}) | VENDORS
CASE_READERS = READERS | {R.FINANCE, R.RETURNS_RECEIVER}
RULE_KEEPERS = frozenset({R.OPERATIONS, R.SUPERVISOR})
RECEIVERS = frozenset({R.RETURNS_RECEIVER, R.LEAD, R.SUPERVISOR})
CASE = {"number": "AS0000-00000"}
CASES = {
    "desk:cases": Page(CASE_READERS),
    "desk:case": Page(CASE_READERS, sample=CASE),
    "desk:case_print": Page(CASE_READERS, sample=CASE),
    "desk:case_slip": Page(CASE_READERS, sample=CASE),
    "desk:case_preview": Page(CASE_READERS, sample=CASE),
    "desk:case_reviewed": Page(CASE_WORKERS, "POST", sample=CASE),
    "desk:case_merchant_told": Page(CASE_WORKERS, "POST", sample=CASE),
    "desk:case_freight": Page(CASE_WORKERS, "POST", sample=CASE),
    "desk:case_act": Page(CASE_READERS, "POST", sample={**CASE, "name": "approve"}),
    "desk:case_work": Page(CASE_READERS, "POST", sample={**CASE, "name": "turn"}),
    "desk:fault_trees": Page(STAFF, args=rule_book),
    "desk:fault_tree": Page(STAFF, args=lambda cast: {**rule_book(cast), "code": "general"}),
    "desk:fault_tree_draft": Page(RULE_KEEPERS, "POST", lambda cast: {**rule_book(cast), "code": "general"}),
    "desk:fault_tree_decide": Page(
        RULE_KEEPERS, "POST", lambda cast: {**rule_book(cast), "code": "general", "number": 1}
    ),
    "desk:parcel_act": Page(CASE_READERS, "POST", sample={**NOTHING, "name": "keep"}),
    "desk:parcel_photo": Page(CASE_READERS, sample=NOTHING),
    "desk:ticket_cases": Page(CASE_READERS, sample=NUMBER),
    "desk:case_open": Page(CASE_WORKERS, "POST", sample=NUMBER),
    "desk:request_preview": Page(CASE_WORKERS, "POST", sample=NUMBER),
    "desk:case_person": Page(CASE_WORKERS, "POST", sample=CASE),
    "desk:case_link": Page(CASE_WORKERS, "POST", sample={**CASE, "name": "show"}),
    "desk:flag_act": Page(frozenset({R.LEAD, R.SUPERVISOR}), "POST", sample={**NOTHING, "name": "dismiss"}),
    "desk:request_take": Page(CASE_WORKERS, "POST", sample=NUMBER),
    "desk:requests": Page(CASE_READERS),
    "desk:request": Page(CASE_READERS, sample=CASE),
    "desk:request_act": Page(CASE_READERS, "POST", sample={**CASE, "name": "finish"}),
    "desk:receiving": Page(RECEIVERS, args=rule_book),
    "desk:shelve": Page(RECEIVERS, "POST"),
    "desk:unknown": Page(RECEIVERS, "POST", sample=NOTHING),
    "desk:receive": Page(RECEIVERS, "POST", sample=NOTHING),
    "desk:receive_preview": Page(RECEIVERS, "POST", sample=NOTHING),
}
DISPUTE = {"number": "JF0000-00000"}
DISPUTES = {
    "desk:precedents": Page(CASE_READERS),
    "desk:evidence_file": Page(CASE_READERS, sample=NOTHING),
    "desk:evidence_withdraw": Page(CASE_WORKERS, "POST", sample=NOTHING),
    "desk:settlement_act": Page(CASE_WORKERS, "POST", sample={**NOTHING, "name": "accept"}),
    "desk:dispute": Page(CASE_READERS, sample=DISPUTE),
    "desk:dispute_rule": Page(frozenset({R.ADJUDICATOR}), "POST", sample=DISPUTE),
    "desk:dispute_act": Page(CASE_READERS, "POST", sample={**DISPUTE, "name": "evidence"}),
    "desk:dispute_letter": Page(CASE_READERS, sample={**DISPUTE, "kind": "ruling"}),
}
RECOVERY_WORKERS = frozenset({R.AGENT, R.LEAD, R.SUPERVISOR, R.AUTHORITY_DESK, R.FINANCE})
RECOVERY_READERS = RECOVERY_WORKERS | {R.ADJUDICATOR, R.AUDITOR}
DEPOSIT_READERS = frozenset({R.FINANCE, R.LEAD, R.SUPERVISOR, R.AUDITOR, R.MERCHANT_MANAGER, R.OPERATIONS})
RECOVERY = {"number": "ZC0000-00000"}


def _shop(cast: Any) -> dict[str, Any]:
    row = Merchant.objects.filter(code="M9").first() or merchants.merchant_create(
        code="M9", name="Shop M9", actor=cast.system, now=cast.now, state="active"
    )
    return {"public_id": row.public_id}


RECOVERIES = {
    "desk:recoveries": Page(RECOVERY_READERS),
    "desk:recovery": Page(RECOVERY_READERS, sample=RECOVERY),
    "desk:recovery_file": Page(RECOVERY_READERS, sample=RECOVERY),
    "desk:recovery_proof": Page(RECOVERY_READERS, sample=NOTHING),
    "desk:recovery_act": Page(RECOVERY_READERS, "POST", sample={**RECOVERY, "name": "collect"}),
    "desk:write_offs": Page(RECOVERY_READERS),
    "desk:write_off_act": Page(RECOVERY_READERS, "POST", sample={**NOTHING, "name": "approve"}),
    "desk:deposits": Page(DEPOSIT_READERS),
    "desk:deposit": Page(DEPOSIT_READERS, args=_shop),
    "desk:case_pay_first": Page(frozenset({R.LEAD, R.SUPERVISOR, R.FINANCE}), "POST", sample=CASE),
}
LETTER = {"number": "JG0000-00000"}
LETTER_DESK = frozenset({R.AUTHORITY_DESK, R.LEAD, R.SUPERVISOR})
LETTERS = {
    "desk:authority": Page(READERS),
    "desk:authority_take": Page(CASE_WORKERS, "POST"),
    "desk:authority_export": Page(LETTER_DESK | {R.AUDITOR}, sample={"fmt": "csv"}),
    "desk:authority_file": Page(READERS, sample=NOTHING),
    "desk:authority_bundle": Page(LETTER_DESK, sample=NOTHING),
    "desk:authority_zip": Page(LETTER_DESK, sample=NOTHING),
    "desk:authority_letter": Page(READERS, sample=LETTER),
    "desk:authority_act": Page(READERS, "POST", sample={**LETTER, "name": "accept"}),
    "desk:authority_file_add": Page(CASE_WORKERS, "POST", sample=LETTER),
    "desk:authority_reporter": Page(frozenset({R.AUTHORITY_DESK, R.SUPERVISOR}), "POST", sample=LETTER),
    "desk:authority_print": Page(READERS, sample=LETTER),
    "desk:authority_evidence": Page(LETTER_DESK, "POST", sample=LETTER),
}
LEDGER_READERS = frozenset({R.FINANCE, R.AUDITOR, R.PAYROLL_READER})
FINANCE = frozenset({R.FINANCE})
PLANNERS = frozenset({R.OPERATIONS, R.SUPERVISOR})
PROPOSERS = frozenset({R.ADJUDICATOR, R.SUPERVISOR, R.OPERATIONS, R.MERCHANT_MANAGER, R.FINANCE})


def _entry(cast: Any) -> dict[str, Any]:
    """An entry about a person, which every reader of the ledger may see."""
    line = Line(chart.POINTS_GIVEN, chart.points(cast.agent), Decimal(5), "points")
    posting = ledger.post(
        source=("tests.thing", 1), kind="incentive", lines=[line], actor=cast.system, now=cast.now
    )
    assert posting.journal
    return {"public_id": posting.journal.public_id}


def _account(cast: Any) -> dict[str, Any]:
    _entry(cast)
    return {"public_id": Account.objects.get(kind="staff_points").public_id}


def _proposal(cast: Any) -> dict[str, Any]:
    row = ledger.propose(
        kind="penalty", party=("merchant", 41), amount=Decimal(5), fact_code="late", citation="x v1",
        source=("tests.thing", 1), actor=cast.system, now=cast.now,
    )  # fmt: skip
    return {"public_id": row.public_id}


def _own(cast: Any) -> dict[str, Any]:
    """A merchant's: finance, the auditor and who manages merchants."""
    return {"party": "merchant", "pk": Merchant.objects.create(code="M-page", name="云帆旗舰店").pk}


def _sheet(cast: Any) -> dict[str, Any]:
    """A pay sheet of the month before."""
    at = cast.now - timedelta(days=40)
    line = Line(chart.COST, chart.bonus(cast.agent), Decimal(5))
    ledger.post(source=("tests.thing", 2), kind="incentive", lines=[line], actor=cast.system, now=at)
    row, _new = ledger.export_make(
        kind="payroll", month=at.date(), unit="CNY", actor=cast.finance, now=cast.now
    )
    return {"number": row.number}


def _gap(cast: Any) -> dict[str, Any]:
    number = _sheet(cast)["number"]
    line = ExportLine.objects.get(export__number=number)
    said = {"line": line.pk, "outcome": "refused", "ref": "B-1", "amount": Decimal(5)}
    ledger.paid_take([said], cast.finance, cast.now)
    return {"public_id": line.gap.public_id}


STATEMENT_READERS = LEDGER_READERS | {R.MERCHANT_MANAGER, R.OPERATIONS, R.SUPERVISOR}
OF_MERCHANTS = STATEMENT_READERS - {R.PAYROLL_READER}
LEDGER = {
    "ledger:account_month": Page(LEDGER_READERS, args=_account),
    "ledger:statements": Page(STATEMENT_READERS),
    "ledger:my_statement": Page(STAFF),
    "ledger:statement": Page(OF_MERCHANTS, args=_own),
    "ledger:statement_print": Page(OF_MERCHANTS, args=_own),
    "ledger:statement_sheet": Page(OF_MERCHANTS, "POST", _own),
    "ledger:account_month_sheet": Page(LEDGER_READERS, "POST", _account),
    "ledger:my_file": Page(STAFF),
    "ledger:file": Page(OF_MERCHANTS, args=_own),
    "ledger:file_print": Page(OF_MERCHANTS, args=_own),
    "ledger:exports": Page(LEDGER_READERS),
    "ledger:export_make": Page(FINANCE, "POST", sample={"": ""}),
    "ledger:export": Page(LEDGER_READERS, args=_sheet),
    "ledger:export_file": Page(LEDGER_READERS, "POST", _sheet),
    "ledger:gap_explain": Page(FINANCE, "POST", _gap),
    "ledger:journal": Page(LEDGER_READERS),
    "ledger:journal_sheet": Page(LEDGER_READERS, sample={"fmt": "csv"}),
    "ledger:entry": Page(LEDGER_READERS, args=_entry),
    "ledger:reverse": Page(FINANCE, "POST", _entry),
    "ledger:accounts": Page(LEDGER_READERS),
    "ledger:accounts_sheet": Page(LEDGER_READERS, sample={"fmt": "csv"}),
    "ledger:account": Page(LEDGER_READERS, args=_account),
    "ledger:proposals": Page(STAFF),
    "ledger:proposal": Page(PROPOSERS | {R.AUDITOR}, args=_proposal),
    "ledger:act": Page(
        frozenset({R.FINANCE, R.SUPERVISOR, R.OPERATIONS}),
        "POST",
        lambda cast: _proposal(cast) | {"name": "withdraw"},
    ),
    "ledger:measures": Page(PROPOSERS | {R.AUDITOR}),
    "ledger:team_notices": Page(STAFF),
    "ledger:proposal_file": Page(STAFF, sample={"public_id": "x"}),
    "ledger:letter": Page(STAFF, sample={"public_id": "x"}),
    "ledger:rules": Page(STAFF),
    "ledger:rule": Page(STAFF, sample={"code": "x"}),
    "ledger:rule_new": Page(PLANNERS, "POST"),
    "ledger:rule_draft": Page(PLANNERS, "POST", sample={"code": "x"}),
    "ledger:rule_decide": Page(PLANNERS, "POST", sample={"code": "x", "number": 1}),
    "ledger:scheme_new": Page(PLANNERS, "POST"),
    "ledger:scheme_file": Page(PROPOSERS | {R.AUDITOR}, sample={"public_id": "x"}),
    "ledger:loss": Page(frozenset({R.FINANCE, R.OPERATIONS}), "POST"),
    "ledger:months": Page(LEDGER_READERS),
    "ledger:close_month": Page(FINANCE, "POST", sample={"": ""}),
}
