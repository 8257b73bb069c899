"""The addresses of the pages of figures."""

from django.urls import path

from aftersales.dashboards.views import integrity, overview, person, today

app_name = "dashboards"
urlpatterns = [
    path("", overview.overview, name="overview"),
    path("today/", today.today, name="today"),
    path("wall/", today.wall, name="wall"),
    path("me/", person.me, name="me"),
    path("people/<int:pk>/", person.person, name="person"),
    path("integrity/", integrity.integrity, name="integrity"),
    path("integrity/<slug:code>/", integrity.traces, name="traces"),
]
