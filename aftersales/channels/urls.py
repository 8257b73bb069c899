"""Addresses for machines."""

from django.urls import path

from aftersales.channels import views

app_name = "channels"
urlpatterns = [path("<slug:code>/", views.hook, name="hook")]
