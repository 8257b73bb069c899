"""Addresses customers get in messages: short, one purpose each."""

from django.urls import path

from . import views

app_name = "selfservice"
urlpatterns = [
    path("thanks/<str:answer>/", views.thanks, name="thanks"),
    path("<str:token>/", views.confirm, name="confirm"),
]
