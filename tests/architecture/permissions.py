"""Who may open what: stated a second time, apart from the capability table, so that a change there is noticed.

``PAGES`` has a row for every address with a name, ``REGISTERS`` one for every register in the admin. An address or a
register without a row fails the test. ``who`` is a set of roles, ``ANYBODY`` (also signed out) or ``SIGNED_IN``.
"""

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from decimal import Decimal
from io import StringIO
from typing import Any

from django.core.management import call_command

from accounts.states import MERCHANT_ROLES, STAFF_ROLES, Role
from aftersales.ledger import chart
from aftersales.ledger import services as ledger
from aftersales.ledger.chart import Line
from aftersales.ledger.models import Account
from aftersales.standards.models import ParameterVersion

R = Role
ANYBODY = "anybody"
SIGNED_IN = "signed in"
STAFF = STAFF_ROLES
MERCHANTS = MERCHANT_ROLES
VENDORS = frozenset({R.VENDOR_LEAD, R.VENDOR_AGENT})
OWN_STAFF = STAFF - VENDORS
LEADS = frozenset({R.LEAD, R.SUPERVISOR, R.OPERATIONS})
ADMINISTRATORS = frozenset({R.ADMINISTRATOR})
NOBODY: frozenset[Role] = frozenset()


@dataclass(frozen=True)
class Page:
    """``args`` makes a real row's key from the cast, so that *not found* cannot pass for *allowed*.

    Without ``args`` the address takes none. ``sample`` are stand-ins for keys of rows that no test makes here: the
    page may then answer *not found* to those who may, and must answer *not found* or *not allowed* to the others.
    """

    who: str | frozenset[Role]
    method: str = "GET"
    args: Callable[[Any], dict[str, Any]] | None = None
    sample: dict[str, Any] = field(default_factory=dict)
    guests: bool = False  # also for people who are not signed in


@dataclass(frozen=True)
class Register:
    view: Iterable[Role]
    change: Iterable[Role] = NOBODY
    add: Iterable[Role] = NOBODY


def _person(cast: Any) -> dict[str, Any]:
    return {"pk": cast.person(Role.AGENT).pk}


def _rule_book(cast: Any) -> dict[str, Any]:
    """Pages whose limits are rows of the rule book need the shipped ones."""
    if not ParameterVersion.objects.exists():
        call_command("load_standards", stdout=StringIO())
    return {}


def _silence(cast: Any) -> dict[str, Any]:
    return {**_rule_book(cast), "code": "silence"}


def _team(cast: Any) -> dict[str, Any]:
    return {"pk": cast.team.pk}


def _shift(cast: Any) -> dict[str, Any]:
    return {"pk": cast.shift(cast.person(Role.AGENT)).pk}


