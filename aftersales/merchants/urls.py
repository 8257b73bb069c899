"""Addresses of the merchants' room for staff."""

from django.urls import path

from . import views

app_name = "merchants"
urlpatterns = [
    path("training/", views.training, name="training"),
    path("training/terms/", views.term_new, name="term_new"),
    path("training/terms/<slug:code>/<int:number>/", views.term_decide, name="term_decide"),
]
