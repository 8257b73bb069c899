"""Addresses of the merchants' room for staff."""

from django.urls import path

from . import views
from .views import agreements

app_name = "merchants"
urlpatterns = [
    path("training/", views.training, name="training"),
    path("training/terms/", views.term_new, name="term_new"),
    path("training/terms/<slug:code>/<int:number>/", views.term_decide, name="term_decide"),
    path("agreements/", agreements.index, name="agreements"),
    path("agreements/new/", agreements.new, name="agreement_new"),
    path("agreements/comments/<str:public_id>/", agreements.comment, name="agreement_comment"),
    path("agreements/<slug:code>/", agreements.agreement, name="agreement"),
    path("agreements/<slug:code>/draft/", agreements.draft, name="agreement_draft"),
    path("agreements/<slug:code>/<int:number>/decide/", agreements.decide, name="agreement_decide"),
    path("agreements/<slug:code>/<int:number>/consult/", agreements.consult, name="agreement_consult"),
]