DOOR = {
    "account_login": Page(ANYBODY),
    "account_logout": Page(ANYBODY),
    "account_inactive": Page(ANYBODY),
    "account_reauthenticate": Page(SIGNED_IN),
    "account_change_password": Page(SIGNED_IN),
    "account_reset_password": Page(ANYBODY),
    "account_reset_password_done": Page(ANYBODY),
    "account_reset_password_from_key": Page(ANYBODY, sample={"uidb36": "1", "key": "x-y"}),
    "account_reset_password_from_key_done": Page(ANYBODY),
    "mfa_index": Page(SIGNED_IN),
    "mfa_authenticate": Page(ANYBODY),
    "mfa_reauthenticate": Page(SIGNED_IN),
    "mfa_activate_totp": Page(SIGNED_IN),
    "mfa_deactivate_totp": Page(SIGNED_IN, sample={"": ""}),  # not found without an authenticator
    "mfa_view_recovery_codes": Page(SIGNED_IN, sample={"": ""}),
    "mfa_generate_recovery_codes": Page(SIGNED_IN, sample={"": ""}),
    "mfa_download_recovery_codes": Page(SIGNED_IN, sample={"": ""}),
    "set_language": Page(ANYBODY, "POST"),
    "accounts:taste": Page(ANYBODY, "POST"),
    "health": Page(ANYBODY),
    "ready": Page(ANYBODY),
    "home": Page(ANYBODY),
    "accounts:home": Page(SIGNED_IN),
}
PEOPLE = {
    "accounts:user_deactivate": Page(ADMINISTRATORS, "POST", _person),
    "accounts:user_activate": Page(ADMINISTRATORS, "POST", _person),
    "accounts:user_end_sessions": Page(ADMINISTRATORS, "POST", _person),
    "accounts:sign_in_unlock": Page(ADMINISTRATORS, "POST", _person),
    "accounts:second_factor_reset": Page(ADMINISTRATORS, "POST", _person),
    "accounts:user_invite": Page(ADMINISTRATORS, "POST", _person),
    "accounts:team_join": Page(frozenset({R.OPERATIONS, R.ADMINISTRATOR}), "POST", _team),
    "accounts:team_leave": Page(frozenset({R.OPERATIONS, R.ADMINISTRATOR}), "POST", sample={"pk": 999}),
    "accounts:team_close": Page(frozenset({R.OPERATIONS, R.ADMINISTRATOR}), "POST", _team),
    "accounts:shift_cancel": Page(LEADS | {R.PLANNER, R.ADMINISTRATOR}, "POST", _shift),
    "accounts:away_end": Page(LEADS | {R.PLANNER}, "POST", sample={"pk": 999}),
}
ADMIN = {
    "admin:index": Page(STAFF),
    "admin:search": Page(STAFF),
    "admin:login": Page(STAFF, guests=True),
    "admin:logout": Page(ANYBODY, "POST"),
    "admin:password_change": Page(STAFF),
    "admin:password_change_done": Page(STAFF),
    "admin:autocomplete": Page(NOBODY),  # refuses without a field; with one it asks the field's own register
    "admin:jsi18n": Page(STAFF),
    "admin:app_list": Page(STAFF, sample={"app_label": "accounts"}),
}

DESK = frozenset({R.AGENT, R.LEAD, R.SUPERVISOR, R.AUTHORITY_DESK, R.OPERATIONS}) | VENDORS
READERS = DESK | {R.INSPECTOR, R.AUDITOR, R.RISK, R.PRIVACY_OFFICER, R.ADJUDICATOR, R.MERCHANT_MANAGER}
NOTERS = DESK | {R.INSPECTOR, R.MERCHANT_MANAGER, R.RISK}
TRADE_READERS = (READERS - VENDORS) | {R.FINANCE, R.RETURNS_RECEIVER}
REVEALERS = DESK | {R.PRIVACY_OFFICER, R.RISK}
ASSIGNERS = LEADS | {R.VENDOR_LEAD}
MESSAGE_READERS = LEADS | {R.AUDITOR, R.PRIVACY_OFFICER, R.ADMINISTRATOR}
EXPORTERS = LEADS | {R.AUDITOR, R.AUTHORITY_DESK}
LETTER_READERS = (DESK - VENDORS) | {R.AUDITOR, R.PRIVACY_OFFICER}
RUN_READERS = frozenset({R.FINANCE, R.SUPERVISOR, R.AUDITOR})
MONEY_READERS = RUN_READERS | {R.LEAD}
PAYMENT_PROPOSERS = frozenset({R.AGENT, R.LEAD, R.SUPERVISOR, R.AUTHORITY_DESK, R.FINANCE}) | VENDORS
PAYMENT_READERS = DESK | {
    *(R.INSPECTOR, R.AUDITOR, R.RISK, R.PRIVACY_OFFICER, R.ADJUDICATOR, R.MERCHANT_MANAGER, R.FINANCE),
    R.RETURNS_RECEIVER,
}
NUMBER = {"number": "TK0000-00000"}

