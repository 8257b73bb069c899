"""The addresses of shadow runs."""

from django.urls import path

from aftersales.scorecards.views import shadow as views

app_name = "shadow"
urlpatterns = [
    path("", views.index, name="index"),
    path("ask/", views.ask, name="ask"),
    path("<str:public_id>/", views.run, name="run"),
]
