"""Addresses of merchants' people."""

from django.urls import path

from .views import exams, training

app_name = "portal"
urlpatterns = [
    path("", training.index, name="index"),
    path("lessons/<slug:number>/", training.lesson, name="lesson"),
    path("courses/<slug:code>/", training.course, name="course"),
    path("courses/files/<str:public_id>/", training.file, name="file"),
    path("runs/<slug:number>/join/", training.join, name="join"),
    path("runs/<slug:number>/check-in/", training.check_in, name="check_in"),
    path("exams/<slug:code>/start/", exams.start, name="start"),
    path("attempts/<str:public_id>/", exams.attempt, name="attempt"),
    path("attempts/<str:public_id>/answer/", exams.answer, name="answer"),
    path("attempts/<str:public_id>/submit/", exams.submit, name="submit"),
    path("attempts/<str:public_id>/appeal/", exams.appeal, name="appeal"),
]