DESK_PAGES = {
    "desk:styleguide": Page(frozenset({R.OPERATIONS, R.ADMINISTRATOR})),
    "desk:home": Page(STAFF),
    "desk:eligibility": Page(TRADE_READERS),
    "desk:simulator": Page(LEADS | {R.PLANNER, R.AUDITOR}, args=_rule_book),
    "desk:simulator_draft": Page(frozenset({R.OPERATIONS, R.SUPERVISOR}), "POST", args=_rule_book),
    "desk:roster": Page(LEADS | {R.VENDOR_LEAD, R.PLANNER, R.ADMINISTRATOR, R.AUDITOR}),
    "desk:roster_act": Page(
        LEADS | {R.VENDOR_LEAD, R.PLANNER, R.ADMINISTRATOR}, "POST", sample={"name": "copy"}
    ),
    "desk:search": Page(READERS),
    "desk:tour": Page(STAFF),
    "desk:archive": Page(READERS),
    "desk:record": Page(READERS, sample={"public_id": "x"}),
    "desk:record_act": Page(READERS, "POST", sample={"public_id": "x"}),
    "desk:export": Page(EXPORTERS, sample={"fmt": "csv"}),
    "desk:json": Page(EXPORTERS, sample=NUMBER),
    "desk:print": Page(READERS, sample=NUMBER),
    "desk:open": Page(DESK),
    "desk:order_found": Page(DESK),
    "desk:open_alike": Page(DESK, "POST"),
    "dashboards:overview": Page(READERS | {R.PLANNER}, args=_rule_book),
    "dashboards:wall": Page(READERS | {R.PLANNER}, args=_rule_book),
    "dashboards:today": Page(LEADS | {R.VENDOR_LEAD}, args=_rule_book),
    "dashboards:me": Page(DESK, args=_rule_book),
    "dashboards:person": Page(READERS | {R.PLANNER}, sample={"pk": 999}),
    "dashboards:integrity": Page(LEADS | {R.INSPECTOR, R.AUDITOR}, args=_rule_book),
    "dashboards:reports": Page(READERS | {R.PLANNER}),
    "dashboards:report_plan": Page(READERS | {R.PLANNER}, "POST"),
    "dashboards:report_end": Page(READERS | {R.PLANNER}, "POST", sample={"pk": 999}),
    "dashboards:report": Page(READERS | {R.PLANNER}, sample={"public_id": "x"}),
    "dashboards:report_comment": Page(READERS | {R.PLANNER}, "POST", sample={"public_id": "x"}),
    "dashboards:report_workbook": Page(READERS | {R.PLANNER}, sample={"public_id": "x"}),
    "dashboards:traces": Page(LEADS | {R.INSPECTOR, R.AUDITOR}, args=_silence),
    "desk:queue": Page(READERS),
    "desk:pulse": Page(READERS),
    "desk:numbers": Page(READERS),
    "desk:list_panel": Page(READERS),
    "desk:views": Page(READERS),
    "desk:view_save": Page(READERS, "POST"),
    "desk:view_home": Page(READERS, "POST"),
    "desk:view_change": Page(READERS, "POST", sample={"pk": 999}),
    "desk:view_end": Page(READERS, "POST", sample={"pk": 999}),
    "desk:view_arrange": Page(READERS, "POST", sample={"pk": 999}),
    "desk:take": Page(DESK, "POST"),
    "desk:take_next": Page(DESK, "POST"),
    "desk:bulk": Page(READERS, "POST"),
    "desk:ticket": Page(READERS, sample=NUMBER),
    "desk:look": Page(READERS, sample=NUMBER),
    "desk:counted": Page(READERS, sample=NUMBER | {"pk": 1}),
    "desk:merge_chosen": Page(DESK, "POST"),
    "desk:merge": Page(DESK, sample=NUMBER),
    "desk:split": Page(DESK, sample=NUMBER),
    "desk:unmerge": Page(DESK, "POST", sample=NUMBER),
    "desk:link": Page(DESK, "POST", sample=NUMBER),
    "desk:unlink": Page(DESK, "POST", sample=NUMBER | {"public_id": "x"}),
    "desk:apart": Page(DESK, "POST", sample=NUMBER | {"public_id": "x"}),
    "desk:say": Page(READERS, "POST", sample=NUMBER),
    "desk:here": Page(READERS),
    "desk:side": Page(READERS, sample=NUMBER),
    "desk:older": Page(READERS, sample=NUMBER),
    "desk:follow": Page(READERS, "POST", sample=NUMBER),
    "desk:mentionable": Page(NOTERS, sample=NUMBER),
    "desk:answers": Page(DESK),
    "desk:answer_new": Page(DESK),
    "desk:answer": Page(DESK, sample={"code": "no-such-template"}),
    "desk:answer_preview": Page(DESK, "POST"),
    "desk:answer_choices": Page(DESK, sample=NUMBER),
    "desk:answer_filled": Page(DESK, sample=NUMBER | {"code": "x"}),
    "desk:draft": Page(NOTERS, "POST", sample=NUMBER),
    "desk:draft_drop": Page(NOTERS, "POST", sample=NUMBER),
    "desk:take_back": Page(DESK, "POST", sample=NUMBER | {"public_id": "x"}),
    "desk:send_now": Page(DESK, "POST", sample=NUMBER | {"public_id": "x"}),
    "desk:act": Page(READERS, "POST", sample=NUMBER | {"name": "resolve"}),
    "desk:reveal": Page(REVEALERS, "POST", sample=NUMBER | {"public_id": "x"}),
    "desk:erase_message": Page(frozenset({R.PRIVACY_OFFICER}), "POST", sample=NUMBER | {"public_id": "x"}),
    "desk:day": Page(DESK, args=_rule_book),
    "desk:readers": Page(ASSIGNERS, args=_rule_book),
    "desk:confirm_rule": Page(DESK, "POST", sample={"pk": 999999}),
    "desk:absent": Page(ASSIGNERS, args=_rule_book),
    "desk:reassign": Page(ASSIGNERS, "POST", sample={"pk": 999999}),
    "desk:hand_over": Page(DESK, args=_rule_book),
    "desk:sheet": Page(DESK, sample={"public_id": "x"}),
    "desk:sheet_act": Page(DESK, "POST", sample={"public_id": "x", "name": "sign"}),
    "desk:promise_guess": Page(DESK, "POST"),
    "desk:promise_give": Page(DESK, "POST", sample=NUMBER),
    "desk:promise_act": Page(DESK, "POST", sample=NUMBER | {"public_id": "x", "name": "keep"}),
    "desk:appointments": Page(READERS, sample=NUMBER),
    "desk:wait_more": Page(DESK, sample=NUMBER),
    "desk:appoint": Page(DESK, "POST", sample=NUMBER),
    "desk:appointment_act": Page(DESK, "POST", sample=NUMBER | {"public_id": "x", "name": "end"}),
    "desk:connections": Page(LEADS | {R.ADMINISTRATOR, R.AUDITOR}),
    "desk:connection": Page(LEADS | {R.ADMINISTRATOR, R.AUDITOR}, sample={"code": "x"}),
    "desk:connection_add": Page(frozenset({R.OPERATIONS, R.ADMINISTRATOR}), "POST"),
    "desk:connection_act": Page(frozenset({R.OPERATIONS, R.ADMINISTRATOR}), "POST", sample={"code": "x"}),
    "desk:told_raw": Page(LEADS | {R.PRIVACY_OFFICER, R.AUDITOR}, "POST", sample={"code": "x", "pk": 9}),
    "desk:gateways": Page(LEADS | {R.ADMINISTRATOR, R.AUDITOR}),
    "desk:gateway": Page(LEADS | {R.ADMINISTRATOR, R.AUDITOR}, sample={"code": "x"}),
    "desk:gateway_add": Page(frozenset({R.OPERATIONS, R.ADMINISTRATOR}), "POST"),
    "desk:gateway_act": Page(frozenset({R.OPERATIONS, R.ADMINISTRATOR}), "POST", sample={"code": "x"}),
    "desk:pop": Page(DESK),
    "desk:panel": Page(READERS, sample={"what": "x"}),
    "desk:talks": Page(READERS, sample=NUMBER),
    "desk:pop_attach": Page(DESK, "POST", sample=NUMBER),
    "desk:recording": Page(DESK - VENDORS, "POST", sample=NUMBER | {"public_id": "x"}),
    "desk:payments": Page(MONEY_READERS),
    "desk:payment": Page(PAYMENT_READERS, sample={"number": "x"}),
    "desk:payment_act": Page(PAYMENT_READERS, "POST", sample={"number": "x", "name": "approve"}),
    "desk:case_pay": Page(PAYMENT_PROPOSERS, "POST", sample={"number": "x"}),
    "desk:payment_runs": Page(RUN_READERS),
    "desk:payment_run": Page(RUN_READERS, sample={"number": "x"}),
    "desk:run_make": Page(frozenset({R.FINANCE}), "POST"),
    "desk:run_act": Page(RUN_READERS, "POST", sample={"number": "x", "name": "approve"}),
    "desk:run_file": Page(frozenset({R.FINANCE}), "POST", sample={"number": "x"}),
    "desk:money_gateways": Page(frozenset({R.FINANCE, R.ADMINISTRATOR, R.AUDITOR})),
    "desk:money_gateway_add": Page(frozenset({R.FINANCE, R.ADMINISTRATOR}), "POST"),
    "desk:money_gateway_act": Page(frozenset({R.FINANCE, R.ADMINISTRATOR}), "POST", sample={"code": "x"}),
    "desk:reconciliation": Page(RUN_READERS),
    "desk:reconcile": Page(frozenset({R.FINANCE}), "POST"),
    "desk:difference_act": Page(frozenset({R.FINANCE}), "POST", sample={"public_id": "x"}),
    "desk:letters": Page(LETTER_READERS),
    "desk:letter": Page(READERS, sample={"public_id": "x"}),
    "desk:letter_quoted": Page(READERS, sample={"public_id": "x"}),
    "desk:letter_decide": Page(DESK - VENDORS, "POST", sample={"public_id": "x"}),
    "desk:letter_raw": Page(LEADS | {R.PRIVACY_OFFICER, R.AUDITOR}, "POST", sample={"public_id": "x"}),
    "desk:attachment": Page(READERS, sample={"public_id": "x"}),
}
MACRO_USERS = DESK | {R.INSPECTOR}
RULE_WRITERS = frozenset({R.OPERATIONS, R.SUPERVISOR})
ACTIONS = {
    "desk:automations": Page(OWN_STAFF),
    "desk:automation_new": Page(RULE_WRITERS),
    "desk:automation": Page(OWN_STAFF, sample={"code": "x"}),
    "desk:automation_dry": Page(OWN_STAFF, sample={"code": "x"}),
    "desk:automation_edit": Page(RULE_WRITERS, sample={"code": "x"}),
    "desk:automation_act": Page(RULE_WRITERS, "POST", sample={"code": "x", "number": 1, "name": "activate"}),
    "desk:checklists": Page(OWN_STAFF),
    "desk:checklist_new": Page(RULE_WRITERS),
    "desk:checklist": Page(OWN_STAFF, sample={"code": "x"}),
    "desk:check": Page(DESK, "POST", sample=NUMBER | {"code": "x"}),
    "desk:bulk_plan": Page(READERS, "POST"),
    "desk:bulk_run": Page(READERS, "POST"),
    "desk:bulk_result": Page(READERS, sample={"public_id": "x"}),
    "desk:bulk_again": Page(READERS, "POST", sample={"public_id": "x"}),
    "desk:macros": Page(MACRO_USERS),
    "desk:macro_new": Page(DESK),
    "desk:macro": Page(MACRO_USERS, sample={"code": "x"}),
    "desk:macros_for": Page(MACRO_USERS, sample=NUMBER),
    "desk:macro_preview": Page(MACRO_USERS, sample=NUMBER | {"code": "x"}),
    "desk:macro_do": Page(MACRO_USERS, "POST", sample=NUMBER | {"code": "x"}),
}
OTHERS = {
    "money_hook": Page(ANYBODY, "POST", sample={"code": "x"}),  # asks for a signature, not for a session
    "channels:hook": Page(ANYBODY, "POST", sample={"code": "x"}),  # asks for a signature, not for a session
    "customers:reveal": Page(REVEALERS, "POST", sample={"public_id": "x"}),
    "notices:inbox": Page(STAFF),
    "notices:read_all": Page(STAFF, "POST"),
    "notices:open": Page(STAFF, "POST", sample={"public_id": "x"}),
    "notices:retry": Page(
        frozenset({R.SUPERVISOR, R.OPERATIONS, R.ADMINISTRATOR}), "POST", sample={"public_id": "x"}
    ),
    "notices:preview": Page(OWN_STAFF, sample={"pk": 999}),
    "notices:activate": Page(frozenset({R.SUPERVISOR, R.OPERATIONS}), "POST", sample={"pk": 999}),
    "notices:reject": Page(frozenset({R.SUPERVISOR, R.OPERATIONS}), "POST", sample={"pk": 999}),
    "notices:outbox": Page(MESSAGE_READERS),
    "notices:outbox_mail": Page(MESSAGE_READERS, sample={"name": "x"}),
    "selfservice:confirm": Page(ANYBODY, sample={"token": "x"}),
    "selfservice:appointment": Page(ANYBODY, sample={"token": "x"}),
    "selfservice:thanks": Page(ANYBODY, sample={"answer": "yes"}),
}
RULE_KEEPERS = frozenset({R.OPERATIONS, R.SUPERVISOR})
RULE_BOOK = {
    "standards:rules": Page(STAFF),
    "standards:numbers": Page(STAFF),
    "standards:standard": Page(STAFF, sample={"code": "x"}),
    "standards:number": Page(STAFF, sample={"code": "x"}),
    "standards:standard_draft": Page(RULE_KEEPERS, "POST", sample={"code": "x"}),
    "standards:number_draft": Page(RULE_KEEPERS, "POST", sample={"code": "x"}),
    "standards:returns": Page(STAFF),
    "standards:return": Page(STAFF, sample={"code": "x"}),
    "standards:return_draft": Page(RULE_KEEPERS, "POST", sample={"code": "x"}),
    "standards:return_said": Page(RULE_KEEPERS, sample={"code": "x"}),
    "standards:activate": Page(RULE_KEEPERS, "POST", sample={"sort": "standard", "pk": 999}),
    "standards:reject": Page(RULE_KEEPERS, "POST", sample={"sort": "standard", "pk": 999}),
}
UPLOAD = {"public_id": "x"}  # one's own only: anybody else's does not exist
SHEETS = {
    "sheets:list": Page(
        frozenset({R.OPERATIONS, R.SUPERVISOR, R.AUDITOR, R.ADMINISTRATOR, R.LEAD, R.PLANNER, R.FINANCE})
    ),
    "sheets:choose": Page(frozenset({R.OPERATIONS}), args=lambda _cast: {"sheet": "orders"}),
    "sheets:template": Page(frozenset({R.OPERATIONS}), args=lambda _cast: {"sheet": "orders", "fmt": "csv"}),
    "sheets:export": Page(
        frozenset({R.OPERATIONS, R.SUPERVISOR, R.AUDITOR}),
        args=lambda _cast: {"sheet": "orders", "fmt": "csv"},
    ),
    "sheets:upload": Page(SIGNED_IN, sample=UPLOAD),
    "sheets:progress": Page(SIGNED_IN, sample=UPLOAD),
    "sheets:confirm": Page(SIGNED_IN, "POST", sample=UPLOAD),
    "sheets:go_on": Page(SIGNED_IN, "POST", sample=UPLOAD),
    "sheets:cancel": Page(SIGNED_IN, "POST", sample=UPLOAD),
    "sheets:errors": Page(SIGNED_IN, sample=UPLOAD),
    "sheets:download": Page(SIGNED_IN, sample=UPLOAD),
}
LIMIT = {"sort": "limit", "key": "in_post-goodwill-cny"}
CERTIFIERS = frozenset({R.TRAINER, R.SUPERVISOR, R.OPERATIONS})
CERTIFICATE_READERS = CERTIFIERS | {R.LEAD, R.AUDITOR, R.ADMINISTRATOR, R.INSPECTOR, R.PLANNER}


