"""Addresses customers get in messages: short, one purpose each."""

from django.urls import path

from . import views
from .views import appointments, cases, certificates, payees

app_name = "selfservice"
urlpatterns = [
    path("thanks/<str:answer>/", views.thanks, name="thanks"),
    path("appointment/<str:token>/", appointments.appointment, name="appointment"),
    path("case/<str:token>/", cases.case, name="case"),
    path("case/<str:token>/slip/", cases.slip, name="slip"),
    path("case/<str:token>/file/<str:public_id>/", cases.file, name="file"),
    path("account/<str:token>/", payees.account, name="account"),
    path("certificate/<str:number>/<str:code>/", certificates.certificate, name="certificate"),
    path("<str:token>/", views.confirm, name="confirm"),
]
