"""Addresses of declared circumstances."""

from django.urls import path

from aftersales.clocks.views import circumstances as views

app_name = "circumstances"
urlpatterns = [
    path("", views.index, name="index"),
    path("draft/", views.draft, name="draft"),
    path("<int:pk>/retire/", views.retire, name="retire"),
]
