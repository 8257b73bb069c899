"""The addresses of the pages of figures."""

from django.urls import path

from aftersales.dashboards.views import exceptions, integrity, merchants, overview, person, reports, today

app_name = "dashboards"
urlpatterns = [
    path("", overview.overview, name="overview"),
    path("today/", today.today, name="today"),
    path("wall/", today.wall, name="wall"),
    path("me/", person.me, name="me"),
    path("people/<int:pk>/", person.person, name="person"),
    path("people/<int:pk>/<slug:what>/", person.deeds, name="deeds"),
    path("integrity/", integrity.integrity, name="integrity"),
    path("integrity/<slug:code>/", integrity.traces, name="traces"),
    path("exceptions/", exceptions.exceptions, name="exceptions"),
    path("merchants/", merchants.merchants, name="merchants"),
    path("merchants/<str:public_id>/", merchants.merchant, name="merchant"),
    path("merchants/<str:public_id>/<slug:code>/", merchants.merchant_rows, name="merchant_rows"),
    path("reports/", reports.reports, name="reports"),
    path("reports/plans/", reports.plan, name="report_plan"),
    path("reports/plans/<int:pk>/end/", reports.end, name="report_end"),
    path("reports/<str:public_id>/", reports.report, name="report"),
    path("reports/<str:public_id>/comment/", reports.comment, name="report_comment"),
    path("reports/<str:public_id>/workbook/", reports.workbook, name="report_workbook"),
]
