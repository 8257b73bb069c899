"""Addresses of what everybody may read."""

from django.urls import path

from .views import public

app_name = "published"
urlpatterns = [
    path("", public.rules, name="rules"),
    path("measures/", public.measures, name="measures"),
    path("agreements/<slug:code>/<int:number>/", public.agreement, name="agreement"),
    path("consultations/<str:public_id>/", public.consultation, name="consultation"),
]
