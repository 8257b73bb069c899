"""Addresses of the rule book's own pages."""

from django.urls import path

from . import views
from .returns import views as returns

app_name = "standards"
urlpatterns = [
    path("", views.rules, name="rules"),
    path("numbers/", views.numbers, name="numbers"),
    path("numbers/<slug:code>/", views.number, name="number"),
    path("numbers/<slug:code>/draft/", views.number_draft, name="number_draft"),
    path("standards/<slug:code>/", views.standard, name="standard"),
    path("standards/<slug:code>/draft/", views.standard_draft, name="standard_draft"),
    path("returns/", returns.rules, name="returns"),
    path("returns/<slug:code>/", returns.rule, name="return"),
    path("returns/<slug:code>/draft/", returns.draft, name="return_draft"),
    path("returns/<slug:code>/said/", returns.said, name="return_said"),
    path("<slug:sort>/<int:pk>/activate/", views.activate, name="activate"),
    path("<slug:sort>/<int:pk>/reject/", views.reject, name="reject"),
]
