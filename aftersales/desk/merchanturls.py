"""Addresses of a merchant's obligations; part of the desk's."""

from django.urls import path

from aftersales.desk.views import obligations

patterns = [
    path("merchants/<str:code>/obligations/", obligations.obligations, name="obligations"),
    path("merchants/<str:code>/breaches/<int:pk>/exclude/", obligations.exclude, name="breach_exclude"),
    path("merchants/<str:code>/exclusions/<int:pk>/end/", obligations.count_again, name="breach_count_again"),
]
