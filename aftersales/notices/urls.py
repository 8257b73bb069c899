"""Addresses of the messages' room."""

from django.urls import path

from . import views

app_name = "notices"
urlpatterns = [
    path("inbox/", views.inbox, name="inbox"),
    path("read/", views.read_all, name="read_all"),
    path("open/<str:public_id>/", views.open_notice, name="open"),
    path("retry/<str:public_id>/", views.retry, name="retry"),
    path("texts/<int:pk>/", views.preview, name="preview"),
    path("texts/<int:pk>/activate/", views.activate, name="activate"),
    path("texts/<int:pk>/reject/", views.reject, name="reject"),
    path("outbox/", views.outbox, name="outbox"),
    path("outbox/<str:name>/", views.outbox_mail, name="outbox_mail"),
]
