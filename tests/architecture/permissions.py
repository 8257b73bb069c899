"""Who may open what: stated a second time, apart from the capability table, so that a change there is noticed.

``PAGES`` has a row for every address with a name, ``REGISTERS`` one for every register in the admin. An address or a
register without a row fails the test. ``who`` is a set of roles, ``ANYBODY`` (also signed out) or ``SIGNED_IN``.
"""

from typing import Any

from accounts.states import Role
from tests.architecture.permissions_figures import FIGURES
from tests.architecture.permissions_measures import MEASURES
from tests.architecture.permissions_money import CASES, DISPUTES, LEDGER, LETTERS, RECOVERIES, TRAINING
from tests.architecture.permissions_months import MONTHS
from tests.architecture.permissions_requests import REQUESTS_IN_PORTAL
from tests.architecture.permissions_shadow import TRIALS
from tests.architecture.permissions_shops import SHOPS
from tests.architecture.permissions_shopsheets import SHOP_SHEETS
from tests.architecture.permissions_warnings import WARNINGS
from tests.architecture.rows import (
    ADMINISTRATORS,
    ANYBODY,
    ASSIGNERS,
    DESK,
    EXPORTERS,
    LEADS,
    LETTER_READERS,
    MESSAGE_READERS,
    MONEY_READERS,
    NOBODY,
    NOTERS,
    NUMBER,
    OWN_STAFF,
    PAYMENT_PROPOSERS,
    PAYMENT_READERS,
    READERS,
    REVEALERS,
    RUN_READERS,
    SIGNED_IN,
    STAFF,
    TRADE_READERS,
    VENDORS,
    Page,
    R,
    Register,
    a_person,
    rule_book,
)


