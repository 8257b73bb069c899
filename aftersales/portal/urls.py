"""Addresses of merchants' people."""

from django.urls import path

from .views import agreement, cases, consequences, exams, house, people, receipt, shops, today, training

app_name = "portal"
urlpatterns = [
    path("", today.today, name="today"),
    path("cases/", today.cases, name="cases"),
    path("cases/<str:public_id>/", cases.case, name="case"),
    path("cases/<str:public_id>/talk/", cases.talk, name="talk"),
    path("cases/<str:public_id>/dispute/", cases.dispute, name="dispute"),
    path("cases/<str:public_id>/files/<str:file_id>/", cases.case_file, name="case_file"),
    path("cases/<str:public_id>/parcels/<str:parcel_id>/", receipt.receipt, name="receipt"),
    path("cases/<str:public_id>/do/<slug:name>/", cases.act, name="act"),
    path("addresses/", house.addresses, name="addresses"),
    path("rules/", house.rules, name="rules"),
    path("rules/<int:pk>/read/", house.rule_read, name="rule_read"),
    path("agreements/", agreement.index, name="agreements"),
    path("agreements/drafts/<str:public_id>/", agreement.draft, name="draft"),
    path("agreements/drafts/<str:public_id>/comment/", agreement.comment, name="comment"),
    path("agreements/<slug:code>/<int:number>/", agreement.text, name="agreement"),
    path("agreements/<slug:code>/<int:number>/answer/", agreement.answer, name="agreement_answer"),
    path("duties/", agreement.duties, name="duties"),
    path("training/", training.index, name="index"),
    path("shop/", shops.choose, name="choose"),
    path("shop/chosen/", shops.chosen, name="chosen"),
    path("people/", people.index, name="people"),
    path("people/invite/", people.invite, name="invite"),
    path("people/invitations/", people.invitation_change, name="invitation_change"),
    path("people/remove/", people.remove, name="remove"),
    path("people/role/", people.role, name="role"),
    path("invitation/<str:token>/", people.invitation, name="invitation"),
    path("lessons/<slug:number>/", training.lesson, name="lesson"),
    path("courses/<slug:code>/", training.course, name="course"),
    path("courses/files/<str:public_id>/", training.file, name="file"),
    path("runs/<slug:number>/join/", training.join, name="join"),
    path("runs/<slug:number>/check-in/", training.check_in, name="check_in"),
    path("exams/<slug:code>/start/", exams.start, name="start"),
    path("attempts/<str:public_id>/", exams.attempt, name="attempt"),
    path("attempts/<str:public_id>/answer/", exams.answer, name="answer"),
    path("attempts/<str:public_id>/submit/", exams.submit, name="submit"),
    path("attempts/<str:public_id>/appeal/", exams.appeal, name="appeal"),
    path("consequences/", consequences.index, name="consequences"),
    path("consequences/statement/", consequences.statement, name="statement"),
    path(
        "consequences/statement/<str:public_id>/sheet/", consequences.statement_sheet, name="statement_sheet"
    ),
    path("consequences/files/<str:public_id>/", consequences.file, name="consequence_file"),
    path("consequences/<str:public_id>/", consequences.consequence, name="consequence"),
    path("consequences/<str:public_id>/appeal/", consequences.appeal, name="consequence_appeal"),
    path("consequences/<str:public_id>/letter/", consequences.letter, name="consequence_letter"),
]
