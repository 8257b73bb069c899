"""The desk's addresses."""

from django.urls import path

from aftersales.desk.views.styleguide import styleguide

app_name = "desk"
urlpatterns = [
    path("styleguide/", styleguide, name="styleguide"),
]
