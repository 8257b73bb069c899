"""The dashboard's address."""

from django.urls import path

from aftersales.dashboards import views

app_name = "dashboards"
urlpatterns = [path("", views.overview, name="overview")]
