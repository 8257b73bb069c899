"""Addresses of promotions."""

from django.urls import path

from aftersales.standards.promoting import views

app_name = "promotions"
urlpatterns = [
    path("", views.index, name="index"),
    path("draft/", views.draft, name="draft"),
    path("<slug:code>/", views.promotion, name="promotion"),
    path("<slug:code>/change/", views.change, name="change"),
    path("<slug:code>/override/", views.override, name="override"),
    path("<slug:code>/consult/", views.consult, name="consult"),
    path("comments/<str:public_id>/answer/", views.comment, name="comment"),
    path("<slug:code>/<slug:name>/", views.act, name="act"),
]
