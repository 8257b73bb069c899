"""The addresses of the pages of figures."""

from django.urls import path

from aftersales.dashboards.views import (
    benchmark,
    duties,
    exceptions,
    integrity,
    merchants,
    overview,
    person,
    products,
    replay,
    reports,
    results,
    today,
)

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
    path("merchants/list.<slug:fmt>", merchants.taken_out, name="merchants_out"),
    path("merchants/<str:public_id>/", merchants.merchant, name="merchant"),
    path("merchants/<str:public_id>/beside/", merchants.beside, name="merchant_beside"),
    path("merchants/<str:public_id>/replay/", replay.replay, name="merchant_replay"),
    path("merchants/<str:public_id>/replay/<slug:code>/", replay.replay_rows, name="merchant_replay_rows"),
    path("merchants/<str:public_id>/<slug:code>/", merchants.merchant_rows, name="merchant_rows"),
    path("benchmark/", benchmark.benchmark, name="benchmark"),
    path("obligations/", duties.duties, name="duties"),
    path("obligations/<str:public_id>/", duties.merchant_duties, name="merchant_duties"),
    path("products/", products.products, name="products"),
    path("products/<str:public_id>/", products.product, name="product"),
    path("products/<str:public_id>/<slug:code>/", products.product_rows, name="product_rows"),
    path("results/", results.results, name="results"),
    path("results/<slug:kind>/<int:pk>/", results.result, name="result"),
    path("results/<slug:kind>/<int:pk>/<slug:code>/", results.result_rows, name="result_rows"),
    path("reports/", reports.reports, name="reports"),
    path("reports/plans/", reports.plan, name="report_plan"),
    path("reports/plans/<int:pk>/end/", reports.end, name="report_end"),
    path("reports/<str:public_id>/", reports.report, name="report"),
    path("reports/<str:public_id>/comment/", reports.comment, name="report_comment"),
    path("reports/<str:public_id>/workbook/", reports.workbook, name="report_workbook"),
]