def _certificate(cast: Any) -> dict[str, Any]:
    return {"public_id": cast.certify(cast.person(Role.AGENT)).public_id, "name": "suspend"}


TRAINING = {
    "training:limits": Page(STAFF),
    "training:mine": Page(STAFF),
    "training:allowances": Page(STAFF),
    "training:person": Page(CERTIFICATE_READERS, args=_person),
    "training:grant": Page(CERTIFIERS, "POST", _person),
    "training:certificate_act": Page(CERTIFIERS, "POST", _certificate),
    "training:rule": Page(STAFF, args=lambda cast: LIMIT),
    "training:draft": Page(CERTIFIERS, "POST", lambda cast: LIMIT),
    "training:decide": Page(
        frozenset({R.SUPERVISOR, R.OPERATIONS}), "POST", lambda cast: {**LIMIT, "number": 1}
    ),
}
CASE_WORKERS = frozenset({R.AGENT, R.LEAD, R.SUPERVISOR, R.AUTHORITY_DESK}) | VENDORS
CASE_READERS = READERS | {R.FINANCE, R.RETURNS_RECEIVER}
RECEIVERS = frozenset({R.RETURNS_RECEIVER, R.LEAD, R.SUPERVISOR})
CASE, NOTHING = {"number": "AS0000-00000"}, {"public_id": "x"}
CASES = {
    "desk:cases": Page(CASE_READERS),
    "desk:case": Page(CASE_READERS, sample=CASE),
    "desk:case_print": Page(CASE_READERS, sample=CASE),
    "desk:case_slip": Page(CASE_READERS, sample=CASE),
    "desk:case_preview": Page(CASE_READERS, sample=CASE),
    "desk:case_reviewed": Page(CASE_WORKERS, "POST", sample=CASE),
    "desk:case_act": Page(CASE_READERS, "POST", sample={**CASE, "name": "approve"}),
    "desk:parcel_act": Page(CASE_READERS, "POST", sample={**NOTHING, "name": "keep"}),
    "desk:parcel_photo": Page(CASE_READERS, sample=NOTHING),
    "desk:ticket_cases": Page(CASE_READERS, sample=NUMBER),
    "desk:case_open": Page(CASE_WORKERS, "POST", sample=NUMBER),
    "desk:request_preview": Page(CASE_WORKERS, "POST", sample=NUMBER),
    "desk:receiving": Page(RECEIVERS, args=_rule_book),
    "desk:shelve": Page(RECEIVERS, "POST"),
    "desk:unknown": Page(RECEIVERS, "POST", sample=NOTHING),
    "desk:receive": Page(RECEIVERS, "POST", sample=NOTHING),
    "desk:receive_preview": Page(RECEIVERS, "POST", sample=NOTHING),
}
LEDGER_READERS = frozenset({R.FINANCE, R.AUDITOR, R.PAYROLL_READER})
FINANCE = frozenset({R.FINANCE})
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


