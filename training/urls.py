"""Addresses of the training room's own pages."""

from django.urls import path

from training import views
from training.views import courses

app_name = "training"
urlpatterns = [
    path("limits/", views.limits, name="limits"),
    path("mine/", views.mine, name="mine"),
    path("mine/card/", views.allowances, name="allowances"),
    path("people/<int:pk>/", views.person, name="person"),
    path("people/<int:pk>/grant/", views.grant, name="grant"),
    path("people/<int:pk>/hours/", courses.hours_of, name="hours_of"),
    path("certificates/<str:public_id>/<slug:name>/", views.certificate_act, name="certificate_act"),
    path("rules/<slug:sort>/<slug:key>/", views.rule, name="rule"),
    path("rules/<slug:sort>/<slug:key>/draft/", views.draft, name="draft"),
    path("rules/<slug:sort>/<slug:key>/<int:number>/decide/", views.decide, name="decide"),
    path("numbers/", courses.numbers, name="numbers"),
    path("courses/", courses.catalogue, name="courses"),
    path("courses/new/", courses.course_new, name="course_new"),
    path("courses/files/<str:public_id>/", courses.file, name="file"),
    path("courses/files/<str:public_id>/remove/", courses.file_remove, name="file_remove"),
    path("courses/<slug:code>/", courses.course, name="course"),
    path("courses/<slug:code>/files/", courses.file_add, name="file_add"),
    path("courses/<slug:code>/plan/", courses.run_plan, name="run_plan"),
    path("runs/", courses.runs, name="runs"),
    path("runs/<slug:number>/", courses.run, name="run"),
    path("runs/<slug:number>/change/", courses.run_change, name="run_change"),
    path("runs/<slug:number>/enrol/", courses.enrol, name="enrol"),
    path("runs/<slug:number>/join/", courses.join, name="join"),
    path("runs/<slug:number>/check-in/", courses.check_in, name="check_in"),
    path("runs/<slug:number>/mark/", courses.mark, name="mark"),
    path("runs/<slug:number>/seats/<int:pk>/<slug:name>/", courses.seat_act, name="seat_act"),
    path("runs/<slug:number>/act/<slug:name>/", courses.run_act, name="run_act"),
    path("hours/", courses.hours, name="hours"),
]
