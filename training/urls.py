"""Addresses of the training room's own pages."""

from django.urls import path

from training import views

app_name = "training"
urlpatterns = [
    path("limits/", views.limits, name="limits"),
    path("mine/", views.mine, name="mine"),
    path("mine/card/", views.allowances, name="allowances"),
    path("people/<int:pk>/", views.person, name="person"),
    path("people/<int:pk>/grant/", views.grant, name="grant"),
    path("certificates/<str:public_id>/<slug:name>/", views.certificate_act, name="certificate_act"),
    path("rules/<slug:sort>/<slug:key>/", views.rule, name="rule"),
    path("rules/<slug:sort>/<slug:key>/draft/", views.draft, name="draft"),
    path("rules/<slug:sort>/<slug:key>/<int:number>/decide/", views.decide, name="decide"),
]
