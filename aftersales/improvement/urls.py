"""Addresses of early warning and of signs of gaming."""

from django.urls import path

from aftersales.improvement import views
from aftersales.improvement.views import signs as signviews

app_name = "improvement"
urlpatterns = [
    path("warnings/", views.warnings, name="warnings"),
    path("warnings.<slug:fmt>", views.warnings_sheet, name="warnings_sheet"),
    path("warnings/month/", views.month, name="month"),
    path("warnings/month/send/", views.month_send, name="month_send"),
    path("warnings/answers/<str:public_id>/", views.answer, name="answer"),
    path("warnings/<slug:number>/", views.warning, name="warning"),
    path("warnings/<slug:number>/<slug:name>/", views.act, name="act"),
    path("signs/", signviews.signs, name="signs"),
    path("signs/<str:public_id>/", signviews.sign, name="sign"),
    path("signs/<str:public_id>/decide/", signviews.decide, name="sign_decide"),
]