LEDGER = {
    "ledger:journal": Page(LEDGER_READERS),
    "ledger:entry": Page(LEDGER_READERS, args=_entry),
    "ledger:reverse": Page(FINANCE, "POST", _entry),
    "ledger:accounts": Page(LEDGER_READERS),
    "ledger:account": Page(LEDGER_READERS, args=_account),
    "ledger:proposals": Page(PROPOSERS | {R.AUDITOR}),
    "ledger:proposal": Page(PROPOSERS | {R.AUDITOR}, args=_proposal),
    "ledger:withdraw": Page(frozenset({R.FINANCE, R.SUPERVISOR, R.OPERATIONS}), "POST", _proposal),
    "ledger:months": Page(LEDGER_READERS),
    "ledger:close_month": Page(FINANCE, "POST", sample={"": ""}),
}
PAGES: dict[str, Page] = {
    **SHEETS,
    **TRAINING,
    **CASES,
    **LEDGER,
    **RULE_BOOK,
    **DOOR,
    **PEOPLE,
    **ADMIN,
    **DESK_PAGES,
    **ACTIONS,
    **OTHERS,
}

PLANNING = LEADS | {R.PLANNER, R.VENDOR_LEAD, R.ADMINISTRATOR}
OPERATIONS = frozenset({R.OPERATIONS})
KEEPERS = frozenset({R.MERCHANT_MANAGER, R.OPERATIONS})
MACHINISTS = frozenset({R.OPERATIONS, R.ADMINISTRATOR, R.AUDITOR})
REGISTERS: dict[str, Register] = {
    "accounts.user": Register(view=STAFF - {R.VENDOR_AGENT}, change=ADMINISTRATORS, add=ADMINISTRATORS),
    "accounts.team": Register(
        view=STAFF, change={R.OPERATIONS, R.ADMINISTRATOR}, add={R.OPERATIONS, R.ADMINISTRATOR}
    ),
    "accounts.shift": Register(view=STAFF, change=PLANNING, add=PLANNING),
    "accounts.away": Register(view=STAFF, add=STAFF - {R.AUDITOR}),
    "core.event": Register(view=MACHINISTS | {R.SUPERVISOR, R.PRIVACY_OFFICER}),
    "core.job": Register(view=MACHINISTS),
    "core.delivery": Register(view=MACHINISTS),
    "core.columnprofile": Register(
        view=LEADS | {R.PLANNER, R.ADMINISTRATOR}, change=OPERATIONS, add=OPERATIONS
    ),
    "core.series": Register(view=OWN_STAFF, change=OPERATIONS, add=OPERATIONS),
    "customers.staffcontact": Register(ADMINISTRATORS, add=ADMINISTRATORS),
    "customers.customer": Register(
        view=TRADE_READERS, change=(DESK - VENDORS) | {R.PRIVACY_OFFICER}, add=OPERATIONS
    ),
    "merchants.merchant": Register(view=OWN_STAFF, change=KEEPERS, add=KEEPERS),
    "notices.notice": Register(view=MESSAGE_READERS),
    "notices.noticetemplate": Register(view=OWN_STAFF, change=OPERATIONS),
    "notices.noticetext": Register(view=OWN_STAFF, change=LEADS, add=LEADS),
    "orders.category": Register(view=OWN_STAFF, change=OPERATIONS, add=OPERATIONS),
    "orders.product": Register(view=OWN_STAFF, change=OPERATIONS, add=OPERATIONS),
    "orders.order": Register(view=TRADE_READERS, change=OPERATIONS),
    "orders.review": Register(view=TRADE_READERS),
    "orders.shipment": Register(view=TRADE_READERS, change=OPERATIONS),
    "clocks.clock": Register(view=READERS),
    "clocks.ladderrung": Register(view=STAFF),
    "standards.market": Register(view=STAFF, change=OPERATIONS, add=OPERATIONS),
    "standards.workcalendar": Register(view=STAFF, change=OPERATIONS, add=OPERATIONS),
    "standards.calendarperiod": Register(view=STAFF, change=OPERATIONS, add=OPERATIONS),
    "standards.calendarday": Register(view=STAFF, change=OPERATIONS, add=OPERATIONS),
    "standards.calendaryear": Register(view=STAFF, change=OPERATIONS, add=OPERATIONS),
    "standards.servicestandard": Register(view=STAFF, change=RULE_KEEPERS, add=RULE_KEEPERS),
    "standards.parameter": Register(view=STAFF, change=RULE_KEEPERS, add=RULE_KEEPERS),
    "standards.standardversion": Register(view=STAFF),
    "standards.parameterversion": Register(view=STAFF),
    "standards.returnrule": Register(view=STAFF, change=RULE_KEEPERS, add=RULE_KEEPERS),
    "standards.returnruleversion": Register(view=STAFF),
    "tickets.ticket": Register(view=READERS),
    "tickets.archiverecord": Register(view=READERS),
    "tickets.intakeitem": Register(view={R.OPERATIONS, R.SUPERVISOR, R.AUDITOR}),
    "tickets.intakerule": Register(view=OWN_STAFF, change=OPERATIONS, add=OPERATIONS),
    "tickets.gradingrule": Register(view=OWN_STAFF, change=OPERATIONS, add=OPERATIONS),
    "tickets.dutyroute": Register(view=OWN_STAFF, change=OPERATIONS, add=OPERATIONS),
}
