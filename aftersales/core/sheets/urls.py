"""Addresses of import and export."""

from django.urls import path

from . import views

app_name = "sheets"
urlpatterns = [
    path("", views.index, name="list"),
    path("uploads/<str:public_id>/", views.show, name="upload"),
    path("uploads/<str:public_id>/progress/", views.progress, name="progress"),
    path("uploads/<str:public_id>/confirm/", views.confirm, name="confirm"),
    path("uploads/<str:public_id>/go-on/", views.go_on, name="go_on"),
    path("uploads/<str:public_id>/cancel/", views.cancel, name="cancel"),
    path("uploads/<str:public_id>/errors.csv", views.errors, name="errors"),
    path("exports/<str:public_id>/", views.download, name="download"),
    path("<slug:sheet>/", views.upload, name="choose"),
    path("<slug:sheet>/template.<slug:fmt>", views.template, name="template"),
    path("<slug:sheet>/export.<slug:fmt>", views.export, name="export"),
]
