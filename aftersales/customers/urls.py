"""Addresses of the customers' room."""

from django.urls import path

from . import views

app_name = "customers"
urlpatterns = [path("contacts/<str:public_id>/reveal/", views.reveal, name="reveal")]
