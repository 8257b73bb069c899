"""Addresses of the merchants' room for staff."""

from django.urls import path

from . import agreementviews, views

app_name = "merchants"
urlpatterns = [
    path("training/", views.training, name="training"),
    path("training/terms/", views.term_new, name="term_new"),
    path("training/terms/<slug:code>/<int:number>/", views.term_decide, name="term_decide"),
    path("agreements/", agreementviews.index, name="agreements"),
    path("agreements/new/", agreementviews.new, name="agreement_new"),
    path("agreements/comments/<str:public_id>/", agreementviews.comment, name="agreement_comment"),
    path("agreements/<slug:code>/", agreementviews.agreement, name="agreement"),
    path("agreements/<slug:code>/draft/", agreementviews.draft, name="agreement_draft"),
    path("agreements/<slug:code>/<int:number>/decide/", agreementviews.decide, name="agreement_decide"),
    path("agreements/<slug:code>/<int:number>/consult/", agreementviews.consult, name="agreement_consult"),
]
