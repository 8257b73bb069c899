"""The addresses of the monthly run of rules that hang on figures."""

from django.urls import path

from aftersales.scorecards.views import rewards as views

app_name = "rewards"
urlpatterns = [
    path("", views.months, name="months"),
    path("<slug:code>/<slug:month>/", views.rule, name="rule"),
    path("<slug:code>/<slug:month>/run/", views.run, name="run"),
    path("<slug:code>/<slug:month>/<int:party>/<slug:metric_code>/", views.rows, name="rows"),
]
