"""Addresses of the ledger's pages."""

from django.urls import path

from aftersales.ledger import views

app_name = "ledger"
urlpatterns = [
    path("", views.journal, name="journal"),
    path("entries/<str:public_id>/", views.entry, name="entry"),
    path("entries/<str:public_id>/reverse/", views.reverse_entry, name="reverse"),
    path("accounts/", views.accounts, name="accounts"),
    path("accounts/<str:public_id>/", views.account, name="account"),
    path("proposals/", views.proposals, name="proposals"),
    path("proposals/<str:public_id>/", views.proposal, name="proposal"),
    path("proposals/<str:public_id>/<slug:name>/", views.act, name="act"),
    path("months/", views.months, name="months"),
    path("months/close/", views.close_month, name="close_month"),
]
