"""Addresses customers get in messages: short, one purpose each."""

from django.urls import path

from . import views
from .views import appointments

app_name = "selfservice"
urlpatterns = [
    path("thanks/<str:answer>/", views.thanks, name="thanks"),
    path("appointment/<str:token>/", appointments.appointment, name="appointment"),
    path("<str:token>/", views.confirm, name="confirm"),
]
