"""The addresses of measures against merchants."""

from django.urls import path

from aftersales.desk.views import measures as views

app_name = "measures"
urlpatterns = [
    path("", views.measures, name="measures"),
    path("weights/", views.weights, name="weights"),
    path("weights/file/", views.weights_file, name="weights_file"),
    path("files/<str:public_id>/", views.measure_file, name="file"),
    path("<slug:number>/", views.measure, name="measure"),
    path("<slug:number>/<slug:name>/", views.act, name="act"),
]
