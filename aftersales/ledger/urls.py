"""Addresses of the ledger's pages."""

from django.urls import path

from aftersales.ledger import views
from aftersales.ledger.views import exports, incentives, statements

app_name = "ledger"
urlpatterns = [
    path("", views.journal, name="journal"),
    path("journal.<slug:fmt>", views.journal_sheet, name="journal_sheet"),
    path("entries/<str:public_id>/", views.entry, name="entry"),
    path("entries/<str:public_id>/reverse/", views.reverse_entry, name="reverse"),
    path("accounts/", views.accounts, name="accounts"),
    path("accounts.<slug:fmt>", views.accounts_sheet, name="accounts_sheet"),
    path("accounts/<str:public_id>/", views.account, name="account"),
    path("proposals/", views.proposals, name="proposals"),
    path("proposals/measures/", views.measures, name="measures"),
    path("proposals/team/", views.team_notices, name="team_notices"),
    path("proposals/files/<str:public_id>/", views.proposal_file, name="proposal_file"),
    path("proposals/<str:public_id>/", views.proposal, name="proposal"),
    path("proposals/<str:public_id>/letter/", views.letter, name="letter"),
    path("proposals/<str:public_id>/<slug:name>/", views.act, name="act"),
    path("accounts/<str:public_id>/month/", statements.account_month, name="account_month"),
    path("accounts/<str:public_id>/month/sheet/", statements.account_month_sheet, name="account_month_sheet"),
    path("statements/", statements.index, name="statements"),
    path("statements/mine/", statements.my_statement, name="my_statement"),
    path("statements/<slug:party>/<int:pk>/", statements.statement, name="statement"),
    path("statements/<slug:party>/<int:pk>/print/", statements.statement_print, name="statement_print"),
    path("statements/<slug:party>/<int:pk>/sheet/", statements.statement_sheet, name="statement_sheet"),
    path("files/mine/", statements.my_file, name="my_file"),
    path("files/<slug:party>/<int:pk>/", statements.file, name="file"),
    path("files/<slug:party>/<int:pk>/print/", statements.file_print, name="file_print"),
    path("sheets/", exports.exports, name="exports"),
    path("sheets/make/", exports.export_make, name="export_make"),
    path("sheets/differences/<str:public_id>/", exports.gap_explain, name="gap_explain"),
    path("sheets/<slug:number>/", exports.export, name="export"),
    path("sheets/<slug:number>/file/", exports.export_file, name="export_file"),
    path("months/", views.months, name="months"),
    path("months/close/", views.close_month, name="close_month"),
    path("rules/", incentives.rules, name="rules"),
    path("rules/new/", incentives.rule_new, name="rule_new"),
    path("rules/schemes/", incentives.scheme_new, name="scheme_new"),
    path("rules/schemes/<str:public_id>/", incentives.scheme_file, name="scheme_file"),
    path("rules/losses/", incentives.loss, name="loss"),
    path("rules/rule/<slug:code>/", incentives.rule, name="rule"),
    path("rules/rule/<slug:code>/draft/", incentives.rule_draft, name="rule_draft"),
    path("rules/rule/<slug:code>/<int:number>/decide/", incentives.rule_decide, name="rule_decide"),
]
