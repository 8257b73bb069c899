"""Addresses of the escalation ladder's pages."""

from django.urls import path

from aftersales.clocks import views

app_name = "ladder"
urlpatterns = [
    path("", views.ladder, name="rungs"),
    path("new/", views.rung_new, name="rung_new"),
    path("<slug:code>/", views.rung, name="rung"),
    path("<slug:code>/draft/", views.rung_draft, name="rung_draft"),
]