def _silence(cast: Any) -> dict[str, Any]:
    return {**rule_book(cast), "code": "silence"}


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
    "mfa_add_webauthn": Page(SIGNED_IN),
    "mfa_reauthenticate_webauthn": Page(SIGNED_IN),
    "mfa_login_webauthn": Page(ANYBODY),
    "mfa_edit_webauthn": Page(SIGNED_IN, sample={"pk": 999}),  # another person's is not found
    "mfa_remove_webauthn": Page(SIGNED_IN, sample={"pk": 999}),
    "mfa_view_recovery_codes": Page(SIGNED_IN, sample={"": ""}),
    "mfa_generate_recovery_codes": Page(SIGNED_IN, sample={"": ""}),
    "mfa_download_recovery_codes": Page(SIGNED_IN, sample={"": ""}),
    "accounts:sso": Page(SIGNED_IN, sample={"": ""}),  # these are there where a provider is configured
    "accounts:sso_confirm": Page(SIGNED_IN, sample={"": ""}),
    "accounts:sso_start": Page(ANYBODY, "POST", sample={"code": "corp"}),
    "accounts:sso_back": Page(ANYBODY, sample={"code": "corp"}),
    "accounts:sso_link": Page(SIGNED_IN, "POST", sample={"code": "corp"}),
    "accounts:sso_unlink": Page(SIGNED_IN, "POST", sample={"code": "corp"}),
    "set_language": Page(ANYBODY, "POST"),
    "accounts:taste": Page(ANYBODY, "POST"),
    "health": Page(ANYBODY),
    "ready": Page(ANYBODY),
    "home": Page(ANYBODY),
    "accounts:home": Page(SIGNED_IN),
}
PEOPLE = {
    "accounts:user_deactivate": Page(ADMINISTRATORS, "POST", a_person),
    "accounts:user_activate": Page(ADMINISTRATORS, "POST", a_person),
    "accounts:user_end_sessions": Page(ADMINISTRATORS, "POST", a_person),
    "accounts:sign_in_unlock": Page(ADMINISTRATORS, "POST", a_person),
    "accounts:second_factor_reset": Page(ADMINISTRATORS, "POST", a_person),
    "accounts:sso_reset": Page(ADMINISTRATORS, "POST", a_person),
    "accounts:user_invite": Page(ADMINISTRATORS, "POST", a_person),
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


DESK_PAGES = {
    "desk:styleguide": Page(frozenset({R.OPERATIONS, R.ADMINISTRATOR})),
    "desk:home": Page(STAFF),
    "desk:eligibility": Page(TRADE_READERS),
    "desk:simulator": Page(LEADS | {R.PLANNER, R.AUDITOR}, args=rule_book),
    "desk:simulator_draft": Page(frozenset({R.OPERATIONS, R.SUPERVISOR}), "POST", args=rule_book),
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
    "dashboards:overview": Page(READERS | {R.PLANNER}, args=rule_book),
    "dashboards:wall": Page(READERS | {R.PLANNER}, args=rule_book),
    "dashboards:today": Page(LEADS | {R.VENDOR_LEAD}, args=rule_book),
    "dashboards:me": Page(DESK, args=rule_book),
    "dashboards:person": Page(READERS | {R.PLANNER}, sample={"pk": 999}),
    "dashboards:deeds": Page(READERS | {R.PLANNER}, sample={"pk": 999, "what": "resolved"}),
    "dashboards:exceptions": Page(frozenset({R.SUPERVISOR, R.OPERATIONS, R.AUDITOR})),
    "dashboards:integrity": Page(LEADS | {R.INSPECTOR, R.AUDITOR}, args=rule_book),
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
    "desk:day": Page(DESK, args=rule_book),
    "desk:readers": Page(ASSIGNERS, args=rule_book),
    "desk:confirm_rule": Page(DESK, "POST", sample={"pk": 999999}),
    "desk:absent": Page(ASSIGNERS, args=rule_book),
    "desk:reassign": Page(ASSIGNERS, "POST", sample={"pk": 999999}),
    "desk:hand_over": Page(DESK, args=rule_book),
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
    "selfservice:case": Page(ANYBODY, sample={"token": "x"}),
    "selfservice:slip": Page(ANYBODY, sample={"token": "x"}),
    "selfservice:file": Page(ANYBODY, sample={"token": "x", "public_id": "x"}),
    "selfservice:account": Page(ANYBODY, sample={"token": "x"}),
    "selfservice:certificate": Page(ANYBODY, sample={"number": "x", "code": "x"}),
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
    "circumstances:index": Page(STAFF),
    "circumstances:draft": Page(RULE_KEEPERS, "POST"),
    "circumstances:retire": Page(RULE_KEEPERS, "POST", sample={"pk": 999}),
    "scorecards:formulas": Page(STAFF),
    "scorecards:formula": Page(STAFF, sample={"code": "x"}),
    "scorecards:formula_draft": Page(RULE_KEEPERS, "POST", sample={"code": "x"}),
    "scorecards:formula_decide": Page(RULE_KEEPERS, "POST", sample={"code": "x", "number": 1}),
    "ladder:rungs": Page(STAFF),
    "ladder:rung": Page(STAFF, sample={"code": "x"}),
    "ladder:rung_new": Page(RULE_KEEPERS),
    "ladder:rung_draft": Page(RULE_KEEPERS, "POST", sample={"code": "x"}),
    "standards:activate": Page(RULE_KEEPERS, "POST", sample={"sort": "standard", "pk": 999}),
    "standards:reject": Page(RULE_KEEPERS, "POST", sample={"sort": "standard", "pk": 999}),
}
UPLOAD = {"public_id": "x"}  # one's own only: anybody else's does not exist
SHEETS = {
    "sheets:list": Page(
        frozenset(
            {
                R.OPERATIONS,
                R.SUPERVISOR,
                R.AUDITOR,
                R.ADMINISTRATOR,
                R.LEAD,
                R.PLANNER,
                R.FINANCE,
                R.TRAINER,
                R.PAYROLL_READER,
            }
        )
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
PAGES: dict[str, Page] = {
    **SHEETS,
    **SHOPS,
    **SHOP_SHEETS,
    **TRAINING,
    **CASES,
    **DISPUTES,
    **LETTERS,
    **RECOVERIES,
    **LEDGER,
    **MEASURES,
    **RULE_BOOK,
    **DOOR,
    **PEOPLE,
    **ADMIN,
    **DESK_PAGES,
    **FIGURES,
    **ACTIONS,
    **OTHERS,
    **MONTHS,
    **TRIALS,
    **WARNINGS,
    **REQUESTS_IN_PORTAL,
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
